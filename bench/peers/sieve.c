// The peer of examples/primes.pg on one image. The loop that crosses out is kept scalar: clang's vectoriser makes strided stores several
// times as slow.
#include "peer.h"

#define MAX_N 100000000
static uint8_t composite[MAX_N];
static double wrong;

EXPORT double run(int n, int iterations) {
  (void)iterations;
  double start = now();
  for (int p = 2; (int64_t)p * p < n; p++) {
    if (composite[p]) continue;
#ifdef __clang__
#pragma clang loop vectorize(disable) interleave(disable)
#endif
    for (int m = p * p; m < n; m += p) composite[m] = 1;
  }
  int count = 0, last = 0;
  for (int i = 2; i < n; i++) {
    if (!composite[i]) {
      count++;
      last = i;
    }
  }
  double seconds = now() - start;
  const int want = n == 250000 ? 22044 : n == 10000000 ? 664579 : n == 100000000 ? 5761455 : -1;
  wrong = count != want || last < 2;
  return seconds;
}

EXPORT double error(void) { return wrong; }

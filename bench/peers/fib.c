// The peer of bench/programs/fib.pg. What is asked for is recursion: compilers may inline some levels of it, as ours may.
#include "peer.h"

static double wrong;

static int64_t fib(int64_t k) { return k < 2 ? k : fib(k - 1) + fib(k - 2); }

EXPORT double run(int n, int iterations) {
  (void)iterations;
  double start = now();
  const int64_t result = fib(n);
  double seconds = now() - start;
  int64_t a = 0, b = 1;
  for (int i = 0; i < n; i++) {
    const int64_t next = a + b;
    a = b;
    b = next;
  }
  wrong = result != a;
  return seconds;
}

EXPORT double error(void) { return wrong; }

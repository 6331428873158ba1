// The peer of examples/prk/nstream.pg: the same work in the same order. With OpenMP each thread touches its part first.
#include "peer.h"

#define MAX_LENGTH 4000000
static double a[MAX_LENGTH], b[MAX_LENGTH], c[MAX_LENGTH];
static volatile double scalar_source = 3.0;
static double checksum;

EXPORT double run(int length, int iterations) {
  const double scalar = scalar_source;
  double start = 0.0, sum = 0.0;
#pragma omp parallel
  {
#pragma omp for
    for (int i = 0; i < length; i++) {
      a[i] = 0.0;
      b[i] = 2.0;
      c[i] = 2.0;
    }
    for (int it = 0; it <= iterations; it++) {
#pragma omp master
      if (it <= 1) start = now();
#pragma omp for
      for (int i = 0; i < length; i++) a[i] += b[i] + scalar * c[i];
    }
  }
  double seconds = now() - start;
  for (int i = 0; i < length; i++) sum += fabs(a[i]);
  double want = 8.0 * (iterations + 1) * length;
  checksum = (sum - want) / want;
  return seconds;
}

EXPORT double error(void) { return checksum; }

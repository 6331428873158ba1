// The peer of examples/prk/transpose.pg: by tiles of the same size.
#include "peer.h"

#define MAX_ORDER 2048
#define TILE 32
static double a[MAX_ORDER * MAX_ORDER], b[MAX_ORDER * MAX_ORDER];
static double total;

static int least(int x, int y) { return x < y ? x : y; }

EXPORT double run(int order, int iterations) {
  double start = 0.0;
#pragma omp parallel
  {
#pragma omp for
    for (int i = 0; i < order; i++)
      for (int j = 0; j < order; j++) {
        a[i * order + j] = (double)order * i + j;
        b[i * order + j] = 0.0;
      }
    for (int it = 0; it <= iterations; it++) {
#pragma omp master
      if (it <= 1) start = now();
#pragma omp for
      for (int i0 = 0; i0 < order; i0 += TILE)
        for (int j0 = 0; j0 < order; j0 += TILE) {
          const int i1 = least(i0 + TILE, order), j1 = least(j0 + TILE, order);
          for (int i = i0; i < i1; i++)
            for (int j = j0; j < j1; j++) b[i * order + j] += a[j * order + i];
        }
#pragma omp for
      for (int i = 0; i < order * order; i++) a[i] += 1.0;
    }
  }
  double seconds = now() - start;
  const double times = iterations + 1.0, added = times * iterations / 2.0;
  total = 0.0;
  for (int i = 0; i < order; i++)
    for (int j = 0; j < order; j++) total += fabs(b[i * order + j] - (((double)order * j + i) * times + added));
  return seconds;
}

EXPORT double error(void) { return total; }

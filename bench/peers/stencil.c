// The peer of examples/prk/stencil.pg: the same work in the same order.
#include "peer.h"

#define MAX_N 2000
#define R 2
static double input[MAX_N * MAX_N], output[MAX_N * MAX_N];
static double norm_error;

EXPORT double run(int n, int iterations) {
  const double w1 = 1.0 / (2.0 * 1.0 * R), w2 = 1.0 / (2.0 * 2.0 * R);
  double start = 0.0;
#pragma omp parallel
  {
#pragma omp for
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) {
        input[i * n + j] = i + j;
        output[i * n + j] = 0.0;
      }
    for (int it = 0; it <= iterations; it++) {
#pragma omp master
      if (it <= 1) start = now();
#pragma omp for
      for (int i = R; i < n - R; i++)
        for (int j = R; j < n - R; j++) {
          const double *p = &input[i * n + j];
          output[i * n + j] += w1 * (p[1] - p[-1] + p[n] - p[-n]) + w2 * (p[2] - p[-2] + p[2 * n] - p[-2 * n]);
        }
#pragma omp for
      for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) input[i * n + j] += 1.0;
    }
  }
  double seconds = now() - start;
  double norm = 0.0;
  for (int i = R; i < n - R; i++)
    for (int j = R; j < n - R; j++) norm += fabs(output[i * n + j]);
  norm /= (double)(n - 2 * R) * (n - 2 * R);
  norm_error = norm - 2.0 * (iterations + 1);
  return seconds;
}

EXPORT double error(void) { return norm_error; }

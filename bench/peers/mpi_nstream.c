// The peer of examples/prk/nstream.pg with MPI: each rank has its part of the vectors.
#include "mpi.h"

double run(int length, int iterations, double *error) {
  const int lo = (int)((int64_t)length * rank / ranks), n = (int)((int64_t)length * (rank + 1) / ranks) - lo;
  double *restrict a = allocate(n * sizeof *a);
  double *restrict b = allocate(n * sizeof *b);
  double *restrict c = allocate(n * sizeof *c);
  for (int i = 0; i < n; i++) {
    a[i] = 0.0;
    b[i] = c[i] = 2.0;
  }
  const double scalar = 3.0;
  double start = together();
  for (int it = 0; it <= iterations; it++) {
    if (it == 1) start = together();
    for (int i = 0; i < n; i++) a[i] += b[i] + scalar * c[i];
    MPI_Barrier(MPI_COMM_WORLD);
  }
  const double seconds = MPI_Wtime() - start;
  double sum = 0.0;
  for (int i = 0; i < n; i++) sum += fabs(a[i]);
  const double want = 8.0 * (iterations + 1) * length;
  *error = (sum_of(sum) - want) / want;
  return seconds;
}

int main(int argc, char **argv) { return main_of_run(argc, argv); }

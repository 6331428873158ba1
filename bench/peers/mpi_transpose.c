// The peer of examples/prk/transpose.pg with MPI: each rank has a block of rows of a and of b. A block for another rank is transposed as it
// is packed, and sent while the own one is transposed in place. The order is a multiple of the number of ranks.
#include "mpi.h"
#define TILE 32

static int least(int x, int y) { return x < y ? x : y; }

double run(int order, int iterations, double *error) {
  if (order % ranks != 0) MPI_Abort(MPI_COMM_WORLD, 2);
  const int rows = order / ranks, lo = rows * rank;
  const size_t block = (size_t)rows * rows;
  double *restrict a = allocate((size_t)rows * order * sizeof *a);
  double *restrict b = allocate((size_t)rows * order * sizeof *b);
  double *restrict out = allocate(block * sizeof *out);
  double *restrict in = allocate(block * sizeof *in);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < order; j++) {
      a[i * order + j] = (double)order * (lo + i) + j;
      b[i * order + j] = 0.0;
    }
  double start = together();
  for (int it = 0; it <= iterations; it++) {
    if (it == 1) start = together();
    for (int i0 = 0; i0 < rows; i0 += TILE)
      for (int j0 = 0; j0 < rows; j0 += TILE)
        for (int i = i0; i < least(i0 + TILE, rows); i++)
          for (int j = j0; j < least(j0 + TILE, rows); j++) b[i * order + lo + j] += a[j * order + lo + i];
    for (int phase = 1; phase < ranks; phase++) {
      const int to = (rank + phase) % ranks, from = (rank - phase + ranks) % ranks;
      for (int i0 = 0; i0 < rows; i0 += TILE)
        for (int j0 = 0; j0 < rows; j0 += TILE)
          for (int i = i0; i < least(i0 + TILE, rows); i++)
            for (int j = j0; j < least(j0 + TILE, rows); j++) out[i * rows + j] = a[j * order + to * rows + i];
      MPI_Sendrecv(out, (int)block, MPI_DOUBLE, to, phase, in, (int)block, MPI_DOUBLE, from, phase, MPI_COMM_WORLD,
                   MPI_STATUS_IGNORE);
      for (int i = 0; i < rows; i++)
        for (int j = 0; j < rows; j++) b[i * order + from * rows + j] += in[i * rows + j];
    }
    for (int i = 0; i < rows * order; i++) a[i] += 1.0;
  }
  const double seconds = together() - start;
  const double times = iterations + 1.0, added = times * iterations / 2.0;
  double wrong = 0.0;
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < order; j++)
      wrong += fabs(b[i * order + j] - (((double)order * j + lo + i) * times + added));
  *error = sum_of(wrong);
  return seconds;
}

int main(int argc, char **argv) { return main_of_run(argc, argv); }

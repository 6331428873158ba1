// The peer of examples/prk/stencil.pg with MPI: each rank has a block of rows, and two rows of each neighbour beside it, which are sent in
// each iteration.
#include "mpi.h"
#define R 2

double run(int n, int iterations, double *error) {
  const int lo = (int)((int64_t)n * rank / ranks), rows = (int)((int64_t)n * (rank + 1) / ranks) - lo;
  if (n < R * ranks) MPI_Abort(MPI_COMM_WORLD, 2);
  // Row i of this rank is row i + R here.
  double *restrict input = allocate((size_t)(rows + 2 * R) * n * sizeof *input);
  double *restrict output = allocate((size_t)rows * n * sizeof *output);
  const int up = rank > 0 ? rank - 1 : MPI_PROC_NULL, down = rank < ranks - 1 ? rank + 1 : MPI_PROC_NULL;
  const double w1 = 1.0 / (2.0 * 1.0 * R), w2 = 1.0 / (2.0 * 2.0 * R);
  for (int i = 0; i < rows; i++)
    for (int j = 0; j < n; j++) {
      input[(i + R) * n + j] = lo + i + j;
      output[i * n + j] = 0.0;
    }
  const int first = lo < R ? R - lo : 0, last = lo + rows > n - R ? n - R - lo : rows;
  double start = together();
  for (int it = 0; it <= iterations; it++) {
    if (it == 1) start = together();
    MPI_Request requests[4];
    MPI_Irecv(input, R * n, MPI_DOUBLE, up, 0, MPI_COMM_WORLD, &requests[0]);
    MPI_Irecv(input + (size_t)(rows + R) * n, R * n, MPI_DOUBLE, down, 1, MPI_COMM_WORLD, &requests[1]);
    MPI_Isend(input + (size_t)rows * n, R * n, MPI_DOUBLE, down, 0, MPI_COMM_WORLD, &requests[2]);
    MPI_Isend(input + (size_t)R * n, R * n, MPI_DOUBLE, up, 1, MPI_COMM_WORLD, &requests[3]);
    MPI_Waitall(4, requests, MPI_STATUSES_IGNORE);
    for (int i = first; i < last; i++)
      for (int j = R; j < n - R; j++) {
        const double *p = &input[(i + R) * n + j];
        output[i * n + j] += w1 * (p[1] - p[-1] + p[n] - p[-n]) + w2 * (p[2] - p[-2] + p[2 * n] - p[-2 * n]);
      }
    for (int i = R * n; i < (rows + R) * n; i++) input[i] += 1.0;
  }
  const double seconds = together() - start;
  double norm = 0.0;
  for (int i = first; i < last; i++)
    for (int j = R; j < n - R; j++) norm += fabs(output[i * n + j]);
  *error = sum_of(norm) / ((double)(n - 2 * R) * (n - 2 * R)) - 2.0 * (iterations + 1);
  return seconds;
}

int main(int argc, char **argv) { return main_of_run(argc, argv); }

// What the peers with MPI share. Programs of the table of speed-ups define `run`, as peers in one process do, of which each rank does its
// share: the seconds are those of rank 0 from barrier to barrier.
#ifndef MPI_PEER_H
#define MPI_PEER_H
#include <math.h>
#include <mpi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int rank, ranks;

static inline void *allocate(size_t bytes) {
  void *p = malloc(bytes);
  if (!p) MPI_Abort(MPI_COMM_WORLD, 3);
  return p;
}

/** The time, when all have come here. */
static inline double together(void) {
  MPI_Barrier(MPI_COMM_WORLD);
  return MPI_Wtime();
}

static inline double sum_of(double x) {
  double sum;
  MPI_Allreduce(&x, &sum, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return sum;
}

/** Seconds, with how far the result is off in *error. */
double run(int n, int iterations, double *error);

static inline int main_of_run(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 3) MPI_Abort(MPI_COMM_WORLD, 2);
  double error = 1.0;
  const double seconds = run(atoi(argv[1]), atoi(argv[2]), &error);
  if (!(fabs(error) <= 1e-8)) {
    fprintf(stderr, "%s: wrong result\n", argv[0]);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }
  if (rank == 0) printf("seconds %.9f\n", seconds);
  MPI_Finalize();
  return 0;
}
#endif

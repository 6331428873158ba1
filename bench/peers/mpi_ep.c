// The peer of examples/nas/ep.pg with MPI: ranks take blocks in turn.
#include "mpi.h"

#define LOG_BLOCK 16
#define RINGS 10
#define MASK 0x3fffffffffffu
#define FACTOR 1220703125u
#define SEED 271828183u

static uint64_t power(uint64_t a, uint64_t n) {
  uint64_t result = 1;
  for (; n > 0; n >>= 1) {
    if (n & 1) result = (result * a) & MASK;
    a = (a * a) & MASK;
  }
  return result;
}

static double numbers[2 << LOG_BLOCK];

static double off(double got, double want) { return fabs((got - want) / want); }

double run(int m, int iterations, double *error) {
  (void)iterations;
  const int blocks = 1 << (m - LOG_BLOCK);
  double sums[2] = {0.0, 0.0};
  int64_t ring[RINGS] = {0};
  const double start = together();
  for (int block = rank; block < blocks; block += ranks) {
    uint64_t state = (SEED * power(FACTOR, (uint64_t)block * (2 << LOG_BLOCK))) & MASK;
    for (int k = 0; k < 2 << LOG_BLOCK; k++) {
      state = (state * FACTOR) & MASK;
      numbers[k] = (double)(int64_t)state * 1.4210854715202004e-14;
    }
    for (int k = 0; k < 1 << LOG_BLOCK; k++) {
      const double x = 2.0 * numbers[2 * k] - 1.0, y = 2.0 * numbers[2 * k + 1] - 1.0;
      const double t = x * x + y * y;
      if (t <= 1.0) {
        const double f = sqrt(-2.0 * log(t) / t), gx = x * f, gy = y * f;
        const double ax = fabs(gx), ay = fabs(gy);
        ring[(int)(ax > ay ? ax : ay)]++;
        sums[0] += gx;
        sums[1] += gy;
      }
    }
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  MPI_Allreduce(MPI_IN_PLACE, ring, RINGS, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - start;
  if (m == 24) *error = off(sums[0], -3.247834652034740e3) + off(sums[1], -6.958407078382297e3);
  else if (m == 25) *error = off(sums[0], -2.863319731645753e3) + off(sums[1], -6.320053679109499e3);
  else if (m == 28) *error = off(sums[0], -4.295875165629892e3) + off(sums[1], -1.580732573678431e4);
  return seconds;
}

int main(int argc, char **argv) { return main_of_run(argc, argv); }

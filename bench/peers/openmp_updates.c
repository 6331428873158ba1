// The peer of examples/prk/random_access.pg with OpenMP: as many threads as OMP_NUM_THREADS says, each update atomic.
//   openmp_updates log2size
#include <omp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "updates.h"

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  const int log2size = atoi(argv[1]);
  const int64_t size = (int64_t)1 << log2size, updates = 4 * size;
  uint64_t *table = malloc(size * sizeof *table);
  if (!table) return 3;
  double seconds = 0.0;
  int64_t errors = 0;
  for (int pass = 0; pass < 2; pass++) {
    double start = 0.0;
#pragma omp parallel
    {
      const int64_t me = omp_get_thread_num(), threads = omp_get_num_threads();
      if (pass == 0) {
#pragma omp for
        for (int64_t i = 0; i < size; i++) table[i] = (uint64_t)i;
      }
#pragma omp barrier
#pragma omp master
      start = omp_get_wtime();
      uint64_t x = nth(updates * me / threads);
      for (int64_t k = updates * me / threads; k < updates * (me + 1) / threads; k++) {
        x = next(x);
#pragma omp atomic
        table[x & (size - 1)] ^= x;
      }
#pragma omp barrier
#pragma omp master
      if (pass == 0) seconds = omp_get_wtime() - start;
    }
  }
  for (int64_t i = 0; i < size; i++) errors += table[i] != (uint64_t)i;
  if (errors != 0) {
    fprintf(stderr, "openmp_updates: updates were lost\n");
    return 1;
  }
  printf("update %.3f\n", seconds / (double)updates * 1e9);
  return 0;
}

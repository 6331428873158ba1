// What one operation between two processing elements takes with OpenSHMEM, in nanoseconds, a line each:
//   shmem_probes barrier|exchange|remote effort
//   shmem_probes updates log2size
// The peer of bench/programs/barrier.pg, exchange.pg and remote.pg, and of examples/prk/random_access.pg. What others reach is in the
// symmetric heap: static data cannot be mapped, and would take a hundred times as long.
#include <shmem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "updates.h"

#define MOST (1 << 20)

static int me, all, effort;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "shmem_probes: wrong %s\n", what);
  shmem_global_exit(1);
}

static void *allocate(size_t bytes) {
  void *p = shmem_malloc(bytes);
  if (!p) fail("allocation");
  return p;
}

static void tell(const char *name, double seconds, double operations) {
  if (me == 0) printf("%s %.3f\n", name, seconds / operations * 1e9);
}

static double together(void) {
  shmem_barrier_all();
  return now();
}

static int times(int bytes) {
  const int64_t rounds = (int64_t)effort * 64 / (64 + bytes / 16);
  return rounds < 4 ? 4 : (int)rounds;
}

static void barrier(void) {
  const double start = together();
  for (int k = 0; k < effort; k++) shmem_barrier_all();
  tell("barrier", now() - start, effort);
}

static void exchange(void) {
  long *shared = allocate(MOST), *buffer = malloc(MOST);
  if (!buffer) fail("allocation");
  for (int k = 0; k < MOST / 8; k++) buffer[k] = shared[k] = k;
  for (int bytes = 8; bytes <= MOST; bytes = bytes == 8 ? 1024 : bytes * 1024) {
    const int rounds = times(bytes), n = bytes / 8;
    const char *size = bytes == 8 ? "8" : bytes == 1024 ? "1K" : "1M";
    for (int way = 0; way < 2; way++) {
      if (me == 1) shared[0] = shared[n - 1] = 7;
      double start = together();
      if (me == 0) {
        for (int k = -rounds / 10; k < rounds; k++) {
          if (k == 0) start = now();
          if (way == 0) {
            buffer[0] = buffer[n - 1] = k;
            shmem_long_put(shared, buffer, n, 1);
            shmem_quiet();
          } else {
            shmem_long_get(buffer, shared, n, 1);
          }
        }
      }
      const double seconds = now() - start;
      together();
      if (way == 0 && me == 1 && (shared[0] != rounds - 1 || shared[n - 1] != rounds - 1)) fail("put");
      if (way == 1 && me == 0 && (buffer[0] != 7 || buffer[n - 1] != 7)) fail("get");
      together();
      char name[32];
      snprintf(name, sizeof name, "%s-%s", way == 0 ? "put" : "get", size);
      tell(name, seconds, rounds);
    }
  }
}

static void remote(void) {
  const int n = 4096, rounds = effort / n + 1;
  long *x = allocate(n * sizeof *x), sum = 0;
  for (int i = 0; i < n; i++) x[i] = i;
  const double start = together();
  for (int k = 0; k < rounds && me == 0; k++)
    for (int i = 0; i < n; i++) sum += shmem_long_g(&x[i], all - 1);
  const double seconds = now() - start;
  together();
  if (me == 0 && sum != (long)rounds * n * (n - 1) / 2) fail("sum");
  tell("element", seconds, (double)rounds * n);
  tell("shared", seconds, (double)rounds * n);
}

static void update(int log2size) {
  const int64_t size = (int64_t)1 << log2size, updates = 4 * size, part = size / all;
  if (part * all != size) fail("number of processing elements");
  unsigned long *table = allocate(part * sizeof *table);
  for (int64_t i = 0; i < part; i++) table[i] = part * me + i;
  double seconds = 0.0;
  for (int pass = 0; pass < 2; pass++) {
    const double start = together();
    uint64_t x = nth(updates / all * me);
    for (int64_t k = updates / all * me; k < updates / all * (me + 1); k++) {
      x = next(x);
      const int64_t i = x & (size - 1);
      shmem_ulong_atomic_xor(&table[i & (part - 1)], x, (int)(i / part));
    }
    shmem_quiet();
    if (pass == 0) seconds = together() - start;
    else together();
  }
  for (int64_t i = 0; i < part; i++)
    if (table[i] != (unsigned long)(part * me + i)) fail("table");
  tell("update", seconds, (double)updates);
}

int main(int argc, char **argv) {
  shmem_init();
  me = shmem_my_pe();
  all = shmem_n_pes();
  if (argc != 3) return 2;
  effort = atoi(argv[2]);
  if (!strcmp(argv[1], "barrier")) barrier();
  if (!strcmp(argv[1], "exchange")) exchange();
  if (!strcmp(argv[1], "remote")) remote();
  if (!strcmp(argv[1], "updates")) update(effort);
  shmem_barrier_all();
  fflush(stdout);
  // shmem_finalize of Open MPI 4.1 crashes in some installations after all is done; this ends as well.
  shmem_global_exit(0);
}

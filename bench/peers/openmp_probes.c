// What one operation between two threads takes with OpenMP, in nanoseconds, a line each:
//   openmp_probes barrier|exchange|allreduce effort
// The peer of bench/programs/barrier.pg, exchange.pg and allreduce.pg. What is exchanged is copied by memcpy: that is as good as it gets.
#include <omp.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST (1 << 20)
#define THREADS 2

static int effort;

static void fail(const char *what) {
  fprintf(stderr, "openmp_probes: wrong %s\n", what);
  exit(1);
}

static void tell(const char *name, double seconds, double operations) {
  printf("%s %.3f\n", name, seconds / operations * 1e9);
}

static int times(int bytes) {
  const int64_t rounds = (int64_t)effort * 64 / (64 + bytes / 16);
  return rounds < 4 ? 4 : (int)rounds;
}

static const char *size_of(int bytes) { return bytes == 8 ? "8" : bytes == 1024 ? "1K" : "1M"; }

static void barrier(void) {
  double start = 0.0;
#pragma omp parallel num_threads(THREADS)
  {
#pragma omp barrier
#pragma omp master
    start = omp_get_wtime();
    for (int k = 0; k < effort; k++) {
#pragma omp barrier
    }
#pragma omp master
    tell("barrier", omp_get_wtime() - start, effort);
  }
}

static int64_t buffer[THREADS][MOST / 8];
static struct {
  _Alignas(128) atomic_int turn;
} full[THREADS];

/** Keeps the compiler from leaving out copies that nobody looks at. */
static void seen(void *p) { __asm__ volatile("" : : "r"(p) : "memory"); }

/** Each thread copies from the other's buffer into its own when a flag says that it is its turn. */
static void message(int bytes) {
  const int rounds = times(bytes), last = bytes / 8 - 1;
  atomic_store(&full[0].turn, 0);
  atomic_store(&full[1].turn, 0);
#pragma omp parallel num_threads(THREADS)
  {
    const int me = omp_get_thread_num();
    double start = 0.0;
    for (int k = 1; k <= rounds; k++) {
      if (k == 1) {
#pragma omp barrier
        start = omp_get_wtime();
      }
      if (me == 0) {
        buffer[0][0] = buffer[0][last] = k;
        atomic_store_explicit(&full[0].turn, k, memory_order_release);
        while (atomic_load_explicit(&full[1].turn, memory_order_acquire) < k);
        memcpy(buffer[0], buffer[1], bytes);
        if (buffer[0][last] != k + 1) fail("message");
      } else {
        while (atomic_load_explicit(&full[0].turn, memory_order_acquire) < k);
        memcpy(buffer[1], buffer[0], bytes);
        buffer[1][last]++;
        atomic_store_explicit(&full[1].turn, k, memory_order_release);
      }
    }
    if (me == 0) {
      char name[32];
      snprintf(name, sizeof name, "message-%s", size_of(bytes));
      tell(name, omp_get_wtime() - start, 2.0 * rounds);
    }
  }
}

static void one_sided(int bytes) {
  const int rounds = times(bytes), last = bytes / 8 - 1;
  for (int way = 0; way < 2; way++) {
    int64_t *to = buffer[1 - way], *from = buffer[way];
    double start = 0.0;
    for (int k = -rounds / 10; k < rounds; k++) {
      if (k == 0) start = omp_get_wtime();
      from[0] = from[last] = k;
      seen(from);
      memcpy(to, from, bytes);
      seen(to);
    }
    const double seconds = omp_get_wtime() - start;
    if (to[0] != rounds - 1 || to[last] != rounds - 1) fail("copy");
    char name[32];
    snprintf(name, sizeof name, "%s-%s", way == 0 ? "put" : "get", size_of(bytes));
    tell(name, seconds, rounds);
  }
}

static void exchange(void) {
  for (int k = 0; k < MOST / 8; k++) buffer[0][k] = buffer[1][k] = k;
  for (int bytes = 8; bytes <= MOST; bytes = bytes == 8 ? 1024 : bytes * 1024) message(bytes);
  for (int bytes = 8; bytes <= MOST; bytes = bytes == 8 ? 1024 : bytes * 1024) one_sided(bytes);
}

static struct {
  _Alignas(128) double x;
} part[2][THREADS];
static double many[THREADS][MOST / 8];

static void allreduce(void) {
  double start = 0.0;
#pragma omp parallel num_threads(THREADS)
  {
    const int me = omp_get_thread_num();
    double sum = 0.0;
#pragma omp barrier
#pragma omp master
    start = omp_get_wtime();
    // Two sets of parts, used in turn: one barrier for each sum is enough.
    for (int k = 0; k < effort; k++) {
      part[k & 1][me].x = k + me;
#pragma omp barrier
      sum = part[k & 1][0].x + part[k & 1][1].x;
      seen(&sum);
    }
#pragma omp master
    tell("allreduce-8", omp_get_wtime() - start, effort);
    if (sum != 2 * (effort - 1.0) + 1) fail("sum");
  }
  const int n = MOST / 8, rounds = times(MOST);
  memset(many, 0, sizeof many);
#pragma omp parallel num_threads(THREADS)
  {
    const int me = omp_get_thread_num();
    const int lo = n / THREADS * me, hi = n / THREADS * (me + 1);
    for (int k = -1; k < rounds; k++) {
      if (k == 0) {
#pragma omp master
        start = omp_get_wtime();
      }
      many[me][0] = many[me][n - 1] = k;
#pragma omp barrier
      // Each adds up half of the elements, for both.
      for (int i = lo; i < hi; i++) many[0][i] = many[1][i] = many[0][i] + many[1][i];
#pragma omp barrier
      if (many[me][0] != 2.0 * k || many[me][n - 1] != 2.0 * k) fail("sums");
    }
#pragma omp master
    tell("allreduce-1M", omp_get_wtime() - start, rounds);
  }
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  effort = atoi(argv[2]);
  if (!strcmp(argv[1], "barrier")) barrier();
  if (!strcmp(argv[1], "exchange")) exchange();
  if (!strcmp(argv[1], "allreduce")) allreduce();
  return 0;
}

// What one operation between two ranks takes with MPI, in nanoseconds, a line each:
//   mpi_probes barrier|exchange|allreduce|remote effort
// The peer of bench/programs/barrier.pg, exchange.pg, allreduce.pg and remote.pg. `effort` is how often a short operation is done.
#include "mpi.h"

#define MOST (1 << 20)

static int effort;

static void fail(const char *what) {
  fprintf(stderr, "mpi_probes: wrong %s\n", what);
  MPI_Abort(MPI_COMM_WORLD, 1);
}

static void tell(const char *name, double seconds, double operations) {
  if (rank == 0) printf("%s %.3f\n", name, seconds / operations * 1e9);
}

static int times(int bytes) {
  const int64_t rounds = (int64_t)effort * 64 / (64 + bytes / 16);
  return rounds < 4 ? 4 : (int)rounds;
}

static const char *size_of(int bytes) { return bytes == 8 ? "8" : bytes == 1024 ? "1K" : "1M"; }

static void barrier(void) {
  const double start = together();
  for (int k = 0; k < effort; k++) MPI_Barrier(MPI_COMM_WORLD);
  tell("barrier", MPI_Wtime() - start, effort);
  const double begin = together();
  for (int k = 0; k < effort; k++) {
    MPI_Request request;
    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    MPI_Wait(&request, MPI_STATUS_IGNORE);
  }
  tell("split-barrier", MPI_Wtime() - begin, effort);
}

static void message(int64_t *buffer, int bytes) {
  const int rounds = times(bytes), last = bytes / 8 - 1;
  double start = 0.0;
  // The first tenth warms up.
  for (int k = -rounds / 10; k < rounds; k++) {
    if (k == 0) start = together();
    if (rank == 0) {
      buffer[0] = k;
      buffer[last] = k;
      MPI_Send(buffer, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD);
      MPI_Recv(buffer, bytes, MPI_BYTE, 1, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      if (buffer[0] != k + (last == 0 ? 1 : 0) || buffer[last] != k + 1) fail("message");
    } else {
      MPI_Recv(buffer, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
      buffer[last]++;
      MPI_Send(buffer, bytes, MPI_BYTE, 0, 0, MPI_COMM_WORLD);
    }
  }
  const double seconds = MPI_Wtime() - start;
  char name[32];
  snprintf(name, sizeof name, "message-%s", size_of(bytes));
  tell(name, seconds, 2.0 * rounds);
}

static void one_sided(int64_t *buffer, int64_t *shared, MPI_Win window, int bytes) {
  const int rounds = times(bytes), last = bytes / 8 - 1;
  char name[32];
  for (int way = 0; way < 2; way++) {
    double start = 0.0;
    if (rank == 1) shared[0] = shared[last] = 7;
    MPI_Win_sync(window);
    together();
    if (rank == 0) {
      for (int k = -rounds / 10; k < rounds; k++) {
        if (k == 0) start = MPI_Wtime();
        if (way == 0) {
          buffer[0] = buffer[last] = k;
          MPI_Put(buffer, bytes, MPI_BYTE, 1, 0, bytes, MPI_BYTE, window);
        } else {
          MPI_Get(buffer, bytes, MPI_BYTE, 1, 0, bytes, MPI_BYTE, window);
        }
        MPI_Win_flush(1, window);
      }
    }
    const double seconds = MPI_Wtime() - start;
    together();
    MPI_Win_sync(window);
    if (way == 0 && rank == 1 && (shared[0] != rounds - 1 || shared[last] != rounds - 1)) fail("put");
    if (way == 1 && rank == 0 && (buffer[0] != 7 || buffer[last] != 7)) fail("get");
    snprintf(name, sizeof name, "%s-%s", way == 0 ? "put" : "get", size_of(bytes));
    tell(name, seconds, rounds);
  }
}

static void exchange(void) {
  int64_t *shared, *buffer = allocate(MOST);
  MPI_Win window;
  MPI_Win_allocate(MOST, 1, MPI_INFO_NULL, MPI_COMM_WORLD, &shared, &window);
  MPI_Win_lock_all(0, window);
  for (int k = 0; k < MOST / 8; k++) buffer[k] = shared[k] = k;
  for (int bytes = 8; bytes <= MOST; bytes = bytes == 8 ? 1024 : bytes * 1024) message(buffer, bytes);
  for (int bytes = 8; bytes <= MOST; bytes = bytes == 8 ? 1024 : bytes * 1024) one_sided(buffer, shared, window, bytes);
  MPI_Win_unlock_all(window);
  MPI_Win_free(&window);
}

static void allreduce(void) {
  double x = 0.0;
  const double start = together();
  for (int k = 0; k < effort; k++) {
    x = k + rank;
    MPI_Allreduce(MPI_IN_PLACE, &x, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  }
  tell("allreduce-8", MPI_Wtime() - start, effort);
  if (x != ranks * (effort - 1.0) + ranks * (ranks - 1) / 2) fail("sum");
  const int n = MOST / 8, rounds = times(MOST);
  double *many = allocate(MOST);
  for (int i = 0; i < n; i++) many[i] = 0.0;
  double begin = 0.0;
  for (int k = -1; k < rounds; k++) {
    if (k == 0) begin = together();
    many[0] = many[n - 1] = k;
    MPI_Allreduce(MPI_IN_PLACE, many, n, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    if (many[0] != k * (double)ranks || many[n - 1] != k * (double)ranks) fail("sums");
  }
  tell("allreduce-1M", MPI_Wtime() - begin, rounds);
}

static void remote(void) {
  const int n = 4096, rounds = effort / n + 1;
  int64_t *mine, sum = 0;
  MPI_Win window;
  MPI_Win_allocate(n * 8, 8, MPI_INFO_NULL, MPI_COMM_WORLD, &mine, &window);
  MPI_Win_lock_all(0, window);
  for (int i = 0; i < n; i++) mine[i] = i;
  MPI_Win_sync(window);
  const double start = together();
  for (int k = 0; k < rounds && rank == 0; k++)
    for (int i = 0; i < n; i++) {
      int64_t x;
      MPI_Get(&x, 1, MPI_INT64_T, ranks - 1, i, 1, MPI_INT64_T, window);
      MPI_Win_flush(ranks - 1, window);
      sum += x;
    }
  const double seconds = MPI_Wtime() - start;
  together();
  if (rank == 0 && sum != (int64_t)rounds * n * (n - 1) / 2) fail("sum");
  tell("element", seconds, (double)rounds * n);
  tell("shared", seconds, (double)rounds * n);
  MPI_Win_unlock_all(window);
  MPI_Win_free(&window);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  if (argc != 3 || ranks < 2) MPI_Abort(MPI_COMM_WORLD, 2);
  effort = atoi(argv[2]);
  if (!strcmp(argv[1], "barrier")) barrier();
  if (!strcmp(argv[1], "exchange")) exchange();
  if (!strcmp(argv[1], "allreduce")) allreduce();
  if (!strcmp(argv[1], "remote")) remote();
  MPI_Finalize();
  return 0;
}

// The peer of examples/queens.pg with MPI: tasks are handed out by a counter in a window of rank 0.
#include "mpi.h"

static const int known[] = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};

static int64_t count(uint32_t board, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == board) return 1;
  int64_t ways = 0;
  for (uint32_t free = board & ~(columns | left | right); free != 0; free &= free - 1) {
    const uint32_t queen = free & -free;
    ways += count(board, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return ways;
}

double run(int n, int iterations, double *error) {
  (void)iterations;
  const uint32_t board = (1u << n) - 1;
  const int one = 1;
  int *next;
  MPI_Win window;
  MPI_Win_allocate(sizeof *next, sizeof *next, MPI_INFO_NULL, MPI_COMM_WORLD, &next, &window);
  MPI_Win_lock_all(0, window);
  *next = 0;
  MPI_Win_sync(window);
  const double start = together();
  int64_t ways = 0;
  for (;;) {
    int t;
    MPI_Fetch_and_op(&one, &t, MPI_INT, 0, 0, MPI_SUM, window);
    MPI_Win_flush(0, window);
    if (t >= n * n) break;
    const int i = t / n, k = t % n;
    if (i - k >= -1 && i - k <= 1) continue;
    const uint32_t first = 1u << i, second = 1u << k;
    ways += count(board, first | second, ((first << 1) | second) << 1, ((first >> 1) | second) >> 1);
  }
  MPI_Allreduce(MPI_IN_PLACE, &ways, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
  const double seconds = MPI_Wtime() - start;
  MPI_Win_unlock_all(window);
  MPI_Win_free(&window);
  *error = n > 16 || ways != known[n];
  return seconds;
}

int main(int argc, char **argv) { return main_of_run(argc, argv); }

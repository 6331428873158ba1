// The peer of examples/queens.pg: n * n tasks, the queens of the first two rows, handed out as threads ask for them.
#include "peer.h"

static const int known[] = {1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200, 73712, 365596, 2279184, 14772512};
static double wrong;

static int64_t count(uint32_t board, uint32_t columns, uint32_t left, uint32_t right) {
  if (columns == board) return 1;
  int64_t ways = 0;
  for (uint32_t free = board & ~(columns | left | right); free != 0; free &= free - 1) {
    const uint32_t queen = free & -free;
    ways += count(board, columns | queen, (left | queen) << 1, (right | queen) >> 1);
  }
  return ways;
}

EXPORT double run(int n, int iterations) {
  (void)iterations;
  const uint32_t board = (1u << n) - 1;
  int64_t ways = 0;
  double start = now();
#pragma omp parallel for schedule(dynamic) reduction(+ : ways)
  for (int t = 0; t < n * n; t++) {
    const int i = t / n, k = t % n;
    if (i - k >= -1 && i - k <= 1) continue;
    const uint32_t first = 1u << i, second = 1u << k;
    ways += count(board, first | second, ((first << 1) | second) << 1, ((first >> 1) | second) >> 1);
  }
  double seconds = now() - start;
  wrong = n > 16 || ways != known[n];
  return seconds;
}

EXPORT double error(void) { return wrong; }

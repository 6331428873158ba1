// The peer of examples/prk/sparse.pg. `n` is the logarithm of the side of the grid; columns are 64 bits wide, as in the Parallel Research Kernels.
#include "peer.h"

#define MAX_LOG2SIDE 9
#define RADIUS 4
#define ENTRIES (4 * RADIUS + 1)
#define MAX_ROWS (1 << (2 * MAX_LOG2SIDE))
static double value[MAX_ROWS * ENTRIES], vector[MAX_ROWS], result[MAX_ROWS];
static int64_t column[MAX_ROWS * ENTRIES];
static double wrong;

static int64_t reversed(int64_t x, int bits) {
  int64_t r = 0;
  for (int k = 0; k < bits; k++) r = (r << 1) | ((x >> k) & 1);
  return r;
}

static int64_t place(int x, int y, int log2side) {
  const int wrap = (1 << log2side) - 1;
  return reversed((x & wrap) + ((y & wrap) << log2side), 2 * log2side);
}

static void sort(int64_t *a) {
  for (int i = 1; i < ENTRIES; i++) {
    const int64_t x = a[i];
    int k = i;
    for (; k > 0 && a[k - 1] > x; k--) a[k] = a[k - 1];
    a[k] = x;
  }
}

EXPORT double run(int log2side, int iterations) {
  const int side = 1 << log2side, rows = 1 << (2 * log2side);
  for (int i = 0; i < rows; i++) {
    int64_t *mine = &column[i * ENTRIES];
    const int x = i & (side - 1), y = i >> log2side;
    mine[0] = place(x, y, log2side);
    for (int r = 1; r <= RADIUS; r++) {
      mine[4 * r - 3] = place(x + r, y, log2side);
      mine[4 * r - 2] = place(x - r, y, log2side);
      mine[4 * r - 1] = place(x, y + r, log2side);
      mine[4 * r] = place(x, y - r, log2side);
    }
    sort(mine);
    for (int e = 0; e < ENTRIES; e++) value[i * ENTRIES + e] = 1.0 / (double)(mine[e] + 1);
    vector[i] = result[i] = 0.0;
  }
  double start = 0.0;
  for (int it = 0; it <= iterations; it++) {
    if (it <= 1) start = now();
    for (int i = 0; i < rows; i++) vector[i] += (double)(i + 1);
    for (int i = 0; i < rows; i++) {
      double sum = 0.0;
      for (int e = 0; e < ENTRIES; e++) sum += value[i * ENTRIES + e] * vector[column[i * ENTRIES + e]];
      result[i] += sum;
    }
  }
  double seconds = now() - start;
  double total = 0.0;
  for (int i = 0; i < rows; i++) total += result[i];
  const double want = 0.5 * ((double)rows * ENTRIES) * (iterations + 1.0) * (iterations + 2.0);
  wrong = (total - want) / want;
  return seconds;
}

EXPORT double error(void) { return wrong; }

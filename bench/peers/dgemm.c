// The peer of examples/prk/dgemm.pg: c += a * b by panels of b, four rows of it at once, so that a row of c is loaded and stored a quarter
// as often and the inner loop is vectorised.
#include "peer.h"

#define MAX_N 1024
#define PANEL 32
static double a[MAX_N * MAX_N], b[MAX_N * MAX_N], c[MAX_N * MAX_N];
static double checksum;

static void add_rows(int n, double *restrict row, const double *restrict x, const double *restrict panel) {
  const double x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
  const double *restrict b0 = panel, *restrict b1 = panel + n, *restrict b2 = panel + 2 * n, *restrict b3 = panel + 3 * n;
  for (int j = 0; j < n; j++) row[j] += x0 * b0[j] + x1 * b1[j] + x2 * b2[j] + x3 * b3[j];
}

static void add_row(int n, double *restrict row, double x, const double *restrict b0) {
  for (int j = 0; j < n; j++) row[j] += x * b0[j];
}

EXPORT double run(int n, int iterations) {
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      a[i * n + j] = b[i * n + j] = j;
      c[i * n + j] = 0.0;
    }
  double start = 0.0;
  for (int it = 0; it <= iterations; it++) {
    if (it <= 1) start = now();
    for (int k0 = 0; k0 < n; k0 += PANEL) {
      const int k1 = k0 + PANEL < n ? k0 + PANEL : n;
      for (int i = 0; i < n; i++) {
        int k = k0;
        for (; k + 4 <= k1; k += 4) add_rows(n, &c[i * n], &a[i * n + k], &b[k * n]);
        for (; k < k1; k++) add_row(n, &c[i * n], a[i * n + k], &b[k * n]);
      }
    }
  }
  double seconds = now() - start;
  double sum = 0.0;
  for (int i = 0; i < n * n; i++) sum += c[i];
  const double size = n;
  const double want = 0.25 * size * size * size * (size - 1.0) * (size - 1.0) * (iterations + 1);
  checksum = (sum - want) / want;
  return seconds;
}

EXPORT double error(void) { return checksum; }

// The peer of examples/nas/ep.pg, class by its exponent m = 24 (S), 25 (W), 28 (A). The 46-bit products are of 64-bit integers, as in
// the later versions of NPB (randi8), with the numbers of a block ahead of their use.
#include "log.h"

#define LOG_BLOCK 16
#define RINGS 10
#define MASK 0x3fffffffffffu
#define FACTOR 1220703125u
#define SEED 271828183u
static double wrong;

static uint64_t power(uint64_t a, uint64_t n) {
  uint64_t result = 1;
  for (; n > 0; n >>= 1) {
    if (n & 1) result = (result * a) & MASK;
    a = (a * a) & MASK;
  }
  return result;
}

static double numbers[2 << LOG_BLOCK];
#pragma omp threadprivate(numbers)

static double off(double got, double want) { return fabs((got - want) / want); }

EXPORT double run(int m, int iterations) {
  (void)iterations;
  const int blocks = 1 << (m - LOG_BLOCK);
  double sx = 0.0, sy = 0.0;
  int64_t ring[RINGS] = {0};
  double start = now();
#pragma omp parallel for reduction(+ : sx, sy, ring)
  for (int block = 0; block < blocks; block++) {
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
        sx += gx;
        sy += gy;
      }
    }
  }
  double seconds = now() - start;
  int64_t pairs = 0;
  for (int k = 0; k < RINGS; k++) pairs += ring[k];
  if (m == 24) wrong = off(sx, -3.247834652034740e3) + off(sy, -6.958407078382297e3);
  else if (m == 25) wrong = off(sx, -2.863319731645753e3) + off(sy, -6.320053679109499e3);
  else if (m == 28) wrong = off(sx, -4.295875165629892e3) + off(sy, -1.580732573678431e4);
  else wrong = 1.0;
  if (pairs == 0) wrong = 1.0;
  return seconds;
}

EXPORT double error(void) { return wrong; }

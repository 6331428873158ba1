// The stream of random numbers of HPC Challenge RandomAccess: powers of x in GF(2)[x] modulo x^64 + x^2 + x + 1.
#include <stdint.h>

static inline uint64_t next(uint64_t x) { return (x << 1) ^ ((int64_t)x < 0 ? 7 : 0); }

/** Element n of the stream, in 64 steps: squaring is linear. */
static uint64_t nth(int64_t n) {
  uint64_t square[64], x = 1;
  uint64_t power = 1;
  for (int k = 0; k < 64; k++) {
    square[k] = power;
    power = next(next(power));
  }
  for (int bit = 62; bit >= 0; bit--) {
    uint64_t squared = 0;
    for (int k = 0; k < 64; k++)
      if ((x >> k) & 1) squared ^= square[k];
    x = squared;
    if ((n >> bit) & 1) x = next(x);
  }
  return x;
}

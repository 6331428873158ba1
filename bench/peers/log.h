// The natural logarithm of a positive, normal, finite x where there is no C library; elsewhere that of the library. x = 2^k (1 + f) with
// sqrt(1/2) < 1 + f < sqrt(2), and log(1 + f) = f - s (f - R) for s = f / (2 + f) and a minimax polynomial R in s^2; below 1 ulp. The method
// and the coefficients are those of fdlibm (Sun Microsystems, 1993), which C libraries for wasm had for long.
#ifndef LOG_H
#define LOG_H
#include "peer.h"

#ifdef __wasm__

static double from_bits(uint64_t bits) {
  double x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static uint64_t to_bits(double x) {
  uint64_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  return bits;
}

static double log(double x) {
  const int32_t exponent = (int32_t)((to_bits(x) - 0x3fe6a09e667f3bcdu) >> 52 << 20) >> 20;
  const double f = from_bits(to_bits(x) - ((uint64_t)exponent << 52)) - 1.0, k = exponent;
  const double s = f / (2.0 + f), z = s * s, w = z * z, half = 0.5 * f * f;
  const double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
  const double odd = z * (6.666666666666735130e-01 +
                          w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
  return k * 6.93147180369123816490e-01 - ((half - (s * (half + even + odd) + k * 1.90821492927058770002e-10)) - f);
}

#endif
#endif

// The peer of examples/mandelbrot.pg, with its limit of 1000 steps.
#include "peer.h"

#define MAX_SIZE 2000
#define LIMIT 1000
static int32_t steps[MAX_SIZE * MAX_SIZE];
static double wrong;

static int escape(double x, double y) {
  double re = 0.0, im = 0.0;
  int k = 0;
  while (k < LIMIT && re * re + im * im <= 4.0) {
    const double next = re * re - im * im + x;
    im = 2.0 * re * im + y;
    re = next;
    k++;
  }
  return k;
}

EXPORT double run(int size, int iterations) {
  (void)iterations;
  const double h = 2.5 / size;
  int64_t inside = 0;
  double start = now();
  for (int i = 0; i < size; i++)
    for (int j = 0; j < size; j++) {
      const int k = escape(-2.0 + (j + 0.5) * h, 1.25 - (i + 0.5) * h);
      steps[i * size + j] = k;
      inside += k == LIMIT;
    }
  double seconds = now() - start;
  const double area = (double)inside * h * h;
  wrong = !(area > 1.4 && area < 1.6);
  return seconds;
}

EXPORT double error(void) { return wrong; }

// The peer of examples/prk/stencil.pg: the same work in the same order, for clang --target=wasm32.
#define EXPORT __attribute__((visibility("default")))
extern double now(void);

#define MAX_N 4000
#define R 2
static double input[MAX_N * MAX_N], output[MAX_N * MAX_N];
double norm_error;

/** Seconds for the timed iterations. The first iteration warms up. */
EXPORT double run(int n, int iterations) {
  const double w1 = 1.0 / (2.0 * 1.0 * R), w2 = 1.0 / (2.0 * 2.0 * R);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      input[i * n + j] = i + j;
      output[i * n + j] = 0.0;
    }
  double start = now();
  for (int it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (int i = R; i < n - R; i++)
      for (int j = R; j < n - R; j++) {
        const double *p = &input[i * n + j];
        output[i * n + j] += w1 * (p[1] - p[-1] + p[n] - p[-n]) + w2 * (p[2] - p[-2] + p[2 * n] - p[-2 * n]);
      }
    for (int i = 0; i < n; i++)
      for (int j = 0; j < n; j++) input[i * n + j] += 1.0;
  }
  double seconds = now() - start;
  double norm = 0.0;
  for (int i = R; i < n - R; i++)
    for (int j = R; j < n - R; j++) norm += output[i * n + j] < 0.0 ? -output[i * n + j] : output[i * n + j];
  norm /= (double)(n - 2 * R) * (n - 2 * R);
  norm_error = norm - 2.0 * (iterations + 1);
  return seconds;
}

EXPORT double error(void) { return norm_error; }

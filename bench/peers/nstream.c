// The peer of examples/prk/nstream.pg: the same work in the same order, for clang --target=wasm32.
#define EXPORT __attribute__((visibility("default")))
extern double now(void);

#define MAX_LENGTH 4000000
static double a[MAX_LENGTH], b[MAX_LENGTH], c[MAX_LENGTH];
static volatile double scalar_source = 3.0;
double checksum;

/** Seconds for the timed iterations. The first iteration warms up. */
EXPORT double run(int length, int iterations) {
  const double scalar = scalar_source;
  for (int i = 0; i < length; i++) {
    a[i] = 0.0;
    b[i] = 2.0;
    c[i] = 2.0;
  }
  double start = now();
  for (int it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (int i = 0; i < length; i++) a[i] += b[i] + scalar * c[i];
  }
  double seconds = now() - start;
  double sum = 0.0;
  for (int i = 0; i < length; i++) sum += a[i] < 0.0 ? -a[i] : a[i];
  double want = 8.0 * (iterations + 1) * length;
  checksum = (sum - want) / want;
  return seconds;
}

EXPORT double error(void) { return checksum; }

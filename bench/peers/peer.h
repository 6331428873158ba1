// What the peers in C share. Each defines
//
//   double run(int n, int iterations);   does the work, gives the seconds of the part that is measured
//   double error(void);                  how far the result is off, afterwards: more than 1e-8 is wrong
//
// For clang --target=wasm32 that is the module, and peer.ts calls both. Elsewhere it is a program: `peer n iterations` prints the seconds.
// With BENCH_CLOCK=cpu these are seconds of the processor, of all threads.
#ifndef PEER_H
#define PEER_H
#include <stdint.h>

#ifdef __wasm__

extern double now(void);
#define EXPORT __attribute__((visibility("default")))
#define sqrt(x) __builtin_sqrt(x)
#define fabs(x) __builtin_fabs(x)

#else

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define EXPORT

static double now(void) {
  static int clock = -1;
  if (clock < 0) {
    const char *name = getenv("BENCH_CLOCK");
    clock = name && !strcmp(name, "cpu") ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  }
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec + 1e-9 * t.tv_nsec;
}

double run(int n, int iterations);
double error(void);

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s n iterations\n", argv[0]);
    return 2;
  }
  double seconds = run(atoi(argv[1]), atoi(argv[2]));
  if (!(fabs(error()) <= 1e-8)) {
    fprintf(stderr, "%s: wrong result\n", argv[0]);
    return 1;
  }
  printf("seconds %.9f\n", seconds);
  return 0;
}

#endif
#endif

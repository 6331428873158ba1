// The peer of bench/programs/quicksort.pg: numbers are made, sorted and looked through in each round.
#include "peer.h"

#define MAX_N 1000000
static int64_t numbers[MAX_N];
static double wrong;

static void sort(int64_t *a, int n) {
  if (n < 2) return;
  const int64_t pivot = a[n / 2];
  int i = 0, j = n - 1;
  while (i <= j) {
    while (a[i] < pivot) i++;
    while (a[j] > pivot) j--;
    if (i <= j) {
      const int64_t x = a[i];
      a[i++] = a[j];
      a[j--] = x;
    }
  }
  sort(a, j + 1);
  sort(a + i, n - i);
}

EXPORT double run(int n, int rounds) {
  uint64_t x = 5;
  int unsorted = 0;
  double start = now();
  for (int round = 0; round < rounds; round++) {
    for (int i = 0; i < n; i++) {
      x = x * 6364136223846793005u + 1442695040888963407u;
      numbers[i] = (int64_t)(x >> 20);
    }
    sort(numbers, n);
    for (int i = 1; i < n; i++) unsorted |= numbers[i - 1] > numbers[i];
  }
  double seconds = now() - start;
  wrong = unsorted;
  return seconds;
}

EXPORT double error(void) { return wrong; }

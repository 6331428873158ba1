// The peer of bench/programs/quicksort.pg in AssemblyScript.
@external("env", "now") declare function now(): f64;

let wrong: f64 = 0;

function sort(a: StaticArray<i64>, first: i32, n: i32): void {
  if (n < 2) return;
  const pivot = unchecked(a[first + n / 2]);
  let i = first, j = first + n - 1;
  while (i <= j) {
    while (unchecked(a[i]) < pivot) i++;
    while (unchecked(a[j]) > pivot) j--;
    if (i <= j) {
      const x = unchecked(a[i]);
      unchecked((a[i++] = a[j]));
      unchecked((a[j--] = x));
    }
  }
  sort(a, first, j + 1 - first);
  sort(a, i, first + n - i);
}

export function run(n: i32, rounds: i32): f64 {
  const numbers = new StaticArray<i64>(n);
  let x: u64 = 5;
  let unsorted = false;
  const start = now();
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < n; i++) {
      x = x * 6364136223846793005 + 1442695040888963407;
      unchecked((numbers[i] = <i64>(x >> 20)));
    }
    sort(numbers, 0, n);
    for (let i = 1; i < n; i++) if (unchecked(numbers[i - 1]) > unchecked(numbers[i])) unsorted = true;
  }
  const seconds = now() - start;
  wrong = unsorted ? 1 : 0;
  return seconds;
}

export function error(): f64 {
  return wrong;
}

// The peer of examples/mandelbrot.pg in AssemblyScript.
@external("env", "now") declare function now(): f64;

const LIMIT = 1000;
let wrong: f64 = 0;

function escape(x: f64, y: f64): i32 {
  let re: f64 = 0, im: f64 = 0;
  let k = 0;
  while (k < LIMIT && re * re + im * im <= 4) {
    const next = re * re - im * im + x;
    im = 2 * re * im + y;
    re = next;
    k++;
  }
  return k;
}

export function run(size: i32, iterations: i32): f64 {
  const steps = new StaticArray<i32>(size * size);
  const h: f64 = 2.5 / <f64>size;
  let inside = 0;
  const start = now();
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++) {
      const k = escape(-2 + (<f64>j + 0.5) * h, 1.25 - (<f64>i + 0.5) * h);
      unchecked((steps[i * size + j] = k));
      if (k == LIMIT) inside++;
    }
  const seconds = now() - start;
  const area = <f64>inside * h * h;
  wrong = area > 1.4 && area < 1.6 ? 0 : 1;
  return seconds;
}

export function error(): f64 {
  return wrong;
}

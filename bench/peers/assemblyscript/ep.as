// The peer of examples/nas/ep.pg in AssemblyScript, with the logarithm of its library (`NativeMath`).
@external("env", "now") declare function now(): f64;

const LOG_BLOCK = 16;
const RINGS = 10;
const MASK: u64 = 0x3fffffffffff;
const FACTOR: u64 = 1220703125;
const SEED: u64 = 271828183;
let wrong: f64 = 0;

function power(a: u64, n: u64): u64 {
  let result: u64 = 1;
  for (; n > 0; n >>= 1) {
    if (n & 1) result = (result * a) & MASK;
    a = (a * a) & MASK;
  }
  return result;
}

function off(got: f64, want: f64): f64 {
  return Math.abs((got - want) / want);
}

export function run(m: i32, iterations: i32): f64 {
  const numbers = new StaticArray<f64>(2 << LOG_BLOCK);
  const ring = new StaticArray<i64>(RINGS);
  const blocks = 1 << (m - LOG_BLOCK);
  let sx: f64 = 0, sy: f64 = 0;
  const start = now();
  for (let block = 0; block < blocks; block++) {
    let state = (SEED * power(FACTOR, <u64>block * (2 << LOG_BLOCK))) & MASK;
    for (let k = 0; k < 2 << LOG_BLOCK; k++) {
      state = (state * FACTOR) & MASK;
      unchecked((numbers[k] = <f64>(<i64>state) * 1.4210854715202004e-14));
    }
    for (let k = 0; k < 1 << LOG_BLOCK; k++) {
      const x = 2 * unchecked(numbers[2 * k]) - 1, y = 2 * unchecked(numbers[2 * k + 1]) - 1;
      const t = x * x + y * y;
      if (t <= 1) {
        const f = Math.sqrt((-2 * Math.log(t)) / t), gx = x * f, gy = y * f;
        unchecked(ring[<i32>Math.max(Math.abs(gx), Math.abs(gy))]++);
        sx += gx;
        sy += gy;
      }
    }
  }
  const seconds = now() - start;
  if (m == 24) wrong = off(sx, -3.247834652034740e3) + off(sy, -6.958407078382297e3);
  else if (m == 25) wrong = off(sx, -2.863319731645753e3) + off(sy, -6.320053679109499e3);
  else if (m == 28) wrong = off(sx, -4.295875165629892e3) + off(sy, -1.580732573678431e4);
  else wrong = 1;
  return seconds;
}

export function error(): f64 {
  return wrong;
}

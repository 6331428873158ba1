// Makes programs of any length, the same in PG and in AssemblyScript: what compilers are timed with. They are made of parts of some fifty
// lines, each with a struct, loops over slices, conditions, arithmetic on integers and doubles, and calls, as programs have them; no two
// are alike. A run adds up what all parts give, so that it can be seen that both texts say the same.

/** A few numbers that differ from part to part; a linear congruential generator. */
const numbersOf = (part: number): ((below: number) => number) => {
  let x = BigInt(part + 1);
  return (below) => {
    x = (x * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return 1 + Number((x >> 33n) % BigInt(below));
  };
};

const pgPart = (k: number): string => {
  const some = numbersOf(k);
  return `/// What part ${k} keeps of a walk.
struct Walk${k} { steps: int; highest: int; weight: f64; }

const LIMIT${k} = ${some(900) + 100};

/// Walks until the limit is passed.
fn walk${k}(from: int, pace: int) -> Walk${k} {
  var w = Walk${k} { steps: 0, highest: from, weight: ${some(9)}.5 };
  var x = from;
  while x < LIMIT${k} {
    x += if x % ${some(5) + 1} == 0 { pace } else { ${some(20)} };
    w.steps += 1;
    if x > w.highest { w.highest = x; }
    w.weight = w.weight * 0.5 + (x as f64);
  }
  return w;
}

fn fill${k}(cells: []int, seed: int) {
  var x = seed;
  for i in 0..cells.len {
    x = (x * 1103515245 + 12345) & 0x7fffffff;
    cells[i] = x % ${some(1000) + 1};
  }
}

/// The sum of those above a bound, and of the squares of the others.
fn sum${k}(cells: []int, bound: int) -> int {
  var sum = 0;
  for i in 0..cells.len {
    if cells[i] > bound {
      sum += cells[i];
    } else {
      sum += cells[i] * cells[i] + ${some(30)};
    }
  }
  return sum;
}

fn smooth${k}(from: []f64, to: []f64) {
  for i in 1..from.len - 1 {
    to[i] = 0.25 * from[i - 1] + 0.5 * from[i] + 0.25 * from[i + 1];
  }
}

fn part${k}(seed: int) -> int {
  var cells: [${some(40) + 10}]int;
  var rough: [32]f64;
  var even: [32]f64;
  fill${k}(cells, seed + ${some(100)});
  for i in 0..32 { rough[i] = (cells[i % cells.len] % 8) as f64; }
  smooth${k}(rough, even);
  let w = walk${k}(${some(9)}, ${some(12)});
  return sum${k}(cells, ${some(500)}) + w.steps + w.highest + ((even[${some(30)}] * 4.0) as int);
}
`;
};

const asPart = (k: number): string => {
  const some = numbersOf(k);
  const limit = some(900) + 100;
  const weight = some(9);
  const walk = [some(5) + 1, some(20)];
  const below = some(1000) + 1;
  const square = some(30);
  const length = some(40) + 10;
  const seed = some(100);
  const call = [some(9), some(12)];
  const result = [some(500), some(30)];
  return `/** What part ${k} keeps of a walk. */
class Walk${k} {
  steps: i64 = 0;
  highest: i64 = 0;
  weight: f64 = 0;
}

const LIMIT${k}: i64 = ${limit};

/** Walks until the limit is passed. */
function walk${k}(from: i64, pace: i64): Walk${k} {
  const w = new Walk${k}();
  w.highest = from;
  w.weight = ${weight}.5;
  let x = from;
  while (x < LIMIT${k}) {
    x += x % ${walk[0]} == 0 ? pace : ${walk[1]};
    w.steps += 1;
    if (x > w.highest) w.highest = x;
    w.weight = w.weight * 0.5 + <f64>x;
  }
  return w;
}

function fill${k}(cells: StaticArray<i64>, seed: i64): void {
  let x = seed;
  for (let i = 0; i < cells.length; i++) {
    x = (x * 1103515245 + 12345) & 0x7fffffff;
    cells[i] = x % ${below};
  }
}

/** The sum of those above a bound, and of the squares of the others. */
function sum${k}(cells: StaticArray<i64>, bound: i64): i64 {
  let sum: i64 = 0;
  for (let i = 0; i < cells.length; i++) {
    if (cells[i] > bound) {
      sum += cells[i];
    } else {
      sum += cells[i] * cells[i] + ${square};
    }
  }
  return sum;
}

function smooth${k}(from: StaticArray<f64>, to: StaticArray<f64>): void {
  for (let i = 1; i < from.length - 1; i++) {
    to[i] = 0.25 * from[i - 1] + 0.5 * from[i] + 0.25 * from[i + 1];
  }
}

function part${k}(seed: i64): i64 {
  const cells = new StaticArray<i64>(${length});
  const rough = new StaticArray<f64>(32);
  const even = new StaticArray<f64>(32);
  fill${k}(cells, seed + ${seed});
  for (let i = 0; i < 32; i++) rough[i] = <f64>(cells[i % cells.length] % 8);
  smooth${k}(rough, even);
  const w = walk${k}(${call[0]}, ${call[1]});
  return sum${k}(cells, ${result[0]}) + w.steps + w.highest + <i64>(even[${result[1]}] * 4);
}
`;
};

export interface Generated {
  readonly text: string;
  readonly lines: number;
}

const made = (parts: readonly string[]): Generated => {
  const text = parts.join('\n');
  return { text, lines: text.split('\n').length - 1 };
};

const parts = (count: number): number[] => Array.from({ length: count }, (_, k) => k);

/** A program of `count` parts that prints its sum. */
export const pgProgram = (count: number): Generated =>
  made([
    ...parts(count).map(pgPart),
    `fn main() {\n  var sum = 0;\n${parts(count)
      .map((k) => `  sum += part${k}(${k});`)
      .join('\n')}\n  if this_image() == 0 { print("sum {}", sum); }\n}\n`,
  ]);

/** The same, as a module that exports `sum`. */
export const asProgram = (count: number): Generated =>
  made([
    ...parts(count).map(asPart),
    `export function sum(): i64 {\n  let sum: i64 = 0;\n${parts(count)
      .map((k) => `  sum += part${k}(${k});`)
      .join('\n')}\n  return sum;\n}\n`,
  ]);

// Evaluates functions of std.math on many points in one run of one generated program: arguments go in as hexadecimal text,
// results come out as bits, so that nothing depends on how numbers are read or printed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command } from '../cli/resident.ts';
import { bitsOf, fromBits } from './bigfloat.ts';

export interface Batch {
  /** An expression of type u64 over the arguments a, b, c (f64). */
  readonly expression: string;
  /** As many numbers a row as `arity`. */
  readonly rows: readonly (readonly number[])[];
  readonly arity: 1 | 2 | 3;
}

const names = ['a', 'b', 'c'];
const hex = (x: number): string => bitsOf(x).toString(16).padStart(16, '0');

/** The program for some batches: one line of hexadecimal a result, in order. */
export const programFor = (batches: readonly Batch[]): string => {
  const functions = batches.map(({ expression, rows, arity }, k) => {
    const reads = names
      .slice(0, arity)
      .filter((n) => new RegExp(`\\b${n}\\b`).test(expression))
      .map((n) => `    let ${n} = number(text, ${arity} * k + ${names.indexOf(n)});\n`);
    return `fn batch${k}() {
  let text = "${rows.flat().map(hex).join('')}";
  for k in 0..${rows.length} {
${reads.join('')}    print("{:x}", ${expression});
  }
}
`;
  });
  return `import std.math;

fn digit(c: u8) -> u64 { return if c <= 57u8 { (c - 48u8) as u64 } else { (c - 87u8) as u64 }; }

fn number(text: str, k: int) -> f64 {
  var u = 0u64;
  for i in 16 * k..16 * k + 16 { u = (u << 4) | digit(text[i]); }
  return math.from_bits(u);
}

${functions.join('\n')}
fn main() {
${batches.map((_, k) => `  batch${k}();\n`).join('')}}
`;
};

/** The bits of every result, batch by batch. @throws if the program doesn't compile or run. */
export const evaluateBits = async (batches: readonly Batch[]): Promise<bigint[][]> => {
  const folder = mkdtempSync(join(tmpdir(), 'pgc-math-'));
  try {
    const path = join(folder, 'points.pg');
    writeFileSync(path, programFor(batches));
    const ended = await command(['run', path, '-n', '1'], { watchdog: 100 });
    if (ended.code !== 0) throw new Error(`exit ${ended.code}: ${ended.err}`);
    const lines = ended.out.trimEnd().split('\n');
    const expected = batches.reduce((sum, b) => sum + b.rows.length, 0);
    if (lines.length !== expected) throw new Error(`${lines.length} results for ${expected} points`);
    let next = 0;
    return batches.map((b) => b.rows.map(() => BigInt(`0x${lines[next++]!}`)));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** The same for f64 results. */
export const evaluate = async (
  batches: readonly (Omit<Batch, 'expression'> & { readonly call: string })[],
): Promise<number[][]> => {
  const all = await evaluateBits(batches.map(({ call, ...b }) => ({ ...b, expression: `math.to_bits(${call})` })));
  return all.map((results) => results.map(fromBits));
};

// Programs with hooks in the node: they print what they print without, and what makes hooks due does so.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { fileHost } from '../../compiler/host.ts';
import { lower } from '../../compiler/lower.ts';
import type { Timing } from '../../compiler/passes.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { runtimeFor } from '../../compiler/runtime-functions.ts';
import { verifyHooks } from '../../compiler/verify-hooks.ts';
import { check } from '../../lang/check.ts';
import { readArtifact } from '../../vm/artifact.ts';
import { hooksDue } from '../../vm/hook-stats.ts';
import { run } from '../../vm/run.ts';
import { root } from '../cli/pgc.ts';

const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);

const compiled = async (text: string, timing: Timing, hookInterval = 100): Promise<Uint8Array> => {
  const { artifact, diagnostics } = await compile({ path: 'a.pg', text }, { timing, hookInterval });
  if (!artifact) throw new Error(JSON.stringify(diagnostics));
  return artifact;
};

/** What a run printed, sorted, and how often hooks of each image were due. */
const ran = async (artifact: Uint8Array, images: number, ticker = false) => {
  const lines: string[] = [];
  let due: readonly bigint[] = [];
  const sink = (line: string): void => void lines.push(line);
  const result = await run(artifact, {
    images,
    ticker,
    stdout: sink,
    workerUrl,
    timeout: 60,
    slotBytes: 2 ** 24,
    atEnd: (node) => {
      due = hooksDue(node);
    },
  });
  expect(result).toEqual({ kind: 'ok' });
  return { lines: lines.sort(), due };
};

const sums = `
config const rounds: int = 20000;
fn deep(n: int) -> int { return if n == 0 { 0 } else { 1 + deep(n - 1) }; }
fn main() {
  let v = new [1000]int;
  var sum = 0;
  for r in 0..rounds {
    for i in 0..v.len { v[i] += i ^ r; }
    var x = r;
    while x > 1 { x = if x % 2 == 0 { x / 2 } else { 3 * x + 1 }; sum += 1; }
    sum += deep(r % 20);
  }
  for i in 0..v.len { sum += v[i]; }
  barrier;
  print("{} {}", this_image(), sum);
}`;

describe('a program with loops of all kinds', () => {
  test('prints the same, and has hooks due by the clock', { timeout: 200_000 }, async () => {
    // Long enough for the ticker to begin on a busy machine.
    const long = sums.replace('20000', '200000');
    const plain = await ran(await compiled(long, 'off'), 2);
    expect(plain.due).toEqual([0n, 0n]);
    const still = await ran(await compiled(long, 'ticker'), 2);
    expect(still).toEqual(plain);
    const ticked = await ran(await compiled(long, 'ticker'), 2, true);
    expect(ticked.lines).toEqual(plain.lines);
    for (const n of ticked.due) expect(n).toBeGreaterThan(0n);
  });

  test('has the same hooks due each time, if they are counted; ten times as many for a tenth of the interval', {
    timeout: 200_000,
  }, async () => {
    const artifact = await compiled(sums, 'count', 1000);
    const first = await ran(artifact, 2);
    expect(first.due[0]).toBeGreaterThan(20n);
    expect(first.due[0]).toBe(first.due[1]);
    expect(await ran(artifact, 2)).toEqual(first);
    const finer = await ran(await compiled(sums, 'count', 100), 1);
    const ratio = Number(finer.due[0]) / Number(first.due[0]);
    expect(ratio).toBeGreaterThan(8);
    expect(ratio).toBeLessThan(12);
  });
});

test('what has no loops has no hooks, and is no larger', async () => {
  const hello = 'fn main() { print("hello from image {} of {}", this_image(), num_images()); }';
  const [without, withHooks] = [await compiled(hello, 'off'), await compiled(hello, 'ticker')];
  expect(withHooks).toEqual(without);
  const read = readArtifact(withHooks);
  expect(read.kind === 'bad' ? read : read.manifest.hooks).toBeUndefined();
  expect(runtimeFor.hook).toBe('runtime.hook');
});

// ---- every program ----------------------------------------------------------------------------------------------

const folders = ['test/run', 'examples', 'examples/prk', 'examples/nas', 'bench/programs'];
const files = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.pg'))
    .map((name) => join(folder, name)),
);
/** All of them by `PGC_HOOKS=all npx vitest run test/hooks`. */
const chosen = process.env.PGC_HOOKS === 'all' ? files : files.filter((_, k) => k % 12 === 5);

describe('in each program every cycle has a hook', () => {
  test.each(chosen)('%s', (file) => {
    const path = join(root, file);
    const text = readFileSync(path, 'utf8');
    if (!/^fn main\(/m.test(text)) return;
    const { program } = check(path, fileHost({}), 'main', []);
    if (!program) return;
    const ir = lower(program);
    for (const interval of [1, 100]) {
      let wrong: readonly string[] | undefined;
      optimise(ir, {
        hooks: { timing: 'ticker', interval },
        after: (pass, now) => {
          if (pass === 'hooks') wrong = verifyHooks(now);
        },
      });
      expect(wrong).toEqual([]);
    }
  });
});

// npm run bench: our programs beside their peers. Runs alternate (ours, theirs, ours, theirs, …), every result is checked by
// the program itself, and what is printed are ratios of medians with the spread: absolute times mean nothing on a shared machine.
//   npm run bench -- --only=stencil   one line
//   npm run bench -- --json           the table as JSON
//   npm run bench -- --repeat=9       more samples
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Benchmark {
  readonly name: string;
  /** Our program, its size parameter and the values of size and iterations. */
  readonly program: string;
  readonly sizeName: string;
  readonly size: number;
  readonly iterations: number;
  readonly peer: string;
}

const benchmarks: readonly Benchmark[] = [
  {
    name: 'nstream',
    program: 'examples/prk/nstream.pg',
    sizeName: 'length',
    size: 2_000_000,
    iterations: 20,
    peer: 'bench/nstream.c',
  },
  {
    name: 'nstream, in cache',
    program: 'examples/prk/nstream.pg',
    sizeName: 'length',
    size: 20_000,
    iterations: 4000,
    peer: 'bench/nstream.c',
  },
  {
    name: 'stencil',
    program: 'examples/prk/stencil.pg',
    sizeName: 'n',
    size: 1000,
    iterations: 40,
    peer: 'bench/stencil.c',
  },
  {
    name: 'stencil, in cache',
    program: 'examples/prk/stencil.pg',
    sizeName: 'n',
    size: 150,
    iterations: 2000,
    peer: 'bench/stencil.c',
  },
];

const option = (name: string): string | undefined => {
  const found = process.argv.find((a) => a === `--${name}` || a.startsWith(`--${name}=`));
  return found?.includes('=') ? found.slice(found.indexOf('=') + 1) : found && '';
};

const median = (xs: readonly number[]): number => {
  const sorted = [...xs].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** Our program prints `0.123456 seconds, …` to standard error, and fails when its check does. */
const ours = (b: Benchmark): number => {
  const args = [
    join(root, 'dist/pgc.js'),
    'run',
    join(root, b.program),
    '-n',
    '1',
    '--',
    `--${b.sizeName}=${b.size}`,
    `--iterations=${b.iterations}`,
  ];
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 });
  const seconds = /([0-9.]+) seconds/.exec(done.stderr)?.[1];
  if (done.status !== 0 || seconds === undefined) throw new Error(`${b.program} failed:\n${done.stdout}${done.stderr}`);
  return Number(seconds);
};

const theirs = (b: Benchmark, wasm: string): number => {
  const args = [join(root, 'dist/bench-peer.js'), wasm, String(b.size), String(b.iterations)];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 300_000 }));
};

const hasClang = (): boolean =>
  spawnSync('clang', ['--version']).status === 0 && spawnSync('wasm-ld', ['--version']).status === 0;

const compilePeer = (b: Benchmark, folder: string): string => {
  const wasm = join(folder, `${b.peer.replace(/\W/g, '_')}.wasm`);
  const flags = [
    '-O3',
    '--target=wasm32',
    '-fno-builtin',
    '-nostdlib',
    '-Wl,--no-entry',
    '-Wl,--export-dynamic',
    '-Wl,--allow-undefined',
  ];
  execFileSync('clang', [...flags, '-o', wasm, join(root, b.peer)], { stdio: 'inherit' });
  return wasm;
};

const main = (): void => {
  const only = option('only');
  const json = option('json') !== undefined;
  const repeat = Math.max(5, Number(option('repeat') ?? 5));
  const chosen = benchmarks.filter((b) => only === undefined || b.name.startsWith(only));
  if (chosen.length === 0) {
    console.error(`no benchmark is called ${only}; there are: ${benchmarks.map((b) => b.name).join('; ')}`);
    process.exit(2);
  }
  if (!hasClang()) {
    console.error('the peer clang --target=wasm32 is not installed (Debian: clang and lld); nothing to compare with');
    process.exit(2);
  }
  const folder = mkdtempSync(join(tmpdir(), 'pgc-bench-'));
  const rows = chosen.map((b) => {
    const wasm = compilePeer(b, folder);
    ours(b);
    const pairs = Array.from({ length: repeat }, () => ({ ours: ours(b), theirs: theirs(b, wasm) }));
    const ratios = pairs.map((p) => p.ours / p.theirs);
    const ratio = median(pairs.map((p) => p.ours)) / median(pairs.map((p) => p.theirs));
    return {
      name: b.name,
      peer: 'clang -O3 --target=wasm32',
      ratio,
      low: Math.min(...ratios),
      high: Math.max(...ratios),
      mark: 1.5,
      samples: repeat,
    };
  });
  rmSync(folder, { recursive: true });
  if (json) console.log(JSON.stringify(rows, null, 2));
  else {
    console.log(
      'time of ours / time of clang -O3 --target=wasm32, one image, same engine and flags (median; spread of the pairs)',
    );
    for (const r of rows)
      console.log(
        `${r.name.padEnd(20)} ${r.ratio.toFixed(2)}  (${r.low.toFixed(2)} to ${r.high.toFixed(2)})  must be at most ${r.mark}`,
      );
  }
};

main();

// `pgc run --profile`: which lines the time goes to, which calls lead there, what images wait for. Programs whose shares are known are
// profiled for some tenths of a second; tolerances are wide, as other programs run on the machine too.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, folderWith, pgc as pgcIn, removeFolders, root } from '../cli/pgc.ts';

const folder = folderWith();
afterAll(removeFolders);
const pgc = (...args: string[]): Promise<Ended> => pgcIn(args, { cwd: folder });

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

/** Rows of a table of the report, by the text after the numbers. */
const rowsOf = (report: string, title: string): ReadonlyMap<string, readonly string[]> => {
  const lines = report.split('\n');
  const from = lines.findIndex((l) => l.startsWith(title)) + 2;
  const rows = lines.slice(
    from,
    lines.findIndex((l, k) => k >= from && !l.startsWith('  ')),
  );
  return new Map(rows.map((r) => r.trim().split(/ {2,}/)).map((cells) => [cells[2] ?? '', cells]));
};

/** Tries again where the machine was busy with something else. */
const within = async (tries: number, look: () => Promise<void>): Promise<void> => {
  for (let k = 1; ; k++) {
    try {
      return await look();
    } catch (error) {
      if (k === tries) throw error;
    }
  }
};

const share = (rows: ReadonlyMap<string, readonly string[]>, key: string): number =>
  Number.parseFloat(rows.get(key)?.[0] ?? '0');

// Which of its parts runs is chosen by a config: building it takes longer than all of them.
const text = `config const part: int = 0;
fn heavy(n: int) -> int {
  var s = 0;
  for i in 0..n { s = s ^ (i * i % 7); }
  return s;
}
fn light(n: int) -> int {
  var s = 0;
  for i in 0..n { s = s ^ (i * i % 5); }
  return s;
}
fn fib(n: int) -> int {
  if n < 2 { return n; }
  return fib(n - 1) + fib(n - 2);
}
fn start(n: int) -> int {
  let t = spawn heavy(n);
  return join(t);
}
fn meet() -> int {
  var s = 0;
  if this_image() == 0 { s = light(100_000_000); }
  barrier;
  return s;
}
fn endless(end: int) -> int {
  var s = 0;
  while s != end { s = (s * 5 + 1) % 1000; }
  return s;
}
fn main() {
  var x = 0;
  if part == 0 {
    for k in 0..40 { x += heavy(3_000_000); x += light(1_000_000); }
  } else if part == 1 {
    x = meet();
  } else if part == 2 {
    x = endless(2000);
  } else if part == 3 {
    x = heavy(80_000_000);
    assert(x < 0);
  } else if part == 4 {
    x = fib(36);
  } else {
    x = start(60_000_000);
  }
  if this_image() == 0 { print("{}", x); }
}
`;

const parts = { uneven: 0, meet: 1, endless: 2, faulty: 3, fib: 4, tasks: 5 } as const;
const run = (part: keyof typeof parts, images: number, ...args: readonly string[]): Promise<Ended> =>
  pgc('run', 'parts.wasm', '-n', `${images}`, ...args, '--', `--part=${parts[part]}`);

beforeAll(async () => {
  write('parts.pg', text);
  const built = await pgc('build', 'parts.pg', '--profile');
  expect(built.err).toMatch(/^pgc: parts\.wasm/);
}, 200_000);

describe('by line and by function', () => {
  test('work of 3 : 1 is seen so', () =>
    within(4, async () => {
      const plain = await run('uneven', 1);
      const r = await run('uneven', 1, '--profile');
      expect(r.code).toBe(0);
      expect(r.out).toBe(plain.out);
      const lines = rowsOf(r.err, 'by line');
      expect(share(lines, 'parts.pg:4')).toBeGreaterThan(60);
      expect(share(lines, 'parts.pg:4')).toBeLessThan(88);
      expect(share(lines, 'parts.pg:9')).toBeGreaterThan(12);
      expect(r.err).toContain('heavy     for i in 0..n { s = s ^ (i * i % 7); }');
    }));

  test('the stencil points at its inner line, and computes what it does without', () =>
    within(4, async () => {
      const file = join(root, 'examples/prk/stencil.pg');
      const r = await pgc('run', file, '-n', '2', '--profile', '--', '--iterations=30');
      expect(r.code).toBe(0);
      expect(r.out).toBe('norm 62.000000\n');
      const [first] = rowsOf(r.err, 'by line').values();
      expect(first?.[2]).toMatch(/stencil\.pg:33$/);
    }));
});

describe('waiting, and ends before the end', () => {
  test('waits are told by their cause and their line', () =>
    within(4, async () => {
      const r = await run('meet', 2, '--profile');
      expect(r.code).toBe(0);
      expect(r.err).toMatch(/\n +\d+\.\d% .* a barrier +parts\.pg:23\n/);
      expect(share(rowsOf(r.err, 'by line'), 'parts.pg:9')).toBeGreaterThan(60);
    }));

  test('a run that is ended by a fault, or by the time limit, has a profile', async () => {
    const r = await run('endless', 1, '--timeout', '0.5', '--profile');
    expect(r.code).toBe(124);
    expect(share(rowsOf(r.err, 'by line'), 'parts.pg:28')).toBeGreaterThan(90);
    const f = await run('faulty', 1, '--profile');
    expect(f.code).toBe(1);
    expect(f.err).toContain('assertion failed');
    expect(share(rowsOf(f.err, 'by line'), 'parts.pg:4')).toBeGreaterThan(90);
  });
});

describe('files', () => {
  test('folded stacks have the calls of a recursion', async () => {
    const r = await run('fib', 1, '--profile=fib.folded,fib.txt');
    expect(r.out).toBe('14930352\n');
    expect(readFileSync(join(folder, 'fib.txt'), 'utf8')).toMatch(/^profile of 1 image/);
    const folded = readFileSync(join(folder, 'fib.folded'), 'utf8').trimEnd().split('\n');
    for (const line of folded) expect(line).toMatch(/^image 0(;[^;]+)+ \d+$/);
    const deepest = Math.max(...folded.map((l) => l.split(';fib').length - 1));
    expect(deepest).toBeGreaterThan(8);
    expect(deepest).toBeLessThan(38);
    expect(folded.some((l) => l.startsWith('image 0;main;fib;fib;'))).toBe(true);
  });

  test('the page with the flame graph needs nothing else', async () => {
    const r = await run('uneven', 2, '--profile=uneven.html');
    expect(r.code).toBe(0);
    const page = readFileSync(join(folder, 'uneven.html'), 'utf8');
    expect(page).not.toMatch(/https?:|src=|href=|@import|url\(/);
    const [, data = ''] = /<script type="application\/json" id="data">(.*)<\/script>\n/.exec(page) ?? [];
    interface Node {
      readonly n: string;
      readonly v: number;
      readonly c: readonly Node[];
    }
    const top = JSON.parse(data) as Node;
    expect(top.c.map((c) => c.n)).toEqual(['image 0', 'image 1']);
    const check = (n: Node): void => {
      const below = n.c.reduce((sum, c) => sum + c.v, 0);
      expect(below).toBeLessThanOrEqual(n.v + n.c.length);
      for (const c of n.c) check(c);
    };
    check(top);
    const names = JSON.stringify(top.c[0]);
    for (const name of ['main', 'heavy', 'light', 'parts.pg:4']) expect(names).toContain(`"n":"${name}"`);
    // What the browser runs is at least a program.
    const [, script = ''] = /<script>([\s\S]*)<\/script>/.exec(page) ?? [];
    expect(() => new Function(script)).not.toThrow();
  });

  test('tasks have those before them who spawned them', async () => {
    const r = await run('tasks', 1, '--profile=tasks.folded');
    expect(r.code).toBe(0);
    expect(readFileSync(join(folder, 'tasks.folded'), 'utf8')).toMatch(/start spawns;heavy;parts\.pg:4 \d+/);
  });
});

describe('mistakes', () => {
  test('are told', async () => {
    const said: string[] = [];
    for (const args of [
      ['--profile', '--timing=off'],
      ['--profile=out.png'],
      ['--profile='],
      ['--profile-interval', '100'],
      ['--profile', '--profile-interval', '1'],
    ]) {
      const r = await pgc('run', 'parts.pg', '-n', '1', ...args);
      expect(r.code, args.join(' ')).toBe(2);
      said.push(`${args.join(' ')}\n${r.err}`);
    }
    const missing = await run('uneven', 1, '--profile=missing/out.folded');
    expect(missing.code).toBe(2);
    said.push(missing.err);
    await pgc('build', 'parts.pg', '-o', 'plain.wasm');
    const r = await pgc('run', 'plain.wasm', '--profile');
    expect(r.code).toBe(2);
    said.push(r.err);
    expect(said.join('\n')).toMatchInlineSnapshot(`
      "--profile --timing=off
      error: --profile and --timing=off: it looks at a program through its hooks

      --profile=out.png
      error: --profile=out.png: what to write is told by the name, and this is none that is known
        hint: names end in .txt, .folded, .html; --profile alone prints a text

      --profile=
      error: --profile=: what to write is told by the name, and it has none
        hint: names end in .txt, .folded, .html; --profile alone prints a text

      --profile-interval 100
      error: --profile-interval is for --profile

      --profile --profile-interval 1
      error: --profile-interval needs microseconds, from 50 to 1000000; found 1
        hint: for a tenth of a millisecond: 100

      error: cannot write missing/out.folded: the folder does not exist

      error: plain.wasm was built without --profile
        hint: pgc build --profile prog.pg, or run the .pg file itself
      "
    `);
  });
});

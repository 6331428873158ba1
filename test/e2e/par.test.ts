// Loops with `par for` that idle images take parts of: that they do, and what keeps a loop in one piece.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type CompileOptions, compile } from '../../compiler/api.ts';
import { folderWith, removeFolders } from '../cli/pgc.ts';
import { command } from '../cli/resident.ts';
import { startNode } from '../vm/node.ts';

afterAll(removeFolders);

/** Looks again with more work, as others can only help with what takes longer than their waking up. */
const withMoreWork = async (look: (work: number) => Promise<void>): Promise<void> => {
  for (let work = 2000; ; work *= 8) {
    try {
      return await look(work);
    } catch (error) {
      if (work > 1e6) throw error;
    }
  }
};

/** Iterations that take a while, the last of which faults if the config says so. */
const slow = `config const bad: int = -1;
config const work: int = 2000;
var mine: int;
fn busy(n: int) -> int {
  var x = n;
  for k in 0..work { x = (x * 48271 + k) % 2147483647; }
  return x;
}
fn main() {
  mine = this_image();
  if this_image() == 0 {
    var a: [200]int;
    var sum = 0;
    par for i in 0..200 reduce(+: sum) {
      a[if i == bad { 200 + mine } else { i }] = busy(i);
      sum += 1 + mine;
    }
    print("{}", sum);
  }
  barrier;
}
`;

describe('parts of loops', () => {
  it('are run by images that wait, for the image whose loop it is', async () => {
    const cwd = folderWith();
    writeFileSync(join(cwd, 'slow.pg'), slow);
    await withMoreWork(async (work) => {
      const ended = await command(['run', 'slow.pg', '-n', '3', '--stress=beat', '--stats', '--', `--work=${work}`], {
        cwd,
      });
      expect(ended.out).toBe('200\n');
      const found = /loops split: (.*); parts run by others: (.*)/.exec(ended.err);
      const numbers = (text = ''): number[] => [...text.matchAll(/(\d+) on image/g)].map((m) => Number(m[1]));
      expect(numbers(found?.[1])[0]).toBeGreaterThan(0);
      expect(Math.max(...numbers(found?.[2]).slice(1))).toBeGreaterThan(0);
    });

    const never = await command(['run', 'slow.pg', '-n', '2', '--heartbeat=0', '--stats', '--', '--work=200000'], {
      cwd,
    });
    expect(never.out).toBe('200\n');
    expect(never.err).not.toMatch(/loops split: .*[1-9]\d* on image/);

    const faulted = await command(['run', 'slow.pg', '-n', '3', '--stress=beat', '--', '--bad=199'], { cwd });
    expect(faulted.code).toBe(1);
    expect(faulted.err).toContain('fault on image 0 of 3: index out of range: index 200, length 200');
    expect(faulted.err).toContain('slow.pg:15:7');
  });
});

// The test's node has no such thread.
describe('while the thread that ticks is not up', () => {
  const program = `config const at: int = 0;
co x: int;
fn main() {
  if this_image() == at {
    par for i in 0..1000 {
      if i == 999 { atomic_store(x, 1); } else if i == 0 { wait_for_last(); }
    }
  }
  barrier;
}
fn wait_for_last() {
  while atomic_load(x) == 0 {}
}
`;

  it('loops are split for images that wait', async () => {
    const { artifact, diagnostics } = await compile({ path: 'p.pg', text: program });
    expect(diagnostics).toEqual([]);
    const node = await startNode();
    try {
      for (const [images, at] of [
        [2, 0],
        [4, 3],
      ] as const) {
        const { result } = await node.run(artifact ?? new Uint8Array(), {
          images,
          configs: { at: String(at) },
          timeout: 20,
        });
        expect(result.kind).toBe('ok');
      }
    } finally {
      node.close();
    }
  });
});

describe('what keeps a loop in one piece', () => {
  const program = `co x: int;
var seen: int;
fn deep(n: int) { if n > 0 { deep(n - 1); } barrier; }
fn meet(n: int) { barrier; }
fn none(n: int) {}
fn fib(n: int) -> int { return if n < 2 { n } else { fib(n - 1) + fib(n - 2) }; }
fn text() -> int { let b = read_file("p.pg"); return b.len; }
fn main() {
  par for i in 0..10 { barrier; }
  par for i in 0..10 { critical { fetch_add(x, 1); } }
  par for i in 0..10 { send(i, 0, 0); }
  par for i in 0..10 { wait_until(x > 0); }
  par for i in 0..10 { deep(i); }
  par for i in 0..10 { let c = new co [4]int; delete c; }
  par for i in 0..10 { text(); }
  par for i in 0..10 { let a = new [3]int; delete a; }
  par for i in 0..10 { print("{}", i); }
  par for i in 0..10 { fetch_add(x@0, 1); }
  par for i in 0..10 { fib(i); }
  par for i in 0..10 { let t = spawn none(i); join(t); }
  par for i in 0..10 { assert(i < 10); }
  par for i in 0..10 { par for j in 0..i { fetch_add(x, j); } }
}
`;

  it('is told by --emit=hooks', async () => {
    const { text: list, diagnostics } = await compile({ path: 'p.pg', text: program }, { emit: 'hooks' });
    expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
    const loops = (list ?? '').split('\n').flatMap((l) => {
      const found = /^p\.pg:(\d+):3 +main +par for (.*)$/.exec(l);
      return found ? [`${found[1]} ${found[2]?.replace(/ of \d+$/, '')}`] : [];
    });
    expect(loops).toMatchInlineSnapshot(`
      [
        "9 in one piece, for \`barrier\` at p.pg:9:24",
        "10 in one piece, for a lock or an event at p.pg:10:24",
        "11 in one piece, for a message at p.pg:11:24",
        "12 in one piece, for \`idle\` at p.pg:12:24",
        "13 in one piece, for \`barrier\` at p.pg:3:45",
        "14 in one piece, for \`handle.new_co\` at p.pg:14:32",
        "15 in one piece, for a file at p.pg:7:28",
        "16 in strips",
        "17 in strips",
        "18 in strips",
        "19 in strips",
        "20 in strips",
        "21 in strips",
        "22 in strips",
      ]
    `);
  });

  it('is told also where no loop is split', async () => {
    const loop = 'fn got(s: status) { var x: int; recv(x, s.source, s.tag); }\nfn main() {\n  par for i in 0..10 {}\n';
    const listed = async (text: string, options: CompileOptions = {}) =>
      (await compile({ path: 'p.pg', text }, { emit: 'hooks', ...options })).text ?? '';
    expect(await listed(`${loop}  on_message(1, got, branch);\n}`)).toMatch(
      /^p\.pg:3:3 +main +par for in one piece, for handlers of messages$/m,
    );
    expect(await listed(`${loop}}`, { timing: 'count' })).toMatch(
      /^p\.pg:3:3 +main +par for in one piece, for what the program is built with$/m,
    );
  });
});

describe('tasks that have not begun', () => {
  const program = `config const bad: int = -1;
config const work: int = 20000;
var mine: int;
fn busy(n: int) -> int {
  var x = n;
  for k in 0..work { x = (x * 48271 + k) % 2147483647; }
  if n == bad { x = x / (n - bad); }
  return x;
}
fn main() {
  mine = 7 * this_image();
  if this_image() == 0 {
    var sum = 0;
    var hs: [100]task<int>;
    for i in 0..100 { hs[i] = spawn busy(i); }
    for i in 0..100 { sum += join(hs[i]) % 7; }
    print("{}", sum);
  }
  barrier;
}
`;

  it('are run by images that wait', async () => {
    const cwd = folderWith();
    writeFileSync(join(cwd, 'busy.pg'), program);
    await withMoreWork(async (work) => {
      const more = ['--stats', '--', `--work=${10 * work}`];
      const alone = await command(['run', 'busy.pg', '-n', '1', ...more], { cwd });
      expect(alone.err).not.toContain('tasks of other images');
      const ended = await command(['run', 'busy.pg', '-n', '3', '--stress=beat', ...more], { cwd });
      expect(ended.out).toBe(alone.out);
      const found = /tasks of other images run: (.*)/.exec(ended.err);
      const taken = [...(found?.[1] ?? '').matchAll(/(\d+) on image/g)].map((m) => Number(m[1]));
      expect(taken[0]).toBe(0);
      expect(Math.max(...taken)).toBeGreaterThan(0);
    });

    // Whoever runs it, it is a task of image 0.
    const faulted = await command(['run', 'busy.pg', '-n', '3', '--stress=beat', '--', '--bad=99'], { cwd });
    expect(faulted.code).toBe(1);
    expect(faulted.err).toContain('fault on image 0 of 3: division by zero');
    expect(faulted.err).toContain('in task 100, spawned at busy.pg:15:31\n');
  });

  it('stay if they can tell where they are, and --emit=hooks says why', async () => {
    const text = `import std.math;
co x: int;
shared s: [100]int dist(block);
var turns: int;
let here = this_image();
let size = 3 * num_images();
config const most: int = 3;
fn own() { x += 1; }
fn other(p: int) { x@p = s[p]; }
fn turn() { turns += 1; }
fn number() -> int { return this_image(); }
fn first() -> int { return here; }
fn constant() -> int { return size + most; }
fn deep(n: int) { if n > 0 { spawn deep(n - 1); turn(); } }
fn by(f: fn(int) -> int) -> int { return f(1); }
fn given(p: *int) { *p = 1; }
fn gives() -> *int { return new int; }
fn tells() { print("x"); }
fn meets() { barrier; }
fn bits() -> int { let p = new int; return p as int; }
fn node() -> f64 { let p = new f64; *p = math.sin(1.0); let y = *p; delete p; return y; }
fn takes(h: task<*int>) -> int { return *join(h); }
fn sum(h: task<int>) -> int { return join(h); }
fn part() -> int { let v = s.local; return v[0]; }
fn many() -> int { var t = 0; par for i in 0..100 reduce(+: t) { t += s[i]; } return t; }
fn waits() { wait_until(x == 1); }
fn main() {
  spawn own();
  spawn other(0);
  spawn turn();
  spawn number();
  spawn first();
  spawn constant();
  spawn deep(3);
  var v = 0;
  spawn given(&v);
  spawn gives();
  spawn tells();
  spawn meets();
  spawn bits();
  spawn node();
  spawn takes(spawn gives());
  spawn sum(spawn constant());
  spawn part();
  spawn many();
  spawn waits();
  spawn constant() on 0;
}
`;
    const built = await compile({ path: 'moves.pg', text }, { emit: 'hooks' });
    expect(built.diagnostics).toEqual([]);
    const lines = (built.text ?? '').split('\n').filter((l) => / {2}task /.test(l));
    expect(lines.map((l) => l.replace(/^moves\.pg:(\d+):\d+ {2}task /, '$1 '))).toMatchInlineSnapshot(`
      [
        "28 stays on its image, for the own copy of \`x\` at moves.pg:8:12",
        "29 may run on any image that has nothing to do",
        "30 stays on its image, for the variable \`turns\` at moves.pg:10:13",
        "31 stays on its image, for \`this_image\` at moves.pg:11:29",
        "32 stays on its image, for the variable \`here\` at moves.pg:12:28",
        "33 may run on any image that has nothing to do",
        "34 stays on its image, for the variable \`turns\` at moves.pg:10:13",
        "36 stays on its image, for what it is given, or gives, belongs to it",
        "37 stays on its image, for what it is given, or gives, belongs to it",
        "38 stays on its image, for output at moves.pg:18:14",
        "39 stays on its image, for a barrier at moves.pg:19:14",
        "40 stays on its image, for an address as a number at moves.pg:20:44",
        "41 may run on any image that has nothing to do",
        "42 stays on its image, for what it is given, or gives, belongs to it",
        "42 stays on its image, for what it is given, or gives, belongs to it",
        "43 may run on any image that has nothing to do",
        "43 may run on any image that has nothing to do",
        "44 stays on its image, for the own part of an array at moves.pg:24:28",
        "45 may run on any image that has nothing to do",
        "46 stays on its image, for the own copy of \`x\` at moves.pg:26:25",
        "14 stays on its image, for the variable \`turns\` at moves.pg:10:13",
      ]
    `);
    const teams = await compile(
      { path: 'moves.pg', text: 'fn f() {}\nfn main() { spawn f(); let t = team_split(0, 0); within t { barrier; } }' },
      { emit: 'hooks' },
    );
    expect(teams.text).toContain('task stays on its image, for teams');
  });
});

it('`yield(3)` says what `yield` is', async () => {
  const { diagnostics } = await compile({ path: 'p.pg', text: 'fn main() { yield(3); }\n' });
  expect(diagnostics[0]?.hint).toContain('without anything behind it: `yield;`');
});

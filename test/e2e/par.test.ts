// Loops with `par for` that idle images take parts of: that they do, and what keeps a loop in one piece.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { compile } from '../../compiler/api.ts';
import { folderWith, pgc, removeFolders } from '../cli/pgc.ts';

afterAll(removeFolders);

/** Iterations that take a while, the last of which faults if the config says so. */
const slow = `config const bad: int = -1;
var mine: int;
fn busy(n: int) -> int {
  var x = n;
  for k in 0..2000 { x = (x * 48271 + k) % 2147483647; }
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
    const ended = await pgc(['run', 'slow.pg', '-n', '3', '--stress=beat', '--stats'], { cwd });
    expect(ended.out).toBe('200\n');
    const found = /loops split: (.*); parts run by others: (.*)/.exec(ended.err);
    const numbers = (text = ''): number[] => [...text.matchAll(/(\d+) on image/g)].map((m) => Number(m[1]));
    expect(numbers(found?.[1])[0]).toBeGreaterThan(0);
    expect(Math.max(...numbers(found?.[2]).slice(1))).toBeGreaterThan(0);

    const faulted = await pgc(['run', 'slow.pg', '-n', '3', '--stress=beat', '--', '--bad=199'], { cwd });
    expect(faulted.code).toBe(1);
    expect(faulted.err).toContain('fault on image 0 of 3: index out of range: index 200, length 200');
    expect(faulted.err).toContain('slow.pg:14:7');
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
});

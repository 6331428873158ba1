// pgc test: which tests it finds and runs, and what it says of those that fail. Each in a child process under a watchdog.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, folderWith, pgc, removeFolders, transcript } from './pgc.ts';

const failing = `// Every way to fail, between tests that pass.
co inbox: int;
shared a: [8]int;
var runs: int;

fn main() { print("not a test"); }
fn check_neighbour(expected: int) { assert(inbox == expected, "what the neighbour sent"); }

test "passes" { runs += 1; assert(runs == 1); }
test "assertion" {
  inbox@((this_image() + 1) % num_images()) = 7;
  barrier;
  check_neighbour(8);
}
test "index" {
  if this_image() == 1 { print("image {} was here", this_image()); }
  barrier;
  var b: [4]int;
  b[num_images() * 4] = 1;
}
test "deadlock" { if this_image() > 0 { barrier; } }
test "time limit" { var x = 1; while x > 0 { x = x % 7 + 1; } }
test "exits" { if this_image() == 0 { exit(3); } barrier; }
test "init" { init(); }
fn init() { assert(false); }
fn deep(p: *int, n: int) -> int {
  if n == 0 { *p = 1; return n; }
  return deep(p, n - 1) + deep(p, n - 1);
}
test "stray pointer" { let p = 0x7000_0000 as *int; *p = 1; }
test "stray pointer in a function" { assert(deep(0x7000_0000 as *int, 1) == 0); }
test "three \\"quoted\\"" { runs += 1; assert(runs == 1); }
`;

const passing = `struct Box<T> { x: T; }
fn make<T>(x: T) -> Box<T> { return Box<T> { x: x }; }

shared a: [13]int dist(cyclic);
co mine: int;

test "generics" { assert(make(3).x == 3); }
test "all images" {
  forall i in a { a[i] = i; }
  mine = this_image();
  barrier;
  var sum = 0;
  for i in 0..13 { sum += a[i]; }
  assert(sum == 78);
  assert(allreduce(+, 1) == num_images());
  for p in 0..num_images() { assert(mine@p == p); }
}
test "leaves early" { if num_images() > 0 { return; } trap("never"); }
test "prints nothing here" { print("unseen"); }
test "exit(0) is no failure" { barrier; exit(0); }
`;

let cwd = '';
beforeAll(() => {
  cwd = folderWith('examples/hello.pg');
  mkdirSync(join(cwd, 'deep', '.hidden'), { recursive: true });
  mkdirSync(join(cwd, 'deep', 'node_modules'), { recursive: true });
  mkdirSync(join(cwd, 'wrong'));
  writeFileSync(join(cwd, 'failing.pg'), failing);
  writeFileSync(join(cwd, 'deep', 'passing.pg'), passing);
  writeFileSync(join(cwd, 'deep', '.hidden', 'h.pg'), 'test "hidden" { assert(false); }');
  writeFileSync(join(cwd, 'deep', 'node_modules', 'n.pg'), 'test "of others" { assert(false); }');
  writeFileSync(join(cwd, 'wrong', 'bad.pg'), 'test "bad" { let x: int = 1.5; }\n');
  writeFileSync(join(cwd, 'wrong', 'good.pg'), 'test "good" { }\n');
  writeFileSync(join(cwd, 'wrong', 'syntax.pg'), 'test "open" { let x = ; }\n');
});
afterAll(removeFolders);

const tested = (...args: readonly string[]): Promise<Ended> => pgc(['test', ...args], { cwd });

const timeless = (text: string): string => text.replace(/\(\d+ ms\)/g, '(# ms)');

describe('failures', () => {
  test('each is reported with its name, place and cause, and stops no other test', async () => {
    const args = ['failing.pg', '-n', '2', '--timeout', '2'];
    const ended = await tested(...args);
    expect(ended.code).toBe(1);
    expect(ended.left).toBe(false);
    await expect(transcript(['test', ...args], ended, timeless)).toMatchFileSnapshot('test/failing.txt');
  });

  test('on some numbers of images only', async () => {
    writeFileSync(join(cwd, 'some.pg'), 'test "even" { assert(num_images() % 2 == 0 || num_images() == 1); }\n');
    const args = ['some.pg', '-n', '1,2,3,4,7'];
    const ended = await tested(...args);
    expect(ended.code).toBe(1);
    await expect(transcript(['test', ...args], ended, timeless)).toMatchFileSnapshot('test/some.txt');
  });

  test('what a failed test printed is shown, up to a length', async () => {
    writeFileSync(join(cwd, 'much.pg'), 'test "much" { for i in 0..20000 { print("{}", i); } assert(false); }\n');
    const { out } = await tested('much.pg', '-n', '1');
    expect(out).toContain('\n1\n2\n3\n');
    expect(out).toContain('… and more that it printed\nfault on image 0 of 1');
    expect(out.length).toBeLessThan(25_000);
  });

  test('files with mistakes are reported, and the others run', async () => {
    const ended = await tested('wrong');
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('PG0301');
    expect(ended.err).toContain('syntax.pg:1:23');
    expect(ended.out).toContain('ok      good');
    expect(ended.out).toContain('1 test on 4 images: all well');
  });

  test('more images than there can be is said once', async () => {
    const args = ['failing.pg', '-n', '100000'];
    const ended = await tested(...args);
    expect(ended.code).toBe(2);
    expect(ended.out).not.toContain('FAILED');
    expect(ended.err.match(/do not fit/g)).toHaveLength(1);
  });

  test('none found', async () => {
    for (const args of [
      ['hello.pg'],
      ['deep', '--filter', 'al images'],
      ['hello.pg', 'wrong/good.pg', '--filter', 'x'],
    ]) {
      const ended = await tested(...args);
      expect(ended.code, args.join(' ')).toBe(1);
      const name = `test/none_${args.join('_').replaceAll(/\W+/g, '_')}.txt`;
      await expect(transcript(['test', ...args], ended)).toMatchFileSnapshot(name);
    }
  });

  test('Ctrl-C ends the test that runs, and no other starts', async () => {
    const text = 'test "first" { }\ntest "long" { while true { } }\ntest "never" { }\n';
    writeFileSync(join(cwd, 'long.pg'), text);
    const how = { cwd, signalAt: { text: 'ok      first', signal: 'SIGINT' } } as const;
    const ended = await pgc(['test', 'long.pg', '-n', '2'], how);
    expect(ended.code).toBe(130);
    expect(ended.out).toContain('interrupted after 1 test, of which 0 failed');
    expect(ended.out).not.toContain('never');
    expect(ended.left).toBe(false);
  });
});

describe('success', () => {
  test('on any number of images, of all files in a folder', async () => {
    const ended = await tested('deep', '-n', '1,2,3,4,7');
    expect(ended.code).toBe(0);
    expect(ended.left).toBe(false);
    await expect(transcript(['test', 'deep', '-n', '1,2,3,4,7'], ended, timeless)).toMatchFileSnapshot(
      'test/passing.txt',
    );
  });

  test('--filter chooses by name, in small letters or large; a file that is named twice runs once', async () => {
    const { code, out } = await tested('deep', 'deep/passing.pg', '--filter', 'LEAVES', '-n', '2');
    expect(code).toBe(0);
    expect(timeless(out)).toBe('deep/passing.pg\n  ok      leaves early (# ms)\n\n1 test on 2 images: all well\n');
  });

  test('without a file: this folder, on four images; a second time out of the cache', async () => {
    for (let i = 0; i < 2; i++) {
      const { code, out, err } = await pgc(['test'], { cwd: join(cwd, 'deep') });
      expect(err).toBe('');
      expect(code).toBe(0);
      expect(out).toContain('5 tests on 4 images: all well');
    }
  });

  test('run and build leave tests out, check looks at them and asks for no main', async () => {
    expect((await pgc(['check', 'deep/passing.pg'], { cwd })).code).toBe(0);
    expect((await pgc(['check', 'wrong/bad.pg'], { cwd })).code).toBe(2);
    const ran = await pgc(['run', 'failing.pg', '-n', '2'], { cwd });
    expect(ran).toMatchObject({ code: 0, out: 'not a test\nnot a test\n' });
    const ir = await pgc(['build', 'failing.pg', '--emit=ir'], { cwd });
    expect(ir.out).not.toContain('assert');
    const none = await pgc(['run', 'deep/passing.pg'], { cwd });
    expect(none.code).toBe(2);
    expect(none.err).toContain('`pgc test` runs the tests of this file');
  });
});

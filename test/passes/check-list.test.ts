// What --emit=checks says of each check.
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';

const program = `var size = 10;
fn sum(a: []int, from: int, wild: []int) -> int {
  var s = 0;
  for i in 0..a.len { s += a[i]; }
  for i in from..a.len { s += a[i]; }
  if from >= 0 && from < a.len { s += a[from]; }
  s += a[3] + a[2];
  for i in 0..wild.len { s += a[wild[i]]; }
  for i in 0..4 { if i > 7 { s += a[i * 100]; } }
  return s / size + s % 7;
}
fn twice(a: []int, k: int) -> int { return a[k] + a[k]; }
fn main() {
  let a = new [size]int;
  for i in 0..a.len { a[i] = i; }
  print("{} {} {}", sum(a, size - 5, a), twice(a, size - 7), sum(a[2..], size, a));
}
`;

const listOf = async (skip: readonly string[] = []): Promise<string> => {
  const made = await compile({ path: 'a.pg', text: program }, { emit: 'checks', skip });
  expect(made.diagnostics).toEqual([]);
  return made.text ?? '';
};

test('each check is listed with what became of it', async () => {
  expect(await listOf()).toMatchSnapshot();
});

test('what proves nothing takes no check', async () => {
  const [plain, without] = [await listOf(), await listOf(['check-elim', 'guard-range'])];
  expect(plain).toContain('gone: the bounds of the loop at 4:3');
  expect(without).not.toContain('gone: the bounds');
  expect(without).toMatch(/a\.pg:4:28 +index +sum +stays: the index is counted by the loop at 4:3/);
});

test('what no proof takes is asked about before its loop', async () => {
  expect(await listOf(['check-elim'])).toMatch(/a\.pg:4:28 +index +sum +asked about before the loop at 4:3/);
});

test('functions that have become parts of others are listed there', async () => {
  const list = await listOf();
  expect(list).not.toMatch(/index +twice /);
  expect(list).toMatch(/a\.pg:12:44 +index +main /);
});

test('a program without checks has none', async () => {
  const made = await compile({ path: 'a.pg', text: 'fn main() { print("hello"); }\n' }, { emit: 'checks' });
  expect(made.text).toBe('0 checks\n');
});

test('checks of the run-time within what begins the program are not the user’s', async () => {
  const text = 'config const n: int = 9;\nshared a: [n]int dist(block);\nfn main() { print("{}", a[n - 1]); }\n';
  const made = await compile({ path: 'a.pg', text }, { emit: 'checks' });
  expect(made.text).toMatch(/^a\.pg:3:25 /);
  expect(made.text).not.toContain('std/runtime');
});

// std.matrixmarket: texts as collections have them, and every way in which one can be wrong, with the line that is named.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { linesOf } from './program.ts';

afterAll(removeFolders);

/** What a program prints about each text: the dense matrix, or line and message. */
const parsed = async (texts: readonly string[]): Promise<string[]> => {
  const literal = (t: string) =>
    t
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"')
      .replaceAll('\n', '\\n')
      .replaceAll('\r', '\\r')
      .replaceAll('\t', '\\t');
  return linesOf(`import std.matrixmarket;
import std.linalg;
import std.str;
fn show(text: str) {
  let r = matrixmarket.parse(text);
  if !r.ok { assert(r.matrix.value.len == 0); print("{}: {}", r.line, r.message); return; }
  assert(r.line == 0 && r.message == "");
  var a = r.matrix;
  write("{}x{} {}:", a.rows, a.columns, a.value.len);
  for i in 0..a.rows { for j in 0..a.columns { write(" {}", linalg.csr_get(&a, i, j)); } }
  print("");
  var b = str.builder(0);
  matrixmarket.append(&b, &a);
  let again = matrixmarket.parse(str.text(&b));
  assert(again.ok && again.matrix.rows == a.rows && again.matrix.columns == a.columns && again.matrix.value.len == a.value.len);
  for k in 0..a.value.len { assert(again.matrix.value[k] == a.value[k] && again.matrix.column[k] == a.column[k]); }
  for i in 0..=a.rows { assert(again.matrix.start[i] == a.start[i]); }
}
fn main() {
${texts.map((t) => `  show("${literal(t)}");`).join('\n')}
}`);
};

const head = '%%MatrixMarket matrix coordinate';

test('matrices of every kind that is read', async () => {
  const given: readonly (readonly [string, string])[] = [
    [
      `${head} real general\n% a comment\n\n  2 3 3\n1 1 1.5\n2 3 -2e-3\n\n% another\n1 3 7\n`,
      '2x3 3: 1.5 0.0 7.0 0.0 0.0 -0.002',
    ],
    [`${head} integer general\r\n2 2 2\r\n2 1 5\r\n1 2 -6`, '2x2 2: 0.0 -6.0 5.0 0.0'],
    [`${head} pattern general\n2 2 1\n2 2\n`, '2x2 1: 0.0 0.0 0.0 1.0'],
    [`${head} real symmetric\n3 3 3\n1 1 2\n3 1 .25\n3 2 1e400\n`, '3x3 5: 2.0 0.0 0.25 0.0 0.0 inf 0.25 inf 0.0'],
    [`${head} real skew-symmetric\n2 2 1\n2 1 3\n`, '2x2 2: 0.0 -3.0 3.0 0.0'],
    [`${head} pattern symmetric\n2 2 2\n1 1\n2 1\n`, '2x2 3: 1.0 1.0 1.0 0.0'],
    [`%%matrixmarket MATRIX Coordinate Real General\n1\t1\t2\n1 1 1\n\t1 1 0.5   `, '1x1 1: 1.5'],
    [`${head} real general\n1 2 0\n`, '1x2 0: 0.0 0.0'],
  ];
  expect(await parsed(given.map(([t]) => t))).toEqual(given.map(([, m]) => m));
});

describe('what is wrong is named with its line', () => {
  const wrong: readonly (readonly [string, RegExp])[] = [
    ['', /^1: the text is empty/],
    ['2 2 1\n1 1 1\n', /^1: .*begins with %%MatrixMarket/],
    ['%%MatrixMarket vector coordinate real general\n', /^1: .*not `matrix`/],
    ['%%MatrixMarket matrix array real general\n', /^1: only the format `coordinate`/],
    ['%%MatrixMarket\n', /^1: .*not `matrix`/],
    [`${head}\n`, /^1: only `real`/],
    [`${head} complex general\n`, /^1: only `real`/],
    [`${head} real hermitian\n`, /^1: only `general`/],
    [`${head} real\n`, /^1: only `general`/],
    [`${head} real general x\n`, /^1: more words/],
    [`${head} real general\n% only\n% comments\n`, /^4: the text ends/],
    [`${head} real general\n2 2\n`, /^2: .*three integers/],
    [`${head} real general\n%\n2 2 1 1\n`, /^3: .*three integers/],
    [`${head} real general\n2 x 1\n`, /^2: .*three integers/],
    [`${head} real general\n0 2 0\n`, /^2: .*between 1 and/],
    [`${head} real general\n2 2 -1\n`, /^2: .*not negative/],
    [`${head} real general\n2 2147483648 0\n`, /^2: .*between 1 and/],
    [`${head} real general\n2 2 1000000000000\n1 1 1\n`, /^2: more elements than the text has room for/],
    [`${head} real symmetric\n2 3 0\n`, /^2: .*square/],
    [`${head} real general\n2 2 2\n1 1 1\n`, /^4: the text ends before the last/],
    [`${head} real general\n2 2 1\n1 1 1\n\n1 2 3\n`, /^5: more elements than announced/],
    [`${head} real general\n2 2 1\n3 1 1\n`, /^3: no such row/],
    [`${head} real general\n2 2 1\n0 1 1\n`, /^3: no such row/],
    [`${head} real general\n2 2 1\n1 3 1\n`, /^3: no such column/],
    [`${head} real general\n2 2 1\n1 -1 1\n`, /^3: no such column/],
    [`${head} real general\n2 2 1\n1 1\n`, /^3: .*stands a number/],
    [`${head} real general\n2 2 1\n1 1 x\n`, /^3: .*stands a number/],
    [`${head} real general\n2 2 1\n1 1 1 1\n`, /^3: more than an element/],
    [`${head} real general\n2 2 1\n1.5 1 1\n`, /^3: .*row and column/],
    [`${head} integer general\n2 2 1\n1 1 1.5\n`, /^3: .*an integer/],
    [`${head} pattern general\n2 2 1\n1 1 1\n`, /^3: more than an element/],
    [`${head} real skew-symmetric\n2 2 1\n1 1 0\n`, /^3: the diagonal/],
  ];
  test('whatever it is', async () => {
    const lines = await parsed(wrong.map(([t]) => t));
    expect(lines.length).toBe(wrong.length);
    wrong.forEach(([text, message], k) => {
      expect(lines[k], JSON.stringify(text)).toMatch(message);
    });
  });
});

test('a large matrix has the values that were written', async () => {
  const n = 500;
  const places = Array.from({ length: 3000 }, (_, k) => [(k * 7919) % n, (k * k * 31 + k) % n] as const);
  const distinct = [...new Map(places.map((p) => [`${p}`, p])).values()];
  const values = distinct.map((_, k) => Math.sin(k + 1) * 10 ** ((k % 40) - 20));
  const text = `${head} real general\n${n} ${n} ${distinct.length}\n${distinct.map(([i, j], k) => `${i + 1} ${j + 1} ${values[k]}`).join('\n')}\n`;
  const [line] = await parsed([text]);
  const [size, ...numbers] = line!.split(/: | /).filter((w) => !w.endsWith(':'));
  expect(size).toBe(`${n}x${n}`);
  const dense = numbers.slice(1).map(Number);
  const expected = new Array<number>(n * n).fill(0);
  distinct.forEach(([i, j], k) => {
    expected[i * n + j] = values[k]!;
  });
  expect(dense.length).toBe(n * n);
  expect(dense.findIndex((v, k) => v !== expected[k])).toBe(-1);
});

test('a file that was written is read again, and a wrong one is told apart', async () => {
  const lines = await linesOf(
    `import std.matrixmarket;
import std.str;
fn main() {
  var a = matrixmarket.parse("${head} real general\\n2 3 2\\n1 3 0.5\\n2 1 -4e300\\n").matrix;
  matrixmarket.write("a.mtx", &a);
  let r = matrixmarket.read("a.mtx");
  print("{} {}x{} {} {}", r.ok, r.matrix.rows, r.matrix.columns, r.matrix.value[0], r.matrix.value[1]);
  write_file("b.mtx", str.bytes("${head} real general\\n2 3 1\\n1 4 1\\n"));
  let wrong = matrixmarket.read("b.mtx");
  print("{} {} {}", wrong.ok, wrong.line, wrong.message);
}`,
    { options: ['--allow-read', '--allow-write'] },
  );
  expect(lines).toEqual(['true 2x3 0.5 -4e300', 'false 3 no such column']);
});

// std.str against JavaScript: thousands of decimals to floats and back, where rounding is closest to failing, and the functions
// on text on small examples, positions past the end included.
import { afterAll, describe, expect, test } from 'vitest';
import { formatValue } from '../../vm/format.ts';
import { removeFolders } from '../cli/pgc.ts';
import { bitsOf, fromBits } from '../math/bigfloat.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

/** Numbers that are the same every time (G. Marsaglia's xorshift64). */
const random = (() => {
  let state = 0x9e3779b97f4a7c15n;
  return (): bigint => {
    state ^= (state << 13n) & 0xffffffffffffffffn;
    state ^= state >> 7n;
    state ^= (state << 17n) & 0xffffffffffffffffn;
    return state;
  };
})();

const below = (n: number): number => Number(random() % BigInt(n));
const digits = (n: number): string => Array.from({ length: n }, () => below(10)).join('');

const randomFloat = (): number => {
  for (;;) {
    const x = Math.abs(fromBits(random()));
    if (Number.isFinite(x) && x !== 0) return x;
  }
};

/** The exact decimal of (2m + 1) 2^(e - 1): half of the way from an f64 to the next. Digits and a power of ten. */
const halfway = (x: number): readonly [string, number] => {
  const bits = bitsOf(x);
  const field = Number(bits >> 52n);
  const m = (bits & ((1n << 52n) - 1n)) | (field > 0 ? 1n << 52n : 0n);
  const e = (field > 0 ? field - 1075 : -1074) - 1;
  const odd = 2n * m + 1n;
  return e >= 0 ? [`${odd << BigInt(e)}`, 0] : [`${odd * 5n ** BigInt(-e)}`, e];
};

/** Floats that are special, or common, or any. */
const floats = (): number[] => {
  const all = [
    5e-324, 1e-323, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, 1, 0.1, 0.3, 1e23,
  ];
  for (let k = -1074; k < 1024; k += 7) all.push(2 ** k, fromBits(bitsOf(2 ** k) + 1n), fromBits(bitsOf(2 ** k) - 1n));
  for (let k = -323; k < 309; k += 3)
    all.push(Number(`1e${k}`), Number(`9.5e${k}`), fromBits(bitsOf(Number(`1e${k}`)) - 1n));
  for (let k = 0; k < 700; k++) all.push(randomFloat());
  for (let k = 0; k < 700; k++)
    all.push(Number(random() >> 11n) / 2 ** 53, below(1_000_000) / 1000, below(1e9) * 10 ** below(12));
  for (let k = 0; k < 100; k++) all.push(fromBits(random() >> BigInt(13 + below(50))));
  return all.filter((x) => x !== 0);
};

describe('floats from text', () => {
  /** What PG makes of each, as bits; undefined where it finds no number. */
  const parsed = async (texts: readonly string[]): Promise<(bigint | undefined)[]> => {
    const lines = await linesOf(`import std.str;
import std.math;
fn main() {
  var it = str.split("${texts.join('|')}", '|');
  while str.next(&it) {
    var x = 7.0;
    if str.parse_float(it.piece, &x) { print("{:x}", math.to_bits(x)); } else { assert(x == 7.0); print("no"); }
  }
}`);
    expect(lines.length).toBe(texts.length);
    return lines.map((l) => (l === 'no' ? undefined : BigInt(`0x${l}`)));
  };
  const check = async (texts: readonly string[]): Promise<void> => {
    const results = await parsed(texts);
    const wrong = texts.filter((t, k) => results[k] !== bitsOf(Number(t)));
    expect(wrong).toEqual([]);
  };

  test('shortest and long decimals of floats', async () => {
    await check(floats().flatMap((x) => [`${x}`, x.toExponential(16), `-${x.toPrecision(20)}`]));
  });

  test('random digits with random exponents', async () => {
    const texts: string[] = [];
    for (let k = 0; k < 3000; k++) {
      const whole = digits(1 + below(25));
      const fraction = below(2) === 0 ? '' : `.${digits(below(25))}`;
      texts.push(`${whole}${fraction}e${below(2) === 0 ? '' : '-'}${below(k % 2 === 0 ? 30 : 340)}`);
    }
    await check(texts);
  });

  test('half of the way between two floats, and a little beside', async () => {
    const texts: string[] = [];
    const some = floats();
    for (let k = 0; k < some.length; k += 9) {
      const [d, e] = halfway(some[k]!);
      const last = BigInt(d);
      texts.push(`${d}e${e}`, `${last + 1n}e${e}`, `${last - 1n}e${e}`, `${d}${'0'.repeat(60)}1e${e - 61}`);
      if (d.length > 30)
        texts.push(`${d[0]}.${d.slice(1)}e${e + d.length - 1}`, `${d.slice(0, 25)}e${e + d.length - 25}`);
    }
    // Zeros in front, and more digits than count.
    const [d, e] = halfway(1 / 3);
    texts.push(`${'0'.repeat(50)}${d}e${e}`, `0.${'0'.repeat(300)}${d}e${e + d.length + 300}`);
    texts.push(`${d}${'0'.repeat(900)}1e${e - 901}`, `${d}${'0'.repeat(900)}e${e - 900}`);
    const [tiny, low] = halfway(5e-324);
    texts.push(
      `${tiny}e${low}`,
      `${BigInt(tiny) + 1n}e${low}`,
      '2.4703282292062327208e-324',
      '2.4703282292062328e-324',
    );
    texts.push(halfway(1.7976931348623157e308)[0], `${BigInt(halfway(1.7976931348623157e308)[0]) - 1n}`);
    await check(texts);
  });

  test('limits and forms', async () => {
    await check([
      '0',
      '-0',
      '0.000',
      '00012',
      '.5',
      '5.',
      '+1',
      '-1.e2',
      '1E5',
      '1e+5',
      '1e-05',
      '0e999999999999999',
      '1e309',
    ]);
    await check([
      '1e99999999999999999999',
      '1e-99999999999999999999',
      `0.${'0'.repeat(1000)}1e1001`,
      `1${'0'.repeat(500)}e-500`,
    ]);
    const names = await parsed(['inf', '-INF', '+infinity', '-Infinity']);
    expect(names).toEqual([1, -1, 1, -1].map((s) => bitsOf(s * Number.POSITIVE_INFINITY)));
    const [nan] = await parsed(['nan', 'NaN']);
    expect(fromBits(nan!)).toBeNaN();
    const wrong = [
      '',
      '-',
      '.',
      '-.',
      'e5',
      '1e',
      '1e+',
      '1e5.',
      '1..2',
      '1.2.3',
      ' 1',
      '1 ',
      '0x10',
      '1_0',
      '--1',
      'infinit',
      '1f',
      '1e5e',
    ];
    expect(await parsed(wrong)).toEqual(wrong.map(() => undefined));
  });
});

describe('text from floats', () => {
  test('is the shortest, and reads as the same float', async () => {
    const all = floats().flatMap((x) => [x, -x]);
    const hex = all.map((x) => bitsOf(x).toString(16).padStart(16, '0')).join('');
    const lines = await linesOf(`import std.str;
import std.math;
fn main() {
  let text = "${hex}";
  var b: [str.NUMBER_BYTES]u8;
  for k in 0..${all.length} {
    var u: u64;
    assert(str.parse_base(text[16 * k..16 * k + 16], 16, &u));
    let n = str.write_float(b, math.from_bits(u));
    print("{}", b[..n] as str);
  }
  assert(b[..str.write_float(b, 0.0)] as str == "0.0" && b[..str.write_float(b, -0.0)] as str == "-0.0");
  assert(b[..str.write_float(b, math.INFINITY)] as str == "inf" && b[..str.write_float(b, -math.INFINITY)] as str == "-inf");
  assert(b[..str.write_float(b, math.NAN)] as str == "nan");
}`);
    expect(lines.map(Number)).toEqual(all);
    expect(lines).toEqual(all.map((x) => formatValue({ type: 'f64' }, x)));
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThanOrEqual(24);
  });

  test('has the decimals that are wanted, rounded exactly', async () => {
    const decimals = [0, 1, 2, 3, 6, 17, 30, 400];
    const all = [
      0, 0.5, 1.5, 2.5, 0.125, 0.375, 0.999, 9.995, 0.0005, 1e21, 1e22, 123456789.125, 5e-324, 1.7976931348623157e308,
    ];
    for (let k = 0; k < 60; k++) all.push(randomFloat(), below(1e6) / 1024, below(1e9) / 1e5, 2 ** (below(140) - 70));
    const lines = await linesOf(`import std.str;
fn main() {
  var it = str.words("${all.map((x) => `${x} -${x}`).join(' ')}");
  var b = str.builder(1);
  while str.next(&it) {
    var x: f64;
    assert(str.parse_float(it.piece, &x));
    ${decimals.map((d) => `str.clear(&b); str.append_fixed(&b, x, ${d}); print("{}", str.text(&b));`).join('\n    ')}
  }
  str.clear(&b);
  str.append_fixed(&b, 1.0 / 0.0, 3);
  assert(str.text(&b) == "inf");
  str.free(&b);
}`);
    const expected = all.flatMap((x) =>
      [x, -x].flatMap((y) => decimals.map((precision) => formatValue({ type: 'f64', precision }, y))),
    );
    expect(lines).toEqual(expected);
  });
});

test('integers from and to text', async () => {
  const good = ['0', '-0', '+5', '007', '9223372036854775807', '-9223372036854775808', '-1'];
  const bad = [
    '',
    '-',
    '+',
    '9223372036854775808',
    '-9223372036854775809',
    '99999999999999999999',
    '1 ',
    ' 1',
    '1.0',
    '0x1',
    '--1',
    'a',
    '1/',
  ];
  const lines = await linesOf(`import std.str;
fn main() {
  var it = str.split("${[...good, ...bad].join('|')}", '|');
  while str.next(&it) {
    var n = 7;
    if str.parse_int(it.piece, &n) { print("{}", n); } else { assert(n == 7); print("no"); }
  }
  var b: [str.NUMBER_BYTES]u8;
  var u: u64;
  for k in 0..64 {
    let n = 1 << k;
    assert(str.parse_int(b[..str.write_int(b, n)] as str, &u as *int) && (u as int) == n);
    assert(str.parse_int(b[..str.write_int(b, n - 1)] as str, &u as *int) && (u as int) == n - 1);
    assert(str.parse_base(b[..str.write_hex(b, n as u64)] as str, 16, &u) && (u as int) == n);
    let width = str.write_hex(b, (n - 1) as u64);
    print("{} {}", b[..str.write_int(b, -n)] as str, width);
  }
  assert(b[..str.write_hex(b, 0)] as str == "0" && b[..str.write_hex(b, 0xffff_ffff_ffff_ffff)] as str == "ffffffffffffffff");
  assert(str.parse_base("Zz", 36, &u) && u == 1295);
  assert(str.parse_base("18446744073709551615", 10, &u) && u == 0xffff_ffff_ffff_ffff);
  assert(!str.parse_base("18446744073709551616", 10, &u) && !str.parse_base("2", 2, &u) && !str.parse_base("-1", 10, &u));
  assert(!str.parse_base("10000000000000000", 16, &u) && !str.parse_base("", 10, &u) && !str.parse_base("1{", 36, &u));
}`);
  expect(lines.slice(0, good.length + bad.length)).toEqual([
    ...good.map((g) => `${BigInt(g)}`),
    ...bad.map(() => 'no'),
  ]);
  const powers = Array.from({ length: 64 }, (_, k) => 2n ** BigInt(k));
  expect(lines.slice(good.length + bad.length)).toEqual(
    powers.map((n) => `${BigInt.asIntN(64, -n)} ${(n - 1n).toString(16).length}`),
  );
});

test('comparing, searching, trimming', async () => {
  await linesOf(`import std.str;
fn main() {
  assert(str.compare("abc", "abd") == -1 && str.compare("b", "abc") == 1 && str.compare("abc", "abc") == 0);
  assert(str.compare("ab", "abc") == -1 && str.compare("abc", "ab") == 1 && str.compare("", "") == 0 && str.compare("é", "z") == 1);
  assert(str.starts_with("matrix", "mat") && str.starts_with("m", "") && !str.starts_with("ma", "mat") && !str.starts_with("bmat", "mat"));
  assert(str.ends_with("matrix", "ix") && str.ends_with("", "") && !str.ends_with("x", "ix") && !str.ends_with("ixa", "ix"));
  assert(str.find("aabaab", "aab") == 0 && str.find("aaab", "aab") == 1 && str.find("aaa", "aab") == -1 && str.find("", "a") == -1);
  assert(str.find("abc", "") == 0 && str.find("abc", "c") == 2 && str.find("ab", "abc") == -1 && str.find("xab", "abc") == -1);
  assert(str.find_last("aabaab", "aab") == 3 && str.find_last("abc", "") == 3 && str.find_last("a", "ab") == -1);
  assert(str.find_byte("abcabc", 'b', 2) == 4 && str.find_byte("abc", 'a', 3) == -1 && str.find_byte("abc", 'a', 9) == -1);
  assert(str.contains("haystack", "sta") && !str.contains("haystack", "sat"));
  assert(str.count("aaaa", "aa") == 2 && str.count("banana", "an") == 2 && str.count("", "a") == 0);
  assert(str.trim(" \\t\\r\\n a b \\n") == "a b" && str.trim("") == "" && str.trim("  ") == "" && str.trim("x") == "x");
  assert(str.trim_start(" a ") == "a " && str.trim_end(" a ") == " a");
  assert(str.equal_ignoring_case("MatrixMarket", "matrixMARKET") && !str.equal_ignoring_case("a", "ab") && !str.equal_ignoring_case("[", "{"));
  assert(str.upper('z') == 'Z' && str.upper('{') == '{' && str.lower('A') == 'a' && str.lower('[') == '[' && str.lower('Z') == 'z');
  assert(str.is_letter('q') && str.is_letter('Q') && !str.is_letter('@') && !str.is_letter('5') && !str.is_letter('{'));
  assert(str.is_digit('0') && str.is_digit('9') && !str.is_digit('/') && !str.is_digit(':') && str.is_space('\\t') && !str.is_space('\\x08'));
  assert(str.hash("a") != str.hash("b") && str.hash("ab") != str.hash("ba") && str.hash("") == str.hash(""));
  let copy = str.bytes("text");
  copy[0] = 'n';
  assert(copy as str == "next");
  delete copy;
}`);
});

test('splitting', async () => {
  const texts = ['a,b', 'a,,b,', '', ',', ' one  two\\tthree ', '   ', 'x\\ny\\r\\n\\nz', 'last\\n', '\\n', 'a\\r'];
  const lines = await linesOf(`import std.str;
fn show(name: str, start: str.Pieces) {
  var it = start;
  var n = 0;
  write("{}:", name);
  while str.next(&it) { write("[{}]", it.piece); n += 1; }
  assert(!str.next(&it));
  print("{}", n);
}
fn each(s: str) { show("split", str.split(s, ',')); show("words", str.words(s)); show("lines", str.lines(s)); }
fn main() {
${texts.map((t) => `  each("${t}");`).join('\n')}
}`);
  const whole = (name: string, pieces: readonly string[]) =>
    `${name}:${pieces.map((p) => `[${p}]`).join('')}${pieces.length}`;
  const expected = texts
    .map((t) => JSON.parse(`"${t}"`) as string)
    .flatMap((t) => {
      const rows = t.split('\n');
      if (rows.at(-1) === '') rows.pop();
      return [
        whole('split', t.split(',')),
        whole(
          'words',
          t.split(/\s+/).filter((w) => w !== ''),
        ),
        whole(
          'lines',
          rows.map((r) => r.replace(/\r$/, '')),
        ),
      ];
    });
  expect(lines.join('\n')).toBe(expected.join('\n'));
});

test('building', async () => {
  const [all, clear] = await linesOf(`import std.str;
fn main() {
  var b = str.builder(0);
  for k in 0..200 { str.append_int(&b, k); str.append_byte(&b, ','); }
  str.append(&b, "end");
  str.append_repeated(&b, '-', 5);
  str.append_repeated(&b, 'x', 0);
  str.append_repeated(&b, 'x', -3);
  str.append_hex(&b, 0xbeef);
  str.append_float(&b, 0.25);
  print("{}", str.text(&b));
  str.clear(&b);
  str.append(&b, "again");
  str.reserve(&b, 5000);
  let p = &b.bytes[0];
  for k in 0..5000 { str.append_byte(&b, 'z'); }
  assert(p == &b.bytes[0] && b.len == 5005);
  print("{}", str.text(&b)[..7]);
  str.free(&b);
}`);
  expect(all).toBe(`${Array.from({ length: 200 }, (_, k) => `${k},`).join('')}end-----beef0.25`);
  expect(clear).toBe('againzz');
});

test('what makes no sense ends the run', async () => {
  for (const [call, why] of [
    ['str.count("a", "")', 'what is counted is not empty'],
    ['str.parse_base("1", 1, &u)', 'between 2 and 36'],
    ['str.parse_base("1", 37, &u)', 'between 2 and 36'],
    ['str.write_int(b, 12345)', 'index'],
  ] as const) {
    const ended = await ends(
      `import std.str;\nfn main() { var u: u64; var b: [3]u8; print("{} {} {}", u, b[0], ${call}); }`,
    );
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(why);
  }
});

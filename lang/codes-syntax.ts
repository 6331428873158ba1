// Codes of lexing and parsing.
import type { CodeInfo } from './code-info.ts';

export const syntaxCodes = {
  PG0001: {
    title: 'unknown character',
    explain:
      'No token of PG begins with this character.\n\n  let total = 3 # 4;      // wrong: there is no operator #\n  let total = 3 + 4;      // right',
  },
  PG0002: {
    title: 'unterminated comment',
    explain:
      'A comment that begins with /* ends with */, and comments nest: each /* inside needs a */ of its own.\n\n  /* outer /* inner */           // wrong: the outer one is still open\n  /* outer /* inner */ */        // right',
  },
  PG0003: {
    title: 'malformed number',
    explain:
      'A number is written in decimal, hexadecimal (0x…) or binary (0b…) digits; underscores may separate them.\n\n  let mask = 0x;        // wrong\n  let mask = 0xff;      // right',
  },
  PG0004: {
    title: 'unknown suffix of a number',
    explain:
      'After a number only the name of a number type may follow.\n\n  let n = 10ul;       // wrong\n  let n = 10u64;      // right',
  },
  PG0005: {
    title: 'number too large',
    explain:
      'Integers have at most 64 bits, floats are f64.\n\n  let n = 99999999999999999999;      // wrong\n  let n = 1e20;                      // right, a float',
  },
  PG0006: {
    title: 'malformed escape',
    explain:
      'In texts and characters a backslash begins one of the escapes \\n \\t \\r \\0 \\\\ \\" \\\' \\x41 \\u{1f600}.\n\n  print("C:\\dir");       // wrong\n  print("C:\\\\dir");      // right',
  },
  PG0007: {
    title: 'unterminated text',
    explain:
      'A text ends with a double quote on the line it begins on.\n\n  print("hello);       // wrong\n  print("hello");      // right',
  },
  PG0101: {
    title: 'unexpected token',
    explain:
      'Something else has to stand here. The message names what could.\n\n  fn main( {       // wrong: the list of parameters is not closed\n  fn main() {      // right',
  },
  PG0102: {
    title: 'missing semicolon',
    explain:
      'Statements end with a semicolon. Only the last expression of a block that gives a value has none.\n\n  let a = f()       // wrong\n  let a = f();      // right',
  },
  PG0103: {
    title: 'chained comparison',
    explain:
      'Comparisons do not chain: `a < b < c` would compare a truth value with a number.\n\n  if 0 < x < 10 { }            // wrong\n  if 0 < x && x < 10 { }       // right',
  },
  PG0104: {
    title: 'nested too deeply',
    explain:
      'Blocks, parentheses and types may be nested to a depth of about fifty. Give parts of the code names: functions, variables, structs.',
  },
  PG0105: {
    title: 'a declaration without a value',
    explain:
      '`let` and `const` never change, so they need their value at once. A variable that starts as zero is a `var`.\n\n  let x: int;           // wrong\n  var x: int;           // right, zero\n  let x: int = 1;       // right',
  },
  PG0106: {
    title: 'a loop without its range',
    explain:
      '`foreach` runs over a range of integers.\n\n  foreach x in a { }               // wrong\n  foreach i in 0..a.len { }        // right',
  },
  PG0107: {
    title: 'an affinity loop over a range without `on`',
    explain:
      'A forall over a range says which image runs which index.\n\n  forall i in 0..n { }              // wrong\n  forall i in 0..n on i { }         // right: image i % num_images()\n  forall i in 0..n on a[i] { }      // right: the owner of a[i]',
  },
  PG0108: {
    title: 'unknown operator of a reduction',
    explain:
      'Reductions combine with + * min max & | ^.\n\n  forall i in a reduce(-: s) { }       // wrong\n  forall i in a reduce(+: s) { }       // right',
  },
  PG0109: {
    title: 'a `for` has no `reduce`',
    explain:
      'The iterations of a `for` run one after the other, so that there is nothing to combine.\n\n  for i in 0..n reduce(+: s) { s += a[i]; }       // wrong\n  for i in 0..n { s += a[i]; }                    // right: in order\n  foreach i in 0..n reduce(+: s) { s += a[i]; }   // right: in any order, which is faster',
  },
} as const satisfies Record<string, CodeInfo>;

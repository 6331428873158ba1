// Config values: what is refused and how it is said; then what the cells hold.
import { describe, expect, test } from 'vitest';
import type { ConfigEntry } from '../../vm/abi.ts';
import { configCells, configHelp, parseConfigArguments } from '../../vm/config.ts';

const entry = (name: string, type: ConfigEntry['type'], value: string): ConfigEntry => ({
  name,
  type,
  offset: 65536,
  default: value,
});
const configs = [
  entry('n', 'i64', '100'),
  entry('steps', 'i32', '5'),
  entry('rate', 'f64', '0.5'),
  entry('verbose', 'bool', 'false'),
];

const errorOf = (given: Record<string, string>, of: readonly ConfigEntry[] = configs) => {
  const result = configCells(of, given);
  return 'error' in result ? result.error : undefined;
};

describe('arguments', () => {
  test.each([
    ['--n', '--n has no value: the = is missing', 'write --n=value'],
    ['-n=3', 'cannot understand "-n=3" among the program\'s arguments', 'write --n=value'],
    ['100', 'cannot understand "100" among the program\'s arguments', 'write --name=value'],
    ['', 'cannot understand "" among the program\'s arguments', 'write --name=value'],
    ['--=3', 'cannot understand "--=3" among the program\'s arguments', 'write --name=value'],
  ])('%j is refused', (arg, message, hint) => {
    expect(parseConfigArguments([arg])).toEqual({ error: { message, hint } });
  });

  test('names and values; the last one wins', () => {
    // A config of an imported module has the module's name before its own.
    expect(parseConfigArguments(['--grid.k=5'])).toEqual({ configs: { 'grid.k': '5' } });
    expect(parseConfigArguments(['--n=1', '--a_b=x=y', '--n=2', '--empty='])).toEqual({
      configs: { n: '2', a_b: 'x=y', empty: '' },
    });
  });
});

describe('refused', () => {
  test('an unknown name, with the nearest and all', () => {
    expect(errorOf({ step: '1' })).toEqual({
      message: 'unknown config constant step',
      hint: "did you mean steps? the program's config constants are n, steps, rate, verbose",
    });
    expect(errorOf({ zzzzzz: '1' })?.hint).toBe("the program's config constants are n, steps, rate, verbose");
    expect(errorOf({ n: '1' }, [])?.hint).toBe('the program has no config constants');
  });

  test('names that every JavaScript object has are names like others', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(errorOf(Object.fromEntries([[name, '1']]))?.message).toBe(`unknown config constant ${name}`);
    }
    expect(errorOf({}, [entry('constructor', 'i32', '1')])).toBeUndefined();
  });

  test.each([
    ['i64', 'many', 'expected an integer (int)'],
    ['i64', '', 'expected an integer (int)'],
    ['i64', '1.5', 'expected an integer (int)'],
    ['i64', '0x', 'expected an integer (int)'],
    ['i64', '9223372036854775808', 'out of range for int: -9223372036854775808 to 9223372036854775807'],
    ['u8', '256', 'out of range for u8: 0 to 255'],
    ['u8', 'SW', 'expected an integer or a letter (u8)'],
    ['u8', "'S", 'expected an integer or a letter (u8)'],
    ['i64', 'S', 'expected an integer (int)'],
    ['u8', '-1', 'out of range for u8: 0 to 255'],
    ['i8', '-129', 'out of range for i8: -128 to 127'],
    ['f64', 'fast', 'expected a number (f64)'],
    ['f64', '.', 'expected a number (f64)'],
    ['f64', '1e999', 'out of range for f64'],
    ['f32', '1e39', 'out of range for f32'],
    ['bool', '1', 'expected true or false'],
  ] as const)('%s %j', (type, text, why) => {
    const error = errorOf({ x: text }, [entry('x', type, '0')]);
    expect(error?.message).toBe(`bad value for config constant x: ${JSON.stringify(text)}, ${why}`);
    expect(error?.hint).toBe('its default is --x=0');
  });
});

describe('cells', () => {
  test.each([
    ['i64', '-1', [255, 255, 255, 255, 255, 255, 255, 255]],
    ['i64', '1_000', [232, 3, 0, 0, 0, 0, 0, 0]],
    ['i32', '0x10', [16, 0, 0, 0]],
    ['u16', '0b101', [5, 0]],
    ['u64', '18446744073709551615', [255, 255, 255, 255, 255, 255, 255, 255]],
    ['u8', 'S', [83]],
    ['u8', "'S'", [83]],
    ['u8', "'7'", [55]],
    ['u8', '7', [7]],
    ['i32', "'S'", [83, 0, 0, 0]],
    ['bool', 'true', [1]],
    ['f64', '1', [0, 0, 0, 0, 0, 0, 240, 63]],
    ['f64', '-inf', [0, 0, 0, 0, 0, 0, 240, 255]],
    ['f32', '1_0.5e-1', [102, 102, 134, 63]],
  ] as const)('%s %s', (type, text, bytes) => {
    const result = configCells([entry('x', type, '0')], { x: text });
    if ('error' in result) throw new Error(result.error.message);
    expect(result.cells).toHaveLength(1);
    expect([...result.cells[0]!.bytes]).toEqual([...bytes]);
    expect(result.cells[0]!.offset).toBe(65536);
  });

  test('defaults stand for what is not given', () => {
    const result = configCells(configs, { n: '7' });
    if ('error' in result) throw new Error(result.error.message);
    expect(result.cells.map((c) => c.bytes[0])).toEqual([7, 5, 0, 0]);
  });
});

test('help lists names, types, documentation and defaults', () => {
  expect(configHelp([{ ...entry('n', 'i64', '100'), doc: 'points of the rod' }, entry('rate', 'f64', '0.5')])).toBe(
    'Config constants of the program:\n  --n=<int>     points of the rod (default 100)\n  --rate=<f64>  (default 0.5)\n',
  );
  expect(configHelp([])).toBe('The program has no config constants.\n');
});

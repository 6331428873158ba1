// Faults in emitted code: what each check and each ending leaves in the record of the own slot before it stops, for the least
// wrong value on each side, and that it stops by `unreachable` without a call. What passes is in ops.test.ts.
import { describe, expect, it } from 'vitest';
import type { FaultKind } from '../../vm/abi.ts';
import { faultNumber, faults, guardSlack } from '../../vm/abi.ts';
import { artifactOf, constants, nodeOf, programOf, type Record, type TestNode, trapOf } from './instance.ts';

interface Setting {
  readonly head?: string;
  readonly funcs?: string;
  readonly images?: number;
  readonly image?: number;
  readonly stackBytes?: number;
}

const places = 'file 0 "a.pg"\npos 1 = 0:1:1 main\npos 2 = 0:7:3 main\n';

/** Runs main on an image, where it must fault; the record, and the position it names. */
const faultOf = async (insts: string, setting: Setting = {}): Promise<Record & { readonly node: TestNode }> => {
  const { head = '', funcs = '', images = 1, image = 0, stackBytes } = setting;
  const text = `${places}${head}\nfunc @init() {\nret\n}\nfunc @main() !1 {\n${insts}\n}\n${funcs}`;
  const program = programOf(text);
  const stack = stackBytes === undefined ? {} : { stackBytes };
  const node = nodeOf(program, (await artifactOf(program)).wasm, { images, ...stack });
  const own = node.images[image];
  if (!own) throw new Error(`no image ${image}`);
  expect(own.record()).toEqual({ kind: 'none', position: 0, values: [0n, 0n, 0n] });
  const trap = trapOf(own.main);
  expect(trap.message).toBe('unreachable');
  // Others' records are theirs.
  for (const other of node.images) if (other !== own) expect(other.record().kind).toBe('none');
  return { ...own.record(), node };
};

const lineOf = ({ node, position }: Record & { readonly node: TestNode }): number =>
  node.manifest.positions[position]?.line ?? -1;

const seen = new Set<FaultKind>(['none']);

const least64 = '-9223372036854775808';
const most64 = '9223372036854775807';

describe('checks', () => {
  type Case = readonly [string, string, readonly string[], FaultKind, readonly bigint[]];
  const cases: readonly Case[] = [
    ['check.index', 'i64', ['5', '5'], 'index', [5n, 5n]],
    ['check.index', 'i64', ['-1', '5'], 'index', [-1n, 5n]],
    ['check.index', 'i64', ['0', '0'], 'index', [0n, 0n]],
    ['check.index', 'i64', [most64, '5'], 'index', [2n ** 63n - 1n, 5n]],
    ['check.index', 'i64', [least64, '5'], 'index', [-(2n ** 63n), 5n]],
    // More than 32 bits: an index that would fit if it were cut.
    ['check.index', 'i64', ['4294967296', '5'], 'index', [2n ** 32n, 5n]],
    ['check.slice', 'i64', ['2', '1', '5'], 'slice', [2n, 1n, 5n]],
    ['check.slice', 'i64', ['0', '6', '5'], 'slice', [0n, 6n, 5n]],
    ['check.slice', 'i64', ['-1', '2', '5'], 'slice', [-1n, 2n, 5n]],
    ['check.slice', 'i64', ['-2', '-1', '5'], 'slice', [-2n, -1n, 5n]],
    ['check.image', 'i64', ['1'], 'image', [1n, 1n]],
    ['check.image', 'i64', ['-1'], 'image', [-1n, 1n]],
    ['check.image', 'i64', ['4294967296'], 'image', [2n ** 32n, 1n]],
    ['check.divide.i64', 'i64', [least64, '0'], 'divide', [-(2n ** 63n)]],
    ['check.divide.i32', 'i32', ['-7', '0'], 'divide', [-7n]],
    ['check.overflow.i8', 'i32', ['-128', '-1'], 'divide-overflow', [-128n, -1n]],
    ['check.overflow.i16', 'i32', ['-32768', '-1'], 'divide-overflow', [-32768n, -1n]],
    ['check.overflow.i32', 'i32', ['-2147483648', '-1'], 'divide-overflow', [-(2n ** 31n), -1n]],
    ['check.overflow.i64', 'i64', [least64, '-1'], 'divide-overflow', [-(2n ** 63n), -1n]],
    ['check.length', 'i64', ['2', '3'], 'length', [2n, 3n]],
    ['check.length', 'i64', ['0', '4294967296'], 'length', [0n, 2n ** 32n]],
    ['check.step', 'i64', ['0'], 'step', []],
  ];
  it.each(cases)('%s of %s %s', async (op, type, values, kind, expected) => {
    const args = values.map((_, k) => `%c${k}`).join(', ');
    const record = await faultOf(`${constants(type, values)}${op} ${args} !2\nret`);
    expect(record.kind).toBe(kind);
    expect(record.values.slice(0, expected.length)).toEqual(expected);
    expect(lineOf(record)).toBe(7);
    seen.add(kind);
  });

  it.each([
    ['0', 0n],
    ['65535', 65535n],
  ])('check.null of %s', async (address, value) => {
    const record = await faultOf(`%n = const.i32 ${address}\n%p = gptr.of %n\ncheck.null %p !2\nret`);
    expect([record.kind, record.values[0], lineOf(record)]).toEqual(['null', value, 7]);
    seen.add('null');
  });

  it('writes the record of the image that faults', async () => {
    const record = await faultOf('%n = const.i64 3\ncheck.image %n !2\nret', { images: 3, image: 1 });
    expect([record.kind, ...record.values]).toEqual(['image', 3n, 3n, 0n]);
  });

  it('values that change in a loop are those of the failing round', async () => {
    const text = `${constants('i64', ['0', '1', '6', '100'])}
      loop @l (%i: i64 = %c0) {
        check.index %i, %c2 !2
        %n = add.i64 %i, %c1
        %more = lt_s.i64 %n, %c3
        if @c %more { next @l(%n) } else { break @l }
        unreachable
      }
      ret`;
    expect((await faultOf(text)).values.slice(0, 2)).toEqual([6n, 6n]);
  });
});

describe('endings', () => {
  const kinds = faults.map((f) => f.kind).filter((kind) => kind !== 'none');
  it.each(kinds)('fault %s', async (kind) => {
    const record = await faultOf(`${constants('i64', ['1', '-2', most64])}fault ${kind}(%c0, %c1, %c2) !2`);
    expect([record.kind, ...record.values, lineOf(record)]).toEqual([kind, 1n, -2n, 2n ** 63n - 1n, 7]);
    seen.add(kind);
  });

  it('narrow values are signed, addresses are not', async () => {
    const text = `%i = const.i32 -5\n%p = gptr.of %i\n%j = const.i32 5\nfault trap(%i, %p, %j) !2`;
    expect((await faultOf(text)).values).toEqual([-5n, 2n ** 32n - 5n, 5n]);
  });

  it('raise takes its kind at run time', async () => {
    const kind = faultNumber('free');
    const record = await faultOf(`%k = const.i32 ${kind}\n%v = const.i64 9\nraise(%k, %v) !2`);
    expect([record.kind, record.values[0], lineOf(record)]).toEqual(['free', 9n, 7]);
  });

  it('what must not be reached traps, without a record', async () => {
    const record = await faultOf('unreachable');
    expect(record.kind).toBe('none');
  });
});

describe('stack', () => {
  const funcs = `func @down(%n: i64) -> i64 !2 {
    slot $x size 40 align 8
    %p = frame $x
    %a = addr %p
    store.i64 %a, %n, 32
    %zero = eqz.i64 %n
    if @i %zero { ret(%n) } else { break @i }
    %one = const.i64 1
    %m = sub.i64 %n, %one
    %r = call @down(%m) !2
    %s = add.i64 %r, %one
    ret(%s)
  }\n`;
  const main = (n: number): string => `%n = const.i64 ${n}\n%r = call @down(%n) !1\nret`;

  it('is full when the next frame would go below the limit', async () => {
    // 1000 bytes hold 20 frames of 48, and 40 bytes are left.
    const record = await faultOf(main(20), { funcs, stackBytes: 1000 + guardSlack });
    expect([record.kind, ...record.values.slice(0, 2), lineOf(record)]).toEqual(['stack', 48n, 40n, 7]);
  });

  it('holds frames down to the very limit', async () => {
    const program = programOf(`${places}func @init() {\nret\n}\nfunc @main() {\n${main(19)}\n}\n${funcs}`);
    const { wasm } = await artifactOf(program);
    const roomy = nodeOf(program, wasm, { stackBytes: 960 + guardSlack });
    roomy.images[0]?.main();
    // The frames were where they may be, and nowhere else.
    const slot = roomy.images[0]!.slot;
    expect(roomy.view.getBigInt64(slot + roomy.stackLimit + 32, true)).toBe(0n);
    expect(roomy.view.getBigInt64(slot + roomy.stackTop - guardSlack - 48 + 32, true)).toBe(19n);
    for (let at = roomy.stackLimit - 64; at < roomy.stackLimit; at += 8)
      expect(roomy.view.getBigInt64(slot + at, true)).toBe(0n);
    const tight = nodeOf(program, wasm, { stackBytes: 959 + guardSlack });
    expect(trapOf(tight.images[0]!.main).message).toBe('unreachable');
    expect(tight.images[0]!.record().values.slice(0, 2)).toEqual([48n, 47n]);
  });

  it('a frame larger than all memory', async () => {
    const text = `slot $x size 2147483648 align 8\n%p = frame $x\n%a = addr %p\n%v = load.i64 %a, 0\nret`;
    const record = await faultOf(text);
    expect([record.kind, record.values[0]]).toEqual(['stack', 2n ** 31n]);
  });
});

it('no kind of fault was left out', () => {
  expect([...seen].sort()).toEqual(faults.map((f) => f.kind).sort());
});

it('cold paths do not call', async () => {
  const text = `${places}private @g size 8 align 8\nfunc @init() {\nret\n}\nfunc @main() {
    %p = global @g\n%a = addr %p\n%n = load.i64 %a, 0\ncheck.index %n, %n\ncheck.slice %n, %n, %n\ncheck.image %n\ncheck.null %p\ncheck.divide.i64 %n, %n\ncheck.overflow.i64 %n, %n\ncheck.length %n, %n\ncheck.step %n\nfault trap(%n)\n}\n`;
  const { wat = '' } = await artifactOf(programOf(text));
  const main = wat.slice(wat.indexOf('(func $main'));
  expect(main.match(/\(unreachable\)/g)?.length).toBe(9);
  expect(main).not.toContain('(call ');
});

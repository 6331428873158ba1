// lower-shared against brute force: elements are dealt out by hand, like cards, and the arithmetic that the pass makes must find
// each where it was dealt, on every image; quotients at the edges of blocks are compared with exact division up to 2^32.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type IrDim, type IrProgram, type OpName, ops } from '../../compiler/ir.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { descriptor, remoteAddress } from '../../vm/abi.ts';
import { artifactOf, nodeOf, programOf, type TestNode } from './instance.ts';

const elementBytes = 24;
const partOffset = 0x40000;

/** Main takes indices from @in, and leaves the address of the element, and its owner, in @out. */
const programWith = (kinds: readonly IrDim[]): IrProgram => {
  const indices = kinds.map((_, k) => `%i${k}`);
  return programOf(`shared @u elem ${elementBytes} dist(${kinds.join(', ')})
private @in size 16 align 8
private @out size 16 align 8
func @init() {\nret\n}
func @main() {
  %in = global @in
  %a = addr %in
  ${indices.map((v, k) => `${v} = load.i64 %a, ${8 * k}`).join('\n')}
  %part = shared.part @u
  %e = shared.elem %part, ${indices.join(', ')}, @u
  %owner = shared.owner ${indices.join(', ')}, @u
  %bits = gptr.bits %e
  %place = extend_u %bits
  %out = global @out
  %b = addr %out
  store.i64 %b, %place, 0
  store.i64 %b, %owner, 8
  ret
}\n`);
};

const opsOf = (program: IrProgram): OpName[] => {
  const found: OpName[] = [];
  for (const f of program.funcs) forEachInst(f.body, (i) => void (i.kind === 'op' && found.push(i.op)));
  return found;
};

const modules = new Map<string, Promise<{ readonly program: IrProgram; readonly wasm: Uint8Array }>>();
const moduleFor = (kinds: readonly IrDim[]) => {
  const key = kinds.join();
  let made = modules.get(key);
  if (!made) {
    const program = runPasses(programWith(kinds), ['lower-shared'], { verify: true });
    made = artifactOf(program).then(({ wasm }) => ({ program, wasm }));
    modules.set(key, made);
  }
  return made;
};

interface Dim {
  readonly kind: IrDim;
  readonly extent: number;
  /** Of `blocks`: B. */
  readonly block: number;
}

/** Coordinate and local index of every index of one dimension, dealt one after the other. */
const dealt = ({ kind, extent, block }: Dim, images: number): { coordinate: number; local: number }[] => {
  const handful =
    kind === 'block' ? Math.ceil(extent / images) : kind === 'cyclic' ? 1 : kind === 'blocks' ? block : extent;
  const hands = Array.from({ length: images }, () => 0);
  const spots: { coordinate: number; local: number }[] = [];
  let turn = 0;
  while (spots.length < extent) {
    for (let n = 0; n < handful && spots.length < extent; n++) {
      spots.push({ coordinate: turn, local: hands[turn] ?? 0 });
      hands[turn] = (hands[turn] ?? 0) + 1;
    }
    turn = (turn + 1) % images;
  }
  return spots;
};

const spread = (kind: IrDim): boolean => kind === 'block' || kind === 'cyclic' || kind === 'blocks';

/** Images along each dimension; of two, the first gets the largest divisor whose square is at most the number of images. */
const shares = (dims: readonly Dim[], images: number): number[] => {
  const both = dims.every((d) => spread(d.kind)) && dims.length === 2;
  let first = both ? 1 : images;
  if (both) for (let d = 1; d * d <= images; d++) if (images % d === 0) first = d;
  return dims.map((d, k) => (!spread(d.kind) ? 1 : both && k === 1 ? images / first : first));
};

const describeArray = (node: TestNode, dims: readonly Dim[], images: number, holder: number): { locals: number[] } => {
  const along = shares(dims, images);
  const locals = dims.map((d, k) => {
    const blockOf = d.kind === 'block' ? Math.ceil(d.extent / (along[k] ?? 1)) : d.kind === 'cyclic' ? 1 : d.block;
    const block = spread(d.kind) ? Math.max(1, blockOf) : Math.max(1, d.extent);
    const local = spread(d.kind) ? Math.ceil(Math.ceil(d.extent / block) / (along[k] ?? 1)) * block : d.extent;
    for (let image = 0; image < images; image++) {
      const at = node.at(image, 'u') + descriptor.dims + k * descriptor.dimBytes;
      const put = (offset: number, value: number): void => node.view.setBigInt64(at + offset, BigInt(value), true);
      put(descriptor.extent, d.extent);
      put(descriptor.block, block);
      put(descriptor.images, along[k] ?? 1);
      put(descriptor.localExtent, local);
      node.view.setFloat64(at + descriptor.reciprocal, 1 / block, true);
    }
    return local;
  });
  for (let image = 0; image < images; image++) {
    node.view.setInt32(node.at(image, 'u') + descriptor.base, partOffset, true);
    node.view.setInt32(node.at(image, 'u') + descriptor.on, holder, true);
  }
  return { locals };
};

const ask = (
  node: TestNode,
  image: number,
  indices: readonly (number | bigint)[],
): { place: number; owner: bigint } => {
  indices.forEach((i, k) => {
    node.view.setBigInt64(node.at(image, 'in') + 8 * k, BigInt(i), true);
  });
  node.images[image]!.main();
  const out = node.at(image, 'out');
  return { place: Number(node.view.getBigInt64(out, true)), owner: node.view.getBigInt64(out + 8, true) };
};

const kinds: readonly IrDim[] = ['star', 'block', 'cyclic', 'blocks'];
const combinations: readonly (readonly IrDim[])[] = [
  ...kinds.map((k) => [k]),
  ...kinds.flatMap((a) => kinds.map((b) => [a, b])),
  ['on'],
  ['on', 'star'],
  ['star', 'on'],
];

describe('elements lie where they were dealt', () => {
  it.each(combinations.map((c) => [c.join(', '), c] as const))('dist(%s)', async (_, combination) => {
    const { program, wasm } = await moduleFor(combination);
    const dim = fc.record({ extent: fc.integer({ min: 1, max: 17 }), block: fc.integer({ min: 1, max: 6 }) });
    fc.assert(
      fc.property(
        fc.tuple(...combination.map(() => dim)),
        fc.integer({ min: 1, max: 7 }),
        fc.nat(6),
        fc.nat(6),
        (sizes, images, asker, held) => {
          const dims = combination.map((kind, k) => ({ kind, ...(sizes[k] ?? { extent: 1, block: 1 }) }));
          const holder = combination.includes('on') ? held % images : -1;
          const node = nodeOf(program, wasm, { images });
          const { locals } = describeArray(node, dims, images, holder);
          const along = shares(dims, images);
          const spots = dims.map((d, k) => dealt(d, along[k] ?? 1));
          const taken = new Set<number>();
          const [rows = [], columns] = spots;
          rows.forEach((row, i) => {
            (columns ?? [{ coordinate: 0, local: 0 }]).forEach((column, j) => {
              const indices = columns ? [i, j] : [i];
              const { place, owner } = ask(node, asker % images, indices);
              const image = holder >= 0 ? holder : row.coordinate * (columns ? (along[1] ?? 1) : 1) + column.coordinate;
              const local = row.local * (columns ? (locals[1] ?? 0) : 1) + column.local;
              expect(Number(owner)).toBe(image);
              expect(place).toBe(remoteAddress(image, node.slotBits, partOffset + local * elementBytes));
              expect(taken.has(place)).toBe(false);
              taken.add(place);
            });
          });
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('i / B by a multiplication', () => {
  /** With so many images that the remainder never matters, the owner is the quotient itself. */
  const quotients = async (kind: 'block' | 'blocks') => {
    const { program, wasm } = await moduleFor([kind]);
    const node = nodeOf(program, wasm);
    const at = node.at(0, 'u') + descriptor.dims;
    node.view.setBigInt64(at + descriptor.images, 2n ** 40n, true);
    return (i: number, block: number): bigint => {
      node.view.setBigInt64(at + descriptor.block, BigInt(block), true);
      node.view.setFloat64(at + descriptor.reciprocal, 1 / block, true);
      return ask(node, 0, [i]).owner;
    };
  };
  const largest = 2 ** 32 - 1;
  const block = fc.oneof(
    fc.integer({ min: 1, max: 100 }),
    fc.integer({ min: 1, max: largest + 1 }),
    // Near powers of two, and near the largest index, rounding of 1/B is at its worst.
    fc
      .tuple(fc.nat(32), fc.integer({ min: -2, max: 2 }))
      .map(([e, d]) => Math.min(largest + 1, Math.max(1, 2 ** e + d))),
    fc.integer({ min: 1, max: 65536 }).map((d) => Math.floor(largest / d)),
  );

  it.each(['block', 'blocks'] as const)('is exact at both ends of every block: %s', async (kind) => {
    const quotient = await quotients(kind);
    fc.assert(
      fc.property(block, fc.nat(largest), (b, near) => {
        const q = Math.floor(near / b);
        for (const i of [
          q * b - 1,
          q * b,
          q * b + 1,
          q * b + b - 1,
          q * b + b,
          near,
          Math.floor(largest / b) * b,
          largest,
        ])
          if (i >= 0 && i <= largest) expect(quotient(i, b)).toBe(BigInt(i) / BigInt(b));
      }),
      { numRuns: 20_000 },
    );
  });

  it('is exact for all small indices and blocks', async () => {
    const quotient = await quotients('block');
    for (let b = 1; b <= 130; b++)
      for (let i = 0; i <= 400; i++) expect(quotient(i, b)).toBe(BigInt(Math.floor(i / b)));
  });

  it('would not be without the half', () => {
    // What the proof guards against: 1/B rounded down, times a multiple of B.
    const wrong = Array.from({ length: 1000 }, (_, n) => n + 1).filter((b) => Math.trunc(b * 7 * (1 / b)) !== 7);
    expect(wrong.length).toBeGreaterThan(0);
  });
});

describe('the shape of what is made', () => {
  it('nothing of other passes is left', async () => {
    for (const combination of combinations) {
      const { program } = await moduleFor(combination);
      const found = opsOf(program);
      expect(found.filter((op) => op === 'shared.elem' || op === 'shared.owner')).toEqual([]);
      expect(found.every((op) => Object.hasOwn(ops, op))).toBe(true);
    }
  });

  it('block needs no integer division', async () => {
    for (const combination of [['block'], ['block', 'star'], ['star', 'block'], ['block', 'block']] as const) {
      const found = opsOf((await moduleFor(combination)).program);
      expect(found.filter((op) => /^(div|rem)_/.test(op))).toEqual([]);
    }
  });

  it('rows come before columns: an inner loop over columns keeps one elem and no multiplication', () => {
    const program = programOf(`shared @u elem 8 dist(block, star)
func @init() {\nret\n}
func @main() {
  %zero = const.i64 0
  %one = const.i64 1
  %rows = shared.extent @u, 0
  %columns = shared.extent @u, 1
  loop @rows (%i: i64 = %zero) {
    loop @columns (%j: i64 = %zero) {
      %part = shared.part @u
      %e = shared.elem %part, %i, %j, @u
      %a = addr %e
      store.i64 %a, %j, 0
      %j2 = add.i64 %j, %one
      %more = lt_s.i64 %j2, %columns
      if @c %more { next @columns(%j2) } else { break @columns }
      unreachable
    }
    %i2 = add.i64 %i, %one
    %again = lt_s.i64 %i2, %rows
    if @d %again { next @rows(%i2) } else { break @rows }
    unreachable
  }
  ret
}\n`);
    const moved = runPasses(program, ['lower-shared', 'fold', 'cse', 'licm', 'dce'], { verify: true });
    const inner: OpName[] = [];
    forEachInst(moved.funcs[1]!.body, (i) => {
      if (i.kind === 'loop' && i.label.startsWith('columns'))
        forEachInst(i.body, (x) => void (x.kind === 'op' && inner.push(x.op)));
    });
    expect(inner).toEqual(['elem', 'addr', 'store', 'add', 'lt_s']);
  });
});

// Distributed arrays of random ranks, extents and distributions, on random numbers of images: every image prints the part
// that it holds and what its affinity loop visits, and both must be what the rule of compiler/distribution.ts says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layoutDims, localIndexOf, ownerOf } from '../../compiler/distribution.ts';
import { emit } from '../../compiler/emit.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrDim, IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { formatValue } from '../../vm/format.ts';
import { run } from '../../vm/run.ts';

const path = 'layout.pg';
const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);

interface Layout {
  readonly kinds: readonly IrDim[];
  readonly extents: readonly number[];
  /** Blocks, and the image of `on`. */
  readonly details: readonly number[];
}

const spread = fc
  .array(
    fc.record({
      kind: fc.constantFrom<IrDim>('block', 'cyclic', 'blocks', 'star'),
      extent: fc.integer({ min: 0, max: 9 }),
      detail: fc.integer({ min: 1, max: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .filter((dims) => dims.some((d) => d.kind !== 'star') && dims.reduce((n, d) => n * d.extent, 1) <= 400)
  .map(
    (dims): Layout => ({
      kinds: dims.map((d) => d.kind),
      extents: dims.map((d) => d.extent),
      details: dims.map((d) => d.detail),
    }),
  );
const alone = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 4 }).map(
  (extents): Layout => ({
    kinds: extents.map((_, k): IrDim => (k === 0 ? 'on' : 'star')),
    extents,
    details: extents.map(() => 0),
  }),
);
const layouts = fc.oneof({ weight: 9, arbitrary: spread }, { weight: 1, arbitrary: alone });
const images = fc.constantFrom(1, 2, 3, 4, 6, 7, 8);

const word = (kind: IrDim, detail: number): string =>
  kind === 'blocks' ? `block(${detail})` : kind === 'star' ? '*' : kind === 'on' ? 'on last' : kind;

const names = ['i', 'j', 'k', 'l'];

/** Sets every element to its number in row-major order, once as one program and once in affinity loops. */
const programOf = (l: Layout): string => {
  const rank = l.extents.length;
  const list = names.slice(0, rank);
  const words = l.kinds[0] === 'on' ? 'on last' : l.kinds.map((k, d) => word(k, l.details[d] ?? 1)).join(', ');
  const number = list.reduce((n, i, k) => (k === 0 ? i : `(${n}) * ${l.extents[k]} + ${i}`), '');
  const vars = rank === 1 ? 'i' : `(${list.join(', ')})`;
  const nest = list.map((i, k) => `for ${i} in 0..a.dim(${k}) {`).join(' ');
  return `let last = num_images() - 1;
shared a: [${l.extents.map((n) => (n === 0 ? 'last - last' : n)).join(', ')}]int dist(${words});
fn main() {
  var visited = 0;
  var own = 0;
  forall ${vars} in a {
    a[${list.join(', ')}] = ${number};
    visited += 1;
    if image_of(a[${list.join(', ')}]) == this_image() { own += 1; }
  }
  assert(visited == own, "an image ran what it does not own");
  barrier;
  if this_image() == 0 {
    ${nest} assert(a[${list.join(', ')}] == ${number}, "an element is lost"); a[${list.join(', ')}] += 1000; ${'}'.repeat(rank)}
  }
  barrier;
  print("{} visited {} of {}", this_image(), visited, a.len);
  let part = a.local;
  for k in 0..part.len { print("{} has {} at {}", this_image(), part[k], k); }
}
`;
};

/** The lines that the rule foretells. A part may have holes, zeros, where a dimension's last block is short. */
const foretold = (l: Layout, count: number): string[] => {
  const extents = l.extents.map(BigInt);
  const details = l.kinds.map((k, d) => (k === 'on' ? BigInt(count - 1) : BigInt(l.details[d] ?? 1)));
  const total = l.extents.reduce((n, e) => n * e, 1);
  const parts = Array.from({ length: count }, () => new Map<number, number>());
  for (let n = 0; n < total; n++) {
    let rest = n;
    const indices: bigint[] = [];
    for (const e of l.extents.toReversed()) {
      indices.unshift(BigInt(rest % e));
      rest = Math.floor(rest / e);
    }
    const dims = layoutDims(l.kinds, extents, details, count, 0);
    const owner = l.kinds[0] === 'on' ? count - 1 : Number(ownerOf(dims, indices));
    parts[owner]?.set(Number(localIndexOf(dims, indices)), 1000 + n);
  }
  return parts.flatMap((part, image) => {
    const [first, ...rest] = layoutDims(l.kinds, extents, details, count, image);
    if (!first) return [];
    let rows = 0n;
    for (let i = 0n; i < first.extent; i++) {
      const mine = l.kinds[0] === 'on' ? image === count - 1 : (i / first.block) % first.images === first.coordinate;
      if (mine) rows++;
    }
    const length = rest.reduce((n, d) => n * d.localExtent, rows);
    const shown = Array.from({ length: Number(length) }, (_, k) => `${image} has ${part.get(k) ?? 0} at ${k}`);
    return [`${image} visited ${part.size} of ${total}`, ...shown];
  });
};

const lowered = (text: string): IrProgram => {
  const { program, diagnostics, sources } = check(path, fileHost({ texts: { [path]: text } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

const evaluated = (ir: IrProgram, count: number, seed: number): string[] => {
  const { outcome, output } = evaluate(ir, { images: count, seed, format: formatValue });
  expect(outcome.kind).toBe('ok');
  return output.map((o) => o.text.trim()).sort();
};

const ran = async (ir: IrProgram, count: number): Promise<string[]> => {
  const { wasm } = await emit(ir, { program: path, compiler: 'test' });
  let text = '';
  const result = await run(wasm, {
    images: count,
    workerUrl,
    timeout: 60,
    stdout: (line) => {
      text += line;
    },
  });
  expect(result.kind).toBe('ok');
  return text.split('\n').slice(0, -1).sort();
};

describe('distributed arrays lie as the rule says', () => {
  it('as they are lowered', () => {
    fc.assert(
      fc.property(layouts, images, fc.nat(), (l, count, seed) => {
        expect(evaluated(lowered(programOf(l)), count, seed)).toEqual(foretold(l, count).sort());
      }),
      { numRuns: 60 },
    );
  });

  it('after all passes, with the layout of the run-time', () => {
    fc.assert(
      fc.property(layouts, images, fc.nat(), (l, count, seed) => {
        const ir = optimise(lowered(programOf(l)), { verify: true });
        expect(evaluated(ir, count, seed)).toEqual(foretold(l, count).sort());
      }),
      { numRuns: 28 },
    );
  });

  it('as wasm', async () => {
    await fc.assert(
      fc.asyncProperty(layouts, images, async (l, count) => {
        expect(await ran(optimise(lowered(programOf(l))), count)).toEqual(foretold(l, count).sort());
      }),
      { numRuns: 15 },
    );
  });
});

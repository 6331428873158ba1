// Where the pointers of a value lie in memory, as runs: so many pointers, so many bytes from one to the next. Found from the
// type when a copy is lowered, carried by `track.run` as text.
import { sizeOf, type Type } from '../lang/types.ts';

export interface Run {
  readonly offset: number;
  readonly count: number;
  readonly stride: number;
}

/** A type that would need more runs than this has pointers everywhere, as far as its copies are concerned. */
const mostRuns = 64;

const shifted = (runs: readonly Run[], by: number): readonly Run[] =>
  runs.map((r) => ({ ...r, offset: r.offset + by }));

const repeated = (inner: readonly Run[], n: number, size: number): readonly Run[] => {
  if (n === 0 || inner.length === 0) return [];
  const [one] = inner;
  // The runs of one element are continued by the next.
  if (inner.length === 1 && one && one.count * one.stride === size) return [{ ...one, count: one.count * n }];
  if (inner.every((r) => r.count === 1)) return inner.map((r) => ({ ...r, count: n, stride: size }));
  if (inner.length * n > mostRuns) return [{ offset: 0, count: (n * size) / 4, stride: 4 }];
  return Array.from({ length: n }, (_, i) => shifted(inner, i * size)).flat();
};

/** The pointers of a value of this type. Pointers are 4 bytes long; those to shared memory are followed by 4 zero bytes. */
export const runsOf = (t: Type): readonly Run[] => {
  switch (t.kind) {
    case 'str':
    case 'slice':
    case 'pointer':
    case 'handle':
    case 'sharedPointer':
      return [{ offset: 0, count: 1, stride: sizeOf(t) }];
    case 'struct':
      return t.struct.fields.flatMap((f) => shifted(runsOf(f.type), f.offset));
    case 'array':
      return repeated(
        runsOf(t.element),
        t.extents.reduce((n, e) => n * e, 1),
        sizeOf(t.element),
      );
    default:
      return [];
  }
};

/** `24: 0 1 8, 8 1 8`: the size of an element, then offset, count and stride of each run. */
export const runsText = (size: number, runs: readonly Run[]): string =>
  `${size}: ${runs.map((r) => `${r.offset} ${r.count} ${r.stride}`).join(', ')}`;

/** Undefined: the text says nothing of the kind. */
export const parseRuns = (text: string): { readonly size: number; readonly runs: readonly Run[] } | undefined => {
  if (!/^\d+: \d+ \d+ \d+(, \d+ \d+ \d+)*$/.test(text)) return undefined;
  const [size = '', rest = ''] = text.split(': ');
  const runs = rest.split(', ').map((r): Run => {
    const [offset = 0, count = 0, stride = 0] = r.split(' ').map(Number);
    return { offset, count, stride };
  });
  return Number(size) > 0 ? { size: Number(size), runs } : undefined;
};

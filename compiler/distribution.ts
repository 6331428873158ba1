// The index rule of distributed arrays, UPC's, said once in plain arithmetic:
//   index i lies on coordinate (i / B) mod P, at local index (i / (B·P))·B + i mod B; for `block`, B = ceil(N / P).
// The evaluator answers the shared ops with it; the run-time's descriptors must hold the same numbers.
import type { IrDim } from './ir.ts';

export interface DimLayout {
  /** N */
  readonly extent: bigint;
  /** B; at least 1, also of an empty array */
  readonly block: bigint;
  /** P: images along the dimension */
  readonly images: bigint;
  /** c: own coordinate; -1: nothing here is own */
  readonly coordinate: bigint;
  /** L: the same on every image */
  readonly localExtent: bigint;
  /** The own block; where there may be several, from the first own index to the end of the array. */
  readonly lo: bigint;
  readonly hi: bigint;
}

const isDistributed = (kind: IrDim): boolean => kind === 'block' || kind === 'cyclic' || kind === 'blocks';

/** The largest divisor of `images` that is at most its root of that degree. */
const share = (images: number, degree: number): number => {
  let best = 1;
  for (let d = 1; d ** degree <= images; d++) if (images % d === 0) best = d;
  return best;
};

/**
 * Images along each dimension: a grid over the distributed ones. Of m of them that are left, each in turn takes the
 * largest divisor of the images left that is at most their m-th root; the last takes all that are left.
 */
export const gridOf = (kinds: readonly IrDim[], images: number): number[] => {
  let degree = kinds.filter(isDistributed).length;
  let left = images;
  return kinds.map((kind) => {
    if (!isDistributed(kind)) return 1;
    const along = share(left, degree--);
    left /= along;
    return along;
  });
};

/** Own coordinates of `image` in the grid; row-major, so that the last distributed dimension's are neighbours. */
export const coordinatesOf = (grid: readonly number[], image: number): number[] => {
  const out: number[] = [];
  let rest = image;
  for (const along of grid.toReversed()) {
    out.unshift(rest % along);
    rest = Math.floor(rest / along);
  }
  return out;
};

/** Numbers with which i / B is (i·M) >> s, where each of so many images has one block: see elements.ts. */
export const multiplierOf = (block: bigint, images: number): { multiplier: bigint; shift: bigint } => {
  const shift = 64n - BigInt(images.toString(2).length);
  return { multiplier: ceilDiv(1n << shift, block), shift };
};

const ceilDiv = (a: bigint, b: bigint): bigint => (a + b - 1n) / b;
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

const dimLayout = (kind: IrDim, extent: bigint, block: bigint, along: number, at: number): DimLayout => {
  const images = BigInt(along);
  const coordinate = BigInt(at);
  if (!isDistributed(kind)) {
    const mine = coordinate >= 0n ? extent : 0n;
    const whole = extent > 0n ? extent : 1n;
    return { extent, block: whole, images, coordinate, localExtent: extent, lo: 0n, hi: mine };
  }
  const share = kind === 'block' ? ceilDiv(extent, images) : kind === 'cyclic' ? 1n : block;
  const b = share > 0n ? share : 1n;
  const lo = least(coordinate * b, extent);
  const localExtent = ceilDiv(ceilDiv(extent, b), images) * b;
  return {
    extent,
    block: b,
    images,
    coordinate,
    localExtent,
    lo,
    hi: kind === 'block' ? least(lo + b, extent) : extent,
  };
};

/** The image that holds an array `on p`; -1: it is not of that kind. */
export const holderOf = (kinds: readonly IrDim[], details: readonly bigint[]): bigint => {
  const k = kinds.lastIndexOf('on');
  return k < 0 ? -1n : (details[k] ?? 0n);
};

/** `details`: for each dimension the block of `blocks` or the image of `on`; what it is for others does not matter. */
export const layoutDims = (
  kinds: readonly IrDim[],
  extents: readonly bigint[],
  details: readonly bigint[],
  images: number,
  image: number,
): DimLayout[] => {
  const grid = gridOf(kinds, images);
  const coordinates = coordinatesOf(grid, image);
  const holder = holderOf(kinds, details);
  const elsewhere = holder >= 0n && holder !== BigInt(image);
  return kinds.map((kind, k) => {
    const detail = details[k] ?? 0n;
    const at = isDistributed(kind) ? (coordinates[k] ?? 0) : elsewhere ? -1 : 0;
    return dimLayout(kind, extents[k] ?? 0n, detail, grid[k] ?? 1, at);
  });
};

type Rule = Pick<DimLayout, 'block' | 'images' | 'localExtent'>;

/** The image that owns these indices: row-major over the coordinates. Arrays `on p` have their owner in `on`. */
export const ownerOf = (dims: readonly Rule[], indices: readonly bigint[]): bigint =>
  dims.reduce((owner, d, k) => owner * d.images + (((indices[k] ?? 0n) / d.block) % d.images), 0n);

/** Number of the element in its owner's part: row-major over the local extents. */
export const localIndexOf = (dims: readonly Rule[], indices: readonly bigint[]): bigint =>
  dims.reduce((place, d, k) => {
    const i = indices[k] ?? 0n;
    return place * d.localExtent + (i / (d.block * d.images)) * d.block + (i % d.block);
  }, 0n);

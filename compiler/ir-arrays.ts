// The ops on distributed arrays. `shared.…` name a module-level array, whose distribution the compiler knows; `handle.…`
// take the handle of any array: the place of its own descriptor (vm/abi.ts), which says all about it at run time. A
// descriptor's fields never change while its array exists, so reading them is pure; only where the parts lie may change,
// by a swap. A null handle is the beginning of the own slot, and `own` makes one that was read from anywhere right.
import { descriptor } from '../vm/abi.ts';
import { type OpRow, row } from './ir-row.ts';

/** What a descriptor says of each dimension: `shared.extent @u, 0` and `handle.extent %h, 0` read the same. */
export const arrayFields = {
  extent: { at: descriptor.extent, type: 'i64', doc: 'N: extent of a dimension' },
  block: { at: descriptor.block, type: 'i64', doc: 'B: block of a dimension' },
  images: { at: descriptor.images, type: 'i64', doc: 'P: images along a dimension' },
  coordinate: {
    at: descriptor.coordinate,
    type: 'i64',
    doc: 'c: own coordinate along a dimension; -1 when this image owns nothing (`on p` elsewhere)',
  },
  local_extent: {
    at: descriptor.localExtent,
    type: 'i64',
    doc: 'L: local extent of a dimension, the same on every image',
  },
  lo: { at: descriptor.lo, type: 'i64', doc: 'first own index of a dimension' },
  hi: {
    at: descriptor.hi,
    type: 'i64',
    doc: 'one past the last own index of a dimension; its extent, if there may be several blocks',
  },
  kind: {
    at: descriptor.kind,
    type: 'i64',
    doc: 'the word of `dist` of a dimension: 0 star 1 block 2 cyclic 3 blocks 4 on',
  },
  reciprocal: { at: descriptor.reciprocal, type: 'f64', doc: '1 / B of a dimension, rounded to nearest' },
  images_reciprocal: { at: descriptor.imagesReciprocal, type: 'f64', doc: '1 / P of a dimension, rounded to nearest' },
  multiplier: {
    at: descriptor.multiplier,
    type: 'i64',
    doc: 'M of a dimension in blocks: i / B is (i M) >> s',
  },
  shift: { at: descriptor.shift, type: 'i64', doc: 's of a dimension in blocks: i / B is (i M) >> s' },
  stride: {
    at: descriptor.stride,
    type: 'i64',
    doc: 'bytes of a slot less those of a block of a dimension: from element i - B of a block to element i of the next',
  },
} as const;

export type ArrayField = keyof typeof arrayFields;
type FieldOp = `shared.${ArrayField}` | `handle.${ArrayField}`;

const fieldNames = Object.keys(arrayFields) as ArrayField[];

const fieldRow = (of: 'shared' | 'handle', field: ArrayField): readonly [FieldOp, OpRow] => {
  const { type, doc } = arrayFields[field];
  const imms = of === 'shared' ? (['global', 'number'] as const) : (['number'] as const);
  return [`${of}.${field}`, row(undefined, of === 'shared' ? [] : ['gptr'], [type], doc, { imms, cost: 3 })];
};

const fieldRows = (of: 'shared' | 'handle'): Readonly<Record<FieldOp, OpRow>> =>
  Object.fromEntries(fieldNames.map((f) => fieldRow(of, f))) as Record<FieldOp, OpRow>;

/** The field that an op reads, and whether by name or through a handle; undefined: it is another op. */
export const fieldOf = (op: string): { readonly of: 'shared' | 'handle'; readonly field: ArrayField } | undefined => {
  const [of, field = ''] = op.split('.');
  if ((of !== 'shared' && of !== 'handle') || !(field in arrayFields)) return undefined;
  return { of, field: field as ArrayField };
};

const collective = ['reads', 'writes', 'allocates', 'synchronises', 'moves', 'traps'] as const;

export const arrayOps = {
  // distributed arrays: layout per vm/abi.ts `descriptor`; dimension is `number`
  'shared.init': row(
    undefined,
    ['…'],
    [],
    'lay out a shared array: its extents, then for each dimension the block (blocks(B)) or the image (on p), 0 for the others',
    { imms: ['global'], effects: ['reads', 'writes', 'handle-writes', 'allocates', 'traps', 'moves'], cost: 100 },
  ),
  'shared.part': row(undefined, [], ['gptr'], 'the own part of an array whose handle never changes', {
    imms: ['global'],
    cost: 3,
  }),
  'shared.part_now': row(undefined, [], ['gptr'], 'the own part of an array that takes part in a swap', {
    imms: ['global'],
    effects: ['handle-reads'],
    cost: 3,
  }),
  'shared.swap': row(undefined, [], [], 'exchange the handles of two arrays of one layout', {
    imms: ['global', 'global'],
    effects: ['handle-reads', 'handle-writes', 'traps'],
    cost: 10,
  }),
  ...fieldRows('shared'),
  'shared.holder': row(undefined, [], ['i64'], 'the image that holds everything (`on p`), -1 otherwise', {
    imms: ['global'],
    cost: 3,
  }),
  'shared.elem': row(
    undefined,
    ['gptr', '…'],
    ['gptr'],
    'the element with these (checked) indices, in the part (of any image) that belongs to the own part given',
    { imms: ['global'], cost: 20 },
  ),
  'shared.owner': row(undefined, ['…'], ['i64'], 'the image that owns the element with these (checked) indices', {
    imms: ['global'],
    cost: 15,
  }),
  // arrays with run-time extents that are not distributed
  'dynamic.init': row(
    undefined,
    ['…'],
    [],
    'allocate a co or var array of these extents, or describe the variable that it is `of`',
    { imms: ['global'], effects: ['reads', 'writes', 'allocates', 'traps', 'moves'], cost: 100 },
  ),
  'dynamic.base': row(undefined, [], ['gptr'], 'its first element, own copy', { imms: ['global'], cost: 3 }),
  'dynamic.extent': row(undefined, [], ['i64'], 'its extent in a dimension', { imms: ['global', 'number'], cost: 3 }),
  // handles
  'handle.of': row(undefined, [], ['gptr'], 'the handle of a module-level shared or co array', { imms: ['global'] }),
  'check.handle': row(undefined, ['gptr'], [], 'the handle refers to an array, which was not deleted', {
    effects: ['traps'],
    cost: 2,
  }),
  'handle.part': row(
    undefined,
    ['gptr'],
    ['gptr'],
    'the own part of an array (a co array: of my own), where no array of the program is swapped',
    { cost: 3 },
  ),
  'handle.part_now': row(undefined, ['gptr'], ['gptr'], 'the own part of an array that may take part in a swap', {
    effects: ['handle-reads'],
    cost: 3,
  }),
  ...fieldRows('handle'),
  'handle.holder': row(undefined, ['gptr'], ['i64'], 'the image that holds everything (`on p`), -1 otherwise', {
    cost: 3,
  }),
  'handle.elem': row(
    undefined,
    ['gptr', 'gptr', '…'],
    ['gptr'],
    'the element with these (checked) indices of an array of elements of `number` bytes, in the part that belongs to the own part given; `rows` promises one block an image along the first dimension and the others undivided, `any` nothing',
    { imms: ['number', 'word'], cost: 20 },
  ),
  'handle.owner': row(
    undefined,
    ['gptr', '…'],
    ['i64'],
    'the image that owns the element with these (checked) indices; the word as for handle.elem',
    { imms: ['word'], cost: 15 },
  ),
  'handle.new': row(
    undefined,
    ['…'],
    ['gptr'],
    'a new shared array of elements of `number` bytes, spread as the words say (`block.star`), on all images together; operands as of shared.init',
    { imms: ['number', 'dims'], effects: collective, cost: 1000 },
  ),
  'handle.new_co': row(
    undefined,
    ['…'],
    ['gptr'],
    'a new co array of these extents of elements of `number` bytes, on all images together',
    { imms: ['number'], effects: collective, cost: 1000 },
  ),
  'handle.free': row(undefined, ['gptr'], [], 'give a new array back, on all images together; null is allowed', {
    effects: collective,
    cost: 1000,
  }),
} as const satisfies Readonly<Record<string, OpRow>>;

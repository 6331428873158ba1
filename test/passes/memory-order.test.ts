// No pass moves an access to global memory across an atomic, a fence, a barrier or a strict access; none is merged with another
// across one either. Programs run in the evaluator, before and after the passes, and what they did to memory is compared:
//
//   source                 before             after
//   t += x; t += x;        read x, read x     read x           merged: nothing lies between the two
//   fence;                 fence              fence
//   t += x;                read x             read x           must still be read
//
// Two traces agree if they synchronise alike, and between two synchronisations write the same places and read at least those
// that the first one reads and had not written since. (Reading more, or sooner, is harmless there.)
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bits, effectBits } from '../../compiler/effects.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram, OpName } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { layoutOf } from '../../compiler/layout.ts';
import { lower } from '../../compiler/lower.ts';
import { passes, runPasses, sequence } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';

const runs = Number(process.env.PGC_RUNS ?? 12);
const optional: readonly string[] = passes.filter((p) => !p.required).map((p) => p.name);
/** lower-runtime makes calls of the run-time, with accesses of its own: a barrier is one op here. */
const known: readonly string[] = [...optional, 'lower-shared'];

// ---- traces -----------------------------------------------------------------------------------------------------

/** What lies between two synchronisations. */
interface Segment {
  /** The op that begins it, with the place that it touches; '' for the first. */
  readonly after: string;
  readonly writes: ReadonlySet<number>;
  /** Places read, unless written before within the segment. */
  readonly needs: ReadonlySet<number>;
  readonly reads: ReadonlySet<number>;
}

interface Trace {
  readonly segments: readonly Segment[];
  readonly stdout: readonly string[];
}

const slotBits = 20;
const stackBytes = 256 * 1024;

const synchronises = (op: OpName): boolean => (effectBits(op) & bits.synchronises) !== 0 && !op.startsWith('call');

const traceOf = (p: IrProgram): Trace => {
  const from = layoutOf(p).symmetricBase;
  const to = 2 ** slotBits - stackBytes - 65536;
  const segments: { after: string; writes: Set<number>; needs: Set<number>; reads: Set<number> }[] = [];
  const begin = (after: string) => {
    const segment = { after, writes: new Set<number>(), needs: new Set<number>(), reads: new Set<number>() };
    segments.push(segment);
    return segment;
  };
  let now = begin('');
  let op: OpName = 'const';
  const { outcome, stdout } = evaluate(p, {
    images: 1,
    slotBits,
    stackBytes,
    onOp: (name) => {
      op = name;
      if (synchronises(name)) now = begin(name);
    },
    guard: ({ address, bytes: count, write }) => {
      const start = address % 2 ** slotBits;
      if (start < from || start >= to) return;
      if (synchronises(op)) now.after = `${op} ${start}`;
      else {
        // All variables are of eight bytes, or arrays of such; copies are of several.
        for (let place = start; place < start + count; place += 8) {
          if (write) now.writes.add(place);
          else {
            now.reads.add(place);
            if (!now.writes.has(place)) now.needs.add(place);
          }
        }
      }
    },
  });
  if (outcome.kind !== 'ok') throw new Error(JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? `${v}` : v)));
  return { segments, stdout };
};

/** What is wrong with a trace, as sentences. */
const differences = (before: Trace, after: Trace): string[] => {
  const order = (t: Trace): string => t.segments.map((s) => s.after).join(', ');
  if (order(before) !== order(after)) return [`synchronises otherwise: ${order(before)} became ${order(after)}`];
  return before.segments.flatMap((b, k) => {
    const a = after.segments[k] ?? b;
    const where = `between ${b.after || 'the start'} and ${before.segments[k + 1]?.after ?? 'the end'}`;
    const lost = [...b.needs].filter((x) => !a.reads.has(x)).map((x) => `${x} is not read ${where}`);
    const unwritten = [...b.writes].filter((x) => !a.writes.has(x)).map((x) => `${x} is not written ${where}`);
    const more = [...a.writes].filter((x) => !b.writes.has(x)).map((x) => `${x} is written ${where}`);
    return [...lost, ...unwritten, ...more];
  });
};

// ---- the checker itself -----------------------------------------------------------------------------------------

const ir = (body: string): Trace => {
  const { program, errors } = parseProgram(`symmetric @x size 8 align 8
symmetric @y size 8 align 8
func @init() { ret }
func @main() {
  %gx = global @x
  %gy = global @y
  %x = addr %gx
  %y = addr %gy
  %one = const.i64 1
  ${body}
  ret
}
`);
  if (!program) throw new Error(JSON.stringify(errors));
  return traceOf(program);
};

describe('the check sees', () => {
  const both = (before: string, after: string): string[] => differences(ir(before), ir(after));
  const load = (n: number, p: string): string => `%v${n} = load.i64 ${p}, 0\n  `;
  const store = (p: string): string => `store.i64 ${p}, %one, 0\n  `;
  const fence = 'fence\n  ';

  test('nothing wrong in merged reads', () => {
    expect(both(load(1, '%x') + load(2, '%x') + fence + load(3, '%x'), load(1, '%x') + fence + load(3, '%x'))).toEqual(
      [],
    );
  });

  test.each([
    ['a read merged across a fence', load(1, '%x') + fence + load(2, '%x'), load(1, '%x') + fence],
    ['a read moved up', fence + load(1, '%x'), load(1, '%x') + fence],
    ['a read moved down', load(1, '%x') + fence, fence + load(1, '%x')],
    ['a write moved up', fence + store('%x'), store('%x') + fence],
    ['a write moved down', store('%x') + fence, fence + store('%x')],
    ['a write that is gone', store('%x') + fence + store('%x'), fence + store('%x')],
    ['a fence that is gone', load(1, '%x') + fence, load(1, '%x')],
    [
      'a value passed on across an atomic',
      `${store('%x')}%a = atomic.load.i64 %y\n  ${load(1, '%x')}`,
      `${store('%x')}%a = atomic.load.i64 %y\n  `,
    ],
    [
      'atomics in another order',
      'atomic.store.i64 %x, %one\n  atomic.store.i64 %y, %one',
      'atomic.store.i64 %y, %one\n  atomic.store.i64 %x, %one',
    ],
  ])('%s', (_, before, after) => {
    expect(both(before, after)).not.toEqual([]);
  });
});

// ---- random programs --------------------------------------------------------------------------------------------

const declarations = `
config const n: int = 3;
co x: int;
co y: int;
co a: [4]int;
shared s: int;
shared d: [4]int dist(cyclic);
strict co sx: int;
strict shared sd: [4]int dist(block);
co z: int;
shared l: lock;
co e: event;
co b: [4]int;
`;

/** Relaxed places; the last three are others by another name. */
const places = ['x', 'y', 'a[1]', 'a[i & 3]', 's', 'd[2]', 'd[i & 3]', 'x@0', '*p', 'a@0[1]'];

const synchronisations = [
  'fence;',
  'sx = t;',
  't = t * 3 + sx;',
  'sd[i & 3] = t;',
  't = t * 3 + sd[1];',
  't = t * 3 + fetch_add(z, 1);',
  'atomic_store(z, t);',
  't = t * 3 + atomic_load(x);',
  'atomic_store(y, t);',
  't = t * 3 + cas(a[1], 0, i);',
  'barrier;',
  'critical { y += 1; t = t * 3 + x; }',
  'acquire(l);\nx = t;\nrelease(l);',
  'post(e);',
  'post(e);\nwait(e);',
  'notify;\nt = t * 3 + x;\nwait;',
];

/** Copies, and loops whose iterations are independent. */
const bulk = [
  'a[0..2] = a@0[2..4];',
  'b[..] = a[..];',
  'a@0[1..3] = b[0..2];',
  'forall k in d { d[k] = d[k] + s; }',
  'forall k in d { d[k] = k + fetch_add(z, 1) + x; }',
  'foreach k in 0..4 { a[k] = a[k] * 2 + y; }',
  'foreach k in 0..n { fence; a[k] = x + sx; }',
];

/** Every read goes into `t`, which is printed: none may be dropped for want of use. */
const accesses = fc
  .constantFrom(...places)
  .chain((place) =>
    fc.constantFrom(`t = t * 3 + ${place};`, `t = t * 3 + ${place};`, `${place} = t + i;`, `${place} += 1;`),
  );

const { statements } = fc.letrec<{ statements: string; statement: string }>((tie) => ({
  statements: fc.array(tie('statement'), { minLength: 1, maxLength: 6 }).map((list) => list.join('\n')),
  statement: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: accesses },
    { weight: 3, arbitrary: fc.constantFrom(...synchronisations) },
    { weight: 1, arbitrary: fc.constantFrom(...bulk) },
    { weight: 1, arbitrary: tie('statements').map((body) => `for i in 0..4 {\n${body}\n}`) },
    { weight: 1, arbitrary: tie('statements').map((body) => `for i in 0..n {\n${body}\n}`) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.constantFrom('t & 1 == 0', 'i > 1', 'n > 2'), tie('statements'), tie('statements'))
        .map(([c, yes, no]) => `if ${c} {\n${yes}\n} else {\n${no}\n}`),
    },
    { weight: 1, arbitrary: fc.constant('t = helper(t, i, p);') },
  ),
}));

const programText = (helper: string, main: string): string => `${declarations}
fn helper(start: int, i: int, p: *shared int) -> int {
  var t = start;
${helper}
  return t;
}
fn main() {
  var t = 1;
  let i = n - 2;
  let p = &x@0;
${main}
  print("{} {} {} {} {} {} {} {}", t, x, y, s, z, a[0] + a[1], a[2] - a[3], d[2] + b[1]);
}
`;

const lowered = (text: string): IrProgram => {
  const { program, diagnostics, sources } = check('p.pg', fileHost({ texts: { 'p.pg': text } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

const agree = (before: IrProgram, names: readonly string[]): void => {
  const first = traceOf(before);
  const second = traceOf(runPasses(before, names));
  expect(differences(first, second)).toEqual([]);
  expect(second.stdout).toEqual(first.stdout);
};

// Calls in the helper would be of itself.
const helperBody = statements.map((body) => body.replaceAll('t = helper(t, i, p);', 'fence;'));

describe('no pass moves an access across a synchronisation', () => {
  test('in the default sequence, with passes left out', () => {
    fc.assert(
      fc.property(helperBody, statements, fc.subarray([...optional]), (helper, main, skip) => {
        const names = sequence.filter((name) => known.includes(name) && !skip.includes(name));
        agree(lowered(programText(helper, main)), names);
      }),
      { numRuns: runs },
    );
  });

  test('in the default sequence', () => {
    const names = sequence.filter((name) => known.includes(name));
    fc.assert(
      fc.property(helperBody, statements, (helper, main) => agree(lowered(programText(helper, main)), names)),
      { numRuns: runs },
    );
  });

  test.each(optional)('alone: %s', (name) => {
    fc.assert(
      fc.property(helperBody, statements, (helper, main) => agree(lowered(programText(helper, main)), [name])),
      { numRuns: Math.ceil(runs / 2) },
    );
  });
});

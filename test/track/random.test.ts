// Random programs that make, delete and link objects through variables, fields, arrays, parameters, results, frames and copies,
// in functions that call each other: what they print says what the table of objects must hold (model.ts). All combinations of
// passes that may be left out must tell the same.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { passes } from '../../compiler/pipeline.ts';
import { type ImageMemory, readTable } from '../../vm/table.ts';
import { expectObjects, expectPlaces, tracked } from './model.ts';

const head = `struct Node { next: *Node; other: *Node; value: int; }
struct Box { first: *Node; list: []*Node; n: int; }
struct Wide { a: [3]*Node; box: Box; pad: [5]int; }
config const seed: int = 1;
var state: int;
var global: *Node;
var table: [6]*Node;
var box: Box;
var wide: [2]Wide;
co own: [3]*Node;

fn random(n: int) -> int {
  state = state * 6364136223846793005 + 1442695040888963407;
  return ((state >> 33) & 0x7fff_ffff) % n;
}
fn number(p: *Node) -> int { return p as i64 & 0xffff_ffff; }
fn told(place: int, p: *Node) { print("{} p {} {}", this_image(), place & 0xffff_ffff, number(p)); }
fn made() -> *Node {
  let p = new Node;
  print("{} a {} 16", this_image(), number(p));
  return p;
}
fn gone(p: *Node) {
  if p == nil { return; }
  print("{} f {}", this_image(), number(p));
  delete p;
}
fn put(to: **Node, p: *Node) {
  *to = p;
  told(to as i64, p);
}
fn boxed(p: *Node) -> Box {
  var b: Box;
  b.first = p;
  b.n = random(10);
  return b;
}
fn tell_wide(w: *Wide) {
  for i in 0..3 { told((&w.a[i]) as i64, w.a[i]); }
  told((&w.box.first) as i64, w.box.first);
}
`;

/** Variables that hold pointers to nodes: places that are always there. */
const places = [
  'global',
  'table[random(6)]',
  'box.first',
  'wide[0].a[1]',
  'wide[random(2)].box.first',
  'own[random(3)]',
];
/** Expressions that give a node or nil; `it` is a local variable of each function. */
const nodes = ['it', 'nil', 'global', 'table[random(6)]', 'own[1]', 'wide[1].a[random(3)]', 'made()', 'keep(it)'];

const place = fc.constantFrom(...places);
const node = fc.constantFrom(...nodes);

/** `&` of a place, taken once: indices are drawn when they are evaluated. */
const statement = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(place, node).map(([p, n]) => `put(&${p}, ${n});`) },
  { weight: 2, arbitrary: node.map((n) => `it = ${n};`) },
  { weight: 2, arbitrary: node.map((n) => `if it != nil { put(&it.next, ${n}); }`) },
  { weight: 1, arbitrary: node.map((n) => `if it != nil { put(&it.other, ${n}); }`) },
  // A node is deleted only where no variable can be used to reach it again: it was made just now, and linked from here at most.
  { weight: 2, arbitrary: fc.constant('{ let fresh = made(); put(&fresh.next, it); gone(fresh); }') },
  { weight: 1, arbitrary: node.map((n) => `box = boxed(${n}); told((&box.first) as i64, box.first);`) },
  { weight: 1, arbitrary: fc.constant('wide[1] = wide[0]; tell_wide(&wide[1]);') },
  {
    weight: 1,
    arbitrary: fc.constant('{ var w: Wide; w.a[random(3)] = it; w.box = box; wide[0] = w; tell_wide(&wide[0]); }'),
  },
  {
    weight: 1,
    arbitrary: fc.constant('table[0..3] = table[3..6]; for i in 0..3 { told((&table[i]) as i64, table[i]); }'),
  },
  { weight: 1, arbitrary: fc.constant('{ var here: [2]*Node; here[random(2)] = it; it = here[1]; }') },
  { weight: 1, arbitrary: fc.constant('step(depth - 1);') },
  { weight: 1, arbitrary: fc.constant('barrier_point += 1;') },
);

const program = fc
  .record({
    step: fc.array(statement, { minLength: 3, maxLength: 14 }),
    main: fc.array(statement, { minLength: 1, maxLength: 6 }),
    rounds: fc.integer({ min: 1, max: 12 }),
  })
  .map(
    ({ step, main, rounds }) => `${head}
fn keep(p: *Node) -> *Node {
  var held = p;
  let q = &held;
  return *q;
}
var barrier_point: int;
fn step(depth: int) {
  if depth < 0 { return; }
  var it = table[random(6)];
  ${step.join('\n  ')}
}
fn main() {
  state = seed * 7919 + this_image() * 104729;
  let depth = 1;
  var it: *Node;
  for round in 0..${rounds} {
    step(1);
    ${main.join('\n    ')}
  }
  barrier;
}
`,
  );

const optional = passes.filter((p) => !p.required).map((p) => p.name);
/** More by `PGC_RUNS=500 npx vitest run test/track/random`. */
const numRuns = Number(process.env.PGC_RUNS ?? 5);

describe('random programs', () => {
  test.each([1, 2, 3, 4, 7])('%i images', { timeout: 600_000 }, (images) => {
    fc.assert(
      fc.property(program, fc.subarray(optional), fc.integer({ min: 1, max: 1e6 }), (text, skip, seed) => {
        let tables: ImageMemory[] = [];
        const { outcome, stdout } = evaluate(tracked(text, skip, false), {
          images,
          seed,
          configs: { seed: String(seed) },
          onMemory: (memory, slotBits) => {
            tables = Array.from({ length: images }, (_, image) => readTable(memory, slotBits, image));
          },
        });
        expect(outcome).toEqual({ kind: 'ok' });
        expect(tables.length).toBe(images);
        for (const table of tables) {
          expectObjects(table, stdout);
          expectPlaces(table, stdout);
        }
      }),
      { numRuns: Math.max(2, Math.ceil(numRuns / images)) },
    );
  });
});

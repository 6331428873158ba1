// jam: four iterations of an outer loop are done side by side in the inner one, so that what they have in common stays in registers.
//
//   loop @k (%k = %lo) {                       loop @k4 (%k = %lo) {
//     %x = load a[i, %k]                         %x0 = load a[i, %k] … %x3 = load a[i, %k + 3]
//     loop @j (%j = 0) {                         loop @j4 (%j = 0) {
//       %y = load c[i, %j]                         %y = load c[i, %j]
//       %z = %y + %x * load b[%k, %j]              %z = (((%y + %x0 * b[%k, %j]) + %x1 * b[%k + 1, %j]) + …
//       store c[i, %j], %z                         store c[i, %j], %z
//       next @j(%j + 1)                            next @j4(%j + 1)
//     }                                          }
//     next @k(%k + 1)                            next @k4(%k + 4)
//   }                                          }
//                                              loop @k (%k = where it stopped) { … }   what is left over
//
// Or four sums, each of which waits only for itself. Unroll-and-jam: F. Allen, J. Cocke, A catalogue of optimizing transformations,
// 1971; D. Callahan, S. Carr, K. Kennedy, Improving register allocation for subscripted variables, PLDI 1990. Which nests: jam-nest.ts and
// jam-plan.ts. Nothing is reassociated. Where what has to be asked is answered no, the nest as written runs.
import { meetNot } from '../apart.ts';
import { append, type Replacement } from '../append.ts';
import type { Body, Func, IfInst, Inst, LoopInst, OpInst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { Nest } from '../jam-nest.ts';
import { type JamPlan, jamPlanOf } from '../jam-plan.ts';
import type { RangeState } from '../loop-ranges.ts';
import { withNests } from '../nests.ts';
import type { PassContext } from '../passes.ts';
import { asking } from '../range-questions.ts';
import { typeOf } from '../tree.ts';

const by = 'jam';

/** Outer iterations that are done side by side. */
const width = 4;

export const jam = (f: Func, context: PassContext): Func =>
  withNests(f, context, {
    planOf: jamPlanOf,
    copies: width,
    made: (s, nest, plan) => [new Jammed(s, nest, plan).inst()],
  });

const range = Array.from({ length: width }, (_, u) => u);

/** One nest, as it is made anew. */
class Jammed {
  readonly #s: RangeState;
  readonly #nest: Nest;
  readonly #plan: JamPlan;
  readonly #pos: number;
  /** New names: of what all copies share, and of each copy. */
  readonly #shared = new Map<Value, Value>();
  /** What the places hold that are kept in registers, in each copy. */
  readonly #held = range.map(() => new Map<string, Value>());
  readonly #copies: readonly Map<Value, Value>[] = range.map(() => new Map<Value, Value>());

  constructor(s: RangeState, nest: Nest, plan: JamPlan) {
    this.#s = s;
    this.#nest = nest;
    this.#plan = plan;
    this.#pos = nest.outer.loop.pos;
  }

  #list(): Replacement {
    return { insts: [], edit: this.#s.edit, pos: this.#pos, by };
  }

  #get(u: number, v: Value): Value {
    return this.#copies[u]?.get(v) ?? this.#shared.get(v) ?? v;
  }

  #each(values: readonly Value[]): readonly Value[] {
    return range.flatMap((u) => values.map((v) => this.#get(u, v)));
  }

  /** Fresh values for these in every copy, copy after copy. */
  #fresh(values: readonly Value[]): readonly Value[] {
    return range.flatMap((u) =>
      values.map((v) => {
        const now = this.#s.edit.like(v);
        this.#copies[u]?.set(v, now);
        return now;
      }),
    );
  }

  #end(label: string, args: readonly Value[], kind: 'break' | 'next' = 'break'): Terminator {
    return { kind, label, args, pos: this.#pos, by };
  }

  /** The ops for all copies; what does not differ once. */
  #line(ops: readonly OpInst[], into: Inst[]): void {
    const known = new Map<string, Value>();
    const stores = new Map<string, OpInst>();
    for (const u of range) {
      for (const inst of ops) {
        const shared = inst.op !== 'store' && inst.results.every((v) => !this.#plan.varying.has(v));
        if (shared && u > 0) continue;
        const args = inst.args.map((v) => this.#get(u, v));
        const place = this.#plan.chained.get(inst);
        const [result] = inst.results;
        const own = this.#plan.kept.get(inst);
        if (own !== undefined) {
          if (inst.op === 'store') this.#held[u]?.set(own, args[1] ?? -1);
          else if (result !== undefined) this.#copies[u]?.set(result, this.#held[u]?.get(own) ?? -1);
          continue;
        }
        if (place !== undefined && inst.op === 'store') {
          known.set(place, args[1] ?? -1);
          stores.set(place, { ...inst, args, by });
          continue;
        }
        const value = place === undefined ? undefined : known.get(place);
        if (value !== undefined && result !== undefined) {
          this.#copies[u]?.set(result, value);
          continue;
        }
        const names = shared ? this.#shared : this.#copies[u];
        const results = inst.results.map((v) => {
          const now = this.#s.edit.like(v);
          names?.set(v, now);
          return now;
        });
        if (place !== undefined && results[0] !== undefined) known.set(place, results[0]);
        into.push({ ...inst, args, results, by });
      }
    }
    into.push(...stores.values());
  }

  /** One access for each place that is kept, in the order of the line. */
  #keptPlaces(op: 'load' | 'store'): readonly (readonly [string, OpInst])[] {
    const found = new Map<string, OpInst>();
    for (const inst of this.#nest.line) {
      const place = this.#plan.kept.get(inst);
      if (place !== undefined && inst.op === op && !found.has(place)) found.set(place, inst);
    }
    return [...found];
  }

  /** What kept places hold when the inner loop begins, a fresh value for each in it, and what is carried. */
  #holds(into: Inst[]): { readonly inits: readonly Value[]; readonly params: readonly Value[] } {
    const inits: Value[] = [];
    const params: Value[] = [];
    for (const u of range) {
      for (const [place, store] of this.#keptPlaces('store')) {
        const type = store.suffix as 'i32' | 'i64' | 'f32' | 'f64';
        const init = this.#s.edit.value(type);
        const param = this.#s.edit.value(type);
        const [load] = this.#keptPlaces('load').flatMap(([p, i]) => (p === place ? [i] : []));
        const from = load ?? store;
        const args = [this.#get(u, from.args[0] ?? -1)];
        into.push({ ...from, op: 'load', args, results: [init], by });
        inits.push(init);
        params.push(param);
        this.#held[u]?.set(place, param);
      }
    }
    return { inits, params };
  }

  #inner(into: Inst[]): void {
    const { inner } = this.#nest;
    const { loop, inductions, next, test } = inner;
    const counters = new Set(inductions.map((i) => i.param));
    const carried = loop.params.flatMap((p, k) => (counters.has(p) ? [] : [k]));
    const at = (list: readonly Value[]): readonly Value[] => carried.map((k) => list[k] ?? -1);
    const holds = this.#holds(into);
    const inits = [...inductions.map((i) => i.init), ...this.#each(at(loop.inits)), ...holds.inits];
    const shared = inductions.map((i) => {
      const now = this.#s.edit.like(i.param);
      this.#shared.set(i.param, now);
      return now;
    });
    const params = [...shared, ...this.#fresh(at(loop.params)), ...holds.params];
    const insts: Inst[] = [];
    this.#line(this.#nest.line, insts);
    const label = this.#s.edit.label(loop.label);
    const places = this.#keptPlaces('store');
    const held = range.flatMap((u) => places.map(([place]) => this.#held[u]?.get(place) ?? -1));
    const counted = inductions.map((i) => this.#get(0, next.args[i.index] ?? -1));
    const nexts = [...counted, ...this.#each(at(next.args)), ...held];
    const leave = test.then.end === next ? test.else.end : test.then.end;
    const stays: Body = { insts: [], end: this.#end(label, nexts, 'next') };
    const left = [...this.#each(leave.kind === 'break' ? leave.args : []), ...held];
    const goes: Body = { insts: [], end: this.#end(label, left) };
    const ends = held.map((v) => this.#s.edit.like(v));
    const results = [...this.#fresh(loop.results), ...ends];
    insts.push(this.#test(this.#get(0, test.condition), test.then.end === next, stays, goes));
    const body: Body = { insts, end: { kind: 'unreachable', pos: this.#pos, by } };
    const { independent } = this.#plan;
    into.push({ kind: 'loop', label, params, inits, results, body, independent, pos: loop.pos, by });
    for (const [k, v] of ends.entries()) {
      const [, store] = places[k % places.length] ?? [];
      const u = Math.floor(k / places.length);
      if (store) into.push({ ...store, args: [this.#get(u, store.args[0] ?? -1), v], by });
    }
  }

  #test(condition: Value, goesOn: boolean, stays: Body, goes: Body): IfInst {
    const head = { label: this.#s.edit.label('i'), condition, results: [], pos: this.#pos, by };
    return goesOn ? ifInst(head, stays, goes) : ifInst(head, goes, stays);
  }

  /** The inner loop, with the condition around it. */
  #around(into: Inst[]): void {
    const { around } = this.#nest;
    if (!around) return this.#inner(into);
    const { test, first } = around;
    const label = this.#s.edit.label(test.label);
    const isArm = (b: Body): boolean => b.insts.length > 0;
    const arm = (b: Body): Body => {
      const insts: Inst[] = [];
      if (isArm(b)) {
        this.#line(first, insts);
        this.#inner(insts);
      }
      return { insts, end: this.#end(label, this.#each(b.end.kind === 'break' ? b.end.args : [])) };
    };
    const [then, otherwise] = [arm(test.then), arm(test.else)];
    const results = this.#fresh(test.results);
    into.push(ifInst({ ...test, label, results, by }, then, otherwise));
  }

  /** The loop of several iterations at once; its results are where the counters stand. */
  #loop(end: Value): LoopInst {
    const { outer, before, after } = this.#nest;
    const { edit } = this.#s;
    const body = this.#list();
    const constant = (type: 'i32' | 'i64', n: bigint): Value => append(body, 'const', type, type, [], [n]);
    const params = outer.inductions.map((i) => edit.like(i.param));
    const further = (k: number, times: number): Value => {
      const i = outer.inductions[k];
      const param = params[k] ?? -1;
      if (!i || times === 0) return param;
      const type = typeOf(edit.types, param) === 'i32' ? 'i32' : 'i64';
      const step = BigInt.asIntN(type === 'i32' ? 32 : 64, i.step * BigInt(times));
      return append(body, 'add', type, type, [param, constant(type, step)]);
    };
    for (const u of range)
      for (const [k, i] of outer.inductions.entries()) this.#copies[u]?.set(i.param, further(k, u));
    this.#line(before, body.insts);
    this.#around(body.insts);
    this.#line(after, body.insts);
    const nexts = outer.inductions.map((_, k) => further(k, width));
    const at = outer.inductions.findIndex((i) => i.index === outer.counter.index);
    const more = append(body, 'lt_s', 'i64', 'i32', [nexts[at] ?? -1, end]);
    const label = edit.label(outer.loop.label);
    const stays: Body = { insts: [], end: this.#end(label, nexts, 'next') };
    const goes: Body = { insts: [], end: this.#end(label, nexts) };
    const insts = [...body.insts, this.#test(more, true, stays, goes)];
    return {
      kind: 'loop',
      label,
      params,
      inits: outer.inductions.map((i) => i.init),
      results: params.map((p) => edit.like(p)),
      body: { insts, end: { kind: 'unreachable', pos: this.#pos, by } },
      independent: outer.loop.independent,
      pos: this.#pos,
      by,
    };
  }

  /**
   *   block @out {
   *     where = if @four (enough iterations, and nothing meets) {
   *       the loop of four at once; break @out if nothing is left; break @four(where it stopped)
   *     } else { break @four(where the loop begins) }
   *     the loop as written, from there on; break @out
   *   }
   */
  inst(): Inst {
    const { outer } = this.#nest;
    const { edit } = this.#s;
    const { init } = outer.counter;
    const first = this.#list();
    const a = asking(this.#s, this.#plan.ranges, this.#pos, by, first.insts);
    for (const [x, y] of this.#plan.apart) meetNot(a, x, y);
    const rounds = append(first, 'sub', 'i64', 'i64', [outer.bound, init]);
    a.and(append(first, 'lt_s', 'i64', 'i32', [init, outer.bound]));
    a.and(append(first, 'ge_u', 'i64', 'i32', [rounds, a.i64(BigInt(width))]));
    const condition = a.answer();
    const inside = this.#list();
    const whole = append(inside, 'and', 'i64', 'i64', [
      rounds,
      append(inside, 'const', 'i64', 'i64', [], [BigInt(-width)]),
    ]);
    const end = append(inside, 'add', 'i64', 'i64', [init, whole]);
    const loop = this.#loop(end);
    inside.insts.push(loop);
    const [out, choice, done] = [edit.label('out'), edit.label('four'), edit.label('done')];
    const stopped = (list: readonly Value[]): readonly Value[] =>
      outer.loop.params.map((_, k) => list[outer.inductions.findIndex((i) => i.index === k)] ?? -1);
    const at = outer.inductions.findIndex((i) => i.index === outer.counter.index);
    const over = append(inside, 'ge_s', 'i64', 'i32', [loop.results[at] ?? -1, outer.bound]);
    inside.insts.push(
      ifInst(
        { label: done, condition: over, results: [], pos: this.#pos, by },
        { insts: [], end: this.#end(out, []) },
        { insts: [], end: this.#end(done, []) },
      ),
    );
    const where = outer.loop.params.map((p) => edit.like(p));
    const four = ifInst(
      { label: choice, condition, results: where, pos: this.#pos, by },
      { insts: inside.insts, end: this.#end(choice, stopped(loop.results)) },
      { insts: [], end: this.#end(choice, outer.loop.inits) },
    );
    const rest: LoopInst = { ...outer.loop, inits: where };
    const body: Body = { insts: [...first.insts, four, rest], end: this.#end(out, []) };
    return { kind: 'block', label: out, results: [], body, pos: this.#pos, by };
  }
}

// Where the values of a function are defined. Values are small numbers without many gaps: the table is an array, as every pass makes one
// and asks it of every operand.
import type { BlockInst, Body, IfInst, Inst, LoopInst, OpInst, Value } from './ir.ts';

export type Def =
  | { readonly kind: 'op'; readonly inst: OpInst }
  | { readonly kind: 'result'; readonly inst: IfInst | BlockInst | LoopInst; readonly index: number }
  | { readonly kind: 'param'; readonly loop: LoopInst; readonly index: number };

export class Definitions {
  readonly #insts: (Inst | undefined)[];

  private constructor(insts: (Inst | undefined)[]) {
    this.#insts = insts;
  }

  /** Without any; there will be some `size` values. */
  static ofSize(size: number): Definitions {
    return new Definitions(new Array<Inst | undefined>(size));
  }

  /** The op that gives a value. */
  op(v: Value): OpInst | undefined {
    const inst = v < 0 ? undefined : this.#insts[v];
    return inst?.kind === 'op' ? inst : undefined;
  }

  get(v: Value): Def | undefined {
    const inst = v < 0 ? undefined : this.#insts[v];
    if (inst === undefined) return undefined;
    if (inst.kind === 'op') return { kind: 'op', inst };
    const index = inst.results.indexOf(v);
    return index >= 0 || inst.kind !== 'loop'
      ? { kind: 'result', inst, index }
      : { kind: 'param', loop: inst, index: inst.params.indexOf(v) };
  }

  /** Takes note of an instruction; those nested in it are not looked at. */
  add(inst: Inst): void {
    for (const v of inst.results) this.#insts[v] = inst;
    if (inst.kind === 'loop') for (const v of inst.params) this.#insts[v] = inst;
  }

  /** Takes note of all instructions of a body, at any depth. */
  addAll(body: Body): void {
    for (const inst of body.insts) {
      this.add(inst);
      if (inst.kind === 'op') continue;
      if (inst.kind === 'if') {
        this.addAll(inst.then);
        this.addAll(inst.else);
      } else this.addAll(inst.body);
    }
  }

  copy(): Definitions {
    return new Definitions(this.#insts.slice());
  }
}

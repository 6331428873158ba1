// Compiles a function to a line of steps, once. Structure becomes jumps: a body's steps follow those of its instruction, and
// an exit moves its values and sets the program counter.

import { unreachable } from '../lang/unreachable.ts';
import { faults, isRuntime, page } from '../vm/abi.ts';
import { guardStep, paranoidCheck } from './eval-guards.ts';
import { handleStep } from './eval-handles.ts';
import type { Code, Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import { givesBack } from './eval-paranoid.ts';
import { memoryStep, placeStep } from './eval-places.ts';
import { pureStep } from './eval-pure.ts';
import { sharedStep } from './eval-shared.ts';
import { recordValues, syncStep } from './eval-sync.ts';
import { vectorStep } from './eval-vector.ts';
import {
  type Body,
  type Func,
  type Inst,
  type IrType,
  type OpInst,
  opRow,
  type PosId,
  type Terminator,
  type Value,
} from './ir.ts';
import { machineTypes, textImm } from './ir-types.ts';

/** A place in the code that is known only when the code before it has been written. */
interface Target {
  pc: number;
}

interface Enclosing {
  readonly label: string;
  readonly results: readonly Value[];
  readonly end: Target;
  readonly params: readonly Value[];
  readonly start: Target;
}

const alignUp = (n: number, align: number): number => Math.ceil(n / align) * align;

const stackAlign = 16;
/** What a frame costs at least, so that endless recursion ends in a stack overflow. */
const poison = 0xa5;

/** Moves values to other registers, all at once: a loop may swap its parameters. */
const mover = (from: readonly Value[], to: readonly Value[]): ((r: Reg[]) => void) | undefined => {
  const [a = 0, b = 0] = from;
  const [x = 0, y = 0] = to;
  switch (to.length) {
    case 0:
      return undefined;
    case 1:
      return (r) => {
        r[x] = r[a] as Reg;
      };
    case 2:
      return (r) => {
        const first = r[a] as Reg;
        r[y] = r[b] as Reg;
        r[x] = first;
      };
    default:
      return (r) => {
        const values = from.map((v) => r[v] as Reg);
        for (const [k, v] of to.entries()) r[v] = values[k] as Reg;
      };
  }
};

/** Begins a call: a frame on the stack in memory and a frame of registers. */
export const enter = (node: Node, m: Image, code: Code, args: readonly Reg[], results: readonly number[]): void => {
  const keeps = typeof code.keepsFrame === 'number' ? args[code.keepsFrame] !== 0 : code.keepsFrame;
  const base = m.base - (keeps ? 0 : code.frameBytes);
  const limit = m.slot + node.memory.view.getUint32(m.slot + page.stackLimit, true);
  if (base < limit || m.frames.length >= node.maxDepth) {
    throw new Fault('stack', [BigInt(code.frameBytes), BigInt(Math.max(0, m.base - limit))]);
  }
  if (givesBack(code.name)) node.paranoia?.forget(m.image);
  const registers = new Array<Reg>(code.registers).fill(0);
  for (const [k, p] of code.params.entries()) registers[p] = args[k] as Reg;
  m.frames.push({ code, registers, base, returnTo: m.pc, results });
  // A frame begins with rubbish: nobody may rely on zeros there.
  if (code.frameBytes > 0 && !keeps) node.memory.bytes.fill(poison, base, base + code.frameBytes);
  m.code = code;
  m.registers = registers;
  m.base = base;
  m.pc = 0;
};

/** Ends the current call; the image has finished its function if it was the last. */
const leave = (m: Image, values: readonly Value[]): void => {
  const frame = m.frames.pop();
  const caller = m.frames.at(-1);
  if (!frame || !caller) {
    m.finished = true;
    if (frame) m.base = frame.base + frame.code.frameBytes;
    return;
  }
  for (const [k, v] of frame.results.entries()) caller.registers[v] = frame.registers[values[k] ?? 0] as Reg;
  m.code = caller.code;
  m.registers = caller.registers;
  // The caller's frame begins where this one ends: also if the call went on in one that was there before.
  caller.base = frame.base + frame.code.frameBytes;
  m.base = caller.base;
  m.pc = frame.returnTo;
};

const callStep = (i: OpInst, node: Node): Step => {
  const name = textImm(i.imms, 0);
  let code: Code | undefined;
  return (r, m) => {
    code ??= node.code(name);
    enter(
      node,
      m,
      code,
      i.args.map((v) => r[v] as Reg),
      i.results,
    );
  };
};

const callValueStep = (i: OpInst, node: Node, types: readonly IrType[]): Step => {
  const [callee, ...args] = i.args;
  const typeOf = (v: Value): IrType | undefined => types[v];
  const wanted = machineTypes(args.map(typeOf), i.results.map(typeOf));
  return (r, m) => {
    const name = node.functions[Number(r[callee ?? 0]) - 1];
    if (name === undefined || node.signatures.get(name) !== wanted) throw new Fault('function', []);
    // Functions of the run-time access memory without guards: no program gets to one by a number that it made.
    if (isRuntime(name) && !i.kernel && i.op === 'call.value') throw new Fault('function', []);
    const values = args.map((v) => r[v] as Reg);
    enter(node, m, node.code(name), values, i.results);
  };
};

const functionStep = (i: OpInst, node: Node): Step => {
  const number = node.functions.indexOf(textImm(i.imms, 0)) + 1;
  const [d] = i.results;
  return (r) => {
    r[d ?? 0] = number;
  };
};

/** Ops that only compute. Division is among them: its check has been made. */
const isArithmetic = (i: OpInst): boolean => {
  const { effects, results, imms } = opRow(i.op);
  const onlyTraps = effects.every((e) => e === 'traps');
  return onlyTraps && results.length === 1 && imms.every((k) => k === 'int' || k === 'bits');
};

class Compiler {
  readonly #node: Node;
  readonly #types: readonly IrType[];
  readonly #steps: Step[] = [];
  readonly #positions: PosId[] = [];
  readonly #enclosing: Enclosing[] = [];
  readonly #frames = new Map<string, number>();
  #frameBytes = 0;

  constructor(node: Node, types: readonly IrType[]) {
    this.#node = node;
    this.#types = types;
  }

  #emit(pos: PosId, step: Step): void {
    this.#steps.push(step);
    this.#positions.push(pos);
  }

  #op(i: OpInst): Step {
    const node = this.#node;
    const step =
      i.op === 'call'
        ? callStep(i, node)
        : i.op === 'call.value' || i.op === 'resume.record' || i.op === 'start.entry'
          ? callValueStep(i, node, this.#types)
          : i.op === 'func.ref'
            ? functionStep(i, node)
            : (placeStep(i, node, this.#frames) ??
              memoryStep(i, node) ??
              vectorStep(i, node) ??
              guardStep(i, node) ??
              sharedStep(i, node) ??
              handleStep(i, node) ??
              syncStep(i, node));
    if (step) return step;
    if (!isArithmetic(i)) throw new Error(`internal error: the evaluator does not know ${i.op}`);
    return pureStep(i);
  }

  #inst(i: Inst): void {
    switch (i.kind) {
      case 'op': {
        const plain = this.#op(i);
        const first = paranoidCheck(i, this.#node);
        const step: Step = first
          ? (r, m) => {
              first(r, m);
              plain(r, m);
            }
          : plain;
        const { onOp } = this.#node;
        if (!onOp) return this.#emit(i.pos, step);
        return this.#emit(i.pos, (r, m) => {
          onOp(i.op);
          step(r, m);
        });
      }
      case 'if': {
        const otherwise: Target = { pc: 0 };
        const end: Target = { pc: 0 };
        const { condition } = i;
        this.#emit(i.pos, (r, m) => {
          if (r[condition] === 0) m.pc = otherwise.pc;
        });
        this.#enclosing.push({ label: i.label, results: i.results, end, params: [], start: end });
        this.#body(i.then);
        otherwise.pc = this.#steps.length;
        this.#body(i.else);
        this.#enclosing.pop();
        end.pc = this.#steps.length;
        return;
      }
      case 'block': {
        const end: Target = { pc: 0 };
        this.#enclosing.push({ label: i.label, results: i.results, end, params: [], start: end });
        this.#body(i.body);
        this.#enclosing.pop();
        end.pc = this.#steps.length;
        return;
      }
      case 'loop': {
        const move = mover(i.inits, i.params);
        if (move) this.#emit(i.pos, move);
        const start: Target = { pc: this.#steps.length };
        const end: Target = { pc: 0 };
        this.#enclosing.push({ label: i.label, results: i.results, end, params: i.params, start });
        this.#body(i.body);
        this.#enclosing.pop();
        end.pc = this.#steps.length;
        return;
      }
      default:
        return unreachable(i);
    }
  }

  #jump(t: Terminator & { kind: 'break' | 'next' }): void {
    const target = this.#enclosing.findLast((e) => e.label === t.label);
    if (!target) throw new Error(`internal error: no label @${t.label}`);
    const to = t.kind === 'break' ? target.end : target.start;
    const move = mover(t.args, t.kind === 'break' ? target.results : target.params);
    this.#emit(t.pos, (r, m) => {
      move?.(r);
      m.pc = to.pc;
    });
  }

  #body(b: Body): void {
    for (const i of b.insts) this.#inst(i);
    const t = b.end;
    switch (t.kind) {
      case 'break':
      case 'next':
        return this.#jump(t);
      case 'ret':
        return this.#emit(t.pos, (_, m) => leave(m, t.args));
      case 'fault':
        return this.#emit(t.pos, (r) => {
          throw new Fault(t.fault, recordValues(r, t.args));
        });
      case 'raise':
        return this.#emit(t.pos, (r) => {
          const [number = 0n, ...values] = recordValues(r, t.args);
          throw new Fault(faults[Number(number)]?.kind ?? 'none', values);
        });
      case 'unreachable':
        return this.#emit(t.pos, () => {
          throw new Fault('none', []);
        });
      default:
        return unreachable(t);
    }
  }

  compile(f: Func): Code {
    let bytes = 0;
    for (const s of f.slots) {
      bytes = alignUp(bytes, s.align);
      this.#frames.set(s.name, bytes);
      bytes += s.size;
    }
    this.#frameBytes = alignUp(bytes, Math.max(stackAlign, ...f.slots.map((s) => s.align)));
    this.#body(f.body);
    return {
      name: f.name,
      steps: this.#steps,
      positions: this.#positions,
      registers: f.types.length,
      params: f.params,
      frameBytes: this.#frameBytes,
      keepsFrame: keepsFrame(f),
    };
  }
}

/** See `Code.keepsFrame`. */
const keepsFrame = (f: Func): boolean | number => {
  const [first] = f.body.insts;
  if (first?.kind !== 'op') return false;
  return first.op === 'frame.enter' ? f.params.indexOf(first.args[0] ?? -1) : first.op === 'frame.keep';
};

export const compileCode = (node: Node, f: Func): Code => new Compiler(node, f.types).compile(f);

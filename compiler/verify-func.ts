// The verifier's walk over one function: scopes, labels, terminators, and the life of ptrs.
//
// A ptr lives until something moves objects. Time is a counter: a ptr has the time of its definition, a path the time of
// the last move on it. A loop that moves anywhere in its body kills, on entry, every ptr made before it, for its second
// iteration comes after the move.
import { unreachable } from '../lang/unreachable.ts';
import type { Body, Func, Inst, IrProgram, IrType, Terminator, Value } from './ir.ts';
import { printHead } from './ir-print.ts';
import { checkOp, type Names, sameTypes, typesText } from './verify-op.ts';
import type { Invariant, Violation } from './verify-table.ts';

interface Enclosing {
  readonly kind: 'if' | 'block' | 'loop';
  readonly label: string;
  readonly results: readonly Value[];
  readonly params: readonly Value[];
}

export interface FuncContext {
  readonly program: IrProgram;
  readonly names: Names;
  readonly moves: (i: Inst) => boolean;
  readonly report: (v: Violation) => void;
}

class FuncVerifier {
  readonly #f: Func;
  readonly #context: FuncContext;
  /** Time of definition; present: defined so far. */
  readonly #born = new Map<Value, number>();
  readonly #visible = new Set<Value>();
  /** What is visible, in order of definition: a body that ends takes its own off the end. */
  readonly #scope: Value[] = [];
  readonly #enclosing: Enclosing[] = [];
  readonly #path: string[];
  #time = 0;
  #moved = -1;
  #here: Inst | Terminator | undefined;

  constructor(f: Func, context: FuncContext) {
    this.#f = f;
    this.#context = context;
    this.#path = [`@${f.name}`];
  }

  readonly #say = (invariant: Invariant, message: string): void => {
    const here = this.#here ? [printHead(this.#f, this.#here)] : [];
    this.#context.report({ invariant, func: this.#f.name, message, path: [...this.#path, ...here].join(' / ') });
  };

  #known(v: Value): boolean {
    if (Number.isInteger(v) && v >= 0 && v < this.#f.types.length && this.#f.types[v] !== undefined) return true;
    this.#say('V03', `%${v} has no type: @${this.#f.name} has ${this.#f.types.length} values`);
    return false;
  }

  #define(values: readonly Value[]): void {
    for (const v of values) {
      if (!this.#known(v)) continue;
      if (this.#born.has(v)) this.#say('V01', `%${v} is defined twice`);
      this.#born.set(v, this.#time++);
      this.#visible.add(v);
      this.#scope.push(v);
    }
  }

  #use(values: readonly Value[]): void {
    for (const v of values) {
      if (!this.#known(v)) continue;
      if (!this.#visible.has(v)) {
        const why = this.#born.has(v) ? 'its body has ended' : 'it is not defined before';
        this.#say('V02', `%${v} is not visible here: ${why}`);
      } else if (this.#f.types[v] === 'ptr' && (this.#born.get(v) ?? 0) < this.#moved) {
        this.#say('V20', `%${v} is a ptr, and objects may have moved since it was made: take addr again`);
      }
    }
  }

  #position(pos: number): void {
    const { length } = this.#context.program.positions;
    if (!Number.isInteger(pos) || pos < 0 || pos >= length) {
      this.#say('V25', `position ${pos} is not in the table, which has ${length}`);
    }
  }

  #types(values: readonly Value[]): IrType[] {
    return values.map((v) => this.#f.types[v] ?? 'i32');
  }

  #agree(invariant: Invariant, what: string, given: readonly Value[], wanted: readonly IrType[]): void {
    if (sameTypes(this.#f, given, wanted)) return;
    this.#say(invariant, `${what} (${wanted.join(', ')}), not ${typesText(this.#f, given)}`);
  }

  #terminator(t: Terminator): void {
    this.#here = t;
    this.#position(t.pos);
    if (t.kind !== 'unreachable') this.#use(t.args);
    switch (t.kind) {
      case 'break':
      case 'next': {
        const target = this.#enclosing.findLast((e) => e.label === t.label);
        if (!target) this.#say('V13', `nothing with the label @${t.label} is around`);
        else if (t.kind === 'break') {
          this.#agree('V14', `@${t.label} results in`, t.args, this.#types(target.results));
        } else if (target.kind !== 'loop') this.#say('V13', `@${t.label} is of ${target.kind}, not of a loop`);
        else this.#agree('V15', `@${t.label} has the parameters`, t.args, this.#types(target.params));
        break;
      }
      case 'ret':
        this.#agree('V16', `@${this.#f.name} results in`, t.args, this.#f.results);
        break;
      case 'fault':
      case 'raise': {
        const raise = t.kind === 'raise';
        const [first] = t.args;
        if (t.args.length > (raise ? 4 : 3)) this.#say('V17', `${t.args.length} values are too many`);
        if (raise && (first === undefined || this.#f.types[first] !== 'i32')) {
          this.#say('V17', 'the first value of raise is the kind of the fault, an i32');
        }
        for (const v of t.args) {
          const type = this.#f.types[v];
          if (type === 'f32' || type === 'f64' || type === 'v128' || type === 'ptr')
            this.#say('V17', `%${v} is ${type}`);
        }
        break;
      }
      case 'unreachable':
        break;
      default:
        unreachable(t);
    }
    this.#here = undefined;
  }

  #body(step: string, b: Body, params: readonly Value[] = []): void {
    this.#path.push(step);
    const outer = this.#scope.length;
    const moved = this.#moved;
    this.#define(params);
    for (const i of b.insts) this.#inst(i);
    this.#terminator(b.end);
    for (const v of this.#scope.splice(outer)) this.#visible.delete(v);
    this.#moved = moved;
    this.#path.pop();
  }

  #structure(i: Exclude<Inst, { kind: 'op' }>): void {
    if (this.#enclosing.some((e) => e.label === i.label)) this.#say('V22', `@${i.label} is already the label around`);
    const { kind, label, results } = i;
    this.#here = undefined;
    const params = i.kind === 'loop' ? i.params : [];
    this.#enclosing.push({ kind, label, results, params });
    const outside = this.#moved;
    switch (i.kind) {
      case 'if':
        this.#body(`if @${label}, then`, i.then);
        this.#body(`if @${label}, else`, i.else);
        break;
      case 'block':
        this.#body(`block @${label}`, i.body);
        break;
      case 'loop':
        if (this.#context.moves(i)) this.#moved = this.#time++;
        this.#body(`loop @${label}`, i.body, params);
        break;
      default:
        unreachable(i);
    }
    this.#moved = outside;
    this.#enclosing.pop();
  }

  #inst(i: Inst): void {
    this.#here = i;
    this.#position(i.pos);
    switch (i.kind) {
      case 'op':
        this.#use(i.args);
        checkOp(i, this.#f, this.#context.names, this.#say);
        break;
      case 'if':
        this.#use([i.condition]);
        if ((this.#f.types[i.condition] ?? 'i32') !== 'i32') this.#say('V19', `%${i.condition} is not an i32`);
        this.#structure(i);
        break;
      case 'block':
        this.#structure(i);
        break;
      case 'loop':
        this.#use(i.inits);
        this.#agree('V15', `@${i.label} has the parameters`, i.inits, this.#types(i.params));
        this.#structure(i);
        break;
      default:
        unreachable(i);
    }
    if (this.#context.moves(i)) this.#moved = this.#time++;
    this.#here = i;
    this.#define(i.results);
    this.#here = undefined;
  }

  run(): void {
    const f = this.#f;
    this.#position(f.pos);
    for (const t of [...f.params.map((p) => f.types[p]), ...f.results]) {
      if (t === 'ptr') this.#say('V21', 'a ptr does not outlive what made it: pass the gptr');
    }
    const slots = new Set<string>();
    for (const s of f.slots) {
      if (slots.has(s.name)) this.#say('V23', `two slots are named $${s.name}`);
      slots.add(s.name);
      if (!(Number.isInteger(s.size) && s.size >= 0) || !isPowerOfTwo(s.align)) {
        this.#say('V24', `slot $${s.name} has size ${s.size} and alignment ${s.align}`);
      }
    }
    this.#body('body', f.body, f.params);
  }
}

export const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && Number.isInteger(Math.log2(n));

export const verifyFunc = (f: Func, context: FuncContext): void => new FuncVerifier(f, context).run();

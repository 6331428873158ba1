// One function of IR text: values, instructions, bodies. The declarations around it are in ir-parse.ts.
//
// Value names: a function whose names are all numbers keeps them (dumps and messages agree); any other name makes the
// function's values be numbered in order of appearance.
import { type FaultKind, faults } from '../vm/abi.ts';
import {
  type Body,
  type FrameSlot,
  type Func,
  type Imm,
  type ImmKind,
  type Inst,
  type IrType,
  type OpName,
  opRow,
  ops,
  type Terminator,
  type Value,
} from './ir.ts';
import { parseFloatText } from './ir-atoms.ts';
import { ifInst } from './ir-build.ts';
import { type Cursor, describe, Recover } from './ir-cursor.ts';
import type { Token } from './ir-lex.ts';
import { isOpName, opText, signatureOf } from './ir-types.ts';

/** Deeper nesting than any program needs, shallow enough for every recursive walk over bodies. */
const maxDepth = 400;
/** Numeric names up to this are kept as they are, even with gaps. */
const maxNumber = 1_000_000;

const isFault = (s: string): s is FaultKind => faults.some((f) => f.kind === s);

export const topWords = [
  'images',
  'file',
  'pos',
  'private',
  'symmetric',
  'let',
  'config',
  'shared',
  'dynamic',
  'data',
  'func',
];

const opsByText = new Map<string, { readonly op: OpName; readonly suffix: string }>();
for (const op of Object.keys(ops).filter(isOpName)) {
  for (const suffix of opRow(op).types ?? ['']) opsByText.set(opText(op, suffix), { op, suffix });
}

/** A hint for what is no op: the same op with its suffixes, or ops that begin alike. */
const similarOps = (text: string): string | undefined => {
  const [stem = ''] = text.split('.');
  const near = [...opsByText.keys()].filter((o) => o.startsWith(`${stem}.`) || stem.startsWith(`${o.split('.')[0]}`));
  return near.length > 0 ? `there is ${near.slice(0, 8).join(' ')}` : 'docs/ir.md lists the operations';
};

/** What a line of the form `%a, %b: i64 =` announces. */
interface Announced {
  readonly token: Token;
  readonly value: Value;
  readonly type: IrType | undefined;
}

/** A call without result types, whose callee may come later. */
interface PendingCall {
  readonly callee: string;
  readonly results: readonly Announced[];
}

/** A function whose calls to later functions may still lack the types of their results. */
export interface ParsedFunc {
  readonly func: Func;
  /** Gives the calls their types. Asked when all functions are known. */
  readonly resolve: (resultsOf: (callee: string) => readonly IrType[] | undefined) => void;
}

class FuncParser {
  readonly #c: Cursor;
  readonly #values = new Map<string, Value>();
  readonly #types: (IrType | undefined)[] = [];
  readonly #used = new Map<Value, Token>();
  readonly #pending: PendingCall[] = [];
  #depth = 0;

  constructor(cursor: Cursor) {
    this.#c = cursor;
    this.#numberValues();
  }

  /** Numbers the names of the function that begins here. */
  #numberValues(): void {
    const names: string[] = [];
    for (let i = 0; ; i++) {
      const t = this.#c.peek(i);
      if (t.kind === 'end' || (i > 0 && t.kind === 'word' && t.text === 'func' && t.first)) break;
      if (t.kind !== 'value' || this.#values.has(t.text)) continue;
      this.#values.set(t.text, names.length);
      names.push(t.text);
    }
    const limit = Math.min(maxNumber, 1024 + 64 * names.length);
    if (names.every((n) => /^(?:0|[1-9][0-9]{0,6})$/.test(n) && Number(n) < limit)) {
      for (const n of names) this.#values.set(n, Number(n));
    }
  }

  #valueToken(): Token {
    const t = this.#c.token;
    if (t.kind !== 'value') this.#c.fail(t, `expected a value, found ${describe(t)}`, 'values are written %name');
    return this.#c.advance();
  }

  #numberOf(t: Token): Value {
    return this.#values.get(t.text) ?? 0;
  }

  readonly #use = (): Value => {
    const t = this.#valueToken();
    const v = this.#numberOf(t);
    if (!this.#used.has(v)) this.#used.set(v, t);
    return v;
  };

  /** Gives a value its type. Of two definitions the first counts; that there are two is the verifier's to say. */
  #define(v: Value, type: IrType): void {
    this.#types[v] ??= type;
  }

  /** `%a: i64`: definition with its type. */
  readonly #typedDefinition = (): Value => {
    const v = this.#numberOf(this.#valueToken());
    this.#c.expect(':', 'a type must be given here: %name: i64');
    this.#define(v, this.#c.type());
    return v;
  };

  #announced(): Announced[] {
    if (this.#c.token.kind !== 'value') return [];
    const out: Announced[] = [];
    do {
      const token = this.#valueToken();
      const type = this.#c.accept(':') ? this.#c.type() : undefined;
      out.push({ token, value: this.#numberOf(token), type });
    } while (this.#c.accept(','));
    this.#c.expect('=', 'an instruction is `%result = op %operand, …`');
    return out;
  }

  #defineAll(results: readonly Announced[], known: readonly IrType[] | undefined, what: string): Value[] {
    for (const [i, r] of results.entries()) {
      const type = r.type ?? known?.[i];
      if (type) this.#define(r.value, type);
      else
        this.#c.report(
          r.token,
          `the type of ${describe(r.token)} is not known: ${what}`,
          `write it: ${describe(r.token)}: i64 = …`,
        );
    }
    return results.map((r) => r.value);
  }

  // ---- instructions

  #imm(kind: ImmKind, suffix: string): Imm {
    const t = this.#c.token;
    switch (kind) {
      case 'int': {
        if (t.kind !== 'number' || !/^-?(?:0x[0-9a-fA-F]{1,16}|[0-9]{1,20})$/.test(t.text)) {
          return this.#c.fail(t, `expected a whole number, found ${describe(t)}`);
        }
        this.#c.advance();
        return t.text.startsWith('-') ? -BigInt(t.text.slice(1)) : BigInt(t.text);
      }
      case 'bits': {
        const spelled = t.kind === 'number' || t.kind === 'float' || (t.kind === 'word' && t.text === 'inf');
        const bits = spelled ? parseFloatText(suffix === 'f32' ? 'f32' : 'f64', t.text) : undefined;
        if (bits === undefined) {
          return this.#c.fail(
            t,
            `expected a float, found ${describe(t)}`,
            'as in 1.5 1e-9 inf -inf nan:0x7ff8000000000000',
          );
        }
        this.#c.advance();
        return bits;
      }
      case 'global':
        return this.#c.name('global', 'the name of a module-level variable');
      case 'data':
        return this.#c.name('global', 'the name of data');
      case 'func':
        return this.#c.name('global', 'the name of a function');
      case 'slot':
        return this.#c.name('slot', 'the name of a frame slot');
      case 'word':
      case 'dims':
        return this.#c.word('a word');
      case 'text':
        return this.#c.string('text');
      case 'number':
        return this.#c.integer('a whole number');
    }
  }

  #op(results: readonly Announced[]): Inst {
    const token = this.#c.token;
    const found = token.kind === 'word' ? opsByText.get(token.text) : undefined;
    if (!found) this.#c.fail(token, `no such operation: ${describe(token)}`, similarOps(token.text));
    this.#c.advance();
    const { op, suffix } = found;
    if (op === 'call') return this.#call(results);
    const kinds = opRow(op).imms;
    const args: Value[] = [];
    const imms: Imm[] = [];
    // Operands begin on the line of their op: the line after belongs to the next instruction.
    const here = (): boolean =>
      !this.#c.token.first && this.#c.token.kind !== 'end' && !this.#c.is('!') && !this.#c.is('}');
    if (here()) {
      do {
        const kind = kinds[imms.length];
        if (imms.length === 0 && this.#c.token.kind === 'value') args.push(this.#use());
        else if (kind) imms.push(this.#imm(kind, suffix));
        else this.#c.fail(this.#c.token, `${opText(op, suffix)} takes nothing here, found ${describe(this.#c.token)}`);
      } while (this.#c.accept(','));
    }
    if (imms.length < kinds.length) {
      this.#c.fail(token, `${opText(op, suffix)} needs ${kinds.slice(imms.length).join(', ')} after its operands`);
    }
    const values = this.#defineAll(results, signatureOf(op, suffix)?.results, `${opText(op, suffix)} does not give it`);
    return { kind: 'op', op, suffix, results: values, args, imms, ...this.#c.notes() };
  }

  #call(results: readonly Announced[]): Inst {
    const callee = this.#c.name('global', 'the name of a function');
    const args = this.#c.list(this.#use, false);
    const untyped = results.filter((r) => r.type === undefined);
    for (const r of results) if (r.type) this.#define(r.value, r.type);
    if (untyped.length > 0) this.#pending.push({ callee, results });
    const values = results.map((r) => r.value);
    return { kind: 'op', op: 'call', suffix: '', results: values, args, imms: [callee], ...this.#c.notes() };
  }

  #structure(word: 'if' | 'block' | 'loop', results: readonly Announced[]): Inst {
    this.#c.advance();
    const label = this.#c.name('global', 'a label');
    const values = this.#defineAll(results, undefined, `the results of \`${word}\` have their types written`);
    switch (word) {
      case 'if': {
        const condition = this.#use();
        const likely = this.#c.accept('likely') ? { likely: true } : {};
        const either = this.#c.accept('either') ? { either: true } : {};
        const notes = this.#c.notes();
        const thenBody = this.#braced();
        this.#c.expect('else', 'an if has two arms');
        return ifInst({ label, condition, ...likely, ...either, results: values, ...notes }, thenBody, this.#braced());
      }
      case 'block': {
        const notes = this.#c.notes();
        return { kind: 'block', label, results: values, body: this.#braced(), ...notes };
      }
      case 'loop': {
        const inits: Value[] = [];
        const params = this.#c.list(() => {
          const param = this.#typedDefinition();
          this.#c.expect('=');
          inits.push(this.#use());
          return param;
        }, true);
        const independent = this.#c.accept('independent');
        const notes = this.#c.notes();
        return { kind: 'loop', label, params, inits, results: values, body: this.#braced(), independent, ...notes };
      }
    }
  }

  #terminator(): Terminator | undefined {
    const t = this.#c.token;
    if (t.kind !== 'word') return undefined;
    switch (t.text) {
      case 'break':
      case 'next': {
        this.#c.advance();
        const label = this.#c.name('global', 'a label');
        return { kind: t.text, label, args: this.#c.list(this.#use, true), ...this.#c.notes() };
      }
      case 'ret':
      case 'raise':
        this.#c.advance();
        return { kind: t.text, args: this.#c.list(this.#use, true), ...this.#c.notes() };
      case 'fault': {
        this.#c.advance();
        const kind = this.#c.token;
        if (kind.kind !== 'word' || !isFault(kind.text)) {
          const hint = `kinds are ${faults.map((f) => f.kind).join(' ')}`;
          return this.#c.fail(kind, `expected the kind of a fault, found ${describe(kind)}`, hint);
        }
        this.#c.advance();
        return { kind: 'fault', fault: kind.text, args: this.#c.list(this.#use, true), ...this.#c.notes() };
      }
      case 'unreachable':
        this.#c.advance();
        return { kind: 'unreachable', ...this.#c.notes() };
      default:
        return undefined;
    }
  }

  #braced(): Body {
    this.#c.expect('{');
    if (this.#depth >= maxDepth) this.#c.fail(this.#c.token, `nested deeper than ${maxDepth} levels`);
    this.#depth++;
    const body = this.#body();
    this.#depth--;
    this.#c.expect('}', 'nothing may follow what ends a body');
    return body;
  }

  #body(): Body {
    const insts: Inst[] = [];
    for (;;) {
      if (this.#c.is('}') || this.#c.token.kind === 'end') {
        return this.#c.fail(
          this.#c.token,
          'a body does not fall through: it needs break, next, ret, fault or unreachable',
        );
      }
      const depth = this.#depth;
      const start = this.#c.at;
      try {
        const end = this.#terminator();
        if (end) return { insts, end };
        const results = this.#announced();
        const t = this.#c.token;
        const word = t.kind === 'word' ? t.text : '';
        insts.push(
          word === 'if' || word === 'block' || word === 'loop' ? this.#structure(word, results) : this.#op(results),
        );
      } catch (e) {
        // Within one instruction the next line is a fair place to go on; a broken structure is left to the function.
        if (!(e instanceof Recover) || this.#depth !== depth || !this.#skipLine(start)) throw e;
      }
    }
  }

  /** To the next line, if it can begin an instruction and no brace lies between. */
  #skipLine(start: number): boolean {
    if (this.#c.at === start) this.#c.advance();
    while (!this.#c.token.first) {
      if (this.#c.is('{') || this.#c.is('}')) return false;
      this.#c.advance();
    }
    const t = this.#c.token;
    return t.kind === 'value' || (t.kind === 'word' && !(topWords.includes(t.text) && t.column === 1));
  }

  parse(): ParsedFunc {
    this.#c.advance();
    const name = this.#c.name('global', 'the name of the function');
    const params = this.#c.list(this.#typedDefinition, false);
    const results: IrType[] = [];
    if (this.#c.accept('->')) {
      do results.push(this.#c.type());
      while (this.#c.accept(','));
    }
    const { pos } = this.#c.notes();
    this.#c.expect('{');
    const slots: FrameSlot[] = [];
    while (this.#c.is('slot') && this.#c.peek(1).kind === 'slot') {
      this.#c.advance();
      slots.push({ name: this.#c.name('slot', 'a slot'), size: this.#c.keyed('size'), align: this.#c.keyed('align') });
    }
    const body = this.#body();
    this.#c.expect('}', 'nothing may follow what ends a body');
    this.#reportUndefined();
    // The gaps are filled when calls are resolved: until then the list may hold undefined.
    const types = this.#types as IrType[];
    return {
      func: { name, params, results, slots, types, body, pos },
      resolve: (resultsOf) => this.#resolve(resultsOf),
    };
  }

  #reportUndefined(): void {
    const waiting = new Set(this.#pending.flatMap((call) => call.results.map((r) => r.value)));
    for (const [v, token] of this.#used) {
      if (this.#types[v] === undefined && !waiting.has(v)) {
        this.#c.report(token, `${describe(token)} is used but never defined`);
      }
    }
  }

  #resolve(resultsOf: (callee: string) => readonly IrType[] | undefined): void {
    for (const { callee, results } of this.#pending) {
      const known = resultsOf(callee);
      this.#defineAll(results, known, known ? `@${callee} has fewer results` : `there is no function @${callee} here`);
    }
    // Numbers that nothing defines are gaps that a pass has left: any type will do.
    for (let v = 0; v < this.#types.length; v++) this.#types[v] ??= 'i32';
  }
}

/** Parses `func …`. Errors are reported to the cursor; unwinds with Recover if the function is broken. */
export const parseFunc = (cursor: Cursor): ParsedFunc => new FuncParser(cursor).parse();

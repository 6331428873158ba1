// IR to text. The grammar is docs/ir.md; the way back is ir-parse.ts.
import { unreachable } from '../lang/unreachable.ts';
import {
  type Body,
  type Func,
  type GuardNotes,
  type Imm,
  type ImmKind,
  type Inst,
  type IrGlobal,
  type IrPosition,
  type IrProgram,
  type OpInst,
  type OrderNotes,
  opRow,
  type PosId,
  type Terminator,
  type Value,
} from './ir.ts';
import { bytesText, floatText, nameText, stringText, wordText } from './ir-atoms.ts';
import { opText, signatureOf } from './ir-types.ts';

export interface PrintOptions {
  /** Print `!7`, `file` and `pos` lines (default: true). Goldens leave them out. */
  readonly positions?: boolean;
}

const immText = (kind: ImmKind | undefined, suffix: string, imm: Imm): string => {
  switch (kind) {
    case 'bits':
      return typeof imm === 'bigint' ? floatText(suffix === 'f32' ? 'f32' : 'f64', imm) : String(imm);
    case 'global':
    case 'data':
    case 'func':
      return `@${nameText(String(imm))}`;
    case 'slot':
      return `$${nameText(String(imm))}`;
    case 'word':
    case 'dims':
      return wordText(String(imm));
    case 'text':
      return stringText(String(imm));
    case 'int':
    case 'number':
    case undefined:
      return String(imm);
    default:
      return unreachable(kind);
  }
};

const valueText = (v: Value): string => `%${v}`;
const listText = (values: readonly Value[]): string => values.map(valueText).join(', ');
const inParens = (values: readonly Value[]): string => (values.length > 0 ? `(${listText(values)})` : '');

class Printer {
  readonly lines: string[] = [];
  readonly #positions: boolean;
  #f: Func | undefined;

  constructor(options: PrintOptions) {
    this.#positions = options.positions ?? true;
  }

  notes(at: { readonly pos: PosId; readonly by?: string } & GuardNotes & OrderNotes): string {
    const pos = this.#positions && at.pos !== 0 ? ` !${at.pos}` : '';
    const granted = at.granted === undefined ? '' : ` !granted=${at.granted}`;
    const guard = at.guard === undefined ? '' : ` !guard=${stringText(at.guard)}`;
    const by = at.by === undefined ? '' : ` !by=${wordText(at.by)}`;
    return `${pos}${granted}${at.kernel ? ' !kernel' : ''}${at.anyOrder ? ' !any_order' : ''}${guard}${by}`;
  }

  typed(v: Value): string {
    return `${valueText(v)}: ${this.#f?.types[v] ?? 'i32'}`;
  }

  results(values: readonly Value[], typed: boolean): string {
    if (values.length === 0) return '';
    return `${values.map((v) => (typed ? this.typed(v) : valueText(v))).join(', ')} = `;
  }

  op(i: OpInst): string {
    const row = opRow(i.op);
    const known = signatureOf(i.op, i.suffix)?.results;
    // A type is written where the table does not tell it, or (in a wrong program) tells another.
    const typed = !known || i.results.some((v, k) => this.#f?.types[v] !== known[k]);
    const results = this.results(i.results, typed);
    if (i.op === 'call') return `${results}call @${nameText(String(i.imms[0]))}(${listText(i.args)})`;
    const operands = [...i.args.map(valueText), ...i.imms.map((imm, k) => immText(row.imms[k], i.suffix, imm))];
    return `${results}${opText(i.op, i.suffix)}${operands.length > 0 ? ` ${operands.join(', ')}` : ''}`;
  }

  terminator(t: Terminator): string {
    switch (t.kind) {
      case 'break':
      case 'next':
        return `${t.kind} @${nameText(t.label)}${inParens(t.args)}`;
      case 'ret':
      case 'raise':
        return `${t.kind}${inParens(t.args)}`;
      case 'fault':
        return `fault ${t.fault}${inParens(t.args)}`;
      case 'unreachable':
        return 'unreachable';
      default:
        return unreachable(t);
    }
  }

  inst(i: Inst, indent: string): void {
    const notes = this.notes(i);
    switch (i.kind) {
      case 'op':
        this.lines.push(`${indent}${this.op(i)}${notes}`);
        return;
      case 'if':
        this.lines.push(
          `${indent}${this.results(i.results, true)}if @${nameText(i.label)} ${valueText(i.condition)}${i.likely ? ' likely' : ''}${i.either ? ' either' : ''}${notes} {`,
        );
        this.body(i.then, `${indent}  `);
        this.lines.push(`${indent}} else {`);
        this.body(i.else, `${indent}  `);
        this.lines.push(`${indent}}`);
        return;
      case 'block':
        this.lines.push(`${indent}${this.results(i.results, true)}block @${nameText(i.label)}${notes} {`);
        this.body(i.body, `${indent}  `);
        this.lines.push(`${indent}}`);
        return;
      case 'loop': {
        const params = i.params.map((p, k) => `${this.typed(p)} = ${valueText(i.inits[k] ?? -1)}`).join(', ');
        const head = `loop @${nameText(i.label)}${params === '' ? '' : ` (${params})`}${i.independent ? ' independent' : ''}`;
        this.lines.push(`${indent}${this.results(i.results, true)}${head}${notes} {`);
        this.body(i.body, `${indent}  `);
        this.lines.push(`${indent}}`);
        return;
      }
      default:
        unreachable(i);
    }
  }

  body(b: Body, indent: string): void {
    for (const i of b.insts) this.inst(i, indent);
    this.lines.push(`${indent}${this.terminator(b.end)}${this.notes(b.end)}`);
  }

  func(f: Func): void {
    this.#f = f;
    const params = f.params.map((p) => this.typed(p)).join(', ');
    const results = f.results.length > 0 ? ` -> ${f.results.join(', ')}` : '';
    this.lines.push(`func @${nameText(f.name)}(${params})${results}${this.notes(f)} {`);
    for (const s of f.slots) this.lines.push(`  slot $${nameText(s.name)} size ${s.size} align ${s.align}`);
    this.body(f.body, '  ');
    this.lines.push('}');
  }

  global(g: IrGlobal): string {
    const name = `@${nameText(g.name)}`;
    switch (g.kind) {
      case 'private':
      case 'symmetric':
        return `${g.kind} ${name} size ${g.size} align ${g.align}${g.kind === 'private' && g.fixed ? ' fixed' : ''}`;
      case 'let':
        return `let ${name} ${g.type}`;
      case 'config': {
        const doc = g.doc === undefined ? '' : ` ${stringText(g.doc)}`;
        return `config ${name} ${g.type} = ${stringText(g.default)} ${wordText(g.configType)}${doc}`;
      }
      case 'shared':
        return `shared ${name} elem ${g.elementBytes} dist(${g.dims.join(', ')})`;
      case 'dynamic':
        return `dynamic ${name} elem ${g.elementBytes} rank ${g.rank}${g.symmetric ? ' symmetric' : ''}${g.of === undefined ? '' : ` of @${nameText(g.of)}`}`;
      default:
        return unreachable(g);
    }
  }

  position(p: IrPosition, id: PosId): string {
    const inlined = p.inlinedAt === 0 ? '' : ` inlined ${p.inlinedAt}`;
    return `pos ${id} = ${p.file}:${p.line}:${p.col} ${wordText(p.fn)}${inlined}`;
  }

  program(p: IrProgram): void {
    if (p.images !== undefined) this.lines.push(`images ${p.images}`);
    if (this.#positions) {
      for (const [i, f] of p.files.entries()) this.lines.push(`file ${i} ${stringText(f)}`);
      for (const [id, at] of p.positions.entries()) {
        const unknown = at.file === 0 && at.line === 0 && at.col === 0 && at.fn === '' && at.inlinedAt === 0;
        if (id !== 0 || !unknown) this.lines.push(this.position(at, id));
      }
    }
    for (const g of p.globals) this.lines.push(`${this.global(g)}${this.notes(g)}`);
    for (const d of p.data) this.lines.push(`data @${nameText(d.name)} ${bytesText(d.bytes)}`);
    for (const f of p.funcs) {
      if (this.lines.length > 0) this.lines.push('');
      this.func(f);
    }
  }
}

const finish = (lines: readonly string[]): string => lines.map((l) => `${l}\n`).join('');

export const printProgram = (p: IrProgram, options: PrintOptions = {}): string => {
  const printer = new Printer(options);
  printer.program(p);
  return finish(printer.lines);
};

export const printFunc = (f: Func, options: PrintOptions = {}): string => {
  const printer = new Printer(options);
  printer.func(f);
  return finish(printer.lines);
};

/** One instruction or terminator on one line, without what is nested in it; for messages. */
export const printHead = (f: Func, i: Inst | Terminator): string => {
  const body: Body =
    i.kind === 'op' || i.kind === 'if' || i.kind === 'block' || i.kind === 'loop'
      ? { insts: [i], end: { kind: 'unreachable', pos: 0 } }
      : { insts: [], end: i };
  const [first = ''] = printFunc({ ...f, slots: [], body }, { positions: false })
    .split('\n')
    .slice(1);
  return first.trim().replace(/ \{$/, '');
};

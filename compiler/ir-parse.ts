// Text to IR: recursive descent over the tokens of ir-lex.ts, the reverse of ir-print.ts. What is wrong is a value with its
// place; after an error the parser goes on at the next line that can begin something. Never throws.
import type { Func, IrData, IrDim, IrGlobal, IrPosition, IrProgram } from './ir.ts';
import { parseBytesInside } from './ir-atoms.ts';
import { noPosition } from './ir-build.ts';
import { Cursor, describe, type IrError, Recover } from './ir-cursor.ts';
import { type ParsedFunc, parseFunc, topWords } from './ir-parse-func.ts';

export type { IrError };

export interface ParseResult {
  /** Present if there are no errors. */
  readonly program?: IrProgram;
  readonly errors: readonly IrError[];
}

const irDims: readonly string[] = ['star', 'block', 'cyclic', 'blocks', 'on'] satisfies IrDim[];
const isIrDim = (s: string): s is IrDim => irDims.includes(s);
interface MutableProgram {
  images?: number;
  readonly files: string[];
  readonly positions: IrPosition[];
  readonly globals: IrGlobal[];
  readonly data: IrData[];
  readonly funcs: Func[];
}

class ProgramParser {
  readonly #c: Cursor;
  readonly #program: MutableProgram = { files: [], positions: [noPosition], globals: [], data: [], funcs: [] };
  readonly #parsed: ParsedFunc[] = [];

  constructor(text: string) {
    this.#c = new Cursor(text);
  }

  #global(kind: IrGlobal['kind']): void {
    this.#c.advance();
    const name = this.#c.name('global', 'the name of the variable');
    const end = (): { name: string; pos: number } => ({ name, pos: this.#c.notes().pos });
    const { globals } = this.#program;
    switch (kind) {
      case 'private': {
        const shape = { size: this.#c.keyed('size'), align: this.#c.keyed('align') };
        globals.push({ kind, ...shape, ...(this.#c.accept('fixed') ? { fixed: true } : {}), ...end() });
        return;
      }
      case 'symmetric':
        globals.push({ kind, size: this.#c.keyed('size'), align: this.#c.keyed('align'), ...end() });
        return;
      case 'let':
        globals.push({ kind, type: this.#c.memType(), ...end() });
        return;
      case 'config': {
        const type = this.#c.memType();
        this.#c.expect('=');
        const text = this.#c.string('the default');
        const configType = this.#c.word('the type of the config');
        const doc = this.#c.token.kind === 'string' ? { doc: this.#c.string('the doc') } : {};
        globals.push({ kind, type, configType, default: text, ...doc, ...end() });
        return;
      }
      case 'shared': {
        const elementBytes = this.#c.keyed('elem');
        this.#c.expect('dist');
        const dim = (): IrDim => {
          const t = this.#c.advance();
          return isIrDim(t.text)
            ? t.text
            : this.#c.fail(t, `expected a distribution, found ${describe(t)}`, `one of ${irDims.join(' ')}`);
        };
        globals.push({ kind, elementBytes, dims: this.#c.list(dim, false), ...end() });
        return;
      }
      case 'dynamic': {
        const elementBytes = this.#c.keyed('elem');
        const rank = this.#c.keyed('rank');
        const symmetric = this.#c.accept('symmetric');
        const of = this.#c.accept('of') ? { of: this.#c.name('global', 'the variable that it describes') } : {};
        globals.push({ kind, elementBytes, rank, symmetric, ...of, ...end() });
        return;
      }
    }
  }

  #position(): void {
    this.#c.advance();
    const token = this.#c.token;
    const id = this.#c.integer('the number of the position');
    this.#c.expect('=');
    const file = this.#c.integer('the number of a file');
    this.#c.expect(':');
    const line = this.#c.integer('a line');
    this.#c.expect(':');
    const col = this.#c.integer('a column');
    const fn = this.#c.word('the name of a function');
    const inlinedAt = this.#c.accept('inlined') ? this.#c.integer('the position of the call') : 0;
    const { positions } = this.#program;
    const at = { file, line, col, fn, inlinedAt };
    if (id === 0 && positions.length === 1) positions[0] = at;
    else if (id === positions.length) positions.push(at);
    else this.#c.report(token, `position ${id} is out of turn: the next is ${positions.length}`);
  }

  #top(): void {
    const t = this.#c.token;
    const word = t.kind === 'word' ? t.text : '';
    switch (word) {
      case 'file': {
        this.#c.advance();
        const token = this.#c.token;
        const id = this.#c.integer('the number of the file');
        const path = this.#c.string('the path');
        const { files } = this.#program;
        if (id !== files.length) this.#c.report(token, `file ${id} is out of turn: the next is ${files.length}`);
        files.push(path);
        return;
      }
      case 'images':
        this.#c.advance();
        this.#program.images = this.#c.integer('how many images');
        return;
      case 'pos':
        this.#position();
        return;
      case 'private':
      case 'symmetric':
      case 'let':
      case 'config':
      case 'shared':
      case 'dynamic':
        this.#global(word);
        return;
      case 'data': {
        this.#c.advance();
        const name = this.#c.name('global', 'the name of the data');
        const token = this.#c.token;
        if (token.kind !== 'string') this.#c.fail(token, `expected bytes in double quotes, found ${describe(token)}`);
        this.#c.advance();
        const bytes =
          parseBytesInside(token.text) ?? this.#c.fail(token, 'malformed escape in data', 'write \\hh for a byte');
        this.#program.data.push({ name, bytes });
        return;
      }
      case 'func':
        this.#parsed.push(parseFunc(this.#c));
        return;
      default:
        this.#c.fail(t, `expected a declaration, found ${describe(t)}`, `one of ${topWords.join(' ')}`);
    }
  }

  #finishFuncs(): void {
    const results = new Map(this.#parsed.map(({ func }) => [func.name, func.results]));
    for (const { func, resolve } of this.#parsed) {
      resolve((callee) => results.get(callee));
      this.#program.funcs.push(func);
    }
  }

  /** Whether a declaration may begin here: where to go on after an error. */
  #atDeclaration(): boolean {
    const t = this.#c.token;
    return t.kind === 'end' || (t.kind === 'word' && t.first && t.column === 1 && topWords.includes(t.text));
  }

  parse(): ParseResult {
    while (this.#c.token.kind !== 'end') {
      try {
        this.#top();
      } catch (e) {
        if (!(e instanceof Recover)) throw e;
        do this.#c.advance();
        while (!this.#atDeclaration());
      }
    }
    this.#finishFuncs();
    const { errors } = this.#c;
    return errors.length > 0 ? { errors } : { program: this.#program, errors };
  }
}

/** Parses a whole program, or functions that stand alone. Never throws; several errors if there are several. */
export const parseProgram = (text: string): ParseResult => new ProgramParser(text).parse();

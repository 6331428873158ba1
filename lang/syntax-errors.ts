// From what the lexer and the parser noticed to messages in a human's words.
import { EOF, type ILexingError, type IRecognitionException, type IToken, type TokenType } from 'chevrotain';
import type { Ident } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { Comment } from './doc-comments.ts';
import type { LiteralProblem } from './literals.ts';
import { lineCol, type Source, type Span } from './source.ts';
import { keywords as k, mark as m, Name } from './tokens.ts';

/** What the parser noticed itself besides Chevrotain's exceptions. */
export interface Noticed {
  readonly problems: readonly { readonly problem: LiteralProblem; readonly at: number }[];
  readonly tooDeep: Span | undefined;
  readonly missingSemicolons: readonly Span[];
  readonly misplaced: readonly IToken[];
  readonly missingValues: readonly { readonly kind: string; readonly name: Ident }[];
  readonly missingRanges: readonly Span[];
  readonly missingOn: readonly Span[];
  readonly badReductions: readonly Span[];
  readonly reducedFors: readonly Span[];
  readonly chained: readonly Span[];
}

const tokenText = (t: IToken): string => (t.tokenType === EOF ? 'the end of the file' : `\`${t.image}\``);

/** Slips that people who know other languages make, by the token found and the one before it. */
const hintFor = (found: IToken, previous: IToken | undefined, rule: string): string | undefined => {
  const word = found.image;
  const before = previous?.image;
  if (found.tokenType === m.Eq && /expression|ifExpr|block|loopHead/.test(rule)) return 'to compare, write `==`';
  if (word === '+' && before === '+') return 'there is no `++`; write `x += 1`';
  if (word === '-' && before === '-') return 'there is no `--`; write `x -= 1`';
  if (word === '[' && /expression|unary|primary|postfix|argument/.test(rule))
    return 'arrays are not written out; declare it, `var a: [3]int;`, and give its elements values';
  if (word === '=' && before === ':') return 'a variable is declared with `let x = …` or `var x = …`';
  if (before === 'let' && word === 'mut') return 'a variable that changes is declared with `var`';
  if (rule === 'declaration' || rule === 'module') {
    if (['function', 'func', 'def', 'proc'].includes(word)) return 'functions are declared with `fn`';
    if (['int', 'double', 'float', 'void', 'i64', 'f64'].includes(word))
      return 'declarations begin with a word: `var x: int;`, `fn f() -> int { … }`';
    return 'at the top of a file stand import, const, config const, let, var, co, shared, struct, fn and test';
  }
  if (word === 'elif' || word === 'elsif') return 'write `else if`';
  if (found.tokenType === m.LBrace && before === ')') return undefined;
  if (rule === 'block' && found.tokenType === EOF) return 'a `{` above has no `}`';
  return undefined;
};

const expectedOf = (e: IRecognitionException): string | undefined => {
  const match = /Expecting token of type --> (\S+) <--/.exec(e.message);
  const name = match?.[1];
  if (name === undefined) return undefined;
  const type = ([...Object.values(m), ...Object.values(k), Name] as TokenType[]).find((t) => t.name === name);
  if (type === Name) return 'a name';
  const pattern = type?.PATTERN;
  return typeof pattern === 'string' ? `\`${pattern}\`` : name === 'Str' ? 'a text' : undefined;
};

const inWords: Readonly<Record<string, string>> = {
  declaration: 'a declaration',
  statement: 'a statement',
  type: 'a type',
  expression: 'an expression',
  unary: 'an expression',
  primary: 'an expression',
  postfix: 'an expression',
  block: 'a block',
  distWord: '`block`, `cyclic`, `on` or `*`',
  module: 'a declaration',
  imageOperand: 'the number of an image',
  argument: 'an argument',
  index: 'an index',
};

/** What loops are not, by the text before what was found. */
const loopHint = (before: string, found: string): string | undefined => {
  if (found === '{' && /\bpar\s+for\s+\w+\s+in\s[^{};]*$/.test(before))
    return '`par for` goes over a range: `par for i in 0..v.len { … v[i] … }`';
  if (found === '(' && /\bpar\s+for\s*$/.test(before))
    return '`par for` has one variable; loops may be nested: `par for i in 0..n { par for j in 0..m { … } }`';
  if (found === '(' && /\bforeach\s*$/.test(before))
    return '`foreach` has one variable: nest two, or go over the own elements of an array with `forall (i, j) in a`';
  if (found === '(' && /\bfor\s*$/.test(before)) return 'loops go over ranges, `for i in 0..n { … }`, or `while`';
  if (/\breduce\s*\([^(){};]*,\s*$/.test(before))
    return 'each operator has a clause of its own: `reduce(+: a, b) reduce(max: c)`';
  return undefined;
};

const fromException = (e: IRecognitionException, source: Source): Diagnostic => {
  const found = e.token;
  const previous = (e as { previousToken?: IToken }).previousToken;
  const rule = e.context.ruleStack.at(-1) ?? '';
  const end = source.text.trimEnd().length;
  const atEnd = found.tokenType === EOF || Number.isNaN(found.startOffset);
  const span: Span = atEnd
    ? { source: source.id, start: Math.max(0, end - 1), end: Math.max(0, end) }
    : { source: source.id, start: found.startOffset, end: found.startOffset + found.image.length };
  const expected =
    (rule === 'fnDecl' && expectedOf(e) === '`fn`' ? 'a declaration' : expectedOf(e)) ??
    (e.name === 'NotAllInputParsedException' ? 'a declaration' : inWords[rule]);
  const hint =
    loopHint(source.text.slice(Math.max(0, span.start - 200), span.start), found.image) ??
    hintFor(found, previous, expected === 'a declaration' ? 'declaration' : rule);
  if (expected === '`;`') {
    const after =
      previous && !Number.isNaN(previous.startOffset) ? previous.startOffset + previous.image.length : span.start;
    return {
      code: 'PG0102',
      severity: 'error',
      message: `expected \`;\`, found ${tokenText(found)}`,
      span: { source: source.id, start: after, end: after },
      expected: '`;`',
      found: tokenText(found),
      ...(hint ? { hint } : { hint: 'end the statement with `;`' }),
    };
  }
  const message = expected ? `expected ${expected}, found ${tokenText(found)}` : `unexpected ${tokenText(found)}`;
  return {
    code: 'PG0101',
    severity: 'error',
    message,
    span,
    ...(expected ? { expected } : {}),
    found: tokenText(found),
    ...(hint ? { hint } : {}),
  };
};

/** Every node of a tree, without recursion: trees of long sums are deep. */
export const eachNode = (root: unknown, visit: (node: { readonly kind?: unknown }) => void): void => {
  const todo: unknown[] = [root];
  while (todo.length > 0) {
    const node = todo.pop();
    if (typeof node !== 'object' || node === null) continue;
    visit(node);
    for (const child of Object.values(node)) if (typeof child === 'object' && child !== null) todo.push(child);
  }
};

export const unclosedComments = (source: Source, comments: readonly Comment[]): Diagnostic[] => {
  const all: Diagnostic[] = [];
  for (const c of comments) {
    if (!c.image.startsWith('/*')) continue;
    const opened = c.image.split('/*').length;
    const closed = c.image.split('*/').length;
    if (opened > closed || !c.image.endsWith('*/'))
      all.push({
        code: 'PG0002',
        severity: 'error',
        message: 'the comment has no closing `*/`',
        span: { source: source.id, start: c.startOffset, end: c.startOffset + 2 },
        hint: 'comments nest: every `/*` needs its `*/`',
      });
  }
  return all;
};

export const syntaxDiagnostic = (input: {
  readonly source: Source;
  readonly lexing: readonly ILexingError[];
  readonly parsing: readonly IRecognitionException[];
  readonly parser: Noticed;
  readonly comments: readonly Comment[];
}): Diagnostic[] => {
  const { source, parser } = input;
  const at = (start: number, end: number): Span => ({ source: source.id, start, end });
  const error = (
    code: Diagnostic['code'],
    message: string,
    span: Span,
    more: Partial<Diagnostic> = {},
  ): Diagnostic => ({ code, severity: 'error', message, span, ...more });
  const all: Diagnostic[] = [];
  for (const e of input.lexing) {
    const text = source.text.slice(e.offset, e.offset + e.length);
    const [first = ''] = [...text];
    all.push(error('PG0001', `unknown character \`${first}\``, at(e.offset, e.offset + e.length)));
  }
  all.push(...unclosedComments(source, input.comments));
  for (const { problem: p, at: start } of parser.problems) {
    all.push(
      error(
        p.code,
        p.message,
        at(start + p.start, start + Math.max(p.end, p.start + 1)),
        p.hint ? { hint: p.hint } : {},
      ),
    );
  }
  if (parser.tooDeep)
    all.push(
      error('PG0104', 'nested too deeply', parser.tooDeep, { hint: 'give parts of it names: functions or variables' }),
    );
  // An unterminated text swallows the rest of its line: what is then missing is its echo.
  const open = new Set(parser.problems.filter((p) => p.problem.code === 'PG0007').map((p) => p.at));
  const echo = (e: IRecognitionException): boolean =>
    open.has((e as { previousToken?: IToken }).previousToken?.startOffset ?? -1);
  for (const e of input.parsing) if (!echo(e)) all.push(fromException(e, source));
  for (const t of parser.misplaced) {
    const hint =
      t.tokenType === m.Eq
        ? 'to compare, write `==`'
        : t.image === 'then' || t.image === 'do'
          ? 'the body follows at once, in braces'
          : undefined;
    all.push(
      error('PG0101', `expected \`{\`, found ${tokenText(t)}`, at(t.startOffset, t.startOffset + t.image.length), {
        expected: '`{`',
        found: tokenText(t),
        ...(hint ? { hint } : {}),
      }),
    );
  }
  for (const span of parser.missingSemicolons)
    all.push(
      error('PG0102', 'expected `;` at the end of the statement', span, {
        expected: '`;`',
        hint: /\bpar$/.test(source.text.slice(0, span.start))
          ? '`par` goes with `for`: how many iterations there are is known before they run'
          : 'end the statement with `;`',
      }),
    );
  for (const v of parser.missingValues)
    all.push(
      error('PG0105', `\`${v.name.name}\` needs a value`, v.name.span, {
        hint:
          v.name.name === 'mut'
            ? 'a variable that changes is declared with `var`'
            : v.kind === 'let'
              ? 'write `= value`, or `var` for a variable that starts as zero'
              : 'write `= value`',
      }),
    );
  for (const span of parser.missingRanges)
    all.push(
      error('PG0106', 'foreach needs a range `lo..hi`', span, {
        hint: '`foreach i in 0..v.len { … v[i] … }`; in order, over the elements of a slice: `for x in v`',
      }),
    );
  for (const span of parser.missingOn)
    all.push(
      error('PG0107', 'a forall over a range needs `on`', span, {
        hint: '`on i` deals the indices out in turn, `on a[i]` gives each to the owner of a[i]',
      }),
    );
  for (const span of parser.badReductions)
    all.push(error('PG0108', 'unknown operator of a reduction', span, { hint: 'operators are + * min max & | ^' }));
  for (const span of parser.reducedFors)
    all.push(
      error('PG0109', 'a `for` has no `reduce`', span, {
        hint: 'its iterations run in order: add up in its body, or write `foreach i in 0..n reduce(…)` if any order will do',
      }),
    );
  if (all.length === 0)
    for (const span of parser.chained)
      all.push(
        error('PG0103', 'comparisons do not chain', span, {
          hint: 'write `a < b && b < c`; calls of generic functions name no types: `f(x)`, not `f<int>(x)`',
        }),
      );
  return distinct(all, source);
};

/** In the order of the text, one message a line: what follows a mistake on its line is mostly its echo. */
const distinct = (all: readonly Diagnostic[], source: Source): Diagnostic[] => {
  const seen = new Set<number>();
  return (
    [...all]
      .map((d) => ({
        ...d,
        span: {
          ...d.span,
          start: Math.min(d.span.start, source.text.length),
          end: Math.min(Math.max(d.span.end, d.span.start), source.text.length),
        },
      }))
      // A wrong character or number is the cause of what the parser then missed on that line.
      .sort((a, b) => Number(b.code < 'PG01') - Number(a.code < 'PG01') || a.span.start - b.span.start)
      .filter((d) => {
        const { line } = lineCol(source, d.span.start);
        if (seen.has(line)) return false;
        seen.add(line);
        return true;
      })
      .sort((a, b) => a.span.start - b.span.start)
  );
};

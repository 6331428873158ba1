// The same grammar without recovery from mistakes: how programs that have none are parsed, which is nearly always. Chevrotain keeps for each
// rule what recovery and messages need, and looks at the whole grammar before it begins; here each method of its notation does just what
// it says, and what may begin an alternative is found when the alternative is met for the first time. At the first mistake it gives up, and
// the text is parsed again by Chevrotain.
//
// The rules are LL(1) with gates: an alternative is taken if its gate holds and the next token can begin it, the first such one of several.
// What begins it is found by running it for that purpose ("probing"), as Chevrotain does when it records a grammar: the first CONSUME
// that is come to ends the probe, what may be left out is gone past, and an ACTION is not run.
import { createTokenInstance, EOF, type IToken, type TokenType } from 'chevrotain';
import type { Block, Module } from './ast.ts';
import { PgParser } from './parse-decl.ts';
import type { Span } from './source.ts';
import { allTokens, mark } from './tokens.ts';

/** What may come first: tokens; or nothing at all, and then what follows decides. */
interface First {
  readonly tokens: Set<TokenType>;
  nothing: boolean;
}

/** For each token's number: whether it begins what is optional, or is repeated. */
type Begins = readonly boolean[];
/** A place where alternatives part: for each token's number those that it begins. */
type Choice = readonly (readonly number[])[];

/** What has been found out about the places of a rule, by the number that tells them apart in the rule. */
interface Places {
  readonly choices: Choice[];
  readonly options: Begins[];
  readonly repetitions: Begins[];
}

type Run = () => unknown;
type Alternatives = readonly { readonly GATE?: () => boolean; readonly ALT: Run }[];
type Optional = Run | { readonly GATE?: () => boolean; readonly DEF: Run };
interface Separated {
  readonly SEP: TokenType;
  readonly DEF: Run;
}

/** Thrown at a mistake. */
const mistake = new Error('there is a mistake in the text');
/** Thrown where a probe ends. */
const found = new Error('the first token is known');

const noPlaces = (): Places => ({ choices: [], options: [], repetitions: [] });
const endOfText: IToken = createTokenInstance(EOF, '', Number.NaN, Number.NaN, Number.NaN, Number.NaN, 0, 0);
const numberOf = (type: TokenType): number => type.tokenTypeIdx ?? 0;
/** Something for each token's number. */
const byNumber = <T>(of: (type: TokenType) => T): T[] => {
  const all: T[] = [];
  for (const type of [EOF, ...allTokens]) all[numberOf(type)] = of(type);
  return all;
};
const begins = (first: First, type: TokenType): boolean => first.nothing || first.tokens.has(type);
const isOpen = (o: Optional): boolean => typeof o === 'function' || o.GATE === undefined || o.GATE();
const runOf = (o: Optional): Run => (typeof o === 'function' ? o : o.DEF);

class QuickParser extends PgParser {
  tokens: readonly IToken[] = [];
  at = 0;
  places: Places = noPlaces();
  /** Set while something is run to find what begins it. */
  probe: First | undefined;
  /** Bodies of functions are parsed when they are looked at. */
  later = false;

  firstOf(run: Run): First {
    const before = this.probe;
    const first: First = { tokens: new Set(), nothing: false };
    this.probe = first;
    this.RECORDING_PHASE = true;
    this.quickly = false;
    try {
      run();
      first.nothing = true;
    } catch (error) {
      if (error !== found) throw error;
    } finally {
      this.probe = before;
      this.RECORDING_PHASE = before !== undefined;
      this.quickly = before === undefined;
    }
    return first;
  }

  /** In a probe: what this begins with, begins what is probed. */
  passes(probe: First, ...firsts: readonly First[]): undefined {
    for (const first of firsts) for (const type of first.tokens) probe.tokens.add(type);
    if (!firsts.some((f) => f.nothing)) throw found;
    return undefined;
  }

  rule(impl: Run): Run {
    const places = noPlaces();
    let first: First | undefined;
    return () => {
      if (this.probe) {
        first ??= this.firstOf(impl);
        return this.passes(this.probe, first);
      }
      const before = this.places;
      this.places = places;
      const result = impl();
      this.places = before;
      return result;
    };
  }

  eat(type: TokenType): IToken {
    if (this.probe) {
      this.probe.tokens.add(type);
      throw found;
    }
    const token = this.tokens[this.at];
    if (token?.tokenType !== type) throw mistake;
    this.at++;
    return token;
  }

  choiceOf(alternatives: Alternatives): Choice {
    const firsts = alternatives.map((a) => this.firstOf(a.ALT));
    return byNumber((type) => firsts.flatMap((first, i) => (begins(first, type) ? [i] : [])));
  }

  choose(place: number, given: Alternatives | { readonly DEF: Alternatives }): unknown {
    const alternatives = 'DEF' in given ? given.DEF : given;
    if (this.probe) return this.passes(this.probe, ...alternatives.map((a) => this.firstOf(a.ALT)));
    let choice = this.places.choices[place];
    if (!choice) {
      choice = this.choiceOf(alternatives);
      this.places.choices[place] = choice;
    }
    for (const which of choice[numberOf(this.ahead(1).tokenType)] ?? []) {
      const taken = alternatives[which];
      if (taken && (taken.GATE === undefined || taken.GATE())) return taken.ALT();
    }
    throw mistake;
  }

  firstAt(known: Begins[], place: number, run: Run): Begins {
    const first = this.firstOf(run);
    const found = byNumber((type) => begins(first, type));
    known[place] = found;
    return found;
  }

  /** Whether the next token begins this. */
  goesTo(known: Begins[], place: number, run: Run): boolean {
    const first = known[place] ?? this.firstAt(known, place, run);
    return first[numberOf(this.ahead(1).tokenType)] ?? false;
  }

  perhaps(place: number, o: Optional): unknown {
    const run = runOf(o);
    if (this.probe) return this.leaveOut(this.probe, run);
    return this.goesTo(this.places.options, place, run) && isOpen(o) ? run() : undefined;
  }

  /** In a probe: this may be left out. */
  leaveOut(probe: First, run: Run): undefined {
    return this.passes(probe, this.firstOf(run), { tokens: new Set(), nothing: true });
  }

  repeat(place: number, o: Optional): void {
    const run = runOf(o);
    if (this.probe) return this.leaveOut(this.probe, run);
    const { repetitions } = this.places;
    while (this.goesTo(repetitions, place, run) && isOpen(o)) run();
  }

  separated(place: number, { SEP, DEF }: Separated): void {
    if (this.probe) return this.leaveOut(this.probe, DEF);
    if (this.goesTo(this.places.repetitions, place, DEF)) this.some(SEP, DEF);
  }

  some(separator: TokenType, run: Run): void {
    run();
    if (this.probe) return;
    while (this.ahead(1).tokenType === separator) {
      this.at++;
      run();
    }
  }

  ahead(n: number): IToken {
    return this.tokens[this.at + n - 1] ?? endOfText;
  }

  // Tokens are where they are: none was put in by recovery.

  protected override here(): number {
    return this.tokens[this.at]?.startOffset ?? this.before();
  }

  protected override since(start: number): Span {
    return { source: this.source, start, end: Math.max(start, this.before()) };
  }

  /** Where the last token ends. */
  before(): number {
    const last = this.tokens[this.at - 1];
    return last ? last.startOffset + last.image.length : 0;
  }

  protected override functionBody(): Block {
    if (!this.later || this.probe) return super.functionBody();
    const { tokens, source } = this;
    const begin = this.at;
    const start = this.here();
    this.eat(mark.LBrace);
    for (let open = 1; open > 0; this.at++) {
      const token = tokens[this.at];
      if (!token) throw mistake;
      if (token.tokenType === mark.LBrace) open++;
      else if (token.tokenType === mark.RBrace) open--;
    }
    let parsed: Block | undefined;
    const body = (): Block => {
      parsed ??= this.bodyAt(tokens, begin, source);
      return parsed;
    };
    return {
      span: this.since(start),
      get stmts() {
        return body().stmts;
      },
      get value() {
        return body().value;
      },
    };
  }

  bodyAt(tokens: readonly IToken[], at: number, source: number): Block {
    const body = this.run(tokens, at, source, () => this.block());
    const { problems, misplaced, missingSemicolons, missingValues, missingRanges, missingOn, badReductions, chained } =
      this;
    const noticed = [
      problems,
      misplaced,
      missingSemicolons,
      missingValues,
      missingRanges,
      missingOn,
      badReductions,
      chained,
    ];
    if (!body || noticed.some((list) => list.length > 0)) {
      throw new Error(
        'internal error: a function of the library has a mistake in its syntax (`pgc check` of its module tells it)',
      );
    }
    return body;
  }

  /** The tree of the tokens; nothing if something is wrong with them. `later`: bodies of functions are parsed when they are looked at. */
  parse(tokens: readonly IToken[], source: number, how?: 'later'): Module | undefined {
    this.later = how === 'later';
    const module = this.run(tokens, 0, source, () => this.module());
    return this.at === tokens.length ? module : undefined;
  }

  run<T>(tokens: readonly IToken[], at: number, source: number, rule: () => T): T | undefined {
    this.begin(source);
    this.tokens = tokens;
    this.at = at;
    this.quickly = true;
    try {
      return rule();
    } catch (error) {
      if (error !== mistake) throw error;
      return undefined;
    } finally {
      this.places = noPlaces();
      this.tokens = [];
    }
  }
}

/** Chevrotain's notation, in which the rules are written: `CONSUME`, `CONSUME1`, … differ in their place in the rule alone. */
const notation = new Map<string, (this: QuickParser, ...given: never[]) => unknown>([
  [
    'RULE',
    function (_: string, impl: Run) {
      return this.rule(impl);
    },
  ],
  ['performSelfAnalysis', () => undefined],
  [
    'ACTION',
    function (run: Run) {
      return this.probe ? undefined : run();
    },
  ],
  [
    'LA',
    function (n: number) {
      return this.ahead(n);
    },
  ],
  [
    'SKIP_TOKEN',
    function () {
      if (this.at < this.tokens.length) this.at++;
    },
  ],
]);
for (let n = 0; n < 10; n++) {
  const place = n === 0 ? '' : String(n);
  notation.set(`CONSUME${place}`, function (type: TokenType) {
    return this.eat(type);
  });
  notation.set(`SUBRULE${place}`, (rule: Run) => rule());
  notation.set(`OR${place}`, function (given: Alternatives) {
    return this.choose(n, given);
  });
  notation.set(`OPTION${place}`, function (o: Optional) {
    return this.perhaps(n, o);
  });
  notation.set(`MANY${place}`, function (o: Optional) {
    return this.repeat(n, o);
  });
  notation.set(`MANY_SEP${place}`, function (o: Separated) {
    return this.separated(10 + n, o);
  });
  notation.set(`AT_LEAST_ONE_SEP${place}`, function (o: Separated) {
    return this.some(o.SEP, o.DEF);
  });
}
for (const [name, value] of notation) Object.defineProperty(QuickParser.prototype, name, { value });

export const quickParser = (): QuickParser => new QuickParser();

// Hooks: what the verifier refuses, what the pass leaves, and that programs mean the same with them. The evaluator is the oracle.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hooksInInterval, intervalUnits, spacingUnits, unitsPerMicrosecond } from '../../compiler/cost.ts';
import { evaluate } from '../../compiler/eval.ts';
import { defsOf } from '../../compiler/facts.ts';
import type { Func, Inst, IrProgram, LoopInst } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { leastInterval, timings } from '../../compiler/passes.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { roundsOf } from '../../compiler/rounds.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { verify } from '../../compiler/verify.ts';
import { hookReport, lostHooks, verifyHooks } from '../../compiler/verify-hooks.ts';
import { randomProgram } from './random.ts';

/** More by `PGC_RUNS=1000 npx vitest run test/passes/hooks`. */
const runs = Number(process.env.PGC_RUNS ?? 60);
const choices = fc.array(fc.nat(1000), { minLength: 200, maxLength: 1200 });

const parsed = (text: string): IrProgram => {
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  expect(verify(program).filter((v) => v.invariant !== 'V26')).toEqual([]);
  return program;
};

const head = 'file 0 "a.pg"\npos 1 = 0:4:2 f\npos 2 = 0:9:5 f\n';
const hookFunctions = '\nfunc @runtime.hook(%z: i32) { ret }\n';
const hookedAt = (p: IrProgram, interval: number, timing: 'ticker' | 'count' = 'ticker') =>
  runPasses(p, ['hooks'], { hooks: { timing, interval } });

const loopsOf = (f: Func | undefined): LoopInst[] => {
  const found: LoopInst[] = [];
  if (f)
    forEachInst(f.body, (i: Inst) => {
      if (i.kind === 'loop') found.push(i);
    });
  return found;
};

describe('what is refused', () => {
  test.each([
    [
      'a loop of which nothing is known',
      'loop @l (%i: i64 = %n) !2 {\n%c = eqz.i64 %i\nif @k %c { break @l } else { break @k }\n%j = rem_s.i64 %i, %n\nnext @l(%j)\n}',
    ],
    ['an endless one', 'loop @l !2 {\nnext @l\n}'],
    [
      'one whose bound is a parameter',
      'loop @l (%i: i64 = %n) !2 {\n%one = const.i64 1\n%j = add.i64 %i, %one\n%c = lt_s.i64 %j, %m\nif @k %c { next @l(%j) } else { break @l }\nunreachable\n}',
    ],
    [
      'one whose counter can wrap',
      'loop @l (%i: i64 = %n) !2 {\n%two = const.i64 2\n%j = add.i64 %i, %two\n%big = const.i64 9223372036854775806\n%c = le_s.i64 %j, %big\nif @k %c { next @l(%j) } else { break @l }\nunreachable\n}',
    ],
    [
      'one with a hook in only one arm',
      'loop @l (%i: i64 = %n) !2 {\n%c = eqz.i64 %i\nif @k %c { hook 1, place, 0\nbreak @k } else { break @k }\n%j = rem_s.i64 %i, %n\nnext @l(%j)\n}',
    ],
    [
      'one that goes on before its hook',
      'loop @l (%i: i64 = %n) !2 {\n%c = eqz.i64 %i\nif @k %c { next @l(%m) } else { break @k }\nhook 1, place, 0\n%j = rem_s.i64 %i, %n\nnext @l(%j)\n}',
    ],
    [
      'an inner one, though the outer has a hook',
      'loop @o {\nhook 1, place, 0\nloop @l (%i: i64 = %n) !2 {\n%c = eqz.i64 %i\nif @k %c { break @l } else { break @k }\n%j = rem_s.i64 %i, %n\nnext @l(%j)\n}\nnext @o\n}',
    ],
    [
      'an outer one, though the inner has a hook: it may make no round',
      'loop @o !2 {\n%x = eqz.i64 %n\nif @s %x { break @s } else {\nloop @l (%i: i64 = %n) {\nhook 1, place, 0\n%c = eqz.i64 %i\nif @k %c { break @l } else { break @k }\n%j = rem_s.i64 %i, %n\nnext @l(%j)\n}\nbreak @s\n}\nnext @o\n}',
    ],
  ])('%s', (_, loop) => {
    const p = parsed(`${head}func @f(%n: i64, %m: i64) {\n${loop}\nret\n}`);
    expect(verifyHooks(p)).toEqual(['@f has a loop without a hook, and nothing is known of its rounds at a.pg:9:5']);
    // The pass gives it one.
    expect(verifyHooks(hookedAt(p, 100))).toEqual([]);
  });

  // What a strip must be like to be believed: its bound is near, whatever the values are.
  const strip = (change: (text: string) => string): string =>
    `${head}func @f(%n: i64, %m: i64) {\n${change(`%k = const.i64 100\n%to = add.i64 %n, %k\n%near = lt_s.i64 %to, %m
      %limit: i64 = if @z %near { break @z(%to) } else { break @z(%m) }
      loop @l (%i: i64 = %n) !2 {\n%one = const.i64 1\n%j = add.i64 %i, %one\n%c = lt_s.i64 %j, %limit\nif @k %c { next @l(%j) } else { break @l }\nunreachable\n}`)}\nret\n}`;
  test('a strip is believed only if its bound is near', () => {
    expect(verifyHooks(parsed(strip((t) => t)))).toEqual([]);
    const [loop] = loopsOf(parsed(strip((t) => t)).funcs[0]);
    const f = parsed(strip((t) => t)).funcs[0];
    if (!f || !loop) throw new Error('no loop');
    expect(roundsOf(defsOf(f), loop, (v) => f.types[v])).toBe(100);
    const wrong: readonly (readonly [string, string])[] = [
      ['lt_s.i64 %to, %m', 'lt_s.i64 %m, %to'],
      ['lt_s.i64 %to, %m', 'lt_s.i64 %n, %m'],
      ['lt_s.i64 %to, %m', 'lt_s.i64 %to, %n'],
      ['lt_s.i64 %to', 'gt_s.i64 %to'],
      ['lt_s.i64 %to', 'lt_u.i64 %to'],
      ['{ break @z(%to) } else { break @z(%m) }', '{ break @z(%m) } else { break @z(%to) }'],
      ['add.i64 %n, %k', 'add.i64 %m, %k'],
      ['add.i64 %n, %k', 'sub.i64 %n, %k'],
      ['const.i64 100', 'const.i64 -100'],
      ['lt_s.i64 %j', 'le_s.i64 %j'],
      ['lt_s.i64 %j', 'ne.i64 %j'],
      ['lt_s.i64 %j', 'lt_u.i64 %j'],
      ['const.i64 1\n', 'const.i64 -1\n'],
      // The strip would not end where its counter is: it might step over the end of its type.
      ['const.i64 1\n', 'const.i64 3\n'],
      ['loop @l (%i: i64 = %n)', 'loop @l (%i: i64 = %m)'],
    ];
    for (const [from, to] of wrong) {
      const text = strip((t) => t.replace(from, to));
      expect([from, to, verifyHooks(parsed(text)).length]).toEqual([from, to, 1]);
    }
  });

  test('a circle of a thousand functions has hooks, and is no deeper for the compiler than one of two', () => {
    const many = 1000;
    const call = (k: number): string => `func @f${k}(%n: i64) {\ncall @f${(k + 1) % many}(%n) !2\nret\n}\n`;
    const p = parsed(`${head}${Array.from({ length: many }, (_, k) => call(k)).join('')}`);
    expect(verifyHooks(p)).toHaveLength(1);
    expect(verifyHooks(hookedAt(p, 100), 400_000)).toEqual([]);
  });

  test('recursion without a hook, by oneself, by another and by a value', () => {
    const self = parsed(`${head}func @f(%n: i64) {\ncall @f(%n) !2\nret\n}`);
    expect(verifyHooks(self)).toEqual(['@f comes back to itself without a hook at a.pg:9:5']);
    const both = parsed(
      `${head}func @f(%n: i64) {\ncall @g(%n) !2\nret\n}\nfunc @g(%n: i64) {\ncall @f(%n) !1\nret\n}`,
    );
    expect(verifyHooks(both)).toHaveLength(1);
    const value = parsed(`${head}func @f(%n: i64) {\n%g = func.ref @f\ncall.value %g, %n !2\nret\n}`);
    expect(verifyHooks(value)).toEqual(['@f comes back to itself without a hook at a.pg:9:5']);
    const late = parsed(
      `${head}func @f(%n: i64) {\ncall @g(%n)\nhook 1, call, 0\ncall @f(%n)\nret\n}\nfunc @g(%n: i64) {\ncall @f(%n) !2\nret\n}`,
    );
    expect(verifyHooks(late)).toHaveLength(1);
    for (const p of [self, both, value]) expect(verifyHooks(hookedAt(p, 100))).toEqual([]);
    // A way through an arm that has no call, before another call.
    const inner = 'if @i %c { call @f(%n) !2\nbreak @i } else { break @i }\n';
    const early = 'block @b { if @i %c { break @a } else { break @i }\ncall @f(%n) !2\nbreak @b }\n';
    for (const arm of [inner, early]) {
      const ways = parsed(
        `${head}func @f(%n: i64) {\n%c = eqz.i64 %n\nif @a %c { ${arm}break @a } else { call @f(%n) !2\nbreak @a }\ncall @f(%n) !2\nret\n}`,
      );
      expect(verifyHooks(ways)).toHaveLength(1);
      expect(verifyHooks(hookedAt(ways, 100))).toEqual([]);
    }
  });
});

describe('the longest path', () => {
  const cost = (text: string): number => hookReport(parsed(`func @init() { ret }\n${text}`)).longest.cost;
  const divide = '%x = div_s.i64 %n, %n\n';
  test('is the sum of what is in a row, the larger of two arms, and all rounds of a loop', () => {
    const main = (body: string): number => cost(`func @main() {\n%n = const.i64 7\n${body}ret\n}`);
    expect(main(divide)).toBe(25);
    expect(main(`${divide}hook 1, place, 0\n${divide.replace('%x', '%y')}${divide.replace('%x', '%z')}`)).toBe(50);
    expect(main(`%c = eqz.i64 %n\nif @k %c {\n${divide}break @k\n} else { break @k }\n`)).toBe(1 + 25 + 1 + 1);
    const loop = `%o = const.i64 1\nloop @l (%i: i64 = %o) {\n${divide}%j = add.i64 %i, %o\n%m = le_s.i64 %j, %n\nif @k %m { next @l(%j) } else { break @l }\nunreachable\n}\n`;
    expect(main(loop)).toBe(7 * (25 + 1 + 1 + 1 + 1));
  });
  test('goes on in what is called, from the hook before to the first one in it', () => {
    const f = (body: string): string => `func @f(%n: i64) {\n${body}ret\n}\n`;
    const calls = 'func @main() {\n%n = const.i64 7\nhook 1, place, 0\ncall @f(%n)\ncall @f(%n)\nret\n}\n';
    expect(cost(f(divide) + calls)).toBe(2 * (5 + 25));
    expect(cost(f(`${divide}hook 1, place, 0\n`) + calls)).toBe(5 + 25);
    expect(cost(f(`hook 1, place, 0\n${divide}`) + calls)).toBe(25 + 5);
    expect(cost(f(`${divide}hook 1, place, 0\n${divide.replace('%x', '%y')}`) + calls)).toBe(25 + 5 + 25);
  });
});

test('strips of counters at the ends of their types', () => {
  const loop = (type: 'i32' | 'i64', from: bigint, to: bigint, step: bigint, compare: string): IrProgram =>
    parsed(`private @n size 8 align 8\nfunc @init() { ret }\nfunc @main() {
      %from = const.${type} ${from}\n%none = const.i64 0\n%p = global @n\n%a = addr %p\n%to0 = const.${type} ${to}\nstore.${type} %a, %to0, 0\n%to = load.${type} %a, 0
      %count: i64 = loop @l (%i: ${type} = %from, %c: i64 = %none) {
        %one = const.i64 1\n%d = add.i64 %c, %one\n%many = const.i64 3000\n%stop = gt_s.i64 %d, %many
        if @s %stop { break @l(%d) } else { break @s }
        %step = const.${type} ${step}\n%j = add.${type} %i, %step\n%more = ${compare}.${type} %j, %to
        if @k %more { next @l(%j, %d) } else { break @l(%d) }
        unreachable
      }
      out.i64 %count, "{\\"type\\":\\"i64\\"}"\nout.end 1, 1\nret\n}`);
  const ends = { i32: [-(1n << 31n), (1n << 31n) - 1n], i64: [-(1n << 63n), (1n << 63n) - 1n] } as const;
  let strips = 0;
  for (const type of ['i32', 'i64'] as const) {
    const [low, high] = ends[type];
    for (const step of [1n, 2n, 7n, 1000n, -1n, -3n, -1000n]) {
      for (const compare of step > 0n ? ['lt_s', 'le_s'] : ['gt_s', 'ge_s']) {
        for (const [from, to] of [
          [low, high],
          [high, low],
          [0n, 1000n],
          [1000n, 0n],
          [high - 2500n, high],
          [low + 2500n, low],
          [low, low],
          [high, high],
          [5n, 5n],
          [-1n, high - 1n],
        ] as const) {
          const p = loop(type, from, to, step, compare);
          const hooked = hookedAt(p, leastInterval);
          expect(verifyHooks(hooked)).toEqual([]);
          if (loopsOf(hooked.funcs[1]).some((l) => l.label.startsWith('strip'))) strips++;
          expect([type, from, to, step, compare, evaluate(hooked, { images: 1 }).stdout]).toEqual([
            type,
            from,
            to,
            step,
            compare,
            evaluate(p, { images: 1 }).stdout,
          ]);
        }
      }
    }
  }
  expect(strips).toBeGreaterThan(200);
});

/** What can be told from outside. */
const seen = (p: IrProgram, onHook?: () => boolean) => {
  const { outcome, stdout } = evaluate(p, { images: 1, steps: 400_000, maxDepth: 100, ...(onHook ? { onHook } : {}) });
  if (outcome.kind !== 'fault') return { kind: outcome.kind, stdout };
  return { kind: outcome.kind, fault: outcome.fault, values: outcome.values.map(String), stdout };
};

const before = ['fold', 'promote', 'cse', 'licm', 'rotate', 'fold', 'licm', 'strength'];

test('random programs mean the same with hooks, whatever is due', () => {
  fc.assert(
    fc.property(
      choices,
      fc.constantFrom(1, 2, 100, 10_000),
      fc.subarray(before),
      fc.integer({ min: 1, max: 5 }),
      (list, interval, names, every) => {
        const plain = runPasses(
          randomProgram(list),
          before.filter((n) => names.includes(n)),
        );
        const expected = seen(plain);
        const hooked = runPasses(plain, ['hooks'], { hooks: { timing: 'ticker', interval }, verify: true });
        expect(verifyHooks(hooked)).toEqual([]);
        let asked = 0;
        const found = [seen(hooked), seen(hooked, () => true), seen(hooked, () => ++asked % every === 0)];
        for (const f of found) if (expected.kind !== 'steps' && f.kind !== 'steps') expect(f).toEqual(expected);
      },
    ),
    { numRuns: 2 * runs },
  );
});

/** A loop of which nobody knows how long it goes on: `n` rounds; `two`: it goes round in two places. */
const looped = (n: number, two: boolean): IrProgram => {
  const on = two ? '%o = and.i32 %b, %w\nif @p %o { next @l(%j) } else { break @p }\n' : '';
  return parsed(`private @n size 8 align 8\nfunc @init() { ret }\nfunc @main() {
    %p = global @n\n%a = addr %p\n%to0 = const.i64 ${n}\nstore.i64 %a, %to0, 0\n%from = load.i64 %a, 0
    %end: i64 = loop @l (%i: i64 = %from) {
      %none = const.i64 0\n%out = eq.i64 %i, %none
      if @s %out { break @l(%i) } else { break @s }
      %w = const.i32 1\n%b = wrap %i\n%j0 = const.i64 1\n%j = sub.i64 %i, %j0
      ${on}next @l(%j)
    }
    out.i64 %end, "{\\"type\\":\\"i64\\"}"\nout.end 1, 1\nret\n}`);
};

test.each([false, true])(
  'some rounds of a small loop become one, with a hook at its end (two ways round: %s)',
  (two) => {
    for (const n of [0, 1, 2, 3, 4, 5, 7, 8, 9, 100]) {
      const p = looped(n, two);
      const hooked = hookedAt(p, 100);
      expect(verifyHooks(hooked)).toEqual([]);
      let asked = 0;
      const found = seen(hooked, () => {
        asked++;
        return true;
      });
      expect(found).toEqual(seen(p));
      expect([n, asked]).toEqual([n, Math.floor(n / 4)]);
    }
  },
);

test('rounds that become one are no more than fit between two hooks', () => {
  const long = `func @init() { ret }\nfunc @f(%n: i64) {
    loop @l (%i: i64 = %n) {
      %out = eqz.i64 %i\nif @s %out { break @l } else { break @s }
      ${Array.from({ length: 8 }, (_, k) => `%d${k} = div_s.i64 %i, %i\n`).join('')}%j = sub.i64 %i, %d7
      next @l(%j)
    }\nret\n}\nfunc @main() { ret }`;
  const hooksAt = (interval: number): string[] => {
    const found: string[] = [];
    for (const f of hookedAt(parsed(long), interval).funcs)
      forEachInst(f.body, (i) => {
        if (i.kind === 'op' && i.op === 'hook') found.push(i.imms.slice(1).join(' '));
      });
    return found;
  };
  expect(hooksAt(100)).toEqual(['place 4']);
  expect(hooksAt(leastInterval)).toEqual(['place 2']);
});

describe('a path that is too long is refused', () => {
  const divide = (n: number): string =>
    Array.from({ length: n }, () => '%x = div_s.i64 %n, %n\n')
      .join('')
      .replaceAll(/%x/g, () => `%x${++made}`);
  let made = 0;
  const limit = 1000;
  const refused = (text: string): readonly string[] =>
    verifyHooks(parsed(`${head}func @init() { ret }\n${text}`), limit);
  const main = (body: string): string => `func @main() {\n%n = const.i64 7\n${body}ret\n}\n`;
  const f = (body: string): string => `func @f(%n: i64) {\n${body}ret\n}\n`;
  const long = /^there is no hook for \d+ units from .* to .*; there may be 1000 from one to the next$/;
  test.each([
    ['code in a row', main(divide(41))],
    ['behind a hook', main(`hook 1, place, 0\n${divide(41)}`)],
    [
      'from the hook of one function to that of another',
      f(`${divide(20)}hook 1, place, 0\n`) + main(`hook 1, row, 0\n${divide(21)}call @f(%n)\n`),
    ],
    [
      'from the last hook of what was called',
      f(`hook 1, place, 0\n${divide(20)}`) + main(`call @f(%n)\n${divide(21)}`),
    ],
    ['through what is called twice', f(divide(20)) + main('call @f(%n)\ncall @f(%n)\n')],
    [
      'from one round to the next',
      main(`loop @l {\n${divide(21)}hook 1, place, 0\n${divide(21)}next @l\n}\nunreachable\n`).replace(
        'unreachable\nret',
        'unreachable',
      ),
    ],
    ['in a task, which nothing calls', `func @task(%n: i64) {\n${divide(41)}ret\n}\n${main('')}`],
    [
      'one that has become code',
      f('%z = const.i32 1\nif @h %z likely !by=lower-hooks {\nbreak @h\n} else {\nbreak @h\n}\n') +
        main(`${divide(21)}call @f(%n)\n${divide(21)}`),
    ],
  ])('%s', (_, text) => {
    expect(refused(text)).toEqual([expect.stringMatching(long)]);
  });
  test('and one that is short enough is not', () => {
    expect(refused(main(divide(39)))).toEqual([]);
    expect(
      refused(f(`${divide(19)}hook 1, place, 0\n${divide(19)}`) + main(`${divide(19)}call @f(%n)\n${divide(19)}`)),
    ).toEqual([]);
    expect(
      refused(
        main(`loop @l {\n${divide(19)}hook 1, place, 0\n${divide(19)}next @l\n}\nunreachable\n`).replace(
          'unreachable\nret',
          'unreachable',
        ),
      ),
    ).toEqual([]);
    // A hook that has become code: what it calls when it is due is not on the way.
    const due =
      '%z = const.i32 1\nif @h %z likely !by=lower-hooks {\nbreak @h\n} else {\ncall @runtime.hook(%z)\nbreak @h\n}\n';
    const hook = `func @runtime.hook(%z: i32) { ret }\n`;
    expect(refused(hook + f(due) + main(`${divide(21)}call @f(%n)\n${divide(21)}`))).toEqual([]);
  });
  test('hooks that a pass leaves out are missed', () => {
    const hook = (body: string): IrProgram =>
      parsed(`${head}func @runtime.hook(%z: i32) { ret }\nfunc @init() { ret }\n${main(body)}`);
    const due =
      '%z = const.i32 1\nif @h %z likely !by=lower-hooks {\nbreak @h\n} else {\ncall @runtime.hook(%z)\nbreak @h\n}\n';
    expect(lostHooks(hook(due), hook(''))).toEqual(['main']);
    expect(lostHooks(hook(due), hook(due))).toEqual([]);
  });
});

test('rows of calls are never longer than an interval, whatever is in what is called', () => {
  const count = (k: string): string =>
    `loop @l${k} (%i${k}: i64 = %n) {\n%o${k} = const.i64 1\n%j${k} = add.i64 %i${k}, %o${k}\n%c${k} = lt_s.i64 %j${k}, %m\nif @k${k} %c${k} { next @l${k}(%j${k}) } else { break @l${k} }\nunreachable\n}\n`;
  const rows = (name: string, calls: string, n: number, loops: number): string =>
    `func @${name}(%n: i64, %m: i64) {\n${Array.from({ length: loops }, (_, k) => count(String(k))).join('')}${`call @${calls}(%n, %m)\n`.repeat(n)}ret\n}\n`;
  // Each as long as can be without a hook, or nearly; the last two call each other.
  const again = (name: string, calls: string): string =>
    `func @${name}(%n: i64, %m: i64) {\n${count('')}%e = lt_s.i64 %n, %m\nif @e %e {\ncall @${calls}(%m, %n)\ncall @c(%n, %m)\nbreak @e\n} else { break @e }\n${count('9')}ret\n}\n`;
  const text = `func @init() { ret }\n${rows('a', 'a0', 0, 5)}${rows('b', 'a', 3, 1)}${rows('c', 'b', 4, 2)}${again('d', 'e')}${again('e', 'd')}
    func @main() {\n%x = const.i64 1\n%y = const.i64 9\ncall @c(%x, %y)\ncall @d(%x, %y)\ncall @c(%x, %y)\nret\n}`;
  for (const interval of [10, 100, 1000]) {
    const hooked = hookedAt(parsed(text), interval);
    expect(verifyHooks(hooked, intervalUnits(interval))).toEqual([]);
    const lowered = runPasses(parsed(text + hookFunctions), ['hooks', 'lower-hooks'], {
      hooks: { timing: 'ticker', interval },
    });
    expect(verifyHooks(lowered, intervalUnits(interval))).toEqual([]);
    // As code they cost a little.
    const more = hookReport(lowered).longest.cost - hookReport(hooked).longest.cost;
    expect([interval, more >= 0 && more < 20]).toEqual([interval, true]);
  }
});

test('two hundred loops or calls in a row are never longer than an interval', () => {
  const count = (k: string, of: string): string =>
    `loop @l${k} (%i${k}: i64 = ${of}) {\n%o${k} = const.i64 1\n%j${k} = add.i64 %i${k}, %o${k}\n%c${k} = lt_s.i64 %j${k}, %m\nif @k${k} %c${k} { next @l${k}(%j${k}) } else { break @l${k} }\nunreachable\n}\n`;
  const all = Array.from({ length: 200 }, (_, k) => String(k));
  const rows = {
    loops: `func @init() { ret }\nfunc @main() { ret }\nfunc @f(%n: i64, %m: i64) {\n${all.map((k) => count(k, '%n')).join('')}ret\n}`,
    calls: `func @init() { ret }\nfunc @g(%n: i64, %m: i64) {\n${count('', '%n')}ret\n}\nfunc @main() { ret }\nfunc @f(%n: i64, %m: i64) {\n${'call @g(%n, %m)\n'.repeat(200)}ret\n}`,
    inside: `func @init() { ret }\nfunc @main() { ret }\nfunc @f(%n: i64, %m: i64) {\nloop @o {\n${all.map((k) => count(k, '%n')).join('')}next @o\n}\nunreachable\n}`,
  };
  for (const [name, text] of Object.entries(rows)) {
    const hooked = hookedAt(parsed(text), 100);
    expect(verifyHooks(hooked)).toEqual([]);
    const { cost } = hookReport(hooked).longest;
    expect([name, cost > (hooksInInterval - 2) * spacingUnits(100)]).toEqual([name, true]);
    expect([name, cost <= intervalUnits(100)]).toEqual([name, true]);
  }
});

test('without hooks nothing is put in', () => {
  const p = parsed('func @f() {\nloop @l {\nnext @l\n}\nunreachable\n}');
  expect(runPasses(p, ['hooks']).funcs).toEqual(p.funcs);
  expect(timings).toContain('off');
});

test('the spacing is a part of the interval', () => {
  expect(spacingUnits(100)).toBe((100 * unitsPerMicrosecond) / hooksInInterval);
});

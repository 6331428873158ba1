// The structure of functions: values that change places all at once at the edges of loops and blocks, exits from deep inside, and
// random programs, whose wasm must say and fault what the evaluator does, with and without the passes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { optimise, passes, sequence } from '../../compiler/pipeline.ts';
import { formatValue } from '../../vm/format.ts';
import { randomProgram } from '../passes/random.ts';
import { artifactOf, constants, linesOf, nodeOf, print, programOf, trapOf } from './instance.ts';

const stackBytes = 256 * 1024;

/** What the wasm of a program prints and how it ends, as the evaluator would say it. */
const ran = async (program: IrProgram, fault: boolean) => {
  const node = nodeOf(program, (await artifactOf(program)).wasm, { stackBytes });
  const image = node.images[0]!;
  // The config of random programs.
  if (node.layout.offsets.has('n')) node.view.setBigInt64(node.at(0, 'n'), 5n, true);
  const both = (): void => {
    image.init();
    image.main();
  };
  if (!fault) {
    both();
    return { kind: 'ok', lines: image.lines() };
  }
  expect(trapOf(both).message).toBe('unreachable');
  const { kind, values } = image.record();
  return { kind, values, lines: image.lines() };
};

/** The same of the evaluator; undefined if the program does not end by itself. */
const evaluated = (program: IrProgram) => {
  const { outcome, output } = evaluate(program, {
    images: 1,
    steps: 300_000,
    maxDepth: 100,
    stackBytes,
    format: formatValue,
  });
  const lines = linesOf(output);
  if (outcome.kind === 'ok') return { kind: 'ok', lines } as const;
  if (outcome.kind !== 'fault' || outcome.fault === 'stack') return undefined;
  const values = [0, 1, 2].map((k) => outcome.values[k] ?? 0n);
  return { kind: outcome.fault, values, lines };
};

const main = async (insts: string, funcs = ''): Promise<readonly string[]> => {
  const program = programOf(`func @init() {\nret\n}\nfunc @main() {\n${insts}\nret\n}\n${funcs}`);
  const { lines } = await ran(program, false);
  expect(lines).toEqual(evaluated(program)?.lines);
  return lines;
};

describe('values change places all at once', () => {
  /** Rotates its values by a permutation, a number of times. */
  const rotating = (to: readonly number[], rounds: number): string => {
    const names = to.map((_, k) => `%v${k}`);
    return `${constants(
      'i64',
      to.map((_, k) => String(k)),
    )}%zero = const.i64 0\n%one = const.i64 1\n%rounds = const.i64 ${rounds}
      ${to.map((_, k) => `%r${k}: i64`).join(', ')} = loop @l (${names.map((v, k) => `${v}: i64 = %c${k}`).join(', ')}, %i: i64 = %zero) {
        %n = add.i64 %i, %one
        %done = eq.i64 %i, %rounds
        if @x %done { break @l(${names.join(', ')}) } else { break @x }
        next @l(${to.map((k) => names[k]).join(', ')}, %n)
      }
      ${to.map((_, k) => print('i64', `%r${k}`)).join('')}`;
  };

  it('in loops: any permutation, also with repetitions', async () => {
    const lists = fc.integer({ min: 1, max: 6 }).chain((n) => fc.array(fc.nat(n - 1), { minLength: n, maxLength: n }));
    await fc.assert(
      fc.asyncProperty(lists, fc.nat(5), async (to, rounds) => {
        let values = to.map((_, k) => k);
        for (let k = 0; k < rounds; k++) values = to.map((from) => values[from] ?? -1);
        expect(await main(rotating(to, rounds))).toEqual(values.map(String));
      }),
      { numRuns: 80 },
    );
  });

  it('a parameter and what is computed from it', async () => {
    // Fibonacci: the second next value needs the first old one.
    const text = `${constants('i64', ['0', '1', '10'])}
      %r: i64 = loop @l (%a: i64 = %c0, %b: i64 = %c1, %n: i64 = %c2) {
        %stop = eqz.i64 %n
        if @x %stop { break @l(%a) } else { break @x }
        %sum = add.i64 %a, %b
        %m = sub.i64 %n, %c1
        next @l(%b, %sum, %m)
      }
      ${print('i64', '%r')}`;
    expect(await main(text)).toEqual(['55']);
  });

  it('an expression of two parameters that change', async () => {
    const text = `${constants('i64', ['3', '5', '1', '4', '0'])}
      %r: i64, %s: i64 = loop @l (%a: i64 = %c0, %b: i64 = %c1, %i: i64 = %c4) {
        %done = ge_s.i64 %i, %c3
        if @x %done { break @l(%a, %b) } else { break @x }
        %n = add.i64 %i, %c2
        %u = sub.i64 %b, %a
        %w = add.i64 %a, %i
        next @l(%u, %w, %n)
      }
      ${print('i64', '%r')}${print('i64', '%s')}`;
    let [a, b] = [3, 5];
    for (let i = 0; i < 4; i++) [a, b] = [b - a, a + i];
    expect(await main(text)).toEqual([String(a), String(b)]);
  });

  it('results of an inner loop become parameters of the outer, crosswise', async () => {
    const text = `${constants('i64', ['1', '2', '0', '3'])}
      %r: i64, %s: i64 = loop @o (%a: i64 = %c0, %b: i64 = %c1, %i: i64 = %c2) {
        %x: i64, %y: i64 = loop @l (%p: i64 = %b, %q: i64 = %a, %j: i64 = %c2) {
          %done = ge_s.i64 %j, %i
          if @d %done { break @l(%q, %p) } else { break @d }
          %k = add.i64 %j, %c0
          %t = add.i64 %p, %q
          next @l(%q, %t, %k)
        }
        %n = add.i64 %i, %c0
        %out = ge_s.i64 %n, %c3
        if @e %out { break @o(%y, %x) } else { break @e }
        next @o(%y, %x, %n)
      }
      ${print('i64', '%r')}${print('i64', '%s')}`;
    let [a, b] = [1, 2];
    for (let i = 0; i < 3; i++) {
      let [p, q] = [b, a];
      for (let j = 0; j < i; j++) [p, q] = [q, p + q];
      [a, b] = [p, q];
    }
    expect(await main(text)).toEqual([String(a), String(b)]);
  });
});

describe('exits', () => {
  it('from a loop in a loop to the outer one, to a block around both, and out of the function', async () => {
    const funcs = `func @f(%n: i64) -> i64 {
      %zero = const.i64 0
      %one = const.i64 1
      %two = const.i64 2
      %ten = const.i64 10
      %r: i64 = block @b {
        loop @o (%i: i64 = %zero) {
          loop @l (%j: i64 = %zero) {
            %s = add.i64 %i, %j
            %early = eq.i64 %s, %n
            if @x %early { ret(%ten) } else { break @x }
            %is2 = eq.i64 %j, %two
            %k = add.i64 %j, %one
            %i2 = add.i64 %i, %one
            %big = gt_s.i64 %i, %two
            if @y %big { break @b(%i) } else { break @y }
            if @z %is2 { next @o(%i2) } else { next @l(%k) }
            unreachable
          }
          unreachable
        }
        unreachable
      }
      ret(%r)
    }\n`;
    const text = [4, 5, 99]
      .map((n) => `%n${n} = const.i64 ${n}\n%r${n} = call @f(%n${n})\n${print('i64', `%r${n}`)}`)
      .join('');
    expect(await main(text, funcs)).toEqual(['10', '3', '3']);
  });

  it('an if with results on both sides, nested, and with nothing to do', async () => {
    const funcs = `func @f(%a: i64, %b: i64) -> i64, f64 {
      %half = fconst.f64 0.5
      %c = lt_s.i64 %a, %b
      if @nothing %c { break @nothing } else { break @nothing }
      %r: i64, %d: f64 = if @o %c {
        %z = eqz.i64 %a
        %s: i64 = if @i %z { break @i(%b) } else { break @o(%a, %half) }
        %w = convert_s.f64.i64 %b
        break @o(%s, %w)
      } else {
        %m = sub.i64 %a, %b
        break @o(%m, %half)
      }
      ret(%r, %d)
    }\n`;
    const call = ([a, b]: readonly number[], k: number): string =>
      `%a${k} = const.i64 ${a}\n%b${k} = const.i64 ${b}\n%r${k}: i64, %d${k}: f64 = call @f(%a${k}, %b${k})\n${print('i64', `%r${k}`)}${print('f64', `%d${k}`)}`;
    const text = [
      [0, 5],
      [3, 5],
      [9, 5],
    ]
      .map(call)
      .join('');
    expect(await main(text, funcs)).toEqual(['5', '5.0', '3', '0.5', '4', '0.5']);
  });

  it('a read before a write stays before it, and a call between is not passed', async () => {
    const text = `slot $x size 8 align 8\n%p = frame $x\n%a = addr %p\n${constants('i64', ['1', '2'])}store.i64 %a, %c0, 0\n%old = load.i64 %a, 0\nstore.i64 %a, %c1, 0\n%sum = add.i64 %old, %c1
      %b = addr %p\n%v = load.i64 %b, 0\n%w = call @bump(%p)\n%prod = mul.i64 %v, %w\n${print('i64', '%sum')}${print('i64', '%prod')}`;
    const funcs = `func @bump(%p: gptr) -> i64 {\n%a = addr %p\n%seven = const.i64 7\nstore.i64 %a, %seven, 0\n%v = load.i64 %a, 0\nret(%v)\n}\n`;
    expect(await main(text, funcs)).toEqual(['3', '14']);
  });
});

describe('values that are used once', () => {
  it('are read from the frame before it is given back to others', async () => {
    const funcs = `func @f(%n: i64) -> i64 {\nslot $x size 8 align 8\n%p = frame $x\n%a = addr %p\nstore.i64 %a, %n, 0\n%v = load.i64 %a, 0\nret(%v)\n}\n`;
    const text = `${constants('i64', ['3', '4'])}%x = call @f(%c0)\n%y = call @f(%c1)\n%d = sub.i64 %x, %y\n${print('i64', '%d')}`;
    expect(await main(text, funcs)).toEqual(['-1']);
  });

  it('may be made of thousands of others, or of none that matter', async () => {
    const sum = Array.from({ length: 20_000 }, (_, k) => `%s${k + 1} = add.i64 %s${k}, %c1\n`).join('');
    const text = `${constants('i64', ['5', '1'])}%s0 = add.i64 %c0, %c1\n${sum}%unused = mul.i64 %c0, %c1\n${print('i64', '%s20000')}`;
    expect(await main(text)).toEqual(['20006']);
  });

  it('a test of a word in memory is made anew in each round', async () => {
    const text = `slot $x size 8 align 8\n%p = frame $x\n${constants('i64', ['0', '1', '7'])}%a = addr %p\nstore.i64 %a, %c0, 0
      loop @l {
        %b = addr %p
        %v = load.i64 %b, 0
        %n = add.i64 %v, %c1
        store.i64 %b, %n, 0
        %w = load.i64 %b, 0
        %more = lt_s.i64 %w, %c2
        if @i %more { next @l } else { break @i }
        break @l
      }
      %e = addr %p\n%end = load.i64 %e, 0\n${print('i64', '%end')}`;
    expect(await main(text)).toEqual(['7']);
  });
});

describe('random programs', () => {
  const optional: readonly string[] = passes.filter((p) => !p.required).map((p) => p.name);
  const choices = fc.array(fc.nat(1000), { minLength: 200, maxLength: 1200 });
  /** More by `PGC_RUNS=1000 npx vitest run test/emit`. */
  const numRuns = Number(process.env.PGC_RUNS ?? 80);

  it('say and fault as in the evaluator, as they are and after some of the passes', async () => {
    let faults = 0;
    let ended = 0;
    await fc.assert(
      fc.asyncProperty(choices, fc.subarray([...optional]), async (list, skip) => {
        const plain = randomProgram(list);
        const expected = evaluated(plain);
        if (!expected) return;
        if (expected.kind === 'ok') ended++;
        else faults++;
        expect(await ran(plain, expected.kind !== 'ok')).toEqual(expected);
        const made = optimise(plain, { skip, only: sequence.filter((p) => optional.includes(p)) });
        expect(await ran(made, expected.kind !== 'ok')).toEqual(expected);
      }),
      { numRuns },
    );
    expect(ended).toBeGreaterThan(numRuns / 20);
    expect(faults).toBeGreaterThan(0);
  });
});

it('a loop that goes on under two comparisons tests them one after the other', async () => {
  const loop = (most: number, end: number): string => `%z = const.i64 0\n%one = const.i64 1\n%most = const.i64 ${most}
    %end = const.i64 ${end}\n%two = const.i64 2
    %r: i64 = loop @l (%i: i64 = %z) {
      %next = add.i64 %i, %one\n%twice = mul.i64 %next, %two
      %a = lt_s.i64 %next, %most\n%b = lt_s.i64 %twice, %end\n%both = and.i32 %a, %b
      if @t %both { next @l(%next) } else { break @l(%next) }
      unreachable
    }
    ${print('i64', '%r')}`;
  expect(await main(loop(3, 100))).toEqual(['3']);
  expect(await main(loop(100, 8))).toEqual(['4']);
  const text = `func @init() {\nret\n}\nfunc @main() {\n${loop(3, 100)}\nret\n}\n`;
  const { wat = '' } = await artifactOf(programOf(text));
  expect(wat.slice(wat.indexOf('(func $main'))).not.toContain('i32.and');
});

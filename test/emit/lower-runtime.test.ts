// lower-runtime: which calls it makes of which ops, that it fails loudly without a run-time, and that every reduction gives all
// images the bits that a fold over the images in their order gives.
import { describe, expect, it } from 'vitest';
import { combine } from '../../compiler/arith.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram, OpInst } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { wordsOf } from '../../compiler/ir-types.ts';
import { lower } from '../../compiler/lower.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { check } from '../../lang/check.ts';
import { constants, programOf } from './instance.ts';

/** The run-time as IR, from its source in the library. */
const library: IrProgram = (() => {
  const { program, diagnostics } = check('empty.pg', fileHost({ texts: { 'empty.pg': 'fn main() { barrier; }\n' } }));
  if (!program) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return lower(program, { whole: true });
})();

/** The program with the run-time's functions, which name no places here. */
const withRuntime = (p: IrProgram): IrProgram => {
  const own = new Set(p.funcs.map((f) => f.name));
  const unplaced = runPasses(library, []);
  return {
    ...p,
    files: unplaced.files,
    positions: unplaced.positions,
    globals: [...p.globals, ...unplaced.globals],
    data: [...p.data, ...unplaced.data],
    funcs: [...p.funcs, ...unplaced.funcs.filter((f) => !own.has(f.name))],
  };
};

const lowered = (p: IrProgram): IrProgram => runPasses(p, ['lower-runtime'], { verify: true });

const callsOf = (p: IrProgram, name: string): OpInst[] => {
  const found: OpInst[] = [];
  const f = p.funcs.find((x) => x.name === name);
  if (f) forEachInst(f.body, (i) => void (i.kind === 'op' && i.op === 'call' && found.push(i)));
  return found;
};

const head =
  'shared @u elem 8 dist(block, star)\nshared @v elem 8 dist(block, star)\ndynamic @d elem 4 rank 2 symmetric\ndynamic @e elem 4 rank 1\n';
const program = (init: string, main: string): IrProgram =>
  programOf(`${head}func @init() {\n${init}\nret\n}\nfunc @main() {\n${main}\nret\n}\n`);

const n = '%n = const.i64 4\n';
const cases: Readonly<Record<string, readonly [string, string, string]>> = {
  barrier: ['', 'barrier', 'runtime.barrier'],
  idle: ['', `${n}idle %n`, 'runtime.idle'],
  alloc: ['', `${n}%p = alloc %n`, 'runtime.alloc'],
  free: ['', '%p = null\nfree %p', 'runtime.free'],
  allreduce: ['', `${n}%s = allreduce.i64 %n, add`, 'runtime.exchange'],
  reduce: ['', `${n}%s = reduce.i64 %n, %n, add`, 'runtime.exchange'],
  broadcast: ['', `${n}%s = broadcast.i64 %n, %n`, 'runtime.exchange'],
  'shared.init': [`${n}shared.init %n, %n, %n, %n, @u`, '', 'runtime.shared_layout'],
  'dynamic.init': [`${n}dynamic.init %n, %n, @d`, '', 'runtime.dynamic_layout'],
  'shared.swap': ['', 'shared.swap @u, @v', 'runtime.shared_swap'],
};

describe.each(Object.entries(cases))('%s', (op, [init, main, callee]) => {
  it('without a run-time is a bug of ours, which names the function', () => {
    expect(() => lowered(program(init, main))).toThrow(`internal error: the run-time has no function ${callee}`);
  });

  it('becomes a call that verifies', () => {
    const after = lowered(withRuntime(program(init, main)));
    const calls = [...callsOf(after, 'init'), ...callsOf(after, 'main')];
    expect(calls.map((c) => c.imms[0])).toEqual([callee]);
    for (const f of ['init', 'main'])
      forEachInst(after.funcs.find((x) => x.name === f)!.body, (i) =>
        expect(i.kind === 'op' && i.op === op).toBe(false),
      );
  });
});

it('waits tell the run-time where they are in the source', () => {
  const { program: p } = parseProgram(
    `file 0 "a.pg"\npos 1 = 0:4:2 main\npos 2 = 0:9:2 main\nfunc @init() {\nret\n}\nfunc @main() {\n%n = const.i64 4\nbarrier !1\nidle %n !2\n%s = allreduce.i64 %n, add !1\nret\n}\nfunc @runtime.barrier(%p: i32) {\nret\n}\nfunc @runtime.idle(%p: i32, %n: i64) {\nret\n}\nfunc @runtime.exchange(%p: i32, %b: i64, %w: i32, %d: i64) -> i64 {\nret(%b)\n}\n`,
  );
  if (!p) throw new Error('no program');
  const after = lowered(p);
  const main = after.funcs.find((f) => f.name === 'main');
  const values = new Map<number, unknown>();
  if (main)
    forEachInst(
      main.body,
      (i) =>
        void (
          i.kind === 'op' &&
          (i.op === 'const' || i.op === 'position') &&
          values.set(i.results[0] ?? -1, i.imms[0])
        ),
    );
  expect(callsOf(after, 'main').map((c) => [c.imms[0], values.get(c.args[0] ?? -1)])).toEqual([
    ['runtime.barrier', 1n],
    ['runtime.idle', 2n],
    ['runtime.exchange', 1n],
  ]);
});

describe('reductions', () => {
  const types = ['i32', 'i64', 'f32', 'f64'] as const;
  /** Values of image 0 to 4 on which order, sign and rounding show. */
  const values: Readonly<Record<(typeof types)[number], readonly string[]>> = {
    i32: ['7', '-2147483648', '-3', '2147483647', '12'],
    i64: ['7', '-9223372036854775808', '-3', '9223372036854775807', '12'],
    f32: ['1.0', '16777216.0', '-16777216.0', '0.1', '3.0'],
    f64: ['0.1', '1e16', '-1e16', '0.2', '-0.0'],
  };
  const print = (type: string, v: string): string => `out.${type} ${v}, "{\\"type\\":\\"${type}\\"}"\nout.end 1, 1\n`;

  /** The image's own value, picked from a table of constants. */
  const own = (type: (typeof types)[number]): string => {
    const picks = values[type].map((_, k) =>
      k === 0
        ? ''
        : `%k${k} = const.i64 ${k}\n%is${k} = eq.i64 %me, %k${k}\n%v${k} = select.${type} %is${k}, %c${k}, %${k === 1 ? 'c0' : `v${k - 1}`}\n`,
    );
    return `%me = this_image\n${constants(type, values[type])}${picks.join('')}`;
  };

  it.each(types.flatMap((t) => wordsOf('allreduce', t).map((w) => [w, t] as const)))('%s of %s', (word, type) => {
    const main = `${own(type)}%all = allreduce.${type} %v4, ${word}\n${print(type, '%all')}%root = const.i64 1\n%one = reduce.${type} %v4, %root, ${word}\n${print(type, '%one')}%b = broadcast.${type} %v4, %root\n${print(type, '%b')}`;
    const plain = program('', main);
    const made = lowered(withRuntime(plain));
    const exact = values[type].map((x) =>
      type.startsWith('i') ? BigInt(x) : type === 'f32' ? Math.fround(Number(x)) : Number(x),
    );
    const shown = (x: bigint | number | undefined): string => (Object.is(x, -0) ? '-0' : String(x));
    for (const images of [2, 3, 5]) {
      const folded = exact.slice(1, images).reduce((sum, x) => combine(word, type, sum, x) ?? sum, exact[0] ?? 0);
      const format = (_: unknown, x: bigint | number | string): string => (typeof x === 'string' ? x : shown(x));
      const { outcome, output } = evaluate(made, { images, seed: images, quantum: 7, format });
      expect(outcome).toEqual({ kind: 'ok' });
      for (let image = 0; image < images; image++) {
        const said = output.filter((o) => o.image === image).map((o) => o.text.trim());
        expect(said).toEqual([shown(folded), shown(image === 1 ? folded : exact[image]), shown(exact[1])]);
      }
      // The oracle's own reductions say the same.
      const oracle = evaluate(plain, { images, format });
      expect(oracle.output.map((o) => o.text).sort()).toEqual(output.map((o) => o.text).sort());
    }
  });
});

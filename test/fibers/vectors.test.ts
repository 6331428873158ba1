// Vectors that live while their function is left: in wasm as in the evaluator they are what they were, in a loop, across a call, and beside
// values of other types.
import { expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { formatValue } from '../../vm/format.ts';
import { artifactOf, nodeOf, print, programOf } from '../emit/instance.ts';
import { withScheduler } from './mini.ts';

const halves = (v: string): string =>
  `%low.${v} = v.extract.i64x2 %${v}, 0\n%high.${v} = v.extract.i64x2 %${v}, 1\n${print('i64', `%low.${v}`)}${print('i64', `%high.${v}`)}`;

const text = `
func @init() {
  ret
}
func @both(%a: v128, %n: i64, %b: v128) -> v128, i64, v128 {
  %three = const.i64 3
  suspend
  %sum = v.add.i64x2 %a, %b
  %more = add.i64 %n, %three
  suspend
  %less = v.sub.i64x2 %sum, %a
  ret(%sum, %more, %less)
}
func @main() {
  %zero = const.i64 0
  %one = const.i64 1
  %four = const.i64 4
  %half = fconst.f64 0.5
  %ones = v.splat.i64x2 %one
  %start = v.const 5, -7
  %sums: v128, %count: i64 = loop @l (%i: i64 = %zero, %v: v128 = %start, %w: v128 = %ones, %d: f64 = %half) {
    %next = v.add.i64x2 %v, %w
    suspend
    %a: v128, %n: i64, %b: v128 = call @both(%next, %i, %w)
    %e = add.f64 %d, %d
    suspend
    ${halves('a')}
    ${halves('b')}
    ${print('i64', '%n')}
    ${print('f64', '%e')}
    %j = add.i64 %i, %one
    %goes = lt_s.i64 %j, %four
    if @k %goes {
      next @l(%j, %a, %next, %e)
    } else {
      break @k
    }
    break @l(%a, %n)
  }
  ${halves('sums')}
  ${print('i64', '%count')}
  ret
}
`;

test('vectors outlive a switch', async () => {
  const program = runPasses(withScheduler(programOf(text)), ['fibers'], { verify: true });
  const oracle = evaluate(program, { images: 1, format: formatValue, slotBits: 24 });
  expect(oracle.outcome).toEqual({ kind: 'ok' });
  // v, w: 5 -7, 1 1; each round a = v + 2w, b = w; then v = a, w = v + w.
  const expected: string[] = [];
  let [v, w, d] = [[5n, -7n], [1n, 1n], 0.5];
  for (let i = 0; i < 4; i++) {
    const next = v.map((x, k) => x + (w[k] ?? 0n));
    const a = next.map((x, k) => x + (w[k] ?? 0n));
    d += d;
    expected.push(...a.map(String), ...w.map(String), String(i + 3), d.toFixed(1));
    [v, w] = [a, next];
  }
  expected.push(...v.map(String), '6');
  expect(oracle.stdout).toEqual(expected);
  const node = nodeOf(program, (await artifactOf(program)).wasm, { slotBits: 24 });
  node.images[0]?.init();
  node.images[0]?.main();
  expect(node.images[0]?.lines()).toEqual(expected);
});

// drop-functions knows, before lower-runtime has run, what it will call.
import { expect, test } from 'vitest';
import { parseProgram } from '../../compiler/ir-text.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { runtimeFor } from '../../compiler/runtime-functions.ts';
import { forEachInst } from '../../compiler/tree.ts';

const program = (op: string): string => `
shared @u elem 8 dist(block)
shared @v elem 8 dist(block)
dynamic @d elem 8 rank 1
func @init() { ret }
func @runtime.barrier(%p: i32) { ret }
func @runtime.exchange(%p: i32, %x: i64, %w: i32, %d: i64) -> i64 { ret(%x) }
func @runtime.idle(%p: i32, %x: i64) { ret }
func @runtime.alloc(%x: i64) -> gptr {
  %n = null
  ret(%n)
}
func @runtime.alloc_shared(%x: i64) -> gptr {
  %n = null
  ret(%n)
}
func @runtime.free(%x: gptr) { ret }
func @runtime.shared_layout(%a: gptr, %b: i64, %c: i64, %d: i64) { ret }
func @runtime.dynamic_layout(%a: gptr, %b: i64, %c: i64, %d: i64) { ret }
func @runtime.shared_new(%p: i32, %a: i64, %b: gptr) -> gptr { ret(%b) }
func @runtime.co_new(%p: i32, %a: i64, %b: gptr) -> gptr { ret(%b) }
func @runtime.array_free(%p: i32, %a: gptr) { ret }
func @runtime.hook(%p: i32) { ret }
func @runtime.permit_read(%a: i64, %n: i64) { ret }
func @runtime.permit_write(%a: i64, %n: i64) { ret }
func @runtime.refuse(%a: i64, %n: i64, %w: i64) { ret }
func @runtime.shared_swap(%a: gptr, %b: gptr, %c: i64) { ret }
func @main() {
  %n = const.i64 4
  %z = const.i64 0
  %p = null
  %a = addr %p
  ${op}
  ret
}`;

const uses: Record<string, string> = {
  barrier: 'barrier',
  hook: 'hook 100, place, 0',
  idle: 'idle %n',
  alloc: '%q = alloc %n',
  'alloc.shared': '%q = alloc.shared %n',
  free: 'free %p',
  'shared.init': 'shared.init %n, %z, @u',
  'dynamic.init': 'dynamic.init %n, @d',
  'shared.swap': 'shared.swap @u, @v',
  'handle.new': '%q = handle.new %n, %z, 8, block',
  'handle.new_co': '%q = handle.new_co %n, 8',
  'handle.free': 'handle.free %p',
  allreduce: '%r = allreduce.i64 %n, add',
  reduce: '%r = reduce.i64 %n, %z, add',
  broadcast: '%r = broadcast.i64 %n, %z',
  'guard.read': 'guard.read %a, 0, 8',
  'guard.write': 'guard.write %a, 0, 8',
  'guard.read_range': 'guard.read_range %a, %n',
  'guard.write_range': 'guard.write_range %a, %n',
};

test('every op in the table has a use here', () => {
  expect(Object.keys(uses).sort()).toEqual(Object.keys(runtimeFor).sort());
});

for (const [op, callee] of Object.entries(runtimeFor)) {
  test(`${op} keeps ${callee}, which is called for it`, () => {
    const { program: p, errors } = parseProgram(program(uses[op] ?? ''));
    expect(errors).toEqual([]);
    if (!p) return;
    const kept = runPasses(p, ['drop-functions']);
    expect(kept.funcs.map((f) => f.name).sort()).toEqual(['init', 'main', callee].sort());
    // Guards stay ops; the emitter makes the calls.
    if (op.startsWith('guard.')) return;
    const lowered = runPasses(kept, ['lower-runtime', 'lower-hooks']);
    const calls: string[] = [];
    for (const f of lowered.funcs) {
      forEachInst(f.body, (i) => {
        if (i.kind === 'op' && i.op === 'call') calls.push(String(i.imms[0]));
      });
    }
    expect(calls).toEqual([callee]);
  });
}

// Which instructions may take permissions back: what the passes on guards believe of calls and of ops that become calls.
import { expect, test } from 'vitest';
import { mayRevoke } from '../../compiler/guards.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { runPasses } from '../../compiler/pipeline.ts';
import { calleeOf } from '../../compiler/runtime-functions.ts';
import { forEachInst } from '../../compiler/tree.ts';

const programOf = (text: string): IrProgram => {
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  return program;
};

const runtime = `
func @init() { ret }
func @runtime.free(%x: gptr) { ret }
func @runtime.array_free(%p: i32, %a: gptr) { ret }
func @runtime.lowest_fit() { ret }
func @runtime.agreed_offset() {
  call @runtime.lowest_fit()
  ret
}
func @runtime.shared_new(%p: i32, %a: i64, %b: gptr) -> gptr {
  call @runtime.agreed_offset()
  ret(%b)
}
func @runtime.grow_symmetric() { ret }
func @runtime.alloc_shared(%x: i64) -> gptr {
  %n = null
  call @runtime.grow_symmetric()
  ret(%n)
}
func @runtime.alloc(%x: i64) -> gptr {
  %n = null
  ret(%n)
}
func @runtime.barrier(%p: i32) { ret }
`;

const moving = `
func @runtime.move.slide() { ret }
func @runtime.move.alloc(%x: i64) -> gptr {
  %n = null
  call @runtime.move.slide()
  ret(%n)
}
`;

/** The ops of main that may revoke; a call with the name of what it calls. */
const revokingOps = (text: string): string[] => {
  const p = programOf(text);
  const found: string[] = [];
  const main = p.funcs.find((f) => f.name === 'main');
  if (!main) throw new Error('no main');
  forEachInst(main.body, (i) => {
    if (i.kind === 'op' && mayRevoke(p, i)) found.push(i.op === 'call' ? `call ${i.imms[0]}` : i.op);
  });
  return found;
};

const ops = `
  %n = const.i64 4
  %p = alloc %n
  barrier
  %s = allreduce.i64 %n, add
  free %p
  %h = handle.new %n, %n, 8, block
  handle.free %h
  %q = alloc.shared %n
`;

test('ops revoke as the functions do that are called for them', () => {
  expect(revokingOps(`${runtime}func @main() {${ops} ret\n}`)).toEqual([
    'free',
    'handle.new',
    'handle.free',
    'alloc.shared',
  ]);
});

test('where objects move, so does what lets them', () => {
  expect(revokingOps(`${runtime}${moving}func @main() {${ops} ret\n}`)).toEqual([
    'alloc',
    'barrier',
    'allreduce',
    'free',
    'handle.new',
    'handle.free',
    'alloc.shared',
  ]);
});

test('functions that reach a revoking one revoke, in circles too', () => {
  const text = `${runtime}
func @harmless(%p: gptr) {
  call @harmless(%p)
  ret
}
func @even(%p: gptr) {
  call @odd(%p)
  ret
}
func @odd(%p: gptr) {
  call @even(%p)
  free %p
  ret
}
func @main() {
  %p = null
  call @harmless(%p)
  call @even(%p)
  ret
}`;
  expect(revokingOps(text)).toEqual(['call even']);
});

test('calls of values revoke if a function does whose value is taken', () => {
  const text = (taken: string): string => `${runtime}
func @frees(%p: gptr) {
  free %p
  ret
}
func @keeps(%p: gptr) { ret }
func @main() {
  %p = null
  %f = func.ref @${taken}
  call.value %f, %p
  ret
}`;
  expect(revokingOps(text('frees'))).toEqual(['call.value']);
  expect(revokingOps(text('keeps'))).toEqual([]);
});

test('what revokes by itself is never inlined, so that the call graph shows it', () => {
  const text = `${runtime}func @main() {\n  %n = const.i64 4\n  %q = alloc.shared %n\n  %x: gptr = call @runtime.alloc_shared(%n)\n  ret\n}`;
  const after = runPasses(programOf(text), ['inline', 'fold', 'dce']);
  const main = after.funcs.find((f) => f.name === 'main');
  const called: string[] = [];
  if (main)
    forEachInst(main.body, (i) => {
      const callee = i.kind === 'op' ? calleeOf(after, 'main', i) : undefined;
      if (callee !== undefined) called.push(callee);
    });
  expect(called).toEqual(['runtime.alloc_shared', 'runtime.grow_symmetric']);
});

test('functions that call values revoke as the values do', () => {
  const text = (taken: string): string => `${runtime}
func @frees(%p: gptr) {
  free %p
  ret
}
func @keeps(%p: gptr) { ret }
func @apply(%f: i32, %p: gptr) {
  call.value %f, %p
  ret
}
func @main() {
  %p = null
  %f = func.ref @${taken}
  call @apply(%f, %p)
  ret
}`;
  expect(revokingOps(text('frees'))).toEqual(['call apply']);
  expect(revokingOps(text('keeps'))).toEqual([]);
});

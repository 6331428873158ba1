// Intrinsics of the library, `__sqrt(x)`, `__slot()` and so on: an op each, or a few.
import type { Expr } from '../lang/typed.ts';
import { sizeOf } from '../lang/types.ts';
import { traceWatcher } from '../vm/abi.ts';
import type { OpName, Value } from './ir.ts';
import { tellCopy } from './lower-memory.ts';
import { constI32, constI64, effect, emit, emitTyped, finish, position, type State } from './lower-state.ts';
import { scalarType } from './lower-types.ts';
import { mayMoveName, parDue, sharesName, tasksDue } from './runtime-functions.ts';

const unaryIntrinsics: Partial<Record<string, OpName>> = {
  sqrt: 'sqrt',
  floor: 'floor',
  ceil: 'ceil',
  trunc: 'trunc',
  nearest: 'nearest',
  abs: 'abs',
  copysign: 'copysign',
  fmin: 'fmin',
  fmax: 'fmax',
  clz: 'clz',
  ctz: 'ctz',
  popcnt: 'popcnt',
  rotl: 'rotl',
};

const fileIntrinsics: Partial<Record<string, OpName>> = {
  file_open: 'file.open',
  file_read: 'file.read',
  file_write: 'file.write',
};

const waitsAlone: ReadonlySet<string> = new Set(['runtime.hold_heap', 'runtime.messages.await_cell']);

/** `operands`: the components of the arguments' values. */
export const lowerIntrinsic = (
  s: State,
  e: Extract<Expr, { kind: 'intrinsic' }>,
  operands: readonly (readonly Value[])[],
): readonly Value[] => {
  const pos = position(s, e.span);
  const file = fileIntrinsics[e.name];
  if (file || e.name === 'address') {
    const parts = operands.flat();
    if (file) return [emit(s, pos, file, '', parts)];
    return [emit(s, pos, 'extend_u', '', [emit(s, pos, 'gptr.bits', '', [parts[0] ?? 0])])];
  }
  const args = operands.map((values) => values[0] ?? 0);
  const pointerAt = (k: number): Value => emit(s, pos, 'addr', '', [args[k] ?? 0]);
  const op = unaryIntrinsics[e.name];
  if (op) return [emit(s, pos, op, scalarType(e.type), args)];
  const argType = e.args[0]?.type;
  switch (e.name) {
    case 'bits':
      return [
        emit(s, pos, 'reinterpret', argType?.kind === 'float' && argType.bits === 32 ? 'i32.f32' : 'i64.f64', args),
      ];
    case 'from_bits':
      return [
        emit(s, pos, 'reinterpret', argType?.kind === 'int' && argType.bits === 32 ? 'f32.i32' : 'f64.i64', args),
      ];
    case 'wait32':
      // A task that waits lets others run, but for where it holds a lock, and waits for somebody who is just writing a word.
      if (s.program.tasks && !s.fnName.startsWith('runtime.tasks.') && !waitsAlone.has(s.fnName))
        return emitTyped(s, pos, 'call', '', args, ['runtime.tasks.wait32'], ['i32']);
      return [emit(s, pos, 'atomic.wait32', '', [pointerAt(0), ...args.slice(1)])];
    case 'notify':
      return [emit(s, pos, 'atomic.notify', '', [pointerAt(0), ...args.slice(1)])];
    case 'copied': {
      const t = argType?.kind === 'pointer' ? argType.target : argType;
      if (!t || t.kind === 'void') return [];
      const bytes = emit(s, pos, 'mul', 'i64', [args[1] ?? 0, constI64(s, pos, sizeOf(t))]);
      tellCopy(s, pos, t, pointerAt(0), emit(s, pos, 'wrap', '', [bytes]));
      return [];
    }
    case 'touch_read':
    case 'touch_write': {
      const place = emit(s, pos, 'gptr.of', '', [emit(s, pos, 'wrap', '', [args[0] ?? 0])]);
      effect(s, pos, e.name === 'touch_read' ? 'touch.read' : 'touch.write', '', [place, args[1] ?? 0]);
      return [];
    }
    case 'fault':
      finish(s, { kind: 'raise', args, pos });
      return [];
    case 'image':
      return [emit(s, pos, 'this_image', '', [])];
    case 'images':
      return [emit(s, pos, 'num_images', '', [])];
    case 'guard_bounds':
      effect(s, pos, 'guard.bounds', '', []);
      return [];
    case 'fiber':
      if (!s.program.tasks) return [constI64(s, pos, 0)];
      return emitTyped(s, pos, 'call', '', [], ['runtime.tasks.current'], ['i64']);
    case 'dispatch':
    case 'interrupt':
    case 'alerted':
      if (!s.program.tasks || !s.program.handlers) return [constI32(s, pos, 0)];
      return emitTyped(s, pos, 'call', '', args, [`runtime.handlers.${e.name}`], ['i32']);
    case 'withdraw':
      if (s.program.tasks && s.program.messages) effect(s, pos, 'call', '', args, ['runtime.messages.withdraw']);
      return [];
    case 'can_end':
      if (s.program.tasks) effect(s, pos, 'call', '', args, ['runtime.tasks.can_end']);
      return [];
    case 'stack_need': {
      const entry = e.args[0];
      if (entry?.kind !== 'function') throw new Error('internal error: the stack of no function');
      return [emit(s, pos, 'stack.need', '', [], [s.program.symbolOf(entry.fn)])];
    }
    case 'watch':
      for (const watcher of s.program.watchers) effect(s, pos, 'call', '', args, [watcher]);
      return [];
    case 'serve':
      effect(s, pos, 'call', '', args, [s.program.splits ? parDue : tasksDue]);
      return [];
    case 'traced':
      return [constI64(s, pos, s.program.watchers.includes(traceWatcher) ? 1 : 0)];
    case 'suspend':
      effect(s, pos, 'suspend', '', []);
      return [];
    case 'resume':
    case 'start': {
      const [fn = 0, ...rest] = args.map((v, k) => (e.name === 'start' && k === 1 ? v : emit(s, pos, 'wrap', '', [v])));
      const op = e.name === 'start' ? 'start.entry' : 'resume.record';
      return [emit(s, pos, 'extend_u', '', [emit(s, pos, op, '', [fn, ...rest])])];
    }
    case 'stack':
      return [emit(s, pos, 'extend_u', '', [emit(s, pos, 'stack.get', '', [])])];
    case 'set_stack':
      effect(s, pos, 'stack.set', '', [emit(s, pos, 'wrap', '', [args[0] ?? 0])]);
      return [];
    case 'worker':
      return [emit(s, pos, 'extend_u', '', [emit(s, pos, s.program.splits ? 'worker' : 'slot', '', [])])];
    case 'worker_image':
      return [emit(s, pos, s.program.splits ? 'worker.image' : 'this_image', '', [])];
    case 'become':
      if (s.program.splits) effect(s, pos, 'become', '', [emit(s, pos, 'wrap', '', [args[0] ?? 0]), args[1] ?? 0]);
      return [];
    case 'par':
      return [constI64(s, pos, s.program.splits ? s.program.ticksPerBeat : -1)];
    case 'shares':
      if (!s.program.tasks) return [constI64(s, pos, 0)];
      return emitTyped(s, pos, 'call', '', [], [sharesName], ['i64']);
    case 'may_move': {
      const [entry, why] = e.args;
      if (entry?.kind !== 'function' || why?.kind !== 'const') throw new Error('internal error: no task may move');
      const name = s.program.symbolOf(entry.fn);
      s.program.spawns.push({
        entry: name,
        types: (['free', 'bound', 'placed'] as const)[Number(why.value)] ?? 'bound',
        pos,
      });
      return emitTyped(s, pos, 'call', '', [], [mayMoveName(name)], ['i64']);
    }
    case 'slot':
    case 'slot_bits':
      return [emit(s, pos, 'extend_u', '', [emit(s, pos, e.name, '', [])])];
    default:
      throw new Error(`internal error: intrinsic ${e.name}`);
  }
};

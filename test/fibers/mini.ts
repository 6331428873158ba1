// The smallest scheduler: one task, main, that goes on at once when it has suspended. It is put into programs of IR, so that what the pass `fibers` makes of
// them can be run; and `suspend` is put before instructions of such programs.
import type { Body, Func, Inst, IrProgram } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { liveAt } from '../../compiler/liveness.ts';
import { withBodies } from '../../compiler/tree.ts';
import { entryPrefix, leaveAgainFunction, leaveFunction, runFunction } from '../../vm/abi.ts';

const regionBytes = 1 << 22;

const text = `
private @mini.head size 8 align 8
private @mini.tail size 8 align 8
private @mini.free size 8 align 8
private @mini.switches size 8 align 8
private @mini.sp size 8 align 8
private @mini.lists size 16384 align 8
private @mini.region size ${regionBytes} align 16
func @${leaveFunction}(%bytes: i32, %fn: i32, %point: i32) -> i32 {
  %one = const.i32 1
  %round = const.i32 15
  %mask = const.i32 -16
  %f = global @mini.free
  %fa = addr %f
  %used = load.i32 %fa, 0
  %r = global @mini.region
  %more = add.i32 %bytes, %round
  %size = and.i32 %more, %mask
  %lists = global @mini.lists
  %list = offset %lists, %size
  %lista = addr %list
  %given = load.ptr32 %lista, 0
  %givenbits = gptr.bits %given
  %record: gptr = if @given %givenbits {
    %ga = addr %given
    %rest = load.i32 %ga, 0
    store.i32 %lista, %rest, 0
    break @given(%given)
  } else {
    %fresh = offset %r, %used
    %now = add.i32 %used, %size
    store.i32 %fa, %now, 0
    break @given(%fresh)
  }
  %a = addr %record
  %null = const.i32 0
  store.i32 %a, %null, 0
  store.i32 %a, %fn, 4
  store.i32 %a, %point, 8
  store.i32 %a, %bytes, 12
  %bits = gptr.bits %record
  call @mini.link(%bits)
  ret(%bits)
}
func @${leaveAgainFunction}(%bytes: i32, %fn: i32, %point: i32, %r: i32) -> i32 {
  %room: i32 = if @some %r {
    %g = gptr.of %r
    %ga = addr %g
    %n = load.i32 %ga, 12
    %enough = ge_u.i32 %n, %bytes
    break @some(%enough)
  } else { break @some(%r) }
  %record: i32 = if @fits %room {
    %g2 = gptr.of %r
    %a = addr %g2
    %null = const.i32 0
    store.i32 %a, %null, 0
    store.i32 %a, %point, 8
    call @mini.link(%r)
    break @fits(%r)
  } else {
    %new: i32 = call @${leaveFunction}(%bytes, %fn, %point)
    break @fits(%new)
  }
  ret(%record)
}
func @mini.link(%bits: i32) {
  %t = global @mini.tail
  %ta = addr %t
  %tail = load.i32 %ta, 0
  %h = global @mini.head
  %headbits = gptr.bits %h
  %isfirst = eq.i32 %tail, %headbits
  if @first %isfirst {
    %sp = stack.get
    %s = global @mini.sp
    %sa = addr %s
    store.i32 %sa, %sp, 0
    break @first
  } else { break @first }
  %link = gptr.of %tail
  %la = addr %link
  store.i32 %la, %bits, 0
  store.i32 %ta, %bits, 0
  ret
}
func @mini.give(%record: i32) {
  %round = const.i32 15
  %mask = const.i32 -16
  %r = gptr.of %record
  %a = addr %r
  %bytes = load.i32 %a, 12
  %more = add.i32 %bytes, %round
  %size = and.i32 %more, %mask
  %lists = global @mini.lists
  %list = offset %lists, %size
  %la = addr %list
  %rest = load.i32 %la, 0
  store.i32 %a, %rest, 0
  store.i32 %la, %record, 0
  ret
}
func @mini.begin() {
  %h = global @mini.head
  %ha = addr %h
  %zero = const.i32 0
  store.i32 %ha, %zero, 0
  %bits = gptr.bits %h
  %t = global @mini.tail
  %ta = addr %t
  store.i32 %ta, %bits, 0
  %s = global @mini.switches
  %sa = addr %s
  %n = load.i64 %sa, 0
  %one = const.i64 1
  %more = add.i64 %n, %one
  store.i64 %sa, %more, 0
  ret
}
func @${runFunction}(%entry: i64) {
  %zero = const.i32 0
  %none = const.i64 0
  %results = const.i32 16
  %top = stack.get
  %room = const.i32 4096
  %low = sub.i32 %top, %room
  stack.set %low
  call @mini.begin()
  %fn = wrap %entry
  %started = start.entry %fn, %none
  loop @tasks (%status: i32 = %started) {
    if @go %status {
      %h = global @mini.head
      %ha = addr %h
      %first = load.i32 %ha, 0
      %s = global @mini.sp
      %sa = addr %s
      %sp = load.i32 %sa, 0
      stack.set %sp
      %again: i32 = loop @chain (%record: i32 = %first) {
        call @mini.begin()
        %r = gptr.of %record
        %ra = addr %r
        %next = load.i32 %ra, 0
        %to = load.i32 %ra, 4
        %out = add.i32 %next, %results
        %left = resume.record %to, %record, %out
        %t = global @mini.tail
        %ta = addr %t
        %tail = load.i32 %ta, 0
        %other = ne.i32 %tail, %record
        %ended = eqz.i32 %left
        %over = or.i32 %other, %ended
        if @give %over { call @mini.give(%record) break @give } else { break @give }
        if @left %left {
          %link = gptr.of %tail
          %la = addr %link
          store.i32 %la, %next, 0
          break @chain(%left)
        } else {
          if @more %next { next @chain(%next) } else { break @chain(%zero) }
          unreachable
        }
        unreachable
      }
      next @tasks(%again)
    } else {
      break @tasks
    }
    unreachable
  }
  stack.set %top
  ret
}
func @${entryPrefix}main(%fcb: i64) {
  call @task()
  ret
}
func @main() {
  %entry = func.ref @${entryPrefix}main
  %number = extend_u %entry
  call @${runFunction}(%number)
  ret
}
`;

/** The program with the scheduler, for which main is a task that may suspend. */
export const withScheduler = (p: IrProgram): IrProgram => {
  const mini = parseProgram(text);
  if (!('program' in mini)) throw new Error(JSON.stringify(mini));
  const funcs = p.funcs.map((f) => (f.name === 'main' ? { ...f, name: 'task' } : f));
  return { ...p, globals: [...p.globals, ...mini.program.globals], funcs: [...funcs, ...mini.program.funcs] };
};

const isSuspend = (i: Inst): boolean => i.kind === 'op' && i.op === 'suspend';

/** Without those in whose course an address is kept: objects may have moved. */
const withoutPtrs = (f: Func): Func => {
  const live = liveAt(f, isSuspend);
  const stays = (i: Inst): boolean => ![...(live.get(i) ?? [])].some((v) => f.types[v] === 'ptr');
  const body = (b: Body): Body => ({ insts: b.insts.filter(stays).map((i) => withBodies(i, body)), end: b.end });
  return { ...f, body: body(f.body) };
};

/** `suspend` before every instruction that \`choose\` picks, in every function but init; by number in the text. */
export const withSuspends = (p: IrProgram, choose: (n: number) => boolean): IrProgram => {
  let count = 0;
  const body = (b: Body): Body => ({
    insts: b.insts.flatMap((i): Inst[] => {
      const inner = withBodies(i, body);
      if (!choose(count++)) return [inner];
      return [{ kind: 'op', op: 'suspend', suffix: '', results: [], args: [], imms: [], pos: i.pos }, inner];
    }),
    end: b.end,
  });
  const change = (f: Func): Func => (f.name === 'init' ? f : withoutPtrs({ ...f, body: body(f.body) }));
  return { ...p, funcs: p.funcs.map(change) };
};

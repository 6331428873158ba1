// From a trap back to its place: the offsets that the engine reports, of the trapping instruction and of the calls in the frames
// below, lead through the manifest to exactly the positions of the IR.
import { describe, expect, it } from 'vitest';
import { callStack, parseFrames } from '../../vm/stack.ts';
import { artifactOf, nodeOf, programOf, trapOf } from './instance.ts';

/** Position n is line n: of main below 10, of middle below 20, then of leaf. Tests add more from 101 on. */
const names = ['main', 'middle', 'leaf'];
const positions = Array.from({ length: 100 }, (_, n) => n + 1)
  .map((n) => `pos ${n} = 0:${n}:${(n % 7) + 1} ${names[Math.floor(n / 10)] ?? 'leaf'}`)
  .join('\n');

/** The stack of the trap in main, as `function:line:column`, from the engine's offsets alone. */
const stackOf = async (text: string, more = ''): Promise<string[]> => {
  const program = programOf(`file 0 "a.pg"\n${positions}\n${more}\n${text}\nfunc @init() {\nret\n}\n`);
  const node = nodeOf(program, (await artifactOf(program)).wasm);
  const trap = trapOf(node.images[0]!.main);
  const frames = callStack(node.manifest, parseFrames(trap.stack ?? ''), 0);
  return frames.map((f) => `${f.fn}:${f.line}:${f.col}${f.inlined ? ' inlined' : ''}`);
};
const at = (fn: string, line: number): string => `${fn}:${line}:${(line % 7) + 1}`;

/** Main calls middle, which calls leaf, each between calls and accesses of other places. */
const chain = (leaf: string, head = ''): string => `${head}private @g size 64 align 8
func @main() !1 {
  %p = global @g
  %a = addr %p !2
  %n = load.i64 %a, 0 !2
  call @quiet(%n) !3
  %r = call @middle(%n) !4
  call @quiet(%r) !5
  %again = addr %p
  store.i64 %again, %r, 0 !6
  ret
}
func @quiet(%n: i64) {
  ret
}
func @middle(%n: i64) -> i64 !10 {
  %one = const.i64 1
  %k = const.i64 1000
  check.index %n, %k !11
  call @quiet(%n) !12
  %x = call @leaf(%n) !13
  %y = call @leaf(%x) !14
  %z = add.i64 %y, %one
  ret(%z)
}
func @leaf(%n: i64) -> i64 !20 {
  %p = global @g
  %a = addr %p
  %zero = const.i64 0
  %big = const.i32 -8
  %far = gptr.of %big
  %b = addr %far
  %one = const.i32 1
  %c = ptr.add %a, %one
  %before = load.i64 %a, 8 !21
  store.i64 %a, %before, 16 !22
  ${leaf}
  %last = addr %p
  %after = load.i64 %last, 24 !24
  %sum = add.i64 %after, %before
  ret(%sum)
}`;

describe('the place of a trap and of the calls below', () => {
  const below = [at('middle', 13), at('main', 4)];
  it.each([
    ['a check', 'check.step %zero !23'],
    ['a division by zero', '%q = div_s.i64 %n, %zero !23\nstore.i64 %a, %q, 32 !25'],
    ['a remainder', '%q = rem_u.i64 %n, %zero !23\nstore.i64 %a, %q, 32 !25'],
    ['a load past the end of memory', '%q = load.i64 %b, 4 !23\nstore.i64 %a, %q, 32 !25'],
    ['a narrow load', '%q = load.u8 %b, 8 !23\nstore.i32 %a, %q, 32 !25'],
    ['a load of a pointer', '%q = load.ptr64 %b, 8 !23\nstore.ptr32 %a, %q, 32 !25'],
    ['a store', 'store.i64 %b, %n, 4 !23'],
    ['a copy', 'copy %b, %a, %big !23'],
    ['a short copy that reads past the end', '%some = const.i32 12\ncopy %a, %b, %some !23'],
    ['a short copy that writes past the end', '%some = const.i32 12\ncopy %b, %a, %some !23'],
    ['a fill', 'fill %b, %one, %big !23'],
    ['an unaligned atomic load', '%q = atomic.load.i64 %c !23\nstore.i64 %a, %q, 32 !25'],
    ['an unaligned atomic store', 'atomic.store.i32 %c, %one !23'],
    ['an unaligned addition', '%q = atomic.rmw.i32 %c, %one, add !23\nstore.i32 %a, %q, 32 !25'],
    ['an unaligned minimum', '%q = atomic.rmw.i64 %c, %n, min_s !23\nstore.i64 %a, %q, 32 !25'],
    ['an unaligned swap', '%q = atomic.cas.i64 %c, %n, %n !23\nstore.i64 %a, %q, 32 !25'],
    ['an unaligned wait', '%q = atomic.wait32 %c, %one, %n !23\n%a2 = addr %p\nstore.i32 %a2, %q, 32 !25'],
    ['an unaligned call for sleepers', '%q = atomic.notify %c, %one !23\nstore.i32 %a, %q, 32 !25'],
    ['an ending in a branch', '%t = eqz.i64 %n\nif @i %t { fault trap(%n) !23 } else { break @i }'],
  ])('%s', async (_, insts) => {
    expect(await stackOf(chain(insts))).toEqual([at('leaf', 23), ...below]);
  });

  it.each([
    ['a check', '%q = load.i64 %b, 4 !23\ncheck.step %zero !25\nstore.i64 %a, %q, 32 !26'],
    [
      'a division',
      '%q = load.i64 %b, 4 !23\n%d = div_s.i64 %n, %zero !25\n%s = add.i64 %q, %d\nstore.i64 %a, %s, 32 !26',
    ],
    ['a store', '%q = load.i64 %b, 4 !23\nstore.i64 %b, %zero, 4 !25\nstore.i64 %a, %q, 32 !26'],
    [
      'a call',
      '%q = load.i64 %b, 4 !23\n%z = call @middle(%big64) !25\n%s = add.i64 %q, %z\n%t = eqz.i64 %s\ncheck.index %s, %s !26',
    ],
    ['a loop', '%q = load.i64 %b, 4 !23\nloop @l {\ncheck.step %zero !25\nbreak @l\n}\ncheck.index %q, %q !26'],
    ['an ending', '%t = eqz.i64 %zero\nif @i %t {\n%q = load.i64 %b, 4 !23\nfault trap(%q) !25\n} else { break @i }'],
  ])('of a read whose value is only used after %s that traps too', async (_, insts) => {
    const text = chain(`%big64 = const.i64 5000\n${insts}`);
    expect((await stackOf(text))[0]).toBe(at('leaf', 23));
  });

  it('of two accesses of one line, in different columns', async () => {
    const two = (first: string, second: string): string =>
      chain(
        `%u = load.i64 ${first}, 4 !101\n%v = load.i64 ${second}, 4 !102\n%w = add.i64 %u, %v\nstore.i64 %a, %w, 32 !25`,
      );
    const more = 'pos 101 = 0:23:5 leaf\npos 102 = 0:23:9 leaf';
    expect((await stackOf(two('%b', '%a'), more))[0]).toBe('leaf:23:5');
    expect((await stackOf(two('%a', '%b'), more))[0]).toBe('leaf:23:9');
  });

  it('of the second call of one function', async () => {
    // The first call leaves 0 behind, on which the second fails.
    const once = chain(
      '%t = load.i64 %a, 40 !21\n%u = add.i64 %t, %t\n%m = const.i64 1\nstore.i64 %a, %m, 40 !22\n%k = const.i64 1\ncheck.index %t, %k !23',
    );
    expect(await stackOf(once)).toEqual([at('leaf', 23), at('middle', 14), at('main', 4)]);
  });

  it('through what was inlined, in the frame that traps and in those below', async () => {
    const more =
      'pos 101 = 0:50:1 helper inlined 23\npos 102 = 0:60:2 deepest inlined 101\npos 103 = 0:70:3 wrap inlined 13';
    const text = chain('check.step %zero !102').replace('call @leaf(%n) !13', 'call @leaf(%n) !103');
    expect(await stackOf(text, more)).toEqual([
      'deepest:60:2 inlined',
      'helper:50:1 inlined',
      at('leaf', 23),
      'wrap:70:3 inlined',
      at('middle', 13),
      at('main', 4),
    ]);
  });

  it('with the run-time left out, called and inlined', async () => {
    const text = `${chain('call @runtime.work(%zero) !23')}\nfunc @runtime.work(%n: i64) {\ncheck.step %n !101\nret\n}`;
    expect(await stackOf(text, 'pos 101 = 0:50:1 runtime.work')).toEqual([at('leaf', 23), ...below]);
    const inlined = chain('check.step %zero !101');
    expect(await stackOf(inlined, 'pos 101 = 0:50:1 runtime.work inlined 23')).toEqual([at('leaf', 23), ...below]);
  });

  it('of a frame that does not fit, which is the function itself', async () => {
    const text =
      chain('call @huge() !23\n') +
      '\nfunc @huge() !30 {\nslot $x size 1000000 align 8\n%p = frame $x\n%a = addr %p\n%v = load.i64 %a, 0 !31\nret\n}';
    const own = text.replaceAll('!30', '!101').replaceAll('!31', '!102');
    expect(await stackOf(own, 'pos 101 = 0:30:1 huge\npos 102 = 0:31:1 huge')).toEqual([
      'huge:30:1',
      at('leaf', 23),
      ...below,
    ]);
  });

  it('in a loop whose code was put elsewhere', async () => {
    const text = chain(`%hundred = const.i64 100\n%unit = const.i64 1
      loop @l (%i: i64 = %zero) {
        %e = elem %p, %i, 8
        %q = addr %e
        %v = load.i64 %q, 0 !26
        %d = sub.i64 %hundred, %i
        %w = div_s.i64 %v, %d !23
        %next = add.i64 %i, %unit
        %more = le_s.i64 %next, %hundred
        if @c %more { next @l(%next) } else { break @l }
        unreachable
      }`);
    expect((await stackOf(text))[0]).toBe(at('leaf', 23));
  });
});

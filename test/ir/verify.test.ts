// Each invariant of the IR has a program that breaks it and, where it is easy to be too strict, one that keeps it.
import { describe, expect, test } from 'vitest';
import type { Func, IrProgram } from '../../compiler/ir.ts';
import { buildFunc, noPosition, programOf } from '../../compiler/ir-build.ts';
import { parseProgram, printProgram } from '../../compiler/ir-text.ts';
import { type Invariant, invariants, verify, violationsText } from '../../compiler/verify.ts';

const parsed = (text: string): IrProgram => {
  const { program, errors } = parseProgram(text);
  if (!program) throw new Error(JSON.stringify(errors));
  return program;
};

const fragment = (text: string) => verify(parsed(text), { fragment: true });
const body = (insts: string, head = ''): string =>
  `${head}func @f(%c: i32, %n: i64, %x: f64, %g: gptr) {\n${insts}\n}\n`;

/** `ret` alone, in a function that is wrong in other ways. */
const bare = (over: Partial<Func>): Func => ({ ...buildFunc('f', ['i64'], [], (b) => b.ret()), ...over });

/** At least one program a number; the message must say what the text says. */
const broken: readonly (readonly [Invariant, string | IrProgram, RegExp])[] = [
  ['V01', body('%a = const.i64 1\n%a = const.i64 2\nret'), /%4 is defined twice/],
  ['V01', body('block @b {\n%a = const.i64 1\nbreak @b\n}\n%a = const.i64 2\nret'), /defined twice/],
  ['V02', body('%a = add.i64 %b, %n\n%b = const.i64 1\nret'), /not defined before/],
  [
    'V02',
    body('block @b {\n%a = const.i64 1\nbreak @b\n}\nout.i64 %a, "{\\"type\\":\\"i64\\"}"\nret'),
    /its body has ended/,
  ],
  [
    'V02',
    body('if @i %c {\n%a = const.i64 1\nbreak @i\n} else {\n%b = add.i64 %a, %a\nbreak @i\n}\nret'),
    /its body has ended/,
  ],
  ['V02', body('%r: i64 = loop @l (%i: i64 = %n) {\nbreak @l(%i)\n}\n%s = add.i64 %i, %r\nret'), /its body has ended/],
  ['V03', programOf({ funcs: [bare({ types: [] })] }), /has no type/],
  [
    'V03',
    programOf({ funcs: [bare({ body: { insts: [], end: { kind: 'ret', args: [-1], pos: 0 } } })] }),
    /%-1 has no type/,
  ],
  [
    'V04',
    programOf({
      funcs: [
        bare({
          body: {
            insts: [{ kind: 'op', op: 'add', suffix: 'i8', results: [], args: [0, 0], imms: [], pos: 0 }],
            end: { kind: 'ret', args: [], pos: 0 },
          },
        }),
      ],
    }),
    /suffixes i32 i64 f32 f64/,
  ],
  ['V05', body('%a = add.i64 %n, %x\nret'), /takes \(i64, i64\), not \(i64, f64\)/],
  ['V05', body('%a = add.i64 %n\nret'), /takes/],
  ['V05', body('%a = load.i64 %g, 0\nret'), /takes \(ptr\), not \(gptr\)/],
  ['V05', body('%a = shared.owner %x, @u\nret', 'shared @u elem 8 dist(block)\n'), /indices of shared.owner are i64/],
  ['V06', body('%a: f64 = const.i64 1\nret'), /gives \(i64\), not \(f64\)/],
  ['V06', body('const.i64 1\nret'), /gives \(i64\), not \(\)/],
  ['V07', body('%a = const.i32 2147483648\nret'), /does not fit i32/],
  ['V07', body('%a = const.i64 9223372036854775808\nret'), /does not fit i64/],
  ['V07', body('%a = addr %g\n%b = load.i64 %a, -8\nret'), /-8 is not in 0/],
  ['V07', body('%v = v.const 1, 9223372036854775808\nret'), /does not fit i64/],
  ['V07', body('%v = v.const 1, 2\n%a = v.extract.i32x4 %v, 4\nret'), /v.extract.i32x4 has no lane 4: there are 4/],
  ['V07', body('%v = v.const 1, 2\n%a = v.replace.f64x2 %v, %x, 2\nret'), /no lane 2/],
  ['V07', body('%v = v.const 1, 2\n%a = addr %g\nv.store_lane.16 %a, %v, 64, 8\nret'), /no lane 8/],
  ['V07', body(`%v = v.const 1, 2\n%a = v.shuffle %v, %v, ${'0, '.repeat(15)}32\nret`), /no lane 32: there are 32/],
  ['V05', body('%v = v.const 1, 2\n%a = v.add.i64x2 %v, %n\nret'), /takes \(v128, v128\), not \(v128, i64\)/],
  ['V06', body('%v = v.const 1, 2\n%a: i64 = v.extract.f64x2 %v, 0\nret'), /gives \(f64\), not \(i64\)/],
  ['V08', body('%a = global @nothing\nret'), /no global @nothing/],
  ['V08', body('%a = global @n1\nret', 'let @n1 i64\n'), /is let, which global does not take/],
  ['V08', body('%a = shared.part @h\nret', 'dynamic @h elem 8 rank 1\n'), /is dynamic/],
  ['V09', body('%a = frame $t\nret'), /no frame slot \$t/],
  ['V09', body('%a = data @t\nret'), /no data @t/],
  ['V09', parsed(`${body('call @g()\nret')}`), /no function @g/],
  ['V10', body('%a = shared.extent @u, 1\nret', 'shared @u elem 8 dist(block)\n'), /no dimension 1/],
  ['V10', body('shared.init %n, @u\nret', 'shared @u elem 8 dist(block)\n'), /1 operands, not 2/],
  ['V10', body('%a = shared.elem %g, %n, @u\nret', 'shared @u elem 8 dist(block, star)\n'), /2 operands, not 3/],
  ['V11', body('%a = allreduce.f64 %x, xor\nret'), /does not take `xor`/],
  ['V11', body('%a = addr %g\n%b = atomic.rmw.i64 %a, %n, mul\nret'), /does not take `mul`/],
  ['V12', body('out.i64 %n, "{\\"type\\":\\"i65\\"}"\nret'), /not a format/],
  ['V12', body('out.i64 %n, "{"\nret'), /not a format/],
  ['V13', body('break @nowhere'), /@nowhere is around/],
  ['V13', body('block @b {\nbreak @b\n}\nbreak @b'), /@b is around/],
  ['V13', body('block @b {\nnext @b\n}\nret'), /of block, not of a loop/],
  ['V14', body('%r: i64 = block @b {\nbreak @b\n}\nret'), /results in \(i64\), not \(\)/],
  ['V14', body('%r: i64 = block @b {\nbreak @b(%x)\n}\nret'), /not \(f64\)/],
  ['V15', body('loop @l (%i: i64 = %x) {\nbreak @l\n}\nret'), /parameters \(i64\), not \(f64\)/],
  ['V15', body('loop @l (%i: i64 = %n) {\nnext @l\n}\nret'), /not \(\)/],
  ['V16', body('ret(%n)'), /results in \(\), not \(i64\)/],
  ['V16', 'func @f() -> i64 {\nret\n}\n', /results in \(i64\), not \(\)/],
  ['V17', body('fault index(%n, %n, %n, %n)'), /4 values are too many/],
  ['V17', body('fault index(%x)'), /%2 is f64/],
  ['V17', body('%v = v.const 1, 2\nfault index(%v)'), /%4 is v128/],
  ['V17', body('raise(%n)'), /the kind of the fault/],
  ['V17', body('raise'), /the kind of the fault/],
  ['V18', body('call @f(%n)\nret'), /takes \(i32, i64, f64, gptr\), not \(i64\)/],
  ['V18', body('%a: i64 = call @f(%c, %n, %x, %g)\nret'), /gives \(\), not \(i64\)/],
  ['V19', body('if @i %n {\nbreak @i\n} else {\nbreak @i\n}\nret'), /%1 is not an i32/],
  ['V20', body('%a = addr %g\nbarrier\n%b = load.i64 %a, 0\nret'), /%4 is a ptr/],
  ['V20', body('%a = addr %g\n%b = ptr.add %a, %c\nbarrier\n%d = load.i64 %b, 0\nret'), /%5 is a ptr/],
  ['V20', body('%a = addr %g\ncall @elsewhere()\n%b = load.i64 %a, 0\nret'), /%4 is a ptr/],
  [
    'V20',
    body('%a = addr %g\nif @i %c {\nbarrier\nbreak @i\n} else {\nbreak @i\n}\n%b = load.i64 %a, 0\nret'),
    /%4 is a ptr/,
  ],
  ['V20', body('%a = addr %g\nblock @b {\nbarrier\nbreak @b\n}\n%b = load.i64 %a, 0\nret'), /%4 is a ptr/],
  ['V20', body('%a = addr %g\nloop @l {\nbarrier\nbreak @l\n}\n%b = load.i64 %a, 0\nret'), /%4 is a ptr/],
  // The use comes before the move in the text and after it in the second iteration.
  ['V20', body('%a = addr %g\nloop @l {\n%b = load.i64 %a, 0\nbarrier\nnext @l\n}\nret'), /%4 is a ptr/],
  [
    'V20',
    body('%a = addr %g\nloop @l {\nloop @m {\n%b = load.i64 %a, 0\nbreak @m\n}\nbarrier\nnext @l\n}\nret'),
    /%4 is a ptr/,
  ],
  ['V20', body('%a = addr %g\nloop @l (%p: ptr = %a) {\nbarrier\nnext @l(%p)\n}\nret'), /is a ptr/],
  ['V20', body('%r: ptr = block @b {\n%a = addr %g\nbarrier\nbreak @b(%a)\n}\nret'), /is a ptr/],
  ['V21', 'func @f(%p: ptr) {\nret\n}\n', /does not outlive/],
  ['V21', 'func @f(%p: gptr) -> ptr {\n%a = addr %p\nret(%a)\n}\n', /does not outlive/],
  ['V22', body('block @b {\nblock @b {\nbreak @b\n}\nbreak @b\n}\nret'), /already the label around/],
  ['V23', 'func @f() {\nret\n}\nfunc @f() {\nret\n}\n', /two functions are named @f/],
  ['V23', 'let @a i64\nlet @a i32\n', /two globals are named @a/],
  ['V23', 'data @a ""\ndata @a ""\n', /two data are named @a/],
  ['V23', 'func @f() {\nslot $a size 8 align 8\nslot $a size 8 align 8\nret\n}\n', /two slots are named \$a/],
  ['V24', 'private @a size -1 align 8\n', /size -1/],
  ['V24', 'symmetric @a size 8 align 3\n', /alignment 3/],
  ['V24', 'dynamic @a elem 8 rank 5\n', /rank 5/],
  ['V24', 'shared @a elem 8 dist()\n', /rank 0/],
  ['V24', 'shared @a elem -8 dist(block)\n', /elements of -8 bytes/],
  ['V24', 'func @f() {\nslot $a size 8 align 0\nret\n}\n', /alignment 0/],
  ['V25', 'func @f() {\nret !1\n}\n', /position 1 is not in the table/],
  ['V25', 'func @f() !3 {\nret\n}\n', /position 3 is not in the table/],
  ['V25', 'private @a size 8 align 8 !2\n', /@a is at position 2/],
  ['V25', 'pos 1 = 0:1:1 f\n', /in file 0, which is not there/],
  ['V25', 'file 0 "a"\npos 1 = 0:1:1 f inlined 2\n', /inlined at 2, which is not there/],
  ['V25', 'file 0 "a"\npos 1 = 0:1:1 f inlined 2\npos 2 = 0:1:1 f inlined 1\n', /inlined into itself/],
  ['V25', programOf({ positions: [] }), /no position 0/],
  ['V26', parsed('func @init() {\nret\n}\n'), /no function @main/],
  ['V26', parsed('func @init() {\nret\n}\nfunc @main(%0: i64) {\nret\n}\n'), /@main has parameters/],
  ['V27', body('%a = let.i32 @n1\nret', 'let @n1 i64\n'), /of type i64, read as i32/],
  ['V28', body('%a = shared.lo @u, 0\nret', 'shared @u elem 8 dist(cyclic)\n'), /is cyclic/],
  ['V28', body('%a = shared.hi @u, 1\nret', 'shared @u elem 8 dist(star, blocks)\n'), /is blocks/],
  [
    'V29',
    body('shared.swap @u, @v\nret', 'shared @u elem 8 dist(block)\nshared @v elem 8 dist(cyclic)\n'),
    /differently/,
  ],
  [
    'V29',
    body('shared.swap @u, @v\nret', 'shared @u elem 8 dist(block)\nshared @v elem 4 dist(block)\n'),
    /differently/,
  ],
  [
    'V30',
    body(
      '%a = shared.part @u\nshared.swap @u, @v\nret',
      'shared @u elem 8 dist(block)\nshared @v elem 8 dist(block)\n',
    ),
    /@u is swapped/,
  ],
  [
    'V30',
    body(
      '%h = handle.of @u\n%a = handle.part %h\nshared.swap @u, @v\nret',
      'shared @u elem 8 dist(block)\nshared @v elem 8 dist(block)\n',
    ),
    /handle.part_now/,
  ],
  ['V08', body('%h = handle.of @d\nret', 'dynamic @d elem 8 rank 1\n'), /takes symmetric arrays/],
  ['V31', body('ret', 'dynamic @d elem 8 rank 1 symmetric of @x\n'), /which is not there/],
  ['V31', body('ret', 'private @x size 8 align 8\ndynamic @d elem 8 rank 1 symmetric of @x\n'), /must be symmetric/],
  ['V31', body('ret', 'symmetric @x size 8 align 8\ndynamic @d elem 8 rank 1 of @x\n'), /must be symmetric/],
];

describe('broken programs', () => {
  test.each(broken.map(([id, p, message], n) => ({ id, p, message, n })))('$id ($n)', ({ id, p, message }) => {
    const found = typeof p === 'string' ? fragment(p) : verify(p);
    const text = violationsText(found);
    expect(found.map((v) => v.invariant)).toContain(id);
    expect(
      found
        .filter((v) => v.invariant === id)
        .map((v) => v.message)
        .join('\n'),
    ).toMatch(message);
    expect(text).toContain(id);
  });

  test('every invariant is broken by one', () => {
    const ids = new Set(broken.map(([id]) => id));
    expect(invariants.map((v) => v.id).filter((id) => !ids.has(id))).toEqual([]);
    expect(invariants.map((v) => v.id)).toEqual(invariants.map((_, i) => `V${String(i + 1).padStart(2, '0')}`));
  });
});

describe('ptrs that live', () => {
  test.each([
    ['in straight code', '%a = addr %g\n%b = load.i64 %a, 0\nret'],
    ['as the operand of what moves', '%a = addr %g\n%b = atomic.wait32 %a, %c, %n\nret'],
    ['across a call that does not move', '%a = addr %g\ncall @quiet()\n%b = load.i64 %a, 0\nret'],
    ['in a loop that does not move', '%a = addr %g\nloop @l {\n%b = load.i64 %a, 0\nnext @l\n}\nunreachable'],
    [
      'through the parameter of a loop',
      '%a = addr %g\nloop @l (%p: ptr = %a) {\n%q = ptr.add %p, %c\nnext @l(%q)\n}\nunreachable',
    ],
    [
      'in an arm, though the other moves',
      '%a = addr %g\nif @i %c {\nbarrier\nbreak @i\n} else {\n%b = load.i64 %a, 0\nbreak @i\n}\nret',
    ],
    ['made anew in each iteration', 'loop @l {\n%a = addr %g\n%b = load.i64 %a, 0\nbarrier\nnext @l\n}\nunreachable'],
    [
      'as a parameter made after the move',
      '%a = addr %g\nloop @l (%p: ptr = %a) {\n%b = load.i64 %p, 0\nbarrier\n%q = addr %g\nnext @l(%q)\n}\nunreachable',
    ],
    ['as a result', '%r: ptr = block @b {\nbarrier\n%a = addr %g\nbreak @b(%a)\n}\n%b = load.i64 %r, 0\nret'],
  ])('%s', (_, insts) => {
    const quiet = 'func @quiet() {\ncall @quieter()\nret\n}\nfunc @quieter() {\nfence\ncall @quiet()\nret\n}\n';
    expect(violationsText(fragment(body(insts, quiet)))).toBe('');
  });

  test('a function that calls one that moves, moves', () => {
    const noisy = 'func @noisy() {\ncall @noisier()\nret\n}\nfunc @noisier() {\nbarrier\ncall @noisy()\nret\n}\n';
    const found = fragment(body('%a = addr %g\ncall @noisy()\n%b = load.i64 %a, 0\nret', noisy));
    expect(found.map((v) => v.invariant)).toEqual(['V20']);
  });
});

test('the path leads to the place', () => {
  const text = body(
    'loop @outer {\nif @i %c {\n%a = add.i64 %n, %x\nbreak @i\n} else {\nbreak @i\n}\nnext @outer\n}\nunreachable',
  );
  const [v] = fragment(text);
  expect(v).toEqual({
    invariant: 'V05',
    func: 'f',
    message: 'add.i64 takes (i64, i64), not (i64, f64)',
    path: '@f / body / loop @outer / if @i, then / %4 = add.i64 %1, %2',
  });
});

test('labels may be used again side by side, and a whole program may be right', () => {
  const p = parsed(
    'func @init() {\nret\n}\nfunc @main() {\nblock @b {\nbreak @b\n}\nblock @b {\nbreak @b\n}\nret\n}\n',
  );
  expect(verify(p)).toEqual([]);
  expect(verify({ ...p, positions: [noPosition] })).toEqual([]);
  expect(printProgram(p)).toContain('block @b');
});

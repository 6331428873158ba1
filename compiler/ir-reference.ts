// Writes docs/ir.md: the reference page of the IR, from the tables of ops and invariants. A test keeps the page current.
import { type ImmKind, memTypes, type OpName, opRow, ops } from './ir.ts';
import { isOpName, wordsOf } from './ir-types.ts';
import { invariants } from './verify-table.ts';

const grammar = `# The IR

This page is generated from \`compiler/ir.ts\` and \`compiler/verify-table.ts\`; \`npm run bless\` brings it up to date.

The IR is structured SSA. A body is a list of instructions and what ends it; \`if\`, \`block\` and \`loop\` are instructions
that hold bodies and have results. Every exit is labelled, no body falls through, and a value may be used after its
definition in the same body and in the bodies nested below.

Two kinds of pointer: a \`gptr\` denotes a place and stays right when objects move; a \`ptr\` is bits, made by \`addr\`, and
dies at the next op whose effect is *moves*.

## Text

\`\`\`
images 4                                  ; only where it is for nodes of just so many images
file 0 "prog.pg"
pos 1 = 0:12:5 main                       ; file:line:column function; ends in \`inlined 3\` where position 3 is the call
private @x size 8 align 8 !1              ; module-level variables
symmetric @ready size 8 align 8
let @size i64
config @n i64 = "1000" int "what it is"
shared @u elem 8 dist(block, star)        ; star block cyclic blocks on
dynamic @g elem 8 rank 2 symmetric        ; with \`of @x\` it describes @x and has no memory of its own
data @s0 "text with \\0a escapes"

func @twice(%0: gptr, %1: i64) -> i64, f64 !1 {
  slot $tmp size 16 align 8               ; part of the frame on the stack in memory
  %2 = addr %0 !3                         ; !3: the position
  %3 = load.i64 %2, 8 !by=licm            ; !by: the pass that made it
  %4 = const.i64 42
  %5 = fconst.f64 1.5                     ; or inf, -inf, nan:0x7ff8000000000000
  %6: i64, %7: f64 = call @f(%3, %4)      ; types are written where the table does not tell them
  %8: i64 = loop @l0 (%9: i64 = %3, %10: i64 = %4) independent {
    %11 = lt_s.i64 %9, %10
    if @i0 %11 {
      next @l0(%10, %9)
    } else {
      break @i0
    }
    break @l0(%9)
  }
  ret(%8, %7)
}
\`\`\`

Comments run from \`;\` or \`//\` to the end of the line. The operands of an op begin on its line: values first, then
immediates. Names that are not plain are quoted: \`@"max<int>"\`. In strings \`\\hh\` is a byte and \`\\u{hhhh}\` a UTF-16 unit.
Values may have any names; when all names of a function are numbers they are kept, else values are numbered in order of
appearance. Functions may stand alone.

A body ends in one of

| end | meaning |
| --- | --- |
| \`break @l(%a, …)\` | leave \`@l\` with its results |
| \`next @l(%a, …)\` | next iteration of loop \`@l\` with these parameters |
| \`ret(%a, …)\` | return |
| \`fault kind(%a, …)\` | end the run; at most three values go into the report |
| \`raise(%kind, …)\` | the same with the number of the kind as a value |
| \`unreachable\` | is not reached |

Types: \`i32 i64 f32 f64 v128 gptr ptr\`. Memory types: \`${memTypes.join(' ')}\`; narrow integers are i32 values, \`ptr32\` and
\`ptr64\` are gptr values. A v128 is 16 bytes; the ops that begin with \`v.\` tell its lanes.
`;

const immNames: Record<ImmKind, string> = {
  int: 'integer',
  bits: 'float',
  global: '@global',
  data: '@data',
  slot: '$slot',
  func: '@function',
  word: 'word',
  dims: 'words of dist',
  text: '"text"',
  number: 'number',
};

/** Effects hold whatever the suffix; an op without any is pure. */
const effectText = (op: OpName): string => {
  const { effects } = opRow(op);
  return effects.length === 0 ? 'pure' : effects.join(' ');
};

const cell = (text: string): string => text.replaceAll('|', '\\|');

const opLine = (op: OpName): string => {
  const row = opRow(op);
  const operands = [...row.operands, ...row.imms.map((k) => immNames[k])].join(', ');
  const results = row.results.join(', ');
  const suffixes = row.types?.join(' ') ?? '';
  const words = row.imms.includes('word') && row.types ? wordsOf(op, row.types[0] ?? '').length > 0 : false;
  const doc = words && !row.doc.includes('word') ? `${row.doc}; the words are those of allreduce` : row.doc;
  return `| \`${op}\` | ${suffixes} | ${cell(operands)} | ${results} | ${effectText(op)} | ${row.cost} | ${cell(doc)} |`;
};

/** The text of docs/ir.md. */
export const irReference = (): string => {
  const rows = Object.keys(ops).filter(isOpName).map(opLine);
  return `${grammar}
## Operations

T is the type of a value of the suffix; of \`a.b\` D is that of a and S that of b; L is the type of a lane. \`…\` is any number of any type.

| op | suffixes | operands, immediates | results | effects | cost | what it does |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}

## Invariants

Checked by \`compiler/verify.ts\` after every pass in tests.

${invariants.map((v) => `- **${v.id}** ${v.text}`).join('\n')}
`;
};

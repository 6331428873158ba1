// The invariants of the IR, numbered: what every pass may rely on and must keep. verify.ts checks them.

export const invariants = [
  { id: 'V01', text: 'a value is defined once: as a parameter, a loop parameter or a result' },
  { id: 'V02', text: 'a value is used only after its definition, in the same body or in one nested below' },
  { id: 'V03', text: 'every value that occurs has a number and a type in `types`' },
  { id: 'V04', text: 'an op has one of the suffixes that the table gives it, or none if it has none' },
  { id: 'V05', text: 'operands agree with the table in number and type' },
  { id: 'V06', text: 'results agree with the table in number and type' },
  { id: 'V07', text: 'immediates agree with the table in number and kind, and lie in their range' },
  { id: 'V08', text: 'a global that is named exists and is of the kind that the op wants' },
  { id: 'V09', text: 'data, frame slots and functions that are named exist' },
  { id: 'V10', text: 'a dimension is one of the array; extents, blocks and indices are as many as its rank wants' },
  { id: 'V11', text: 'the word of an op is one that it takes with this suffix' },
  { id: 'V12', text: 'the text of an out op is a format' },
  { id: 'V13', text: 'break and next name a structure that encloses them, next a loop' },
  { id: 'V14', text: 'break gives the results of its structure, in number and type' },
  { id: 'V15', text: 'next and the inits give the parameters of the loop, in number and type' },
  { id: 'V16', text: 'ret gives the results of the function, in number and type' },
  {
    id: 'V17',
    text: 'a fault has at most three values, raise one to four, its first an i32; none is a float or a ptr',
  },
  { id: 'V18', text: 'a call gives what the parameters want and takes what the results are' },
  { id: 'V19', text: 'the condition of an if is an i32' },
  { id: 'V20', text: 'no ptr is used where objects may have moved since it was made' },
  { id: 'V21', text: 'no ptr is a parameter or result of a function' },
  { id: 'V22', text: 'a label is not used again inside the structure that has it' },
  { id: 'V23', text: 'functions, globals, data, and the slots of a function have names of their own' },
  { id: 'V24', text: 'sizes are not negative, alignments powers of two, ranks 1 to 4' },
  {
    id: 'V25',
    text: 'positions lie in the table of positions, their files in the table of files, inlining has no circles',
  },
  { id: 'V26', text: 'init and main exist and have neither parameters nor results' },
  { id: 'V27', text: 'a let or config is read with its own type' },
  { id: 'V28', text: 'lo and hi are asked of dimensions that have one block (block, star, on)' },
  { id: 'V29', text: 'two arrays that are swapped have one layout' },
  { id: 'V30', text: 'shared.part is of an array that no function swaps, handle.part in a program that swaps none' },
  { id: 'V31', text: 'a descriptor `of` a variable is symmetric, and the variable is a symmetric one' },
] as const satisfies readonly { readonly id: string; readonly text: string }[];

export type Invariant = (typeof invariants)[number]['id'];

export interface Violation {
  readonly invariant: Invariant;
  /** Name of the function; empty: of the program. */
  readonly func: string;
  readonly message: string;
  /** The way to the place: `@main / loop @l0 / if @i1, else / %7 = add.i64 %3, %4`. */
  readonly path: string;
}

/** What one check says; where it is, its caller knows. */
export type Report = (invariant: Invariant, message: string) => void;

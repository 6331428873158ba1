// Codes of checking: PG02xx names and modules, PG03xx types, PG04xx places and the global space, PG05xx constants and
// formats, PG09xx not in this version.
import type { CodeInfo } from './code-info.ts';

export const checkCodes = {
  PG0201: {
    title: 'unknown name',
    explain: `No declaration in scope has this name. Locals are known from their declaration to the end of their block,
module-level names everywhere in their module, names of other modules through the module.

  import std.math;
  let r = sqrt(2.0);           // wrong: sqrt is in the module
  let r = math.sqrt(2.0);      // right`,
  },
  PG0202: {
    title: 'declared twice',
    explain: `Two declarations in one block, module or struct have the same name. An inner block may declare it again.

  let n = 1;
  let n = 2;              // wrong
  if n > 0 { let n = 2; } // right: another n, in the inner block`,
  },
  PG0203: {
    title: 'module not found',
    explain: `The file or library module of an import could not be read. Paths are relative to the importing file.

  import math;                    // wrong
  import std.math;                // right: the library's
  import "grid.pg" as grid;       // right: a file beside this one`,
  },
  PG0204: {
    title: 'not in this module',
    explain: `The module before the dot is not imported, or has no declaration of this name.

  import std.math;
  let x = maths.sin(1.0);       // wrong: no module of this name
  let x = math.sinus(1.0);      // wrong: it has no such function
  let x = math.sin(1.0);        // right`,
  },
  PG0205: {
    title: 'not a value',
    explain: `A function, struct, module or operator stands where a value is needed.

  let p = num_images;           // wrong: the function itself
  let p = num_images();         // right: its result`,
  },
  PG0206: {
    title: 'no main',
    explain: `Every image starts at the function main of the main module. It has no parameters and no result.

  fn main(n: int) -> int { … }                 // wrong
  config const n: int = 10;  fn main() { … }   // right: pgc run p.pg -- --n=20`,
  },
  PG0207: {
    title: 'depends on itself',
    explain: `A constant, or the first value of a module-level variable, is needed to compute itself: directly, through others,
or through a function that its initialiser calls. Declarations may stand in any order, but not in a circle.

  let a = b + 1;
  let b = a - 1;       // wrong: each needs the other`,
  },
  PG0208: {
    title: 'a name of the library',
    explain:
      "Names that begin with two underscores are operations that only modules of the library may use. Programs use the\nlibrary's functions: `math.sqrt(x)` instead of `__sqrt(x)`.",
  },
  PG0209: {
    title: 'not a function',
    explain: `What stands before the parentheses cannot be called. Values have fields and properties, not methods.

  let n = a.len();      // wrong: a property
  let n = a.len;        // right
  let d = a.dim(1);     // right`,
  },
  PG0301: {
    title: 'mismatched types',
    explain: `A value has another type than its place wants. Only literals take the type that is wanted; nothing else converts by
itself, so that no conversion goes unseen.

  let x: f64 = n;             // wrong if n is an int
  let x: f64 = n as f64;      // right
  let x: f64 = 3;             // right: a literal`,
  },
  PG0302: {
    title: 'operator does not apply',
    explain: `The operator has no meaning for values of these types.

  let b = 1.5 & 1;           // wrong: floats have no bits to combine
  let b = (x as int) & 1;    // right
  if !n { }                  // wrong for an int n
  if n == 0 { }              // right`,
  },
  PG0303: {
    title: 'wrong number of arguments',
    explain: `A call gives more or fewer arguments than the function takes. There are no default arguments.

  fn f(a: int, b: int) { }
  f(1);           // wrong
  f(1, 2);        // right`,
  },
  PG0304: {
    title: 'unknown type',
    explain: `No type has this name. The scalar types are bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 and str; int is i64.

  var x: double;      // wrong
  var x: f64;         // right`,
  },
  PG0305: {
    title: 'no value',
    explain: `A value is needed, but the call or block gives none.

  fn show(x: int) { print("{}", x); }
  let y = show(1);                                  // wrong: show has no result
  let y = if c { 1; } else { 2; };                  // wrong: the semicolons drop the values
  let y = if c { 1 } else { 2 };                    // right`,
  },
  PG0306: {
    title: 'no such conversion',
    explain: `\`as\` converts numbers to numbers, bools to integers, pointers to pointers, pointers to integers and back, and
a \`[]u8\` to a \`str\` of the same bytes.

  let b = n as bool;      // wrong
  let b = n != 0;         // right`,
  },
  PG0307: {
    title: 'missing return',
    explain: `The function has a result, but control can reach its end without a value.

  fn sign(x: int) -> int { if x < 0 { return -1; } }                // wrong for x >= 0
  fn sign(x: int) -> int { if x < 0 { return -1; } return 1; }      // right
  fn sign(x: int) -> int { if x < 0 { -1 } else { 1 } }             // right: the value of the body`,
  },
  PG0308: {
    title: 'unreachable code',
    explain: `A warning: what stands before always returns, stops the program, or loops for ever.

  return x;
  print("done");      // never happens`,
  },
  PG0309: {
    title: 'unused value',
    explain: `A warning: the statement computes something and drops it.

  x == 1;      // compares
  x = 1;       // assigns`,
  },
  PG0310: {
    title: 'struct contains itself',
    explain: `A struct that contains itself by value would have no end. A pointer has a fixed size.

  struct Node { next: Node; }       // wrong
  struct Node { next: *Node; }      // right`,
  },
  PG0311: {
    title: 'no such field',
    explain: `The struct has no field of this name, or the value no such property. Arrays and slices have \`len\` and \`dim(k)\`,
shared arrays also \`local\`, \`lo()\` and \`hi()\`.

  struct P { x: f64; y: f64; }
  p.z        // wrong
  p.y        // right`,
  },
  PG0312: {
    title: 'struct literal',
    explain: `A struct literal gives every field exactly once.

  struct P { x: f64; y: f64; }
  let p = P { x: 1.0 };              // wrong: y is missing
  let p = P { x: 1.0, y: 0.0 };      // right`,
  },
  PG0313: {
    title: 'type not known',
    explain: `Nothing tells the type.

  var p = nil;               // wrong: a pointer to what?
  var p: *Node = nil;        // right`,
  },
  PG0314: {
    title: 'wrong indices',
    explain: `The value cannot be indexed, or has another number of dimensions.

  var m: [3, 4]f64;
  m[1]          // wrong: two dimensions
  m[1, 2]       // right: an element
  m[1, ..]      // right: a row, as a slice`,
  },
  PG0315: {
    title: 'if without else',
    explain: `An \`if\` that is used as a value needs a value in both cases.

  let s = if x < 0 { -1 };                 // wrong
  let s = if x < 0 { -1 } else { 1 };      // right`,
  },
  PG0316: {
    title: 'return does not fit',
    explain: `A function with a result returns a value, one without returns none.

  fn f() { return 1; }              // wrong
  fn f() -> int { return 1; }       // right`,
  },
  PG0317: {
    title: 'outside of a loop',
    explain: `\`break\` and \`continue\` stand inside a loop. A function is left by \`return\`.

  if done { break; }                   // wrong, outside of a loop
  loop { if done { break; } }          // right`,
  },
  PG0318: {
    title: 'type not allowed here',
    explain: `Slices and texts refer to memory of one image: they mean nothing to another, so \`co\` and \`shared\` variables cannot be of
these types.

  co x: []f64;         // wrong
  co x: [n]f64;        // right: an array of its own on every image`,
  },
  PG0319: {
    title: 'cannot be looped over',
    explain: `A range runs over integers of one type; \`for x in a\` runs over an array or slice.

  for i in n { }            // wrong
  for i in 0..n { }         // right
  for x in 0.0..1.0 { }     // wrong`,
  },
  PG0320: {
    title: 'type cannot be inferred',
    explain: `The type parameters of a function are found from its arguments, or from the type that its result must have. Here
neither says what one of them is.

  fn empty<T>() -> *T { return nil; }
  let p = empty();             // wrong: a pointer to what?
  let p: *int = empty();       // right`,
  },
  PG0321: {
    title: 'instances without end',
    explain: `One copy of a generic function or struct is compiled for each list of types it is used with. This one uses itself
with ever larger types, so the copies would never end.

  fn f<T>(x: T) { f(&x); }     // wrong: f<int> asks for f<*int>, which asks for f<**int>, …`,
  },
  PG0322: {
    title: 'wrong number of type arguments',
    explain: `A type with parameters is written with a type for each of them; other types take none.

  struct Pair<A, B> { a: A; b: B; }
  var p: Pair<int>;            // wrong
  var p: Pair<int, f64>;       // right`,
  },
  PG0401: {
    title: 'cannot be changed',
    explain: `Names declared with \`let\` and \`const\`, parameters and loop variables never change.

  let n = 0;
  n += 1;             // wrong
  var n = 0;
  n += 1;             // right`,
  },
  PG0402: {
    title: 'not a place',
    explain: `Only places can be assigned or changed: variables, elements, fields, and what a pointer points to.

  f(x) = 1;         // wrong
  a[f(x)] = 1;      // right`,
  },
  PG0403: {
    title: 'private variable of another image',
    explain: `A \`var\` is private: every image has its own, and no other can reach it. A \`co\` variable can be reached.

  var x: int;      let y = x@1;      // wrong
  co x: int;       let y = x@1;      // right: image 1's x`,
  },
  PG0404: {
    title: '@ does not apply',
    explain: `\`x@p\` is the \`co\` variable x of image p. Locals live on their own image only; a shared variable is the same for
every image and is named without \`@\`.

  shared a: [n]f64;   a[i]@p        // wrong
  shared a: [n]f64;   a[i]          // right: wherever it lives
  co x: [8]f64;       x[i]@p        // right`,
  },
  PG0405: {
    title: 'not a value as a whole',
    explain: `A shared array is spread over all images, and an array with extents known at run time has no fixed size: neither can be
copied, passed or stored as one value.

  let b = a;             // wrong for a shared array a
  let b = a.local;       // right: a slice of the elements that live here
  let c = x[..];         // right: a slice of a co or var array`,
  },
  PG0406: {
    title: 'forall',
    explain: `\`forall\` runs over the indices of a shared array, one variable a dimension, or over a range with \`on\`.

  shared a: [n]f64;   shared m: [n, n]f64;   var b: [8]f64;
  forall i in b { }                 // wrong: private
  forall i in m { }                 // wrong: two dimensions
  forall i in a { }                 // right
  forall (i, j) in m { }            // right
  forall i in 0..n on a[i] { }      // right`,
  },
  PG0407: {
    title: 'out of a forall, foreach or par for',
    explain: `All iterations of a forall, foreach or par for run, in any order: none can end the loop. \`continue\` ends one iteration.

  forall i in a { if a[i] == x { return; } }                                  // wrong
  var found = false;
  forall i in a reduce(|: found) { if a[i] == x { found = true; } }           // right`,
  },
  PG0408: {
    title: 'not contiguous',
    explain: `A slice is one piece of memory. Arrays are stored row by row, so after a range every dimension must be complete.

  m[.., 0]           // wrong: a column
  m[1, ..]           // right: a row
  m[1..3, ..]        // right: some rows
  m[1, 2..5]         // right: a part of a row`,
  },
  PG0409: {
    title: 'slice of the global space',
    explain: `A slice refers to memory of its own image. Parts of other images' memory are copied, by an assignment between slices.

  f(x[0..4]@p);                        // wrong
  var b: [4]f64;
  b[..] = x[0..4]@p;                   // right: one bulk get
  f(b);`,
  },
  PG0410: {
    title: 'distribution',
    explain: `A shared array has one word a dimension in its \`dist\`: block, cyclic, block(B), or * for undivided; or \`on p\` alone.

  shared m: [n, n]f64 dist(cyclic);         // wrong
  shared m: [n, n]f64 dist(cyclic, *);      // right`,
  },
  PG0411: {
    title: 'property of another kind of array',
    explain: `\`local\`, \`lo()\` and \`hi()\` are about the part of a shared array that lives on this image. \`lo\` and \`hi\` need a
block distribution: with \`cyclic\` and \`block(B)\` an image has no one range of indices.

  for i in a.lo()..a.hi() { }      // wrong for dist(cyclic)
  forall i in a { }                // right for any`,
  },
  PG0412: {
    title: 'wait_until would wait for ever',
    explain: `No other image can change what the condition reads. It must read a \`co\` or shared variable.

  var ready: int;   wait_until(ready > 0);      // wrong: private
  co ready: int;    wait_until(ready > 0);      // right: another image does ready@p = 1`,
  },
  PG0413: {
    title: 'no atomics on this type',
    explain: `Atomics work on 32- and 64-bit integers, and on f64 all but and, or and xor.

  shared flag: bool;    swap_value(flag, true);      // wrong
  shared flag: i32;     swap_value(flag, 1);         // right`,
  },
  PG0414: {
    title: 'reduction',
    explain: `A reduction combines numbers by + * min max, integers and bools by & | ^, into a variable that is private to the image.
In a collective the operator comes first.

  forall i in a reduce(&: s) { }      // wrong for a float s
  forall i in a reduce(+: s) { }      // right
  let t = allreduce(x, +);            // wrong
  let t = allreduce(+, x);            // right`,
  },
  PG0415: {
    title: 'barrier or collective inside a forall',
    explain: `A warning: each image runs only its own iterations of a forall, so the images would meet a different number of times,
and wait for each other for ever.

  forall i in a { a[i] = f(i); barrier; }      // wrong
  forall i in a { a[i] = f(i); }
  barrier;                                     // right`,
  },
  PG0416: {
    title: 'cannot be exchanged',
    explain: `\`swap\` exchanges two places of one type, or the handles of two shared arrays with equal elements, extents and
distributions.

  shared u: [n]f64 dist(block);   shared v: [n]f64 dist(cyclic);
  swap(u, v);                     // wrong
  shared v: [n]f64 dist(block);   // right`,
  },
  PG0417: {
    title: 'no address',
    explain: `\`&\` takes the address of a place: a variable, element or field. Values, shared arrays as a whole, and module-level names
that never change have none.

  let p = &(x + 1);       // wrong
  let p = &x;             // right`,
  },
  PG0418: {
    title: 'delete of something else',
    explain: `\`delete\` gives back what \`new\` gave: a pointer or a slice.

  let a = new [n]f64;
  delete a[0];       // wrong
  delete a;          // right`,
  },
  PG0419: {
    title: 'not in the global space',
    explain: `\`image_of\` asks where a shared or remote place lives, \`local\` turns a \`*shared T\` into a \`*T\`.

  image_of(a)          // wrong: all images have parts of it
  image_of(a[i])       // right
  local(a[i])          // wrong: an element
  local(&a[i])         // right: a pointer to it`,
  },
  PG0420: {
    title: 'no initial value here',
    explain: `Shared arrays, shared structs, and arrays whose extents are known at run time start as all zeros.

  shared a: [n]f64 = 1.0;            // wrong
  forall i in a { a[i] = 1.0; }      // right, in main`,
  },
  PG0421: {
    title: 'locks and events stay where they are',
    explain: `A lock or an event is a place in shared memory that images meet at: it cannot be copied, and an image's own
private memory is no place for it.

  var l: lock;                       // wrong: every image would have one that no other can reach
  shared l: lock;                    // right: one for all
  co e: event;                       // right: every image has one, e@p is image p's
  fn work(l: lock) { … }             // wrong: a copy of a lock
  fn work(l: *shared lock) { … }     // right: where it is; called as work(&l)`,
  },
  PG0422: {
    title: 'not a task',
    explain: `A task is a call of a function that runs beside the others of its image. What is built in cannot be a task by itself, and
neither can a value that is no call.

  let h = spawn f(3);         // right: a task that calls f with 3
  let h = spawn f;            // wrong: not a call
  spawn print("hello");       // wrong: print is built in
  fn hello() { print("hello"); }
  spawn hello();              // right`,
  },
  PG0423: {
    title: 'assigned in a par for',
    explain: `The iterations of a \`par for\` may run at the same time, on several cores. They may read what is around the loop, and write
elements of arrays, each its own; a variable from outside that each of them assigned would have any value in the end.

  var sum = 0;
  par for i in 0..n { sum += a[i]; }                     // wrong
  par for i in 0..n reduce(+: sum) { sum += a[i]; }      // right: the sum of all
  par for i in 0..n { b[i] = 2 * a[i]; }                 // right
  par for i in 0..n { if a[i] < 0 { fetch_add(negative, 1); } }   // right: atomic`,
  },
  PG0424: {
    title: 'not a handler of messages',
    explain: `A handler is a function that takes the status of a message and gives nothing. How it is called is said by one of three
words: \`branch\`, at the next hook, in the middle of what the image computes; \`spawn\`, in a new task; \`wake\`, in the task that
registered it, which is released where it waits. \`wake\` needs no handler.

  fn got(s: status) { var x: int; recv(x, s.source, s.tag); }
  on_message(7, got, branch);      // right
  on_message(7, got, later);       // wrong: no such way
  on_message(7, got(s), spawn);    // wrong: a call, and no function
  on_message(7, wake);             // right
  off_message(7);                  // ends it`,
  },
  PG0501: {
    title: 'literal out of range',
    explain: `The number does not fit the type that its context wants.

  let b: u8 = 300;            // wrong: a u8 holds 0 to 255
  let b = 300 as u8;          // right, if it is to wrap: 44
  let m: i8 = -128;           // right`,
  },
  PG0502: {
    title: 'bad extent',
    explain: `Extents are integers, at least 1 for arrays of fixed size; arrays have at most 4 dimensions, and no object more than
2^31 - 1 bytes.

  var a: [0]int;       // wrong
  var a: [8]int;       // right`,
  },
  PG0503: {
    title: 'not a constant',
    explain: `The value must be known while compiling: literals, \`const\`s, and operators on them. \`let\`, \`config const\` and calls are
only known when the program runs.

  config const n: int = 8;
  fn main() { var a: [n]f64; }             // wrong
  fn main() { let a = new [n]f64; }        // right
  shared b: [n]f64;                        // right, at module level`,
  },
  PG0504: {
    title: 'config const',
    explain: `A config const can be set on the command line: it is a number or a bool.

  config const name = "x";            // wrong
  config const n: int = 1000;         // right: pgc run p.pg -- --n=4000`,
  },
  PG0505: {
    title: 'malformed format',
    explain: `Formats are {} with, after a colon: < or > for the side, 0 for leading zeros, a width, a dot and a number of decimals, and
x, b or e. A brace itself is written twice.

  print("{x}", x);          // wrong
  print("{:8.3}", x);       // right
  print("{{}}");            // right: prints {}`,
  },
  PG0506: {
    title: 'format and values differ in number',
    explain: `Every {} shows one of the values after the format.

  print("{} of {}", i);           // wrong
  print("{} of {}", i, n);        // right`,
  },
  PG0507: {
    title: 'format does not suit the value',
    explain: `Decimals and e are for floats, x and b for integers. Structs, arrays and slices are printed by their parts.

  print("{:.2}", n);                 // wrong for an int n
  print("{:.2}", n as f64);          // right`,
  },
  PG0508: {
    title: 'constant arithmetic fails',
    explain: `A warning: the constants in this operation divide by zero, or give a quotient that the type cannot hold. The program
would stop here when it runs.

  let x = 1 / 0;`,
  },
  PG0509: {
    title: 'format is not a literal',
    explain: `The format of print, write and eprint is checked while compiling, so it must be a text literal.

  print(name);             // wrong
  print("{}", name);       // right`,
  },
  PG0510: {
    title: 'constant out of range',
    explain: `A constant index, dimension, step or end of a range is outside of what is possible here.

  var a: [4]int;
  a[4] = 0;                   // 0 to 3
  for i in 0..n step 0 { }    // would never end

A loop ends when its counter has passed the end. So an end of 64 bits is at least a step before
the largest number of its type.`,
  },
  PG0511: {
    title: 'too long or too deep',
    explain:
      'An expression with a thousand operators in a row, or as deep, is too much for the compiler. Give parts of it names.',
  },
  PG0901: {
    title: 'not in this version',
    explain: 'The construct is part of PG, but this version of the compiler does not have it yet: `virtine` functions.',
  },
} as const satisfies Record<string, CodeInfo>;

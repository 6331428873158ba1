// The typed tree: what the checker gives to the lowering. Names are resolved, constants folded, every implicit conversion
// and default made explicit, and places told apart from values. Nothing here needs the syntax tree any more.
import type { ReduceOp } from './ast.ts';
import type { Source, Span } from './source.ts';
import type { StructField, StructType, Type } from './types.ts';

// ---- what names stand for ---------------------------------------------------------------------------------------

/** A parameter, `let`, `var` or loop variable of a function. */
export interface Local {
  readonly name: string;
  readonly type: Type;
  readonly mutable: boolean;
  readonly span: Span;
  /** Set when `&x` or a slice of it is taken anywhere: then it must live in memory. */
  addressTaken: boolean;
}

/** How one dimension of a shared array is spread. `on` applies to the whole array (rank 1: one word). */
export type DimDist =
  | { readonly kind: 'star' }
  | { readonly kind: 'block' }
  | { readonly kind: 'cyclic' }
  | { readonly kind: 'blocks'; readonly size: Expr }
  | { readonly kind: 'on'; readonly image: Expr };

/** A module-level variable, `let` or `config const` (plain `const`s are folded away). */
export interface Global {
  /** Unique in the program: `name` in the main module, `module.name` elsewhere. */
  readonly symbol: string;
  readonly name: string;
  readonly span: Span;
  readonly storage: 'var' | 'co' | 'shared' | 'let' | 'config';
  readonly strict: boolean;
  /** For arrays with run-time extents `sharedArray` or `dynamicArray`; every `shared` array is a `sharedArray`. */
  readonly type: Type;
  /** Extents of a `sharedArray` or `dynamicArray` (type int). */
  readonly extents?: readonly Expr[];
  /** One a dimension, for a `sharedArray`. */
  readonly dist?: readonly DimDist[];
  /** Initial value (`let`: always; `config`: always a `const` expression; `var`/`co`/`shared`: optional, scalars only for shared). */
  readonly value?: Expr;
  /** What `--help` says about a config. */
  readonly doc?: string;
  /** The default of a config that was written as a character. */
  readonly letter?: string;
  /** True when some `swap(a, b)` names this shared array. */
  swapped: boolean;
  /** True when it was converted to a handle somewhere. */
  handled: boolean;
}

export interface Fn {
  /** Unique in the program: `name` in the main module, `module.name` elsewhere. */
  readonly symbol: string;
  readonly name: string;
  readonly span: Span;
  readonly params: readonly Local[];
  readonly result: Type;
  /** Filled when the body has been checked; of the run-time's functions, checked when it is looked at. */
  body: Block;
}

export interface Program {
  readonly sources: readonly Source[];
  readonly structs: readonly StructType[];
  /** All globals of all modules, in an order in which each initialiser uses only earlier ones. */
  readonly globals: readonly Global[];
  /** All functions of all modules; the lowering takes those that are reachable. A body that is looked at may add instances at the end. */
  readonly functions: readonly Fn[];
  readonly main: Fn;
}

// ---- places -----------------------------------------------------------------------------------------------------

/** Something with an address. `type` is the type of the value it holds. */
export type Place = { readonly type: Type; readonly span: Span } & (
  | { readonly kind: 'local'; readonly local: Local }
  /** `var`, own `co`, `let`, `config`, and `shared` scalars (affinity to image 0). */
  | { readonly kind: 'global'; readonly global: Global }
  /** `x@p` of a `co` variable: the whole object on image p. `x[i]@p` and `x@p[i]` are both element(remote(x, p), i). */
  | { readonly kind: 'remote'; readonly global: Global; readonly image: Expr }
  /** `*p` and what `p.f` goes through. `pointer` is of type pointer or sharedPointer. */
  | { readonly kind: 'deref'; readonly pointer: Expr }
  /** `p[k]` of a pointer (or sharedPointer). */
  | { readonly kind: 'pointerElement'; readonly pointer: Expr; readonly index: Expr }
  | { readonly kind: 'field'; readonly base: Place; readonly field: StructField }
  /** Element of an array place (type array or dynamicArray). As many indices as the rank. */
  | { readonly kind: 'element'; readonly base: Place; readonly indices: readonly Expr[] }
  /** Element of a slice or (read-only, one index) a str value. */
  | { readonly kind: 'sliceElement'; readonly slice: Expr; readonly indices: readonly Expr[] }
  /** Element of a shared array, wherever it lives. `array` is a handle. */
  | { readonly kind: 'sharedElement'; readonly array: Expr; readonly indices: readonly Expr[] }
  /** The array (type dynamicArray) that a `co` handle refers to: mine, or that of `image`. */
  | { readonly kind: 'coArray'; readonly handle: Expr; readonly image?: Expr }
  /** An unnamed value of aggregate type that something is selected from: `f().x`. Read-only. */
  | { readonly kind: 'temporary'; readonly value: Expr }
);

// ---- values -----------------------------------------------------------------------------------------------------

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '&' | '|' | '^' | '<<' | '>>';
export type CompareOp = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A piece of a print format: literal text, or the next value with its conversion. */
export type FormatPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: Expr; readonly spec: FormatSpec };

/** `{:8.3}`: at least `width` columns, right-aligned for numbers; `precision` decimals for floats; `hex` for integers. */
export interface FormatSpec {
  readonly width?: number;
  readonly zeroPad?: boolean;
  readonly leftAlign?: boolean;
  readonly precision?: number;
  /** `x` hexadecimal, `b` binary, `e` scientific. */
  readonly style?: 'x' | 'b' | 'e';
}

export type AtomicOp = 'add' | 'sub' | 'and' | 'or' | 'xor' | 'min' | 'max' | 'swap';

/** What only the library and the run-time (modules under std) may call, written `__name(…)`. */
export type Intrinsic =
  /** f64 or f32 → same */
  | 'sqrt'
  | 'floor'
  | 'ceil'
  | 'trunc'
  | 'nearest'
  | 'abs'
  /** (f, f) → same */
  | 'copysign'
  | 'fmin'
  | 'fmax'
  /** f64 → u64, u64 → f64, f32 → u32, u32 → f32, by argument type */
  | 'bits'
  | 'from_bits'
  /** 32- and 64-bit integers → same type */
  | 'clz'
  | 'ctz'
  | 'popcnt'
  /** (x, n) → same type */
  | 'rotl'
  /** `__wait32(p: *i32, expected: i32, nanoseconds: i64) -> i32`: memory.atomic.wait32; 0 woken, 1 not equal, 2 timed out */
  | 'wait32'
  /** `__notify(p: *i32, count: i32) -> i32` */
  | 'notify'
  /** `__trap(kind: i32, a: i64, b: i64, c: i64)`: a fault of vm/abi.ts's numbered kinds; does not return */
  | 'fault'
  /** `__slot() -> i64`, `__slot_bits() -> i64`: address of the own slot; log2 of a slot's size in bytes */
  | 'slot'
  | 'slot_bits'
  /** `__worker()`, `__worker_image() -> i64`: slot and number of the image whose worker runs, whosever work it is; `__become(slot, image)` */
  | 'worker'
  | 'worker_image'
  | 'become'
  /** `__par() -> i64`: ticks from one heartbeat to the next, 0: one at each hook; -1: no loop of this program is split */
  | 'par'
  /**
   * `__shares() -> i64`: not 0 if tasks of this program may move to idle images, 2: they are offered at each hook. `__may_move(why)` (made by the checker, about
   * a function that a task begins with): whether such a task may.
   */
  | 'shares'
  | 'may_move'
  | 'guard_bounds'
  /** Fibers: `__suspend()`, `__resume(fn, record, out) -> i64`, `__start(fn, fcb) -> i64`, `__stack() -> i64`, `__set_stack(address)`: see the ops */
  | 'suspend'
  /** `__fiber() -> i64`: what stands for the running task; 0 in programs without tasks. `stack_need` (made by the checker) takes a function. */
  | 'fiber'
  | 'stack_need'
  /** `__watch(what, position, value, more)`: tells the parts of the run-time that want to know it; there is nothing in other programs. */
  | 'watch'
  /** Of programs with `on_message`, see stdlib/runtime_handlers.pg; `__dispatch(position: i32) -> i32` and so on; 0 in others. */
  | 'dispatch'
  | 'interrupt'
  | 'alerted'
  /** `__can_end(position: i32)`: the running task ends here if it was cancelled; nothing in programs without tasks. */
  | 'can_end'
  /** `__serve(position)`: what a hook calls where something is due, in programs with tasks that are not built for profiles. */
  | 'serve'
  /** `__traced() -> i64`: whether the program is built for a trace. */
  | 'traced'
  /** `__withdraw(task: i64, from: i64, to: i64)`: a task ends that has requests; see stdlib/runtime_messages.pg. Nothing in programs without messages. */
  | 'withdraw'
  | 'resume'
  | 'start'
  | 'stack'
  | 'set_stack'
  /** `__image()`, `__images() -> i64`: of all images, whatever the team. */
  | 'image'
  | 'images'
  /** `__address(text: str) -> i64`: of its first byte */
  | 'address'
  /** `__copied(to: *T, n: i64)`: n values of T were copied to here byte by byte, pointers in them and all */
  | 'copied'
  /** `__touch_read(address: i64, bytes: i64)`: the run-time, here or on another image, will access what the program handed over */
  | 'touch_read'
  | 'touch_write'
  /** `__file_open(path: str)`, `__file_read(into: []u8)`, `__file_write(path: str, data: []u8)`: → i64, see vm/files.ts */
  | 'file_open'
  | 'file_read'
  | 'file_write';

/** A value. Operands of `arithmetic` and `compare` have equal types, except a shift's count. */
export type Expr = {
  readonly type: Type;
  readonly span: Span;
} /** int, float or bool by `type`; ints as bigint already wrapped to the type. */ & (
  | { readonly kind: 'const'; readonly value: bigint | number | boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'nil' }
  /** The place of `span` as a number (type i32) that reports can turn into file, line and column. */
  | { readonly kind: 'position' }
  | { readonly kind: 'load'; readonly place: Place }
  /** `-` for numbers, `!` for bool, `~` for ints. */
  | { readonly kind: 'unary'; readonly op: '-' | '!' | '~'; readonly operand: Expr }
  /** Numbers of one type; also pointer `+`/`-` int (left is the pointer, counted in elements). */
  | { readonly kind: 'arithmetic'; readonly op: ArithmeticOp; readonly left: Expr; readonly right: Expr }
  /** Numbers, bools (==, !=), pointers (==, !=), str (==, !=) of one type. */
  | { readonly kind: 'compare'; readonly op: CompareOp; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'logical'; readonly op: '&&' | '||'; readonly left: Expr; readonly right: Expr }
  /** Between numbers (float → int saturates), bool → int, pointer ↔ int, pointer ↔ pointer. */
  | { readonly kind: 'cast'; readonly operand: Expr }
  /** Gives pointer for private and own places, sharedPointer for shared and remote ones: see `type`. */
  | { readonly kind: 'addressOf'; readonly place: Place }
  | { readonly kind: 'if'; readonly condition: Expr; readonly then: Block; readonly else: Block }
  | { readonly kind: 'call'; readonly fn: Fn; readonly args: readonly Expr[] }
  /** A function as a value, and the call of one (type fn). */
  | { readonly kind: 'function'; readonly fn: Fn }
  | { readonly kind: 'callValue'; readonly callee: Expr; readonly args: readonly Expr[] }
  /** Every field, in the order written. */
  | { readonly kind: 'struct'; readonly fields: readonly { readonly field: StructField; readonly value: Expr }[] }
  /** An array place (array or dynamicArray) seen as a slice of all of it. */
  | { readonly kind: 'toSlice'; readonly place: Place }
  /**
   * `s[lo..hi]` of a slice or str value. Ranges narrow, `at` drops a dimension. Only contiguous results pass the checker
   * (after a narrowing range, every later dimension is complete). A missing end is 0 or the extent.
   */
  | { readonly kind: 'slice'; readonly base: Expr; readonly indices: readonly SliceIndex[] }
  /** `.len` of a slice, str, array (all elements: product of dims) or shared array; `.dim(k)`. Fixed arrays are folded. */
  | { readonly kind: 'length'; readonly slice: Expr; readonly dim: number | 'all' }
  /** A module-level `shared` or `co` array as a handle. In the four below, and in places, `array` is a `shared` handle. */
  | { readonly kind: 'handleOf'; readonly global: Global }
  | { readonly kind: 'sharedLength'; readonly array: Expr; readonly dim: number | 'all' }
  /** `a.local`: a slice (rank 1) of the own elements in storage order. */
  | { readonly kind: 'sharedLocal'; readonly array: Expr }
  /** `a.lo()`, `a.hi()` (block distributions; dimension 0 unless said otherwise). */
  | { readonly kind: 'sharedBound'; readonly array: Expr; readonly which: 'lo' | 'hi'; readonly dim: number }
  /** `image_of(place or sharedPointer)` → int. */
  | { readonly kind: 'imageOf'; readonly pointer: Expr }
  /** `local(p)`: sharedPointer → pointer. */
  | { readonly kind: 'localOf'; readonly pointer: Expr }
  | {
      readonly kind: 'query';
      readonly what: 'this_image' | 'num_images' | 'this_node' | 'num_nodes' | 'this_core' | 'num_cores' | 'now';
    }
  /** Old value. `type` is that of the place: 32- or 64-bit integer, f64 (add, min, max, swap). */
  | { readonly kind: 'atomic'; readonly op: AtomicOp; readonly place: Place; readonly value: Expr }
  | { readonly kind: 'cas'; readonly place: Place; readonly expected: Expr; readonly desired: Expr }
  | { readonly kind: 'atomicLoad'; readonly place: Place }
  /** Collectives on a scalar. `root` for reduce and broadcast. */
  | {
      readonly kind: 'collective';
      readonly name: 'allreduce' | 'reduce' | 'broadcast';
      readonly op?: ReduceOp;
      readonly value: Expr;
      readonly root?: Expr;
    }
  /** `new T` (gives pointer; zeroed) and `new [n]T` (gives slice; extents are expressions). */
  | { readonly kind: 'new'; readonly element: Type; readonly extents: readonly Expr[] }
  /** `new shared [n]T dist(…)` and (without `dist`) `new co [n]T`: collective, gives a handle. */
  | {
      readonly kind: 'newArray';
      readonly element: Type;
      readonly extents: readonly Expr[];
      readonly dist?: readonly DimDist[];
    }
  /** `new shared local [n]T`: gives sharedPointer to the first element. */
  | { readonly kind: 'newSharedLocal'; readonly element: Type; readonly extent: Expr }
  | { readonly kind: 'intrinsic'; readonly name: Intrinsic; readonly args: readonly Expr[] }
);

export type SliceIndex =
  | { readonly kind: 'at'; readonly value: Expr }
  | { readonly kind: 'range'; readonly lo?: Expr; readonly hi?: Expr };

// ---- statements -------------------------------------------------------------------------------------------------

export interface Block {
  readonly span: Span;
  readonly stmts: readonly Stmt[];
  /** Present when the block is the branch of an `if` expression with a value. */
  readonly value?: Expr;
}

/** `lo..hi` with a step. All ints of one type (the loop variable's). The step is 1 when not written. */
export interface Range {
  readonly lo: Expr;
  readonly hi: Expr;
  readonly inclusive: boolean;
  readonly step?: Expr;
}

/** `reduce(op: x)`: inside the loop `inner` is meant, which starts at op's identity; afterwards `outer = outer op all inners`. */
export interface Reduction {
  readonly op: ReduceOp;
  readonly outer: Place;
  readonly inner: Local;
  readonly span: Span;
}

export type Stmt = { readonly span: Span } /** `let` and `var`; no value: all zeros. */ & (
  | { readonly kind: 'local'; readonly local: Local; readonly value?: Expr }
  | { readonly kind: 'assign'; readonly place: Place; readonly value: Expr }
  /** `place op= value`: the place is evaluated once. */
  | { readonly kind: 'update'; readonly op: ArithmeticOp; readonly place: Place; readonly value: Expr }
  | { readonly kind: 'expr'; readonly value: Expr }
  | { readonly kind: 'block'; readonly body: Block }
  /**
   * `enter`, `body`, and `exit` however the body is left: by its end, `return`, `break` or `continue`. Where `enter` itself is an argument of
   * `exit`, what it gave is meant.
   */
  | { readonly kind: 'scoped'; readonly enter: Expr; readonly body: Block; readonly exit: Expr }
  | { readonly kind: 'if'; readonly condition: Expr; readonly then: Block; readonly else?: Block }
  | { readonly kind: 'while'; readonly condition: Expr; readonly body: Block }
  | { readonly kind: 'loop'; readonly body: Block }
  | { readonly kind: 'for'; readonly local: Local; readonly range: Range; readonly body: Block }
  /** `for x in slice`: x is a copy of each element, in order (row-major). */
  | { readonly kind: 'forEach'; readonly local: Local; readonly slice: Expr; readonly body: Block }
  | {
      readonly kind: 'foreach';
      readonly local: Local;
      readonly range: Range;
      readonly reductions: readonly Reduction[];
      readonly body: Block;
    }
  | {
      readonly kind: 'parFor';
      readonly local: Local;
      readonly range: Range;
      readonly reductions: readonly Reduction[];
      readonly body: Block;
    }
  | {
      readonly kind: 'forall';
      readonly locals: readonly Local[];
      readonly over: ForallOver;
      readonly reductions: readonly Reduction[];
      readonly body: Block;
    }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'return'; readonly value?: Expr }
  | { readonly kind: 'barrier' }
  | { readonly kind: 'fence' }
  /** `condition` reads at least one symmetric (`co`) or shared scalar of one's own; those reads are atomic. */
  | { readonly kind: 'waitUntil'; readonly condition: Expr }
  /** `swap(a, b)` of two shared arrays with equal element, rank, dist and extents: exchanges the handles. */
  | { readonly kind: 'swapHandles'; readonly a: Global; readonly b: Global }
  /** `swap(x, y)` of two places of one type. */
  | { readonly kind: 'swapPlaces'; readonly a: Place; readonly b: Place }
  | { readonly kind: 'atomicStore'; readonly place: Place; readonly value: Expr }
  /** `x[lo..hi]@p = b[0..k]` between contiguous slices of equal length (checked at run time); overlapping moves right. */
  | { readonly kind: 'copySlice'; readonly to: Expr; readonly from: Expr }
  /** `delete e`: pointer or slice from `new`, sharedPointer from `new shared local`, handle (collective). */
  | { readonly kind: 'delete'; readonly value: Expr }
  | {
      readonly kind: 'print';
      readonly stream: 'out' | 'err';
      readonly newline: boolean;
      readonly parts: readonly FormatPart[];
    }
  /** `assert(c)`, `assert(c, "why")`; `text` also when none was given (the source of the condition). */
  | { readonly kind: 'assert'; readonly condition: Expr; readonly message: Expr }
  | { readonly kind: 'trap'; readonly message: Expr }
  | { readonly kind: 'exit'; readonly code: Expr }
);

export type ForallOver =
  | { readonly kind: 'array'; readonly array: Expr }
  /** `on e` with e an int: image e mod num_images(). */
  | { readonly kind: 'image'; readonly range: Range; readonly image: Expr }
  /** `on a[i]`: the image that owns the element. */
  | { readonly kind: 'element'; readonly range: Range; readonly place: Place };

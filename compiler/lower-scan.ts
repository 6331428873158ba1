// What the lowering must know before it starts on a function: which locals must live in memory, which variables a piece
// of code assigns (they become parameters of loops and results of ifs), and which expressions may be evaluated early.
import type { Block, Expr, Fn, Local, Place, Range, Stmt } from '../lang/typed.ts';
import { unreachable } from '../lang/unreachable.ts';

/** Called before the children of each node; expressions, places and statements are told apart by their own kinds. */
export interface Visitor {
  readonly expr?: (e: Expr) => void;
  readonly place?: (p: Place) => void;
  readonly stmt?: (s: Stmt) => void;
}

export const walkBlock = (b: Block, v: Visitor): void => {
  for (const s of b.stmts) walkStmt(s, v);
  if (b.value) walkExpr(b.value, v);
};

const walkRange = (r: Range, v: Visitor): void => {
  walkExpr(r.lo, v);
  walkExpr(r.hi, v);
  if (r.step) walkExpr(r.step, v);
};

export const walkPlace = (p: Place, v: Visitor): void => {
  v.place?.(p);
  switch (p.kind) {
    case 'local':
    case 'global':
      return;
    case 'remote':
      return walkExpr(p.image, v);
    case 'deref':
      return walkExpr(p.pointer, v);
    case 'pointerElement':
      walkExpr(p.pointer, v);
      return walkExpr(p.index, v);
    case 'field':
      return walkPlace(p.base, v);
    case 'element':
      walkPlace(p.base, v);
      for (const i of p.indices) walkExpr(i, v);
      return;
    case 'sliceElement':
      walkExpr(p.slice, v);
      for (const i of p.indices) walkExpr(i, v);
      return;
    case 'sharedElement':
      walkExpr(p.array, v);
      for (const i of p.indices) walkExpr(i, v);
      return;
    case 'coArray':
      walkExpr(p.handle, v);
      if (p.image) walkExpr(p.image, v);
      return;
    case 'temporary':
      return walkExpr(p.value, v);
    default:
      return unreachable(p);
  }
};

export const walkExpr = (e: Expr, v: Visitor): void => {
  v.expr?.(e);
  switch (e.kind) {
    case 'const':
    case 'string':
    case 'nil':
    case 'position':
    case 'function':
    case 'query':
    case 'handleOf':
      return;
    case 'sharedLength':
    case 'sharedLocal':
    case 'sharedBound':
      return walkExpr(e.array, v);
    case 'load':
    case 'addressOf':
    case 'toSlice':
    case 'atomicLoad':
      return walkPlace(e.place, v);
    case 'unary':
    case 'cast':
      return walkExpr(e.operand, v);
    case 'arithmetic':
    case 'compare':
    case 'logical':
      walkExpr(e.left, v);
      return walkExpr(e.right, v);
    case 'if':
      walkExpr(e.condition, v);
      walkBlock(e.then, v);
      return walkBlock(e.else, v);
    case 'callValue':
      walkExpr(e.callee, v);
      for (const a of e.args) walkExpr(a, v);
      return;
    case 'call':
    case 'intrinsic':
      for (const a of e.args) walkExpr(a, v);
      return;
    case 'struct':
      for (const f of e.fields) walkExpr(f.value, v);
      return;
    case 'slice':
      walkExpr(e.base, v);
      for (const i of e.indices) {
        if (i.kind === 'at') walkExpr(i.value, v);
        else {
          if (i.lo) walkExpr(i.lo, v);
          if (i.hi) walkExpr(i.hi, v);
        }
      }
      return;
    case 'length':
      return walkExpr(e.slice, v);
    case 'imageOf':
    case 'localOf':
      return walkExpr(e.pointer, v);
    case 'atomic':
      walkPlace(e.place, v);
      return walkExpr(e.value, v);
    case 'cas':
      walkPlace(e.place, v);
      walkExpr(e.expected, v);
      return walkExpr(e.desired, v);
    case 'collective':
      walkExpr(e.value, v);
      if (e.root) walkExpr(e.root, v);
      return;
    case 'new':
      for (const x of e.extents) walkExpr(x, v);
      return;
    case 'newArray':
      for (const x of e.extents) walkExpr(x, v);
      for (const d of e.dist ?? []) {
        if (d.kind === 'blocks') walkExpr(d.size, v);
        if (d.kind === 'on') walkExpr(d.image, v);
      }
      return;
    case 'newSharedLocal':
      return walkExpr(e.extent, v);
    default:
      return unreachable(e);
  }
};

export const walkStmt = (s: Stmt, v: Visitor): void => {
  v.stmt?.(s);
  switch (s.kind) {
    case 'local':
    case 'return':
      if (s.value) walkExpr(s.value, v);
      return;
    case 'assign':
    case 'update':
    case 'atomicStore':
      walkPlace(s.place, v);
      return walkExpr(s.value, v);
    case 'expr':
    case 'delete':
      return walkExpr(s.value, v);
    case 'block':
    case 'loop':
      return walkBlock(s.body, v);
    case 'scoped':
      walkExpr(s.enter, v);
      walkBlock(s.body, v);
      if (s.exit.kind === 'call' && s.exit.args.includes(s.enter)) return;
      return walkExpr(s.exit, v);
    case 'if':
      walkExpr(s.condition, v);
      walkBlock(s.then, v);
      if (s.else) walkBlock(s.else, v);
      return;
    case 'while':
      walkExpr(s.condition, v);
      return walkBlock(s.body, v);
    case 'for':
      walkRange(s.range, v);
      return walkBlock(s.body, v);
    case 'foreach':
    case 'parFor':
      walkRange(s.range, v);
      for (const r of s.reductions) walkPlace(r.outer, v);
      return walkBlock(s.body, v);
    case 'forEach':
      walkExpr(s.slice, v);
      return walkBlock(s.body, v);
    case 'forall':
      if (s.over.kind === 'array') walkExpr(s.over.array, v);
      else {
        walkRange(s.over.range, v);
        if (s.over.kind === 'image') walkExpr(s.over.image, v);
        else walkPlace(s.over.place, v);
      }
      for (const r of s.reductions) walkPlace(r.outer, v);
      return walkBlock(s.body, v);
    case 'break':
    case 'continue':
    case 'barrier':
    case 'fence':
    case 'swapHandles':
      return;
    case 'waitUntil':
      return walkExpr(s.condition, v);
    case 'swapPlaces':
      walkPlace(s.a, v);
      return walkPlace(s.b, v);
    case 'copySlice':
      walkExpr(s.to, v);
      return walkExpr(s.from, v);
    case 'print':
      for (const p of s.parts) if (p.kind === 'value') walkExpr(p.value, v);
      return;
    case 'assert':
      walkExpr(s.condition, v);
      return walkExpr(s.message, v);
    case 'trap':
      return walkExpr(s.message, v);
    case 'exit':
      return walkExpr(s.code, v);
    default:
      return unreachable(s);
  }
};

/** The local at the root of a place, if its memory (or value) is part of that local. */
export const rootLocal = (p: Place): Local | undefined => {
  switch (p.kind) {
    case 'local':
      return p.local;
    case 'field':
    case 'element':
      return rootLocal(p.base);
    default:
      return undefined;
  }
};

const isAggregate = (l: Local): boolean => l.type.kind === 'struct' || l.type.kind === 'array';

/** Locals that need an address: aggregates, and those that something points to or that an atomic works on. */
export const memoryLocals = (fn: Fn): ReadonlySet<Local> => {
  const found = new Set<Local>();
  const add = (l: Local | undefined): void => {
    if (l) found.add(l);
  };
  for (const p of fn.params) if (p.addressTaken || isAggregate(p)) found.add(p);
  walkBlock(fn.body, {
    place: (p) => {
      if (p.kind === 'local' && (p.local.addressTaken || isAggregate(p.local))) found.add(p.local);
    },
    expr: (e) => {
      if (
        e.kind === 'addressOf' ||
        e.kind === 'toSlice' ||
        e.kind === 'atomic' ||
        e.kind === 'cas' ||
        e.kind === 'atomicLoad'
      )
        add(rootLocal(e.place));
    },
    stmt: (s) => {
      if (s.kind === 'atomicStore') add(rootLocal(s.place));
      if ((s.kind === 'local' || s.kind === 'forEach') && (s.local.addressTaken || isAggregate(s.local)))
        found.add(s.local);
    },
  });
  return found;
};

const assigned = new WeakMap<Block, readonly Local[]>();

/** Locals that the statements of a block (or a nested one) assign, in order of first assignment. */
export const assignedIn = (b: Block): readonly Local[] => {
  const known = assigned.get(b);
  if (known) return known;
  const found = new Set<Local>();
  const add = (p: Place): void => {
    if (p.kind === 'local') found.add(p.local);
  };
  walkBlock(b, {
    stmt: (s) => {
      if (s.kind === 'assign' || s.kind === 'update') add(s.place);
      if (s.kind === 'swapPlaces') {
        add(s.a);
        add(s.b);
      }
      if (s.kind === 'forall' || s.kind === 'foreach' || s.kind === 'parFor')
        for (const r of s.reductions) add(r.outer);
    },
  });
  const list = [...found];
  assigned.set(b, list);
  return list;
};

/** Whether the block may leave a loop before that has counted to its end: it has a `break` or `return`, if only in a loop inside. */
export const mayLeave = (b: Block): boolean => {
  let found = false;
  walkBlock(b, {
    stmt: (s) => {
      found ||= s.kind === 'break' || s.kind === 'return';
    },
  });
  return found;
};

/** Whether a function has a `par for`. */
export const splitsLoops = (fn: Fn): boolean => {
  let found = false;
  walkBlock(fn.body, {
    stmt: (s) => {
      found ||= s.kind === 'parFor';
    },
  });
  return found;
};

/** `assignedIn` for an expression (an `if` in it may assign). */
export const assignedInExpr = (e: Expr): readonly Local[] => {
  const found = new Set<Local>();
  walkExpr(e, {
    expr: (x) => {
      if (x.kind !== 'if') return;
      for (const l of assignedIn(x.then)) found.add(l);
      for (const l of assignedIn(x.else)) found.add(l);
    },
  });
  return [...found];
};

/** True when evaluating `e` early or in vain can be neither seen nor felt: no memory, no trap, no loop, few operations. */
export const isCheapAndPure = (e: Expr, inMemory: ReadonlySet<Local>, budget = { left: 12 }): boolean => {
  if (budget.left-- <= 0) return false;
  switch (e.kind) {
    case 'const':
    case 'nil':
    case 'handleOf':
      return true;
    case 'sharedLength':
      return isCheapAndPure(e.array, inMemory, budget);
    case 'length':
      return isCheapAndPure(e.slice, inMemory, budget);
    case 'query':
      return e.what !== 'now';
    case 'load':
      if (e.place.kind === 'local') return !inMemory.has(e.place.local);
      return (
        e.place.kind === 'global' &&
        (e.place.global.storage === 'let' || e.place.global.storage === 'config') &&
        isNumber(e)
      );
    case 'unary':
      return isCheapAndPure(e.operand, inMemory, budget);
    case 'cast':
      return isNumber(e) && isNumber(e.operand) && isCheapAndPure(e.operand, inMemory, budget);
    case 'arithmetic':
      return (
        e.op !== '/' &&
        e.op !== '%' &&
        isCheapAndPure(e.left, inMemory, budget) &&
        isCheapAndPure(e.right, inMemory, budget)
      );
    case 'compare':
      return (
        e.left.type.kind !== 'str' &&
        isCheapAndPure(e.left, inMemory, budget) &&
        isCheapAndPure(e.right, inMemory, budget)
      );
    case 'logical':
      return isCheapAndPure(e.left, inMemory, budget) && isCheapAndPure(e.right, inMemory, budget);
    default:
      return false;
  }
};

const isNumber = (e: Expr): boolean => e.type.kind === 'int' || e.type.kind === 'float' || e.type.kind === 'bool';

/** True when both read the same variable, or the same field of it. */
export const samePath = (a: Expr, b: Expr): boolean => {
  if (a.kind === 'handleOf' || b.kind === 'handleOf')
    return a.kind === 'handleOf' && b.kind === 'handleOf' && a.global === b.global;
  return a.kind === 'load' && b.kind === 'load' && samePlace(a.place, b.place);
};

const samePlace = (p: Place, q: Place): boolean => {
  if (p.kind === 'local' && q.kind === 'local') return p.local === q.local;
  if (p.kind === 'global' && q.kind === 'global') return p.global === q.global;
  return p.kind === 'field' && q.kind === 'field' && p.field === q.field && samePlace(p.base, q.base);
};

/** True when the expression has one value as long as `body` runs: a variable that nothing in it can change, or a field of one. */
export const isFixed = (e: Expr, body: Block, inMemory: ReadonlySet<Local>): boolean => {
  if (e.kind === 'handleOf') return true;
  if (e.kind !== 'load') return false;
  let p = e.place;
  while (p.kind === 'field') p = p.base;
  if (p.kind === 'global') return p.global.storage === 'let';
  if (p.kind !== 'local') return false;
  if (inMemory.has(p.local)) return !p.local.mutable && !p.local.addressTaken;
  return !p.local.mutable || !assignedIn(body).includes(p.local);
};

/** True when two pure expressions certainly have the same value anywhere after start: constants, lets, configs, arithmetic of them. */
export const sameConstant = (a: Expr, b: Expr): boolean => {
  if (a.kind === 'const' && b.kind === 'const') return a.value === b.value;
  if (a.kind === 'query' && b.kind === 'query') return a.what === b.what && a.what !== 'now';
  if (a.kind === 'cast' && b.kind === 'cast') return sameConstant(a.operand, b.operand);
  if (a.kind === 'unary' && b.kind === 'unary') return a.op === b.op && sameConstant(a.operand, b.operand);
  if (a.kind === 'arithmetic' && b.kind === 'arithmetic') {
    return a.op === b.op && sameConstant(a.left, b.left) && sameConstant(a.right, b.right);
  }
  if (a.kind === 'load' && b.kind === 'load') {
    const p = a.place;
    const q = b.place;
    return (
      p.kind === 'global' &&
      q.kind === 'global' &&
      p.global === q.global &&
      (p.global.storage === 'let' || p.global.storage === 'config')
    );
  }
  return false;
};

// Walking, rewriting and copying the tree of a function: what every pass does to a body, said once.
// Nothing here changes its input.
import { unreachable } from '../lang/unreachable.ts';
import type { Body, Func, Inst, IrType, OpInst, PosId, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';

// One empty list for all: what is asked of every op should make nothing.
const noValues: readonly Value[] = [];
const noBodies: readonly Body[] = [];

/** Values that the instruction itself reads; those of nested bodies are not among them. */
export const operandsOf = (inst: Inst): readonly Value[] => {
  switch (inst.kind) {
    case 'op':
      return inst.args;
    case 'if':
      return [inst.condition];
    case 'block':
      return noValues;
    case 'loop':
      return inst.inits;
    default:
      return unreachable(inst);
  }
};

export const bodiesOf = (inst: Inst): readonly Body[] => {
  switch (inst.kind) {
    case 'op':
      return noBodies;
    case 'if':
      return [inst.then, inst.else];
    case 'block':
    case 'loop':
      return [inst.body];
    default:
      return unreachable(inst);
  }
};

/** Whether there is a loop in it, however deep. */
export const hasLoop = (body: Body): boolean => body.insts.some((i) => i.kind === 'loop' || bodiesOf(i).some(hasLoop));

export const argsOf = (end: Terminator): readonly Value[] => (end.kind === 'unreachable' ? noValues : end.args);

/** The instruction with other nested bodies. */
export const withBodies = (inst: Inst, change: (b: Body) => Body): Inst => {
  switch (inst.kind) {
    case 'op':
      return inst;
    case 'if': {
      const yes = change(inst.then);
      const no = change(inst.else);
      return yes === inst.then && no === inst.else ? inst : ifInst(inst, yes, no);
    }
    case 'block':
    case 'loop': {
      const body = change(inst.body);
      return body === inst.body ? inst : { ...inst, body };
    }
    default:
      return unreachable(inst);
  }
};

const changes = (list: readonly Value[], get: (v: Value) => Value): boolean => {
  for (const v of list) if (get(v) !== v) return true;
  return false;
};

/** The instruction with other operands of its own; nested bodies stay. */
export const withOperands = (inst: Inst, get: (v: Value) => Value): Inst => {
  switch (inst.kind) {
    case 'op':
      return changes(inst.args, get) ? { ...inst, args: inst.args.map(get) } : inst;
    case 'if': {
      const condition = get(inst.condition);
      return condition === inst.condition ? inst : { ...inst, condition };
    }
    case 'block':
      return inst;
    case 'loop':
      return changes(inst.inits, get) ? { ...inst, inits: inst.inits.map(get) } : inst;
    default:
      return unreachable(inst);
  }
};

export const withArgs = (end: Terminator, get: (v: Value) => Value): Terminator =>
  end.kind === 'unreachable' || !changes(end.args, get) ? end : { ...end, args: end.args.map(get) };

/** Calls `visit` for each instruction, those of nested bodies after the one that holds them. */
export const forEachInst = (body: Body, visit: (inst: Inst) => void): void => {
  for (const inst of body.insts) {
    visit(inst);
    if (inst.kind === 'op') continue;
    if (inst.kind === 'if') {
      forEachInst(inst.then, visit);
      forEachInst(inst.else, visit);
    } else forEachInst(inst.body, visit);
  }
};

export const forEachEnd = (body: Body, visit: (end: Terminator) => void): void => {
  for (const inst of body.insts) {
    if (inst.kind === 'op') continue;
    if (inst.kind === 'if') {
      forEachEnd(inst.then, visit);
      forEachEnd(inst.else, visit);
    } else forEachEnd(inst.body, visit);
  }
  visit(body.end);
};

/** Whether the end leaves for this label. */
export const targets = (end: Terminator, label: string): boolean =>
  (end.kind === 'break' || end.kind === 'next') && end.label === label;

/** All `break @label` in a body, in order. */
export const breaksTo = (body: Body, label: string): readonly (Terminator & { kind: 'break' })[] => {
  const found: (Terminator & { kind: 'break' })[] = [];
  forEachEnd(body, (end) => {
    if (end.kind === 'break' && end.label === label) found.push(end);
  });
  return found;
};

/** All `next @label` in a body, in order. */
export const nextsOf = (body: Body, label: string): readonly (Terminator & { kind: 'next' })[] => {
  const found: (Terminator & { kind: 'next' })[] = [];
  forEachEnd(body, (end) => {
    if (end.kind === 'next' && end.label === label) found.push(end);
  });
  return found;
};

/** Labels of the structures in a body. */
export const labelsIn = (body: Body): ReadonlySet<string> => {
  const found = new Set<string>();
  forEachInst(body, (inst) => {
    if (inst.kind !== 'op') found.add(inst.label);
  });
  return found;
};

/** Values that a body defines: results and loop parameters, at any depth. */
export const definedIn = (body: Body, into: Set<Value> = new Set()): Set<Value> => {
  forEachInst(body, (inst) => {
    for (const v of inst.results) into.add(v);
    if (inst.kind === 'loop') for (const v of inst.params) into.add(v);
  });
  return into;
};

/** Whether a body breaks to the label. */
export const hasBreak = (body: Body, label: string): boolean => {
  for (const inst of body.insts) {
    if (inst.kind === 'op') continue;
    if (inst.kind === 'if' ? hasBreak(inst.then, label) || hasBreak(inst.else, label) : hasBreak(inst.body, label))
      return true;
  }
  return body.end.kind === 'break' && body.end.label === label;
};

/** Whether an instruction can leave for a place outside itself: an outer label, the caller, or the end of the run. */
export const leaves = (inst: Inst): boolean => inst.kind !== 'op' && goesOut(inst, []);

/** `around`: labels of the structures that are looked into. */
const goesOut = (inst: Exclude<Inst, OpInst>, around: string[]): boolean => {
  around.push(inst.label);
  const out =
    inst.kind === 'if' ? endsOut(inst.then, around) || endsOut(inst.else, around) : endsOut(inst.body, around);
  around.pop();
  return out;
};

const endsOut = (body: Body, around: string[]): boolean => {
  const { end } = body;
  if (end.kind === 'break' || end.kind === 'next') {
    if (!around.includes(end.label)) return true;
  } else if (end.kind !== 'unreachable') return true;
  for (const inst of body.insts) if (inst.kind !== 'op' && goesOut(inst, around)) return true;
  return false;
};

/** Rewrites every operand in a body, at any depth. */
export const substitute = (body: Body, get: (v: Value) => Value): Body => {
  const insts = body.insts.map((inst) => withBodies(withOperands(inst, get), (b) => substitute(b, get)));
  const end = withArgs(body.end, get);
  return end === body.end && insts.every((inst, i) => inst === body.insts[i]) ? body : { insts, end };
};

/** Follows a map of replaced values to the end. */
export const resolver = (map: ReadonlyMap<Value, Value>): ((v: Value) => Value) => {
  return (v) => {
    let at = v;
    for (let to = map.get(at); to !== undefined; to = map.get(at)) at = to;
    return at;
  };
};

/** What a pass needs to make new code: fresh values and labels. `types` grows; it belongs in the new function. */
export interface Edit {
  readonly types: IrType[];
  readonly value: (type: IrType) => Value;
  readonly like: (v: Value) => Value;
  readonly label: (stem: string) => string;
}

export const editOf = (f: Func): Edit => {
  const types = [...f.types];
  let labels: Set<string> | undefined;
  const counts = new Map<string, number>();
  const value = (type: IrType): Value => {
    types.push(type);
    return types.length - 1;
  };
  return {
    types,
    value,
    like: (v) => value(typeOf(types, v)),
    label: (stem) => {
      labels ??= new Set(labelsIn(f.body));
      const base = stem.replace(/\d+$/, '');
      let n = counts.get(base) ?? 0;
      while (labels.has(`${base}${n}`)) n++;
      counts.set(base, n + 1);
      labels.add(`${base}${n}`);
      return `${base}${n}`;
    },
  };
};

export const typeOf = (types: readonly IrType[], v: Value): IrType => {
  const t = types[v];
  if (t === undefined) throw new Error(`internal error: value ${v} has no type`);
  return t;
};

export interface CopyOptions {
  readonly values: Map<Value, Value>;
  readonly labels: Map<string, string>;
  /** Type of a value of the copied code. */
  readonly typeOf: (v: Value) => IrType;
  readonly pos?: (p: PosId) => PosId;
  readonly by?: string;
  readonly slot?: (name: string) => string;
  /** Replaces a terminator of the copy (already renamed). */
  readonly end?: (end: Terminator) => Terminator;
}

/** How many instructions a body has, with those inside of others. */
export const sizeOf = (body: Body): number => {
  let n = 0;
  forEachInst(body, () => n++);
  return n;
};

/** A copy with fresh values and labels. Values and labels that are not in the maps and not defined in the body stay. */
export const copyBody = (body: Body, edit: Edit, o: CopyOptions): Body => {
  const get = (v: Value): Value => o.values.get(v) ?? v;
  const define = (v: Value): Value => {
    const fresh = edit.value(o.typeOf(v));
    o.values.set(v, fresh);
    return fresh;
  };
  const note = <T extends { readonly pos: PosId; readonly by?: string }>(x: T): T => {
    const by = x.by ?? o.by;
    return { ...x, pos: o.pos ? o.pos(x.pos) : x.pos, ...(by === undefined ? {} : { by }) };
  };
  const label = (l: string): string => {
    const fresh = edit.label(l);
    o.labels.set(l, fresh);
    return fresh;
  };
  const copyEnd = (end: Terminator): Terminator => {
    const moved = note(withArgs(end, get));
    const renamed =
      moved.kind === 'break' || moved.kind === 'next'
        ? { ...moved, label: o.labels.get(moved.label) ?? moved.label }
        : moved;
    return o.end ? o.end(renamed) : renamed;
  };
  const copy = (b: Body): Body => ({ insts: b.insts.map(copyInst), end: copyEnd(b.end) });
  const copyInst = (inst: Inst): Inst => {
    switch (inst.kind) {
      case 'op': {
        const imms = inst.op === 'frame' && o.slot ? [o.slot(String(inst.imms[0]))] : inst.imms;
        const pos = o.pos ? o.pos(inst.pos) : inst.pos;
        const copied = { ...inst, pos, imms, args: inst.args.map(get), results: inst.results.map(define) };
        return inst.by !== undefined || o.by === undefined ? copied : { ...copied, by: o.by };
      }
      case 'if': {
        const condition = get(inst.condition);
        const l = label(inst.label);
        const yes = copy(inst.then);
        const no = copy(inst.else);
        return ifInst({ ...note(inst), condition, label: l, results: inst.results.map(define) }, yes, no);
      }
      case 'block': {
        const l = label(inst.label);
        return { ...note(inst), label: l, body: copy(inst.body), results: inst.results.map(define) };
      }
      case 'loop': {
        const inits = inst.inits.map(get);
        const l = label(inst.label);
        const params = inst.params.map(define);
        return { ...note(inst), label: l, inits, params, body: copy(inst.body), results: inst.results.map(define) };
      }
      default:
        return unreachable(inst);
    }
  };
  return copy(body);
};

/** Values numbered in the order of their definition, without gaps: what printing and parsing gives. */
export const renumber = (f: Func): Func => {
  const numbers = new Map<Value, Value>();
  const types: IrType[] = [];
  const define = (v: Value): void => {
    numbers.set(v, types.length);
    types.push(typeOf(f.types, v));
  };
  const order = (b: Body): void => {
    for (const inst of b.insts) {
      for (const v of inst.results) define(v);
      if (inst.kind === 'loop') for (const v of inst.params) define(v);
      for (const inner of bodiesOf(inst)) order(inner);
    }
  };
  for (const v of f.params) define(v);
  order(f.body);
  if (types.length === f.types.length && types.every((_, v) => numbers.get(v) === v)) return f;
  const get = (v: Value): Value => {
    const n = numbers.get(v);
    if (n === undefined) throw new Error(`internal error: %${v} of @${f.name} is used but nowhere defined`);
    return n;
  };
  const body = (b: Body): Body => ({
    insts: b.insts.map((inst) => {
      const moved = withBodies(withOperands(inst, get), body);
      const results = moved.results.map(get);
      return moved.kind === 'loop' ? { ...moved, results, params: moved.params.map(get) } : { ...moved, results };
    }),
    end: withArgs(b.end, get),
  });
  return { ...f, params: f.params.map(get), types, body: body(f.body) };
};

/** The function with every label used once, so that code can be moved into other structures as it is. */
export const uniqueLabels = (f: Func): Func => {
  let count = 0;
  forEachInst(f.body, (i) => {
    if (i.kind !== 'op') count++;
  });
  if (labelsIn(f.body).size === count) return f;
  const edit = editOf(f);
  const body = copyBody(f.body, edit, { values: new Map(), labels: new Map(), typeOf: (v) => typeOf(f.types, v) });
  return renumber({ ...f, types: edit.types, body });
};

/** A new op in place of others: keeps the position, names the pass. */
export const madeBy = (by: string, from: { readonly pos: PosId }, op: Omit<OpInst, 'kind' | 'pos' | 'by'>): OpInst => ({
  kind: 'op',
  ...op,
  pos: from.pos,
  by,
});

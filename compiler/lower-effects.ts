// Whether evaluating an expression may change memory that others see, or anything that its next evaluation reads.
import type { Block, Expr, Fn, Place } from '../lang/typed.ts';
import { type Visitor, walkBlock, walkExpr } from './lower-scan.ts';

const isLocal = (p: Place): boolean => {
  let at = p;
  while (at.kind === 'field' || at.kind === 'element') at = at.base;
  return at.kind === 'local';
};

const changing: ReadonlySet<string> = new Set([
  'atomicStore',
  'copySlice',
  'swapPlaces',
  'swapHandles',
  'delete',
  'print',
]);

/** `cas` counts as none: one that fails changes nothing, and one that does not is what is waited for. */
export const mayChange = (e: Expr): boolean => {
  const seen = new Set<Fn>();
  let found = false;
  const visitor: Visitor = {
    expr: (x) => {
      if (x.kind === 'atomic' || x.kind === 'callValue' || x.kind === 'new') found = true;
      if (x.kind === 'call') inside(x.fn, x.fn.body);
    },
    stmt: (s) => {
      if (changing.has(s.kind)) found = true;
      if ((s.kind === 'assign' || s.kind === 'update') && !isLocal(s.place)) found = true;
    },
  };
  const inside = (fn: Fn, body: Block): void => {
    if (found || seen.has(fn)) return;
    seen.add(fn);
    walkBlock(body, visitor);
  };
  walkExpr(e, visitor);
  return found;
};

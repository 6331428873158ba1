// Which functions have to have a hook so that no function comes back to itself without one: in each strongly connected component of the
// call graph that is a circle, functions are taken out until no circle is left. (Components: R. Tarjan, Depth-First Search
// and Linear Graph Algorithms, SIAM J. Comput. 1(2), 1972.)
import { isRuntime } from '../vm/abi.ts';
import { valuesOf } from './hook-paths.ts';
import type { IrProgram } from './ir.ts';
import { forEachInst } from './tree.ts';

export type Calls = ReadonlyMap<string, ReadonlySet<string>>;

/** What each function may call. */
export const callsOf = (p: IrProgram): Calls => {
  const values = valuesOf(p);
  const known = new Set(p.funcs.map((f) => f.name));
  return new Map(
    p.funcs.map((f) => {
      const called = new Set<string>();
      forEachInst(f.body, (i) => {
        if (i.kind !== 'op') return;
        if (i.op === 'call' && known.has(String(i.imms[0]))) called.add(String(i.imms[0]));
        for (const name of values(i, f)) called.add(name);
      });
      return [f.name, called];
    }),
  );
};

/** Strongly connected components, callees before their callers. */
export const componentsOf = (calls: Calls): readonly (readonly string[])[] => {
  const found: string[][] = [];
  const number = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const onStack = new Set<string>();
  // Without recursion of ours: a chain of calls can be as long as a program.
  const visit = (root: string): void => {
    const work: { readonly name: string; readonly rest: Iterator<string> }[] = [];
    const open = (name: string): void => {
      number.set(name, number.size);
      low.set(name, number.get(name) ?? 0);
      stack.push(name);
      onStack.add(name);
      work.push({ name, rest: (calls.get(name) ?? new Set<string>()).values() });
    };
    const lower = (name: string, to: number): void => void low.set(name, Math.min(low.get(name) ?? to, to));
    open(root);
    for (let top = work.at(-1); top; top = work.at(-1)) {
      const next = top.rest.next();
      if (!next.done) {
        if (!calls.has(next.value)) continue;
        if (!number.has(next.value)) open(next.value);
        else if (onStack.has(next.value)) lower(top.name, number.get(next.value) ?? 0);
        continue;
      }
      work.pop();
      const parent = work.at(-1);
      if (parent) lower(parent.name, low.get(top.name) ?? 0);
      if (low.get(top.name) !== number.get(top.name)) continue;
      const component: string[] = [];
      for (let name = stack.pop(); name !== undefined; name = stack.pop()) {
        onStack.delete(name);
        component.push(name);
        if (name === top.name) break;
      }
      found.push(component);
    }
  };
  for (const name of calls.keys()) if (!number.has(name)) visit(name);
  return found;
};

/** Whether functions of a component may come back to themselves. */
export const isCircle = (calls: Calls, component: readonly string[]): boolean =>
  component.length > 1 || component.some((name) => calls.get(name)?.has(name));

const within = (calls: Calls, names: ReadonlySet<string>): Calls =>
  new Map([...names].map((n) => [n, new Set([...(calls.get(n) ?? [])].filter((c) => names.has(c)))]));

/** Functions that are to have a hook before they call another of their component; none of them is of the run-time. */
export const recursionHooks = (calls: Calls): ReadonlySet<string> => {
  const hooked = new Set<string>();
  const work = [calls];
  for (let part = work.pop(); part; part = work.pop()) {
    for (const component of componentsOf(part)) {
      if (!isCircle(part, component)) continue;
      // First who calls itself, for nobody else can break that circle; else the one with the most calls.
      const ways = (n: string): number => (part.get(n)?.has(n) ? 1e6 : 0) + (part.get(n)?.size ?? 0);
      const own = component.filter((n) => !isRuntime(n)).sort((a, b) => ways(b) - ways(a) || (a < b ? -1 : 1));
      const [chosen] = own;
      if (chosen === undefined) continue;
      hooked.add(chosen);
      work.push(within(part, new Set(component.filter((n) => n !== chosen))));
    }
  }
  return hooked;
};

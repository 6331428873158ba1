// Interleaved accesses: of a loop that walks through pairs, triples or structs of numbers of one size, those reads and writes that lie in one such
// group are done together, with whole vectors and shuffles (vector-interleave.ts).
//
// All reads of a group come where the first of them stands, all writes where the last one does. A write is only done together with others if they
// write the whole group: what lies between may be another image's. Whether an access may move over others is decided as for
// dependences (vector-access.ts): by constants, or by what is asked before the loop.
import { type Memory, mayAlias } from './effects.ts';
import type { OpInst } from './ir.ts';
import { shuffleCost } from './shuffle-cost.ts';
import { type Apart, areaOf, type LoopAccess, sameTerms } from './vector-access.ts';
import { gather, scatter } from './vector-interleave.ts';

export interface Interleaved {
  readonly write: boolean;
  /** Elements from one iteration to the next. */
  readonly ways: number;
  /** In the order of the program, with the element in its group that each is. */
  readonly members: readonly { readonly access: LoopAccess; readonly way: number }[];
  /** The one whose address is the group's. */
  readonly lowest: LoopAccess;
  /** Where all of them are done. */
  readonly at: number;
}

export interface Grouped {
  /** All accesses, each where it is done. */
  readonly accesses: readonly LoopAccess[];
  readonly groups: readonly Interleaved[];
  /** What has to be asked for accesses to be where they are now. */
  readonly asks: readonly Apart[];
}

const maxWays = 4;

const distance = (a: LoopAccess, b: LoopAccess): number => Number(b.form.constant - a.form.constant);
const together = (a: LoopAccess, b: LoopAccess): boolean =>
  a.base === b.base && a.stride === b.stride && sameTerms(a.form, b.form);

/** Accesses by what they walk through: an interval of as many bytes as an iteration advances. */
const windows = (accesses: readonly LoopAccess[]): readonly (readonly LoopAccess[])[] => {
  const found: LoopAccess[][] = [];
  const sorted = accesses
    .filter((a) => a.stride > a.bytes && a.stride % a.bytes === 0 && a.stride / a.bytes <= maxWays)
    .sort((a, b) => (a.form.constant < b.form.constant ? -1 : a.form.constant > b.form.constant ? 1 : a.at - b.at));
  for (const a of sorted) {
    const fits = found.find(([first]) => {
      if (!first || first.bytes !== a.bytes || !together(first, a)) return false;
      const from = distance(first, a);
      return from < a.stride && from % a.bytes === 0;
    });
    if (fits) fits.push(a);
    else found.push([a]);
  }
  return found;
};

/** Whether an access may be done before or after another one, in the same iteration: true, false, or what to ask. */
const mayPass = (memory: Memory, a: LoopAccess, b: LoopAccess): boolean | Apart => {
  if (!a.write && !b.write) return true;
  if (together(a, b)) {
    const apart = distance(a, b);
    return apart >= a.bytes || apart <= -b.bytes;
  }
  if (!mayAlias(memory, areaOf(memory, a), areaOf(memory, b))) return true;
  const [w, x] = a.write ? [a, b] : [b, a];
  return { a: w, b: x, near: w.stride === x.stride, extent: x.bytes };
};

/** What to ask for an access to be done somewhere else; undefined: it cannot. */
const asksToMove = (
  memory: Memory,
  a: LoopAccess,
  to: number,
  others: readonly LoopAccess[],
): readonly Apart[] | undefined => {
  const asks: Apart[] = [];
  for (const x of others) {
    if (x === a || (x.at > a.at && x.at > to) || (x.at < a.at && x.at < to)) continue;
    const found = mayPass(memory, a, x);
    if (found === false) return undefined;
    if (found !== true) asks.push(found);
  }
  return asks;
};

const laneCost = (members: number, lanes: number, write: boolean): number =>
  members * (write ? 4 * lanes : 3 + 5 * (lanes - 1));

const pays = (ways: number, size: number, wanted: readonly number[], write: boolean): boolean => {
  // Half of two vectors is not cheaper than two halves.
  if (size === 8 && wanted.length === 1) return false;
  const { shuffles, loads } = write ? { ...scatter(ways, size), loads: wanted } : gather(ways, size, wanted, true);
  const cost = shuffles.reduce((sum, s) => sum + shuffleCost(s.bytes), loads.length * (write ? 2 : 3));
  return cost < laneCost(wanted.length, 16 / size, write);
};

/** The groups among these accesses. `isData`: what it reads is needed in lanes. */
export const groupsOf = (
  memory: Memory,
  accesses: readonly LoopAccess[],
  isData: (inst: OpInst) => boolean,
): Grouped => {
  let now = [...accesses];
  const groups: Interleaved[] = [];
  const asks: Apart[] = [];
  const add = (members: readonly LoopAccess[], write: boolean): void => {
    const [lowest] = [...members].sort((a, b) => distance(b, a));
    const order = [...members].sort((a, b) => a.at - b.at);
    const [at, ways] = [write ? order.at(-1)?.at : order[0]?.at, members[0] ? members[0].stride / members[0].bytes : 0];
    if (!lowest || at === undefined) return;
    const named = order.map((access) => ({ access, way: distance(lowest, access) / access.bytes }));
    const wanted = [...new Set(named.map((m) => m.way))].sort((a, b) => a - b);
    if (!pays(ways, lowest.bytes, wanted, write)) return;
    const needs: Apart[] = [];
    for (const m of members) {
      const own = asksToMove(memory, m, at, now);
      if (!own) return;
      needs.push(...own);
    }
    asks.push(...needs);
    now = now.map((a) => (members.includes(a) ? { ...a, at } : a));
    groups.push({ write, ways, members: named, lowest, at });
  };
  for (const w of windows(accesses.filter((a) => !a.write && isData(a.inst)))) {
    // A read that cannot come as early as the first one begins a group of its own.
    let rest = [...w].sort((a, b) => a.at - b.at);
    while (rest[0]) {
      const to = rest[0].at;
      const early = rest.filter((a) => asksToMove(memory, a, to, now) !== undefined);
      add(early, false);
      rest = rest.filter((a) => !early.includes(a));
    }
  }
  for (const w of windows(accesses.filter((a) => a.write))) {
    const [first] = w;
    const ways = first ? first.stride / first.bytes : 0;
    if (first && w.length === ways && new Set(w.map((a) => distance(first, a))).size === ways) add(w, true);
  }
  return { accesses: now, groups, asks };
};

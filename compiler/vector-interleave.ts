// Shuffles between vectors as they lie in memory and vectors of every n-th element: what the code of an interleaved group is made of.
//
// Elements are numbered as they lie in memory: of n ways, element n·k + w is what iteration k has of way w. A way is gathered from the vectors that
// hold its elements: one shuffle if these are two; of four ways first every second element of pairs, which two ways have in common; else
// one vector after the other. Stores are the inverse. D. Nuzman, I. Rosen, A. Zaks, Auto-vectorization of interleaved data for
// SIMD, PLDI 2006.

/** Sixteen bytes of two vectors, which are named by their numbers: sources first, then the shuffles in their order. */
export interface Shuffle {
  readonly a: number;
  readonly b: number;
  readonly bytes: readonly number[];
}

export interface Recipe {
  readonly shuffles: readonly Shuffle[];
  /** Numbers of vectors: those that were wanted, in their order. */
  readonly results: readonly number[];
}

/** What lies in the lanes of a vector, by the numbers of elements; undefined: anything. */
type Lanes = readonly (number | undefined)[];

class Bench {
  readonly shuffles: Shuffle[] = [];
  readonly #content: Lanes[];
  readonly #size: number;
  readonly #known = new Map<string, number>();

  constructor(sources: readonly Lanes[], size: number) {
    this.#content = [...sources];
    this.#size = size;
  }

  has(v: number, element: number): boolean {
    return this.#content[v]?.includes(element) ?? false;
  }

  /** A vector with these lanes, of two that have them. */
  pick(a: number, b: number, wanted: Lanes): number {
    const key = `${a} ${b} ${wanted.join(' ')}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const [first = [], second = []] = [this.#content[a], this.#content[b]];
    if (wanted.every((e, k) => e === undefined || first[k] === e)) return a;
    const bytes = wanted.flatMap((e, k) => {
      const at = e === undefined ? k : first.indexOf(e);
      const from = at >= 0 ? at : wanted.length + second.indexOf(e);
      return Array.from({ length: this.#size }, (_, n) => from * this.#size + n);
    });
    this.shuffles.push({ a, b, bytes });
    this.#content.push(wanted);
    this.#known.set(key, this.#content.length - 1);
    return this.#content.length - 1;
  }

  /** The vectors of a list that are needed for these lanes. */
  holders(list: readonly number[], wanted: Lanes): readonly number[] {
    const used = new Set<number>();
    for (const e of wanted) {
      if (e === undefined || [...used].some((v) => this.has(v, e))) continue;
      const v = list.find((x) => this.has(x, e));
      if (v !== undefined) used.add(v);
    }
    return [...used].sort((x, y) => x - y);
  }

  /** A vector with these lanes, of a list of vectors, one after the other. */
  fold(list: readonly number[], wanted: Lanes): number {
    const [first = 0, ...others] = this.holders(list, wanted);
    if (others.length === 0) return this.pick(first, first, wanted);
    let made = first;
    for (const [k, v] of others.entries()) {
      const seen = [first, ...others.slice(0, k + 1)];
      made = this.pick(
        made,
        v,
        wanted.map((e) => (e !== undefined && seen.some((x) => this.has(x, e)) ? e : undefined)),
      );
    }
    return made;
  }
}

/** Whole vectors that hold the elements of some ways, and how these are gathered of them. */
export interface Gather extends Recipe {
  /** The element that each vector begins with. */
  readonly loads: readonly number[];
}

/**
 * As many iterations as a vector has lanes, each `size` bytes; of these ways, the lowest of which is 0. `last`: nothing behind the last element may be read;
 * the last vector then begins earlier.
 */
export const gather = (ways: number, size: number, wanted: readonly number[], last: boolean): Gather => {
  const lanes = 16 / size;
  const elements = wanted.map((w) => Array.from({ length: lanes }, (_, k) => ways * k + w));
  const needed = elements.flat();
  const most = Math.max(...needed) + 1 - lanes;
  const chunks = [...new Set(needed.map((e) => Math.floor(e / lanes) * lanes))].sort((x, y) => x - y);
  const loads = [...new Set(chunks.map((e) => (last && e > most ? most : e)))];
  const sources = loads.map((e) => Array.from({ length: lanes }, (_, k) => e + k));
  const bench = new Bench(sources, size);
  const all = loads.map((_, k) => k);
  const halved = (w: number, list: Lanes): number => {
    // Every second element: vectors that the ways w and w + 2 have in common.
    const every = Array.from({ length: 2 * lanes }, (_, k) => 2 * k + (w % 2));
    const used = (e: number): number | undefined => (needed.includes(e) ? e : undefined);
    const parts = [every.slice(0, lanes), every.slice(lanes)].map((part) => bench.fold(all, part.map(used)));
    return bench.fold(parts, list);
  };
  const results = wanted.map((w, k) => {
    const list = elements[k] ?? [];
    return ways === 4 && bench.holders(all, list).length > 2 ? halved(w, list) : bench.fold(all, list);
  });
  return { loads, shuffles: bench.shuffles, results };
};

/** The vectors of so many ways as they lie in memory, one after the other. */
export const scatter = (ways: number, size: number): Recipe => {
  const lanes = 16 / size;
  const sources = Array.from({ length: ways }, (_, w) => Array.from({ length: lanes }, (_, k) => ways * k + w));
  const bench = new Bench(sources, size);
  const all = sources.map((_, w) => w);
  const pairs = (): readonly number[] =>
    [0, 1].flatMap((w) =>
      [0, 1].map((half) => {
        const from = (half * lanes) / 2;
        const list = Array.from({ length: lanes }, (_, k) => ways * (from + (k >> 1)) + w + 2 * (k % 2));
        return bench.pick(w, w + 2, list);
      }),
    );
  const results = sources.map((_, part) => {
    const list = Array.from({ length: lanes }, (_, k) => part * lanes + k);
    return bench.fold(ways === 4 && bench.holders(all, list).length > 2 ? pairs() : all, list);
  });
  return { shuffles: bench.shuffles, results };
};

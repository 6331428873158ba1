// "Did you mean": the known name that is closest to a wrong one.

/** Edits (insert, delete, replace, swap of neighbours) that turn `a` into `b`, or `limit + 1` if there are more. */
export const editDistance = (a: string, b: string, limit: number): number => {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? limit + 1;
};

/** The closest of `names` to `name`, if one is close enough to be meant. Case alone never keeps names apart. */
export const closest = (name: string, names: Iterable<string>): string | undefined => {
  const limit = Math.max(1, Math.floor(name.length / 3));
  let best: string | undefined;
  let distance = limit + 1;
  for (const candidate of names) {
    if (candidate === name || candidate.startsWith('__')) continue;
    const d = candidate.toLowerCase() === name.toLowerCase() ? 0.5 : editDistance(name, candidate, limit);
    if (d < distance) {
      best = candidate;
      distance = d;
    }
  }
  // A name of one letter is near every other.
  return name.length === 1 && distance >= 1 ? undefined : best;
};

export const didYouMean = (name: string, names: Iterable<string>): { readonly hint?: string } => {
  const best = closest(name, names);
  return best === undefined ? {} : { hint: `did you mean \`${best}\`?` };
};

// "Did you mean …?" for names that come from a table.

/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`. */
const distance = (a: string, b: string): number => {
  let previous: number[] = [];
  let current = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (current[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap =
        i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (previous[j - 2] ?? 0) + 1 : replace;
      next.push(Math.min(replace, swap, (current[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    previous = current;
    current = next;
  }
  return current[b.length] ?? 0;
};

/** The name that `wrong` most likely stands for: at most a third of its letters are different. */
export const nearest = (wrong: string, names: Iterable<string>): string | undefined => {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(wrong.length / 3)) + 1;
  for (const name of names) {
    const d = distance(wrong.toLowerCase(), name.toLowerCase());
    if (d < least) {
      best = name;
      least = d;
    }
  }
  return best;
};

export const didYouMean = (wrong: string, names: Iterable<string>): string | undefined => {
  const name = nearest(wrong, names);
  return name === undefined ? undefined : `did you mean ${name}?`;
};

// Tables of reports: columns under their titles.

/** Lines, indented. `left`: columns with text, which is flush left; all others hold numbers. */
export const columns = (
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[],
): readonly string[] => {
  const widths = titles.map((t, k) => Math.max(t.length, ...rows.map((r) => r[k]?.length ?? 0)));
  const cell = (text: string, k: number): string =>
    left.includes(k) ? text.padEnd(widths[k] ?? 0) : text.padStart(widths[k] ?? 0);
  return [titles, ...rows].map((r) => `  ${r.map(cell).join('  ')}`.trimEnd());
};

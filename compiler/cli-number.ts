// Numbers on the command line. Each gives the number, or undefined for what is not one in range.

/** A whole number, nothing else: not `4x`, not `1e3`, not `0x10`. */
export const wholeNumber = (text: string, least: number, most: number): number | undefined => {
  if (!/^\d{1,15}$/.test(text)) return undefined;
  const n = Number(text);
  return n >= least && n <= most ? n : undefined;
};

/** Seconds, greater than 0, perhaps with decimals. */
export const seconds = (text: string): number | undefined => {
  const n = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : 0;
  return n > 0 && Number.isFinite(n) ? n : undefined;
};

/** Bytes: `65536`, `64k`, `8m`, `1g`. */
export const byteCount = (text: string): number | undefined => {
  const match = /^(\d{1,15})([kmg]?)$/i.exec(text);
  if (!match) return undefined;
  const unit = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 }[(match[2] ?? '').toLowerCase()] ?? 1;
  return Number(match[1]) * unit;
};

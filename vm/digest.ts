// SHA-256 (NIST FIPS 180-4) as Node has it: some microseconds for a small artifact. A file of its own, as a node in another
// place, a browser say, takes its digest from elsewhere.
import { createHash } from 'node:crypto';

export const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

export const equalBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, i) => byte === b[i]);

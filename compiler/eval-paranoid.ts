// The paranoid evaluator: remembers what guards have let pass, and stops at an access that no guard covers. That is the proof, run
// by run, that guards were taken away with reason.
//
// Each access of the program carries a note of why it is guarded or not (see passes/guard-*.ts). One that a guard is said to
// cover must lie in bytes that were guarded on this image since memory was last given back, a write in bytes guarded for writing. One
// that needs no guard by what is known of its object must lie where the image may access. One without a note is not allowed.
import { isRuntime } from '../vm/abi.ts';
import { ofRuntime } from './guards.ts';
import type { Func, IrProgram, OpInst } from './ir.ts';
import { accessParts } from './provenance.ts';
import { forEachInst } from './tree.ts';

const granule = 32;

/** Guarded bytes of one image, by 32 at a time: a bit a byte. */
interface Guarded {
  read: Map<number, number>;
  write: Map<number, number>;
}

const maskOf = (from: number, to: number): number => {
  const bits = to - from;
  return (bits === granule ? -1 : (1 << bits) - 1) << from;
};

/** Calls `visit` with each granule of a range and the bytes in it. */
const eachGranule = (address: number, bytes: number, visit: (n: number, mask: number) => boolean): boolean => {
  for (let at = address; at < address + bytes; ) {
    const n = Math.floor(at / granule);
    const end = Math.min((n + 1) * granule, address + bytes);
    if (!visit(n, maskOf(at - n * granule, end - n * granule))) return false;
    at = end;
  }
  return true;
};

/** Ranges larger than this are remembered as ranges. */
const large = 1 << 16;

export class Paranoia {
  readonly #images = new Map<number, Guarded>();
  readonly #ranges = new Map<number, { address: number; end: number; write: boolean }[]>();

  #of(image: number): Guarded {
    let found = this.#images.get(image);
    if (!found) {
      found = { read: new Map(), write: new Map() };
      this.#images.set(image, found);
    }
    return found;
  }

  /** A guard let this pass. */
  remember(image: number, address: number, bytes: number, write: boolean): void {
    if (bytes > large) {
      const list = this.#ranges.get(image) ?? [];
      list.push({ address, end: address + bytes, write });
      this.#ranges.set(image, list);
      return;
    }
    const g = this.#of(image);
    for (const map of write ? [g.read, g.write] : [g.read])
      eachGranule(address, bytes, (n, mask) => {
        map.set(n, (map.get(n) ?? 0) | mask);
        return true;
      });
  }

  /** The image has given memory back. */
  forget(image: number): void {
    this.#images.delete(image);
    this.#ranges.delete(image);
  }

  covers(image: number, address: number, bytes: number, write: boolean): boolean {
    const end = address + bytes;
    const inRange = this.#ranges.get(image)?.some((r) => r.address <= address && end <= r.end && (r.write || !write));
    if (inRange) return true;
    const g = this.#of(image);
    const map = write ? g.write : g.read;
    return eachGranule(address, bytes, (n, mask) => ((map.get(n) ?? 0) & mask) === mask);
  }
}

/** Functions of the run-time that take permissions back. */
const givingBack = new Set(['runtime.free', 'runtime.array_free', 'runtime.move.slide', 'runtime.move.migrate']);
export const givesBack = (func: string): boolean => givingBack.has(func);

/** Notes of accesses that what is known of the object speaks for. */
const knownReasons = ['static object', 'fresh object', 'own frame', 'bounds check covers it', "caller's frame"];

/** What the note of an access claims: that a guard covers each part, or that some parts need none; none: it is of the run-time. */
export const claimOf = (inst: OpInst): 'guarded' | 'known' | 'mixed' | 'nothing' | 'none' => {
  if (inst.guard === undefined) return 'nothing';
  if (inst.guard === ofRuntime) return 'none';
  const reasons = inst.guard.split('; ');
  const known = reasons.filter((r) => knownReasons.includes(r)).length;
  return known === 0 ? 'guarded' : known === reasons.length ? 'known' : 'mixed';
};

/** Accesses without a note, in a program that was guarded: there must be none. Gives the first, as text. */
export const firstUnguarded = (program: IrProgram): string | undefined => {
  let found: string | undefined;
  const look = (f: Func): void => {
    forEachInst(f.body, (i) => {
      if (found === undefined && i.kind === 'op' && accessParts(i).length > 0 && i.guard === undefined)
        found = `${i.op} in @${f.name}`;
    });
  };
  for (const f of program.funcs) if (!isRuntime(f.name)) look(f);
  return found;
};

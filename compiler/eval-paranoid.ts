// The paranoid evaluator: remembers what guards have let pass, and stops at an access that no guard covers. That is the proof, run
// by run, that guards were taken away with reason.
//
// Each access of the program carries a note of why it is guarded or not (see passes/guard-*.ts). One that a guard is said to
// cover must lie in bytes that were guarded on this image since they were last given back, a write in bytes guarded for writing. One
// that needs no guard by what is known of its object must lie where the image may access. One without a note is not allowed.
//
// What is given back is seen by the words of kernel pages that permissions depend on, whoever writes them: once the heap's lowest
// byte has risen or the end of the symmetric part has sunk, what was guarded there is forgotten, even if it is granted
// again later. And functions that may give back are taken at their word: all is forgotten where they begin.
import { isRuntime, page } from '../vm/abi.ts';
import { ofRuntime } from './guards.ts';
import type { Func, IrProgram, OpInst } from './ir.ts';
import { accessParts } from './provenance.ts';
import { revokers } from './runtime-functions.ts';
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

interface Range {
  readonly address: number;
  readonly end: number;
  readonly write: boolean;
}

/** What is left of a range without another one. */
const without = (r: Range, from: number, to: number): Range[] =>
  [
    { ...r, end: Math.min(r.end, from) },
    { ...r, address: Math.max(r.address, to) },
  ].filter((left) => left.address < left.end);

/** What of an image's slot is granted: up to `top`, and from `bottom` on (offsets). */
interface Borders {
  readonly top: number;
  readonly bottom: number;
}

/** The words of the kernel page with the borders: next to each other. */
const [firstWord, endOfWords] = [page.symmetricTop, page.heapBottom + 4];

export interface Slots {
  readonly view: DataView;
  slot(image: number): number;
  imageOf(address: number): number;
  offsetOf(address: number): number;
}

export class Paranoia {
  readonly #images = new Map<number, Guarded>();
  readonly #ranges = new Map<number, Range[]>();
  readonly #slots: Slots;
  readonly #borders = new Map<number, Borders>();
  /** Images whose borders may have moved since they were looked at. */
  readonly #moving = new Set<number>();

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** Something is about to be written: perhaps a border. What it is now counts, however soon it is written again. */
  beforeWrite(address: number, bytes: number): void {
    const at = this.#slots.offsetOf(address);
    if (at >= endOfWords || at + bytes <= firstWord) return;
    const image = this.#slots.imageOf(address);
    this.#look(image);
    this.#moving.add(image);
  }

  #look(image: number): void {
    const slot = this.#slots.slot(image);
    const { view } = this.#slots;
    const now = {
      top: view.getUint32(slot + page.symmetricTop, true),
      bottom: view.getUint32(slot + page.heapBottom, true),
    };
    const before = this.#borders.get(image) ?? now;
    this.#borders.set(image, now);
    this.#moving.delete(image);
    if (now.top < before.top) this.#revoke(slot + now.top, slot + before.top);
    if (now.bottom > before.bottom) this.#revoke(slot + before.bottom, slot + now.bottom);
  }

  /** Nobody may rely any more on what was guarded here: other images neither. */
  #revoke(from: number, to: number): void {
    for (const g of this.#images.values())
      for (const map of [g.read, g.write])
        eachGranule(from, to - from, (n, mask) => {
          const known = map.get(n);
          if (known !== undefined) map.set(n, known & ~mask);
          return true;
        });
    for (const [image, list] of this.#ranges)
      this.#ranges.set(
        image,
        list.flatMap((r) => without(r, from, to)),
      );
  }

  #lookAtAll(): void {
    for (const image of this.#moving) this.#look(image);
  }

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
    this.#lookAtAll();
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

  /** The image is about to give memory back, or may be. */
  forget(image: number): void {
    this.#images.delete(image);
    this.#ranges.delete(image);
  }

  covers(image: number, address: number, bytes: number, write: boolean): boolean {
    this.#lookAtAll();
    const end = address + bytes;
    const inRange = this.#ranges.get(image)?.some((r) => r.address <= address && end <= r.end && (r.write || !write));
    if (inRange) return true;
    const g = this.#of(image);
    const map = write ? g.write : g.read;
    return eachGranule(address, bytes, (n, mask) => ((map.get(n) ?? 0) & mask) === mask);
  }
}

const givingBack: ReadonlySet<string> = new Set(revokers);
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

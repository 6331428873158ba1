// The evaluator's memory: one buffer laid out as vm/abi.ts says. Every access of the program goes through `at`, so that
// null, the end of memory and (in paranoid runs) guards are asked about in one place.
import { type FaultKind, kernel, page, unmappedBytes } from '../vm/abi.ts';
import type { MemType } from './ir.ts';
import { memTypeBytes } from './layout.ts';

/**
 * A value in a register: i64 is a signed bigint, i32 a signed number, a float a number, a pointer an unsigned number, a vector an
 * unsigned bigint of 128 bits.
 */
export type Reg = number | bigint;

/** Ends the run; caught by the scheduler. */
export class Fault extends Error {
  readonly fault: FaultKind;
  readonly values: readonly bigint[];

  constructor(fault: FaultKind, values: readonly bigint[]) {
    super(fault);
    this.fault = fault;
    this.values = values;
  }
}

export interface MemoryAccess {
  readonly address: number;
  readonly bytes: number;
  readonly write: boolean;
}

export interface MemoryOptions {
  readonly slotBits: number;
  readonly images: number;
  readonly stackLimit: number;
  /** Called before each access of the program. */
  readonly guard?: (access: MemoryAccess) => void;
}

export class Memory {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly slotBits: number;
  /** Counts writes that another image could be waiting for. */
  version = 0;
  /** Called before each write of the program and of the run-time, in paranoid runs. */
  beforeWrite: ((address: number, bytes: number) => void) | undefined;
  readonly #mask: number;
  readonly #stackLimit: number;
  readonly #guard: ((access: MemoryAccess) => void) | undefined;

  constructor(options: MemoryOptions) {
    const buffer = new ArrayBuffer((options.images + 1) * 2 ** options.slotBits);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
    // A core for each image.
    this.view.setInt32(kernel.cores, options.images, true);
    this.slotBits = options.slotBits;
    this.#mask = 2 ** options.slotBits - 1;
    this.#stackLimit = options.stackLimit;
    this.#guard = options.guard;
  }

  slot(image: number): number {
    return (image + 1) * 2 ** this.slotBits;
  }

  offsetOf(address: number): number {
    return (address & this.#mask) >>> 0;
  }

  imageOf(address: number): number {
    return (address >>> this.slotBits) - 1;
  }

  /** The same offset in the slot of `image`, with the wrapping of 32-bit address arithmetic. */
  inSlotOf(image: number, address: number): number {
    return (((image + 1) << this.slotBits) | (address & this.#mask)) >>> 0;
  }

  /** Checks an access and gives its address. */
  at(pointer: number, offset: number, bytes: number, write: boolean): number {
    const address = pointer + offset;
    if (bytes > 0 && (address < unmappedBytes || address + bytes > this.bytes.length)) {
      throw new Fault('null', [BigInt(address)]);
    }
    this.#guard?.({ address, bytes, write });
    if (write) {
      this.beforeWrite?.(address, bytes);
      this.#touch(address);
    }
    return address;
  }

  /** An atomic access must be aligned, as in wasm. */
  atAligned(pointer: number, bytes: number, write: boolean): number {
    const address = this.at(pointer, 0, bytes, write);
    if (address % bytes !== 0) throw new Fault('null', [BigInt(address)]);
    return address;
  }

  /** Nobody waits for what an image notes about itself in its kernel page, or for its stack. */
  #touch(address: number): void {
    const offset = this.offsetOf(address);
    const note = offset >= page.state && offset < page.stateValue + 8;
    if (!note && offset < this.#stackLimit) this.version++;
  }

  read(type: MemType, address: number): Reg {
    switch (type) {
      case 'i8':
        return this.view.getInt8(address);
      case 'u8':
        return this.view.getUint8(address);
      case 'i16':
        return this.view.getInt16(address, true);
      case 'u16':
        return this.view.getUint16(address, true);
      case 'i32':
        return this.view.getInt32(address, true);
      case 'i64':
        return this.view.getBigInt64(address, true);
      case 'f32':
        return this.view.getFloat32(address, true);
      case 'f64':
        return this.view.getFloat64(address, true);
      case 'ptr32':
      case 'ptr64':
        return this.view.getUint32(address, true);
    }
  }

  write(type: MemType, address: number, value: Reg): void {
    switch (type) {
      case 'i8':
      case 'u8':
        this.view.setUint8(address, Number(value) & 0xff);
        return;
      case 'i16':
      case 'u16':
        this.view.setUint16(address, Number(value) & 0xffff, true);
        return;
      case 'i32':
      case 'ptr32':
        this.view.setUint32(address, Number(value) >>> 0, true);
        return;
      case 'i64':
        this.view.setBigInt64(address, BigInt(value), true);
        return;
      case 'f32':
        this.view.setFloat32(address, Number(value), true);
        return;
      case 'f64':
        this.view.setFloat64(address, Number(value), true);
        return;
      case 'ptr64':
        this.view.setUint32(address, Number(value) >>> 0, true);
        this.view.setUint32(address + 4, 0, true);
        return;
    }
  }

  load(type: MemType, pointer: number, offset: number): Reg {
    return this.read(type, this.at(pointer, offset, memTypeBytes[type], false));
  }

  store(type: MemType, pointer: number, offset: number, value: Reg): void {
    this.write(type, this.at(pointer, offset, memTypeBytes[type], true), value);
  }

  copy(to: number, from: number, count: number): void {
    const source = this.at(from, 0, count, false);
    const target = this.at(to, 0, count, true);
    this.bytes.copyWithin(target, source, source + count);
  }

  fill(to: number, byte: number, count: number): void {
    const target = this.at(to, 0, count, true);
    this.bytes.fill(byte & 0xff, target, target + count);
  }

  text(address: number, count: number): string {
    const start = this.at(address, 0, count, false);
    return new TextDecoder().decode(this.bytes.subarray(start, start + count));
  }
}

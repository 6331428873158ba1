// What lies where in the memory of a node: names for addresses, for reports of guard faults.
import {
  dataBase,
  fibers,
  isPermitted,
  kernelBase,
  kernelPageBytes,
  type Manifest,
  type Permissions,
  page,
} from './abi.ts';

/** The memory of a node that has stopped, and the image that asks. */
export interface Regions {
  readonly memory: DataView;
  readonly manifest: Manifest;
  readonly image: number;
  readonly images: number;
  readonly slotBits: number;
}

const word = (r: Regions, image: number, offset: number): number =>
  r.memory.getUint32((image + 1) * 2 ** r.slotBits + offset, true);

const permissions = (r: Regions): Permissions => ({ ...r, word: (image, offset) => word(r, image, offset) });

/** The part of a slot, as said after whose it is. */
const partAt = (r: Regions, image: number, offset: number): string => {
  const { manifest } = r;
  const at = (which: number): number => word(r, image, which);
  if (offset < kernelPageBytes) return 'kernel page';
  if (offset < manifest.letBase) return 'protected memory (descriptors of arrays, configs)';
  if (offset < manifest.writableBase) return 'lets';
  if (offset < manifest.symmetricBase) return 'private variables';
  if (offset < at(page.symmetricTop)) return 'symmetric memory';
  if (offset < at(page.heapBottom)) return 'memory that nothing was allocated in';
  if (offset < at(page.heapEnd)) return 'private heap';
  if (offset < at(page.stackTop)) return 'stack';
  if (offset < at(fibers.end) && manifest.fiberBytes !== undefined) return 'memory of tasks';
  return 'memory past the end of the stack';
};

/** `image 2's private heap`. */
export const regionAt = (r: Regions, address: number): string => {
  const slotBytes = 2 ** r.slotBits;
  const image = Math.floor(address / slotBytes) - 1;
  if (image >= r.images) return 'what is past the end of all memory';
  if (image >= 0) {
    const whose = image === r.image ? 'its own' : `image ${image}'s`;
    return `${whose} ${partAt(r, image, address % slotBytes)}`;
  }
  if (address < kernelBase) return 'the first 64 KiB, where nothing lies';
  if (address < dataBase) return "the kernel's memory";
  return address < dataBase + r.manifest.dataBytes ? 'read-only data' : "the kernel's memory";
};

/** Where an access lies that was refused; of one that begins where it may, also what it runs into. */
export const whereText = (r: Regions, address: number, bytes: number, write: boolean): string => {
  const first = regionAt(r, address);
  if (bytes <= 1 || !isPermitted(permissions(r), address, 1, write)) return `in ${first}`;
  const last = address + bytes - 1;
  return `from ${first} into ${last >= 2 ** 32 ? 'what is past the last address' : regionAt(r, last)}`;
};

// Steps for guards: the permissions of vm/abi.ts, asked of the words that the run keeps.
import { isPermitted, type Permissions, unmappedBytes } from '../vm/abi.ts';
import type { Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import { claimOf } from './eval-paranoid.ts';
import type { OpInst } from './ir.ts';
import { numberImm } from './ir-types.ts';
import { accessParts } from './provenance.ts';

const permissionsOf = (node: Node, m: Image): Permissions => ({
  image: m.image,
  images: node.images.length,
  slotBits: node.memory.slotBits,
  word: (image, offset) => node.memory.view.getUint32(node.memory.slot(image) + offset, true),
});

/** A range is a signed number of bytes. */
export const mayAccess = (node: Node, m: Image, address: number, bytes: bigint, write: boolean): boolean =>
  bytes >= 0n && bytes <= 1n << 32n && isPermitted(permissionsOf(node, m), address, Number(bytes), write);

/** Ends the run if the access is not permitted; else a range that has been guarded, for paranoid runs. */
const guard = (node: Node, m: Image, address: number, bytes: bigint, write: boolean): void => {
  if (!mayAccess(node, m, address, bytes, write)) {
    if (address < unmappedBytes) throw new Fault('null', [BigInt(address)]);
    throw new Fault('guard', [BigInt(address), (bytes << 1n) | (write ? 1n : 0n)]);
  }
  node.paranoia?.remember(m.image, address, Number(bytes), write);
};

/** Before an access of the program, in paranoid runs: stops if no guard covers it. @throws Error: a guard was left out wrongly. */
export const paranoidCheck = (i: OpInst, node: Node): Step | undefined => {
  const { paranoia } = node;
  const parts = accessParts(i);
  if (!paranoia || parts.length === 0 || i.op.startsWith('touch.')) return undefined;
  const claim = claimOf(i);
  if (claim === 'none') return undefined;
  return (r, m) => {
    for (const part of parts) {
      const address = (r[i.args[part.arg] ?? 0] as number) + part.offset;
      const size = typeof part.bytes === 'number' ? part.bytes : r[i.args[part.bytes.arg] ?? 0];
      const bytes = typeof size === 'bigint' ? Number(size) : (size as number) >>> 0;
      const covered = paranoia.covers(m.image, address, bytes, part.write);
      const permitted = mayAccess(node, m, address, BigInt(bytes), part.write);
      const fine = claim === 'guarded' ? covered : claim === 'known' ? permitted : claim === 'mixed' && permitted;
      if (bytes > 0 && !fine) {
        const what = `${part.write ? 'write' : 'read'} of ${bytes} bytes at 0x${address.toString(16)}`;
        throw new Error(
          `paranoid: ${what} on image ${m.image}, which is ${i.guard ?? 'without a note'}, is not covered`,
        );
      }
    }
  };
};

export const guardStep = (i: OpInst, node: Node): Step | undefined => {
  const [a = 0, b = 0] = i.args;
  const [d = 0] = i.results;
  const write = i.op.includes('write');
  switch (i.op) {
    case 'guard.read':
    case 'guard.write': {
      const offset = numberImm(i.imms, 0);
      const bytes = BigInt(numberImm(i.imms, 1));
      return (r, m) => guard(node, m, (r[a] as number) + offset, bytes, write);
    }
    case 'guard.read_range':
    case 'guard.write_range':
    case 'touch.read':
    case 'touch.write':
      return (r, m) => guard(node, m, r[a] as number, r[b] as bigint, write);
    case 'guard.bounds':
      // Guards look at the words themselves here.
      return () => {};
    case 'guard.near': {
      const offset = numberImm(i.imms, 0);
      const bytes = BigInt(numberImm(i.imms, 1));
      return (r, m) => {
        const address = (r[a] as number) + offset;
        const near = mayAccess(node, m, address, bytes, true);
        if (near) node.paranoia?.remember(m.image, address, Number(bytes), true);
        r[d] = near ? 1 : 0;
      };
    }
    case 'guard.may_read':
    case 'guard.may_write':
      return (r, m) => {
        const address = r[a] as number;
        const bytes = r[b] as Reg as bigint;
        const may = mayAccess(node, m, address, bytes, write);
        if (may) node.paranoia?.remember(m.image, address, Number(bytes), write);
        r[d] = may ? 1 : 0;
      };
    default:
      return undefined;
  }
};

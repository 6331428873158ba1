// Steps for guards: the permissions of vm/abi.ts, asked of the words that the run keeps.
import { isPermitted, type Permissions, page, unmappedBytes } from '../vm/abi.ts';
import type { Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import type { OpInst } from './ir.ts';
import { numberImm } from './ir-types.ts';

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
  node.guarded?.(m.image, address, Number(bytes), write);
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
    case 'guard.near': {
      const offset = numberImm(i.imms, 0);
      const bytes = BigInt(numberImm(i.imms, 1));
      return (r, m) => {
        const address = (r[a] as number) + offset;
        const low = m.slot + node.memory.view.getUint32(m.slot + page.heapBottom, true);
        const near = address >= low && mayAccess(node, m, address, bytes, true);
        if (near) node.guarded?.(m.image, address, Number(bytes), true);
        r[d] = near ? 1 : 0;
      };
    }
    case 'guard.may_read':
    case 'guard.may_write':
      return (r, m) => {
        const address = r[a] as number;
        const bytes = r[b] as Reg as bigint;
        const may = mayAccess(node, m, address, bytes, write);
        if (may) node.guarded?.(m.image, address, Number(bytes), write);
        r[d] = may ? 1 : 0;
      };
    default:
      return undefined;
  }
};

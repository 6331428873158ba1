// Steps for checks, synchronisation, collectives, output and time.
import { descriptor, type FaultKind, type Format, fileReasonNumber, page, privateBase } from '../vm/abi.ts';
import { combine } from './arith.ts';
import type { Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import { isNull } from './eval-places.ts';
import { fromConstant, toConstant } from './eval-pure.ts';
import { type OpInst, valueType } from './ir.ts';
import { numberImm, opText, textImm } from './ir-types.ts';

/** Values of a fault record: signed 64 bits each; addresses unsigned. */
export const recordValues = (r: readonly Reg[], of: readonly number[]): bigint[] => of.map((v) => BigInt(r[v] as Reg));

const smallest: Record<string, Reg> = { i8: -0x80, i16: -0x8000, i32: -0x80000000, i64: -(1n << 63n) };

/** A check: faults with its operands when `fails` says so. */
const checkOf = (kind: FaultKind, i: OpInst, fails: (a: Reg, b: Reg, c: Reg) => boolean): Step => {
  const [a = 0, b = 0, c = 0] = i.args;
  return (r) => {
    if (fails(r[a] as Reg, r[b] as Reg, r[c] as Reg)) throw new Fault(kind, recordValues(r, i.args));
  };
};

const checkStep = (i: OpInst, node: Node): Step | undefined => {
  const images = BigInt(node.images.length);
  switch (i.op) {
    case 'check.index':
      return checkOf('index', i, (at, length) => at < 0n || at >= length);
    case 'check.slice':
      return checkOf('slice', i, (lo, hi, length) => lo < 0n || lo > hi || hi > length);
    case 'check.length':
      return checkOf('length', i, (x, y) => x !== y);
    case 'check.step':
      return checkOf('step', i, (x) => x === 0n);
    case 'check.handle': {
      const [a = 0] = i.args;
      return (r, m) => {
        const at = r[a] as number;
        const { view } = node.memory;
        // See emit-arrays.ts.
        const own = at - m.slot >= privateBase && at - m.slot < view.getUint32(m.slot + page.stackTop, true);
        if (at === m.slot || (own && view.getInt32(at + descriptor.base, true) === 0)) throw new Fault('handle', []);
      };
    }
    case 'check.null':
      return checkOf('null', i, (x) => isNull(x as number));
    case 'check.local':
      return checkOf('not-local', i, () => false);
    case 'check.overflow': {
      const least = smallest[i.suffix];
      return checkOf('divide-overflow', i, (x, y) => x === least && (y === -1 || y === -1n));
    }
    case 'check.divide': {
      const [a = 0, b = 0] = i.args;
      return (r) => {
        if (r[b] === 0 || r[b] === 0n) throw new Fault('divide', recordValues(r, [a]));
      };
    }
    case 'check.image': {
      const [a = 0] = i.args;
      return (r) => {
        const image = r[a] as bigint;
        if (image < 0n || image >= images) throw new Fault('image', [image, images]);
      };
    }
    default:
      return undefined;
  }
};

/** Contributes to a meeting of all images; the last to come gives each what `result` makes of all values. */
export const meet = (
  node: Node,
  m: Image,
  name: string,
  value: Reg,
  deliver: ((values: readonly Reg[]) => void) | undefined,
): void => {
  let meeting = node.meetings.get(name);
  if (!meeting) {
    meeting = { deliver: new Map(), values: [] };
    node.meetings.set(name, meeting);
  }
  meeting.values[m.image] = value;
  meeting.deliver.set(m.image, deliver ?? (() => {}));
  m.wait = { kind: 'collective', name };
  if (meeting.deliver.size < node.images.length) return;
  node.meetings.delete(name);
  for (const give of meeting.deliver.values()) give(meeting.values);
  for (const other of node.images) other.wait = undefined;
};

const collectiveStep = (i: OpInst, node: Node): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0, b = 0] = i.args;
  const name = [opText(i.op, i.suffix), ...i.imms].join(' ');
  const reduceAll = (values: readonly Reg[]): Reg => {
    const type = valueType(i.suffix);
    const word = textImm(i.imms, 0);
    const total = values
      .map((v) => toConstant(type, v))
      .reduce((x, y) => {
        const both = combine(word, i.suffix, x, y);
        if (both === undefined) throw new Error(`internal error: ${name}`);
        return both;
      });
    return fromConstant(type, total);
  };
  switch (i.op) {
    case 'barrier':
      return (_, m) => meet(node, m, name, 0n, undefined);
    case 'allreduce':
      return (r, m) =>
        meet(node, m, name, r[a] as Reg, (all) => {
          r[d] = reduceAll(all);
        });
    case 'reduce':
      return (r, m) =>
        meet(node, m, name, r[a] as Reg, (all) => {
          r[d] = BigInt(m.image) === r[b] ? reduceAll(all) : (r[a] as Reg);
        });
    case 'broadcast':
      return (r, m) =>
        meet(node, m, name, r[a] as Reg, (all) => {
          r[d] = all[Number(r[b])] as Reg;
        });
    default:
      return undefined;
  }
};

const waitStep = (i: OpInst, node: Node): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0, b = 0, c = 0] = i.args;
  const { memory } = node;
  switch (i.op) {
    case 'idle':
      // The first time after news the program may look again; if others write nothing until it is back, it sleeps.
      return (_, m) => {
        if (m.idleSeen === m.others) m.wait = { kind: 'idle', seen: m.others };
        m.idleSeen = m.others;
        m.yielding = true;
      };
    case 'hook':
      return (_, m) => void node.onHook?.(m.image, memory.view);
    case 'hook.due':
      return (r, m) => {
        r[d] = node.onHook?.(m.image, memory.view) ? 1 : 0;
      };
    case 'atomic.wait32':
      return (r, m) => {
        const address = memory.atAligned(r[a] as number, 4, false);
        if (memory.view.getInt32(address, true) !== r[b]) {
          r[d] = 1;
          return;
        }
        const limit = r[c] as bigint;
        const deadline = limit < 0n ? Number.POSITIVE_INFINITY : node.time + Number(limit);
        m.wait = { kind: 'wait32', address, deadline, result: d };
      };
    case 'atomic.notify':
      return (r) => {
        const address = memory.atAligned(r[a] as number, 4, false);
        let left = (r[b] as number) >>> 0;
        let woken = 0;
        for (const other of node.images) {
          if (left === 0) break;
          if (other.wait?.kind !== 'wait32' || other.wait.address !== address) continue;
          other.registers[other.wait.result] = 0;
          other.wait = undefined;
          left--;
          woken++;
        }
        r[d] = woken;
      };
    default:
      return undefined;
  }
};

const outStep = (i: OpInst, node: Node): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0, b = 0] = i.args;
  switch (i.op) {
    case 'out': {
      const format = JSON.parse(textImm(i.imms, 0)) as Format;
      return (r, m) => {
        m.line += node.format(format, r[a] as Reg);
      };
    }
    case 'out.str': {
      const format = JSON.parse(textImm(i.imms, 0)) as Format;
      return (r, m) => {
        m.line += node.format(format, node.memory.text(r[a] as number, Number(r[b])));
      };
    }
    case 'out.end': {
      const stream = numberImm(i.imms, 0) === 2 ? 2 : 1;
      const newline = numberImm(i.imms, 1) === 1 ? '\n' : '';
      return (_, m) => {
        node.output.push({ image: m.image, stream, text: m.line + newline });
        m.line = '';
      };
    }
    case 'now':
      return (r) => {
        node.time += 1000;
        r[d] = node.time / 1e9;
      };
    case 'file.open':
    case 'file.read':
    case 'file.write':
      // The evaluator is a node that allows no folder.
      return (r) => {
        r[d] = -BigInt(fileReasonNumber('none'));
      };
    default:
      return undefined;
  }
};

export const syncStep = (i: OpInst, node: Node): Step | undefined =>
  checkStep(i, node) ?? collectiveStep(i, node) ?? waitStep(i, node) ?? outStep(i, node);

// Runs emitted modules in the test's own thread, for programs in which no image waits for another: a memory laid out as the node
// lays it out, an instance for each image, and what they print.
import { expect } from 'vitest';
import { type EmitResult, emit } from '../../compiler/emit.ts';
import type { IrProgram, OpName } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { type Layout, layoutOf } from '../../compiler/layout.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { verify, violationsText } from '../../compiler/verify.ts';
import {
  exports,
  type FaultKind,
  type Format,
  faults,
  guardSlack,
  imports,
  type Manifest,
  page,
  pageBytes,
  remoteAddress,
  sectionName,
  slotTailBytes,
} from '../../vm/abi.ts';
import { createFiles, type FileRules } from '../../vm/files.ts';
import { formatValue } from '../../vm/format.ts';

/** Ops of every program that was emitted through `programOf`. */
export const emitted = new Set<OpName>();

/** A program from its text, after checking that it is one that a compiler could have made. */
export const programOf = (text: string): IrProgram => {
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  expect(violationsText(verify(program))).toBe('');
  return program;
};

export const artifactOf = async (program: IrProgram): Promise<EmitResult> => {
  const result = await emit(program, { program: 'test.pg', compiler: 'test', wat: true });
  for (const f of program.funcs) forEachInst(f.body, (i) => void (i.kind === 'op' && emitted.add(i.op)));
  return result;
};

export const manifestOf = (module: WebAssembly.Module): Manifest => {
  const [section] = WebAssembly.Module.customSections(module, sectionName);
  return JSON.parse(new TextDecoder().decode(section)) as Manifest;
};

export interface Record {
  readonly kind: FaultKind;
  readonly position: number;
  readonly values: readonly bigint[];
}

export interface TestImage {
  readonly init: () => void;
  readonly main: () => void;
  readonly stackPointer: WebAssembly.Global;
  /** Address of the slot. */
  readonly slot: number;
  /** What was written, write by write. */
  readonly output: { readonly stream: 1 | 2; readonly text: string }[];
  /** Lines of both streams so far, without newlines. */
  readonly lines: () => string[];
  readonly record: () => Record;
}

export interface TestNode {
  readonly view: DataView;
  readonly slotBits: number;
  readonly stackTop: number;
  readonly stackLimit: number;
  readonly layout: Layout;
  readonly manifest: Manifest;
  readonly images: readonly TestImage[];
  /** Address of a global in an image's slot. */
  readonly at: (image: number, global: string) => number;
}

export interface NodeOptions {
  readonly images?: number;
  readonly slotBits?: number;
  readonly stackBytes?: number;
  /** Default: no files. */
  readonly files?: FileRules;
}

/** Lines of what was written. */
export const linesOf = (output: readonly { readonly text: string }[]): string[] =>
  output
    .map((o) => o.text)
    .join('')
    .split('\n')
    .slice(0, -1);

const functionOf = (instance: WebAssembly.Instance, name: string): (() => void) => {
  const f = instance.exports[name];
  if (typeof f !== 'function') throw new Error(`no export ${name}`);
  return () => void f();
};

/** A node for a program: memory, and its images at rest. Configs are left zero. */
export const nodeOf = (program: IrProgram, wasm: Uint8Array, options: NodeOptions = {}): TestNode => {
  const { images = 1, slotBits = 20, stackBytes = 256 * 1024 } = options;
  const slotBytes = 2 ** slotBits;
  const stackTop = slotBytes - slotTailBytes;
  const stackLimit = stackTop - stackBytes;
  const pages = ((images + 1) * slotBytes) / pageBytes;
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const view = new DataView(memory.buffer);
  const layout = layoutOf(program);
  const module = new WebAssembly.Module(wasm);
  const manifest = manifestOf(module);
  const imageOf = (image: number): TestImage => {
    const slot = remoteAddress(image, slotBits, 0);
    const output: { stream: 1 | 2; text: string }[] = [];
    let line = '';
    const files = createFiles(new Uint8Array(memory.buffer), options.files ?? { base: '/', read: [], write: [] });
    const put = (format: number, value: number | bigint): void => {
      line += formatValue(manifest.formats[format] as Format, value);
    };
    const instance = new WebAssembly.Instance(module, {
      pgc: {
        [imports.memory]: memory,
        [imports.slot]: slot | 0,
        [imports.image]: image,
        [imports.images]: images,
        [imports.slotBits]: slotBits,
        [imports.outI32]: put,
        [imports.outI64]: put,
        [imports.outF32]: put,
        [imports.outF64]: put,
        [imports.outStr]: (format: number, address: number, bytes: number) => {
          const text = new TextDecoder().decode(
            new Uint8Array(memory.buffer).slice(address >>> 0, (address >>> 0) + bytes),
          );
          line += formatValue(manifest.formats[format] as Format, text);
        },
        [imports.outEnd]: (stream: number, newline: number) => {
          output.push({ stream: stream === 2 ? 2 : 1, text: newline ? `${line}\n` : line });
          line = '';
        },
        [imports.now]: () => 12.5,
        [imports.fileOpen]: files.open,
        [imports.fileRead]: files.read,
        [imports.fileWrite]: files.write,
      },
    });
    const stackPointer = instance.exports[exports.stackPointer];
    if (!(stackPointer instanceof WebAssembly.Global)) throw new Error('no stack pointer');
    stackPointer.value = (slot + stackTop - guardSlack) | 0;
    view.setUint32(slot + page.stackLimit, stackLimit, true);
    // Guards: the own heap, of which there is none here, and the stack.
    view.setUint32(slot + page.guardLow, slot + stackLimit, true);
    view.setUint32(slot + page.guardSpan, stackBytes - guardSlack + 1, true);
    if (image === 0) functionOf(instance, exports.load)();
    return {
      init: functionOf(instance, exports.init),
      main: functionOf(instance, exports.main),
      stackPointer,
      slot,
      output,
      lines: () => linesOf(output),
      record: () => ({
        kind: faults[view.getInt32(slot + page.faultKind, true)]?.kind ?? 'none',
        position: view.getInt32(slot + page.faultPosition, true),
        values: [page.faultA, page.faultB, page.faultC].map((offset) => view.getBigInt64(slot + offset, true)),
      }),
    };
  };
  const all = Array.from({ length: images }, (_, image) => imageOf(image));
  const at = (image: number, global: string): number => {
    const offset = layout.offsets.get(global);
    if (offset === undefined) throw new Error(`no global ${global}`);
    return remoteAddress(image, slotBits, offset);
  };
  return { view, slotBits, stackTop, stackLimit, layout, manifest, images: all, at };
};

/** What a call threw, which must be an exception of wasm itself. */
export const trapOf = (call: () => void): WebAssembly.RuntimeError => {
  try {
    call();
  } catch (e) {
    if (e instanceof WebAssembly.RuntimeError) return e;
    throw e;
  }
  throw new Error('it did not trap');
};

export const print = (type: string, value: string): string =>
  `out.${type} ${value}, "{\\"type\\":\\"${type}\\"}"\nout.end 1, 1\n`;

export const constants = (type: string, values: readonly string[]): string =>
  values.map((v, k) => `%c${k} = ${type.startsWith('f') ? 'f' : ''}const.${type} ${v}\n`).join('');

// Random programs with wild accesses: with every access guarded and with guards eliminated, a program prints the same and faults
// alike: the same fault, access and address, at the same line. The evaluator is the oracle, in its paranoid
// mode: it fails on an access that no guard covers. Where that is easy to tell, it is also asked of each access whether it was granted.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type EvalOptions, evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { layoutOf } from '../../compiler/layout.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { isPermitted, kernelPageBytes, page, slotTailBytes } from '../../vm/abi.ts';
import { type RandomProgram, randomProgram, slotBits, stackBytes } from './random.ts';

/** More by `PGC_RUNS=1000 npx vitest run test/guards/random`. */
const runs = Number(process.env.PGC_RUNS ?? 12);
/** Attacks of a program: compiling it takes longer than running them. */
const attacks = fc.array(fc.array(fc.nat(1000), { minLength: 60, maxLength: 400, size: 'max' }), {
  minLength: 8,
  maxLength: 8,
});

const lowered = (text: string): IrProgram => {
  const { program, diagnostics, sources } = check('random.pg', fileHost({ texts: { 'random.pg': text } }));
  if (program) return lower(program);
  throw new Error(`${diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n')}\n${text}`);
};

/** Refuses what an image alone was not granted, as long as it does not call the run-time. */
const watch = (ir: IrProgram): EvalOptions['guard'] => {
  const layout = layoutOf(ir);
  const stackTop = 2 ** slotBits - slotTailBytes;
  const words = new Map<number, number>([
    [page.heapBottom, stackTop - stackBytes],
    [page.stackTop, stackTop],
    // Until main begins lets may be written.
    [page.writable, layout.letBase],
    [page.symmetricBase, layout.symmetricBase],
    [page.symmetricTop, layout.symmetricBase + layout.symmetricBytes],
    [page.dataEnd, 0],
  ]);
  const permissions = { image: 0, images: 1, slotBits, word: (_: number, offset: number) => words.get(offset) ?? 0 };
  return ({ address, bytes, write }) => {
    // The run-time may use the own kernel page, as when an image ends; of accesses there the paranoid evaluator knows whose they are.
    const own = address - 2 ** slotBits;
    if (own < 0 ? !write : own < kernelPageBytes) return;
    if (isPermitted(permissions, address, bytes, write)) return;
    throw new Error(`${write ? 'write' : 'read'} of ${bytes} bytes at 0x${address.toString(16)} passed all guards`);
  };
};

const seen = (ir: IrProgram, images: number, which: number, watched: boolean) => {
  const guard = watched ? watch(ir) : undefined;
  const { outcome, stdout } = evaluate(ir, {
    images,
    slotBits,
    stackBytes,
    steps: 2_000_000,
    maxDepth: 200,
    configs: { which: String(which) },
    paranoid: true,
    ...(guard ? { guard } : {}),
  });
  if (outcome.kind !== 'fault') return { kind: outcome.kind, stdout };
  const { fault, image, values, position } = outcome;
  return { kind: fault, image, values: values.map(String), line: ir.positions[position]?.line, stdout };
};

const sameInAll = (p: RandomProgram, images: number): void => {
  const ir = lowered(p.text);
  const all = optimise(ir, { guards: 'all' });
  const opt = optimise(ir, { guards: 'opt' });
  const watched = images === 1 && !p.runtime;
  p.attacks.forEach((_, which) => {
    const expected = seen(all, images, which, watched);
    if (expected.kind === 'steps') return;
    expect(seen(opt, images, which, watched), `attack${which}, opt\n${p.text}`).toEqual(expected);
  });
};

describe('random attacks', () => {
  test.each([1, 2, 3])('%s images: the same with all guards and with few', { timeout: 300_000 }, (images) => {
    fc.assert(
      fc.property(attacks, (lists) => sameInAll(randomProgram(lists, images), images)),
      { numRuns: Math.ceil(runs / 3), seed: 20261121 + images, endOnFailure: true },
    );
  });
});

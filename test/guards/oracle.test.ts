// The attacks once more, in the paranoid evaluator: it fails on an access that no guard covers. In turn guards are eliminated by one pass
// alone and by all. What a case comes to is what its program says, and what the node has said.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram, PosId } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { type OptimiseOptions, optimise, passNames } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { isRuntime } from '../../vm/abi.ts';
import { formatValue } from '../../vm/format.ts';
import { root } from '../cli/pgc.ts';
import { type Attack, attackOf, type Case } from './attacks.ts';

const folder = join(root, 'test', 'guards', 'attacks');
/** What the node does itself, as with files, and what ends by a stack that is full, is for the node. */
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg'));
const eliminations = passNames.filter((p) => p.startsWith('guard-') && p !== 'guard-insert');

const loweredOf = (file: string): IrProgram => {
  const { program } = check(join(folder, file), fileHost({}));
  if (!program) throw new Error(`${file} has mistakes`);
  return lower(program);
};

/** The line that the node would name: code of the run-time counts as the user's call of it. */
const lineOf = (ir: IrProgram, at: readonly PosId[]): number | undefined => {
  for (const first of at) {
    let id = first;
    while (isRuntime(ir.positions[id]?.fn ?? '')) id = ir.positions[id]?.inlinedAt ?? -1;
    const position = ir.positions[id];
    if (position && position.line > 0) return position.line;
  }
  return undefined;
};

const verdictOf = (ir: IrProgram, attack: Attack, c: Case) => {
  const { images, stackBytes } = attack;
  const slotBits = Math.min(30, Math.floor(Math.log2(2 ** 32 / (images + 1))));
  const { outcome, stdout } = evaluate(ir, {
    images,
    slotBits,
    stackBytes,
    configs: c.configs,
    format: formatValue,
    paranoid: true,
  });
  const address = undefined;
  // Programs that leave early do so with code 0.
  const kind = outcome.kind === 'exit' ? 'ok' : outcome.kind;
  if (outcome.kind !== 'fault') return { case: c.name, kind, stdout, address };
  const { fault, image, values, position, stack } = outcome;
  const verdict = {
    case: c.name,
    kind: fault,
    image,
    line: lineOf(ir, [position, ...stack.map((f) => f.position)]),
    stdout,
  };
  return fault === 'guard'
    ? { ...verdict, address: values[0]?.toString(16), packed: values[1] }
    : { ...verdict, address };
};

/** What a verdict must be, as far as the program says it. */
const expectedVerdict = (c: Case): Record<string, unknown> => {
  const { expected } = c;
  switch (expected.kind) {
    case 'ok':
      return { case: c.name, kind: 'ok' };
    case 'says':
      // Of a stack that is full, the evaluator names the call.
      return {
        case: c.name,
        image: expected.image,
        ...(expected.text.startsWith('stack') ? {} : { line: expected.line }),
      };
    case 'guard': {
      const packed =
        expected.bytes === undefined
          ? {}
          : { packed: BigInt(2 * expected.bytes) + (expected.access === 'write' ? 1n : 0n) };
      return { case: c.name, kind: 'guard', image: expected.image, line: expected.line, ...packed };
    }
  }
};

const alone: readonly OptimiseOptions[] = eliminations.map((only) => ({
  skip: eliminations.filter((p) => p !== only),
}));

/** Each case of a program is run in one of these ways: without guards that all passes take away, or that one of three alone does. */
const waysOf = (file: string): readonly OptimiseOptions[] => {
  const first = programs.indexOf(file) * 3;
  return [{}, ...[0, 1, 2].map((k) => alone[(first + k) % alone.length] ?? {})];
};

/** What the node has said, by the case. */
const goldens = (file: string): ReadonlyMap<string, string> => {
  const text = readFileSync(join(folder, file.replace(/\.pg$/, '.out')), 'utf8');
  return new Map(
    text.split(/^== /m).map((part) => [part.slice(0, part.indexOf('\n')), part.slice(part.indexOf('\n') + 1)]),
  );
};

describe('attacks in the evaluator', () => {
  test.each(programs)('%s', { timeout: 300_000 }, (file) => {
    const attack = attackOf(join(folder, file));
    const lowered = loweredOf(file);
    const said = goldens(file);
    const all = waysOf(file).map((way) => optimise(lowered, { guards: 'opt', ...way }));
    attack.cases.forEach((c, k) => {
      const ir = all[k % all.length];
      if (!ir) return;
      const v = verdictOf(ir, attack, c);
      expect(v).toMatchObject(expectedVerdict(c));
      const golden = said.get(c.name) ?? '';
      const lines = v.stdout.map((line) => `${line}\n`).join('');
      expect(golden).toContain(lines === '' ? '' : `--- stdout\n${lines}---`);
      if (v.address !== undefined) expect(golden).toContain(`at 0x${v.address}, `);
    });
  });
});

// Attacks on memory that a program was not granted, each in a process of its own: with every access guarded and with guards
// eliminated the verdict must be the same (exit code, fault, address, whose memory, place, and what was printed before), and must be
// what the program itself says (attacks.ts). One golden holds the verdicts of both.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';
import { type Attack, attackOf, type Case, complaint } from './attacks.ts';

const folder = join(root, 'test', 'guards', 'attacks');
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg'));
const modes = ['all', 'opt'] as const;
type Mode = (typeof modes)[number];
/** Processes at once. */
const atOnce = 2;

afterAll(removeFolders);

/** Until the command knows guards, only what must end well is run. */
const guarded = (await pgc(['run', '--help'])).out.includes('--guards');

/** The results of jobs, of which a few run at once, in the jobs' order. */
const pooled = async <T, R>(jobs: readonly T[], work: (job: T) => Promise<R>): Promise<R[]> => {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let k = next++; k < jobs.length; k = next++) results[k] = await work(jobs[k]!);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
};

interface Ran {
  readonly mode: Mode;
  readonly text: string;
  readonly wrong: string | undefined;
}

const runCase = async (file: string, attack: Attack, wasm: string, mode: Mode, c: Case): Promise<Ran> => {
  const args = ['run', wasm, '-n', String(attack.images), '--timeout', '20', ...attack.args, '--', ...c.configs];
  const ended = await pgc(args, { cwd: folder, watchdog: 40 });
  const wrong = complaint(c.expected, ended);
  const out = ended.out === '' ? '' : `--- stdout\n${ended.out}`;
  const err = ended.err === '' ? '' : `--- stderr\n${ended.err}`;
  const text = `== ${c.name}\n${out}${err}--- exit ${ended.code}\n`;
  const complaintText = wrong ?? (ended.left ? 'leaves processes' : undefined);
  return { mode, text, wrong: complaintText && `${file} ${c.name}, ${mode}: ${complaintText}\n${text}` };
};

describe('attacks', () => {
  test.each(programs)('%s', { timeout: 300_000 }, async (file) => {
    const attack = attackOf(join(folder, file));
    const made = folderWith();
    const artifacts = new Map<Mode, string>();
    for (const mode of modes) {
      const wasm = join(made, `${mode}.wasm`);
      const flags = guarded ? [`--guards=${mode}`] : [];
      const built = await pgc(['build', file, ...flags, '-o', wasm], { cwd: folder, watchdog: 60 });
      expect(built.code, built.err).toBe(0);
      artifacts.set(mode, wasm);
    }
    const cases = attack.cases.filter((c) => guarded || c.expected.kind === 'ok');
    const jobs = cases.flatMap((c) => modes.map((mode) => ({ c, mode })));
    const ran = await pooled(jobs, ({ c, mode }) => runCase(file, attack, artifacts.get(mode) ?? '', mode, c));
    expect(ran.flatMap((r) => r.wrong ?? [])).toEqual([]);
    const [all, opt] = modes.map((mode) => ran.flatMap((r) => (r.mode === mode ? r.text : [])).join(''));
    expect(opt).toBe(all);
    if (!guarded) return;
    await expect(all).toMatchFileSnapshot(join(folder, file.replace(/\.pg$/, '.out')));
  });
});

// Attacks on memory that a program was not granted, each in a process of its own: with every access guarded and with guards
// eliminated the verdict must be the same (exit code, fault, address, whose memory, place, and what was printed before), and must be
// what the program itself says (attacks.ts). One golden holds the verdicts of both.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';
import { type Attack, attackOf, type Case, complaint, type Verdict } from './attacks.ts';

const folder = join(root, 'test', 'guards', 'attacks');
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg'));
const modes = ['all', 'opt'] as const;
type Mode = (typeof modes)[number];

afterAll(removeFolders);

interface Job {
  readonly mode: Mode;
  readonly artifact: string;
  readonly case: Case;
}

const isVerdict = (v: unknown): v is Verdict =>
  typeof v === 'object' && v !== null && 'code' in v && 'out' in v && 'err' in v;

const verdictsOf = async (attack: Attack, jobs: readonly Job[]): Promise<Verdict[]> => {
  const cases = jobs.map((j) => ({ artifact: j.artifact, configs: j.case.configs }));
  const options = { images: attack.images, stackBytes: attack.stackBytes, timeout: 20 };
  const ended = await launch(process.execPath, [join(root, 'test', 'guards', 'drive.mjs')], {
    cwd: folder,
    stdin: JSON.stringify({ cases, options }),
    watchdog: 200,
  });
  expect(ended, 'the driver ends well').toMatchObject({ code: 0, err: '', left: false });
  const verdicts: unknown[] = ended.out
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  expect(verdicts.length).toBe(jobs.length);
  return verdicts.filter(isVerdict);
};

const textOf = (name: string, v: Verdict): string => {
  const out = v.out === '' ? '' : `--- stdout\n${v.out}`;
  const err = v.err === '' ? '' : `--- stderr\n${v.err}`;
  return `== ${name}\n${out}${err}--- exit ${v.code}\n`;
};

const artifacts = new Map<Mode, (file: string) => string>();
beforeAll(async () => {
  for (const mode of modes) {
    const plans = programs.map((file) => ({ file, args: [`--guards=${mode}`] }));
    artifacts.set(mode, await prebuild(plans, folder));
  }
}, 900_000);

describe('attacks', () => {
  test.each(programs)('%s', { timeout: 300_000 }, async (file) => {
    const attack = attackOf(join(folder, file));
    const jobs = attack.cases.flatMap((c): Job[] =>
      modes.map((mode) => ({ mode, artifact: artifacts.get(mode)?.(file) ?? '', case: c })),
    );
    // Two processes, as there may be two cores.
    const half = Math.ceil(jobs.length / 2);
    const verdicts = (
      await Promise.all([verdictsOf(attack, jobs.slice(0, half)), verdictsOf(attack, jobs.slice(half))])
    ).flat();
    const ran = jobs.map((j, k) => {
      const verdict = verdicts[k] ?? { code: null, out: '', err: '' };
      return { mode: j.mode, text: textOf(j.case.name, verdict), wrong: complaint(j.case.expected, verdict) };
    });
    const wrong = ran.flatMap((r) => (r.wrong === undefined ? [] : `${r.wrong} (${r.mode})\n${r.text}`));
    expect(wrong).toEqual([]);
    const [all, opt] = modes.map((mode) => ran.flatMap((r) => (r.mode === mode ? r.text : [])).join(''));
    expect(opt).toBe(all);
    await expect(all).toMatchFileSnapshot(join(folder, file.replace(/\.pg$/, '.out')));
  });
});

// Programs that overwrite headers, links and records of the run-time, in the evaluator, where a run is the same each time and all
// memory can be looked at when it is over: each run comes to an end, by itself or in a fault that says what is wrong, and
// whatever image 0 overwrites, the private memory of image 1 is as image 1 left it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { page, privateBase } from '../../vm/abi.ts';

const path = 'damage.pg';
const text = readFileSync(new URL(`programs/${path}`, import.meta.url), 'utf8');
const { program, diagnostics } = check(path, fileHost({ texts: { [path]: text } }));
if (!program) throw new Error(diagnostics.map((d) => d.message).join('\n'));
const lowered = optimise(lower(program));

const slotBits = 21;
/** The symmetric part is behind the private one and its size known: what the image has said is its end. */
const isPrivate = (memory: DataView, image: number, address: number): boolean => {
  const slot = (image + 1) * 2 ** slotBits;
  if (address < slot + privateBase || address >= slot + 2 ** slotBits) return false;
  const first = memory.getUint32(slot + page.symmetricBase, true);
  const top = memory.getUint32(slot + page.symmetricTop, true);
  return address < slot + first || address >= slot + top;
};

/** Who receives a message is written to by who sends it. */
const hasMessages = (seed: number): boolean => seed % 3 === 0;

const canary = 0x5ca1ab1e;
const length = 64;

/** How many runs of `length` numbered canaries image 1 has in its slot, all in order. */
const canaries = (memory: DataView): number => {
  let whole = 0;
  const end = 3 * 2 ** slotBits;
  for (let at = 2 * 2 ** slotBits; at + 8 * length <= end; at += 8) {
    if (memory.getUint32(at + 4, true) !== canary || memory.getUint32(at, true) !== 0) continue;
    const inOrder = Array.from({ length }, (_, k) => k).every(
      (k) => memory.getUint32(at + 8 * k, true) === k && memory.getUint32(at + 8 * k + 4, true) === canary,
    );
    if (inOrder) whole++;
  }
  return whole;
};

/** How a run may end that met with damage. A fault of another kind, such as `null`, would mean that something was followed unseen. */
const ends = ['heap', 'free', 'free-image', 'record', 'request', 'memory', 'memory-image', 'guard'];

const outcomes = new Map<string, number>();

describe('image 0 overwrites what the run-time keeps', () => {
  test.each(Array.from({ length: 48 }, (_, k) => k))('seed %i', (seed) => {
    let found = -1;
    let now = 0;
    let memory: DataView | undefined;
    const strays: string[] = [];
    const { outcome } = evaluate(lowered, {
      images: 2,
      configs: { seed: `${seed}` },
      slotBits,
      seed,
      steps: 4_000_000,
      onTurn: (image, view) => {
        now = image;
        memory = view;
      },
      guard: ({ address, bytes, write }) => {
        if (!memory || now !== 0 || !write || hasMessages(seed)) return;
        if (isPrivate(memory, 1, address) || isPrivate(memory, 1, address + bytes - 1))
          strays.push(address.toString(16));
      },
      onMemory: (view) => {
        found = canaries(view);
      },
    });
    expect(strays).toEqual([]);
    const how = outcome.kind === 'fault' ? outcome.fault : outcome.kind;
    outcomes.set(how, (outcomes.get(how) ?? 0) + 1);
    // A message whose link is lost is never received.
    expect([...ends, 'ok', 'deadlock']).toContain(how);
    expect(found).toBe(9);
  });
  test('damage was met with, in several ways', () => {
    const faults = ends.filter((kind) => outcomes.has(kind));
    expect(faults).toContain('heap');
    expect(faults).toContain('record');
    expect(faults.length).toBeGreaterThanOrEqual(3);
  });
});

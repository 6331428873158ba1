// scaling: how what images do together grows with their number, counted and not timed. The program runs in the compiler's evaluator, with all of the
// run-time that it needs, and each access goes through a model of caches: figures are the same on every machine, and for more images than it has
// cores.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from '../../compiler/compile.ts';
import { evaluate } from '../../compiler/eval.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { Caches, type Traffic } from '../coherence.ts';
import { root } from '../process.ts';
import type { Suite } from '../suite.ts';
import type { Cell } from '../table.ts';

/** In the order of the numbers by which the program knows them. */
const operations = ['barrier', 'split', 'allreduce', 'vector', 'broadcast', 'ring', 'forall'] as const;

const sizes: readonly number[] = [2, 4, 8, 16, 32, 64, 128, 256];

/** Enough for what the program has; memory of the evaluator is this, times the images. */
const slotBits = 20;

const programOf = async (): Promise<IrProgram> => {
  const path = join(root, 'bench', 'programs', 'scaling.pg');
  const source = { path, text: readFileSync(path, 'utf8') };
  const { text = '', diagnostics } = await compile(source, { emit: 'ir', timing: 'off' });
  const parsed = parseProgram(text);
  if (!('program' in parsed)) throw new Error(`scaling.pg: ${JSON.stringify(diagnostics)}`);
  return parsed.program;
};

/** Traffic of a whole run. */
const traffic = (program: IrProgram, what: number, rounds: number, images: number): Traffic => {
  const caches = new Caches();
  let image = 0;
  const { outcome } = evaluate(program, {
    images,
    slotBits,
    steps: 4_000_000_000,
    // Each has a core of its own.
    spin: 1_000_000,
    // So that all go on at about the same time.
    quantum: 20,
    configs: { what: String(what), rounds: String(rounds) },
    onTurn: (i) => {
      image = i;
    },
    guard: ({ address, bytes, write }) => caches.access(image, address, bytes, write),
  });
  if (outcome.kind !== 'ok') throw new Error(`scaling.pg ended otherwise: ${JSON.stringify(outcome)}`);
  return caches.take();
};

/** Of one operation: what more rounds cost more; `longest`: of the line that moves most. */
const perRound = (program: IrProgram, what: number, images: number): { moved: number; longest: number } => {
  const [few, many] = [2, 6];
  const a = traffic(program, what, few, images);
  const b = traffic(program, what, many, images);
  const each = (more: number, less: number): number => (more - less) / (many - few);
  const lines = [...b.lines].map(([at, moved]) => each(moved, a.lines.get(at) ?? 0));
  return { moved: each(b.moved, a.moved), longest: Math.max(0, ...lines) };
};

export const scaling: Suite = {
  name: 'scaling',
  doc: 'how the traffic of barriers, collectives, messages and forall grows with the images: counted, in a model of caches',
  benchmarks: operations,
  variants: [],
  run: async (request) => {
    const program = await programOf();
    const moved: Cell[][] = [];
    const longest: Cell[][] = [];
    const chosen = sizes.filter((n) => request.images(n) && (!request.quick || n <= 4));
    for (const [what, name] of operations.entries()) {
      if (!request.wants(name)) continue;
      const found = chosen.map((images) => {
        request.progress(`${name}: ${images} images`);
        return perRound(program, what, images);
      });
      moved.push([name, ...found.map((t, k) => t.moved / (chosen[k] ?? 1))]);
      longest.push([name, ...found.map((t) => t.longest)]);
    }
    const columns = [{ name: 'operation' }, ...chosen.map((n) => ({ name: String(n), digits: 1 }))];
    return [
      { title: 'lines that move, per operation and image', columns, rows: moved },
      {
        title: 'moves of the line that moves most, per operation: they come one after the other',
        columns,
        rows: longest,
        notes: ['each image on a core of its own; a line has 64 bytes; MSI'],
      },
    ];
  },
};

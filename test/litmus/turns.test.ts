// The litmus shapes in the evaluator, where images take turns of a single step: what the optimiser makes of a shape may only
// show outcomes that some interleaving of its source has, and shows all of those. No machine's luck is in it: turns are drawn from
// seeds, until every interleaving's outcome has been seen.
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { passes, runPasses, sequence } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';

/** What an image does: `Wx1` writes 1 to x, `Rx` reads x, `F` is a fence. */
type Step = string;

interface Shape {
  readonly name: string;
  readonly images: readonly (readonly Step[])[];
}

const shapes: readonly Shape[] = [
  {
    name: 'MP',
    images: [
      ['Wx1', 'Wy1'],
      ['Ry', 'Rx'],
    ],
  },
  {
    name: 'SB',
    images: [
      ['Wx1', 'Ry'],
      ['Wy1', 'Rx'],
    ],
  },
  {
    name: 'LB',
    images: [
      ['Rx', 'Wy1'],
      ['Ry', 'Wx1'],
    ],
  },
  { name: 'WRC', images: [['Wx1'], ['Rx', 'Wy1'], ['Ry', 'Rx']] },
  { name: 'IRIW', images: [['Wx1'], ['Wy1'], ['Rx', 'Ry'], ['Ry', 'Rx']] },
  {
    name: '2+2W',
    images: [
      ['Wx1', 'Wy2'],
      ['Wy1', 'Wx2'],
    ],
  },
  { name: 'CoRR', images: [['Wx1'], ['Rx', 'Rx']] },
  {
    name: 'CoWW',
    images: [
      ['Wx1', 'Wx2'],
      ['Rx', 'Rx'],
    ],
  },
  { name: 'CoRW', images: [['Rx', 'Wx1'], ['Wx2']] },
  { name: 'CoWR', images: [['Wx1', 'Rx'], ['Wx2']] },
];

type Form = 'strict' | 'atomic' | 'fence';

/** All outcomes of taking turns: what was read, by image, and then what x and y are. */
const interleavings = (shape: Shape): Set<string> => {
  const found = new Set<string>();
  const go = (at: readonly number[], memory: Readonly<Record<string, string>>, reads: readonly string[]): void => {
    let ended = true;
    shape.images.forEach((steps, image) => {
      const step = steps[at[image] ?? 0];
      if (step === undefined) return;
      ended = false;
      const next = at.map((n, k) => (k === image ? n + 1 : n));
      const place = step[1] ?? '';
      if (step.startsWith('W')) go(next, { ...memory, [place]: step[2] ?? '' }, reads);
      else {
        const seen = reads.map((r, k) => (k === image ? r + (memory[place] ?? '0') : r));
        go(next, memory, seen);
      }
    });
    if (ended) found.add(`${reads.join('')} ${memory.x ?? '0'}${memory.y ?? '0'}`);
  };
  go(
    shape.images.map(() => 0),
    {},
    shape.images.map(() => ''),
  );
  return found;
};

const statement = (form: Form, step: Step, reg: string): string => {
  const place = step[1] ?? '';
  if (step.startsWith('W')) {
    if (form === 'atomic') return `atomic_store(${place}, ${step[2]});`;
    return form === 'strict' ? `s${place} = ${step[2]};` : `${place} = ${step[2]}; fence;`;
  }
  if (form === 'atomic') return `${reg} = atomic_load(${place});`;
  return form === 'strict' ? `${reg} = s${place};` : `fence; ${reg} = ${place};`;
};

const programText = (shape: Shape, form: Form): string => {
  const arms = shape.images.map((steps, image) => {
    const reads = steps.map((s, k) => statement(form, s, `r[${k}]`)).join(' ');
    return `if me == ${image} { ${reads} }`;
  });
  const reads = shape.images.flatMap((steps, image) =>
    steps.flatMap((s, k) => (s.startsWith('R') ? [`r@${image}[${k}]`] : [])),
  );
  const [x, y] = form === 'strict' ? ['sx', 'sy'] : ['x', 'y'];
  return `
shared x: int;
shared y: int;
strict shared sx: int;
strict shared sy: int;
co r: [4]int;
config const late: int = 0;
fn main() {
  let me = this_image();
  barrier;
  // Turns are fair: without delays all images are about as far. Four bits an image.
  for k in 0..(late >> (me * 4)) & 15 { fence; }
  ${arms.join('\n  else ')}
  barrier;
  if me == 0 { print("${reads.map(() => '{}').join('')} {}{}", ${[...reads, x, y].join(', ')}); }
}
`;
};

const lowered = (text: string): IrProgram => {
  const { program, diagnostics } = check('p.pg', fileHost({ texts: { 'p.pg': text } }));
  if (!program) throw new Error(JSON.stringify(diagnostics.map((d) => d.message)));
  return lower(program);
};

const known: readonly string[] = [...passes.filter((p) => !p.required).map((p) => p.name), 'lower-shared'];
const sequenceHere = sequence.filter((name) => known.includes(name));
const mostSeeds = 20_000;

const outcomes = (p: IrProgram, images: number, wanted: number): Set<string> => {
  const found = new Set<string>();
  for (let seed = 1; seed <= mostSeeds && (found.size < wanted || seed < 100); seed++) {
    const late = String(Math.imul(seed, 0x9e3779b1) >>> 16);
    const { outcome, stdout } = evaluate(p, { images, seed, quantum: 2, configs: { late } });
    expect(outcome.kind).toBe('ok');
    found.add(stdout[0] ?? '');
  }
  return found;
};

describe.each(shapes)('$name', (shape) => {
  const expected = interleavings(shape);

  test.each<Form>(['strict', 'atomic', 'fence'])('%s', (form) => {
    const source = lowered(programText(shape, form));
    for (const names of [['lower-shared'], sequenceHere]) {
      const found = outcomes(runPasses(source, names, { verify: true }), shape.images.length, expected.size);
      expect([...found].sort()).toEqual([...expected].sort());
    }
  });
});

test('interleavings are those of the literature', () => {
  const of = (name: string): string[] => {
    const shape = shapes.find((s) => s.name === name);
    return shape ? [...new Set([...interleavings(shape)].map((o) => o.split(' ')[0] ?? ''))].sort() : [];
  };
  expect(of('MP')).toEqual(['00', '01', '11']);
  expect(of('SB')).toEqual(['01', '10', '11']);
  expect(of('LB')).toEqual(['00', '01', '10']);
  expect(of('IRIW')).toHaveLength(15);
  expect(of('IRIW')).not.toContain('1010');
  expect(of('WRC')).not.toContain('110');
});

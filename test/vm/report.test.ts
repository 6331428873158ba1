// Reports: what people read when a run does not end well. One golden for all, as a page to be read at once.
import { expect, test } from 'vitest';
import { exitCodeOf, renderResult } from '../../vm/report.ts';
import type { Frame, ImageStatus, RunResult } from '../../vm/result.ts';

const frame = (fn: string, line: number, inlined = false): Frame => ({ fn, file: 'prog.pg', line, col: 3, inlined });
const status = (image: number, activity: ImageStatus['activity'], ...stack: Frame[]): ImageStatus => ({
  image,
  activity,
  value: 1,
  stack,
});
const fault = {
  image: 2,
  kind: 'index',
  text: 'index out of range: index 12, length 10',
  values: [],
  deeper: false,
} as const;

const results: readonly (readonly [string, RunResult])[] = [
  ['nothing to say', { kind: 'ok' }],
  ['exit', { kind: 'exit', code: 3, image: 0 }],
  ['exit, negative', { kind: 'exit', code: -1, image: 0 }],
  [
    'a fault in an inlined function',
    {
      kind: 'fault',
      images: 4,
      fault: { ...fault, stack: [frame('get', 12, true), frame('update', 30), frame('main', 7)], hint: 'count from 0' },
    },
  ],
  ['a fault without a place', { kind: 'fault', images: 1, fault: { ...fault, image: 0, stack: [] } }],
  ['a fault at an unknown place', { kind: 'fault', images: 1, fault: { ...fault, stack: [frame('main', 0)] } }],
  [
    'a stack that is longer than what is shown',
    {
      kind: 'fault',
      images: 1,
      fault: { ...fault, stack: Array.from({ length: 20 }, (_, i) => frame(`f${i}`, 20 - i)) },
    },
  ],
  [
    'a stack without an end',
    {
      kind: 'fault',
      images: 1,
      fault: {
        ...fault,
        deeper: true,
        stack: [frame('leaf', 2), ...Array.from({ length: 63 }, () => frame('again', 4))],
      },
    },
  ],
  [
    'deadlock of many',
    {
      kind: 'deadlock',
      images: [
        status(0, 'barrier', frame('main', 5)),
        status(1, 'finished'),
        ...[2, 3, 4].map((i) => status(i, 'barrier', frame('main', 5))),
        status(5, 'collective', frame('sum', 9)),
        status(6, 'finished'),
      ],
    },
  ],
  [
    'deadlock of wait_until',
    { kind: 'deadlock', images: [status(0, 'wait_until', frame('main', 5)), status(1, 'finished')] },
  ],
  ['timeout', { kind: 'timeout', seconds: 1, images: [status(0, 'running'), status(1, 'barrier', frame('main', 5))] }],
  ['timeout of fractions', { kind: 'timeout', seconds: 0.7, images: [status(0, 'starting'), status(1, 'ready')] }],
  ['interrupted', { kind: 'interrupted', images: [status(0, 'running'), status(1, 'running')] }],
  ['a bad artifact', { kind: 'bad-artifact', message: 'the file is empty', hint: 'build it again' }],
  ['a bad config', { kind: 'bad-config', message: 'unknown config constant m', hint: 'did you mean n?', configs: [] }],
  ['a bad option', { kind: 'bad-option', message: 'bad number of images: 0' }],
  ['too many images', { kind: 'too-many-images', images: 9, fit: 7, why: 'a node has 4 GiB' }],
  ['no resources', { kind: 'no-resources', message: 'a thread could not go on', hint: 'run with fewer images' }],
  ['output went away', { kind: 'output-failed', stream: 1, code: 'EPIPE' }],
  ['output failed', { kind: 'output-failed', stream: 2, code: 'ENOSPC' }],
  ['a mistake of ours', { kind: 'internal', message: 'a thread failed' }],
];

test('all reports, with their exit codes', async () => {
  const pages = results.map(([name, r]) => `=== ${name}: exit code ${exitCodeOf(r)}\n${renderResult(r)}`);
  await expect(pages.join('\n')).toMatchFileSnapshot('goldens/reports.txt');
});

const escapes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');

test('colours only where asked for', () => {
  for (const [, result] of results) {
    const plain = renderResult(result);
    expect(plain).not.toContain('\x1b');
    const coloured = renderResult(result, { color: true });
    expect(coloured.includes('\x1b')).toBe(plain !== '');
    expect(coloured.replaceAll(escapes, '')).toBe(plain);
  }
});

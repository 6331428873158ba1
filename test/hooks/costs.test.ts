// docs/hooks.md says what the cost model is.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { branchCost, callCost, hooksInInterval, unitsPerMicrosecond } from '../../compiler/cost.ts';
import { type OpName, opRow, ops } from '../../compiler/ir.ts';
import { defaultInterval, leastInterval, mostInterval } from '../../compiler/passes.ts';

const page = new URL('../../docs/hooks.md', import.meta.url).pathname;
const head = '| units | operations |\n|---|---|\n';
const tail = '<!-- end of the table -->';

/** Ops by what they cost. */
const table = (): string => {
  const byCost = new Map<number, string[]>();
  for (const op of Object.keys(ops) as OpName[]) {
    const { cost } = opRow(op);
    byCost.set(cost, [...(byCost.get(cost) ?? []), `\`${op}\``]);
  }
  return [...byCost]
    .sort(([a], [b]) => a - b)
    .map(([cost, names]) => `| ${cost} | ${names.join(' ')} |\n`)
    .join('');
};

test('the table of costs in docs/hooks.md is current', async () => {
  const text = readFileSync(page, 'utf8');
  const [before = '', rest = ''] = text.split(head);
  const [, after] = rest.split(tail);
  expect(after).toBeDefined();
  await expect(`${before}${head}${table()}${tail}${after}`).toMatchFileSnapshot(page);
});

test('and so are the numbers around it', () => {
  const text = readFileSync(page, 'utf8');
  expect(text).toContain(`${unitsPerMicrosecond} of them are taken for a microsecond`);
  expect(text).toContain(`A branch costs ${branchCost}, as`);
  expect(text).toContain(`of which nothing is known costs ${callCost}.`);
  expect(text).toContain(`from ${leastInterval} to 100 000; ${defaultInterval} if nothing is said`);
  expect(mostInterval).toBe(100_000);
  expect(text).toContain('an eighth of it');
  expect(hooksInInterval).toBe(8);
});

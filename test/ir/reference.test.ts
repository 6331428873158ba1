// docs/ir.md is what the tables say.
import { expect, test } from 'vitest';
import { opRow, ops } from '../../compiler/ir.ts';
import { irReference } from '../../compiler/ir-reference.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { isOpName } from '../../compiler/ir-types.ts';

const page = new URL('../../docs/ir.md', import.meta.url).pathname;

test('the page is current', async () => {
  await expect(irReference()).toMatchFileSnapshot(page);
});

test('every op is there with what it does', () => {
  const text = irReference();
  for (const op of Object.keys(ops).filter(isOpName)) {
    expect(text).toContain(`| \`${op}\` |`);
    expect(text).toContain(opRow(op).doc.replaceAll('|', '\\|'));
  }
});

test('its example parses', () => {
  const [, example = ''] = irReference().split('```\n');
  expect(parseProgram(example).errors).toEqual([]);
});

// The layout, golden by golden: goldens/x.pg as written by someone in a hurry, goldens/x.txt as it is formatted.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { format } from '../../lang/format.ts';

const folder = join(import.meta.dirname, 'goldens');
const inputs = readdirSync(folder).filter((f) => f.endsWith('.pg'));

describe('layouts', () => {
  it('are there', () => expect(inputs.length).toBeGreaterThan(3));

  it.each(inputs)('%s', async (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const result = format({ id: 0, path: name, text });
    if (result.kind === 'mistakes') throw new Error(JSON.stringify(result.diagnostics));
    await expect(result.text).toMatchFileSnapshot(join('goldens', name.replace(/\.pg$/, '.txt')));
  });
});

it('a sum of many terms', () => {
  const text = `fn main() { let x = ${Array.from({ length: 20_000 }, () => '1').join('+')}; }\n`;
  const result = format({ id: 0, path: 'sum.pg', text });
  expect(result.kind === 'text' && result.text.split('\n').length).toBeGreaterThan(800);
});

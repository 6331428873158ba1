// The checker against goldens: for every code one input with the messages as they are drawn.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from '../../lang/check.ts';
import { checkCodes } from '../../lang/codes-check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { folderHost } from './host.ts';

const here = import.meta.dirname;
const inputs = readdirSync(join(here, 'errors')).filter((f) => f.endsWith('.pg'));

describe('messages', () => {
  it('there is an input for every code', () => {
    expect(inputs.map((f) => f.replace('.pg', ''))).toEqual(Object.keys(checkCodes).sort());
  });

  it.each(inputs)('%s', async (file) => {
    const { program, diagnostics, sources } = check(file, folderHost(join(here, 'errors')));
    expect(diagnostics.map((d) => d.code)).toContain(file.replace('.pg', ''));
    expect(program === undefined).toBe(diagnostics.some((d) => d.severity === 'error'));
    const text = diagnostics.map((d) => `${renderDiagnostic(d, sources, { color: false })}\n`).join('\n');
    await expect(text).toMatchFileSnapshot(join(here, 'errors', file.replace('.pg', '.txt')));
  });

  it('every code is explained, with an example where there can be one', () => {
    for (const [code, { title, explain }] of Object.entries(checkCodes)) {
      expect(title, code).toMatch(/^\S.*[^.]$/);
      expect(explain.length, code).toBeGreaterThan(80);
      expect(Math.max(...explain.split('\n').map((l) => l.length)), code).toBeLessThanOrEqual(130);
    }
  });
});

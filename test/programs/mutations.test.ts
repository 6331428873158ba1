// Ten thousand wrong programs: tokens deleted, swapped or doubled, and what then still checks goes on through the compiler.
// Whatever the text, there are diagnostics or a program, never an exception.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { verify, violationsText } from '../../compiler/verify.ts';
import { check } from '../../lang/check.ts';
import type { ModuleHost } from '../../lang/modules.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { choicesFrom, generateProgram } from './generate.ts';

const path = 'mutated.pg';
const examples = join(import.meta.dirname, '..', '..', 'examples');
const corpus = [
  ...readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.pg'))
    .map((f) => readFileSync(join(examples, f), 'utf8')),
  ...[1, 2, 3].map((k) =>
    generateProgram(choicesFrom(Array.from({ length: 300 }, (_, i) => (i * 7919 * k + k) % 1009))),
  ),
];

/** Without the library: its texts are not what is tested here, and would be parsed ten thousand times. */
const alone = (text: string): ModuleHost => ({
  resolve: (_, x) => x,
  read: (p) => (p === path ? text : undefined),
  std: () => undefined,
  stdNames: [],
});

const words = (text: string): string[] =>
  text.match(/\s+|\/\/[^\n]*|[A-Za-z_]\w*|\d[\w.]*|"[^"\n]*"|\.\.=|\.\.|->|[-+*/%&|^<>=!]=|&&|\|\||<<|>>|./gs) ?? [];

const mutant = fc
  .tuple(
    fc.nat(corpus.length - 1),
    fc.array(fc.record({ kind: fc.nat(2), at: fc.nat(100_000), other: fc.nat(100_000) }), {
      minLength: 1,
      maxLength: 2,
    }),
  )
  .map(([file, mutations]) => {
    const list = words(corpus[file] ?? '');
    const places = list.flatMap((w, i) => (/^\s/.test(w) ? [] : [i]));
    for (const { kind, at, other } of mutations) {
      const i = places[at % places.length] ?? 0;
      const j = places[other % places.length] ?? 0;
      const word = list[i] ?? '';
      if (kind === 0) list[i] = '';
      else if (kind === 1) [list[i], list[j]] = [list[j] ?? '', word];
      else list[i] = `${word} ${word}`;
    }
    return list.join('');
  });

const passThrough = (text: string, host: ModuleHost): boolean => {
  const { program, diagnostics, sources } = check(path, host);
  for (const d of diagnostics) {
    const source = sources[d.span.source];
    expect(source).toBeDefined();
    expect(d.span.start).toBeLessThanOrEqual(d.span.end);
    expect(d.span.end).toBeLessThanOrEqual(source?.text.length ?? 0);
    expect(renderDiagnostic(d, sources, { color: false })).toContain(d.code);
  }
  if (!program) {
    expect(diagnostics.filter((d) => d.severity === 'error').length, text).toBeGreaterThan(0);
    return false;
  }
  // What calls the run-time finds none here.
  const violations = verify(lower(program)).filter((v) => !/^there is no function @runtime\./.test(v.message));
  expect(violationsText(violations)).toBe('');
  return true;
};

it('check and lower any mutant', () => {
  let accepted = 0;
  fc.assert(
    fc.property(mutant, (text) => {
      if (passThrough(text, alone(text))) accepted++;
    }),
    { numRuns: 6_000 },
  );
  // Some mutants are programs: the way beyond the checker was taken too. About 90 are; 30 are six deviations away.
  expect(accepted).toBeGreaterThan(30);
}, 600_000);

it('optimise the mutants that are programs, with the library', () => {
  fc.assert(
    fc.property(mutant, (text) => {
      const host = fileHost({ texts: { [path]: text } });
      const { program } = check(path, host);
      if (program) optimise(lower(program), { verify: true });
    }),
    { numRuns: 130 },
  );
}, 600_000);

// pgc doc --test: compiles and runs the examples in doc comments, one after the other, each as a program of its own.
import type { DocumentedModule } from '../lang/doc.ts';
import { type Example, examplesIn } from '../lang/doc-examples.ts';
import { renderDiagnostic } from '../lang/render.ts';
import type { Source } from '../lang/source.ts';
import { exitCodeOf, renderResult } from '../vm/report.ts';
import { run } from '../vm/run.ts';
import { seconds, wholeNumber } from './cli-number.ts';
import { colourOn, exitCodes, mistake } from './cli-report.ts';
import { compileFrom } from './compile.ts';
import type { FileHost } from './host.ts';

export interface Asked {
  readonly module: DocumentedModule;
  /** One declaration, or all that the module has. */
  readonly entry?: { readonly name: string };
}

interface Settings {
  readonly images: number;
  readonly timeout: number;
}

interface Failure {
  /** What it did, after "the example of x". */
  readonly what: string;
  readonly details: string;
}

/** An example has a path of its own, which is replaced by the module's wherever it is shown. */
const keyOf = (module: DocumentedModule, e: Example): string => `${module.source.path}#${e.line}`;

const indented = (text: string): string => text.trimEnd().replace(/^/gm, '    ');

const difference = (expected: string, printed: string, images: number): Failure | undefined => {
  const lines = (text: string): string[] => {
    const all = text
      .trimEnd()
      .split('\n')
      .map((l) => l.trimEnd());
    // Images print in any order.
    return images > 1 ? all.sort() : all;
  };
  if (lines(expected).join('\n') === lines(printed).join('\n')) return undefined;
  const shown = printed.trim() === '' ? '    (nothing)' : indented(printed);
  return {
    what: 'prints something else than the text below it',
    details: `  expected\n${indented(expected)}\n  printed\n${shown}`,
  };
};

/** Undefined if all is well. */
const tryExample = async (
  module: DocumentedModule,
  e: Example,
  host: FileHost,
  settings: Settings,
): Promise<Failure | undefined> => {
  if (e.problem !== undefined) return { what: 'cannot be read', details: `  ${e.problem}` };
  const key = keyOf(module, e);
  const color = colourOn(process.stderr);
  const own: FileHost = { ...host, read: (path) => (path === key ? e.program : host.read(path)) };
  const result = await compileFrom(key, own, e.runs ? {} : { emit: 'ir' });
  const errors = result.diagnostics.filter((d) => d.severity === 'error');
  if (errors.length > 0) {
    // The example's lines and columns are those of the file.
    const sources = result.sources.map((s): Source => (s.path === key ? { ...s, path: module.source.path } : s));
    const texts = errors.map((d) => renderDiagnostic(d, sources, { color }).trimEnd());
    return { what: 'does not compile', details: texts.join('\n\n') };
  }
  if (!e.runs || !result.artifact) return undefined;
  let printed = '';
  let complaints = '';
  const images = e.images ?? settings.images;
  const ended = await run(result.artifact, {
    images,
    timeout: settings.timeout,
    stdout: (text) => {
      printed += text;
    },
    stderr: (text) => {
      complaints += text;
    },
  });
  if (ended.kind === 'internal') throw new Error(ended.message);
  const code = exitCodeOf(ended);
  if (code === exitCodes.ok) return e.expected === undefined ? undefined : difference(e.expected, printed, images);
  const report = `${printed}${complaints}${renderResult(ended, { color })}`.replaceAll(key, module.source.path);
  return { what: ended.kind === 'exit' ? `ends with exit(${code})` : 'fails', details: report.trimEnd() };
};

const settingsOf = (options: { readonly images?: string; readonly timeout?: string }): Settings | number => {
  const images = wholeNumber(options.images ?? '1', 1, 1e9);
  if (images === undefined)
    return mistake(`-n needs a whole number of images, at least 1; found ${options.images}`, 'for four images: -n 4');
  const timeout = seconds(options.timeout ?? '60');
  if (timeout === undefined) return mistake(`--timeout needs a number of seconds above 0, found ${options.timeout}`);
  return { images, timeout };
};

/** Runs the examples and says which of them fail; the exit code is 1 if any does. */
export const testExamples = async (
  asked: readonly Asked[],
  host: FileHost,
  options: { readonly images?: string; readonly timeout?: string },
): Promise<number> => {
  const settings = settingsOf(options);
  if (typeof settings === 'number') return settings;
  let failed = 0;
  let good = 0;
  const done = new Set<string>();
  for (const { module, entry } of asked) {
    const self = { name: module.doc.name, source: module.source, host };
    for (const e of examplesIn(self, module.tree)) {
      const key = keyOf(module, e);
      if (done.has(key) || (entry && e.of.split('.')[0] !== entry.name)) continue;
      done.add(key);
      const failure = await tryExample(module, e, host, settings);
      if (!failure) {
        good++;
        continue;
      }
      failed++;
      const whose = e.of === '' ? 'the example of the module' : `the example of ${e.of}`;
      process.stderr.write(`${module.source.path}:${e.line}: ${whose} ${failure.what}\n${failure.details}\n\n`);
    }
  }
  const count = (n: number): string => `${n} example${n === 1 ? '' : 's'}`;
  if (failed > 0) process.stdout.write(`${count(good + failed)}, of which ${failed} failed\n`);
  else process.stdout.write(good === 0 ? 'there are no examples\n' : `${count(good)}: all well\n`);
  return failed > 0 ? exitCodes.failed : exitCodes.ok;
};

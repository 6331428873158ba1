// docs/performance.md: the text is written by hand, the tables by the command. A place for those of a suite is between two comments,
//   <!-- bench: suite -->  …  <!-- end -->
// and what is there is replaced whenever the suite is run with --write; the other places stay as they are.
import { readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { execute, root } from './process.ts';
import { type Table, tableMarkdown } from './table.ts';

export const documentPath = join(root, 'docs', 'performance.md');

/** The document with other text in the place of a suite. @throws Error if it has no such place. */
export const replaced = (document: string, suite: string, text: string): string => {
  const begin = `<!-- bench: ${suite} -->`;
  const end = '<!-- end -->';
  const from = document.indexOf(begin);
  const to = document.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`there is no place for the tables of ${suite}: ${begin} … ${end}`);
  return `${document.slice(0, from)}${begin}\n\n${text.trim()}\n\n${document.slice(to)}`;
};

/** Where and when figures were measured: they mean nothing without. */
const machine = async (): Promise<string> => {
  const all = cpus();
  const commit = await execute('git', ['-C', root, 'rev-parse', '--short', 'HEAD']).then(
    ({ out }) => `, commit ${out.trim()}`,
    () => '',
  );
  const memory = Math.round(totalmem() / 2 ** 30);
  const model = all[0]?.model.replaceAll(/\s+/g, ' ').trim() ?? 'unknown processor';
  const node = `Node ${process.versions.node} (V8 ${process.versions.v8})`;
  const date = new Date().toISOString().slice(0, 10);
  return `Measured ${date} on ${all.length} cores of ${model}, ${memory} GiB, ${type()} ${arch()}, ${node}${commit}.`;
};

/** Puts the tables of a suite into the document. */
export const writeTables = async (suite: string, tables: readonly Table[]): Promise<void> => {
  const text = [await machine(), ...tables.map((t) => tableMarkdown(t).trim())].join('\n\n');
  writeFileSync(documentPath, replaced(readFileSync(documentPath, 'utf8'), suite, text));
};

// pgc explain, pgc help passes, pgc help ops: printed from the tables that the compiler itself uses.
import { codes } from '../lang/codes.ts';
import { didYouMean, exitCodes, mistake } from './cli-report.ts';
import type { OpRow } from './ir.ts';
import { ops } from './ir.ts';

export const explainCommand = (code: string): number => {
  const name = code.toUpperCase();
  const known: Readonly<Record<string, { readonly title: string; readonly explain: string }>> = codes;
  const info = known[name];
  if (!info) {
    const meant = /^PG\d*$/.test(name) ? didYouMean(name, Object.keys(codes)) : undefined;
    return mistake(
      `there is no message ${code}`,
      meant,
      'codes look like PG0201; a message shows its code in brackets',
    );
  }
  process.stdout.write(`${name}: ${info.title}\n\n${info.explain.trim()}\n`);
  return exitCodes.ok;
};

const opSignature = (name: string, row: OpRow): string => {
  const suffix = row.types ? `.{${row.types.join(' ')}}` : '';
  const operands = [...row.imms.map((i) => `<${i}>`), ...row.operands].join(', ');
  const results = row.results.join(', ');
  return `${name}${suffix}${operands === '' ? '' : ` ${operands}`}${results === '' ? '' : ` -> ${results}`}`;
};

const opsText = (): string => {
  const lines = Object.entries<OpRow>(ops).map(([name, row]) => {
    const effects = row.effects.length === 0 ? 'pure' : row.effects.join(' ');
    return `${opSignature(name, row)}\n    ${row.doc}  [${effects}]`;
  });
  return `The ops of the IR: name.{types} <immediates>, operands -> results, and what each does besides.\nT: the type of the suffix; D, S: of destination and source; L: of a lane (docs/ir.md).\n\n${lines.join('\n')}\n`;
};

/** Words in lines of at most `width` columns. */
const wrapped = (words: readonly string[], width: number): string => {
  const lines = [''];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    if (last.length + word.length + 1 > width) lines.push(`  ${word}`);
    else lines[lines.length - 1] = `${last}${last === '' ? '  ' : ' '}${word}`;
  }
  return lines.join('\n');
};

const passesText = async (): Promise<string> => {
  const { order, passes, sequence } = await import('./pipeline.ts');
  const width = Math.max(...passes.map((p) => p.name.length));
  const rows = passes.map((p) => `  ${p.name.padEnd(width)}  ${p.required ? 'required' : '        '}  ${p.doc}`);
  const reasons = order.map(([before, after, why]) => `  ${before} before ${after}: ${why}`);
  return [
    'The passes. Optional ones can be left out with --skip; --print-after shows what one made.\n',
    ...rows,
    '\nThey run in this order, some several times:\n',
    wrapped(sequence, 100),
    '\nWhat has to come before what, and why:\n',
    ...reasons,
    '',
  ].join('\n');
};

/** A topic that is not a command. */
export const helpCommand = async (topic: string, commands: readonly string[]): Promise<number> => {
  switch (topic) {
    case 'ops':
      process.stdout.write(opsText());
      return exitCodes.ok;
    case 'passes':
      process.stdout.write(await passesText());
      return exitCodes.ok;
    default:
      if (/^PG\d{4}$/i.test(topic)) return explainCommand(topic);
      return mistake(
        `there is no help about ${topic}`,
        didYouMean(topic, [...commands, 'ops', 'passes']) ?? `topics: ${[...commands, 'passes', 'ops'].join(', ')}`,
      );
  }
};

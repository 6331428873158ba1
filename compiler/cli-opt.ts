// pgc opt: runs passes on IR text. The tool for looking at one pass, and for mending it.
import { notText, readInput } from './cli-input.ts';
import { wholeNumber } from './cli-number.ts';
import { wrongPass } from './cli-passes.ts';
import { exitCodes, mistake } from './cli-report.ts';
import { parseProgram, printProgram } from './ir-text.ts';
import { runPasses } from './pipeline.ts';
import { verify } from './verify.ts';

export interface OptOptions {
  readonly passes?: readonly string[];
  readonly optLimit?: string;
}

export const optCommand = async (file: string, options: OptOptions): Promise<number> => {
  const { passes = [] } = options;
  const wrong = wrongPass(passes);
  if (wrong !== undefined) return wrong;
  const optLimit = options.optLimit === undefined ? undefined : wholeNumber(options.optLimit, 0, 1e15);
  if (options.optLimit !== undefined && optLimit === undefined) {
    return mistake(`--opt-limit needs a whole number, found ${options.optLimit}`);
  }
  const read = readInput(file);
  if (read.kind === 'mistake') return read.code;
  const other = notText(file, read.bytes, 'IR');
  if (other) return mistake(other.message, other.hint);
  const { program, errors } = parseProgram(read.bytes.toString('utf8'));
  if (!program) {
    const lines = errors.map(
      (e) => `${file}:${e.line}:${e.column}: ${e.message}${e.hint === undefined ? '' : ` (${e.hint})`}`,
    );
    return mistake(
      `${file} is not IR\n${lines.map((l) => `  ${l}`).join('\n')}`,
      'the form of the IR is in docs/ir.md',
    );
  }
  // Functions alone, as in the goldens of passes, need not be a whole program.
  const fragment = !program.funcs.some((f) => f.name === 'main');
  const violations = verify(program, { fragment });
  if (violations.length > 0) {
    const lines = violations.map((v) => `  ${v.invariant} in @${v.func}: ${v.message} (at ${v.path})`);
    return mistake(`${file} breaks rules of the IR\n${lines.join('\n')}`, 'the rules are listed in docs/ir.md');
  }
  const result = runPasses(program, passes, {
    ...(optLimit === undefined ? {} : { optLimit }),
    after: (pass, now) => {
      const broken = verify(now, { fragment })[0];
      if (!broken) return;
      throw new Error(
        `pass ${pass} breaks ${broken.invariant} in @${broken.func}: ${broken.message} (at ${broken.path})`,
      );
    },
  });
  process.stdout.write(printProgram(result));
  return exitCodes.ok;
};

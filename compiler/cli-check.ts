// pgc check: what is wrong with these programs?
import { check } from '../lang/check.ts';
import { optimiseLater } from '../vm/flags.ts';
import { errorsIn, type Found, printDiagnosticsJson, showDiagnostics } from './cli-diagnostics.ts';
import { notSource, readInput } from './cli-input.ts';
import { exitCodes, mistake } from './cli-report.ts';
import { fileHost } from './host.ts';

export const checkCommand = async (files: readonly string[], options: { readonly json?: boolean }): Promise<number> => {
  optimiseLater();
  let code: number = exitCodes.ok;
  const found: Found[] = [];
  for (const file of files) {
    const read = readInput(file);
    if (read.kind === 'mistake') {
      code = read.code;
      continue;
    }
    const wrong = notSource(file, read.bytes);
    if (wrong) {
      code = mistake(wrong.message, wrong.hint);
      continue;
    }
    found.push(check(file, fileHost({ texts: { [file]: read.bytes.toString('utf8') } }), 'any'));
  }
  if (options.json) printDiagnosticsJson(found);
  else showDiagnostics(found);
  return errorsIn(found) > 0 ? exitCodes.usage : code;
};

// pgc build: compiles a program to a file, or shows one stage of its compilation.
import { writeFileSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { errorsIn, printDiagnosticsJson, showDiagnostics } from './cli-diagnostics.ts';
import { checkModeOf, guardModeOf } from './cli-guards.ts';
import { hookSettingsOf } from './cli-hooks.ts';
import { cannotWrite, notSource, readInput } from './cli-input.ts';
import { readKeyFile } from './cli-key.ts';
import { wholeNumber } from './cli-number.ts';
import { requiredPass, wrongPass } from './cli-passes.ts';
import { didYouMean, exitCodes, mistake, note } from './cli-report.ts';
import { type CompileOptions, type CompileResult, compile, type EmitForm, emitForms } from './compile.ts';
import { rememberBuild } from './last-build.ts';
import { type Signer, signerOf } from './seal.ts';

export interface BuildOptions {
  readonly output?: string;
  readonly emit?: string;
  readonly printAfter?: readonly string[];
  readonly skip?: readonly string[];
  readonly optLimit?: string;
  /** Let the program keep a table of its objects. */
  readonly memory?: boolean;
  /** Let objects be moved when the heap is full of holes. */
  readonly moving?: boolean;
  readonly check?: string;
  readonly guards?: string;
  readonly timing?: string;
  readonly hookInterval?: string;
  readonly stress?: string;
  readonly json?: boolean;
  /** A file with a private key. */
  readonly sign?: string;
}

const isForm = (text: string): text is EmitForm => emitForms.some((f) => f === text);

/** The options as the compiler takes them, or the exit code of a complaint. */
const compileOptions = (options: BuildOptions): CompileOptions | number => {
  const emit = options.emit ?? 'wasm';
  if (!isForm(emit)) {
    const forms = emitForms.join(', ');
    return mistake(`--emit=${emit}: there is no such form`, didYouMean(emit, emitForms), `forms are ${forms}`);
  }
  const { printAfter = [], skip = [] } = options;
  const wrong = wrongPass(printAfter, ['all']) ?? wrongPass(skip) ?? requiredPass(skip);
  if (wrong !== undefined) return wrong;
  const track = options.memory ? { track: 'allocations' as const } : {};
  const guards = guardModeOf(options.guards);
  if (typeof guards === 'number') return guards;
  const check = checkModeOf(options);
  if (typeof check === 'number') return check;
  const hooks = hookSettingsOf(options);
  if (typeof hooks === 'number') return hooks;
  const checked = check === undefined ? {} : { check };
  const common = { emit, printAfter, skip, ...track, moving: options.moving ?? false, ...checked, guards, ...hooks };
  if (options.optLimit === undefined) return common;
  const optLimit = wholeNumber(options.optLimit, 0, 1e15);
  if (optLimit === undefined) return mistake(`--opt-limit needs a whole number, found ${options.optLimit}`);
  return { ...common, optLimit };
};

const size = (bytes: number): string => (bytes < 10240 ? `${bytes} bytes` : `${(bytes / 1024).toFixed(1)} KiB`);

/** Who signs, if anybody, or the exit code of a complaint. */
const signerIn = (path: string | undefined, emit: EmitForm): Signer | undefined | number => {
  if (path === undefined) return undefined;
  if (emit !== 'wasm') return mistake(`--sign is for artifacts, and --emit=${emit} makes none`);
  const pem = readKeyFile(path);
  if (typeof pem === 'number') return pem;
  const signer = signerOf(pem);
  return signer.kind === 'signer' ? signer : mistake(`cannot sign with ${path}: ${signer.message}`, signer.hint);
};

/** Writes the artifact and its source map, remembers it and says so. */
const writeArtifact = (
  file: string,
  output: string,
  { artifact: made, sourceMap }: CompileResult,
  signer: Signer | undefined,
): number => {
  if (!made) return exitCodes.usage;
  const artifact = signer ? signer.sign(made) : made;
  if (output === '-') {
    process.stdout.write(artifact);
    return exitCodes.ok;
  }
  try {
    writeFileSync(output, artifact);
    if (sourceMap !== undefined) writeFileSync(`${output}.map`, sourceMap);
  } catch (error) {
    return cannotWrite(output, error);
  }
  rememberBuild({ source: file, artifact: output });
  const by = signer ? `, signed by the key ${signer.key}` : '';
  note(`${output}: ${size(artifact.length)}${by}; \`pgc run\` runs it`);
  return exitCodes.ok;
};

const writeText = (output: string | undefined, text: string): number => {
  const whole = text.endsWith('\n') ? text : `${text}\n`;
  if (output === undefined || output === '-') {
    process.stdout.write(whole);
    return exitCodes.ok;
  }
  try {
    writeFileSync(output, whole);
    return exitCodes.ok;
  } catch (error) {
    return cannotWrite(output, error);
  }
};

export const buildCommand = async (file: string, options: BuildOptions): Promise<number> => {
  const how = compileOptions(options);
  if (typeof how === 'number') return how;
  const output = options.output;
  if (output !== undefined && output !== '-' && resolve(output) === resolve(file)) {
    return mistake(`-o ${output} would overwrite the program itself`);
  }
  const signer = signerIn(options.sign, how.emit ?? 'wasm');
  if (typeof signer === 'number') return signer;
  const read = readInput(file);
  if (read.kind === 'mistake') return read.code;
  const wrong = notSource(file, read.bytes);
  if (wrong) return mistake(wrong.message, wrong.hint);
  const result = await compile({ path: file, text: read.bytes.toString('utf8') }, how);
  if (options.json) printDiagnosticsJson([result]);
  else showDiagnostics([result]);
  if (errorsIn([result]) > 0) return exitCodes.usage;
  for (const { pass, text } of result.dumps) process.stdout.write(`; after ${pass}\n${text}\n`);
  if (how.emit !== 'wasm') return writeText(output, result.text ?? '');
  return writeArtifact(file, output ?? `${basename(file).replace(/\.pg$/, '')}.wasm`, result, signer);
};

// pgc build: compiles programs to files, or shows one stage of the compilation of one. What it compiles
// is in the cache of pgc run, too, and what is there is not compiled again.
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { optimiseLater, validateLater } from '../vm/flags.ts';
import type { Cached } from './cache.ts';
import { keepArtifact, recallArtifact } from './cli-artifact.ts';
import { withoutHooks } from './cli-checkpoint.ts';
import { errorsIn, printDiagnosticsJson, showDiagnostics } from './cli-diagnostics.ts';
import { checkModeOf, guardModeOf } from './cli-guards.ts';
import { hookSettingsOf, needsHooks } from './cli-hooks.ts';
import { cannotWrite, notSource, readInput } from './cli-input.ts';
import { readKeyFile } from './cli-key.ts';
import { wholeNumber } from './cli-number.ts';
import { didYouMean, exitCodes, mistake, note } from './cli-report.ts';
import type { CompileOptions, CompileResult } from './compile.ts';
import { type EmitForm, emitForms } from './emit-forms.ts';
import { rememberBuild } from './last-build.ts';
import { type Signer, signerOf } from './seal.ts';

export interface BuildOptions {
  readonly output?: string;
  /** The number of images that the program is for. */
  readonly images?: string;
  readonly emit?: string;
  readonly printAfter?: readonly string[];
  readonly skip?: readonly string[];
  readonly optLimit?: string;
  /** Let the program keep a table of its objects. */
  readonly memory?: boolean;
  /** Let objects be moved when the heap is full of holes. */
  readonly moving?: boolean;
  /** Let hooks take samples. */
  readonly profile?: boolean;
  /** Let its runs be kept and gone on with. */
  readonly checkpoint?: boolean;
  /** Write down what happens. */
  readonly trace?: boolean;
  /** Count what goes between images. */
  readonly comm?: boolean;
  readonly check?: string;
  readonly guards?: string;
  readonly timing?: string;
  readonly hookInterval?: string;
  readonly heartbeat?: string;
  readonly stress?: string;
  readonly json?: boolean;
  /** A file with a private key. */
  readonly sign?: string;
}

/** More do not fit into a node's memory. */
const mostImages = 65_536;

const isForm = (text: string): text is EmitForm => emitForms.some((f) => f === text);

/** The complaint about a name that is no pass, or one that cannot be left out. */
const wrongNames = async (printAfter: readonly string[], skip: readonly string[]): Promise<number | undefined> => {
  const { requiredPass, wrongPass } = await import('./cli-passes.ts');
  return wrongPass(printAfter, ['all']) ?? wrongPass(skip) ?? requiredPass(skip);
};

/** The options as the compiler takes them, or the exit code of a complaint. */
const compileOptions = async (options: BuildOptions): Promise<CompileOptions | number> => {
  const emit = options.emit ?? 'wasm';
  if (!isForm(emit)) {
    const forms = emitForms.join(', ');
    return mistake(`--emit=${emit}: there is no such form`, didYouMean(emit, emitForms), `forms are ${forms}`);
  }
  const { printAfter = [], skip = [] } = options;
  const wrong = printAfter.length + skip.length > 0 ? await wrongNames(printAfter, skip) : undefined;
  if (wrong !== undefined) return wrong;
  const track = options.memory ? { track: 'allocations' as const } : {};
  const guards = guardModeOf(options.guards);
  if (typeof guards === 'number') return guards;
  const check = checkModeOf(options);
  if (typeof check === 'number') return check;
  const hooks = hookSettingsOf(options);
  if (typeof hooks === 'number') return hooks;
  const profile = options.profile ?? false;
  const blind = profile ? needsHooks(hooks.timing, '--profile') : undefined;
  if (blind !== undefined) return blind;
  const checkpoint = options.checkpoint ?? false;
  if (checkpoint && hooks.timing === 'off') return withoutHooks();
  const checked = check === undefined ? {} : { check };
  const images = options.images === undefined ? undefined : wholeNumber(options.images, 1, mostImages);
  if (options.images !== undefined && images === undefined) {
    const hint = 'for a program that always runs on four images: --images=4';
    return mistake(`--images needs a whole number from 1 to ${mostImages}; found ${options.images}`, hint);
  }
  const common = {
    emit,
    ...(images === undefined ? {} : { images }),
    printAfter,
    skip,
    ...track,
    moving: options.moving ?? false,
    profile,
    checkpoint,
    trace: options.trace ?? false,
    comm: options.comm ?? false,
    ...checked,
    guards,
    ...hooks,
  };
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

/** What a program is built to, besides `how` it is compiled: the folder or the file, and who signs. */
interface Target {
  readonly output?: string;
  readonly signer?: Signer;
}

/** Whether the artifact is what `pgc run` with the same options would make. */
const isOrdinary = ({ emit, images, skip = [], printAfter = [], optLimit }: CompileOptions): boolean =>
  emit === 'wasm' && images === undefined && skip.length + printAfter.length === 0 && optLimit === undefined;

const asCompiled = ({ artifact, sourceMap, warnings, sources }: Cached): CompileResult => ({
  artifact,
  sourceMap,
  diagnostics: warnings,
  sources,
  dumps: [],
  dependencies: new Map(),
});

/** The compiler is loaded only if there is something to do for it. */
const compiled = async (path: string, text: string, how: CompileOptions): Promise<CompileResult> => {
  optimiseLater();
  validateLater();
  const { compile } = await import('./compile.ts');
  return compile({ path, text }, how);
};

const artifactName = (file: string): string => `${basename(file).replace(/\.pg$/, '')}.wasm`;

/** Builds one program. What it says of mistakes is left to the caller. */
const buildOne = async (
  file: string,
  how: CompileOptions,
  target: Target,
): Promise<{ readonly code: number; readonly result?: CompileResult }> => {
  const { output, signer } = target;
  if (output !== undefined && output !== '-' && resolve(output) === resolve(file)) {
    return { code: mistake(`-o ${output} would overwrite the program itself`) };
  }
  const read = readInput(file);
  if (read.kind === 'mistake') return { code: read.code };
  const wrong = notSource(file, read.bytes);
  if (wrong) return { code: mistake(wrong.message, wrong.hint) };
  const text = read.bytes.toString('utf8');
  const known = isOrdinary(how) ? recallArtifact(file, text, how) : undefined;
  const result = known ? asCompiled(known) : await compiled(file, text, how);
  if (errorsIn([result]) > 0) return { code: exitCodes.usage, result };
  if (!known && isOrdinary(how)) keepArtifact(file, text, how, result);
  for (const { pass, text: dump } of result.dumps) process.stdout.write(`; after ${pass}\n${dump}\n`);
  if (how.emit !== 'wasm') return { code: writeText(output, result.text ?? ''), result };
  return { code: writeArtifact(file, output ?? artifactName(file), result, signer), result };
};

/** The folder that the artifacts of several programs go to, which is made if need be; or the exit code of a complaint. */
const folderFor = (files: readonly string[], output: string | undefined, emit: EmitForm): string | number => {
  if (emit !== 'wasm' && files.length > 1) {
    return mistake(`--emit=${emit} shows one program; there are ${files.length}`);
  }
  const twice = files.find((f, i) => files.findIndex((g) => artifactName(g) === artifactName(f)) < i);
  if (twice !== undefined) return mistake(`two of the programs would become ${artifactName(twice)}`);
  const folder = output ?? '.';
  if (folder === '-') return mistake(`-o - takes one program; there are ${files.length}`);
  try {
    mkdirSync(folder, { recursive: true });
    return folder;
  } catch (error) {
    return cannotWrite(folder, error);
  }
};

/** Builds programs: one to the file that `output` names, several each to a file of its own in the folder of that name (also one, if it ends in /). */
export const buildCommand = async (files: readonly string[], options: BuildOptions): Promise<number> => {
  const how = await compileOptions(options);
  if (typeof how === 'number') return how;
  const emit = how.emit ?? 'wasm';
  const signer = signerIn(options.sign, emit);
  if (typeof signer === 'number') return signer;
  const manyFiles = files.length > 1 || (options.output?.endsWith('/') ?? false);
  const folder = manyFiles ? folderFor(files, options.output, emit) : undefined;
  if (typeof folder === 'number') return folder;
  const found: CompileResult[] = [];
  let worst: number = exitCodes.ok;
  for (const file of files) {
    const output = folder === undefined ? options.output : join(folder, artifactName(file));
    const target = { ...(output === undefined ? {} : { output }), ...(signer ? { signer } : {}) };
    const { code, result } = await buildOne(file, how, target);
    worst = Math.max(worst, code);
    if (result) found.push(result);
  }
  if (options.json) printDiagnosticsJson(found);
  else showDiagnostics(found);
  return worst;
};

// V8's flags for long-running numeric code. They belong to the whole process, so only the command line sets them.
//
// A wasm function that is entered once would stay in baseline code for ever: V8 has no on-stack replacement for wasm. So
// functions are compiled by the optimising compiler at their first call. Newer V8s must then not deoptimise either: they
// would have no baseline code to go back to.
import { setFlagsFromString } from 'node:v8';

const v8Version = Number.parseInt(process.versions.v8, 10);

let done = false;

/**
 * For the code generator, 10 MB of wasm of which no compilation calls all: functions are validated when they are called for the first
 * time, as they are compiled then. Modules that are run are validated as a whole: tuneV8 sees to that.
 */
export const validateLater = (): void => {
  if (v8Version < 13) setFlagsFromString('--wasm-lazy-validation');
};

/** Call before compiling the module to run, and after the last use of other wasm (code generation). */
export const tuneV8 = (): void => {
  if (v8Version < 13) setFlagsFromString('--no-wasm-lazy-validation');
  if (done) return;
  done = true;
  setFlagsFromString('--no-liftoff');
  // Artifacts have hints about branches, which V8 has understood since 2020 and heeds by itself since 2025.
  if (v8Version < 14) setFlagsFromString('--experimental-wasm-branch-hinting');
  // Older V8s do not know the flag and would say so on stderr.
  if (v8Version >= 13) setFlagsFromString('--no-wasm-deopt');
};

/**
 * For a process that compiles and ends: much of what V8 optimises has done most of its work by then. So code has to have run six times as
 * much as by default before it is optimised. Newer V8s have another compiler in between, and other measures.
 */
export const optimiseLater = (): void => {
  if (v8Version < 12) setFlagsFromString('--interrupt-budget=400000');
};

/**
 * Compiles modules as a whole before they run, from now on: in a profile, the time that the engine takes for a function at its first
 * call would be that of the line which calls it.
 */
export const compileAhead = (): void => setFlagsFromString('--no-wasm-lazy-compilation');

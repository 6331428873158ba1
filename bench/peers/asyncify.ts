// Runs asyncify.wat, as binaryen's pass Asyncify made it or as it was, in a process of its own with the V8 flags that the node uses:
//   node asyncify.js module.wasm switch rounds depth inner      two fibers that let each other run, all in wasm
//   node asyncify.js module.wasm javascript rounds depth inner  the same, each switch by way of JavaScript, as Emscripten's fibers do it
//   node asyncify.js module.wasm recursion n
// Prints the seconds that it took; fails when the result is wrong.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-liftoff');
// Node 20 does not know this flag yet.
if (Number.parseInt(process.versions.v8, 10) >= 13) setFlagsFromString('--no-wasm-deopt');

const [file = '', what = '', ...rest] = process.argv.slice(2);
const numbers = rest.map(Number);
const now = (): number => Number(process.hrtime.bigint()) / 1e9;
const unwinding = 1;
const rewinding = 2;
/** Where the frames of the fiber that runs are. */
let current = 0;

const outside = (): void => {
  if (call('asyncify_get_state') === rewinding) {
    call('asyncify_stop_rewind');
    return;
  }
  words[current / 4] = current + 8;
  words[current / 4 + 1] = current + 4096;
  call('asyncify_start_unwind', current);
};

/** Of a module that the pass has not seen. */
const absent = (): void => {
  throw new Error(`${file} was not made by Asyncify`);
};
const names = ['start_unwind', 'stop_unwind', 'start_rewind', 'stop_rewind'];
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(file)), {
  env: { now, yield: outside },
  asyncify: Object.fromEntries(names.map((name) => [name, absent])),
});
const functions = new Map(Object.entries(exports));
function call(name: string, ...args: readonly number[]): unknown {
  const f = functions.get(name);
  if (typeof f !== 'function') throw new Error(`${file} does not export ${name}`);
  return f(...args);
}
const { memory } = exports;
if (!(memory instanceof WebAssembly.Memory)) throw new Error(`${file} exports no memory`);
const words = new Int32Array(memory.buffer);

const fromJavaScript = (rounds: number, depth: number): number => {
  const start = now();
  const fibers = [1024, 1024 + 8192].map((at) => ({ at, started: false, result: undefined as unknown }));
  while (fibers.some((f) => f.result === undefined)) {
    for (const f of fibers) {
      if (f.result !== undefined) continue;
      current = f.at;
      if (f.started) call('asyncify_start_rewind', current);
      f.started = true;
      const result = call('rounds', rounds, depth);
      if (call('asyncify_get_state') === unwinding) call('asyncify_stop_unwind');
      else f.result = result;
    }
  }
  const seconds = now() - start;
  const expected = BigInt(rounds * (2 * depth - 1)) & 0xffffn;
  if (fibers.some((f) => f.result !== expected)) throw new Error(`${file}: wrong result`);
  return seconds;
};

const [first = 0, second = 0, inner = 1] = numbers;
call('set_inner', inner);
const seconds =
  what === 'javascript' ? fromJavaScript(first, second) : Number(call(what === 'switch' ? 'run' : what, first, second));
if (call('error') !== 0) throw new Error(`${file}: wrong result`);
console.log(seconds.toFixed(9));

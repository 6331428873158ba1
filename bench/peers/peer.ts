// Runs a peer that was compiled to wasm by others, in a process of its own with the V8 flags that the node uses:
//   node peer.js peer.wasm n iterations
// The module exports run(n, iterations), which gives the seconds that its work took, and error(), above 1e-8 when its result is wrong;
// it imports env.now. Prints `seconds …`.
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-liftoff');
// Node 20 does not know this flag yet.
if (Number.parseInt(process.versions.v8, 10) >= 13) setFlagsFromString('--no-wasm-deopt');

const [file = '', n = '0', iterations = '0'] = process.argv.slice(2);
const module = new WebAssembly.Module(readFileSync(file));
const env = {
  now: () => Number(process.hrtime.bigint()) / 1e9,
  abort: () => {
    throw new Error(`${file}: aborted`);
  },
};
const { exports } = new WebAssembly.Instance(module, { env });
const call = (name: string, ...args: number[]): number => {
  const f = exports[name];
  if (typeof f !== 'function') throw new Error(`${file} does not export ${name}`);
  return Number(f(...args));
};
const seconds = call('run', Number(n), Number(iterations));
if (!(Math.abs(call('error')) <= 1e-8)) throw new Error(`${file}: wrong result`);
console.log(`seconds ${seconds.toFixed(9)}`);

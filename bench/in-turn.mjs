// Runs artifacts one after the other in one process, with V8's flags as the node sets them: what starting a process takes is paid once, and runs
// that are compared are near each other in time. Each runs once before, with the configs `warm`, unmeasured: the engine compiles functions at their
// first call, and keeps the code as long as somebody keeps the module.
//   node in-turn.mjs '{ "runs": [{ "artifact": path, "sample": µs }, …], "configs": {…}, "warm": {…} }'
// Prints what each run said, as JSON.
import { readFileSync } from 'node:fs';
import { run } from '../dist/api.js';

const { runs, configs, warm } = JSON.parse(process.argv[2] ?? '{}');

const once = async ({ artifact, ...options }, values) => {
  const said = { out: '', err: '' };
  const result = await run(readFileSync(artifact), {
    images: 1,
    configs: values,
    tuneV8: true,
    stdout: (text) => {
      said.out += text;
    },
    stderr: (text) => {
      said.err += text;
    },
    ...options,
  });
  if (result.kind !== 'ok') throw new Error(`${artifact}: ${JSON.stringify(result)}\n${said.err}`);
  return said;
};

const kept = [];
for (const one of runs) {
  await once(one, warm);
  kept.push(new WebAssembly.Module(readFileSync(one.artifact)));
}
const all = [];
for (const one of runs) all.push(await once(one, configs));
console.log(JSON.stringify(all.slice(0, kept.length)));

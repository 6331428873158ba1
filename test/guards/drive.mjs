// Runs cases one after the other in this process, which is the child of a test: a process for each would take ten times as long.
// Standard input: the files of artifacts and the cases, as JSON. Standard output: the verdict of each, one line of JSON as it comes.
import { readFileSync } from 'node:fs';
import { exitCodeOf, renderResult, run } from '../../dist/api.js';

const { cases, options } = JSON.parse(readFileSync(0, 'utf8'));
for (const { artifact, configs } of cases) {
  let out = '';
  let err = '';
  const result = await run(new Uint8Array(readFileSync(artifact)), {
    ...options,
    configs,
    stdout: (text) => {
      out += text;
    },
    stderr: (text) => {
      err += text;
    },
  });
  const code = exitCodeOf(result);
  process.stdout.write(`${JSON.stringify({ code, out, err: err + renderResult(result) })}\n`);
}

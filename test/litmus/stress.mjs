// Repeats the litmus programs and test/run/sync.pg many times with more images than there are cores, and says which runs failed
// or hung. No part of the test suite:
//
//   node build.mjs && node test/litmus/stress.mjs              1000 rounds with 7 images
//   node test/litmus/stress.mjs --rounds 20 --images 3 mp sync
//
// Every program is compiled once, as the optimiser leaves it and with no optional pass; a round runs each of them once.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..', '..');
const pgcPath = join(root, 'dist', 'pgc.js');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '1000' },
    images: { type: 'string', default: '7' },
    trials: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '120' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
if (!(rounds >= 1 && seconds > 0)) throw new Error('--rounds and --seconds take positive numbers');

/** Runs pgc; `hung` if the watchdog had to kill it. */
const pgc = (args) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, [pgcPath, ...args], { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    let hung = false;
    const keep = (text) => {
      out += text;
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    const watchdog = setTimeout(() => {
      hung = true;
      process.kill(-child.pid, 'SIGKILL');
    }, seconds * 1000);
    child.on('close', (code) => {
      clearTimeout(watchdog);
      resolve({ code, out, hung });
    });
  });

const litmus = readdirSync(import.meta.dirname)
  .filter((f) => f.endsWith('.pg') && f !== 'harness.pg')
  .map((f) => ({ path: join(import.meta.dirname, f), configs: [`--harness.trials=${values.trials}`] }));
const sync = { path: join(root, 'test', 'run', 'sync.pg'), configs: [] };
const chosen = [sync, ...litmus].filter(
  (p) => positionals.length === 0 || positionals.includes(basename(p.path, '.pg')),
);
if (chosen.length === 0) throw new Error(`no program is called ${positionals.join(' or ')}`);

const listed = (await pgc(['help', 'passes'])).out;
const skips = [...listed.matchAll(/^ {2}(\S+) {2,}(required)?/gm)].flatMap((m) =>
  m[2] === undefined ? [`--skip=${m[1]}`] : [],
);
const folder = mkdtempSync(join(tmpdir(), 'pgc-stress-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const ready = [];
for (const { path, configs } of chosen) {
  for (const [how, options] of [
    ['optimised', []],
    ['no optional pass', skips],
  ]) {
    const wasm = join(folder, `${basename(path, '.pg')}-${ready.length}.wasm`);
    const built = await pgc(['build', path, '-o', wasm, ...options]);
    if (built.code !== 0) throw new Error(built.out);
    ready.push({ name: `${basename(path)}, ${how}`, wasm, configs });
  }
}

let failures = 0;
for (let round = 1; round <= rounds; round++) {
  for (const { name, wasm, configs } of ready) {
    const ended = await pgc(['run', wasm, '-n', values.images, ...(configs.length > 0 ? ['--', ...configs] : [])]);
    if (ended.code === 0 && !ended.hung) continue;
    failures++;
    const what = ended.hung ? `hung for ${seconds} seconds` : `exit code ${ended.code}`;
    console.log(`round ${round}: ${name}: ${what}\n${ended.out}`);
  }
  if (round % 10 === 0 || round === rounds) console.log(`${round} of ${rounds} rounds, ${failures} failures`);
}
process.exitCode = failures === 0 ? 0 : 1;

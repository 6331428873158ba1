// Builds dist/: the command line, the worker of the node, the library API, and the types that consumers of the library see.
//
//   node build.mjs            everything
//   node build.mjs --no-types without type declarations
//
// The command line is split so that a run from the cache loads little: dist/pgc.js holds the options, the cache and the
// node; the front end (with Chevrotain), the IR passes and the emitter (with binaryen) are chunks that are imported when needed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
/** The build is made beside dist/ and takes its place when it is whole. */
const out = join(root, `dist.${process.pid}`);
const at = (path) => join(root, path);
const { version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));

/** Everything that can change what the compiler emits: the key of its cache. */
const buildHash = () => {
  const hash = createHash('sha256').update(readFileSync(at('package-lock.json')));
  for (const folder of ['lang', 'compiler', 'vm', 'stdlib']) {
    const files = readdirSync(at(folder), { recursive: true, withFileTypes: true }).filter((f) => f.isFile());
    for (const path of files.map((f) => join(f.parentPath ?? f.path, f.name)).sort()) {
      hash.update(`\0${relative(root, path)}\0`).update(readFileSync(path));
    }
  }
  return hash.digest('hex').slice(0, 32);
};

/**
 * binaryen's package holds its 10 MB of wasm as one JavaScript string, and reading that string is most of the time that importing
 * it takes (0.32 s of 0.39 s). Here the bytes become a file of their own. If a later version looks different it is bundled as it is.
 */
const binaryenApart = {
  name: 'binaryen-apart',
  setup(b) {
    b.onLoad({ filter: /[\\/]binaryen[\\/]index\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const found = /(\w+)\?\?=\w+\(`\\0asm/.exec(text);
      if (!found) return { contents: text, loader: 'js' };
      const open = text.indexOf('`', found.index);
      let close = open + 1;
      while (text[close] !== '`') close += text[close] === '\\' ? 2 : 1;
      const wasm = Buffer.from(runInNewContext(text.slice(open, close + 1)), 'latin1');
      if (!WebAssembly.validate(wasm)) return { contents: text, loader: 'js' };
      writeFileSync(join(out, 'binaryen.wasm'), wasm);
      const load = `${found[1]}??=readWasm__(new URL("./binaryen.wasm",import.meta.url))`;
      const contents = `import{readFileSync as readWasm__}from"node:fs";${text.slice(0, found.index)}${load}${text.slice(close + 2)}`;
      return { contents, loader: 'js' };
    });
  },
};

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minify: true,
  logLevel: 'warning',
};

/** CommonJS: a thread that loads no ES module starts 7 ms sooner. */
const bundleWorker = () =>
  Promise.all(
    [
      ['vm/worker.ts', 'worker.cjs'],
      ['vm/ticker-thread.ts', 'ticker.cjs'],
    ].map(([from, to]) => build({ ...common, entryPoints: [from], outfile: join(out, to), format: 'cjs' })),
  );

const bundle = () =>
  build({
    ...common,
    entryPoints: { pgc: 'compiler/cli.ts', api: 'compiler/api.ts' },
    outdir: out,
    splitting: true,
    format: 'esm',
    chunkNames: '[name]-[hash]',
    define: { PGC_VERSION: JSON.stringify(version), PGC_BUILD: JSON.stringify(buildHash()) },
    // commander is CommonJS, and asks for Node's own modules by require.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    plugins: [binaryenApart],
    metafile: true,
    legalComments: 'none',
  });

/** The licences of what is bundled, as they ask. */
const licences = (metafile) => {
  const packages = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const name = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1];
    if (name !== undefined) packages.add(name);
  }
  const texts = [...packages].sort().map((name) => {
    const folder = at(join('node_modules', name));
    const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
    const { license, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`;
  });
  writeFileSync(join(out, 'LICENSES.txt'), texts.join('\n----\n\n'));
};

/** Declarations of the library API, with endings that any consumer's TypeScript resolves. */
const types = () => {
  const tsc = at('node_modules/typescript/bin/tsc');
  execFileSync(process.execPath, [tsc, '-p', at('tsconfig.types.json'), '--outDir', join(out, 'types')], {
    cwd: root,
    stdio: 'inherit',
  });
  // Only what the declarations of the API lead to is kept. Older TypeScripts, too, look for b.d.ts when they read './b.js'.
  const seen = new Map();
  const visit = (path) => {
    if (seen.has(path)) return;
    const text = readFileSync(path, 'utf8');
    seen.set(path, text.replace(/(['"])(\.{1,2}\/[^'"]+)\.ts\1/g, '$1$2.js$1'));
    for (const [, to] of text.matchAll(/['"](\.{1,2}\/[^'"]+)\.ts['"]/g)) visit(join(dirname(path), `${to}.d.ts`));
  };
  visit(join(out, 'types', 'compiler', 'api.d.ts'));
  rmSync(join(out, 'types'), { recursive: true });
  for (const [path, text] of seen) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
};

/** npx looks here first; npm does not link a package's own command. */
const linkCommand = () => {
  if (process.platform === 'win32') return;
  const bin = at('node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, 'pgc'), { force: true });
  symlinkSync('../../dist/pgc.js', join(bin, 'pgc'));
};

const finish = () => {
  const dist = at('dist');
  const old = `${out}.old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(out, dist);
  rmSync(old, { recursive: true, force: true });
};

mkdirSync(out);
try {
  const [{ metafile }] = await Promise.all([bundle(), bundleWorker()]);
  chmodSync(join(out, 'pgc.js'), 0o755);
  licences(metafile);
  if (!process.argv.includes('--no-types')) types();
  finish();
  linkCommand();
  if (process.argv.includes('--sizes')) {
    for (const [path, { bytes }] of Object.entries(metafile.outputs))
      console.log(`${String(bytes).padStart(9)} ${path}`);
  }
} catch (error) {
  // esbuild and tsc have said what is wrong.
  if (!(error instanceof Error) || !('errors' in error || 'status' in error)) throw error;
  process.exitCode = 1;
} finally {
  rmSync(out, { recursive: true, force: true });
}

// Programs that know nothing of moving, with a heap that moves at every allocation: they print what they print otherwise.
//
// The library is pgc's own but for the allocator, which first takes small blocks at the top of the heap, then gives one back before each
// allocation and has all that lies below slide into its place.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { stdlibFolder } from '../../compiler/host.ts';
import { run } from '../../vm/run.ts';
import { root } from '../cli/pgc.ts';

const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);
const fillers = 3000;

const restless = `
var fillers: [${fillers}]u32;
var left: int = -1;

fn alloc(bytes: i64) -> *u8 {
  if left < 0 {
    left = 0;
    for k in 0..fillers.len { fillers[k] = (runtime.alloc(40) as i64 & 0xffff_ffff) as u32; }
    left = fillers.len;
  }
  if left > 0 && runtime.peek(__slot() + abi.page_still) == 0 {
    left -= 1;
    runtime.free(fillers[left] as i64 as *u8);
    slide();
  }
  return runtime.alloc(bytes);
}
`;

const folder = mkdtempSync(join(tmpdir(), 'pgc-stress-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
for (const name of readdirSync(stdlibFolder())) {
  const path = join(stdlibFolder(), name);
  if (name !== 'runtime_move.pg') symlinkSync(path, join(folder, name));
  else
    writeFileSync(
      join(folder, name),
      readFileSync(path, 'utf8').replace('fn alloc(bytes', 'fn usual_alloc(bytes') + restless,
    );
}

/** More by `PGC_STRESS=all npx vitest run test/moving/stress`: all of test/run that neither faults nor depends on addresses. */
const chosen =
  /^(collectives-slices|generics-structs|handles|language|messages|parts|shared-local|strict|structs|text|values)\.pg/;
const odd = /^(fault|deadlock|heap|addresses|exit|symmetric|record|lines|output)/;
const programs: readonly (readonly [string, number])[] = [
  ...readdirSync(join(root, 'test', 'run')).flatMap((file): (readonly [string, number])[] => {
    const wanted = process.env.PGC_STRESS === 'all' ? file.endsWith('.pg') && !odd.test(file) : chosen.test(file);
    if (!wanted) return [];
    const header = /^\/\/ run: -n (\d+)\s*\n/.exec(readFileSync(join(root, 'test', 'run', file), 'utf8'))?.[1];
    return header === undefined ? [] : [[join('test', 'run', file), Number(header)]];
  }),
  ['examples/barnes_hut.pg', 3],
  ['examples/triangles.pg', 3],
];

const printed = async (file: string, images: number, moving: boolean): Promise<readonly string[]> => {
  const path = join(root, file);
  const { artifact, diagnostics } = await compile(path, moving ? { moving: true, stdlib: folder } : {});
  if (!artifact) throw new Error(JSON.stringify(diagnostics));
  let text = '';
  const result = await run(artifact, {
    images,
    workerUrl,
    timeout: 60,
    stdout: (s) => {
      text += s;
    },
  });
  return [result.kind === 'fault' ? `fault ${result.fault.kind}` : result.kind, ...text.split('\n').sort()];
};

test.each(programs)('%s', async (file, images) => {
  expect(await printed(file, images, true)).toEqual(await printed(file, images, false));
});

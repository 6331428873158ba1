// The run-time's rule of what an image may access (stdlib/runtime.pg, `permitted`), as it is in PG, against the one that the node and
// the evaluator have (vm/abi.ts, isPermitted): around every border of memory, for sizes of all kinds.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import type { Func } from '../../compiler/ir.ts';
import { printFunc } from '../../compiler/ir-text.ts';
import { lower } from '../../compiler/lower.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { check } from '../../lang/check.ts';
import { dataBase, isPermitted, page, privateBase, unmappedBytes } from '../../vm/abi.ts';
import { root } from '../cli/pgc.ts';
import { artifactOf, nodeOf, programOf } from '../emit/instance.ts';

const folder = join(root, 'test', 'conformance');

/** Functions of the run-time with all that they call, as text. */
const runtimeText = (names: readonly string[]): string => {
  const { program } = check(join(folder, 'generics.pg'), fileHost({}));
  if (!program) throw new Error('the program has mistakes');
  const byName = new Map(lower(program).funcs.map((f) => [f.name, f]));
  const found = new Map<string, Func>();
  const work = [...names];
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    const f = byName.get(name);
    if (!f || found.has(name)) continue;
    found.set(name, f);
    forEachInst(f.body, (i) => {
      if (i.kind === 'op' && i.op === 'call') work.push(String(i.imms[0]));
    });
  }
  return [...found.values()].map((f) => printFunc(f, { positions: false })).join('\n');
};

test('is the same in PG', async () => {
  const program = programOf(`private @where size 8 align 8
private @size size 8 align 8
private @write size 4 align 4
private @answer size 4 align 4
symmetric @s size 4096 align 128
data @d "some text"
func @init() { ret }
func @main() {
  %w = global @where
  %wa = addr %w
  %address = load.i64 %wa, 0
  %s = global @size
  %sa = addr %s
  %bytes = load.i64 %sa, 0
  %v = global @write
  %va = addr %v
  %writes = load.i32 %va, 0
  %yes: i32 = call @runtime.permitted(%address, %bytes, %writes)
  %r = global @answer
  %ra = addr %r
  store.i32 %ra, %yes, 0
  ret
}
${runtimeText(['runtime.permitted'])}`);
  const images = 2;
  const node = nodeOf(program, (await artifactOf(program)).wasm, { images });
  const slotBytes = 2 ** node.slotBits;
  const borders = [0, unmappedBytes, dataBase, dataBase + node.layout.dataBytes, 3 * slotBytes, 2 ** 32];
  for (const [image, { slot }] of node.images.entries()) {
    const words = {
      [page.writable]: privateBase + 64,
      [page.symmetricBase]: node.layout.symmetricBase,
      [page.symmetricTop]: node.layout.symmetricBase + 4096 * (2 - image) + 40,
      [page.heapBottom]: node.stackLimit - 4096 * (image + 1),
      [page.stackTop]: node.stackTop,
      [page.dataEnd]: dataBase + node.layout.dataBytes,
    };
    for (const [offset, value] of Object.entries(words)) node.view.setUint32(slot + Number(offset), value, true);
    const { [page.dataEnd]: _, ...places } = words;
    borders.push(...[0, privateBase, slotBytes, ...Object.values(places)].map((at) => slot + at));
  }
  const sizes = [0, 1, 8, 100, 4096, slotBytes, 2 ** 32, 2 ** 32 + 8, -1, -8, -(2 ** 40)];
  let [yes, no] = [0, 0];
  for (const [image, { main }] of node.images.entries()) {
    const permissions = {
      image,
      images,
      slotBits: node.slotBits,
      word: (of: number, offset: number): number => node.view.getUint32((node.images[of]?.slot ?? 0) + offset, true),
    };
    for (const write of [false, true])
      for (const bytes of sizes) {
        const around = [-bytes - 1, -bytes, 1 - bytes, -1, 0, 1].flatMap((d) => borders.map((b) => b + d));
        for (const address of new Set(around.filter((a) => a >= 0 && a < 2 ** 32))) {
          node.view.setBigInt64(node.at(image, 'where'), BigInt(address), true);
          node.view.setBigInt64(node.at(image, 'size'), BigInt(bytes), true);
          node.view.setInt32(node.at(image, 'write'), write ? 1 : 0, true);
          main();
          const answer = node.view.getInt32(node.at(image, 'answer'), true) === 1;
          const wanted = isPermitted(permissions, address, bytes, write);
          if (answer !== wanted)
            expect.fail(
              `image ${image}: ${write ? 'write' : 'read'} of ${bytes} at 0x${address.toString(16)}: ${answer}`,
            );
          if (wanted) yes++;
          else no++;
        }
      }
  }
  expect(yes).toBeGreaterThan(100);
  expect(no).toBeGreaterThan(100);
});

// A program without guards may have overwritten its table: reading it still ends soon, and throws nothing.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { track } from '../../vm/abi.ts';
import { readTable } from '../../vm/table.ts';

const slotBits = 17;

/** Words of the kernel page that lead somewhere, with anything in them, and rubbish where they may lead. */
const damaged = fc.record({
  words: fc.array(
    fc.tuple(
      fc.integer({ min: track.logUsed / 4, max: track.classCounts / 4 }),
      fc.oneof(
        fc.nat(40),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        fc.integer({ min: 2 ** slotBits, max: 2 ** (slotBits + 1) }),
      ),
    ),
    { maxLength: 30 },
  ),
  rubbish: fc.array(fc.integer({ min: 0, max: 2 ** (slotBits + 1) }), { minLength: 1, maxLength: 8 }),
});

test('any table is read', () => {
  fc.assert(
    fc.property(damaged, ({ words, rubbish }) => {
      const memory = new DataView(new ArrayBuffer(2 ** (slotBits + 1)));
      const slot = 2 ** slotBits;
      for (let at = slot + 8192, k = 0; at < 2 ** (slotBits + 1); at += 4, k++) {
        memory.setUint32(at, rubbish[k % rubbish.length] ?? 0, true);
      }
      for (const [word, value] of words) memory.setUint32(slot + 4 * word, value, true);
      const table = readTable(memory, slotBits, 0);
      expect(table.escapes.length).toBeLessThanOrEqual(2 ** slotBits / 16);
      expect(table.objects.length).toBeLessThanOrEqual(2 ** slotBits / 8);
    }),
    { numRuns: 200 },
  );
});

test('memory of no use is an empty table', () => {
  const table = readTable(new DataView(new ArrayBuffer(2 ** (slotBits + 1))), slotBits, 0);
  expect(table).toMatchObject({ objects: [], gone: [], escapes: [], tableBytes: 0 });
});

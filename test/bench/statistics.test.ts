// What the benchmarks make of samples, and how tables are laid out.
import { expect, test } from 'vitest';
import { interleave } from '../../bench/sampling.ts';
import { best, geometricMean, median, noise, ratioOf, secondBest } from '../../bench/statistics.ts';
import { tableJson, tableText } from '../../bench/table.ts';

test('best, second best and median of samples in any order', () => {
  const xs = [5, 2, 9, 3];
  expect(best(xs)).toBe(2);
  expect(secondBest(xs)).toBe(3);
  expect(median(xs)).toBe(4);
  expect(median([9, 1, 5])).toBe(5);
  expect(xs).toEqual([5, 2, 9, 3]);
  expect(secondBest([7])).toBe(7);
  expect(secondBest([7, 7, 8])).toBe(7);
  // Numbers, not texts, are put in order.
  expect(secondBest([10, 9, 100])).toBe(10);
});

test('no samples are no result', () => {
  expect(() => best([])).toThrow(RangeError);
  expect(() => median([])).toThrow(RangeError);
  expect(() => geometricMean([])).toThrow(RangeError);
  expect(() => geometricMean([1, 0])).toThrow(RangeError);
  expect(() => geometricMean([1, Number.NaN])).toThrow(RangeError);
});

test('the geometric mean of a ratio and its inverse is 1', () => {
  expect(geometricMean([4, 0.25])).toBeCloseTo(1, 12);
  expect(geometricMean([2, 8])).toBeCloseTo(4, 12);
});

test('a ratio is that of the best samples, its bounds those without either best one', () => {
  const r = ratioOf([3, 2.2, 2], [1, 8, 1.25]);
  expect(r.ratio).toBeCloseTo(2, 12);
  expect(r.low).toBeCloseTo(1.6, 12);
  expect(r.high).toBeCloseTo(2.2, 12);
});

test('noise is how much longer the middle sample took', () => {
  expect(noise([1, 1, 1])).toBe(0);
  expect(noise([1, 1.5, 4])).toBeCloseTo(0.5, 12);
});

test('variants are sampled in turn, every second round backwards', async () => {
  const order: string[] = [];
  const variant = (name: string, seconds: number) => ({
    name,
    sample: async () => {
      order.push(name);
      return seconds + order.length;
    },
  });
  const samples = await interleave([variant('a', 10), variant('b', 20), variant('c', 30)], { least: 3, most: 3 });
  expect(order.join('')).toBe('abccbaabc');
  expect(samples).toEqual([
    { name: 'a', times: [11, 16, 17] },
    { name: 'b', times: [22, 25, 28] },
    { name: 'c', times: [33, 34, 39] },
  ]);
});

test('there are more rounds while a best time stands alone', async () => {
  const taken = async (times: readonly number[]): Promise<number> => {
    let k = 0;
    const steady = { name: 'steady', sample: async () => 1 };
    const varying = { name: 'varying', sample: async () => times[k++] ?? 1 };
    const samples = await interleave([steady, varying], { least: 2, most: 5 });
    return samples[1]?.times.length ?? 0;
  };
  expect(await taken([2, 2.01, 2])).toBe(2);
  expect(await taken([2, 2.1, 2.01, 2])).toBe(3);
  expect(await taken([2, 1.9, 2.1, 2.1, 1.905])).toBe(5);
  expect(await taken([5, 4, 3, 2, 1, 0.5])).toBe(5);
});

test('a table as text and as JSON', () => {
  const table = {
    title: 'times',
    columns: [{ name: 'program' }, { name: 'images' }, { name: 'opt', digits: 2 }],
    rows: [
      ['stencil', 1, 1.014],
      ['dot', 12, undefined],
    ],
    notes: ['a note'],
  };
  expect(tableText(table)).toBe(
    [
      'times',
      'program  images   opt',
      '---------------------',
      'stencil       1  1.01',
      'dot          12     -',
      'a note',
      '',
    ].join('\n'),
  );
  expect(tableJson(table)).toEqual({
    title: 'times',
    rows: [
      { program: 'stencil', images: 1, opt: 1.014 },
      { program: 'dot', images: 12, opt: null },
    ],
    notes: ['a note'],
  });
});

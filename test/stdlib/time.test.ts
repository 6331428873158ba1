// std.time: durations at the borders of their units, and stopwatches by what holds whatever the time is.
import { afterAll, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { linesOf } from './program.ts';

afterAll(removeFolders);

test('durations as text', async () => {
  const expected: Readonly<Record<string, string>> = {
    '0.0': '0.00 ns',
    '1e-12': '0.00 ns',
    '1e-9': '1.00 ns',
    '850e-9': '850 ns',
    '9.994e-9': '9.99 ns',
    '9.996e-9': '10.0 ns',
    '99.94e-9': '99.9 ns',
    '99.96e-9': '100 ns',
    '999.4e-9': '999 ns',
    '999.6e-9': '1.00 µs',
    '0.0000425': '42.5 µs',
    '0.0009994': '999 µs',
    '0.0009996': '1.00 ms',
    '0.00125': '1.25 ms',
    '0.9994': '999 ms',
    '0.9996': '1.00 s',
    '42.0': '42.0 s',
    '59.94': '59.9 s',
    '59.96': '1 min 00 s',
    '125.0': '2 min 05 s',
    '3599.4': '59 min 59 s',
    '3599.6': '1 h 00 min',
    '11220.0': '3 h 07 min',
    '86369.0': '23 h 59 min',
    '86371.0': '1 d 00 h',
    '1040400.0': '12 d 01 h',
    '-0.002': '-2.00 ms',
    '-90.0': '-1 min 30 s',
    '1e15': '1000000000000000.0 s',
    '1.0 / 0.0': 'inf s',
    '0.0 / 0.0': 'nan s',
  };
  const lines = await linesOf(`import std.time;
import std.str;
fn main() {
  var b = str.builder(0);
${Object.keys(expected)
  .map((s) => `  str.clear(&b); time.append_duration(&b, ${s}); print("{}", str.text(&b));`)
  .join('\n')}
}`);
  expect(lines).toEqual(Object.values(expected));
});

test('stopwatches', async () => {
  await linesOf(`import std.time;
fn work() -> f64 { let end = now() + 0.002; var x = 1.0; while now() < end { x = x * 1.0001; } return x; }
fn main() {
  var w = time.stopwatch();
  assert(time.seconds(&w) == 0.0 && time.stop(&w) == 0.0 && w.laps == 0);
  let before = now();
  time.start(&w);
  assert(work() > 1.0);
  let running = time.seconds(&w);
  let lap = time.stop(&w);
  assert(running >= 0.002 && lap >= running && lap <= now() - before && w.laps == 1 && time.seconds(&w) == lap);
  time.start(&w);
  assert(work() > 1.0);
  let second = time.stop(&w);
  assert(w.laps == 2 && w.total == lap + second && w.total <= now() - before);
  time.reset(&w);
  assert(w.laps == 0 && time.seconds(&w) == 0.0 && !w.running);
}`);
});

// handlers: how soon a message is noticed, one way, by images that are told of it in different ways, beside an image that asks all the time and
// beside a worker's `message` event in plain JavaScript. All in turn, so that what else the machine does falls on all alike.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execute, type Output, root } from '../process.ts';
import { build, run } from '../program.ts';
import { best, median } from '../statistics.ts';
import type { Suite } from '../suite.ts';
import type { Table } from '../table.ts';
import { verdictColumns, verdictOf } from '../verdict.ts';

/** What the receiver does meanwhile, and how it is told; `mode` is that of bench/programs/latency.pg. */
const ways: readonly { readonly name: string; readonly mode?: number }[] = [
  { name: 'poll', mode: 0 },
  { name: 'recv', mode: 1 },
  { name: 'branch', mode: 2 },
  { name: 'branch-waiting', mode: 3 },
  { name: 'spawn', mode: 4 },
  { name: 'spawn-waiting', mode: 5 },
  { name: 'wake', mode: 6 },
  { name: 'message-event' },
];

export interface Latency {
  /** Microseconds. */
  readonly middle: number;
  readonly high: number;
}

/** The two numbers that a run prints. @throws Error */
export const latencyOf = (text: string): Latency => {
  const [, middle, high] = /^([\d.]+) ([\d.]+)$/m.exec(text) ?? [];
  if (middle === undefined || high === undefined) throw new Error(`the program told no latency:\n${text}`);
  return { middle: Number(middle), high: Number(high) };
};

const peer = 'message-event';

/** A row each; ours may take as long as JavaScript's own event at most. */
export const tableOf = (found: ReadonlyMap<string, readonly Latency[]>): Table => {
  const middles = new Map([...found].map(([name, all]) => [name, median(all.map((l) => l.middle))]));
  const most = middles.get(peer);
  return {
    title: 'microseconds from send to being noticed, one way',
    columns: [
      { name: 'receiver' },
      { name: 'median', digits: 1 },
      { name: 'best median', digits: 1 },
      { name: 'p99', digits: 1 },
      ...verdictColumns,
    ],
    rows: [...found].map(([name, all]) => {
      const medians = all.map((l) => l.middle);
      const verdict =
        name === peer || most === undefined
          ? ['', '']
          : verdictOf([{ name: 'median', value: middles.get(name), most: Number(most.toFixed(1)), digits: 1 }]);
      return [name, middles.get(name), best(medians), median(all.map((l) => l.high)), ...verdict];
    }),
    notes: [
      'poll asks all the time; branch and spawn compute; the others sleep: in recv, at a barrier, in sleep, in the event loop',
      'needs two cores that nobody else wants: what waits for a core counts',
    ],
  };
};

export const handlers: Suite = {
  name: 'handlers',
  doc: 'how soon a message is noticed: branch, spawn, wake, asking all the time, a message event of JavaScript',
  benchmarks: ways.map((w) => w.name),
  variants: [],
  run: async (request) => {
    const folder = await mkdtemp(join(tmpdir(), 'pgc-bench-'));
    try {
      const artifact = await build('bench/programs/latency.pg', [], folder, 'latency');
      const samples = request.quick ? 20 : 2000;
      const one = (mode: number | undefined): Promise<Output> =>
        mode === undefined
          ? execute(process.execPath, [join(root, 'bench/peers/message-event.mjs'), String(samples)])
          : run(artifact, { images: 2, clock: 'wall', configs: [`--mode=${mode}`, `--samples=${samples}`] });
      const found = new Map<string, Latency[]>();
      for (let round = 0; round < request.rounds.least; round++) {
        for (const { name, mode } of ways.filter((w) => request.wants(w.name))) {
          request.progress(`${name}: round ${round + 1}`);
          const all = found.get(name) ?? [];
          all.push(latencyOf((await one(mode)).out));
          found.set(name, all);
        }
      }
      return [tableOf(found)];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

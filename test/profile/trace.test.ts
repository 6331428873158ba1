// `pgc run --trace`: what is written keeps the rules of Chrome's trace format, for programs whose messages and waits are known.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { run } from '../../vm/run.ts';
import { tracesOf } from '../../vm/trace.ts';
import { folderWith, pgc as pgcIn, removeFolders } from '../cli/pgc.ts';

const folder = folderWith();
afterAll(removeFolders);
const pgc = (...args: readonly string[]) => pgcIn(args, { cwd: folder });
const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return name;
};

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly cat?: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly id?: number;
  readonly bp?: string;
  readonly s?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** How viewers take a number of microseconds: as it is, or as whole nanoseconds, cut or rounded. */
const readings = [
  (x: number): number => x,
  (x: number): number => Math.trunc(x * 1000),
  (x: number): number => Math.round(x * 1000),
];

/** Slices of a track that seem to end after the one in which they begin. */
const notNested = (slices: readonly Event[], reading: (x: number) => number): readonly Event[] => {
  const ends: number[] = [];
  return slices.filter((e) => {
    const begin = reading(e.ts ?? 0);
    while (ends.length > 0 && begin >= (ends.at(-1) ?? 0)) ends.pop();
    const [end, outer] = [begin + reading(e.dur ?? 0), ends.at(-1)];
    ends.push(end);
    return outer !== undefined && end > outer;
  });
};

/** Checks what the format asks for; gives the events. */
const checked = (file: string, images: number): readonly Event[] => {
  const { traceEvents: events } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { traceEvents: Event[] };
  const names = events.filter((e) => e.ph === 'M' && e.name === 'thread_name');
  expect(names.map((e) => [e.tid, e.args.name])).toEqual(Array.from({ length: images }, (_, i) => [i, `image ${i}`]));
  for (const e of events) expect(['M', 'X', 's', 'f', 'i']).toContain(e.ph);
  for (let tid = 0; tid < images; tid++) {
    const own = events.filter((e) => e.tid === tid && e.ph !== 'M');
    let last = 0;
    for (const e of own) {
      const ts = e.ts ?? -1;
      expect(ts).toBeGreaterThanOrEqual(last);
      last = ts;
    }
    const slices = own.filter((e) => e.ph === 'X');
    for (const e of slices) expect(e.dur).toBeGreaterThanOrEqual(0);
    for (const reading of readings) expect(notNested(slices, reading)).toEqual([]);
  }
  const flows = (ph: string) =>
    events
      .filter((e) => e.ph === ph)
      .map((e) => e.id ?? 0)
      .sort((a, b) => a - b);
  expect(flows('f')).toEqual(flows('s'));
  expect(new Set(flows('s')).size).toBe(flows('s').length);
  for (const e of events.filter((x) => x.ph === 'f')) {
    const start = events.find((x) => x.ph === 's' && x.id === e.id);
    expect(e.bp).toBe('e');
    expect(start?.ts).toBeLessThanOrEqual(e.ts ?? 0);
    // A viewer ties an end to the slice around it.
    for (const end of [start, e]) {
      const around = (x: Event): boolean =>
        (x.ts ?? 0) <= (end?.ts ?? 0) && (end?.ts ?? 0) <= (x.ts ?? 0) + (x.dur ?? 0);
      expect(events.some((x) => x.ph === 'X' && x.tid === end?.tid && around(x))).toBe(true);
    }
  }
  return events;
};

const messages = `fn main() {
  let me = this_image();
  let n = num_images();
  var x = 0;
  var long: [1000]int;
  for k in 0..3 { sendrecv(me, (me + 1) % n, 0, x, (me + n - 1) % n, 0); }
  if me == 0 {
    for k in 1..n { send(k, k, 7); }
    for k in 1..n { recv(long[..], k, 8); }
  } else {
    recv(x, 0, 7);
    let r = isend(long[..], 0, 8);
    wait(r);
  }
  barrier;
  let sum = allreduce(+, me);
  if me == 0 { print("{}", sum); }
}
`;

// What needs tasks, built for a profile too; a config chooses what runs.
const tasks = `config const part: int = 0;
fn work(n: int) -> int {
  var s = 0;
  for i in 0..n { s = s ^ (i * i % 7); }
  return s;
}
fn get() { var x = 0; recv(x, 0, 0); }
fn main() {
  var sum = 0;
  if part == 0 {
    let a = spawn work(2_000_000);
    let b = spawn work(2_000_000) on (this_image() + 1) % num_images();
    sum = join(a) + join(b);
  } else if part == 1 {
    if this_image() == 0 { par for k in 0..400 reduce(+: sum) { sum += work(k * 2000); } }
  } else {
    let t = spawn get();
    join(t);
  }
  barrier;
  if this_image() == 0 { print("{}", sum); }
}
`;

beforeAll(async () => {
  write('tasks.pg', tasks);
  expect((await pgc('build', 'tasks.pg', '--trace', '--profile')).code).toBe(0);
}, 200_000);
const runTasks = (part: number, images: number, ...args: readonly string[]) =>
  pgc('run', 'tasks.wasm', '-n', `${images}`, ...args, '--', `--part=${part}`);

const count = (events: readonly Event[], ph: string, name: string, tid?: number): number =>
  events.filter((e) => e.ph === ph && e.name === name && (tid === undefined || e.tid === tid)).length;

describe('messages and waits', () => {
  test('on 1 to 4 images', async () => {
    write('messages.pg', messages);
    const built = await pgc('build', 'messages.pg', '--trace');
    expect(built.code).toBe(0);
    for (const n of [1, 2, 3, 4]) {
      const file = `out${n}.json`;
      const r = await pgc('run', 'messages.wasm', '-n', `${n}`, `--trace=${file}`);
      expect(r).toMatchObject({ code: 0, out: `${(n * (n - 1)) / 2}\n` });
      expect(r.err).toMatch(/^pgc: out\d\.json: \d+ events; ui\.perfetto\.dev opens it\n$/);
      const events = checked(file, n);
      expect(count(events, 's', 'message')).toBe(3 * n + 2 * (n - 1));
      for (let image = 0; image < n; image++) {
        expect(count(events, 'X', 'allreduce(+)', image)).toBe(n === 1 ? 0 : 1);
        expect(count(events, 'X', `isend to image 0`, image)).toBe(image === 0 ? 0 : 1);
        expect(count(events, 'X', `recv from image ${image}`, 0)).toBe(image === 0 ? 0 : 1);
      }
      const long = events.filter((e) => e.ph === 's' && e.args.bytes === 8000);
      expect(long).toHaveLength(n - 1);
      const waits = events.filter((e) => e.name === 'barrier' && e.args.at === 'messages.pg:15:3');
      expect(waits).toHaveLength(n === 1 ? 0 : n);
    }
  }, 200_000);
});

describe('tasks and hooks', () => {
  test('each stretch of a task is a slice; hooks are instants', async () => {
    const r = await runTasks(0, 2, '--trace', 'tasks.json');
    expect(r).toMatchObject({ code: 0, out: '2\n' });
    const events = checked('tasks.json', 2);
    for (const tid of [0, 1]) {
      for (const name of ['main', 'task 1', 'task 2']) expect(count(events, 'X', name, tid)).toBeGreaterThan(0);
      const spawned = events.find((e) => e.tid === tid && e.name === 'task 2');
      expect(spawned?.args).toEqual({ spawned: 'tasks.pg:12:13', by: `image ${1 - tid}` });
    }
    expect(events.filter((e) => e.name === 'hook').every((e) => e.ph === 'i' && e.s === 't')).toBe(true);
  }, 200_000);
});

describe('loops whose iterations others take over', () => {
  test('heartbeats are instants; samples and events are of the image that does the work', async () => {
    const r = await runTasks(1, 2, '--trace=par.json', '--profile=par.folded');
    expect(r).toMatchObject({ code: 0, out: '1083\n' });
    const events = checked('par.json', 2);
    const beats = events.filter((e) => e.name === 'heartbeat');
    expect(beats.length).toBeGreaterThan(0);
    for (const e of beats) expect(e).toMatchObject({ ph: 'i', args: { at: 'tasks.pg:15:28', in: 'main' } });
    const folded = readFileSync(join(folder, 'par.folded'), 'utf8');
    for (const image of [0, 1]) expect(folded).toMatch(new RegExp(`^image ${image};.*;work;tasks\\.pg:4 \\d+$`, 'm'));
  });
});

describe('what the run-time does for the program', () => {
  const text = `import std.memory;
fn main() {
  let me = this_image();
  let mine = if me == 0 { new shared local int } else { nil };
  if mine != nil { mine[0] = 5; }
  barrier;
  memory.compact();
  let now = memory.move_to(mine, num_images() - 1);
  var s = 0;
  for i in 0..60_000_000 { s = s ^ (i * i % 7); }
  barrier;
  if me == 0 { print("{} {}", now[0], s); }
}
`;

  test('compactions, moves to other images and stops for checkpoints are slices of the images that do them', async () => {
    const how = ['-n', '2', '--trace=moves.json', '--checkpoint=kept', '--every=0.05'];
    const r = await pgc('run', write('moves.pg', text), ...how);
    expect(r).toMatchObject({ code: 0, out: expect.stringMatching(/^5 \d\n$/) });
    const events = checked('moves.json', 2);
    const work = events.filter((e) => e.ph === 'X' && e.cat === 'work');
    const of = (name: string): readonly number[] => [...new Set(work.filter((e) => e.name === name).map((e) => e.tid))];
    expect([...of('compaction')].sort()).toEqual([0, 1]);
    expect(of('move_to to image 1')).toEqual([0]);
    expect([...of('stop')].sort()).toEqual([0, 1]);
  }, 60_000);
});

describe('runs that end early', () => {
  test('a deadlock is still found, and where it waits is a slice up to the end', async () => {
    const text =
      'shared flag: int;\nfn main() {\n  var x = 0;\n  if this_image() == 0 { recv(x, 1, 0); }\n  wait_until(flag == 1);\n}\n';
    const r = await pgc('run', write('stuck.pg', text), '-n', '2', '--trace', 'stuck.json');
    expect(r.code).toBe(1);
    expect(r.err).toContain('deadlock');
    const events = checked('stuck.json', 2);
    const [recv] = events.filter((e) => e.name === 'recv from image 1');
    const [until] = events.filter((e) => e.name === 'wait_until');
    expect((recv?.ts ?? 0) + (recv?.dur ?? 0)).toBeCloseTo((until?.ts ?? 0) + (until?.dur ?? 0), 0);
  });

  test('so is one of tasks, which look again and again', async () => {
    const r = await runTasks(2, 1, '--trace', 'tasks-stuck.json', '--profile');
    expect(r.code).toBe(1);
    expect(r.err).toContain('deadlock');
    const last = checked('tasks-stuck.json', 1)
      .filter((e) => e.ph === 'X')
      .at(-1);
    expect(['all tasks wait', 'task 1', 'recv from image 0']).toContain(last?.name);
    expect(r.err).toMatch(/all its tasks wait +tasks\.pg:7/);
  });

  test('a full area loses the last events, and says how many', async () => {
    const text = 'fn main() { var x = 0; for k in 0..5_000 { send(k, 0, 0); recv(x, 0, 0); } }';
    const { artifact } = await compile({ path: 'many.pg', text }, { trace: true });
    expect(artifact).toBeDefined();
    let lost = 0;
    let kept = 0;
    await run(artifact ?? new Uint8Array(), {
      images: 1,
      slotBytes: 1 << 22,
      workerUrl: new URL('../../dist/worker.cjs', import.meta.url),
      atEnd: (node) => {
        const [first] = tracesOf(node) ?? [];
        lost = first?.lost ?? 0;
        kept = first?.events.length ?? 0;
      },
    });
    expect(kept).toBeGreaterThan(10_000);
    expect(kept + lost).toBe(20_000);
  });
});

describe('mistakes', () => {
  test('are told', async () => {
    await pgc('build', 'messages.pg', '-o', 'plain.wasm');
    const plain = await pgc('run', 'plain.wasm', '--trace=out.json');
    expect(plain).toMatchObject({ code: 2, out: '' });
    expect(plain.err).toBe(
      'error: plain.wasm was built without --trace\n  hint: pgc build --trace prog.pg, or run the .pg file itself\n',
    );
    expect(existsSync(join(folder, 'out.json'))).toBe(false);
    const missing = await pgc('run', 'messages.wasm', '--trace=no/out.json');
    expect(missing).toMatchObject({ code: 2, out: '' });
    expect(missing.err).toBe('error: cannot write no/out.json: the folder does not exist\n');
  });
});

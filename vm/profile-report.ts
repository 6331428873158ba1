// A profile as text for people, `pgc run --profile`, and as folded stacks, which other programs draw.
import { columns } from './columns.ts';
import type { Profile, ProfileStack } from './profile.ts';
import type { Activity, Frame } from './result.ts';

/** The text of a line of a source, if it can be had. */
export type SourceLine = (file: string, line: number) => string | undefined;

/** Lines, and functions, that the report shows at most; those below this part of the time are left out. */
const shown = 20;
const least = 0.005;
const widest = 70;

const percent = (part: number, all: number): string => `${((100 * part) / all).toFixed(1)}%`;

const duration = (microseconds: number): string =>
  microseconds >= 1e6 ? `${(microseconds / 1e6).toFixed(2)} s` : `${(microseconds / 1000).toFixed(0)} ms`;

const placeOf = (f: Frame | undefined): string => (f && f.line > 0 ? `${f.file}:${f.line}` : 'the run-time');

const sum = (stacks: readonly ProfileStack[]): number => stacks.reduce((n, s) => n + s.time, 0);

/** Time by a key, most first. */
const by = <T>(
  stacks: readonly ProfileStack[],
  keyOf: (s: ProfileStack) => readonly (readonly [string, T])[],
): readonly { readonly key: string; readonly of: T; readonly time: number }[] => {
  const found = new Map<string, { key: string; of: T; time: number }>();
  for (const s of stacks) {
    for (const [key, of] of new Map(keyOf(s).map((k) => [k[0], k] as const)).values()) {
      const known = found.get(key);
      if (known) known.time += s.time;
      else found.set(key, { key, of, time: s.time });
    }
  }
  return [...found.values()].sort((a, b) => b.time - a.time || (a.key < b.key ? -1 : 1));
};

const waitWords: Partial<Record<Activity, string>> = {
  wait_until: 'wait_until',
  collective: 'a collective operation',
  lock: 'a lock',
  event: 'an event',
  notified: 'the end of a split barrier',
  barrier: 'a barrier',
  send: 'a message to be received',
  recv: 'a message',
  probe: 'a message to be there',
  request: 'a request',
  tasks: 'all its tasks wait',
  sleeping: 'time to pass',
};

/** What an image waits for, in words. */
export const waitText = (what: Activity): string => waitWords[what] ?? what;

/** Shortened in the middle of nothing: the beginning of a line says most. */
const trimmed = (text: string | undefined): string => {
  const line = (text ?? '').trim();
  return line.length > widest ? `${line.slice(0, widest - 1)}…` : line;
};

const rest = (n: number): readonly string[] => (n > 0 ? [`  and ${n} more`] : []);

const lineTable = (running: readonly ProfileStack[], all: number, source: SourceLine): readonly string[] => {
  const lines = by(running, (s) => [[placeOf(s.frames.at(-1)), s.frames.at(-1)] as const]);
  const kept = lines.filter((l) => l.time >= least * all).slice(0, shown);
  const rows = kept.map((l) => {
    const text = l.of && trimmed(source(l.of.file, l.of.line));
    return [percent(l.time, all), duration(l.time), l.key, l.of?.fn ?? '', text ?? ''];
  });
  return [
    'by line:',
    ...columns(['self', 'time', 'line', 'function', 'source'], rows, [2, 3, 4]),
    ...rest(lines.length - kept.length),
  ];
};

const functionTable = (running: readonly ProfileStack[], all: number): readonly string[] => {
  const self = new Map(by(running, (s) => [[s.frames.at(-1)?.fn ?? '', 0] as const]).map((f) => [f.key, f.time]));
  const total = by(running, (s) => s.frames.map((f) => [f.fn, 0] as const));
  const kept = total.filter((f) => f.time >= least * all).slice(0, shown);
  const rows = kept.map((f) => [percent(self.get(f.key) ?? 0, all), percent(f.time, all), f.key]);
  return [
    'by function, and with what it calls:',
    ...columns(['self', 'total', 'function'], rows, [2]),
    ...rest(total.length - kept.length),
  ];
};

const waitTable = (waiting: readonly ProfileStack[], all: number): readonly string[] => {
  if (waiting.length === 0) return [];
  const waits = by(waiting, (s) => [[`${waitText(s.waits ?? 'running')} ${placeOf(s.frames.at(-1))}`, s] as const]);
  const kept = waits.slice(0, shown);
  const rows = kept.map((w) => {
    const { waits: what = 'running', frames } = w.of;
    return [percent(w.time, all), duration(w.time), waitText(what), frames.length > 0 ? placeOf(frames.at(-1)) : ''];
  });
  return [
    'waiting, of all time:',
    ...columns(['part', 'time', 'for', 'line'], rows, [2, 3]),
    ...rest(waits.length - kept.length),
  ];
};

const imageTable = (p: Profile): readonly string[] => {
  if (p.images === 1) return [];
  const rows = Array.from({ length: p.images }, (_, image) => {
    const own = p.stacks.filter((s) => s.image === image);
    const [run, wait] = [sum(own.filter((s) => !s.waits)), sum(own.filter((s) => s.waits))];
    return [String(image), duration(run), duration(wait)];
  });
  return ['by image:', ...columns(['image', 'runs', 'waits'], rows, [])];
};

/** The report, with a line break at its end. */
export const renderProfile = (p: Profile, source: SourceLine): string => {
  const running = p.stacks.filter((s) => !s.waits);
  const waiting = p.stacks.filter((s) => s.waits);
  const [run, wait] = [sum(running), sum(waiting)];
  const images = p.images === 1 ? '1 image' : `${p.images} images`;
  if (run + wait === 0)
    return `profile: no samples: ${images} ended within ${p.interval} µs, or never came to a hook\n`;
  const head = `profile of ${images}, looked at every ${p.interval} µs: ${duration(run)} running, ${duration(wait)} waiting`;
  const lines = [
    head,
    ...(run > 0 ? [...lineTable(running, run, source), ...functionTable(running, run)] : []),
    ...waitTable(waiting, run + wait),
    ...imageTable(p),
  ];
  if (p.unseen > least * run) lines.push(`of ${duration(p.unseen)} more nothing is known: no hook followed`);
  if (p.lost > 0) lines.push(`of ${duration(p.lost)} the calls are not known: there were too many different ways`);
  return `${lines.join('\n')}\n`;
};

/** Names of frames of a stack, outermost first, from the image to the line or to what is waited for. */
export const namesOf = (s: ProfileStack): readonly string[] => {
  const leaf = s.frames.at(-1);
  const calls = s.frames.map((f, k) => (k < s.spawners ? `${f.fn} spawns` : f.fn));
  const wait = s.waits === undefined ? [] : [`waits for ${waitText(s.waits)}`];
  return [
    `image ${s.image}`,
    ...(s.cut && s.waits === undefined && leaf && leaf.fn !== 'main' ? ['…'] : []),
    ...calls,
    ...(leaf && leaf.line > 0 ? [placeOf(leaf)] : []),
    ...wait,
  ];
};

/** One stack a line, frames with semicolons between, then microseconds: what flame graphs are drawn from (B. Gregg, 2011). */
export const foldedProfile = (p: Profile): string => {
  const lines = by(p.stacks, (s) => [
    [
      namesOf(s)
        .map((n) => n.replace(/;/g, ','))
        .join(';'),
      0,
    ] as const,
  ]);
  return lines
    .filter((l) => l.time >= 0.5)
    .map((l) => `${l.key} ${Math.round(l.time)}\n`)
    .sort()
    .join('');
};

// A trace of a run as Chrome's trace format has it (Google, Trace Event Format, 2016), which Perfetto and others open: from the events that each
// image left in its memory (abi-trace.ts). Each image is a track; slices are complete events, messages are flows.
import {
  due,
  type Manifest,
  meetingName,
  states,
  trace,
  traceDepth,
  traceEvent,
  traceEventBytes,
  watched,
  watchedWork,
} from './abi.ts';
import type { EndedNode } from './options.ts';
import { framesOf } from './stack.ts';

export interface TraceEvent {
  /** Seconds. */
  readonly begin: number;
  readonly end: number;
  readonly what: number;
  readonly position: number;
  readonly value: number;
  readonly more: number;
}

export interface ImageTrace {
  readonly image: number;
  /** By their beginning; of those that begin together the longest first. */
  readonly events: readonly TraceEvent[];
  /** Events that found no room. */
  readonly lost: number;
}

const eventAt = (memory: DataView, at: number): TraceEvent => ({
  begin: memory.getFloat64(at + traceEvent.begin, true),
  end: memory.getFloat64(at + traceEvent.end, true),
  what: memory.getInt32(at + traceEvent.what, true),
  position: memory.getUint32(at + traceEvent.place, true),
  value: Number(memory.getBigInt64(at + traceEvent.value, true)),
  more: Number(memory.getBigInt64(at + traceEvent.more, true)),
});

/** What an image wrote down; slices that it was in at the end last until then. */
const readImage = (node: EndedNode, image: number): ImageTrace => {
  const { memory } = node;
  const slot = (image + 1) * 2 ** node.slotBits;
  const word = (offset: number): number => memory.getUint32(slot + offset, true);
  // A program without guards could have damaged these words.
  const last = Math.min(word(trace.areaEnd), memory.byteLength) - traceEventBytes;
  const upTo = Math.min(word(trace.areaTop), last + traceEventBytes);
  const events: TraceEvent[] = [];
  for (let k = 0; k < Math.min(word(trace.depth), traceDepth); k++) {
    const at = word(trace.area) + k * traceEventBytes;
    if (at <= last) events.push({ ...eventAt(memory, at), end: node.seconds });
  }
  for (let at = word(trace.area) + traceDepth * traceEventBytes; at + traceEventBytes <= upTo; at += traceEventBytes)
    events.push(eventAt(memory, at));
  events.sort((a, b) => a.begin - b.begin || b.end - a.end);
  return { image, events, lost: word(trace.lost) };
};

/** The traces of all images; undefined: the program was not built for it. */
export const tracesOf = (node: EndedNode): readonly ImageTrace[] | undefined =>
  node.manifest.trace === undefined
    ? undefined
    : Array.from({ length: node.images }, (_, image) => readImage(node, image));

const pid = 1;
const processName = (manifest: Manifest, images: number): string =>
  `${manifest.program}, ${images} ${images === 1 ? 'image' : 'images'}`;

const imageText = (image: number): string => (image < 0 ? 'any image' : `image ${image}`);

/** What a wait is called, and what more is to be said of it. */
const waitOf = (state: number, more: number): { readonly name: string; readonly args?: Record<string, unknown> } => {
  switch (state) {
    case states.barrier:
    case states.collective:
      return { name: meetingName(more) };
    case states.notified:
      return { name: 'wait for the others' };
    case states.waitUntil:
      return { name: 'wait_until' };
    case states.lock:
      return { name: 'lock', args: { 'held by': imageText(more) } };
    case states.event:
      return { name: 'event', args: { posts: more } };
    case states.send:
      return { name: 'not yet received', args: { by: imageText(more) } };
    case states.recv:
      return { name: `recv from ${imageText(more)}` };
    case states.probe:
      return { name: `probe for ${imageText(more)}` };
    case states.request:
      return { name: 'wait for a request' };
    default:
      return { name: 'all tasks wait', args: { tasks: more } };
  }
};

const bitsOf = (set: number): string =>
  Object.entries(due)
    .flatMap(([name, bit]) => ((set & bit) === 0 ? [] : [name]))
    .join(', ');

const workText = (work: number, more: number): string => {
  const name = watchedWork[work] ?? 'work';
  if (name === 'handler') return `handler of a message from ${imageText(more)}`;
  return name === 'send' || name === 'isend' || name === 'move_to' ? `${name} to ${imageText(more)}` : name;
};

type Json = Readonly<Record<string, unknown>>;

/** Numbers of messages whose both ends are in the trace: a flow needs them. */
const wholeFlows = (images: readonly ImageTrace[]): ReadonlySet<number> => {
  const ends = [watched.sent, watched.received].map(
    (what) => new Set(images.flatMap((i) => i.events.flatMap((e) => (e.what === what ? [e.value] : [])))),
  );
  return new Set([...(ends[0] ?? [])].filter((n) => ends[1]?.has(n)));
};

const nanoseconds = (seconds: number): number => Math.round(seconds * 1e9);

/**
 * When slices end, in nanoseconds, so that viewers see them in each other as they were. Viewers add beginning and length, in floating point or after
 * each was cut to whole nanoseconds: by either way a slice that ends with the one around it may seem to end after it. So it ends a little before.
 * Called for the slices of one image, by their beginning.
 */
const nestedEnds = (): ((begin: number, end: number) => number) => {
  const around: number[] = [];
  return (begin, end) => {
    let outer = around.at(-1);
    while (outer !== undefined && outer <= begin) {
      around.pop();
      outer = around.at(-1);
    }
    const own = Math.max(begin, Math.min(end, (outer ?? Number.POSITIVE_INFINITY) - 2));
    around.push(own);
    return own;
  };
};

/** The events of the format, one at a time: a trace can be large. */
export function* chromeEvents(manifest: Manifest, images: readonly ImageTrace[]): Generator<Json> {
  const at = (position: number): Json => {
    const [frame] = framesOf(manifest, position);
    return frame && frame.line > 0 ? { at: `${frame.file}:${frame.line}:${frame.col}`, in: frame.fn } : {};
  };
  yield { ph: 'M', name: 'process_name', pid, tid: 0, args: { name: processName(manifest, images.length) } };
  for (const { image, lost } of images) {
    const name = lost === 0 ? `image ${image}` : `image ${image} (${lost} later events are missing)`;
    yield { ph: 'M', name: 'thread_name', pid, tid: image, args: { name } };
    yield { ph: 'M', name: 'thread_sort_index', pid, tid: image, args: { sort_index: image } };
  }
  const flows = wholeFlows(images);
  for (const { image, events } of images) {
    const endOf = nestedEnds();
    for (const e of events) {
      const begin = nanoseconds(e.begin);
      const ts = begin / 1e3;
      const common = { pid, tid: image, ts };
      const slice = (cat: string, name: string, args: Json): Json => ({
        ph: 'X',
        name,
        cat,
        ...common,
        dur: (endOf(begin, nanoseconds(e.end)) - begin) / 1e3,
        args,
      });
      switch (e.what) {
        case watched.wait: {
          const { name, args } = waitOf(e.value, e.more);
          yield slice('wait', name, { ...at(e.position), ...args });
          break;
        }
        case watched.enter: {
          const main = e.position === 0;
          const spawned = main ? {} : { spawned: at(e.position).at, by: imageText(e.more) };
          yield slice('task', main ? 'main' : `task ${e.value}`, spawned);
          break;
        }
        case watched.begin:
          yield slice('work', workText(e.value, e.more), at(e.position));
          break;
        case watched.sent:
        case watched.received: {
          if (!flows.has(e.value)) break;
          const end = e.what === watched.sent ? { ph: 's' } : { ph: 'f', bp: 'e' };
          const args = e.what === watched.sent ? { bytes: e.more } : { from: imageText(e.more) };
          yield { ...end, id: e.value, name: 'message', cat: 'message', ...common, args };
          break;
        }
        case watched.due:
          yield {
            ph: 'i',
            s: 't',
            name: 'hook',
            cat: 'hook',
            ...common,
            args: { due: bitsOf(e.value), ...at(e.position) },
          };
          break;
        default:
          yield { ph: 'i', s: 't', name: 'heartbeat', cat: 'hook', ...common, args: at(e.position) };
      }
    }
  }
}

/** The whole file, in pieces of a few lines. */
export function* chromeTrace(manifest: Manifest, images: readonly ImageTrace[]): Generator<string> {
  let piece = '{"displayTimeUnit":"ns","traceEvents":[\n';
  let first = true;
  for (const event of chromeEvents(manifest, images)) {
    piece += `${first ? '' : ',\n'}${JSON.stringify(event)}`;
    first = false;
    if (piece.length < 1 << 16) continue;
    yield piece;
    piece = '';
  }
  yield `${piece}\n]}\n`;
}

// A result as text for people, and as the exit code of the process. Facts come from result.ts, the English is here.
import type { Activity, Fault, Frame, ImageStatus, RunResult, TaskStatus } from './result.ts';
import { unreachable } from './unreachable.ts';

export interface ReportOptions {
  readonly color?: boolean;
}

/** Frames shown of a deep stack. */
const shownFrames = 16;

interface Paint {
  readonly strong: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly faint: (text: string) => string;
}
const paintOf = (color: boolean): Paint => {
  const with_ = (code: string) => (text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { strong: with_('1'), bad: with_('1;31'), faint: with_('36') };
};

const placeOf = (f: Frame): string => (f.line > 0 ? `${f.file}:${f.line}:${f.col}` : 'an unknown place');

const stackLines = (stack: readonly Frame[], deeper: boolean): string[] => {
  const width = Math.max(0, ...stack.map((f) => f.fn.length));
  const places = stack.map((f) => `  ${f.fn.padEnd(width)}  ${placeOf(f)}`);
  const all = stack.map((f, k) => `${places[k]}${f.inlined ? ' (inlined)' : ''}`);
  const lines: string[] = [];
  let at = 0;
  // A recursion is many frames at one place, some of which may be part of others: said once.
  for (let next = at; at < all.length && lines.length < shownFrames; at = next) {
    while (next < all.length && places[next] === places[at]) next++;
    lines.push(all[at]!);
    if (next - at === 2) lines.push(all[at + 1]!);
    if (next - at > 2) lines.push(`  … ${next - at - 1} more of the same`);
  }
  if (deeper) lines.push('  … and so on');
  else if (at < all.length) lines.push(`  … and ${all.length - at} more`);
  return lines;
};

const numbersOf = (images: readonly number[]): string => {
  const runs: string[] = [];
  for (let i = 0; i < images.length; ) {
    let j = i;
    while (images[j + 1] === images[j]! + 1) j++;
    runs.push(j === i ? `${images[i]}` : j === i + 1 ? `${images[i]}, ${images[j]}` : `${images[i]}-${images[j]}`);
    i = j + 1;
  }
  return runs.join(', ');
};

/** What one image (or several) does, as the rest of a sentence. */
const doing = (activity: Activity, value: number, one: boolean): string => {
  const [waits, has, is] = one ? ['waits', 'has', 'is'] : ['wait', 'have', 'are'];
  switch (activity) {
    case 'starting':
      return `${has} not started yet`;
    case 'running':
      return `${is} running`;
    case 'barrier':
      return `${waits} at a barrier`;
    case 'wait_until':
      return `${waits} in wait_until`;
    case 'notified':
      return `${waits} at \`wait\` of a split-phase barrier`;
    case 'lock':
      return `${waits} for a lock that image ${value} holds`;
    case 'event':
      return value === 1 ? `${waits} for a post of an event` : `${waits} for ${value} posts of an event`;
    case 'send':
      return `${waits} for image ${value} to receive a long message`;
    case 'recv':
      return `${waits} for a message from ${value < 0 ? 'any image' : `image ${value}`}`;
    case 'probe':
      return `${waits} in probe for a message from ${value < 0 ? 'any image' : `image ${value}`}`;
    case 'request':
      return `${waits} for a request to be over`;
    case 'collective':
      return `${waits} in a collective operation`;
    case 'tasks':
      return value === 1 ? `${waits} in its last task` : `${waits} in all of ${one ? 'its' : 'their'} ${value} tasks`;
    case 'sleeping':
      return `${has} tasks that sleep`;
    case 'finished':
      return `${has} finished`;
    case 'failed':
      return `${has} failed`;
    case 'ready':
      return `${waits} for the others to start`;
    default:
      return unreachable(activity);
  }
};

const placeIn = ([frame]: readonly Frame[]): string => (frame ? `, ${placeOf(frame)} in ${frame.fn}` : '');

/** What a single image does, and where it waits. */
export const deedOf = ({ activity, value, stack }: ImageStatus): string =>
  `${doing(activity, value, true)}${placeIn(stack)}`;

/** What a task waits for (or several), as the rest of a sentence. */
const taskDoing = ({ activity, value }: TaskStatus, one: boolean): string => {
  const waits = one ? 'waits' : 'wait';
  switch (activity) {
    case 'join':
      return `${waits} for the end of task ${value}`;
    case 'finish':
      return `${waits} for the tasks of its \`finish\``;
    case 'parts':
      return `${waits} for parts of its \`par for\``;
    case 'sleep':
      return one ? 'sleeps' : 'sleep';
    case 'something':
      return waits;
    default:
      return doing(activity, value, one);
  }
};

/** The tasks of an image, a line each; those that do the same in one. */
const taskStatusLines = ({ tasks = [], activity, value }: ImageStatus): string[] => {
  if (tasks.length < 2) return [];
  const groups = new Map<string, TaskStatus[]>();
  for (const t of tasks) {
    const from = t.spawned[0];
    const key = `${from ? placeOf(from) : ''} ${taskDoing(t, true)}${placeIn(t.stack)}`;
    groups.set(key, [...(groups.get(key) ?? []), t]);
  }
  const lines = [...groups.values()].map((group) => {
    const t = group[0]!;
    const from = t.spawned[0];
    const numbers = numbersOf(group.map((g) => g.number));
    const who = from ? `task${group.length === 1 ? '' : 's'} ${numbers}, spawned at ${placeOf(from)},` : 'main';
    return `    ${who} ${taskDoing(t, group.length === 1)}${placeIn(t.stack)}`;
  });
  const others = activity === 'tasks' ? value - tasks.length : 0;
  return [...lines, ...(others > 0 ? [`    … and ${others} more`] : [])];
};

/** One line for all images that do the same at the same place. */
const statusLines = (images: readonly ImageStatus[]): string[] => {
  const groups = new Map<string, ImageStatus[]>();
  for (const status of images) {
    const detail = ['lock', 'event', 'send', 'recv', 'probe', 'tasks'].includes(status.activity) ? status.value : '';
    const tasks = taskStatusLines(status);
    const where = tasks.length > 0 ? tasks : status.stack.map(placeOf);
    const key = `${status.activity} ${detail} ${where.join(' ')}`;
    const group = groups.get(key);
    if (group) group.push(status);
    else groups.set(key, [status]);
  }
  return [...groups.values()].flatMap((group) => {
    const status = group[0]!;
    const { activity, value, stack } = status;
    const who = `image${group.length === 1 ? '' : 's'} ${numbersOf(group.map((s) => s.image))}`;
    const tasks = taskStatusLines(status);
    // Where tasks are told one by one, each has its place.
    const place = tasks.length > 0 ? ':' : placeIn(stack);
    return [`  ${who} ${doing(activity, value, group.length === 1)}${place}`, ...tasks];
  });
};

const deadlockHint = (images: readonly ImageStatus[]): string => {
  const some = (activity: Activity): boolean => images.some((s) => s.activity === activity);
  if (some('tasks')) return 'what tasks wait for must be done by a task that can still run';
  if (some('lock'))
    return 'locks that are taken in one order by all images make no circle; each acquire needs its release';
  if (some('recv') || some('probe') || some('send') || some('request'))
    return 'each message that is waited for must be sent, with that tag, and each long one received';
  if (some('event')) return 'an event that is waited for must be posted by an image that still runs';
  if (some('wait_until')) return 'what is waited for must be written by an image that still runs';
  return 'all images must come to the same barriers and collective operations';
};

interface Parts {
  readonly title: string;
  readonly message: string;
  readonly lines?: readonly string[];
  readonly hint?: string;
}

/** Which task failed. */
const taskLines = ({ task, image }: Fault): string[] => {
  if (!task) return [];
  const by = task.origin === image ? '' : ` by image ${task.origin}`;
  if (task.part) {
    const of = task.of ? `, of task ${task.of.number}, spawned at ${placeOf(task.of.spawned[0]!)}` : '';
    return [`in a part of the par for at ${placeOf(task.spawned[0]!)}${of}`];
  }
  return [`in task ${task.number}, spawned at ${placeOf(task.spawned[0]!)}${by}`];
};

const partsOf = (result: Exclude<RunResult, { kind: 'ok' | 'exit' }>, paint: Paint): Parts => {
  switch (result.kind) {
    case 'fault': {
      const { fault, images } = result;
      const first = fault.stack[0];
      const arrow = first ? [`${paint.faint(' -->')} ${placeOf(first)}`] : [];
      const stack = fault.stack.length > 0 ? ['call stack:', ...stackLines(fault.stack, fault.deeper)] : [];
      return {
        title: `fault on image ${fault.image} of ${images}`,
        message: fault.text,
        lines: [...arrow, ...taskLines(fault), ...stack],
        ...(fault.hint === undefined ? {} : { hint: fault.hint }),
      };
    }
    case 'deadlock':
      return {
        title: 'deadlock',
        message: 'no image can go on',
        lines: statusLines(result.images),
        hint: deadlockHint(result.images),
      };
    case 'timeout': {
      const unit = result.seconds === 1 ? 'second' : 'seconds';
      const message = `not finished after ${result.seconds} ${unit}`;
      return { title: 'timeout', message, lines: statusLines(result.images) };
    }
    case 'interrupted':
      return { title: 'interrupted', message: 'the run was ended', lines: statusLines(result.images) };
    case 'bad-artifact':
      return { ...result, title: 'error', message: `cannot run this artifact: ${result.message}` };
    case 'bad-config':
    case 'bad-option':
    case 'no-resources':
      return { ...result, title: 'error' };
    case 'too-many-images': {
      const message = `${result.images} images do not fit: ${result.why}`;
      return { title: 'error', message, hint: `run with at most ${result.fit} images (-n ${result.fit})` };
    }
    case 'output-failed': {
      const stream = result.stream === 1 ? 'standard output' : 'standard error';
      return { title: 'error', message: `cannot write to ${stream}: ${result.code}` };
    }
    case 'internal':
      return { title: 'internal error, please report it', message: result.message };
    default:
      return unreachable(result);
  }
};

/** The report of a result, with a line break at its end; empty where there is nothing to say. */
export const renderResult = (result: RunResult, options: ReportOptions = {}): string => {
  if (result.kind === 'ok' || result.kind === 'exit') return '';
  // Whoever closed the pipe does not want to hear of it.
  if (result.kind === 'output-failed' && result.code === 'EPIPE') return '';
  const paint = paintOf(options.color ?? false);
  const { title, message, lines = [], hint } = partsOf(result, paint);
  const help = hint === undefined ? [] : [`  ${paint.faint('hint')}: ${hint}`];
  return [`${paint.bad(title)}${paint.strong(`: ${message}`)}`, ...lines, ...help, ''].join('\n');
};

/** What the process should exit with: 1 for what the program did, 2 for how it was called, the shell's numbers for signals. */
export const exitCodeOf = (result: RunResult): number => {
  switch (result.kind) {
    case 'ok':
      return 0;
    case 'exit':
      return result.code & 0xff;
    case 'fault':
    case 'deadlock':
    case 'no-resources':
      return 1;
    case 'bad-artifact':
    case 'bad-config':
    case 'bad-option':
    case 'too-many-images':
      return 2;
    case 'internal':
      return 70;
    case 'timeout':
      return 124;
    case 'interrupted':
      return 130;
    case 'output-failed':
      return result.code === 'EPIPE' ? 141 : 1;
    default:
      return unreachable(result);
  }
};

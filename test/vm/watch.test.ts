// The proof of deadlock, against a model of the images: random programs of barriers and flags, run step by step in a random
// order, announce their waits as stdlib/runtime.pg does. Whenever the prover says deadlock the model must be in one; when
// the model is in one, the prover must say so.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fibers, kernel, page, states, task } from '../../vm/abi.ts';
import { deadlockProver } from '../../vm/watch.ts';

const slotBits = 17;

type Op =
  | { readonly kind: 'barrier' }
  | { readonly kind: 'set' | 'wait'; readonly flag: number }
  | { readonly kind: 'work' };

/** An image's small steps; each `yield` is a point where others, or the watcher, may come in between. */
class Model {
  readonly words: Int32Array;
  readonly flags = new Set<number>();
  readonly threads: Generator<'on' | 'blocked' | 'woken'>[];
  /** Images that cannot go on as things are: asleep, or napping in vain. */
  readonly stuck: boolean[];
  readonly done: boolean[];
  private readonly images: number;

  constructor(programs: readonly (readonly Op[])[]) {
    this.images = programs.length;
    this.words = new Int32Array(((this.images + 1) * 2 ** slotBits) / 4);
    this.stuck = programs.map(() => false);
    this.done = programs.map(() => false);
    this.threads = programs.map((p, image) => this.execute(image, p));
  }

  private add(address: number, n = 1): number {
    return Atomics.add(this.words, address / 4, n);
  }
  private at(image: number, offset: number): number {
    return (image + 1) * 2 ** slotBits + offset;
  }
  private enter(image: number, state: number): void {
    Atomics.store(this.words, this.at(image, page.state) / 4, state);
  }

  private *execute(image: number, ops: readonly Op[]): Generator<'on' | 'blocked' | 'woken'> {
    this.enter(image, states.running);
    for (const op of ops) {
      yield 'on';
      if (op.kind === 'set') this.flags.add(op.flag);
      if (op.kind === 'barrier') yield* this.barrier(image);
      if (op.kind === 'wait') yield* this.wait(image, op.flag);
    }
    this.add(this.at(image, page.epoch));
    yield 'on';
    this.enter(image, states.finished);
    this.done[image] = true;
  }

  private *barrier(image: number): Generator<'on' | 'blocked' | 'woken'> {
    const current = Atomics.load(this.words, kernel.barrierGeneration / 4);
    yield 'on';
    if (this.add(kernel.barrierCount) === this.images - 1) {
      Atomics.store(this.words, kernel.barrierCount / 4, 0);
      yield 'on';
      this.add(kernel.barrierGeneration);
      return;
    }
    yield 'on';
    Atomics.store(this.words, this.at(image, page.stateValue) / 4, current);
    this.add(this.at(image, page.epoch));
    yield 'on';
    this.enter(image, states.barrier);
    // The wake-up may come long after the barrier is over: the scheduler picks this image when it likes.
    while (Atomics.load(this.words, kernel.barrierGeneration / 4) === current) yield 'blocked';
    yield 'woken';
    this.add(this.at(image, page.epoch));
    yield 'on';
    this.enter(image, states.running);
  }

  private *wait(image: number, flag: number): Generator<'on' | 'blocked' | 'woken'> {
    for (let naps = 0; !this.flags.has(flag); naps++) {
      yield naps === 0 ? 'on' : 'blocked';
      this.add(this.at(image, naps === 0 ? page.epoch : page.rechecks));
      yield naps === 0 ? 'on' : 'blocked';
      this.enter(image, states.waitUntil);
      yield naps === 0 ? 'on' : 'blocked';
      this.enter(image, states.running);
      yield naps === 0 ? 'on' : 'blocked';
    }
  }

  step(image: number): void {
    const { value, done } = this.threads[image]!.next();
    this.stuck[image] = done === true || value === 'blocked';
  }

  /** Runs everybody until nothing changes any more: true if somebody is left. */
  finallyStuck(): boolean {
    for (let quiet = 0; quiet < 20; ) {
      const before = `${[...this.flags].length} ${this.done} ${this.words[kernel.barrierGeneration / 4]}`;
      for (let image = 0; image < this.images; image++) this.step(image);
      const after = `${[...this.flags].length} ${this.done} ${this.words[kernel.barrierGeneration / 4]}`;
      quiet = before === after && this.stuck.every(Boolean) ? quiet + 1 : 0;
    }
    return this.done.some((d) => !d);
  }
}

const op: fc.Arbitrary<Op> = fc.oneof(
  fc.constant<Op>({ kind: 'barrier' }),
  fc.constant<Op>({ kind: 'work' }),
  fc.record({ kind: fc.constantFrom('set' as const, 'wait' as const), flag: fc.nat(2) }),
);
const programs = fc.array(fc.array(op, { maxLength: 5 }), { minLength: 1, maxLength: 4 });
/** Who goes on: an image for a few steps, or (from `images` on) the watcher. Long enough to end in a deadlock often. */
const turns = function* (seed: number, images: number): Generator<number> {
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let i = 0; i < 150; i++) {
    const who = random(images + 2);
    for (let k = who < images ? random(8) : 0; k >= 0; k--) yield who;
  }
};

describe('by hand', () => {
  /** Two images in wait_until, seen once; then something happens, and they are seen again. */
  const between = (happens: (set: (image: number, offset: number, value: number) => void) => void): boolean => {
    const words = new Int32Array((3 * 2 ** slotBits) / 4);
    const set = (image: number, offset: number, value: number): void => {
      words[((image + 1) * 2 ** slotBits + offset) / 4] = value;
    };
    for (const image of [0, 1]) set(image, page.state, states.waitUntil);
    const prove = deadlockProver(words, slotBits, 2);
    expect(prove()).toBeUndefined();
    happens(set);
    return prove() !== undefined;
  };
  const bothLooked = (set: (image: number, offset: number, value: number) => void): void => {
    for (const image of [0, 1]) set(image, page.rechecks, 2);
  };

  test('proven when both have looked twice and nothing else happened', () => {
    expect(between(bothLooked)).toBe(true);
  });

  test.each([
    ['one has not looked again', (set) => set(0, page.rechecks, 2)],
    [
      'one has looked once: perhaps before the other wrote',
      (set) => {
        bothLooked(set);
        set(1, page.rechecks, 1);
      },
    ],
    [
      'one wait has ended and another begun',
      (set) => {
        bothLooked(set);
        set(1, page.epoch, 1);
      },
    ],
    [
      'one runs',
      (set) => {
        bothLooked(set);
        set(1, page.state, states.running);
      },
    ],
    [
      'one waits for something else',
      (set) => {
        bothLooked(set);
        set(1, page.state, states.barrier);
      },
    ],
  ] as const satisfies readonly (readonly [string, Parameters<typeof between>[0]])[])(
    'not proven: %s',
    (_, happens) => {
      expect(between(happens)).toBe(false);
    },
  );
});

test('what is told of a deadlock is what was seen when it was proven, and of a last task what one look saw', () => {
  const words = new Int32Array((2 * 2 ** slotBits) / 4);
  const slot = 2 ** slotBits;
  const block = slot + 4096;
  const set = (address: number, value: number): void => {
    words[address / 4] = value;
  };
  set(slot + page.state, states.tasks);
  set(slot + page.stateValue, 1);
  set(slot + fibers.waiters, block);
  set(block + task.state, states.lock);
  set(block + task.value, 3);
  const prove = deadlockProver(words, slotBits, 1);
  expect(prove()).toBeUndefined();
  set(slot + fibers.rounds, 3);
  // It looks again just now.
  set(block + task.state, 0);
  const [sight] = prove() ?? [];
  set(slot + page.state, states.running);
  expect(sight).toMatchObject({ state: states.tasks, last: { state: states.lock, value: 3 } });
});

describe('against a model', () => {
  test('no false alarm, however the images and the watcher take turns', () => {
    let alarms = 0;
    fc.assert(
      fc.property(programs, fc.nat(2 ** 31), (ps, seed) => {
        const model = new Model(ps);
        const prove = deadlockProver(model.words, slotBits, ps.length);
        for (const turn of turns(seed, ps.length)) {
          if (turn < ps.length) model.step(turn);
          else if (prove()) {
            alarms++;
            expect(model.finallyStuck()).toBe(true);
            return;
          }
        }
      }),
      { numRuns: 10_000 },
    );
    expect(alarms).toBeGreaterThan(100);
  });

  test('every deadlock is found, and no run that can end is called one', () => {
    let deadlocks = 0;
    fc.assert(
      fc.property(programs, (ps) => {
        const model = new Model(ps);
        const prove = deadlockProver(model.words, slotBits, ps.length);
        const stuck = model.finallyStuck();
        let proven = false;
        for (let look = 0; look < 12 && !proven; look++) {
          proven = prove() !== undefined;
          // Between two looks of the watcher each nap ends several times. It sleeps most of the time.
          for (let i = 0; i < 12; i++) for (let image = 0; image < ps.length; image++) model.step(image);
          for (let i = 0; i < 4; i++) {
            for (let image = 0; image < ps.length; image++) {
              if (model.words[((image + 1) * 2 ** slotBits + page.state) / 4] === states.running) model.step(image);
            }
          }
        }
        if (stuck) deadlocks++;
        expect(proven).toBe(stuck);
      }),
      { numRuns: 3000 },
    );
    expect(deadlocks).toBeGreaterThan(100);
  });

  test('an image that has not seen yet what others have for it is not blocked', () => {
    const words = new Int32Array((2 * 2 ** slotBits) / 4);
    const set = (offset: number, value: number): void => {
      words[(2 ** slotBits + offset) / 4] = value;
    };
    set(page.state, states.recv);
    const looks = (news: number): boolean => {
      const prove = deadlockProver(words, slotBits, 1);
      set(fibers.notices, news);
      return [1, 2, 3, 4].some((k) => {
        set(page.rechecks, 3 * k);
        return prove() !== undefined;
      });
    };
    expect(looks(1)).toBe(false);
    expect(looks(0)).toBe(true);
  });
});

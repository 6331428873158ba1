// Two workers that let each other run, as fibers would if each were a thread: a token says whose turn it is, and whoever has not got it sleeps in
// Atomics.wait. Prints the seconds that `rounds` turns of both took, by the time of day.
//   node hand-over.mjs rounds
import { parentPort, Worker, workerData } from 'node:worker_threads';

/** How many are ready to begin, whose turn it is, and the turns that were taken. */
const words = { ready: 0, turn: 1, taken: 2 };

const takeTurns = ({ me, rounds, shared }) => {
  const token = new Int32Array(shared);
  Atomics.add(token, words.ready, 1);
  while (Atomics.load(token, words.ready) < 2);
  const start = process.hrtime.bigint();
  for (let k = 0; k < rounds; k++) {
    while (Atomics.load(token, words.turn) !== me) Atomics.wait(token, words.turn, 1 - me);
    token[words.taken] += 1;
    Atomics.store(token, words.turn, 1 - me);
    Atomics.notify(token, words.turn);
  }
  parentPort.postMessage({ me, seconds: Number(process.hrtime.bigint() - start) / 1e9 });
};

if (workerData) takeTurns(workerData);
else {
  const rounds = Number(process.argv[2] ?? 10_000);
  const shared = new SharedArrayBuffer(12);
  const ended = [0, 1].map(
    (me) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(new URL(import.meta.url), { workerData: { me, rounds, shared } });
        worker.on('message', resolve);
        worker.on('error', reject);
      }),
  );
  const all = await Promise.all(ended);
  if (new Int32Array(shared)[words.taken] !== 2 * rounds) throw new Error('turns are missing');
  console.log(Math.max(...all.map((one) => one.seconds)).toFixed(9));
}

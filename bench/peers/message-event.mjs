// How long a worker's message takes to be noticed in plain JavaScript: one worker posts the time, another one, which has nothing else to
// do, says in its `message` event how much later it is. Prints the median and the 99th percentile in microseconds.
//   node message-event.mjs [samples] [microseconds between two messages]
import { MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads';

const microseconds = () => Number(process.hrtime.bigint()) / 1e3;

const listen = ({ port, samples, noticed }) => {
  const late = [];
  port.on('message', (sent) => {
    late.push(microseconds() - sent);
    if (late.length < samples) {
      Atomics.store(noticed, 0, late.length);
      return;
    }
    late.sort((a, b) => a - b);
    const at = (part) => late[Math.floor(samples * part)].toFixed(3);
    parentPort.postMessage(`${at(0.5)} ${at(0.99)}`);
    port.close();
  });
};

const tell = ({ port, samples, pause, noticed }) => {
  for (let k = 0; k < samples; k++) {
    const from = microseconds() + pause * (1 + (k % 7) / 10);
    while (microseconds() < from);
    port.postMessage(microseconds());
    while (k + 1 < samples && Atomics.load(noticed, 0) <= k);
  }
  port.close();
};

if (workerData?.role === 'listen') listen(workerData);
else if (workerData?.role === 'tell') tell(workerData);
else {
  const [samples = 1000, pause = 400] = process.argv.slice(2).map(Number);
  const { port1, port2 } = new MessageChannel();
  const noticed = new Int32Array(new SharedArrayBuffer(4));
  const common = { samples, pause, noticed };
  const start = (role, port) =>
    new Worker(new URL(import.meta.url), { workerData: { role, port, ...common }, transferList: [port] });
  start('listen', port1).on('message', (text) => console.log(text));
  start('tell', port2);
}

// Loaded before pgc when a benchmark measures time of the processor (`--require`, also in its workers): `now()` of a program
// then tells what the process has used, so that a machine that gives it only a part of its time disturbs less.
process.hrtime.bigint = () => {
  const used = process.cpuUsage();
  return BigInt(used.user + used.system) * 1000n;
};

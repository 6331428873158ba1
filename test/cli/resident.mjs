// Runs commands of pgc one after the other in this process, which is the child of a test process: the built command line, as it is,
// is evaluated anew for each; what it imports stays, and is fast by then. Commands come by messages. What one prints goes to
// standard output and standard error, and ends in both with the text that the message gave; its exit code goes back by a message.
const pgc = new URL('../../dist/pgc.js', import.meta.url);
const { exit } = process;

/** What the command line and the node listen to, each time anew. */
const heard = ['SIGINT', 'SIGTERM', 'SIGHUP', 'uncaughtException', 'unhandledRejection'];

let count = 0;

process.on('disconnect', () => exit.call(process));
process.on('message', async ({ args, cwd, cache, end }) => {
  process.chdir(cwd);
  process.env.PGC_CACHE = cache;
  process.argv = [process.execPath, pgc.pathname, ...args];
  const code = await new Promise((resolve, reject) => {
    process.exit = (code) => resolve(code ?? process.exitCode ?? 0);
    import(`${pgc.href}?${count++}`).catch(reject);
  });
  for (const event of heard) process.removeAllListeners(event);
  for (const stream of [process.stdout, process.stderr]) {
    stream.removeAllListeners('error');
    await new Promise((resolve) => stream.write(end, resolve));
  }
  process.exitCode = undefined;
  // Threads of the node: all have ended by now, or its process would not.
  process.send({ code, left: process.getActiveResourcesInfo().some((r) => /Worker|MessagePort/.test(r)) });
});

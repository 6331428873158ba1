#!/usr/bin/env node
// The command line: `pgc`. Which commands and options there are, and what to say when they are misused. The commands
// themselves are in cli-*.ts and are imported when they are called: running a program from the cache loads no compiler.
import { Command, CommanderError } from 'commander';
import { version } from './build-info.ts';
import { didYouMean, exitCodes, internalError, mistake } from './cli-report.ts';

const examples = `
Examples:
  pgc run hello.pg                      compile and run on as many images as there are cores
  pgc run heat.pg -n 4 -- --n=4000      four images; what follows -- sets the program's own configs
  pgc build heat.pg && pgc run          make heat.wasm, then run what was built last here
  pgc check *.pg                        only look for mistakes
  pgc test heat.pg                      run its test blocks
  pgc fmt                               lay out all programs in this folder in the common style
  pgc explain PG0201                    what a message means, with examples
  pgc build heat.pg --emit=ir           see the program as the optimiser leaves it
  pgc help passes                       the optimisations; \`pgc help ops\`: the instructions of the IR

Exit codes:
  0 success   1 the program or a test failed (fault, failed assertion, deadlock)   2 a mistake in the program text or on the command line
  124 --timeout passed   130 interrupted (Ctrl-C)   otherwise what the program gave to exit(code)

Files: .pgc/last.json says what was built last in a folder. Compiled programs are kept in $PGC_CACHE, or the system's cache folder.`;

const runMore = `
With a .pg file: compiles it, or takes it from the cache if nothing has changed. With a .wasm file: runs what pgc build made.
With no file: runs what was built last in this folder, and says what that is.

Examples:
  pgc run heat.pg                       as many images as there are cores
  pgc run heat.pg -n 4 -- --n=4000      sets \`config const n\`
  pgc run heat.pg -- --help             which configs the program has
  pgc run list.pg --memory              which objects are never deleted, and where they are made
  pgc run heat.pg --profile             where the time goes, by line and by function
  pgc run heat.pg --profile=heat.html   the same as a flame graph, for a browser
  pgc run heat.pg --trace=heat.json     waits, messages and tasks of each image over time: open it in ui.perfetto.dev
  pgc run heat.pg --comm                which lines access memory of other images, and how much of it
  pgc run heat.pg --timeout 10          end it after ten seconds (exit code 124)
  pgc run sort.pg --allow-read=in,more --allow-write
                                        read files below in and more, write files below the current folder
  pgc run heat.wasm --trust team.pub.pem
                                        run it only if that key has signed it, as it is`;

const resumeMore = `
The number of images, the size of their memory and the program's configs are those of the run that was begun. What it may read and write
is said again. On standard error is said from which checkpoint the run goes on, and how much of its output there was by then: what was
printed after that is printed again.

Example:
  pgc run heat.pg -n 4 --checkpoint=kept --every=30
  pgc resume kept                       after the run was killed`;

const buildMore = `
Examples:
  pgc build heat.pg                     heat.wasm and heat.wasm.map in this folder
  pgc build heat.pg --emit=ir           print the IR after all passes
  pgc build heat.pg --emit=checks       every check of an index, a divisor …: is it still there, and if not, why not
  pgc build heat.pg --emit=guards       every access: is it guarded, and if not, why not
  pgc build heat.pg --emit=vector       every loop: is it done with vectors, and if not, why not
  pgc build heat.pg --print-after=all --emit=ir
  pgc build heat.pg --skip=inline --skip=licm
  pgc build heat.pg --sign team.pem     sign what was made; \`pgc key team\` makes the key
  pgc build heat.pg --opt-limit=100     stop after 100 optimisation decisions: halve to find a wrong one`;

const keyMore = `
Writes NAME.pem, the private key that build --sign takes, and NAME.pub.pem, the public one that run --trust takes. They are keys for
Ed25519 as PEM, as other programs make and read them, too. Files that are there already are left as they are.

Example:
  pgc key team && pgc build heat.pg --sign team.pem && pgc run heat.wasm --trust team.pub.pem`;

const testMore = `
A test is a declaration, test "name" { … }. Each runs by itself on all images, as main would, and fails if its run does: by an
assertion, a fault, a deadlock, or the time limit. A file with tests needs no main. Of a folder, all .pg files are looked at.

Examples:
  pgc test                              all tests in this folder and those below it
  pgc test grid.pg -n 1,2,3,4,7         each on one image, on two, …
  pgc test grid.pg --filter halo        those with halo in their name
  pgc test --timeout 5                  a test may run for five seconds (default: 60)`;

const docMore = `
Doc comments are lines that begin with /// just above a declaration or a field, and with //! at the head of a file. They are
written in Markdown. A block of code marked pg in them is an example: --test runs it, within a main that imports the module if it
has none of its own. After pg may follow -n and a number of images, or no-run. A text block just after it is what it prints.

Examples:
  pgc doc                               the modules of the library
  pgc doc std.math.hypot                one function
  pgc doc grid.pg                       what grid.pg offers; grid.pg:norm is one declaration of it
  pgc doc grid.pg --html=pages          pages that need no other file
  pgc doc --test grid.pg                run its examples`;

const fmtMore = `
Files are changed in place; folders are searched for .pg files, and with nothing named, this folder is. There are no options of
style: all programs have one layout. What a program means, its comments and their order stay. A file with mistakes in its syntax
is left as it is.

Examples:
  pgc fmt                               all programs in this folder and its folders
  pgc fmt heat.pg lib                   a file, and what is in a folder
  pgc fmt --check .                     list what would change, and change nothing: for tests
  pgc fmt - < heat.pg                   from standard input to standard output: for editors

Exit codes:
  0 success   1 --check would change a file, or a file has mistakes   2 a mistake on the command line`;

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, ...value.split(',')];

const gather = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

/**
 * The flags that allow files take folders after `=` only: in `--allow-read prog.pg` the next word is the program. Commander
 * would take it as their value, so what is meant is written in full before it looks.
 */
const spelledOut = (args: readonly string[]): readonly string[] =>
  args.map((a) => {
    if (a === '--allow-read' || a === '--allow-write') return `${a}=.`;
    return a === '--profile' && args[0] === 'run' ? `${a}=-` : a;
  });

/** What a command's action leaves: its exit code. */
interface Outcome {
  code: number;
}

const commandLine = (programArgs: readonly string[] | undefined, outcome: Outcome): Command => {
  const pgc = new Command('pgc')
    .description('Compiler and parallel runtime for PG, a small PGAS language on WebAssembly.')
    .version(`pgc ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'explain pgc, or a command')
    .addHelpText('after', examples)
    .helpCommand(false)
    .exitOverride()
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({ writeErr: () => undefined, writeOut: (text) => process.stdout.write(text) });

  pgc
    .command('run')
    .usage('[options] [program] [-- --name=value…]')
    .summary('run a program on several images')
    .description('Runs a program.')
    .argument('[program]', 'a .pg or .wasm file')
    .option('-n, --images <number>', 'how many images (default: as many as there are cores)')
    .option('--timeout <seconds>', 'end the run after so long')
    .option('--stack <bytes>', 'stack of each image; 64k, 8m are understood')
    .option('--allow-read [folders]', 'let read_file read there (=a,b); alone: in the current folder', collect)
    .option('--allow-write [folders]', 'let write_file write there (=a,b); alone: in the current folder', collect)
    .option('--trust <key>', 'refuse artifacts that this public key has not signed; can be repeated', gather)
    .option('--check <what>', 'memory: find accesses outside of live objects, double deletes, and leaks')
    .option('--memory', 'say at the end what each image did with its memory, and what was never deleted')
    .option('--profile [files]', 'say at the end where the time went; =out.html, =out.folded: into files', collect)
    .option('--trace <file>', 'write what happened, with times, for Perfetto and other viewers of Chrome traces')
    .option('--comm', 'say at the end which lines communicate, and how much')
    .option('--profile-interval <microseconds>', 'how often --profile looks (default: 1000)')
    .option('--moving', 'move objects when the heap has no piece left that is large enough')
    .option('--guards <mode>', 'off, all, or opt: only those that are needed (default: opt)')
    .option('--timing <mode>', 'what makes hooks due: ticker, count, or off: none (default: ticker)')
    .option('--hook-interval <microseconds>', 'how often something is due (default: 100)')
    .option('--heartbeat <microseconds>', 'how often a par for may be split for idle images (default: 100; 0: never)')
    .option('--stress <what>', 'switch, beat, move, alloc-fail (with commas): to find mistakes of pgc')
    .option('--checkpoint <folder>', 'keep the state of the run there, for pgc resume')
    .option('--every <seconds>', 'with --checkpoint: how often (default: 10)')
    .option('--stats', 'say at the end how many guards ran, and how often something was due at a hook')
    .option('--no-cache', 'compile even if nothing has changed, and keep nothing')
    .addHelpText('after', runMore)
    .action(async (file: string | undefined, options) => {
      const { runCommand } = await import('./cli-run.ts');
      outcome.code = await runCommand(file, { ...options, args: programArgs ?? [] });
    });

  pgc
    .command('resume')
    .summary('go on with a run that was kept by --checkpoint')
    .description('Goes on with a run that has ended before its time, from its newest checkpoint.')
    .argument('<folder>', 'the folder that pgc run --checkpoint was given')
    .option('--every <seconds>', 'how often to take a checkpoint (default: as before)')
    .option('--timeout <seconds>', 'end the run after so long')
    .option('--allow-read [folders]', 'let read_file read there (=a,b); alone: in the current folder', collect)
    .option('--allow-write [folders]', 'let write_file write there (=a,b); alone: in the current folder', collect)
    .option('--trust <key>', 'refuse artifacts that this public key has not signed; can be repeated', gather)
    .addHelpText('after', resumeMore)
    .action(async (folder: string, options) => {
      const { resumeCommand } = await import('./cli-resume.ts');
      outcome.code = await resumeCommand(folder, options);
    });

  pgc
    .command('build')
    .summary('compile a program to a .wasm file')
    .description('Compiles programs, or shows a stage of the compilation of one.')
    .argument('<programs...>', '.pg files')
    .option('-o, --output <file>', 'where to write; - is standard output; of several programs: a folder')
    .option('--emit <form>', 'ast, ir, checks, guards, hooks, vector, wat or wasm (default: wasm)')
    .option('--images <number>', 'for nodes of just so many images: faster, and refused by others')
    .option('--guards <mode>', 'off, all, or opt: only those that are needed (default: opt)')
    .option('--timing <mode>', 'what makes hooks due: ticker, count, or off: none (default: ticker)')
    .option('--hook-interval <microseconds>', 'how often something is due (default: 100)')
    .option('--heartbeat <microseconds>', 'how often a par for may be split for idle images (default: 100; 0: never)')
    .option('--stress <what>', 'switch, beat, move, alloc-fail (with commas): to find mistakes of pgc')
    .option('--print-after <pass>', 'print the IR after a pass, or after all', collect)
    .option('--check <what>', 'memory: as pgc run --check=memory, without the report of leaks')
    .option('--memory', 'let the program keep a table of its objects, for pgc run --memory')
    .option('--comm', 'count accesses to memory of other images, for pgc run --comm')
    .option('--trace', 'write down what happens, for pgc run --trace')
    .option('--profile', 'let hooks take samples, for pgc run --profile')
    .option('--moving', 'let objects be moved when the heap has no piece left that is large enough')
    .option('--checkpoint', 'let the state of its runs be kept, for pgc run --checkpoint')
    .option('--skip <pass>', 'leave out an optional pass; can be repeated', collect)
    .option('--opt-limit <number>', 'make at most so many optimisation decisions')
    .option('--sign <key>', 'sign the artifact with this private key')
    .option('--json', 'print mistakes in the program as JSON on standard output')
    .addHelpText('after', buildMore)
    .action(async (files: string[], options) => {
      const { buildCommand } = await import('./cli-build.ts');
      outcome.code = await buildCommand(files, options);
    });

  pgc
    .command('test')
    .usage('[options] [files or folders…]')
    .summary('run the tests in programs')
    .description('Runs the test blocks of programs, and says which of them fail.')
    .argument('[files...]', '.pg files, or folders of them (default: this folder)')
    .option('-n, --images <numbers>', 'how many images; several numbers: each of them (default: 4)')
    .option('--filter <text>', 'only tests with this text in their name')
    .option('--timeout <seconds>', 'how long a test may run (default: 60)')
    .option('--allow-read [folders]', 'let read_file read there (=a,b); alone: in the current folder', collect)
    .option('--allow-write [folders]', 'let write_file write there (=a,b); alone: in the current folder', collect)
    .option('--check <what>', 'memory: fail tests that access what is no live object, or delete twice')
    .option('--no-cache', 'compile even if nothing has changed, and keep nothing')
    .addHelpText('after', testMore)
    .action(async (files: string[], options) => {
      const { testCommand } = await import('./cli-test.ts');
      outcome.code = await testCommand(files, options);
    });

  pgc
    .command('check')
    .summary('look for mistakes in programs')
    .description('Parses and checks programs, and prints what is wrong with them.')
    .argument('<files...>', '.pg files')
    .option('--json', 'print JSON on standard output: a list of messages')
    .action(async (files: string[], options) => {
      const { checkCommand } = await import('./cli-check.ts');
      outcome.code = await checkCommand(files, options);
    });

  pgc
    .command('fmt')
    .usage('[options] [files or folders…]')
    .summary('lay programs out in the common style')
    .description('Formats programs: line breaks, indents and blanks as in all programs.')
    .argument('[paths...]', '.pg files, and folders to search for them; - is standard input')
    .option('--check', 'write nothing; list the files that would change, and exit with 1 if there are any')
    .addHelpText('after', fmtMore)
    .action(async (paths: string[], options) => {
      const { fmtCommand } = await import('./cli-fmt.ts');
      outcome.code = await fmtCommand(paths, options);
    });

  pgc
    .command('opt')
    .summary('run passes on a file of IR')
    .description('Reads IR in text form, verifies it, runs passes, verifies again and prints the result.')
    .argument('<file>', 'a file of IR, as --emit=ir prints it; - is standard input')
    .option('--passes <names>', 'which passes, in order, with commas between', collect)
    .option('--opt-limit <number>', 'make at most so many optimisation decisions')
    .addHelpText('after', '\nExample:\n  pgc build heat.pg --emit=ir > heat.ir && pgc opt --passes=fold,dce heat.ir')
    .action(async (file: string, options) => {
      const { optCommand } = await import('./cli-opt.ts');
      outcome.code = await optCommand(file, options);
    });

  pgc
    .command('doc')
    .usage('[options] [what…]')
    .summary('show what a module offers, and make pages of it')
    .description('Shows the documentation of modules and of single declarations: what their doc comments say.')
    .argument('[what...]', '.pg files, std.name, std.name.declaration; nothing: what the library has')
    .option('--html <folder>', 'write HTML pages there')
    .option('--markdown <folder>', 'write Markdown pages there')
    .option('--std', 'all modules of the library')
    .option('--test', 'compile and run the examples in the doc comments')
    .option('-n, --images <number>', 'with --test: how many images an example has that does not say (default: 1)')
    .option('--timeout <seconds>', 'with --test: how long an example may run (default: 60)')
    .addHelpText('after', docMore)
    .action(async (what: string[], options) => {
      const { docCommand } = await import('./cli-doc.ts');
      outcome.code = await docCommand(what, options);
    });

  pgc
    .command('key')
    .summary('make a pair of keys to sign artifacts with')
    .description('Makes a pair of keys: one to sign artifacts with, one to trust what was signed.')
    .argument('<name>', 'of the two files, without .pem')
    .addHelpText('after', keyMore)
    .action(async (name: string) => {
      const { keyCommand } = await import('./cli-key.ts');
      outcome.code = await keyCommand(name);
    });

  pgc
    .command('explain')
    .summary('say more about a message')
    .description('Explains the code of a message, such as PG0201.')
    .argument('<code>', 'the code')
    .action(async (code: string) => {
      const { explainCommand } = await import('./cli-help.ts');
      outcome.code = explainCommand(code);
    });

  pgc
    .command('help')
    .summary('explain a command; list the passes or the ops')
    .description('Explains a command, lists the passes of the optimiser, or the ops of the IR.')
    .argument('[topic]', 'a command, passes or ops')
    .action(async (topic: string | undefined) => {
      const command = topic === undefined ? pgc : pgc.commands.find((c) => c.name() === topic);
      if (command) {
        command.outputHelp();
        return;
      }
      const { helpCommand } = await import('./cli-help.ts');
      outcome.code = await helpCommand(
        topic ?? '',
        pgc.commands.map((c) => c.name()),
      );
    });

  for (const command of pgc.commands) {
    command
      .exitOverride()
      .helpOption('-h, --help', 'explain this command')
      .configureOutput({ writeErr: () => undefined, writeOut: (text) => process.stdout.write(text) });
  }
  return pgc;
};

const missing: Readonly<Record<string, string>> = {
  folder: 'which run? Name the folder that pgc run --checkpoint was given',
  program: 'which program? Name a .pg file',
  programs: 'which program? Name a .pg file, or several',
  files: 'which programs? Name .pg files',
  file: 'which file? Name a file of IR',
  name: 'which name? The keys become NAME.pem and NAME.pub.pem',
  code: 'which code? A message shows its code in brackets',
};

/** Says in our words what commander refused. */
const refused = (error: CommanderError, pgc: Command, args: readonly string[]): number => {
  const command = pgc.commands.find((c) => c.name() === args[0]);
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? '';
  const help = `pgc ${command ? `${command.name()} ` : ''}--help shows what there is`;
  switch (error.code) {
    case 'commander.unknownOption': {
      const flag = quoted.split('=')[0] ?? '';
      const known = [...(command ?? pgc).options.map((o) => o.long ?? ''), '--help'];
      const meant = flag.startsWith('--') ? didYouMean(flag, known) : undefined;
      const own = command?.name() === 'run' && (meant === undefined || quoted.includes('='));
      const forProgram = `options of the program itself go after --: pgc run prog.pg -- ${quoted}`;
      return mistake(`unknown option ${flag}`, meant, own ? forProgram : help);
    }
    case 'commander.unknownCommand': {
      const names = pgc.commands.map((c) => c.name());
      const name = args.find((a) => !a.startsWith('-')) ?? '';
      const file = /\.(pg|wasm)$/.test(name) ? `to run a program: pgc run ${name}` : undefined;
      return mistake(`unknown command ${name}`, file ?? didYouMean(name, names) ?? help);
    }
    case 'commander.missingArgument':
      return mistake(`${command?.name() ?? 'pgc'}: ${missing[quoted] ?? 'an argument is missing'}`, help);
    case 'commander.optionMissingArgument':
      return mistake(`${quoted} needs a value`, help);
    case 'commander.excessArguments':
      return mistake(
        `${command?.name() ?? 'pgc'}: too many arguments`,
        args.some((a) => a === '--allow-read' || a === '--allow-write')
          ? 'folders that are allowed are given after =: --allow-read=DIR'
          : command?.name() === 'run'
            ? 'one program at a time; its own options go after --'
            : help,
      );
    default:
      return mistake(error.message.replace(/^error: /, ''), help);
  }
};

const main = async (args: readonly string[]): Promise<number> => {
  // What follows -- on `run` belongs to the program, whatever it looks like.
  const cut = args[0] === 'run' ? args.indexOf('--') : -1;
  const own = cut < 0 ? args : args.slice(0, cut);
  const outcome: Outcome = { code: exitCodes.ok };
  const pgc = commandLine(cut < 0 ? undefined : args.slice(cut + 1), outcome);
  if (own.length === 0) {
    pgc.outputHelp();
    return exitCodes.ok;
  }
  try {
    await pgc.parseAsync(spelledOut(own), { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : refused(error, pgc, own);
  }
  return outcome.code;
};

/** Ends the process when all that was written has gone out. */
const leave = (code: number): void => {
  process.exitCode = code;
  process.stdout.write('', () => process.exit(code));
};

// Whoever read our output has gone (`pgc … | head`): nothing is left to do, and nothing to say.
process.stdout.on('error', () => process.exit(exitCodes.ok));
process.stderr.on('error', () => process.exit(exitCodes.ok));

const given = process.argv.slice(2);
/** --debug may stand anywhere among our own options. */
const ownEnd = given.includes('--') ? given.indexOf('--') : given.length;
const args = given.filter((a, i) => a !== '--debug' || i > ownEnd);
const debug = args.length < given.length || Boolean(process.env.PGC_DEBUG);
const crash = (error: unknown): void => {
  leave(internalError(error, given, debug));
};
process.on('uncaughtException', crash);
process.on('unhandledRejection', crash);

main(args).then(leave, crash);

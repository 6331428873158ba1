// The text of module `std.abi`: the numbers of vm/abi.ts as PG constants, so that the run-time in PG and the node in
// TypeScript read one contract. `page.state` is `abi.page_state`, fault kind `divide-overflow` is `abi.fault_divide_overflow`.
import * as abi from '../vm/abi.ts';

const word = (name: string): string => name.replaceAll('-', '_');

const group = (prefix: string, values: Readonly<Record<string, number>>, type: string): string[] =>
  Object.entries(values).map(([name, value]) => `const ${prefix}_${word(name)}: ${type} = ${value};`);

/** Addresses, offsets and sizes are i64; what is stored in an i32 word (states, fault kinds) is i32. */
export const stdAbiText = (): string =>
  [
    '// Made from vm/abi.ts.',
    ...group('kernel', abi.kernel, 'i64'),
    ...group('page', abi.page, 'i64'),
    ...group('mailbox', abi.mailbox, 'i64'),
    ...group('team', abi.team, 'i64'),
    ...group('due', abi.due, 'i32'),
    ...group('fiber', abi.fibers, 'i64'),
    ...group('task', abi.task, 'i64'),
    ...group('record', abi.frameRecord, 'i64'),
    ...group('profile', abi.profile, 'i64'),
    ...group('sample', abi.profileRecord, 'i64'),
    ...group('watched', abi.watched, 'i64'),
    ...group('work', Object.fromEntries(abi.watchedWork.map((w, number) => [w, number])), 'i64'),
    ...group('trace', abi.trace, 'i64'),
    ...group('traced', abi.traceEvent, 'i64'),
    `const traced_bytes: i64 = ${abi.traceEventBytes};`,
    `const trace_depth_most: i64 = ${abi.traceDepth};`,
    `const sample_waits: i64 = ${abi.profileWaits};`,
    `const sample_lists: i64 = ${abi.profileLists};`,
    `const sample_depth: i64 = ${abi.profileDepth};`,
    `const sample_deeper: i64 = ${abi.profileDeeper};`,
    `const sample_spawned: i64 = ${abi.profileSpawned};`,
    ...group('par', abi.par, 'i64'),
    ...group('barrier', abi.barrierWords, 'i64'),
    ...group('descriptor', abi.descriptor, 'i64'),
    ...group('dist', abi.distKinds, 'i64'),
    ...group('state', abi.states, 'i32'),
    ...group('fault', Object.fromEntries(abi.faults.map((f, number) => [f.kind, number])), 'i32'),
    ...group('meeting', Object.fromEntries(abi.meetings.map((m, number) => [m, number])), 'i32'),
    ...group('track', abi.track, 'i64'),
    ...group('event', abi.trackEvents, 'i64'),
    ...group('entry', abi.trackEntry, 'i64'),
    ...group('escape', abi.trackEscape, 'i64'),
    ...group('object', Object.fromEntries(abi.trackKinds.map((k, number) => [k.kind, number])), 'i64'),
    ...group(
      'region_of',
      Object.fromEntries(abi.trackKinds.map((k) => [k.kind, abi.trackRegions.indexOf(k.region)])),
      'i64',
    ),
    `const track_log_bytes: i64 = ${abi.trackLogBytes};`,
    `const entry_size: i64 = ${abi.trackEntryBytes};`,
    `const escape_size: i64 = ${abi.trackEscapeBytes};`,
    `const least_class: i64 = ${abi.trackLeastClass};`,
    `const most_gone: i64 = ${abi.trackGone};`,
    `const file_denials: i64 = ${abi.fileDenials};`,
    `const team_blocks: i64 = ${abi.teamBlocks};`,
    `const team_block_bytes: i64 = ${abi.teamBlockBytes};`,
    `const page_bytes: i64 = ${abi.pageBytes};`,
    `const unmapped_bytes: i64 = ${abi.unmappedBytes};`,
    `const kernel_base: i64 = ${abi.kernelBase};`,
    `const data_base: i64 = ${abi.dataBase};`,
    `const line_bytes: i64 = ${abi.lineBytes};`,
    `const kernel_page_bytes: i64 = ${abi.kernelPageBytes};`,
    `const private_base: i64 = ${abi.privateBase};`,
    `const guard_slack: i64 = ${abi.guardSlack};`,
    `const slot_tail_bytes: i64 = ${abi.slotTailBytes};`,
    `const default_stack_bytes: i64 = ${abi.defaultStackBytes};`,
    '',
  ].join('\n');

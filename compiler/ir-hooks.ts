// Ops of the IR for hooks: the places where an image looks whether something is due (passes/hooks.ts puts them in, passes/lower-hooks.ts
// makes code of them). What they may run changes memory as another image might: no access may be moved across them.
import { row } from './ir-row.ts';

/**
 * Where a hook stands. strip: between two strips of a loop that was cut into strips; exit: behind a loop that is left for it when it is
 * due; place: in a loop, each time it has gone some rounds; call: before a call that may come back to this function;
 * row: in a row of loops and calls that may take long.
 */
export const hookKinds = ['strip', 'exit', 'place', 'call', 'row'] as const;
export type HookKind = (typeof hookKinds)[number];

export const hookOps = {
  hook: row(
    undefined,
    [],
    [],
    'if something is due, see to it; how much the way here costs at most, the kind of the hook, rounds of its loop from one to the next (0: it is in none)',
    { imms: ['number', 'word', 'number'], effects: ['reads', 'writes', 'synchronises', 'traps'], cost: 3 },
  ),
  'hook.due': row(
    undefined,
    [],
    ['i32'],
    'whether something is due: the way to a hook is worth its while; how much the way here costs at most',
    { imms: ['number'], effects: ['reads', 'writes', 'synchronises'], cost: 3 },
  ),
} as const;

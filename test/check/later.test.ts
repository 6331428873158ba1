// Bodies of the run-time's functions are checked when they are looked at (lang/check.ts): each has no mistake, brings its instances, and one that is
// wrong is told.
import { expect, test } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import { check } from '../../lang/check.ts';
import type { ModuleHost } from '../../lang/modules.ts';
import type { Program } from '../../lang/typed.ts';

const hostWith = (more: string): ModuleHost => {
  const host = fileHost({ texts: { 'a.pg': 'fn main() { }\n' } });
  const read = (path: string): string | undefined => {
    const text = host.read(path);
    return path === 'std/runtime.pg' && text !== undefined ? text + more : text;
  };
  return { stdNames: host.stdNames, resolve: host.resolve, std: host.std, read };
};

const programWith = (more = ''): Program => {
  const { program, diagnostics } = check('a.pg', hostWith(more));
  if (!program) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return program;
};

const bodyOf = (p: Program, name: string) => p.functions.find((f) => f.symbol === `runtime.${name}`)?.body;

test('each function of the run-time is right', () => {
  const { functions } = programWith();
  expect(functions.length).toBeGreaterThan(50);
  for (const fn of functions) expect(fn.body.span).toBeDefined();
});

test('an instance that a body asks for is a function of the program from then on, once', () => {
  const program = programWith(
    'fn twice<T>(a: T) -> T { return a + a; }\nfn asks(a: int) -> int { return twice(a); }\nfn asks_too(a: int) -> int { return twice(a); }\n',
  );
  const instances = () => program.functions.filter((f) => /^runtime\.twice\b/.test(f.symbol));
  expect(instances()).toEqual([]);
  expect(bodyOf(program, 'asks')?.stmts.length).toBe(1);
  expect(bodyOf(program, 'asks_too')?.stmts.length).toBe(1);
  expect(instances().map((f) => f.body.stmts.length)).toEqual([1]);
});

test.each([
  ['of types', 'fn wrong() { let x: int = true; }\n', 'runtime.wrong'],
  ['of syntax', 'fn wrong() { f(1 2); }\n', 'syntax'],
])('a mistake %s is told when the body is looked at', (_, text, message) => {
  const program = programWith(text);
  expect(bodyOf(program, 'barrier')).toBeDefined();
  expect(() => bodyOf(program, 'wrong')).toThrow(message);
});

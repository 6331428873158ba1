// Random PG programs. Every decision is drawn from a list of numbers, so that fast-check shrinks a program by shrinking the
// list: an exhausted list gives the simplest choice everywhere. The programs are free of races by construction (each phase
// between two barriers writes only own elements or adds atomically), so that all interleavings print the same.

/** Hands out decisions. */
export interface Choices {
  /** A number from 0 to n - 1. */
  readonly pick: (n: number) => number;
}

export const choicesFrom = (list: readonly number[]): Choices => {
  let next = 0;
  return { pick: (n) => (list[next++] ?? 0) % n };
};

type Kind = 'int' | 'i32' | 'u8' | 'u32' | 'f64' | 'bool';
const kinds: readonly Kind[] = ['int', 'f64', 'i32', 'u8', 'u32', 'bool'];

interface Variable {
  readonly name: string;
  readonly kind: Kind;
  readonly mutable: boolean;
}

interface Scope {
  readonly c: Choices;
  readonly vars: Variable[];
  /** Readable expressions of each kind besides variables: `a[i]` and the like. */
  readonly reads: { readonly text: string; readonly kind: Kind }[];
  /** Functions that may be called here (earlier ones: no recursion). */
  readonly functions: readonly Signature[];
  readonly inLoop: boolean;
  readonly returns: Kind | undefined;
  fresh: { count: number };
}

interface Signature {
  readonly name: string;
  readonly params: readonly Kind[];
  readonly result: Kind;
}

const one = <T>(c: Choices, list: readonly [T, ...T[]]): T => list[c.pick(list.length)] ?? list[0];

const literal = (c: Choices, kind: Kind): string => {
  switch (kind) {
    case 'bool':
      return one(c, ['true', 'false']);
    case 'f64':
      return one(c, ['1.0', '0.0', '2.5', '0.1', '1e10', '3.0']);
    case 'u8':
      return one(c, ['1u8', '0u8', '7u8', '200u8', '255u8']);
    case 'i32':
      return one(c, ['1i32', '0i32', '2i32', '100i32', '2147483647i32']);
    case 'u32':
      return one(c, ['1u32', '0u32', '5u32', '4294967295u32']);
    case 'int':
      return one(c, ['1', '0', '2', '7', '63', '1000003', '9223372036854775807']);
  }
};

const leaf = (s: Scope, kind: Kind): string => {
  const readable = [
    ...s.vars.filter((v) => v.kind === kind).map((v) => v.name),
    ...s.reads.filter((r) => r.kind === kind).map((r) => r.text),
  ];
  if (readable.length === 0 || s.c.pick(4) === 3) return literal(s.c, kind);
  return readable[s.c.pick(readable.length)] ?? literal(s.c, kind);
};

const expression = (s: Scope, kind: Kind, depth: number): string => {
  const { c } = s;
  if (depth <= 0 || c.pick(3) === 0) return leaf(s, kind);
  const sub = (k: Kind): string => expression(s, k, depth - 1);
  const callable = s.functions.filter((f) => f.result === kind);
  switch (c.pick(7)) {
    case 1: {
      const f = callable[c.pick(Math.max(1, callable.length))];
      if (f) return `${f.name}(${f.params.map((p) => sub(p)).join(', ')})`;
      break;
    }
    case 2:
      return `(if ${sub('bool')} { ${sub(kind)} } else { ${sub(kind)} })`;
    case 3: {
      const from = one(c, kinds as readonly [Kind, ...Kind[]]);
      if (kind !== 'bool' && from !== kind && !(from === 'bool' && kind === 'f64')) return `(${sub(from)} as ${kind})`;
      break;
    }
  }
  if (kind === 'bool') {
    const of = one(c, ['int', 'f64', 'i32', 'u8', 'u32'] as const);
    return one(c, [
      () => `(${sub(of)} ${one(c, ['<', '<=', '==', '!=', '>', '>='])} ${sub(of)})`,
      () => `(${sub('bool')} && ${sub('bool')})`,
      () => `(${sub('bool')} || ${sub('bool')})`,
      () => `!${sub('bool')}`,
    ])();
  }
  if (kind === 'f64') {
    return one(c, [
      () => `(${sub('f64')} + ${sub('f64')})`,
      () => `(${sub('f64')} * ${sub('f64')})`,
      () => `(${sub('f64')} - ${sub('f64')})`,
      () => `(${sub('f64')} / ${sub('f64')})`,
      () => `(-${sub('f64')})`,
    ])();
  }
  return one(c, [
    () => `(${sub(kind)} + ${sub(kind)})`,
    () => `(${sub(kind)} * ${sub(kind)})`,
    () => `(${sub(kind)} - ${sub(kind)})`,
    () => `(${sub(kind)} & ${sub(kind)})`,
    () => `(${sub(kind)} ^ ${sub(kind)})`,
    () => `(${sub(kind)} | ${sub(kind)})`,
    () => `(${sub(kind)} << ${sub(kind)})`,
    () => `(${sub(kind)} >> ${sub(kind)})`,
    () => `(${sub(kind)} / (${sub(kind)} | ${literal(c, kind).replace(/^0/, '1')}))`,
    () => `(${sub(kind)} % (${sub(kind)} | ${literal(c, kind).replace(/^0/, '1')}))`,
    () => `(~${sub(kind)})`,
  ])();
};

const fresh = (s: Scope, stem: string): string => `${stem}${s.fresh.count++}`;

const within = (s: Scope, change: Partial<Scope> = {}): Scope => ({
  ...s,
  vars: [...s.vars],
  reads: [...s.reads],
  ...change,
});

const block = (s: Scope, depth: number, change: Partial<Scope> = {}): string =>
  `{\n${statements(within(s, change), depth - 1)}}\n`;

const statement = (s: Scope, depth: number): string => {
  const { c } = s;
  const mutable = s.vars.filter((v) => v.mutable);
  switch (c.pick(depth > 0 ? 13 : 5)) {
    case 0:
    case 1: {
      const v = mutable[c.pick(Math.max(1, mutable.length))];
      if (!v) break;
      if (v.kind === 'bool') return `${v.name} = ${expression(s, 'bool', 2)};\n`;
      return `${v.name} ${one(c, ['=', '+=', '-=', '*='])} ${expression(s, v.kind, 3)};\n`;
    }
    case 2: {
      const kind = one(c, kinds as readonly [Kind, ...Kind[]]);
      const name = fresh(s, 'v');
      const text = `var ${name}: ${kind} = ${expression(s, kind, 3)};\n`;
      s.vars.push({ name, kind, mutable: true });
      return text;
    }
    case 3:
      return `local[${expression(s, 'int', 1)} & 7] = ${expression(s, 'int', 2)};\n`;
    case 4: {
      const name = fresh(s, 'p');
      const text = `var ${name} = Pair { x: ${expression(s, 'int', 2)}, y: ${expression(s, 'f64', 2)} };\n`;
      s.vars.push({ name: `${name}.x`, kind: 'int', mutable: true }, { name: `${name}.y`, kind: 'f64', mutable: true });
      return text;
    }
    case 5:
    case 6:
      return `if ${expression(s, 'bool', 2)} ${block(s, depth)}`;
    case 7:
      return `if ${expression(s, 'bool', 2)} ${block(s, depth)}else ${block(s, depth)}`;
    case 8:
    case 9: {
      const name = fresh(s, 'i');
      const range = one(c, ['0..5', '0..=3', '3..0', '7..0 step -2', '0..10 step 3']);
      return `for ${name} in ${range} ${block(s, depth, { vars: [...s.vars, { name, kind: 'int', mutable: false }], inLoop: true })}`;
    }
    case 10: {
      const name = fresh(s, 'n');
      const body = statements(within(s, { inLoop: true, vars: s.vars.concat() }), depth - 1);
      return `var ${name} = 0;\nwhile ${name} < ${1 + c.pick(6)} {\n${name} += 1;\n${body}}\n`;
    }
    case 11:
      if (s.inLoop) return `if ${expression(s, 'bool', 1)} { ${one(c, ['break', 'continue'])}; }\n`;
      break;
    case 12:
      if (s.returns) return `if ${expression(s, 'bool', 1)} { return ${expression(s, s.returns, 2)}; }\n`;
      break;
  }
  return `check = check * 31 + ${expression(s, 'int', 2)};\n`;
};

const statements = (s: Scope, depth: number): string => {
  let text = '';
  for (let n = 1 + s.c.pick(4); n > 0; n--) text += statement(s, depth);
  return text;
};

const baseReads = [
  { text: 'local[3]', kind: 'int' },
  { text: 'N', kind: 'int' },
  { text: 'half', kind: 'int' },
  { text: 'scale', kind: 'f64' },
] as const;

const printAll = (s: Scope): string =>
  s.vars
    .filter((v) => /^\w+$/.test(v.name))
    .map((v) => `print("{} ${v.name} {}", this_image(), ${v.name});\n`)
    .join('');

/** A whole program that prints what it computed. Runs on any number of images. */
export const generateProgram = (c: Choices): string => {
  const count = { count: 0 };
  const functions: Signature[] = [];
  let text = `config const N: int = ${4 + c.pick(20)};\nconfig const scale: f64 = 1.5;\nlet half: int = N / 2 + num_images();\n`;
  text += 'struct Pair { x: int; y: f64; }\nvar local: [8]int;\nvar check: int;\nco mine: int;\nshared total: int;\n';
  const dists = ['block', 'cyclic', 'block(3)', 'block(1)', 'on 0'] as const;
  const dists2 = ['block, *', 'cyclic, *', '*, block', 'block, block', 'cyclic, block(2)', 'block(2), cyclic'] as const;
  const distA = one(c, dists);
  const distB = one(c, dists);
  const distM = one(c, dists2);
  text += `shared a: [N]int dist(${distA});\nshared b: [N]f64 dist(${distB});\nshared m: [N, 5]int dist(${distM});\n\n`;
  for (let n = c.pick(3); n >= 0; n--) {
    const params = Array.from({ length: c.pick(3) }, () => one(c, kinds as readonly [Kind, ...Kind[]]));
    const result = one(c, kinds as readonly [Kind, ...Kind[]]);
    const vars = params.map((kind, k) => ({ name: `x${k}`, kind, mutable: false }));
    const s: Scope = {
      c,
      vars: [...vars],
      reads: [...baseReads],
      functions: [...functions],
      inLoop: false,
      returns: result,
      fresh: count,
    };
    const name = `f${functions.length}`;
    const body = statements(s, 2);
    text += `fn ${name}(${vars.map((v) => `${v.name}: ${v.kind}`).join(', ')}) -> ${result} {\n${body}return ${expression(s, result, 3)};\n}\n\n`;
    functions.push({ name, params, result });
  }
  const reads = [
    ...baseReads,
    { text: 'this_image()', kind: 'int' as const },
    { text: 'num_images()', kind: 'int' as const },
  ];
  const s: Scope = { c, vars: [], reads, functions, inLoop: false, returns: undefined, fresh: count };
  text += `fn main() {\n${statements(s, 3)}`;
  const own = (extra: Scope['reads'], vars: Variable[]): Scope => ({
    ...s,
    vars: [...s.vars, ...vars],
    reads: [...reads, ...extra],
  });
  const i: Variable = { name: 'i', kind: 'int', mutable: false };
  const j: Variable = { name: 'j', kind: 'int', mutable: false };
  text += `forall i in a { a[i] = ${expression(own([], [i]), 'int', 3)}; }\n`;
  text += `forall i in b { b[i] = ${expression(own([], [i]), 'f64', 3)}; }\n`;
  text += `forall (i, j) in m { m[i, j] = ${expression(own([], [i, j]), 'int', 3)}; }\n`;
  text += `mine = ${expression(s, 'int', 2)};\nbarrier;\n`;
  const remote = [
    { text: 'a[(i + 1) % N]', kind: 'int' as const },
    { text: 'a[i]', kind: 'int' as const },
    { text: 'b[N - 1 - i]', kind: 'f64' as const },
    { text: 'm[i, 2]', kind: 'int' as const },
    { text: 'mine@(i % num_images())', kind: 'int' as const },
  ];
  text += `var sum = 0;\nvar low = 1000000;\nvar real = 0.0;\n`;
  text += `forall i in a reduce(+: sum) reduce(min: low) { let t = ${expression(own(remote, [i]), 'int', 3)}; sum += t; if t < low { low = t; } }\n`;
  text += `forall i in 0..N on ${one(c, ['i', 'a[i]', 'b[i]', 'm[i, 1]', 'i * 3'])} { fetch_add(total, ${expression(own(remote, [i]), 'int', 2)}); }\n`;
  text += `for i in 0..N { real += b[i]; check ^= a[i] + m[i, i % 5]; }\nbarrier;\n`;
  text += `print("{} {} {} {} {} {}", this_image(), sum, low, real, total, check);\n`;
  text += printAll(s);
  text += `print("{} {}", this_image(), allreduce(+, ${expression(s, 'int', 2)}));\n}\n`;
  return text;
};

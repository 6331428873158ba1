// Programs with loops that vectors may do, or must not: random element types, offsets, conditions and accumulators, one element an iteration or a
// group of up to four, on slices that may overlap, of all lengths up to 40. Each prints a number that all elements and accumulators go into.

/** Gives a choice below n. */
export type Choose = (n: number) => number;

const ints = ['i8', 'u8', 'i16', 'u16', 'i32', 'u32', 'int', 'u64'];
const floats = ['f32', 'f64'];
const isFloat = (t: string): boolean => floats.includes(t);

interface Array {
  readonly name: string;
  readonly type: string;
}

/** Expressions over the elements of some arrays near index i. */
class Expressions {
  readonly #choose: Choose;
  readonly #arrays: readonly Array[];
  /** Elements from one iteration to the next. */
  readonly #ways: number;
  /** The first of them. */
  readonly #first: string;

  constructor(choose: Choose, arrays: readonly Array[], ways: number, first: string) {
    this.#choose = choose;
    this.#arrays = arrays;
    this.#ways = ways;
    this.#first = first;
  }

  #of<T>(list: readonly T[], fallback: T): T {
    return list[this.#choose(list.length)] ?? fallback;
  }

  index(): string {
    if (this.#ways > 1) return `${this.#first} + ${this.#choose(this.#ways + 1)}`;
    const offset = this.#of([0, 0, 0, 1, 2, 3], 0);
    return offset === 0 ? 'i' : `i + ${offset}`;
  }

  #read(type: string): string {
    const fitting = this.#arrays.filter((a) => a.type === type);
    const { name, type: own } = this.#of(fitting.length > 0 ? fitting : this.#arrays, { name: 'x0', type });
    return own === type ? `${name}[${this.index()}]` : `(${name}[${this.index()}] as ${type})`;
  }

  value(type: string, depth: number): string {
    const kind = this.#choose(100);
    if (depth === 0 || kind < 20) {
      const leaf = this.#choose(5);
      if (leaf < 3) return this.#read(type);
      if (leaf === 3) return `(i as ${type})`;
      return isFloat(type)
        ? `(${this.#of(['0.0', '1.5', '-2.25', '0.5'], '0.0')} as ${type})`
        : `(${this.#of([0, 1, 3, 7, 100], 0)} as ${type})`;
    }
    const sub = (t = type): string => this.value(t, depth - 1);
    if (kind < 32) return `(${sub(this.#of(isFloat(type) ? [...ints, ...floats] : ints, 'int'))} as ${type})`;
    if (kind < 45) return `(if ${this.condition(depth - 1)} { ${sub()} } else { ${sub()} })`;
    if (isFloat(type)) return kind < 55 ? `(-${sub()})` : `(${sub()} ${this.#of(['+', '-', '*', '/'], '+')} ${sub()})`;
    if (kind < 60) return `(${sub()} ${this.#of(['<<', '>>'], '<<')} ${this.#choose(10)})`;
    return `(${sub()} ${this.#of(['+', '-', '*', '&', '|', '^'], '+')} ${sub()})`;
  }

  condition(depth: number): string {
    if (depth > 0 && this.#choose(3) === 0)
      return `(${this.condition(depth - 1)} ${this.#of(['&&', '||'], '&&')} ${this.condition(depth - 1)})`;
    const type = this.#of([...this.#arrays.map((a) => a.type), 'int'], 'int');
    const compare = this.#of(['<', '<=', '>', '>=', '==', '!='], '<');
    return `${this.value(type, Math.max(0, depth - 1))} ${compare} ${this.value(type, Math.max(0, depth - 1))}`;
  }
}

interface Loop {
  readonly fn: string;
  readonly call: readonly string[];
}

const loopOf = (choose: Choose, k: number): Loop => {
  const of = <T>(list: readonly T[], fallback: T): T => list[choose(list.length)] ?? fallback;
  const count = of([1, 2, 2, 3], 2);
  const first = of([...ints, ...floats, 'int', 'f64', 'f64'], 'f64');
  const alike = choose(2) === 0;
  const arrays = Array.from({ length: count }, (_, j) => ({
    name: `x${j}`,
    type: alike || j === 0 ? first : of([...ints, ...floats], 'int'),
  }));
  const target = of(arrays, { name: 'x0', type: first });
  const others = arrays.filter((a) => a !== target);
  // Iterations of a foreach write their own elements, and read those of others.
  const independent = others.length > 0 && choose(3) === 0;
  const ways = of([1, 1, 1, 2, 3, 4], 1);
  // The counter of a `for` may go in steps itself.
  const stepped = !independent && choose(3) === 0;
  const group = stepped ? 'i' : `${ways} * i`;
  const e = new Expressions(choose, independent ? others : arrays, ways, group);
  const body: string[] = [];
  const how = choose(2) === 0 ? undefined : of(['+', '+', '*', '&', '|', '^', 'max', 'min', 'if'], '+');
  const turn = choose(ways);
  // Now and then one element of a group is not written.
  for (let k = 0; ways > 1 && k < ways; k++)
    if (choose(8) > 0) body.push(`${target.name}[${group} + ${(k + turn) % ways}] = ${e.value(target.type, 2)};`);
  if (ways === 1 && (how === undefined || choose(5) > 0))
    body.push(`${target.name}[${independent ? 'i' : e.index()}] = ${e.value(target.type, 3)};`);
  let type = of(['int', 'i32', 'f64', 'f32', 'int', 'u32'], 'int');
  if (isFloat(type) && how !== undefined && '&|^'.includes(how)) type = 'i32';
  const x = how === undefined ? '' : e.value(type, 2);
  const start = how === '*' ? 1 : how === 'min' ? 1000 : how === '&' ? 12345 : 0;
  let clause = '';
  if (how === 'max' || how === 'min') body.push(`let m = ${x};`, `if m ${how === 'max' ? '>' : '<'} s { s = m; }`);
  else if (how === 'if') body.push(`if ${e.condition(1)} { s += ${x}; }`);
  else if (how !== undefined) {
    body.push(`s ${how}= ${x};`);
    // Of floats a reduce may add in any order.
    if (independent && !isFloat(type)) clause = ` reduce(${how}: s)`;
  }
  const n = ways === 1 ? 'n' : `n / ${ways}`;
  const step = ways === 1 ? of([2, 3, 7], 2) : ways;
  const end = ways === 1 ? 'n' : `n / ${ways} * ${ways}`;
  const range = stepped
    ? of([`0..${end} step ${step}`, `${ways}..${end} step ${step}`, `0..=${end} - ${ways} step ${step}`], '0..0')
    : of([`0..${n}`, `0..${n}`, `1..${n}`, `3..${n}`, `0..=${n} - 1`], `0..${n}`);
  const result = how === undefined ? '0' : isFloat(type) ? '(s * 1024.0) as int' : 's as int';
  const fn = [
    `fn f${k}(n: int, ${arrays.map((a) => `${a.name}: []${a.type}`).join(', ')}) -> int {`,
    `  var s: ${type} = ${isFloat(type) ? `${start}.0` : `${start} as ${type}`};`,
    `  ${independent ? 'foreach' : 'for'} i in ${range}${clause} {`,
    ...body.map((line) => `    ${line}`),
    '  }',
    `  return ${result};`,
    '}',
  ].join('\n');
  // Slices of one array overlap, at all distances.
  const shared = !independent && choose(2) === 0;
  const call: string[] = [
    '  for round in 0..9 {',
    `    let n = ${of(['round * 5', 'round * 3 + 1', '40 - round * 4'], 'round * 5')};`,
  ];
  const buffers = new Map<string, { readonly name: string; readonly type: string }>();
  const args = arrays.map(({ name, type: t }) => {
    const key = shared ? t : name;
    const known = buffers.get(key);
    const buffer = known ?? { name: `b${buffers.size}`, type: t };
    if (!known) {
      buffers.set(key, buffer);
      const number = `((j * ${of([7, 13, 31, 1], 7)} - ${of([0, 40, 200], 0)}) as ${t})`;
      call.push(`    let ${buffer.name} = new [80]${t};`);
      call.push(`    for j in 0..80 { ${buffer.name}[j] = ${isFloat(t) ? `${number} * 0.25` : number}; }`);
    }
    const from = shared ? of(['0', '0', '1', '2', 'round', '5', '17'], '0') : '0';
    return `${buffer.name}[${from}..${from} + 48]`;
  });
  call.push(`    h = mix(h, f${k}(n, ${args.join(', ')}));`);
  for (const b of buffers.values()) {
    const value = isFloat(b.type) ? `(${b.name}[j] * 1024.0) as int` : `${b.name}[j] as int`;
    call.push(`    for j in 0..80 { h = mix(h, ${value}); }`, `    delete ${b.name};`);
  }
  call.push('  }', `  print("${k} {}", h);`);
  return { fn, call };
};

/** A program with so many loops. */
export const loopProgram = (choose: Choose, loops: number): string => {
  const made = Array.from({ length: loops }, (_, k) => loopOf(choose, k));
  return [
    'fn mix(h: int, x: int) -> int { return (h ^ x) * 1099511628211 + (x >> 13); }',
    ...made.map((l) => l.fn),
    'fn main() {',
    '  var h = 1469598103934665603;',
    ...made.flatMap((l) => l.call),
    '}',
    '',
  ].join('\n');
};

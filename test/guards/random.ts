// Random PG programs that reach for memory near boundaries: pointers made of numbers, forged slices, pointers in structs that are
// overwritten, loops over the end of what is granted, with conditions, prints, calls and other faults between. Every decision
// is taken from a list of numbers, so that fast-check shrinks a program by shrinking the list.
/** Slots of 2^20 bytes with a stack of 64 KiB: the addresses below depend on it. */
export const slotBits = 20;
export const stackBytes = 65536;

const prelude = `struct P { x: int; y: i32; z: i32; w: int; }
struct H { p: *int; q: *P; k: int; }
struct V { v: []int; }
config const which: int = 0;
config const n: int = 6;
config const zero: int = 0;
let limit = n * 2;
var s: int;
var t: int;
var xs: [16]int;
var ys: [16]int;
var words: [16]i32;
var held: H;
var view: V;
co part: [16]int;
fn slot(image: int) -> int { return (image + 1) << ${slotBits}; }
fn base(image: int) -> int { return slot(image) + (&part as int & ${2 ** slotBits - 1}); }
fn top(image: int) -> int { return base(image) + 128; }
fn stack_end(image: int) -> int { return slot(image + 1) - 65536; }
fn heap(image: int) -> int { return stack_end(image) - ${stackBytes}; }
fn forged(address: int, length: int) -> []int {
  var f: V;
  f.v = xs;
  let w = &f as int;
  *(w as *u32) = address as u32;
  *((w + 8) as *int) = length;
  return f.v;
}
fn get(p: *int, k: int) -> int { return p[k]; }
fn put(p: *int, k: int, x: int) { p[k] = x; }
fn fill(p: *int, from: int, to: int) { for i in from..to { p[i] = i; } }
fn total(v: []int) -> int {
  var r = 0;
  for x in v { r += x; }
  return r;
}
fn pass<T>(p: *T) -> T { return *p; }
fn field(p: *P) -> int { return p.x + p.z as int; }
fn deep(p: *int, d: int) -> int {
  if d <= 0 { return *p; }
  return deep(p + 1, d - 1) + *p;
}
fn choose(c: bool, a: *int, b: *int) -> *int { return if c { a } else { b }; }
fn redirect(p: *int) { held.p = p; }
fn loud(x: int) -> int {
  print("loud {}", x);
  return x;
}
`;

interface Scope {
  readonly counters: readonly string[];
  readonly pointers: readonly string[];
  readonly records: readonly string[];
  readonly slices: readonly string[];
  /** Slices of the heap, for delete. */
  readonly blocks: readonly string[];
  readonly depth: number;
  readonly loops: number;
}

class Generator {
  readonly #choices: readonly number[];
  readonly #images: number;
  #at = 0;
  #names = 0;
  #budget = 30;
  runtime = false;

  constructor(choices: readonly number[], images: number) {
    this.#choices = choices;
    this.#images = images;
  }

  pick(n: number): number {
    return (this.#choices[this.#at++] ?? 0) % n;
  }

  from<T>(list: readonly [T, ...T[]]): T {
    return list[this.pick(list.length)] ?? list[0];
  }

  fresh(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  any(list: readonly string[], otherwise: string): string {
    return list[list.length - 1 - this.pick(Math.max(1, list.length))] ?? otherwise;
  }

  /** An address, often next to a boundary. */
  address(): string {
    const me = this.#images - 1;
    const other = 0;
    const bases: [string, ...string[]] = [
      `base(${me})`,
      `base(${me})`,
      `base(${other})`,
      '&xs as int',
      '&part as int + 64',
      `top(${me})`,
      `base(${me})`,
      '&ys as int',
      `slot(${me}) + 65536`,
      `heap(${me})`,
      `slot(${me + 1})`,
      `slot(${me})`,
      '65536',
      '65536 + 4096',
      '0',
      '&held as int',
      '&words as int',
      '(1 << 32) - 16',
      `stack_end(${me}) - 64`,
    ];
    if (this.#images > 1) bases.push(`top(${other})`, `base(${other})`, `heap(${other})`, `slot(${other}) + 65536`);
    return `${this.from(bases)} + ${this.from(['0', '0', '8', '-8', '16', '-16', '-128', '4', '-4', '1', '64', '8 * zero', '-24'])}`;
  }

  pointer(s: Scope): string {
    switch (this.pick(8)) {
      case 0:
        return `((${this.address()}) as *int)`;
      case 1:
        return 'held.p';
      case 2:
        return '(&xs[0])';
      case 3:
        return `choose(${this.condition(s)}, ${this.any(s.pointers, 'held.p')}, &ys[2])`;
      default:
        return this.any(s.pointers, 'held.p');
    }
  }

  slice(s: Scope): string {
    return this.pick(4) === 0 ? this.from(['xs', 'ys', 'view.v', 'part']) : this.any(s.slices, 'view.v');
  }

  small(): string {
    return this.from(['0', '1', '2', '3', '5', '7', '15', '16', '17', 'n', 'limit', 'zero']);
  }

  int(s: Scope): string {
    switch (this.pick(7)) {
      case 0:
        return this.any(s.counters, 'n');
      case 1:
        return 's';
      case 2:
        return `xs[${this.pick(16)}]`;
      case 3:
        return `(t & 7)`;
      case 4:
        return `(${this.int(s)} ${this.from(['+', '-', '*', '^'])} ${this.small()})`;
      default:
        return this.small();
    }
  }

  index(s: Scope): string {
    const i = this.any(s.counters, 'n');
    switch (this.pick(10)) {
      case 0:
      case 1:
      case 2:
        return i;
      case 3:
        return `${i} + ${this.small()}`;
      case 4:
        return `2 * ${i} - ${this.small()}`;
      case 5:
        return `${this.small()} - ${i}`;
      case 6:
        return `${i} * ${this.small()} + ${this.any(s.counters, 'zero')}`;
      case 7:
        return `${i} - 1`;
      case 8:
        return `(s & 15)`;
      default:
        return this.small();
    }
  }

  condition(s: Scope): string {
    const left = this.pick(3) === 0 ? this.int(s) : this.any(s.counters, 's');
    const c = `${left} ${this.from(['<', '<=', '==', '!=', '>', '>='])} ${this.small()}`;
    return this.pick(5) === 0 ? `${c} ${this.from(['&&', '||'])} ${this.read(s)} > 3` : c;
  }

  /** An expression that reads memory. */
  read(s: Scope): string {
    switch (this.pick(11)) {
      case 0:
        return `*${this.pointer(s)}`;
      case 1:
        return `get(${this.pointer(s)}, ${this.index(s)})`;
      case 2:
        return `${this.any(s.records, 'held.q')}.${this.from(['x', 'w', 'x'])}`;
      case 3:
        return `field(${this.any(s.records, 'held.q')})`;
      case 4:
        return `xs[${this.pick(6) === 0 ? this.index(s) : `(${this.index(s)}) & 15`}]`;
      case 5:
        return `(*((${this.address()}) as *${this.from(['u8', 'i32', 'i16', 'u32'])}) as int)`;
      case 6:
        return `pass(${this.pointer(s)})`;
      case 7:
        return `(words[(${this.index(s)}) & 15] as int)`;
      case 8:
        return `${this.slice(s)}[${this.index(s)}]`;
      default:
        return `${this.pointer(s)}[${this.index(s)}]`;
    }
  }

  write(s: Scope): string {
    const value = this.pick(3) === 0 ? this.read(s) : this.int(s);
    switch (this.pick(9)) {
      case 0:
        return `*${this.pointer(s)} ${this.from(['=', '+='])} ${value};`;
      case 1:
        return `put(${this.pointer(s)}, ${this.index(s)}, ${value});`;
      case 2:
        return `${this.any(s.records, 'held.q')}.${this.from(['x', 'w'])} = ${value};`;
      case 3: {
        const type = this.from(['u8', 'u16', 'u32']);
        return `*((${this.address()}) as *${type}) = (${value}) as ${type};`;
      }
      case 4:
        return `${this.slice(s)}[${this.index(s)}] = ${value};`;
      case 5:
        return `ys[${this.pick(6) === 0 ? this.index(s) : `(${this.index(s)}) & 15`}] += ${value};`;
      case 6:
        return `words[(${this.index(s)}) & 15] = (${value}) as i32;`;
      default:
        return `${this.pointer(s)}[${this.index(s)}] ${this.from(['=', '=', '+='])} ${value};`;
    }
  }

  /** Statements as lines; names that they define are visible in what follows. */
  statements(outer: Scope, more: number): string[] {
    let s = outer;
    const lines: string[] = [];
    const block = (head: string, scope: Scope, count: number): void => {
      const inner = this.statements({ ...scope, depth: scope.depth + 1 }, count);
      lines.push(head, ...inner.map((l) => `  ${l}`), '}');
    };
    for (let k = 0; k <= more; k++) {
      if (this.#budget-- <= 0) break;
      switch (this.pick(s.depth > 3 ? 12 : 18)) {
        case 0:
        case 1:
          lines.push(`s += ${this.read(s)};`);
          break;
        case 2:
        case 3:
        case 4:
          lines.push(this.write(s));
          break;
        case 5: {
          const name = this.fresh('p');
          lines.push(`var ${name} = (${this.address()}) as *int;`);
          s = { ...s, pointers: [...s.pointers, name] };
          break;
        }
        case 6: {
          const name = this.fresh('q');
          lines.push(`let ${name} = (${this.address()}) as *P;`);
          s = { ...s, records: [...s.records, name] };
          break;
        }
        case 7: {
          const name = this.fresh('v');
          lines.push(
            `let ${name} = forged(${this.address()}, ${this.from(['16', '17', '18', '1 << 40', '1 << 40', 'zero'])});`,
          );
          s = { ...s, slices: [...s.slices, name] };
          break;
        }
        case 8:
          lines.push(
            this.from([
              `held.p = ${this.pointer(s)};`,
              `held.q = (${this.address()}) as *P;`,
              `redirect(${this.pointer(s)});`,
              `view.v = ${this.any(s.slices, 'xs')};`,
              `*(&held.p as int as *u32) = (${this.address()}) as u32;`,
              `*(&view as int as *u32) = (${this.address()}) as u32;`,
            ]),
          );
          break;
        case 9: {
          const p = s.pointers.at(-1);
          if (p !== undefined)
            lines.push(`${p} = ${this.from([`${p} + 1`, `${p} - 1`, 'held.p', `${p} + ${this.small()}`])};`);
          break;
        }
        case 10:
          lines.push(`print("{} {}", s, ${this.any(s.counters, 't')});`);
          break;
        case 11:
          if (s.loops > 0 && this.pick(3) === 0)
            lines.push(`if ${this.condition(s)} { ${this.from(['break', 'continue'])}; }`);
          else lines.push(this.special(s));
          break;
        case 12:
          block(`if ${this.condition(s)} {`, s, this.pick(3));
          break;
        case 13: {
          if (this.pick(3) > 0) break;
          this.runtime = true;
          const name = this.fresh('h');
          lines.push(`let ${name} = new [${this.from(['4', '64', '5000'])}]int;`);
          s = { ...s, slices: [...s.slices, name], blocks: [...s.blocks, name] };
          if (this.pick(2) === 0) {
            const p = this.fresh('p');
            lines.push(`var ${p} = &${name}[${this.pick(4)}];`);
            s = { ...s, pointers: [...s.pointers, p] };
          }
          break;
        }
        case 14: {
          const b = s.blocks.at(-1);
          if (b !== undefined) lines.push(`delete ${b};`);
          break;
        }
        default:
          this.loop(s, lines, block);
      }
    }
    return lines;
  }

  /** What has more than one access, or none. */
  special(s: Scope): string {
    const p = this.pointer(s);
    switch (this.pick(9)) {
      case 0:
        return `fill(${p}, ${this.small()}, ${this.small()});`;
      case 1:
        return `s += total(${this.slice(s)}[..${this.from(['2', '4', 'n'])}]);`;
      case 2:
        return `s += deep(${p}, ${this.from(['0', '3', 'n'])});`;
      case 3:
        this.runtime = true;
        return `${this.slice(s)}[0..${this.from(['2', '4'])}] = ys[..${this.from(['2', '4'])}];`;
      case 4:
        this.runtime = true;
        return `xs[1..3] = ${this.slice(s)}[${this.from(['0..2', '1..3', '2..4'])}];`;
      case 5:
        return `{ let o = H { p: ${p}, q: nil, k: ${this.small()} }; let c = o; s += c.p[c.k]; }`;
      case 6:
        return `s += ${this.int(s)} / (${this.int(s)});`;
      case 7:
        return `s = s ^ loud(${this.int(s)});`;
      default:
        return `fetch_add(*${p}, 1);`;
    }
  }

  loop(s: Scope, lines: string[], block: (head: string, scope: Scope, count: number) => void): void {
    const i = this.fresh('i');
    const inner = { ...s, counters: [...s.counters, i], loops: s.loops + 1 };
    const p = this.pointer(s);
    const at = this.from([i, i, `${i} + 1`, `2 * ${i}`, `${i} - 1`, `15 - ${i}`]);
    const lo = this.from(['0', '0', '0', '1', 'zero', '-2', this.any(s.counters, '0')]);
    const hi = this.from(['n', 'limit', '16', '17', '18', '4', 'zero', '-1']);
    switch (this.pick(9)) {
      case 6:
        return void lines.push(`for ${i} in ${lo}..${hi} { s += ${p}[${at}]; }`);
      case 7:
        return void lines.push(`for ${i} in ${lo}..${hi} { ${p}[${at}] = ${this.from([i, '7', 's'])}; }`);
      case 8: {
        const v = this.slice(s);
        return void lines.push(
          `for ${i} in ${lo}..${v}.len { ${this.from([`s += ${v}[${i}]`, `${v}[${i}] = ${i}`])}; if ${i} > ${this.small()} { break; } }`,
        );
      }
      case 0:
        block(`for ${i} in ${hi}..${this.from(['-1', '-2', '0'])} step -1 {`, inner, this.pick(3));
        break;
      case 1:
        block(`for ${i} in ${lo}..${hi} step ${this.from(['2', '3', '7'])} {`, inner, this.pick(3));
        break;
      case 2:
        block(`foreach ${i} in ${lo}..${hi} {`, { ...inner, loops: 0 }, 0);
        break;
      default:
        block(`for ${i} in ${lo}..${hi} {`, inner, this.pick(3));
    }
  }
}

export interface RandomProgram {
  readonly text: string;
  readonly attacks: readonly string[];
  /** It makes objects or copies slices: code of the run-time does what no program may. */
  readonly runtime: boolean;
}

/** A program with an attack for each list, which the last of so many images runs if the config `which` is its number. */
export const randomProgram = (lists: readonly (readonly number[])[], images: number): RandomProgram => {
  const attacks = lists.map((choices, k) => {
    const g = new Generator(choices, images);
    const none = { counters: [], pointers: [], records: [], slices: [], blocks: [], depth: 0, loops: 0 };
    const lines = g.statements(none, 10);
    const text = `fn attack${k}() {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
    return { text, runtime: g.runtime };
  });
  const text = `${prelude}${attacks.map((a) => a.text).join('')}fn main() {
  if this_image() == ${images - 1} {
    for i in 0..16 { xs[i] = i; ys[i] = 3 * i; part[i] = 5; }
    held.p = &xs[4];
    held.q = &ys[1] as *P;
    view.v = ys;
${attacks.map((_, k) => `    if which == ${k} { attack${k}(); }\n`).join('')}    print("end {} {}", s, t);
    for i in 0..16 { print("{} {} {} {}", xs[i], ys[i], words[i], part[i]); }
  }
${images > 1 ? '  barrier;\n' : ''}}
`;
  return { text, attacks: attacks.map((a) => a.text), runtime: attacks.some((a) => a.runtime) };
};

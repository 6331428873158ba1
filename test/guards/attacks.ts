// Attack programs (test/guards/attacks/*.pg), and what each must come to. A program has many cases, which differ in the values of
// its configs. What a case must come to stands beside the access that must not happen, or, for many cases of one line, in a table
// at the head, so that no golden can bless a hole by itself:
//
//   *p = 1; //! at=3 => write 4, image 1's private heap      this case ends by a fault at this line
//   *p = 1; //! 3 => write 4, image 1's private heap         the same: a number alone is `at`
//   *p = 1; //! w4                                           a name for this line
//   //| size=4 off=-1 => write 4, image 1's kernel page; w4  a case that ends at the line of this name
//   //| 7 => ok                                              a case that ends well
//   //| 8 => says index out of range; w4                     a fault of another kind
import { readFileSync } from 'node:fs';

export type Expected =
  | { readonly kind: 'ok' }
  | { readonly kind: 'says'; readonly text: string; readonly line: number; readonly image: number }
  | {
      readonly kind: 'guard';
      readonly access: 'read' | 'write';
      /** Of the access; undefined: any number. */
      readonly bytes: number | undefined;
      readonly whose: string;
      readonly line: number;
      readonly image: number;
    };

export interface Case {
  readonly name: string;
  readonly configs: Readonly<Record<string, string>>;
  readonly expected: Expected;
}

export interface Attack {
  readonly images: number;
  readonly stackBytes: number;
  readonly cases: readonly Case[];
}

/** By default the last image attacks; `image 0:` before what is expected says otherwise. */
const expectedOf = (text: string, line: number, images: number): Expected => {
  const by = /^image (\d+): (.*)$/.exec(text);
  const image = by ? Number(by[1]) : images - 1;
  const rest = by?.[2] ?? text;
  if (rest === 'ok') return { kind: 'ok' };
  const says = /^says (.+)$/.exec(rest)?.[1];
  if (says !== undefined) return { kind: 'says', text: says, line, image };
  const [, access, bytes, whose] = /^(read|write) (\d+|any), (.+)$/.exec(rest) ?? [];
  if ((access !== 'read' && access !== 'write') || whose === undefined)
    throw new Error(`an expectation is "write 8, whose", "says text" or "ok", not ${JSON.stringify(rest)}`);
  return { kind: 'guard', access, bytes: bytes === 'any' ? undefined : Number(bytes), whose, line, image };
};

const configsOf = (text: string): Record<string, string> =>
  Object.fromEntries(
    text.split(/\s+/).map((word) => {
      const [name = '', value] = word.split('=');
      return value === undefined ? ['at', name] : [name, value];
    }),
  );

/** Reads the header and the cases of an attack program. */
export const attackOf = (path: string): Attack => {
  const lines = readFileSync(path, 'utf8').split('\n');
  const run = /^\/\/ run: -n (\d+) --stack (\d+)k$/.exec(lines[0] ?? '');
  if (!run) throw new Error(`${path}: the first line says how: // run: -n 2 --stack 64k`);
  const images = Number(run[1]);
  const labels = new Map<string, number>();
  const found: { configs: string; text: string; line: number; label: string | undefined }[] = [];
  lines.forEach((text, k) => {
    const table = /^\s*\/\/\| (.+?) => (.+?)(?:; (\w+))?$/.exec(text);
    if (table) found.push({ configs: table[1] ?? '', text: table[2] ?? '', line: k + 1, label: table[3] });
    const beside = /\/\/! (.+)$/.exec(text)?.[1];
    if (beside === undefined) return;
    for (const part of beside.split(' | ')) {
      const [configs, text] = part.split(' => ');
      if (text === undefined) labels.set(part, k + 1);
      else found.push({ configs: configs ?? '', text, line: k + 1, label: undefined });
    }
  });
  const cases = found.map((f): Case => {
    const line = f.label === undefined ? f.line : labels.get(f.label);
    if (line === undefined) throw new Error(`${path}:${f.line}: no line is called ${f.label}`);
    return { name: f.configs, configs: configsOf(f.configs), expected: expectedOf(f.text, line, images) };
  });
  if (cases.length === 0) throw new Error(`${path}: no cases`);
  return { images, stackBytes: 1024 * Number(run[2]), cases };
};

export interface Verdict {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * What is wrong with a verdict; undefined: nothing. A program may print the address that it is about to reach for
 * as its last line, `at 0x…`: the fault must name it.
 */
export const complaint = (expected: Expected, v: Verdict): string | undefined => {
  if (expected.kind === 'ok') return v.code === 0 && v.err === '' ? undefined : 'should end well';
  if (v.code !== 1) return `should fault, ends with ${v.code}`;
  const [first = '', place = ''] = v.err.split('\n');
  const [, image, text = ''] = /^fault on image (\d+) of \d+: (.*)$/.exec(first) ?? [];
  if (Number(image) !== expected.image) return `should be a fault of image ${expected.image}`;
  const line = /:(\d+):\d+$/.exec(place)?.[1];
  if (Number(line) !== expected.line) return `should fault in line ${expected.line}, not ${line}`;
  if (expected.kind === 'says') return text.includes(expected.text) ? undefined : `should say ${expected.text}`;
  const guard = /^guard fault: (read|write) of (\d+) bytes? at 0x([0-9a-f]+), ((?:in|from) .*)$/.exec(text);
  if (!guard) return 'should be a guard fault';
  const [, access, bytes, address, whose = ''] = guard;
  if (access !== expected.access) return `should be a ${expected.access}`;
  if (expected.bytes !== undefined && Number(bytes) !== expected.bytes) return `should be of ${expected.bytes} bytes`;
  if (!whose.includes(expected.whose)) return `should be at ${expected.whose}`;
  const told = /^at (?:0x)?([0-9a-f]+)$/.exec(v.out.trimEnd().split('\n').at(-1) ?? '')?.[1];
  if (told !== undefined && told !== address) return `should be at address ${told}`;
  return undefined;
};

// The Markdown of doc comments, as data.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Block, blocksOf, type Inline, inlinesOf, summaryOf } from '../../lang/doc-prose.ts';

const paragraph = (text: string): Block => ({ kind: 'paragraph', text });
const plain = (text: string): Inline => ({ kind: 'text', text });

describe('blocks', () => {
  test.each<[string, string, Block[]]>([
    ['paragraphs', 'One\nline.\n\n\nTwo.', [paragraph('One\nline.'), paragraph('Two.')]],
    ['a bar is no table', '|x|.\nMore | of it.', [paragraph('|x|.\nMore | of it.')]],
    ['headings', '## Use\ntext\n#no', [{ kind: 'heading', level: 2, text: 'Use' }, paragraph('text\n#no')]],
    [
      'lists, whose items go on when indented',
      'A:\n- x\n  y\n- z\n1. one\n2. two\nend',
      [
        paragraph('A:'),
        { kind: 'list', ordered: false, items: ['x\ny', 'z'] },
        { kind: 'list', ordered: true, items: ['one', 'two'] },
        paragraph('end'),
      ],
    ],
    ['a number within a sentence begins no list', 'It was\n1996. So.', [paragraph('It was\n1996. So.')]],
    [
      'tables',
      '| a | b |\n|---|:-:|\n| `x` | p \\| q |\nend',
      [{ kind: 'table', head: ['a', 'b'], rows: [['`x`', 'p | q']] }, paragraph('end')],
    ],
    [
      'code, and the line where it begins',
      'A.\n```pg -n 4\nfn\n\n  x\n```\nB.',
      [paragraph('A.'), { kind: 'code', info: 'pg -n 4', text: 'fn\n\n  x', line: 2, closed: true }, paragraph('B.')],
    ],
    [
      'code in longer fences',
      '````text\n```\n````',
      [{ kind: 'code', info: 'text', text: '```', line: 1, closed: true }],
    ],
    [
      'code whose end is missing',
      'A.\n```pg\nfn',
      [paragraph('A.'), { kind: 'code', info: 'pg', text: 'fn', line: 2, closed: false }],
    ],
    [
      'code by indentation',
      'A:\n\n    x\n      y\n\nB.',
      [paragraph('A:'), { kind: 'code', info: 'text', text: 'x\n  y', line: 2, closed: true }, paragraph('B.')],
    ],
  ])('%s', (_, text, blocks) => {
    expect(blocksOf(text)).toEqual(blocks);
  });

  test('come to an end for any text', () => {
    const line = fc.constantFrom(
      '```',
      '````pg',
      '~~~',
      '- a',
      '  b',
      '    c',
      '1. x',
      '| a |',
      '|-|',
      '# h',
      '',
      'text',
      '*',
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        for (const b of blocksOf(lines.join('\n'))) if ('text' in b) inlinesOf(b.text);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('inlines', () => {
  test.each<[string, string, Inline[]]>([
    ['products are not emphasis', 'a * b - p for p = a * b, x*y*z', [plain('a * b - p for p = a * b, x*y*z')]],
    ['powers and names', 'm 2^frexp_exponent(x) * b_c', [plain('m 2^frexp_exponent(x) * b_c')]],
    [
      'marks',
      '*no*, **yes** and `a*b*c`.',
      [
        { kind: 'emphasis', text: 'no' },
        plain(', '),
        { kind: 'strong', text: 'yes' },
        plain(' and '),
        { kind: 'code', text: 'a*b*c' },
        plain('.'),
      ],
    ],
    ['code with a mark in it', '`` a`b ``', [{ kind: 'code', text: 'a`b' }]],
    [
      'links',
      'See [it](https://x.org/a_(b)), https://y.org/z.',
      [
        plain('See '),
        { kind: 'link', text: 'it', href: 'https://x.org/a_(b)' },
        plain(', '),
        { kind: 'link', text: 'https://y.org/z', href: 'https://y.org/z' },
        plain('.'),
      ],
    ],
    ['links that run something are text', '[x](javascript:alert(1))', [plain('[x](javascript:alert(1))')]],
    [
      'and those to elsewhere by tricks',
      '[x](//evil.org) [y](data:text/html,z)',
      [plain('[x](//evil.org) [y](data:text/html,z)')],
    ],
    ['an index with an argument is no link', 'a[i](x y)', [plain('a[i](x y)')]],
  ])('%s', (_, text, parts) => {
    expect(inlinesOf(text)).toEqual(parts);
  });

  test('lose nothing', () => {
    const word = fc.constantFrom('a', ' ', '*', '**', '`', '``', '[', ']', '(', ')', 'http://x.y', '_', '.');
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const letters = (t: string) => t.replace(/[*`[\]() ]/g, '');
        const text = words.join('');
        const shown = inlinesOf(text).map((p) => (p.kind === 'link' && p.text !== p.href ? p.text + p.href : p.text));
        expect(letters(shown.join(''))).toBe(letters(text));
      }),
      { numRuns: 2000 },
    );
  });
});

test('summaries are first sentences', () => {
  expect(summaryOf('The square\nroot. NaN below 0.')).toBe('The square root.');
  expect(summaryOf('a + b exactly (D. E. Knuth, 1969). More.')).toBe('a + b exactly (D. E. Knuth, 1969).');
  expect(summaryOf('Within 0.7 ulp, always')).toBe('Within 0.7 ulp, always');
  expect(summaryOf('```pg\nf();\n```\nAfter.')).toBe('After.');
  expect(summaryOf('')).toBe('');
});

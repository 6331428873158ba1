// What is drawn of modules: goldens of each form for a module with every kind of declaration, and links that lead somewhere.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import { type ModuleDoc, moduleDoc } from '../../lang/doc.ts';
import { examplesIn } from '../../lang/doc-examples.ts';
import { htmlPages } from '../../lang/doc-html.ts';
import { markdownPages } from '../../lang/doc-markdown.ts';
import { type Page, siteOf } from '../../lang/doc-site.ts';
import { script } from '../../lang/doc-style.ts';
import { entryPage, modulePage, modulesList } from '../../lang/doc-text.ts';
import { parse } from '../../lang/parser.ts';

const folder = join(import.meta.dirname, 'modules');
const plain = { color: false, width: 100 };

const docOf = (name: string, text: string, path = `${name}.pg`): ModuleDoc => {
  const source = { id: 0, path, text };
  const { module, diagnostics } = parse(source);
  expect(diagnostics).toEqual([]);
  return moduleDoc(name, source, module, fileHost());
};
const fixture = (name: string): ModuleDoc => docOf(name, readFileSync(join(folder, `${name}.pg`), 'utf8'));
const modules = [fixture('every'), fixture('units')];
const pageOf = (pages: readonly Page[], file: string): string =>
  pages.find((p) => p.file === file)?.text ?? expect.fail(file);

describe('a module', () => {
  const every = modules[0] ?? expect.fail('no module');

  test('has what is for others', () => {
    const names = every.entries.map((e) => e.name);
    for (const name of ['n', 'KIB', 'half', 'inbox', 'grid', 'Point', 'larger', 'alone', 'silent'])
      expect(names).toContain(name);
    for (const name of ['hidden', '_helper', 'main', 'nothing', 'math']) expect(names).not.toContain(name);
  });

  test('has its main if that is documented', () => {
    expect(docOf('x', '/// Runs.\nfn main() { }').entries.map((e) => e.name)).toEqual(['main']);
  });

  test('that offers nothing says so', () => {
    expect(modulePage(docOf('x', 'fn main() { }'), plain)).toContain('declares nothing for others');
    expect(markdownPages([docOf('x', '')], 'Modules')).toHaveLength(2);
    expect(htmlPages([docOf('x', '')], 'Modules')).toHaveLength(2);
  });

  test('on the terminal', async () => {
    await expect(modulePage(every, plain)).toMatchFileSnapshot(join(folder, 'every.txt'));
  });

  test('on a narrow and coloured terminal', () => {
    const text = modulePage(every, { color: true, width: 40 });
    const shown = text.replace(new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g'), '');
    expect(shown).not.toBe(text);
    expect(shown).toContain('\n    The larger one of two.\n');
    expect(
      shown.split('\n').find((l) => l.startsWith('It is only') || l.startsWith('It is *only*'))?.length,
    ).toBeLessThan(41);
  });

  test('one entry, and where it stands', () => {
    const e = every.entries.find((x) => x.name === 'larger') ?? expect.fail('no larger');
    expect(entryPage(every, e, plain)).toMatch(
      /^fn larger<T>\(a: T, b: T\) -> T\n {4}The larger[\s\S]*\nevery\.pg:\d+\n$/,
    );
  });

  test('in a list', () => {
    expect(modulesList(modules, plain)).toBe(
      '  every  One declaration of every kind.\n  units  Units, and who uses them.\n',
    );
  });
});

describe('Markdown', () => {
  const pages = markdownPages(modules, 'Modules');

  test.each(['README.md', 'every.md', 'units.md'])('%s', async (file) => {
    await expect(pageOf(pages, file)).toMatchFileSnapshot(join(folder, file));
  });

  /** The anchors of headings by GitHub's rule, read from the finished page. */
  const anchorsOf = (page: string): Set<string> => {
    const anchors = new Set<string>();
    for (const [, heading = ''] of page.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)) {
      const base = heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-');
      let anchor = base;
      for (let n = 1; anchors.has(anchor); n++) anchor = `${base}-${n}`;
      anchors.add(anchor);
    }
    return anchors;
  };

  test('links lead to headings', () => {
    let links = 0;
    for (const { file, text } of pages) {
      for (const [, page = '', anchor] of text.matchAll(/\]\(([\w.]*)(?:#([\w-]+))?\)/g)) {
        links++;
        const to = page === '' ? file : page;
        if (anchor !== undefined) expect(anchorsOf(pageOf(pages, to)), `${file} links ${to}`).toContain(anchor);
        else pageOf(pages, to);
      }
    }
    expect(links).toBeGreaterThan(30);
  });
});

describe('HTML', () => {
  const pages = htmlPages(modules, 'Modules');

  test.each(['index.html', 'every.html', 'units.html'])('%s', async (file) => {
    await expect(pageOf(pages, file)).toMatchFileSnapshot(join(folder, file));
  });

  test('links lead somewhere, and to http at most', () => {
    let links = 0;
    for (const { file, text } of pages) {
      for (const [, href = ''] of text.matchAll(/href="([^"]*)"/g)) {
        links++;
        if (href.startsWith('https://')) continue;
        const [, page = '', id] = /^([\w.]*)(?:#([\w-]+))?$/.exec(href) ?? expect.fail(href);
        const there = pageOf(pages, page === '' ? file : page);
        if (id !== undefined) expect(there.split(`id="${id}"`), `${file}: ${href}`).toHaveLength(2);
      }
    }
    expect(links).toBeGreaterThan(60);
  });

  test('tags are closed, and nothing is loaded from elsewhere', () => {
    const empty = new Set(['meta', 'input', '!doctype']);
    for (const { text } of pages) {
      const open: string[] = [];
      const body = text.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
      for (const [, slash, name = ''] of body.matchAll(/<(\/?)([\w!]+)[^>]*>/g)) {
        if (empty.has(name)) continue;
        if (slash === '') open.push(name);
        else expect(open.pop()).toBe(name);
      }
      expect(open).toEqual([]);
      expect(text).not.toMatch(/\bsrc=|@import|url\(|<link/);
    }
  });

  test('no text of a program becomes a tag', () => {
    const evil = '</script><script>alert(1)</script><img src=x onerror=alert(1)>"\'';
    const doc = `/// ${evil}\n///\n/// - ${evil}\n///\n/// \`${evil}\`\n///\n/// [x](" onclick="alert(1))`;
    const page = docOf('evil', `//! ${evil}\n${doc}\nconst A = "${evil.replace(/"/g, '\\"')}";\n`, 'evil.pg');
    for (const { text } of htmlPages([page], evil)) {
      expect(text.match(/<script>/g)).toHaveLength(1);
      expect(text).not.toMatch(/<img|<[^>]* onclick/);
    }
  });
});

describe('the search', () => {
  /** As much of a page as the script asks for. */
  const pageWith = (search: string, finds: readonly { readonly find: string; readonly only?: string }[]) => {
    const items = finds.map((dataset) => ({ dataset, hidden: false }));
    const handlers: Record<string, (e: { key: string }) => void> = {};
    const box = {
      value: '',
      hidden: true,
      addEventListener: (event: string, f: (e: { key: string }) => void) => {
        handlers[event] = f;
      },
    };
    const group = { hidden: false, querySelector: () => items.find((i) => !i.hidden) };
    const none = { hidden: true };
    const document = {
      querySelector: (selector: string) => (selector === '[data-none]' ? none : box),
      querySelectorAll: (selector: string) => (selector === '[data-group]' ? [group] : items),
      addEventListener: () => undefined,
    };
    runInNewContext(script, { document, location: { search }, URLSearchParams });
    const type = (text: string) => {
      box.value = text;
      handlers.input?.({ key: '' });
      return items.map((i) => !i.hidden);
    };
    return {
      box,
      group,
      none,
      type,
      press: (key: string) => handlers.keydown?.({ key }),
      shown: () => type(box.value),
    };
  };

  test('shows what has all words, and everything without any', () => {
    const page = pageWith('', [{ find: 'fn sqrt the square root' }, { find: 'fn cbrt the cube root' }]);
    expect(page.box.hidden).toBe(false);
    expect(page.type('')).toEqual([true, true]);
    expect(page.type('ROOT')).toEqual([true, true]);
    expect(page.type(' cube  root ')).toEqual([false, true]);
    expect([page.group.hidden, page.none.hidden]).toEqual([false, true]);
    expect(page.type('root beer')).toEqual([false, false]);
    expect([page.group.hidden, page.none.hidden]).toEqual([true, false]);
    page.press('Escape');
    expect(page.shown()).toEqual([true, true]);
  });

  test('takes words from the address, and shows some entries only when searching', () => {
    const finds = [{ find: 'std.math functions' }, { find: 'std.math.sqrt', only: 'search' }];
    expect(pageWith('?search=sqrt', finds).shown()).toEqual([false, true]);
    expect(pageWith('', finds).shown()).toEqual([true, false]);
  });
});

test('modules of one name have pages of their own', () => {
  const same = [
    docOf('grid', '', 'a/grid.pg'),
    docOf('grid', '', 'b/grid.pg'),
    docOf('Grid', '', 'c/Grid.pg'),
    docOf('index', '', 'index.pg'),
    docOf('../x', '', 'd.pg'),
  ];
  const names = [...siteOf(same, 'index').pages.values()];
  expect(names).toEqual(['grid', 'grid_2', 'Grid_3', 'index_2', '.._x']);
});

test('any text of comments can be drawn', () => {
  const bits = [
    '```pg',
    '```',
    '~~~',
    '- a',
    '1. b',
    '| a | b |',
    '|-|-|',
    '## H',
    '<b>',
    '`x',
    '**',
    '[a](b)',
    '',
    '    c',
    '&',
  ];
  const line = fc.oneof(fc.constantFrom(...bits), fc.string({ unit: 'binary', maxLength: 12 }));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const doc = lines.map((l) => `/// ${l.replace(/[\n\r]/g, ' ')}\n`).join('');
      const text = `${doc.replaceAll('///', '//!')}\n${doc}fn f() { }\n`;
      const m = docOf('x', text);
      modulePage(m, plain);
      expect(markdownPages([m], 'Modules')).toHaveLength(2);
      for (const { text: page } of htmlPages([m], 'Modules'))
        expect(page.match(/<section/g) ?? []).toHaveLength(page.includes('id="f"') ? 1 : 0);
      const source = { id: 0, path: 'x.pg', text };
      for (const e of examplesIn({ name: 'x', source, host: fileHost() }, parse(source).module))
        expect(e.program.split('\n').length).toBeGreaterThan(e.line);
    }),
    { numRuns: 500 },
  );
});

// What every HTML page carries with it: its style, and the script that searches. Pages need nothing from elsewhere, and without
// the script they only lack the search.

export const style = `
:root { color-scheme: light dark; --back: #fff; --text: #1c2024; --faint: #5c6670; --line: #dde1e6; --code: #f4f6f8;
  --link: #0b5cad; --word: #8a3ffc; --string: #0a7a3d; --number: #a3470b; }
@media (prefers-color-scheme: dark) { :root { --back: #14171a; --text: #e3e6e9; --faint: #9aa4ae; --line: #30363d;
  --code: #1d2227; --link: #6cb2ff; --word: #c9a5ff; --string: #7ed69f; --number: #f0a875; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.55 system-ui, sans-serif; display: flex; }
nav { flex: 0 0 16rem; height: 100vh; position: sticky; top: 0; overflow: auto; padding: 1.2rem; border-right: 1px solid var(--line);
  font-size: 0.9rem; }
nav ul { list-style: none; margin: 0.2rem 0 1rem; padding: 0; }
nav h2 { font-size: 0.8rem; margin: 1rem 0 0; color: var(--faint); text-transform: uppercase; letter-spacing: 0.05em; border: 0; }
main { flex: 1; min-width: 0; max-width: 60rem; padding: 1.2rem 2.5rem 4rem; }
a { color: var(--link); text-decoration: none; }
a:hover { text-decoration: underline; }
h1 { font-size: 1.7rem; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 0.8rem; padding-bottom: 0.3rem; border-bottom: 1px solid var(--line); }
h3, h4, h5, h6 { font-size: 1rem; margin: 1.2rem 0 0.4rem; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; background: var(--code); border-radius: 4px; }
code { padding: 0.1em 0.3em; }
pre { padding: 0.6rem 0.8rem; overflow-x: auto; margin: 0.5rem 0; }
pre code { padding: 0; background: none; }
section.entry { margin: 0 0 1.6rem; scroll-margin-top: 1rem; }
section.entry:target > pre { outline: 2px solid var(--link); }
section.entry > :not(pre) { margin-left: 1rem; }
.name { font-weight: 600; color: inherit; }
table { border-collapse: collapse; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 1rem 0.3rem 0; border-bottom: 1px solid var(--line); }
dt { margin-top: 0.4rem; }
dd { margin: 0 0 0 1rem; }
dd p { margin: 0.2rem 0; }
input { width: 100%; padding: 0.4rem 0.6rem; font: inherit; color: inherit; background: var(--code); border: 1px solid var(--line);
  border-radius: 6px; }
.faint, .comment { color: var(--faint); }
.word { color: var(--word); }
.string { color: var(--string); }
.number { color: var(--number); }
[hidden][hidden] { display: none; }
@media (max-width: 50rem) { body { display: block; } nav { height: auto; position: static; border-right: 0; border-bottom: 1px solid
  var(--line); } main { padding: 1.2rem; } }
`.trim();

/** Hides what has not all words that were typed. Elements say what they are found by in \`data-find\`; groups in which nothing is
 * left are hidden with them. \`/\` goes to the search, and the address keeps what was searched for. */
export const script = `
(() => {
  const box = document.querySelector('input[type=search]');
  if (!box) return;
  const items = [...document.querySelectorAll('[data-find]')];
  const groups = [...document.querySelectorAll('[data-group]')];
  const none = document.querySelector('[data-none]');
  const search = () => {
    const words = box.value.toLowerCase().split(/\\s+/).filter(Boolean);
    for (const item of items) item.hidden = !words.every((w) => item.dataset.find.includes(w));
    for (const item of items) if (item.dataset.only === 'search') item.hidden ||= words.length === 0;
    for (const group of groups) group.hidden = !group.querySelector('[data-find]:not([hidden])');
    if (none) none.hidden = items.some((item) => !item.hidden);
  };
  box.hidden = false;
  box.addEventListener('input', search);
  box.addEventListener('keydown', (e) => { if (e.key === 'Escape') { box.value = ''; search(); } });
  document.addEventListener('keydown', (e) => {
    if (e.key === '/' && document.activeElement !== box) { e.preventDefault(); box.focus(); }
  });
  box.value = new URLSearchParams(location.search).get('search') ?? '';
  search();
})();
`.trim();

// A profile as a flame graph (B. Gregg, The Flame Graph, CACM 59(6), 2016), upside down: a page that needs no other file and no network. A frame is
// as wide as the time that was spent in it and in what it calls; what stands below it are calls, then lines; waits are grey.
import type { Profile } from './profile.ts';
import { namesOf, renderProfile, type SourceLine } from './profile-report.ts';

interface Node {
  /** Name; microseconds in all; children; 1: an image waits here. */
  readonly n: string;
  v: number;
  readonly c: Node[];
  readonly w?: 1;
}

const node = (n: string, waits: boolean): Node => ({ n, v: 0, c: [], ...(waits ? { w: 1 as const } : {}) });

const treeOf = (p: Profile): Node => {
  const top = node('all', false);
  const children = new Map<Node, Map<string, Node>>();
  for (const s of p.stacks) {
    top.v += s.time;
    let at = top;
    const names = namesOf(s);
    for (const [k, name] of names.entries()) {
      const below = children.get(at) ?? new Map<string, Node>();
      children.set(at, below);
      const waits = s.waits !== undefined && k === names.length - 1;
      let next = below.get(name);
      if (!next) {
        next = node(name, waits);
        below.set(name, next);
        at.c.push(next);
      }
      next.v += s.time;
      at = next;
    }
  }
  const order = (n: Node): void => {
    n.c.sort((a, b) => (a.n < b.n ? -1 : 1));
    for (const c of n.c) order(c);
  };
  order(top);
  return top;
};

const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

const style = `
body { font: 14px/1.4 system-ui, sans-serif; margin: 1.5em; color: #222; background: #fff; }
h1 { font-size: 1.2em; }
#graph { position: relative; overflow: hidden; border-top: 1px solid #ddd; }
#graph button { position: absolute; height: 19px; border: 0; border-right: 1px solid #fff; padding: 0 3px; font: 12px/19px ui-monospace, monospace;
  text-align: left; overflow: hidden; white-space: nowrap; text-overflow: clip; cursor: pointer; color: #222; }
#graph button:focus { outline: 2px solid #06c; z-index: 1; }
#graph button.dim { opacity: .35; }
#bar { margin: .6em 0; display: flex; gap: 1em; align-items: center; }
#about { min-height: 1.4em; color: #444; }
pre { overflow-x: auto; background: #f6f6f6; padding: 1em; }
@media (prefers-color-scheme: dark) { body { background: #1b1b1b; color: #ddd; } pre { background: #262626; } #about { color: #bbb; } }
`;

// Runs in the browser.
const script = `
const top_ = JSON.parse(document.getElementById('data').textContent);
const graph = document.getElementById('graph'), about = document.getElementById('about'), find = document.getElementById('find');
const row = 20;
let zoom = [top_];
const time = (v) => v >= 1e6 ? (v / 1e6).toFixed(2) + ' s' : (v / 1e3).toFixed(1) + ' ms';
const tell = (n) => { about.textContent = n.n + ': ' + time(n.v) + ', ' + (100 * n.v / top_.v).toFixed(1) + '% of all'; };
const colour = (n) => {
  if (n.w) return 'hsl(210 8% 72%)';
  let h = 0;
  for (const c of n.n) h = (h * 31 + c.codePointAt(0)) >>> 0;
  return 'hsl(' + (15 + h % 45) + ' ' + (70 + h % 20) + '% ' + (62 + h % 12) + '%)';
};
const draw = () => {
  graph.textContent = '';
  const wide = graph.clientWidth, wanted = find.value.toLowerCase(), base = zoom[zoom.length - 1];
  let depth = 0;
  const frame = (n, left, width, level, way) => {
    if (width < 1) return;
    depth = Math.max(depth, level);
    const b = document.createElement('button');
    b.textContent = width > 24 ? n.n : '';
    b.title = n.n + ', ' + time(n.v);
    b.style.cssText = 'left:' + left + 'px;width:' + width + 'px;top:' + level * row + 'px;background:' + colour(n);
    if (wanted && !n.n.toLowerCase().includes(wanted)) b.className = 'dim';
    b.onclick = () => { zoom = way; draw(); tell(n); };
    b.onmouseenter = b.onfocus = () => tell(n);
    graph.append(b);
    if (zoom.includes(n) && n !== base) return;
    let at = left;
    for (const c of n.c) {
      const w = width * c.v / n.v;
      frame(c, at, w, level + 1, [...way, c]);
      at += w;
    }
  };
  zoom.forEach((n, k) => frame(n, 0, wide, k, zoom.slice(0, k + 1)));
  graph.style.height = (depth + 1) * row + 'px';
};
find.oninput = draw;
document.getElementById('whole').onclick = () => { zoom = [top_]; draw(); tell(top_); };
addEventListener('resize', draw);
draw();
tell(top_);
`;

/** The page. */
export const htmlProfile = (p: Profile, source: SourceLine, program: string): string => {
  const data = JSON.stringify(treeOf(p), (key, value: unknown) =>
    key === 'v' && typeof value === 'number' ? Math.round(value) : value,
  ).replace(/</g, '\\u003c');
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Profile of ${escaped(program)}</title>
<style>${style}</style>
<h1>Profile of ${escaped(program)}</h1>
<p>A frame is as wide as the time in it and in what it calls. Below the calls stands the line; grey is waiting. A click makes a frame as wide as the page.</p>
<div id="bar"><label>Find <input id="find" type="search"></label><button id="whole">All</button></div>
<div id="about"></div>
<div id="graph"></div>
<pre>${escaped(renderProfile(p, source))}</pre>
<script type="application/json" id="data">${data}</script>
<script>${script}</script>
</html>
`;
};

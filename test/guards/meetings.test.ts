// Images that come to different collective operations, of which the one would access what the other has not checked: they are told
// so, however the lengths and roots are chosen. These are chosen for the hash of 32 bits that tags of meetings once were: n * 65536 + root,
// the upper half folded into the lower.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { folderWith, removeFolders } from '../cli/pgc.ts';
import { command } from '../cli/resident.ts';

afterAll(removeFolders);

/** Each takes the other for the root: image 1 would write where image 0, which is none for itself, has shown a slice that nobody checked. */
const gathered = `
struct View { v: []int; }
let fixed: [70000]int = filled();
var from: [70000]int;
var into: [140000]int;
fn filled() -> [70000]int {
  var a: [70000]int;
  a[0] = 7;
  return a;
}
// From so many bytes before \`fixed\` on.
fn around(before: int, length: int) -> []int {
  var s: View;
  s.v = fixed[..];
  let w = &s as int;
  *(w as *u32) = *(w as *u32) - before as u32;
  *((w + 8) as *int) = length;
  return s.v;
}
fn main() {
  let n = 4;
  let others = n + 65536;
  if this_image() == 0 {
    gather(around(8 * others, 2 * others), from[0..n], 1);
  } else {
    gather(into[0..2 * others], from[0..others], 0);
  }
  if this_image() == 0 { print("{}", fixed[0]); }
}
`;

describe('meetings that differ', () => {
  test.each(['all', 'opt'])(
    'a gather with two roots and two lengths, guards %s',
    { timeout: 200_000 },
    async (guards) => {
      const folder = folderWith();
      writeFileSync(join(folder, 'meet.pg'), gathered);
      const { code, out, err } = await command(['run', 'meet.pg', '-n', '2', `--guards=${guards}`], { cwd: folder });
      expect(err).toMatch(
        /fault on image \d of 2: images have come to different meetings: `gather` here, `gather` of another/,
      );
      expect({ code, out }).toEqual({ code: 1, out: '' });
    },
  );
});

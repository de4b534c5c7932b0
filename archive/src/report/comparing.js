// Texts of papers and records compared and looked through, for the exception page and for the console: values in,
// values out. The console is given an `export` behind it.

// What has no look of its own or turns the direction of what follows.
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;

// The longest texts that are compared character by character.
const COMPARED = 400;

// Which characters of two texts differ: the parts of both, equal and not, in turn.
function disagreement(left, right) {
  const a = Array.from(left);
  const b = Array.from(right);
  if (a.length > COMPARED || b.length > COMPARED) return [{ equal: false, left: a, right: b }];
  // The longest common subsequence, from the end.
  const width = b.length + 1;
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] = a[i] === b[j]
        ? lengths[(i + 1) * width + j + 1] + 1
        : Math.max(lengths[(i + 1) * width + j], lengths[i * width + j + 1]);
    }
  }
  const parts = [];
  const take = (equal, x, y) => {
    let part = parts.at(-1);
    if (!part || part.equal !== equal) parts.push((part = { equal, left: [], right: [] }));
    part.left.push(...x);
    part.right.push(...y);
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) take(true, [a[i++]], [b[j++]]);
    else if (j >= b.length || (i < a.length && lengths[(i + 1) * width + j] >= lengths[i * width + j + 1])) {
      take(false, [a[i++]], []);
    } else take(false, [], [b[j++]]);
  }
  return parts;
}

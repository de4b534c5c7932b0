// How texts get onto the page: always as text, never as markup.

// What has no look of its own or turns the direction of what follows.
const INVISIBLE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/u;

// An element with attributes and children; `on…` are listeners, texts become text nodes.
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// A character of a foreign text, made visible where it is not.
function visible(character) {
  if (!INVISIBLE.test(character)) return document.createTextNode(character);
  const code = "U+" + character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0");
  return make("span", { class: "control", title: say("control", { code }) }, code);
}

// A text from papers or records: apart from what is around it in direction, with nothing hidden.
function foreign(text) {
  const box = make("bdi");
  let plain = "";
  for (const character of String(text)) {
    if (!INVISIBLE.test(character)) {
      plain += character;
      continue;
    }
    if (plain) box.append(plain);
    plain = "";
    box.append(visible(character));
  }
  if (plain) box.append(plain);
  return box;
}

// The same as plain text, for attributes.
function foreignText(text) {
  return foreign(text).textContent;
}

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

// One side of a disagreement, with what differs marked.
function marked(parts, side) {
  const box = make("bdi");
  for (const part of parts) {
    if (part[side].length === 0) {
      // Where the other side has more, so that a missing character is seen, too.
      box.append(make("mark", { class: "gap", "aria-hidden": "true" }, "‸"));
      continue;
    }
    const text = part.equal ? make("span") : make("mark");
    for (const character of part[side]) text.append(visible(character));
    text.normalize();
    box.append(text);
  }
  return box;
}

// The pairs that differ in words, for those who do not see the marks.
function differences(parts) {
  const PAIRS = 6;
  const list = make("span");
  const pairs = parts.filter((part) => !part.equal);
  pairs.slice(0, PAIRS).forEach((part, index) => {
    const of = (characters) => (characters.length ? foreign(characters.join("")) : make("i", {}, say("gap")));
    list.append(index ? "; " : "", of(part.left), " → ", of(part.right));
  });
  if (pairs.length > PAIRS) list.append(" …");
  return list;
}

const SHAPES = { critical: "⬢", major: "▲", minor: "●" };

// A severity by word, shape and colour.
function severityBadge(severity) {
  return make("span", { class: `severity ${severity}` },
    make("span", { class: "shape", "aria-hidden": "true" }, SHAPES[severity] ?? "?"), say(severity));
}

// A number as the page's language writes it.
function number(value, digits = 0) {
  return value.toLocaleString(WORDS[language].languageCode, { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

// Counts `items` by the keys that `key` gives.
function countBy(items, key) {
  const counts = new Map();
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1);
  return counts;
}

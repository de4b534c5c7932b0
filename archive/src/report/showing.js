// How texts get onto the page: always as text, never as markup.

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

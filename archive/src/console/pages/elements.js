// Elements, and requests to the API. Text becomes text nodes: nothing that comes from the archive is taken for markup.

import { INVISIBLE } from './comparing.js';
import { language, say } from './words.js';

/** An element with attributes and children; strings become text. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === 'function') made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, '');
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, String(value));
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

/** Foreign text in an element of its own, so that its direction turns nothing around it. */
export function foreign(text) {
  return element('bdi', {}, visible(text));
}

/** Control characters and marks of direction as pictures: what cannot be seen deceives. */
export function visible(text) {
  const shown = (c) => (c < ' ' ? String.fromCharCode(0x2400 + c.charCodeAt(0))
    : `[U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}]`);
  return Array.from(String(text ?? '–'), (c) => (INVISIBLE.test(c) ? shown(c) : c)).join('');
}

/** Pairs of a name and a value. */
export function facts(pairs) {
  return element('dl', {}, pairs.filter(([, value]) => value !== null && value !== undefined && value !== '').flatMap(([name, value]) =>
    [element('dt', {}, say(name)), element('dd', {}, value instanceof Node ? value : visible(value))]));
}

/** A table; cells are text or elements. The cells of a `number` or `whole` column stay on one line. */
export function table(caption, columns, rows) {
  const kind = (column) => (column.number ? 'number' : column.whole ? 'whole' : null);
  const head = columns.map((column) => element('th', { scope: 'col', class: kind(column) }, say(column.name)));
  const body = rows.map((row) => element('tr', {}, row.map((cell, i) =>
    element('td', { class: kind(columns[i]) }, cell instanceof Node ? cell : visible(cell)))));
  return element('div', { class: 'scroll' }, element('table', {}, caption ? element('caption', {}, caption) : null,
    element('thead', {}, element('tr', {}, head)), element('tbody', {}, body)));
}

const SVG = 'http://www.w3.org/2000/svg';

/** An element of a drawing. */
export function drawn(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  made.append(...children);
  return made;
}

/** A moment as people write it here. */
export function moment(text) {
  return text ? new Intl.DateTimeFormat(language(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(text)) : '–';
}

/** A day. */
export function day(text) {
  return text ? new Intl.DateTimeFormat(language(), { dateStyle: 'medium' }).format(new Date(text)) : '–';
}

/** Says something briefly, also to those who listen. */
export function announce(text) {
  const place = document.getElementById('said');
  place.textContent = text;
  setTimeout(() => { if (place.textContent === text) place.textContent = ''; }, 4000);
}

/** A problem as the API tells it (RFC 9457). */
export class Problem extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title ?? 'no answer');
    this.problem = problem;
  }

  shown() {
    const { title, detail, advice, status } = this.problem;
    return element('section', { class: 'card problem', role: 'alert' }, element('h3', {}, `${status ?? ''} ${title ?? ''}`),
      element('p', {}, foreign(detail ?? this.message)), advice ? element('p', { class: 'soft' }, `${say('advice')}: ${advice}`) : null);
  }
}

/** Asks the API. Fails with a `Problem`. */
export async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, credentials: 'same-origin' });
  } catch {
    throw new Problem({ title: 'No answer', detail: 'the console does not answer', advice: 'see whether `archive serve` still runs' });
  }
  if (answer.ok || answer.status === 304) return answer;
  throw new Problem(await answer.json().catch(() => ({ status: answer.status, title: answer.statusText })));
}

export async function askJson(path, options) {
  return (await ask(path, options)).json();
}

export function postJson(path, value) {
  return ask(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(value) });
}

// A plan of moves, played step by step on the map: from before the first to after the last.

import { ask, askJson, drawn, element, facts, foreign, table } from './elements.js';
import { say } from './words.js';
import { drawingOf } from './room.js';

const EVERY = 900;
const LISTED = 500;

/** The middle of the cell that a slot is in, on the map that shows its site. */
function cellOf(drawing, slot) {
  const [site, room, bank, column, , , level] = slot.split('/');
  const cell = drawing.querySelector(`[data-bank="${CSS.escape(`${site}/${room}/${bank}`)}"][data-column="${CSS.escape(column)}"] [data-level="${CSS.escape(level)}"]`);
  if (!cell) return null;
  const number = (name) => Number(cell.getAttribute(name));
  return { x: number('x'), y: number('y'), width: number('width'), height: number('height') };
}

function marked(cell, kind) {
  return drawn('rect', { class: `move ${kind}`, x: cell.x - 2, y: cell.y - 2, width: cell.width + 4, height: cell.height + 4, rx: 4 });
}

/** What one step shows: where the box is taken from, where it goes, and how many boxes each cell gained or lost so far. */
function overlay(drawing, moves, step) {
  const group = drawn('g', { class: 'overlay' });
  const change = new Map();
  for (const move of moves.slice(0, step)) {
    for (const [slot, by] of [[move.from, -1], [move.to, 1]]) {
      if (!slot) continue;
      const key = slot.split('/').filter((_, i) => i !== 4 && i !== 5 && i !== 7).join('/');
      const known = change.get(key) ?? { slot, by: 0 };
      change.set(key, { slot, by: known.by + by });
    }
  }
  for (const { slot, by } of change.values()) {
    const cell = by !== 0 && cellOf(drawing, slot);
    if (cell) group.append(drawn('text', { class: `change ${by > 0 ? 'gain' : 'loss'}`, x: cell.x + cell.width - 3, y: cell.y + 26, 'text-anchor': 'end' }, by > 0 ? `+${by}` : `−${-by}`));
  }
  const now = moves[step - 1];
  if (now) {
    const [from, to] = [now.from && cellOf(drawing, now.from), cellOf(drawing, now.to)];
    if (from) group.append(marked(from, 'taken'));
    if (to) group.append(marked(to, 'put'));
    if (from && to) {
      const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height / 2, to.x + to.width / 2, to.y + to.height / 2];
      group.append(drawn('line', { class: 'way', x1, y1, x2, y2 }), drawn('circle', { class: 'end', cx: x2, cy: y2, r: 6 }));
    }
  }
  return group;
}

export async function play({ parts, query, signal }) {
  const keys = await askJson('/api/v1/relocations', { signal });
  if (keys.length === 0) return [element('h2', {}, say('moves')), element('p', {}, say('noPlans'))];
  const key = keys.includes(parts[0]) ? parts[0] : keys.at(-1);
  const plan = await askJson(`/api/v1/relocations/${encodeURIComponent(key)}`, { signal });
  const { moves } = plan;
  const choose = element('select', { change: () => { location.hash = `#/moves/${encodeURIComponent(choose.value)}`; } },
    keys.map((k) => element('option', { value: k, selected: k === key }, k)));
  const drawings = new Map();
  const place = element('div', { class: 'drawing' });
  const words = element('p', { 'aria-live': 'polite' });
  const slider = element('input', { type: 'range', min: 0, max: moves.length, value: Number(query.get('step')) || 0, 'aria-label': say('step'), input: () => show() });
  let timer = null;
  const button = element('button', { type: 'button', class: 'main', click: () => (timer ? pause() : begin()) }, say('play'));
  const pause = () => { clearInterval(timer); timer = null; button.textContent = say('play'); };
  const begin = () => {
    if (Number(slider.value) >= moves.length) slider.value = 0;
    button.textContent = say('pause');
    timer = setInterval(() => {
      slider.value = Number(slider.value) + 1;
      show();
      if (Number(slider.value) >= moves.length) pause();
    }, EVERY);
  };
  signal.addEventListener('abort', pause);
  const drawingFor = async (slot) => {
    const site = slot.split('/')[0];
    if (!drawings.has(site)) {
      const answer = await ask(`/api/v1/sites/${encodeURIComponent(site)}/map.svg`, { signal });
      drawings.set(site, drawingOf(await answer.text()));
    }
    return drawings.get(site);
  };
  const show = async () => {
    const step = Number(slider.value);
    const now = moves[step - 1];
    if (now) words.replaceChildren(`${say('step')} ${step} / ${moves.length}: `, foreign(now.box), ` · ${now.from ?? '?'} → ${now.to}${now.state ? ` · ${say(now.state)}` : ''}`);
    else words.replaceChildren(say('before'));
    const drawing = await drawingFor((now ?? moves[0]).to);
    if (Number(slider.value) !== step) return;
    drawing.querySelector('.overlay')?.remove();
    drawing.append(overlay(drawing, moves, step));
    place.replaceChildren(drawing);
  };
  if (moves.length > 0) await show();
  const columns = [{ name: 'step', number: true }, { name: 'box' }, { name: 'from' }, { name: 'to' }, { name: 'state', whole: true }];
  return [element('h2', {}, say('moves')), element('form', {}, element('label', {}, say('plan'), choose),
    element('label', { class: 'wide' }, say('step'), slider), button),
  words, place, element('section', { class: 'card' }, facts([['moves', plan.all], ['openings', plan.openings]])),
  table(null, columns, moves.slice(0, LISTED).map((m, i) => [i + 1, foreign(m.box), m.from, m.to, m.state ? say(m.state) : '']))];
}

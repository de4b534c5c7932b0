// The room as it is now, each box of a column, and inventories.

import { announce, ask, askJson, element, facts, foreign, moment, table, visible } from './elements.js';
import { say } from './words.js';

const EVERY = 2000;

/** Does `step` again and again while the page is shown. */
function follow(signal, step) {
  const timer = setInterval(() => { if (!document.hidden) step().catch((error) => announce(error.message)); }, EVERY);
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** The server's drawing as elements; it draws, this only shows. */
export function drawingOf(text) {
  const parsed = new DOMParser().parseFromString(text, 'image/svg+xml').documentElement;
  return document.importNode(parsed, true);
}

export async function map({ parts, query, signal }) {
  const sites = await askJson('/api/v1/sites', { signal });
  if (sites.length === 0) return [element('h2', {}, say('room')), element('p', {}, say('noSites'))];
  const site = sites.find((s) => s.site === parts[0]) ?? sites[0];
  const heat = query.get('shows') === 'heat';
  const go = () => { location.hash = `#/room/${encodeURIComponent(choose.value)}?shows=${shows.value}`; };
  const choose = element('select', { change: go }, sites.map((s) => element('option', { value: s.site, selected: s === site }, s.site)));
  const shows = element('select', { change: go }, ['states', 'heat'].map((name) => element('option', { value: name, selected: (name === 'heat') === heat }, say(name))));
  const place = element('div', { class: 'drawing' });
  const details = element('section', { 'aria-live': 'polite' }, element('p', { class: 'soft' }, say('chooseColumn')));
  const path = `/api/v1/sites/${encodeURIComponent(site.site)}/map.svg?shows=${heat ? 'heat' : 'states'}`;
  let tag = null;
  const draw = async () => {
    const answer = await ask(path, { signal, headers: tag ? { 'if-none-match': tag } : {} });
    if (answer.status === 304) return;
    tag = answer.headers.get('etag');
    // What is being looked at keeps the keyboard.
    const held = document.activeElement?.closest?.('[data-column]')?.dataset;
    place.replaceChildren(drawingOf(await answer.text()));
    if (held?.column) place.querySelector(`[data-bank="${CSS.escape(held.bank)}"][data-column="${CSS.escape(held.column)}"] [role="button"]`)?.focus();
  };
  const open = async (target) => {
    const column = target.closest('[data-column]');
    if (!column) return;
    const [, room, bank] = column.dataset.bank.split('/');
    const names = [site.site, room, bank, column.dataset.column].map(encodeURIComponent);
    try {
      const slots = await askJson(`/api/v1/sites/${names[0]}/rooms/${names[1]}/banks/${names[2]}/columns/${names[3]}`);
      details.replaceChildren(...columnShown(column.dataset, slots, heat));
      details.scrollIntoView({ block: 'start' });
    } catch (error) { announce(error.message); }
  };
  place.addEventListener('click', (event) => open(event.target));
  place.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); open(event.target); }
  });
  await draw();
  follow(signal, draw);
  const figures = [['slots', site.slots], ['free', site.free], ['boxes', site.boxes], ['files', site.files]].map(([name, value]) =>
    element('div', { class: 'card' }, element('b', {}, value), say(name)));
  return [element('h2', {}, say('room')), element('form', {}, element('label', {}, say('site'), choose), element('label', {}, say('shows'), shows)),
    element('div', { class: 'figures' }, figures), place, details];
}

/** Every slot of a column as it stands, by state or by how often its box was fetched: a picture for each side, the highest level first, bay beside bay. */
function columnShown(name, slots, heat) {
  const shown = element('div', { class: 'card chosen' }, element('p', { class: 'soft' }, say('chooseBox')));
  const order = new Intl.Collator('en', { numeric: true }).compare;
  const sides = new Map();
  for (const slot of slots) {
    const [, , , , side, bay, level] = slot.slot.split('/');
    if (!sides.has(side)) sides.set(side, new Map());
    const levels = sides.get(side);
    if (!levels.has(level)) levels.set(level, new Map());
    const bays = levels.get(level);
    bays.set(bay, [...(bays.get(bay) ?? []), slot]);
  }
  const show = (slot) => {
    const full = slot.spine_mm ? `${Math.round((100 * slot.filled_mm) / slot.spine_mm)} %` : null;
    const box = slot.box_number && element('a', { href: `#/search?${new URLSearchParams({ words: slot.slot })}` }, visible(slot.box_number));
    shown.replaceChildren(facts([['slot', slot.slot], ['state', say(slot.state)], ['box', box], ['files', slot.box_number ? slot.files : null],
      ['full', full], ['fetched', slot.box_number ? slot.loans : null], ['seenAt', slot.seen], ['lastSeen', slot.seen_at && moment(slot.seen_at)]]));
  };
  const words = (slot) => `${slot.slot}: ${say(slot.state)}${slot.box_number ? ` · ${say('fetched')} ${slot.loans}` : ''}`;
  const button = (slot) => element('button', { type: 'button', class: heat ? `box heat-${slot.heat}` : `box ${slot.state}`, 'aria-label': words(slot),
    title: words(slot), click: () => show(slot) }, heat ? (slot.box_number ? slot.loans : '') : Array.from(say(slot.state))[0]);
  const sorted = (map) => [...map].sort(([a], [b]) => order(a, b));
  const pictures = sorted(sides).map(([side, levels]) => {
    const all = [...new Set([...levels.values()].flatMap((bays) => [...bays.keys()]))].sort(order);
    const head = element('tr', {}, element('td'), all.map((bay) => element('th', { scope: 'col' }, `${say('bay')} ${bay}`)));
    const rows = sorted(levels).reverse().map(([level, bays]) => element('tr', {}, element('th', { scope: 'row' }, `${say('level')} ${level}`),
      all.map((bay) => element('td', {}, element('div', { class: 'boxes' }, (bays.get(bay) ?? []).map(button))))));
    return element('div', { class: 'scroll' }, element('table', { class: 'side' }, element('caption', {}, `${say('side')} ${side}`), element('tbody', {}, head, rows)));
  });
  return [element('h3', {}, `${say('column')} ${name.column} · `, foreign(name.bank)), shown, ...pictures];
}

export async function inventory({ signal }) {
  const place = element('div', { 'aria-live': 'polite' });
  const begin = element('button', { type: 'button', class: 'main', click: async () => {
    if (!confirm(say('beginSure'))) return;
    try {
      await ask('/api/v1/inventories', { method: 'POST' });
      announce(say('begun'));
      await fill();
    } catch (error) { announce(error.message); }
  } }, say('begin'));
  const fill = async () => {
    const { running, latest } = await askJson('/api/v1/inventories', { signal });
    begin.disabled = running !== null;
    const now = running
      ? element('section', { class: 'card' }, element('h3', {}, say('running')),
        element('progress', { max: running.aisles, value: running.read, 'aria-label': say('read') }),
        facts([['when', moment(running.begun)], ['read', `${running.read} / ${running.aisles}`], ['aisle', running.at], ['boxes', running.boxes]]))
      : element('p', { class: 'soft' }, say('notRunning'));
    const columns = [{ name: 'when', whole: true }, ...['present', 'misplaced', 'missing', 'unverified'].map((name) => ({ name, number: true })), { name: 'key' }];
    place.replaceChildren(now, table(say('latest'), columns,
      latest.map((i) => [moment(i.when), i.present, i.misplaced, i.missing, i.unverified, foreign(i.key)])));
  };
  await fill();
  follow(signal, fill);
  return [element('h2', {}, say('inventory')), element('div', { class: 'actions' }, begin), place];
}

// Loans along time, those that are out and those that came back.

import { askJson, day, drawn, element, foreign, table, visible } from './elements.js';
import { say } from './words.js';

const ROW = 26;
const LEFT = 230;
const WIDTH = 1000;
// Beside the last day there is room for a number of days.
const RIGHT = 70;
const DRAWN = 60;

/** When a loan ends on the line: when it came back, or is due, or today where that is later. */
function endOf(loan, now) {
  return loan.returned ? Date.parse(loan.returned) : Math.max(now, Date.parse(loan.due ?? loan.lent));
}

/** A bar from the day of lending to the day it is due, or came back before; what lies beyond is late. */
function barOf(loan, x, top, now) {
  const [lent, end] = [Date.parse(loan.lent), endOf(loan, now)];
  const due = Math.min(Date.parse(loan.due ?? loan.lent), loan.returned ? end : Infinity);
  const kind = loan.returned ? 'line back' : 'line';
  const words = `${visible(loan.borrower)}: ${day(loan.lent)} – ${loan.returned ? day(loan.returned) : say('out')}`;
  const bars = [drawn('rect', { class: kind, x: x(lent), y: top + 3, width: Math.max(x(due) - x(lent), 2), height: 14, rx: 3 }, drawn('title', {}, words))];
  if (loan.days_overdue !== null) {
    const late = loan.returned ? end : now;
    bars.push(drawn('rect', { class: 'line late', x: x(due), y: top + 6, width: Math.max(x(late) - x(due), 2), height: 8 }));
    if (!loan.returned) bars.push(drawn('text', { class: 'days', x: x(now) + 6, y: top + 15 }, `✕ ${loan.days_overdue}`));
  }
  return bars;
}

/** From when to when each file was out, a row for each. */
function timeLine(loans) {
  const now = Date.now();
  const files = new Map();
  for (const loan of loans) files.set(loan.reference, [...(files.get(loan.reference) ?? []), loan]);
  const rows = [...files].slice(0, DRAWN);
  const shown = rows.flatMap(([, of]) => of);
  const begins = Math.min(...shown.map((loan) => Date.parse(loan.lent)));
  const ends = Math.max(now, ...shown.map((loan) => endOf(loan, now)));
  const x = (time) => LEFT + ((WIDTH - LEFT - RIGHT) * (time - begins)) / Math.max(ends - begins, 1);
  const height = rows.length * ROW + 70;
  const bottom = height - 34;
  const picture = drawn('svg', { viewBox: `0 0 ${WIDTH} ${height}`, class: 'timeline', role: 'img', 'aria-label': say('loans') });
  for (let i = 0; i <= 4; i += 1) {
    const at = begins + ((ends - begins) * i) / 4;
    picture.append(drawn('line', { class: 'grid', x1: x(at), x2: x(at), y1: 24, y2: bottom }),
      drawn('text', { x: x(at), y: 16, 'text-anchor': i === 4 ? 'end' : i === 0 ? 'start' : 'middle' }, day(at)));
  }
  rows.forEach(([reference, of], i) => {
    const top = 30 + i * ROW;
    const name = visible(reference);
    picture.append(drawn('text', { x: 8, y: top + 14 }, name.length > 30 ? `${name.slice(0, 29)}…` : name),
      ...of.flatMap((loan) => barOf(loan, x, top, now)));
  });
  picture.append(drawn('line', { class: 'today', x1: x(now), x2: x(now), y1: 20, y2: bottom }));
  ['out', 'back', 'beyond'].forEach((name, i) => {
    const left = LEFT + i * 200;
    const kind = { out: 'line', back: 'line back', beyond: 'line late' }[name];
    picture.append(drawn('rect', { class: kind, x: left, y: height - 22, width: 26, height: name === 'beyond' ? 8 : 14, rx: 3 }),
      drawn('text', { x: left + 34, y: height - 11 }, say(name)));
  });
  return picture;
}

export async function list({ query, signal }) {
  const returned = query.get('returned') !== 'false';
  const loans = await askJson(`/api/v1/loans?returned=${returned}`, { signal });
  const form = element('form', { submit: (event) => event.preventDefault() }, element('label', {}, say('returnedToo'),
    element('input', { type: 'checkbox', checked: returned, change: () => { location.hash = `#/loans?returned=${!returned}`; } })));
  const head = [element('h2', {}, say('loans')), form];
  if (loans.length === 0) return [...head, element('p', {}, say('nothing'))];
  const columns = [{ name: 'reference' }, { name: 'borrower' }, { name: 'purpose' }, { name: 'lent', whole: true }, { name: 'due', whole: true },
    { name: 'cameBack', whole: true }, { name: 'late', number: true }];
  const late = (loan) => (loan.days_overdue === null ? '' : loan.returned ? loan.days_overdue : element('b', { class: 'bad' }, `✕ ${loan.days_overdue}`));
  const rows = loans.map((l) => [element('a', { href: `#/record/${encodeURIComponent(l.reference)}` }, visible(l.reference)),
    foreign(l.borrower), foreign(l.purpose), day(l.lent), day(l.due), l.returned ? `✓ ${day(l.returned)}` : say('out'), late(l)]);
  return [...head, timeLine(loans), table(`${say('found')} ${loans.length}`, columns, rows)];
}

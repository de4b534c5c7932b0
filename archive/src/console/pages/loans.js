// Loans along time, and how complete all files are.

import { askJson, day, drawn, element, foreign, table, visible } from './elements.js';
import { say } from './words.js';

const ROW = 26;
const LEFT = 230;
const WIDTH = 1000;
// Beside the last day there is room for a number of days.
const RIGHT = 70;
const DRAWN = 60;

/** From when to when each file is out: a bar to the day it is due, hatched red beyond. */
function timeLine(loans) {
  const now = Date.now();
  const drawnLoans = loans.slice(0, DRAWN);
  const begins = Math.min(...drawnLoans.map((l) => Date.parse(l.lent)));
  const ends = Math.max(now, ...drawnLoans.map((l) => Date.parse(l.due ?? l.lent)));
  const x = (time) => LEFT + ((WIDTH - LEFT - RIGHT) * (time - begins)) / Math.max(ends - begins, 1);
  const height = drawnLoans.length * ROW + 44;
  const picture = drawn('svg', { viewBox: `0 0 ${WIDTH} ${height}`, class: 'timeline', role: 'img', 'aria-label': say('loans') });
  for (let i = 0; i <= 4; i += 1) {
    const at = begins + ((ends - begins) * i) / 4;
    picture.append(drawn('line', { class: 'grid', x1: x(at), x2: x(at), y1: 24, y2: height }),
      drawn('text', { x: x(at), y: 16, 'text-anchor': i === 4 ? 'end' : i === 0 ? 'start' : 'middle' }, day(at)));
  }
  drawnLoans.forEach((loan, i) => {
    const top = 30 + i * ROW;
    const due = Date.parse(loan.due ?? loan.lent);
    const name = visible(loan.reference);
    picture.append(drawn('text', { x: 8, y: top + 14 }, name.length > 30 ? `${name.slice(0, 29)}…` : name),
      drawn('rect', { class: 'line', x: x(Date.parse(loan.lent)), y: top + 3, width: Math.max(x(due) - x(Date.parse(loan.lent)), 2), height: 14, rx: 3 }));
    if (due < now) {
      picture.append(drawn('rect', { class: 'line late', x: x(due), y: top + 6, width: Math.max(x(now) - x(due), 2), height: 8 }),
        drawn('text', { class: 'days', x: x(now) + 6, y: top + 15 }, `✕ ${loan.days_overdue}`));
    }
  });
  picture.append(drawn('line', { class: 'today', x1: x(now), x2: x(now), y1: 20, y2: height }));
  return picture;
}

export async function list({ signal }) {
  const loans = await askJson('/api/v1/loans', { signal });
  if (loans.length === 0) return [element('h2', {}, say('loans')), element('p', {}, say('nothing'))];
  const columns = [{ name: 'reference' }, { name: 'borrower' }, { name: 'purpose' }, { name: 'lent', whole: true }, { name: 'due', whole: true }, { name: 'late', number: true }];
  const rows = loans.map((l) => [element('a', { href: `#/record/${encodeURIComponent(l.reference)}` }, visible(l.reference)),
    foreign(l.borrower), foreign(l.purpose), day(l.lent), day(l.due), l.days_overdue === null ? '' : element('b', { class: 'bad' }, `✕ ${l.days_overdue}`)]);
  return [element('h2', {}, say('loans')), timeLine(loans), table(`${say('found')} ${loans.length}`, columns, rows)];
}

export async function completeness({ signal }) {
  const matrix = await askJson('/api/v1/completeness', { signal });
  const names = ['files', 'complete', 'complete_with_deferrals', 'unverified', 'incomplete'];
  const figures = names.map((name) => element('div', { class: 'card' }, element('b', {}, matrix.figures[name]), say(name.replaceAll('_', '-'))));
  const states = ['present', 'deferred', 'overdue', 'missing', 'unverified'];
  const columns = [{ name: 'neededPaper' }, ...states.map((name) => ({ name, number: true }))];
  const processes = matrix.processes.filter((p) => p.figures.files > 0).map((p) => element('section', {},
    element('h3', {}, foreign(p.name), ` · ${p.figures.files} ${say('files')}`),
    table(null, columns, p.papers.map((paper) => [foreign(paper.paper), ...states.map((s) =>
      element('span', { class: paper[s] > 0 && (s === 'missing' || s === 'overdue') ? 'bad' : null }, paper[s]))]))));
  return [element('h2', {}, say('completeness')), element('p', { class: 'soft' }, `${matrix.policy} · ${matrix.day}`),
    element('div', { class: 'figures' }, figures), ...processes];
}

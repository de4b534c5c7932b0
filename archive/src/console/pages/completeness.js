// How complete files are: all of them by process and paper, and customer by customer.

import { askJson, element, foreign, Problem, table, visible } from './elements.js';
import { say } from './words.js';

const LIMIT = 50;
const STATES = ['present', 'deferred', 'overdue', 'missing', 'unverified'];
const COLOURS = { present: 'good', deferred: 'doubt', overdue: 'bad', missing: 'bad', unverified: 'doubt' };

/** The figures of all files, and for each process its papers. */
function overview(matrix) {
  const names = ['files', 'complete', 'complete_with_deferrals', 'unverified', 'incomplete'];
  const figures = names.map((name) => element('div', { class: 'card' }, element('b', {}, matrix.figures[name]), say(name.replaceAll('_', '-'))));
  const columns = [{ name: 'neededPaper' }, ...STATES.map((name) => ({ name, number: true }))];
  const processes = matrix.processes.filter((p) => p.figures.files > 0).map((p) => element('section', {},
    element('h3', {}, foreign(p.name), ` · ${p.figures.files} ${say('files')}`),
    table(null, columns, p.papers.map((paper) => [foreign(paper.paper), ...STATES.map((s) =>
      element('span', { class: paper[s] > 0 && (s === 'missing' || s === 'overdue') ? 'bad' : null }, paper[s]))]))));
  return [element('p', { class: 'soft' }, `${matrix.policy} · ${matrix.day}`), element('div', { class: 'figures' }, figures), ...processes];
}

/** What became of a paper: its sign to see, its words to hear and to point at. */
function cell(paper) {
  if (!paper) return element('td', { class: 'mark soft' }, element('span', { title: say('notNeeded'), 'aria-hidden': 'true' }, '–'), element('span', { class: 'heard' }, say('notNeeded')));
  const words = `${say(paper.state)}${paper.due ? ` · ${say('due')} ${paper.due}` : ''}`;
  const title = [words, paper.reason, paper.why].filter(Boolean).map(visible).join(' · ');
  return element('td', { class: `mark ${COLOURS[paper.state]}` }, element('span', { title, 'aria-hidden': 'true' }, Array.from(say(paper.state))[0]),
    element('span', { class: 'heard' }, words));
}

/** The files of one process: a row for each, a column for each paper. */
function byPaper(files) {
  const papers = [...new Set(files.flatMap((file) => file.papers.map((paper) => paper.name)))];
  const head = [...['customer', 'name', 'reference', 'state'].map((name) => element('th', { scope: 'col' }, say(name))),
    ...papers.map((name) => element('th', { scope: 'col', class: 'paper' }, foreign(name)))];
  const rows = files.map((file) => element('tr', {}, element('th', { scope: 'row' }, foreign(file.customer)), element('td', {}, element('div', { class: 'clamped', title: visible(file.customer_name) }, foreign(file.customer_name))),
    element('td', { class: 'whole' }, element('a', { href: `#/record/${encodeURIComponent(file.reference)}` }, visible(file.reference))), element('td', { class: 'whole' }, say(file.state)),
    papers.map((name) => cell(file.papers.find((paper) => paper.name === name)))));
  return element('div', { class: 'scroll' }, element('table', { class: 'matrix' },
    element('caption', {}, foreign(files[0].process_name)), element('thead', {}, element('tr', {}, head)), element('tbody', {}, rows)));
}

/** Some customers' files, process by process. */
async function byCustomer(query, signal) {
  const asked = new URLSearchParams([...query].filter(([key]) => ['after', 'open', 'customer'].includes(key)));
  asked.set('limit', LIMIT);
  let page;
  try {
    page = await askJson(`/api/v1/completeness/files?${asked}`, { signal });
  } catch (error) {
    if (!(error instanceof Problem) || error.problem.status === 401) throw error;
    return [error.shown()];
  }
  const processes = new Map();
  for (const file of page.files) processes.set(file.process, [...(processes.get(file.process) ?? []), file]);
  const tables = [...processes.values()].map((files) => byPaper(files.sort((a, b) => (a.customer < b.customer ? -1 : a.customer > b.customer ? 1 : 0))));
  const link = (name, after) => {
    const place = new URLSearchParams(query);
    if (after === null) place.delete('after'); else place.set('after', after);
    return element('a', { href: `#/completeness?${place}` }, say(name));
  };
  const turn = element('div', { class: 'actions' }, query.get('after') ? link('firstPage', null) : null, page.next === null ? null : link('nextPage', page.next));
  return [...(tables.length === 0 ? [element('p', {}, say('nothing'))] : tables), turn];
}

export async function completeness({ query, signal }) {
  const [matrix, files] = await Promise.all([askJson('/api/v1/completeness', { signal }), byCustomer(query, signal)]);
  const go = () => {
    const given = { customer: customer.value.trim(), open: open.checked ? 'true' : '' };
    location.hash = `#/completeness?${new URLSearchParams(Object.entries(given).filter(([, value]) => value))}`;
  };
  const customer = element('input', { type: 'search', maxlength: 64, value: query.get('customer') ?? '' });
  const open = element('input', { type: 'checkbox', checked: query.get('open') === 'true', change: go });
  const form = element('form', { submit: (event) => { event.preventDefault(); go(); } }, element('label', { class: 'wide' }, say('customer'), customer),
    element('label', {}, say('openOnly'), open), element('button', { class: 'main' }, say('go')));
  return [element('h2', {}, say('completeness')), ...overview(matrix), element('h3', {}, say('byCustomer')), form, ...files];
}

// Exceptions to review: what papers and system say, and what somebody decides.

import { disagreement } from './comparing.js';
import { announce, ask, askJson, element, foreign, postJson, Problem, visible } from './elements.js';
import { say } from './words.js';

const ACTIONS = ['acknowledge', 'resolve-in-system', 'resolve-in-paper', 'call-false'];

/** The value with the characters marked in which the other one differs. */
function against(value, other) {
  if (value === null || other === null) return foreign(value);
  const shown = (part) => {
    const text = visible(part.left.join(''));
    return part.equal ? text : element('mark', {}, text);
  };
  return element('bdi', {}, disagreement(value, other).filter((part) => part.left.length > 0).map(shown));
}

function card(alert, decide) {
  const live = alert.state === 'open' || alert.state === 'acknowledged';
  const colour = alert.severity === 'critical' ? 'bad' : alert.severity === 'major' ? 'doubt' : 'soft';
  return element('article', { class: 'card', 'data-alert': alert.id },
    element('div', {}, element('b', { class: colour }, say(alert.severity)), ' · ', element('b', {}, foreign(alert.key)), ' · ',
      alert.field ? foreign(alert.label ?? alert.field) : say(alert.kind), ' · ', say(alert.state), ` · ${alert.since}`),
    element('div', { class: 'values' },
      element('div', {}, element('small', {}, say('paper')), against(alert.paper, alert.system)),
      element('div', {}, element('small', {}, say('system')), against(alert.system, alert.paper))),
    element('div', { class: 'soft' }, foreign(alert.reason)),
    alert.file ? element('div', {}, `${say('reference')} `, element('a', { href: `#/record/${encodeURIComponent(alert.file)}` }, visible(alert.file))) : null,
    element('div', { class: 'soft' }, alert.history.filter((h) => h.by).map((h) => [`${h.day} ${say(h.state)}: `, foreign(h.by), ' ']).flat()),
    live ? element('div', { class: 'actions' }, ACTIONS.map((action) =>
      element('button', { type: 'button', click: () => decide(alert, action) }, say(action)))) : null);
}

export async function list({ query, signal, again }) {
  const all = query.get('all') === 'true';
  const alerts = await askJson(`/api/v1/alerts?limit=1000&all=${all}`, { signal });
  const who = element('input', { name: 'who', maxlength: 100, value: sessionStorage.getItem('who') ?? '', change: () => sessionStorage.setItem('who', who.value) });
  const severity = element('select', { change: () => fill() }, element('option', { value: '' }, say('any')),
    ['critical', 'major', 'minor'].map((s) => element('option', { value: s }, say(s))));
  const words = element('input', { type: 'search', input: () => fill() });
  const form = element('form', { submit: (event) => event.preventDefault() },
    element('label', {}, say('who'), who), element('label', {}, say('severity'), severity),
    element('label', { class: 'wide' }, `${say('customer')} / ${say('field')}`, words),
    element('label', {}, say('showAll'), element('input', { type: 'checkbox', checked: all, change: () => { location.hash = `#/exceptions?all=${!all}`; } })));
  const cards = element('div');
  const decide = async (alert, action) => {
    if (!who.value.trim()) { announce(say('whoNeeded')); who.focus(); return; }
    try {
      await postJson(`/api/v1/alerts/${alert.id}/decisions`, { action, by: who.value.trim() });
      announce(say('done'));
      await again();
    } catch (error) { announce(error.message); }
  };
  // What the exception page exported, as `archive review import` takes it.
  const reviewed = element('input', { type: 'file', accept: '.json,application/json', change: async () => {
    const [file] = reviewed.files;
    if (!file) return;
    try {
      const answer = await ask('/api/v1/reviews', { method: 'POST', headers: { 'content-type': 'application/json' }, body: await file.text() });
      const { taken, known } = await answer.json();
      announce(`${say('taken')} ${taken} · ${say('known')} ${known}`);
      await again();
    } catch (error) { told.replaceChildren(error instanceof Problem ? error.shown() : foreign(error.message)); }
  } });
  const told = element('div');
  const fill = () => {
    const wanted = alerts.filter((a) => (!severity.value || a.severity === severity.value)
      && (!words.value || `${a.key} ${a.field ?? ''} ${a.label ?? ''}`.toLowerCase().includes(words.value.toLowerCase())));
    cards.replaceChildren(element('p', { class: 'soft' }, `${say('found')} ${wanted.length}`), ...wanted.map((a) => card(a, decide)));
  };
  fill();
  form.append(element('label', {}, say('reviewFile'), reviewed));
  return [element('h2', {}, say('exceptions')), form, told, cards];
}

// The shell: sessions, language, and which page is shown.

import { announce, ask, element, postJson, Problem } from './elements.js';
import { changeLanguage, language, say } from './words.js';
import { completeness } from './completeness.js';
import * as exceptions from './exceptions.js';
import * as finding from './finding.js';
import * as loans from './loans.js';
import * as moves from './moves.js';
import * as room from './room.js';

const PAGES = {
  search: finding.search,
  record: finding.record,
  exceptions: exceptions.list,
  room: room.map,
  inventory: room.inventory,
  moves: moves.play,
  loans: loans.list,
  completeness,
};

const content = document.getElementById('content');
let shown = new AbortController();

/** The page that the address names, and what follows it. */
function wanted() {
  const [page = 'search', ...rest] = location.hash.replace(/^#\/?/, '').split('?')[0].split('/');
  const query = new URLSearchParams(location.hash.split('?')[1] ?? '');
  let parts;
  try { parts = rest.map(decodeURIComponent); } catch { parts = []; }
  return { page: Object.hasOwn(PAGES, page) ? page : 'search', parts, query };
}

function dress() {
  document.documentElement.lang = language();
  document.title = say('title');
  for (const place of document.querySelectorAll('[data-words]')) place.textContent = say(place.dataset.words);
  const button = document.getElementById('language');
  button.textContent = say('otherLanguage');
  button.lang = language() === 'en' ? 'zh-CN' : 'en';
}

async function show() {
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  const { page, parts, query } = wanted();
  for (const link of document.querySelectorAll('nav a')) {
    if (link.hash === `#/${page}` || (page === 'record' && link.hash === '#/search')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  try {
    const made = await PAGES[page]({ parts, query, signal, again: show });
    if (!signal.aborted) content.replaceChildren(...made);
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof Problem)) throw error;
    content.replaceChildren(error.problem.status === 401 ? signIn() : error.shown());
  }
}

function signIn() {
  const field = element('input', { type: 'password', id: 'token', autocomplete: 'off', required: true });
  const form = element('form', { class: 'card', submit: async (event) => {
    event.preventDefault();
    if (await enter(field.value.trim())) show();
  } }, element('label', { class: 'wide', for: 'token' }, say('token'), field),
  element('button', { class: 'main' }, say('signIn')));
  return element('div', {}, element('h2', {}, say('signIn')), element('p', { class: 'soft' }, say('signInWhy')), form);
}

async function enter(token) {
  try {
    await postJson('/session', { token });
    return true;
  } catch (error) {
    announce(error.message);
    return false;
  }
}

/** A token in the address is used once, and taken out of it and of the history. */
async function begin() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (token) {
    history.replaceState(null, '', '/#/search');
    await enter(token);
  }
  dress();
  await show();
}

document.getElementById('language').addEventListener('click', () => { changeLanguage(); dress(); show(); });
document.getElementById('leave').addEventListener('click', async () => {
  await ask('/session', { method: 'DELETE' }).catch((error) => announce(error.message));
  show();
});
window.addEventListener('hashchange', async () => {
  if (location.hash.startsWith('#token=')) return begin();
  if (location.hash === '#content') return content.focus();
  await show();
  content.focus();
});
begin();

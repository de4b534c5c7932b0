// Search, and a file with its three ends and its proof.

import { ask, askJson, element, facts, foreign, moment, Problem, table, visible } from './elements.js';
import { say, sayEvent } from './words.js';

function link(file) {
  return element('a', { href: `#/record/${encodeURIComponent(file.reference)}` }, visible(file.reference));
}

export function fileTable(caption, files) {
  const columns = [{ name: 'reference' }, { name: 'customer' }, { name: 'process' }, { name: 'state', whole: true }, { name: 'box' }, { name: 'slot' }, { name: 'filed', whole: true }];
  return table(caption, columns, files.map((f) =>
    [link(f), foreign(f.customer), foreign(f.process_name ?? f.process), say(f.state), foreign(f.box), foreign(f.slot), moment(f.filed)]));
}

function choice(name, values, chosen) {
  const options = [element('option', { value: '' }, say('any')), ...values.map((v) =>
    element('option', { value: v, selected: v === chosen }, say(v)))];
  return element('label', {}, say(name), element('select', { name }, options));
}

export async function search({ query, signal }) {
  const sites = await askJson('/api/v1/sites', { signal });
  const words = element('input', { type: 'search', name: 'words', value: query.get('words') ?? '', maxlength: 200 });
  const form = element('form', { role: 'search', submit: (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].filter(([, value]) => value !== '');
    location.hash = `#/search?${new URLSearchParams(given)}`;
  } }, element('label', { class: 'wide' }, say('words'), words),
  choice('site', sites.map((s) => s.site), query.get('site')),
  element('label', {}, say('year'), element('input', { type: 'number', name: 'year', min: 1900, max: 2999, value: query.get('year') ?? '' })),
  choice('retention', ['D10', 'D30', 'Y'], query.get('retention')),
  choice('state', ['confirmed', 'reserved', 'void'], query.get('state')),
  element('button', { class: 'main' }, say('go')));
  return [element('h2', {}, say('search')), form, await searched(query, signal)];
}

/** What a search found; where it could not be done, why, so that its form stays to be mended. */
async function searched(query, signal) {
  try {
    const found = await askJson(`/api/v1/search?${query}`, { signal });
    // A tag, a box or a slot names files that hold no such word.
    const [name, narrowed] = [query.get('words'), [...query.keys()].some((key) => key !== 'words')];
    const isName = name && !narrowed && found.files.length === 0;
    const files = isName ? await askJson(`/api/v1/locate?${new URLSearchParams({ name })}`, { signal }) : found.files;
    return files.length === 0 ? element('p', {}, say('nothing'))
      : fileTable(`${say('found')} ${files.length}${found.more ? `; ${say('more')}` : ''}`, files);
  } catch (error) {
    if (!(error instanceof Problem) || error.problem.status === 401) throw error;
    return error.shown();
  }
}

function documentShown(reference, document) {
  const path = `/api/v1/records/${encodeURIComponent(reference)}/documents/${document.number}`;
  const place = element('div');
  let url = null;
  const show = async () => {
    try {
      const answer = await ask(path);
      const kind = answer.headers.get('content-type');
      if (!kind.startsWith('image/') || kind === 'image/tiff') {
        place.replaceChildren(element('p', { class: 'soft' }, say('notShown')));
        return;
      }
      if (url) URL.revokeObjectURL(url);
      url = URL.createObjectURL(await answer.blob());
      place.replaceChildren(element('img', { class: 'page-image', src: url, alt: visible(document.name),
        error: () => place.replaceChildren(element('p', { class: 'bad' }, say('brokenImage'))) }));
    } catch (error) {
      place.replaceChildren(element('p', { class: 'bad' }, say('missingImage')), element('p', {}, foreign(error.message)));
    }
  };
  return element('section', {}, element('b', {}, foreign(document.name)), ` · ${say('pages')}: ${document.pages}`,
    element('div', { class: 'soft' }, element('code', {}, visible(document.id))),
    element('div', { class: 'actions' }, element('button', { type: 'button', click: show }, say('show')),
      element('a', { href: path, download: true }, say('save'))), place);
}

/** How to get to a box, in the language of the page. */
function wayTo({ slot, aisle }) {
  if (aisle === null) return null;
  const [site, room, bank, column, side, bay, level, position] = slot.split('/');
  const names = [['site', site], ['storeRoom', room], ['bank', bank], ['aisle', aisle], ['column', column], ['side', side], ['bay', bay], ['level', level], ['slotPosition', position]];
  return names.map(([name, value]) => `${say(name)} ${value}`).join(' · ');
}

/** Values as JSON, a line each: what cannot be seen in them is shown, and the lines stay lines. */
function text(values) {
  return JSON.stringify(values, null, 2).split('\n').map(visible).join('\n');
}

const VERDICTS = ['mismatch', 'unreadable', 'match'];

/** What was read of each document, a table for each, what does not fit first; and all of it as it is stored. */
function readingsShown({ readings, documents, labels }) {
  const stored = element('pre', {}, element('code', {}, text(readings)));
  const read = Array.isArray(readings) ? readings.filter((document) => Object.keys(document?.fields ?? {}).length > 0) : [];
  if (read.length === 0) return stored;
  const columns = [{ name: 'field' }, { name: 'value' }, { name: 'printed' }, { name: 'verdict', whole: true }, { name: 'sure', number: true }];
  const tables = read.map((document) => {
    const fields = Object.entries(document.fields).sort(([, a], [, b]) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict));
    const known = documents.find((d) => d.sha256 === document.digest);
    return table(visible(known?.name ?? document.document_type), columns, fields.map(([name, field]) => [foreign(labels[name] ?? name), foreign(field.value),
      foreign(field.text === field.value ? '' : field.text), element('span', { class: field.verdict === 'mismatch' ? 'bad' : null }, field.verdict ? say(field.verdict) : ''),
      typeof field.confidence === 'number' ? `${(100 * field.confidence).toFixed(1)} %` : '']));
  });
  return element('div', {}, tables, element('details', {}, element('summary', {}, say('stored')), stored));
}

/** What the log says: the event and its moment for people, and the entry as it is hashed. */
function eventShown(entry) {
  let said = {};
  try { said = JSON.parse(entry); } catch { /* An entry of another version is shown as it is. */ }
  return element('div', {}, element('b', {}, visible(sayEvent(said.event))), said.at ? ` · ${moment(said.at)}` : null,
    element('details', {}, element('summary', {}, say('entry')), element('code', {}, visible(entry))));
}

export async function record({ parts, signal }) {
  const reference = parts[0] ?? '';
  const path = `/api/v1/records/${encodeURIComponent(reference)}`;
  const found = await askJson(path, { signal });
  const [proof, papers] = await Promise.all([askJson(`${path}/proof`, { signal }),
    // A void file, or one of a process that the policy forgot, has no answer.
    askJson(`${path}/completeness`, { signal }).catch((error) => { if (error instanceof Problem) return null; throw error; })]);
  const { file, place } = found;
  const documents = element('section', { class: 'card' }, element('h3', {}, say('documents')),
    found.documents.map((d) => documentShown(file.reference, d)));
  const system = element('section', { class: 'card' }, element('h3', {}, say('systemRecord')),
    facts([['key', found.system_record.key], ['customer', found.system_record.customer], ['name', found.system_record.customer_name]]));
  const shelf = element('section', { class: 'card' }, element('h3', {}, say('place')), place
    ? facts([['box', place.box], ['slot', place.slot], ['state', say(place.standing)], ['way', wayTo(place)], ['tag', place.tag],
      ['lastSeen', place.last_seen && say(place.last_seen)], ['seenAt', place.seen_at]])
    : element('p', {}, say('electronic')));
  const paperRows = papers && table(say(papers.state), [{ name: 'neededPaper' }, { name: 'state', whole: true }, { name: 'due', whole: true }, { name: 'why' }],
    papers.papers.map((p) => [foreign(p.name), say(p.state), p.due ?? '', foreign(p.why || p.reason || '')]));
  const readings = element('details', { class: 'card' }, element('summary', {}, say('readings')), readingsShown(found));
  const proven = element('section', { class: 'card' }, element('h3', {}, say('proof')),
    element('p', { class: proof.holds ? 'good' : 'bad' }, say(proof.holds ? 'proofHolds' : 'proofFails')),
    facts([['entries', proof.checkpoint.size], ['root', element('code', {}, proof.checkpoint.root)]]),
    table(null, [{ name: 'position', number: true }, { name: 'event' }, { name: 'proven', whole: true }],
      proof.entries.map((e) => [String(e.position), eventShown(e.event), e.holds ? '✓' : '✕'])));
  return [element('h2', {}, say('reference'), ' ', foreign(file.reference)),
    element('section', { class: 'card' }, facts([['process', file.process_name ?? file.process], ['year', file.year], ['retention', file.retention],
      ['state', say(file.state)], ['filed', moment(file.filed)], ['request', found.request], ['policy', found.policy]])),
    element('div', { class: 'ends' }, documents, system, shelf), paperRows, readings, proven].filter(Boolean);
}

// Search of the book: in Chinese, which stands without spaces, by pairs of characters; and from disk, where no worker and no
// request may be made. In the place of mkdocs' own script; the index is that of mkdocs, as a script.

(() => {
  const MOST = 30;
  const IDEOGRAPHS = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+/g;
  const PLACE = document.currentScript.src;

  /** The pairs of a run of characters; the last one stands alone, too, so that it is found by itself. */
  const pairs = (run) => [...Array.from(run.slice(1), (c, i) => run[i] + c), run[run.length - 1]];

  /** Words of a text, with those that are written without spaces taken apart. */
  const apart = (text) => text.replace(IDEOGRAPHS, (run) => ` ${pairs(run).join(' ')} `);

  /** A query in lunr's language, with all of its words required. What means something there means nothing here. */
  function queryOf(words) {
    const plain = words.toLowerCase().replace(/[+\-~^:*\s]+/g, ' ');
    const parts = plain.replace(IDEOGRAPHS, (run) => ` ${run.length === 1 ? `${run}*` : pairs(run).slice(0, -1).join(' ')} `);
    const isWord = (part) => /[\p{L}\p{N}]/u.test(part) && !lunr.stopWordFilter.isStop(part);
    return parts.split(' ').filter(isWord).map((part) => `+${part}`).join(' ');
  }

  function made(data) {
    // lunr's own takes all but Latin letters off the ends of words.
    const ends = /^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu;
    lunr.trimmer = (token) => token.update((text) => text.replace(ends, ''));
    lunr.Pipeline.registerFunction(lunr.trimmer, 'trimmer of all letters');
    const stops = lunr.stopWordFilter;
    stops.isStop = (word) => stops(new lunr.Token(word, {})) === undefined;
    return lunr(function () {
      this.ref('location');
      this.field('title', { boost: 10 });
      this.field('text');
      for (const { location, title, text } of data.docs) this.add({ location, title: apart(title), text: apart(text) });
    });
  }

  const load = (name) => new Promise((done, failed) => {
    const script = document.createElement('script');
    [script.src, script.onload, script.onerror] = [new URL(name, PLACE).href, done, failed];
    document.head.append(script);
  });

  let ready = null;
  function index() {
    ready ??= load('lunr.js').then(() => load('search_index.js')).then(() => {
      const documents = new Map(bookIndex.docs.map((doc) => [doc.location, doc]));
      const found = made(bookIndex);
      return (words) => {
        const query = queryOf(words);
        return query === '' ? [] : found.search(query).slice(0, MOST).map((hit) => documents.get(hit.ref));
      };
    });
    return ready;
  }

  /** What stands around the first of the words, so that a reader sees whether it is the place. */
  function around(text, words) {
    const at = text.toLowerCase().indexOf(words.toLowerCase().trim().split(/\s+/)[0]);
    const from = Math.max(at - 60, 0);
    return `${from > 0 ? '…' : ''}${text.slice(from, from + 200)}`;
  }

  function show(place, results, words) {
    const articles = results.map((doc) => {
      const [article, heading, link, text] = ['article', 'h3', 'a', 'p'].map((name) => document.createElement(name));
      link.href = `${base_url}/${doc.location}`;
      link.textContent = doc.title;
      text.textContent = around(doc.text, words);
      heading.append(link);
      article.append(heading, text);
      return article;
    });
    place.replaceChildren(...(articles.length > 0 ? articles : [place.dataset.noResultsText ?? 'No results found']));
  }

  document.addEventListener('DOMContentLoaded', () => {
    const field = document.getElementById('mkdocs-search-query');
    const place = document.getElementById('mkdocs-search-results');
    field?.addEventListener('input', async () => {
      const words = field.value;
      const search = await index();
      if (field.value === words) show(place, words.trim() === '' ? [] : search(words), words);
    });
  });
})();

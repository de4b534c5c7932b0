// The page itself: its frame, what its controls and keys do, and the first drawing.

const report = JSON.parse(document.getElementById("report").textContent);
let list = [];
let useKeys = true;

// Settings that outlive the page, where the browser keeps any.
function setting(key, value) {
  try {
    if (value === undefined) return localStorage.getItem(`archive-${key}`);
    localStorage.setItem(`archive-${key}`, value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
  return null;
}

const byId = (id) => document.getElementById(id);

// Says something to those who look and those who listen.
function tell(text) {
  byId("told").replaceChildren(foreign(text));
}

function figures() {
  const counts = countBy(report.exceptions, (finding) => finding.severity);
  const tile = (value, ...text) => make("div", { class: "tile" }, make("b", {}, number(value)), make("span", {}, text));
  return make("div", { class: "tiles" },
    tile(report.compared, say("compared")), tile(report.exceptions.length, say("found")),
    SEVERITIES.map((severity) => tile(counts.get(severity) ?? 0, severityBadge(severity))),
    tile(new Set(report.exceptions.map((finding) => finding.customer)).size, say("customers")),
    tile(report.without_papers.length, say("withoutPapers")), tile(report.silent.length, say("silent")),
    make("div", { class: "tile", id: "decided-tile" }, make("b", {}, number(decided.size)), make("span", {}, say("decided"))));
}

// A labelled choice of `[value, text]`; `change` gets the value.
function choice(id, label, options, value, change) {
  const select = make("select", { id, onchange: (event) => change(event.target.value) },
    options.map(([key, text]) => make("option", { value: key, selected: key === value }, text)));
  return make("div", { class: "control-field" }, make("label", { for: id }, label), select);
}

function textField(id, label, value, change, attributes = {}) {
  return make("div", { class: "control-field" }, make("label", { for: id }, label),
    make("input", { id, type: "text", value, autocomplete: "off", oninput: (event) => change(event.target.value), ...attributes }));
}

function controls() {
  const refilter = (key) => (value) => {
    filter[key] = value;
    pageNumber = 0;
    drawList();
  };
  // The values that there are, each with its count.
  const options = (key, text) => {
    const counts = [...countBy(report.exceptions, key)].sort((a, b) => compareTexts(String(a[0]), String(b[0])));
    return [["", say("all")], ...counts.map(([value, count]) => [value, `${foreignText(text(value))} (${number(count)})`])];
  };
  const labels = new Map(report.exceptions.map((finding) => [finding.field, finding.label]));
  const pick = (key, of, text) => choice(`filter-${key}`, say(key), options(of, text), filter[key], refilter(key));
  const severities = [["", say("all")], ...SEVERITIES.map((severity) => [severity, say(severity)])];
  const states = ["undecided", "decided", ...DECISIONS].map((state) => [state, state === "decided" ? say("decidedOnly") : say(state)]);
  return make("div", { class: "controls", role: "search", "aria-label": say("findings") },
    choice("filter-severity", say("severity"), severities, filter.severity, refilter("severity")),
    pick("field", (f) => f.field, (field) => labels.get(field) || field),
    pick("site", siteOf, (site) => (site === "\u0000" ? say("noSite") : site)),
    pick("month", (f) => f.day.slice(0, 7), (month) => month),
    pick("kind", (f) => f.kind, say),
    choice("filter-state", say("state"), [["", say("all")], ...states], filter.state, refilter("state")),
    textField("filter-customer", say("customer"), filter.customer, refilter("customer")),
    textField("filter-search", say("search"), filter.search, refilter("search"), { placeholder: say("searchHint"), type: "search" }),
    choice("order", say("sort"), Object.keys(ORDERS).map((key) => [key, say(key)]), order, (value) => {
      order = value;
      pageNumber = 0;
      drawList();
    }),
    choice("page-size", say("perPage"), PAGE_SIZES.map((size) => [String(size), number(size)]), String(pageSize), (value) => {
      pageSize = Number(value);
      pageNumber = 0;
      drawList();
    }),
    make("button", { type: "button", id: "reset", onclick: () => {
      for (const key of Object.keys(filter)) filter[key] = "";
      pageNumber = 0;
      drawPage();
    } }, say("reset")));
}

function pager(place) {
  const pages = Math.max(1, Math.ceil(list.length / pageSize));
  const go = (to) => () => {
    pageNumber = to;
    drawList();
    byId("findings").scrollIntoView();
  };
  return make("nav", { class: "pager", "aria-label": `${say("findings")} ${place}` },
    make("button", { type: "button", disabled: pageNumber === 0, onclick: go(pageNumber - 1) }, "‹ ", say("previous")),
    make("span", {}, say("shown", { count: number(list.length), all: number(report.exceptions.length), page: number(pageNumber + 1), pages: number(pages) })),
    make("button", { type: "button", disabled: pageNumber + 1 >= pages, onclick: go(pageNumber + 1) }, say("next"), " ›"));
}

function drawList() {
  list = selected(report);
  pageNumber = Math.min(pageNumber, Math.max(0, Math.ceil(list.length / pageSize) - 1));
  const from = pageNumber * pageSize;
  const cards = list.slice(from, from + pageSize).map((finding, index) => card(finding, from + index + 1, changed));
  const empty = report.exceptions.length === 0 ? ["✓ ", say("none")] : say("noMatch");
  byId("list").replaceChildren(pager(1), ...(cards.length ? cards : [make("p", { class: "empty" }, empty)]), ...(cards.length ? [pager(2)] : []));
}

// A decision was made on the card of `finding`: draws it anew and keeps the focus where it was.
function changed(finding, decision) {
  if (!decide(finding.id, decision)) {
    tell(say("nameFirst"));
    byId("reviewer").focus();
    return;
  }
  const old = byId(`finding-${finding.id}`)?.querySelector(".decision");
  const hadFocus = old?.contains(document.activeElement);
  const box = decisionBox(finding, changed);
  old?.replaceWith(box);
  if (hadFocus) box.querySelector(`[data-decision=${decision}]`).focus();
  tell(decided.has(finding.id) ? say(decision) : say("withdrawn"));
  drawState();
}

function drawState() {
  byId("state").textContent = decisionState();
  byId("decided-tile").firstChild.textContent = number(decided.size);
}

function runExport() {
  if (decided.size === 0) {
    tell(say("nothingToExport"));
    return;
  }
  const name = exportDecisions(report);
  tell(say("exported", { count: number(exportedCount), name }));
  drawState();
}

// Prints once the images of what is shown are there.
async function printShown() {
  const images = [...document.querySelectorAll("#list img")];
  for (const image of images) image.loading = "eager";
  await Promise.allSettled(images.map((image) => image.decode()));
  window.print();
}

function switchLanguage() {
  language = language === "en" ? "zh" : "en";
  setting("language", language);
  drawPage();
  byId("language").focus();
}

// Goes to the finding `step` further on, over the ends of a page.
function move(step) {
  if (list.length === 0) return;
  const at = list.findIndex((finding) => finding.id === current);
  const first = pageNumber * pageSize;
  const onPage = at >= first && at < first + pageSize;
  const to = Math.min(list.length - 1, Math.max(0, onPage ? at + step : step > 0 ? first : first + pageSize - 1));
  current = list[to].id;
  if (Math.floor(to / pageSize) !== pageNumber) {
    pageNumber = Math.floor(to / pageSize);
    drawList();
  }
  for (const old of document.querySelectorAll("article.current")) old.classList.remove("current");
  const next = byId(`finding-${current}`);
  next.classList.add("current");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

function onKey(event) {
  const typing = event.target.closest?.("input, textarea, select");
  if (event.key === "Escape" && typing) {
    const at = byId(`finding-${current}`);
    if (at) at.focus();
    else typing.blur();
    return;
  }
  if (!useKeys || typing || event.ctrlKey || event.metaKey || event.altKey || byId("keys").open) return;
  const finding = report.exceptions.find((f) => f.id === current);
  const onCurrent = (action) => () => finding && byId(`finding-${current}`) && action();
  const actions = {
    j: () => move(1), k: () => move(-1),
    c: onCurrent(() => changed(finding, "confirm")), r: onCurrent(() => changed(finding, "reject")),
    u: onCurrent(() => changed(finding, "unsure")), n: onCurrent(() => byId(`note-${current}`).focus()),
    "/": () => byId("filter-search").focus(), x: runExport, l: switchLanguage, "?": () => byId("keys").showModal(),
  };
  if (actions[event.key]) {
    event.preventDefault();
    actions[event.key]();
  }
}

function keyList() {
  const toggle = make("input", { type: "checkbox", id: "use-keys", checked: useKeys, onchange: (event) => {
    useKeys = event.target.checked;
    setting("keys", useKeys ? "on" : "off");
  } });
  return make("dialog", { id: "keys", "aria-labelledby": "keys-title" }, make("h2", { id: "keys-title" }, say("help")),
    make("dl", { class: "facts" }, WORDS[language].keys.map(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)])),
    make("p", { class: "soft" }, say("keysNote")), make("p", {}, toggle, " ", make("label", { for: "use-keys" }, say("shortcuts"))),
    make("form", { method: "dialog" }, make("button", {}, say("close"))));
}

function bar() {
  const name = textField("reviewer", say("reviewer"), reviewer, (value) => {
    reviewer = value;
    keepDecisions();
  }, { maxlength: NAME_LENGTH });
  return make("div", { class: "bar", role: "region", "aria-label": say("export") }, name,
    make("button", { type: "button", id: "export", onclick: runExport }, say("export")),
    make("span", { id: "state", class: "soft" }),
    make("span", { class: "right" },
      make("button", { type: "button", id: "help", onclick: () => byId("keys").showModal() }, "⌨ ", say("help")),
      make("button", { type: "button", id: "print", onclick: printShown }, say("print")),
      make("button", { type: "button", id: "language", lang: language === "en" ? "zh-CN" : "en", onclick: switchLanguage }, say("language"))),
    make("p", { id: "told", role: "status" }));
}

function drawPage() {
  document.documentElement.lang = say("languageCode");
  document.title = say("title");
  const left = report.left_out ? make("p", { class: "doubt" }, "⚠ ", say("leftOut", { count: number(report.left_out) })) : null;
  byId("page").replaceChildren(
    make("header", {}, make("h1", {}, say("title")), make("p", { class: "soft" }, say("made", { day: report.made }))), bar(),
    make("main", {},
      make("section", { id: "overview" }, make("h2", {}, say("overview")), figures(), left ?? ""),
      make("section", { id: "findings" }, make("h2", {}, say("findings")), make("p", { class: "soft" }, say("differ")), controls(), make("div", { id: "list" })),
      report.exceptions.length ? plots(report.exceptions) : "", papers(report)),
    keyList());
  drawState();
  drawList();
}

function start() {
  const wanted = setting("language") ?? (navigator.language.startsWith("zh") ? "zh" : "en");
  language = wanted === "en" ? "en" : "zh";
  useKeys = setting("keys") !== "off";
  loadDecisions(report);
  document.body.append(make("div", { id: "page" }));
  drawPage();
  document.addEventListener("keydown", onKey);
  window.addEventListener("beforeunload", (event) => {
    // What the browser does not keep would be lost.
    if (!isKept && !isExported) event.preventDefault();
  });
}

start();

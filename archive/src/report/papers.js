// Which papers are there: a matrix by process and paper, one by customer and paper, and the files.

const PRESENCES = ["present", "deferred", "overdue", "missing", "unverified", "not_needed"];
const SIGNS = { present: "✓", deferred: "…", overdue: "✗✗", missing: "✗", unverified: "?", not_needed: "–" };
// Rows of a table before the button that shows more.
const ROWS = 100;

function presenceSign(state, count) {
  return make("span", { class: `presence ${state}` },
    make("span", { "aria-hidden": "true" }, SIGNS[state] + (count === undefined ? "" : " ")),
    count === undefined ? make("span", { class: "hidden" }, say(state)) : number(count));
}

// A table that shows its rows in portions.
function longTable(name, head, rows, toRow) {
  const body = make("tbody");
  const table = make("table", {},
    make("thead", {}, make("tr", {}, head.map((cell) => make("th", { scope: "col" }, cell)))), body);
  const more = make("button", { type: "button", class: "more" });
  let shown = 0;
  const show = () => {
    body.append(...rows.slice(shown, shown + ROWS).map(toRow));
    shown = Math.min(rows.length, shown + ROWS);
    more.textContent = `${say("moreRows")} (${number(rows.length - shown)})`;
    more.hidden = shown === rows.length;
  };
  more.addEventListener("click", show);
  show();
  return make("div", {}, make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": name }, table), more);
}

function processMatrix(matrix) {
  const policy = `${matrix.policy.name} ${matrix.policy.version}`;
  const rows = matrix.rows.filter((row) => row.figures.cases > 0)
    .flatMap((row) => row.cells.map((cell, index) => ({ row, cell, first: index === 0 })));
  return make("div", {}, make("h3", {}, say("byProcess")),
    make("p", { class: "soft" }, say("papersPolicy", { policy, day: matrix.day }), ": ",
      `${number(matrix.figures.complete)} / ${number(matrix.figures.cases)} ${say("complete")}`),
    longTable(say("byProcess"), [say("process"), say("document"), ...PRESENCES.map(say), say("role")], rows, ({ row, cell, first }) => make("tr", { class: first ? "first" : null },
      first ? make("th", { scope: "row" }, foreign(row.name), make("span", { class: "soft" }, ` ${number(row.figures.cases)} ${say("cases")}`)) : make("td"),
      make("td", {}, foreign(cell.paper)),
      PRESENCES.map((state) => make("td", {}, cell[state] ? presenceSign(state, cell[state]) : "")),
      make("td", {}, cell.by ? foreign(cell.by) : ""))));
}

// The state of a file's paper: those of several rules for one paper, the worst.
function paperState(file, paper) {
  const WORST = ["missing", "overdue", "unverified", "deferred", "present"];
  const states = file.papers.filter((item) => item.name === paper).map((item) => item.state);
  return WORST.find((state) => states.includes(state)) ?? null;
}

function customerMatrix(files) {
  const papers = [...new Set(files.flatMap((file) => file.papers.map((item) => item.name)))];
  return make("div", {}, make("h3", {}, say("byCustomer")),
    make("p", { class: "legend" }, PRESENCES.map((state) => make("span", {}, `${SIGNS[state]} ${say(state)}`))),
    longTable(say("byCustomer"), [say("customer"), say("reference"), ...papers.map(foreign)], files, (file) => make("tr", {},
      make("th", { scope: "row" }, foreign(file.customer)), make("td", {}, foreign(file.reference)),
      papers.map((paper) => make("td", {}, presenceSign(paperState(file, paper) ?? "not_needed"))))));
}

function shelving(file) {
  if (file.shelving?.state === "confirmed") return ["✓ ", foreign(say("shelfConfirmed", { tag: file.shelving.tag }))];
  if (file.shelving?.state === "pending") return ["? ", foreign(say("shelfPending", { reason: file.shelving.reason }))];
  return file.shelving ? say("shelfNone") : "";
}

function fileTable(files) {
  const head = ["reference", "customer", "request", "box", "slot", "shelf", "policy", "rejected"].map((key) => say(key));
  const or = (text) => (text ? foreign(text) : "–");
  return make("details", {}, make("summary", {}, `${say("filesTitle")} (${number(files.length)})`),
    longTable(say("filesTitle"), head, files, (file) => make("tr", {},
      make("th", { scope: "row" }, foreign(file.reference)), make("td", {}, foreign(file.customer)),
      make("td", {}, foreign(file.request)), make("td", {}, or(file.box_number)), make("td", {}, or(file.slot)),
      make("td", {}, shelving(file)), make("td", {}, foreign(`${file.policy.name} ${file.policy.version}`)),
      make("td", {}, file.rejected.map((document) => make("div", {}, "✗ ", foreign(`${document.name}: ${document.message}`)))))));
}

function papers(report) {
  const section = make("section", { id: "papers" }, make("h2", {}, say("papersTitle")));
  if (report.completeness) section.append(processMatrix(report.completeness));
  if (report.files.length) section.append(customerMatrix(report.files), fileTable(report.files));
  const list = (title, rows, toRow) => {
    if (rows.length) section.append(make("details", {}, make("summary", {}, `${title} (${number(rows.length)})`), longTable(title, [title], rows, toRow)));
  };
  list(say("silentTitle"), report.silent, (silent) => make("tr", {}, make("td", {}, foreign(silent.document), ": ", foreign(silent.reason))));
  list(say("withoutTitle"), report.without_papers, (customer) => make("tr", {}, make("td", {}, foreign(customer))));
  return section;
}

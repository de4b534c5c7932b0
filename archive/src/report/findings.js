// The findings: filter, order, and a card for each of those on the shown page.

const ORDERS = {
  severity: (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
  evidence: (a, b) => (b.evidence ?? -Infinity) - (a.evidence ?? -Infinity) || 0,
  field: (a, b) => compareTexts(a.field, b.field),
  site: (a, b) => compareTexts(a.site ?? "", b.site ?? ""),
  customer: (a, b) => compareTexts(a.customer, b.customer),
  day: (a, b) => compareTexts(b.day, a.day),
};
// The characters of a value from which on it scrolls.
const LONG = 300;
const PAGE_SIZES = [25, 100, 500];

const filter = { severity: "", field: "", site: "", kind: "", month: "", state: "", customer: "", search: "" };
let order = "severity";
let pageSize = PAGE_SIZES[0];
let pageNumber = 0;
// The finding that keys act on, by id.
let current = null;

function compareTexts(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

// What a search looks through, made once.
function searched(finding) {
  finding.searched ??= [finding.customer, finding.reference, finding.field, finding.label, finding.paper,
    finding.record, finding.document, finding.printed, finding.reason].join("\n").toLowerCase();
  return finding.searched;
}

// The site of a finding as a filter's value: none is its own.
const siteOf = (finding) => finding.site ?? "\u0000";

function fits(finding) {
  const decision = decided.get(finding.id)?.decision;
  const states = { undecided: !decision, decided: Boolean(decision) };
  return (!filter.severity || finding.severity === filter.severity)
    && (!filter.field || finding.field === filter.field)
    && (!filter.site || siteOf(finding) === filter.site)
    && (!filter.kind || finding.kind === filter.kind)
    && (!filter.month || finding.day.startsWith(filter.month))
    && (!filter.state || (states[filter.state] ?? decision === filter.state))
    && (!filter.customer || finding.customer.includes(filter.customer.trim()))
    && (!filter.search || searched(finding).includes(filter.search.trim().toLowerCase()));
}

function selected(report) {
  // Sorting is stable: what is equal stays in the order of severity.
  return report.exceptions.filter(fits).sort(ORDERS[order]);
}

// The value of a paper and of the system, with what differs marked.
function values(finding) {
  // A long value scrolls within its place, by keys, too.
  const row = (title, side, content) => {
    const isLong = (finding[side] ?? "").length > LONG;
    return [make("dt", {}, title), make("dd", { class: side + (isLong ? " long" : ""), tabindex: isLong ? 0 : null }, content)];
  };
  if (finding.paper === null || finding.record === null) {
    const none = (text, key) => (text === null ? make("i", {}, say(key)) : foreign(text));
    return make("div", {}, make("dl", { class: "values" },
      row(say("paper"), "paper", none(finding.paper, "notRead")), row(say("system"), "record", none(finding.record, "noValue"))));
  }
  const parts = disagreement(finding.paper, finding.record);
  const isEqual = parts.every((part) => part.equal);
  const [before, after] = say("differAt").split("{list}");
  return make("div", {}, make("dl", { class: "values" },
    row(say("paper"), "paper", marked(parts, "left")), row(say("system"), "record", marked(parts, "right"))),
  make("p", { class: "soft differs" }, isEqual ? say("equalText") : [before, differences(parts), after]));
}

// The evidence in words and number.
function evidence(finding) {
  const nats = finding.evidence;
  // Where only values were compared nothing was measured.
  if (nats === null || nats === undefined || nats === 0) return say("noEvidence");
  const strength = say("evidence" + [1, 3, 5, 7].filter((least) => nats >= least).length);
  if (nats < 0) return say("oddsFor", { nats: number(nats, 1) });
  const odds = nats > Math.log(1e6) ? say("moreThan", { count: number(1e6) })
    : say("about", { count: number(Math.exp(nats), nats < Math.log(10) ? 1 : 0) });
  return `${strength}: ${say("odds", { nats: number(nats, 1), odds })}`;
}

function facts(finding) {
  const row = (key, content) => [make("dt", {}, say(key)), make("dd", {}, content)];
  const optional = (key, value, show) => (value === null || value === undefined ? [] : row(key, show(value)));
  return make("dl", { class: "facts" },
    row("kind", say(finding.kind)), row("evidence", evidence(finding)),
    optional("probability", finding.probability, (p) => number(p, 3)),
    optional("confidence", finding.confidence, (c) => number(c, 3)),
    optional("printed", finding.printed, foreign),
    row("why", foreign(finding.reason)), row("document", foreign(finding.document)),
    row("reference", foreign(finding.reference)),
    row("site", finding.site === null ? say("noSite") : foreign(finding.site)), row("day", finding.day));
}

// A box that shows a part of a page image, with a place marked; all in shares of the box.
function view(picture, part, mark, text) {
  const image = make("img", { src: picture.path, alt: text, loading: "lazy", decoding: "async", draggable: "false" });
  const box = make("div", { class: "view" }, image);
  box.style.aspectRatio = `${part.width} / ${part.height}`;
  image.style.width = `${(picture.width / part.width) * 100}%`;
  image.style.left = `${(-part.left / part.width) * 100}%`;
  image.style.top = `${(-part.top / part.height) * 100}%`;
  image.style.aspectRatio = `${picture.width} / ${picture.height}`;
  if (mark) {
    const frame = make("span", { class: "place", "aria-hidden": "true" });
    frame.style.left = `${((mark[0] - part.left) / part.width) * 100}%`;
    frame.style.top = `${((mark[1] - part.top) / part.height) * 100}%`;
    frame.style.width = `${((mark[2] - mark[0]) / part.width) * 100}%`;
    frame.style.height = `${((mark[3] - mark[1]) / part.height) * 100}%`;
    box.append(frame);
  }
  image.addEventListener("error", () => {
    box.replaceWith(make("p", { class: "doubt" }, "⚠ ", foreign(say("imageMissing", { path: picture.path }))));
  });
  return make("figure", {}, box, make("figcaption", { class: "soft" }, text));
}

// The crop enlarged and the whole page with the place marked.
function pictures(finding) {
  const picture = finding.picture;
  if (picture.state !== "shown") {
    return make("div", { class: "pictures" }, make("p", { class: "doubt" }, "⚠ ", foreign(say("imageAbsent", { reason: picture.reason }))));
  }
  const whole = { left: 0, top: 0, width: picture.width, height: picture.height };
  const name = foreignText(finding.document);
  const open = make("p", {}, make("a", { href: picture.path, target: "_blank", rel: "noopener" }, say("openPage")));
  // A region outside of the image is none.
  const region = picture.region && picture.region[0] < picture.width && picture.region[1] < picture.height ? picture.region : null;
  if (!region) {
    return make("div", { class: "pictures" }, make("p", { class: "doubt" }, "⚠ ", say("noRegion")),
      make("div", { class: "page" }, view(picture, whole, null, `${name}: ${say("document")}`)), open);
  }
  const height = region[3] - region[1];
  const left = Math.max(0, region[0] - height);
  const top = Math.max(0, region[1] - height / 2);
  const crop = { left, top,
    width: Math.min(picture.width, region[2] + height) - left, height: Math.min(picture.height, region[3] + height / 2) - top };
  return make("div", { class: "pictures" },
    make("div", { class: "crop" }, view(picture, crop, region, `${name}: ${say("crop")}`)),
    make("div", { class: "page" }, view(picture, whole, region, `${name}: ${say("whole")}`)), open);
}

function decisionBox(finding, changed) {
  const entry = decided.get(finding.id);
  const buttons = DECISIONS.map((decision) => make("button", {
    type: "button", "data-decision": decision, "aria-pressed": String(entry?.decision === decision),
    onclick: () => changed(finding, decision),
  }, { confirm: "✗ ", reject: "✓ ", unsure: "? " }[decision], say(decision)));
  const note = make("textarea", { rows: 2, maxlength: NOTE_LENGTH, id: `note-${finding.id}`, oninput: (event) => writeNote(finding.id, event.target.value) });
  note.value = notes.get(finding.id) ?? "";
  const [before, after] = say("decidedBy", { decision: entry ? say(entry.decision) : "", day: entry?.day }).split("{by}");
  return make("fieldset", { class: "decision" }, make("legend", {}, say("decision")), make("div", { class: "buttons" }, buttons),
    make("p", { class: "soft by" }, entry ? [before, foreign(entry.by), after] : say("undecided")),
    make("label", { for: note.id }, say("note")), note);
}

function card(finding, place, changed) {
  const title = `title-${finding.id}`;
  return make("article", { id: `finding-${finding.id}`, tabindex: -1, "aria-labelledby": title, class: finding.id === current ? "current" : null },
    make("h3", { id: title }, make("span", { class: "place-number soft" }, `${number(place)}. `), severityBadge(finding.severity), " ",
      foreign(finding.label), make("span", { class: "soft" }, ` ${say("customer")} `), foreign(finding.customer)),
    make("div", { class: "said" }, values(finding), facts(finding), decisionBox(finding, changed)), pictures(finding));
}

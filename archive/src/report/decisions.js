// A reviewer's decisions: made here, kept in this browser, and exported as a file for `archive review import`.

const FORMAT = "marketing-archive review";
const DECISIONS = ["confirm", "reject", "unsure"];
// As long as the import takes them.
const NAME_LENGTH = 100;
const NOTE_LENGTH = 2000;

// What was decided, by the finding's id: decision, by, day.
const decided = new Map();
// Notes, by the finding's id; one is exported with its decision.
const notes = new Map();
let reviewer = "";
let exportedCount = 0;
let isExported = true;
let isKept = true;

const storageKey = () => `archive-review:${document.getElementById("report").dataset.name}`;

// Brings back what this browser kept of this page, as far as it still makes sense.
function loadDecisions(report) {
  let kept;
  try {
    kept = JSON.parse(localStorage.getItem(storageKey()) ?? "{}");
    reviewer = String(kept.reviewer ?? localStorage.getItem("archive-reviewer") ?? "").slice(0, NAME_LENGTH);
  } catch {
    isKept = false;
    return;
  }
  const known = new Set(report.exceptions.map((finding) => finding.id));
  for (const [id, entry] of Object.entries(kept.decided ?? {})) {
    if (known.has(id) && DECISIONS.includes(entry?.decision)) {
      decided.set(id, { decision: entry.decision, by: String(entry.by), day: String(entry.day) });
    }
  }
  for (const [id, note] of Object.entries(kept.notes ?? {})) {
    if (known.has(id)) notes.set(id, String(note).slice(0, NOTE_LENGTH));
  }
  isExported = decided.size === 0 || kept.isExported === true;
}

function keepDecisions() {
  try {
    localStorage.setItem("archive-reviewer", reviewer);
    const kept = { reviewer, decided: Object.fromEntries(decided), notes: Object.fromEntries(notes), isExported };
    localStorage.setItem(storageKey(), JSON.stringify(kept));
  } catch {
    isKept = false;
  }
}

// The day where the reviewer is.
function today() {
  const now = new Date();
  const two = (n) => String(n).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}

// Decides, or withdraws the same decision. `false` where nobody says who decides.
function decide(id, decision) {
  if (!reviewer.trim()) return false;
  if (decided.get(id)?.decision === decision) decided.delete(id);
  else decided.set(id, { decision, by: reviewer.trim(), day: today() });
  isExported = false;
  keepDecisions();
  return true;
}

function writeNote(id, text) {
  if (text.trim()) notes.set(id, text);
  else notes.delete(id);
  if (decided.has(id)) isExported = false;
  keepDecisions();
}

// The file of decisions, as `archive review import` reads it.
function reviewFile(report) {
  const subject = (finding) => Object.fromEntries(
    ["reference", "customer", "kind", "field", "document", "paper", "record", "severity", "reason"].map((key) => [key, finding[key]]));
  const decisions = report.exceptions.filter((finding) => decided.has(finding.id)).map((finding) => {
    const { decision, by, day } = decided.get(finding.id);
    return { finding: finding.id, subject: subject(finding), decision, note: notes.get(finding.id)?.trim() ?? "", by, day };
  });
  return { format: FORMAT, version: 1, archive: report.archive, decisions };
}

// Hands the file to the browser; gives its name.
function exportDecisions(report) {
  const file = reviewFile(report);
  const name = `review-${today()}-${document.getElementById("report").dataset.name.slice(0, 8)}.json`;
  const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/json" }));
  const link = make("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
  isExported = true;
  exportedCount = file.decisions.length;
  keepDecisions();
  return name;
}

// Where things stand, for the bar at the top.
function decisionState() {
  const count = number(decided.size);
  const state = say(isExported ? "saved" : "unsaved", { count });
  return decided.size ? `${state}. ${isKept ? "" : say("notKept")}` : say(isKept ? "kept" : "notKept");
}

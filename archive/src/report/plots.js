// Plots of the findings by field, site and month, as drawings and as tables.

const SVG = "http://www.w3.org/2000/svg";
const SEVERITIES = ["critical", "major", "minor"];
// The most bars of a plot; the rest is one bar together.
const BARS = 12;

function draw(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

// Patterns tell severities apart without colour.
function patterns() {
  const pattern = (id, ...inside) =>
    draw("pattern", { id, width: 6, height: 6, patternUnits: "userSpaceOnUse" }, ...inside);
  const ground = (severity) => draw("rect", { width: 6, height: 6, class: `fill-${severity}` });
  return draw("svg", { width: 0, height: 0, "aria-hidden": "true", class: "patterns" }, draw("defs", {},
    pattern("bar-critical", ground("critical")),
    pattern("bar-major", ground("major"), draw("path", { d: "M0 6L6 0M-1 1L1 -1M5 7L7 5", class: "hatch" })),
    pattern("bar-minor", ground("minor"), draw("circle", { cx: 3, cy: 3, r: 1.2, class: "dot" }))));
}

// The bars of a plot: `[name, {critical, major, minor}, total]`, the longest first or in the order of names.
function bars(findings, key, byName) {
  const groups = new Map();
  for (const finding of findings) {
    const name = key(finding);
    const group = groups.get(name) ?? { critical: 0, major: 0, minor: 0 };
    group[finding.severity] += 1;
    groups.set(name, group);
  }
  const total = (group) => SEVERITIES.reduce((sum, severity) => sum + group[severity], 0);
  const all = [...groups].map(([name, group]) => [name, group, total(group)]);
  if (byName) return all.sort((a, b) => (a[0] < b[0] ? -1 : 1));
  return all.sort((a, b) => b[2] - a[2] || (a[0] < b[0] ? -1 : 1));
}

// The bars that a drawing has room for: the rest counts as one more; of months, the latest.
function drawnBars(all, byName) {
  if (all.length <= BARS) return all;
  const kept = byName ? all.slice(-BARS) : all.slice(0, BARS - 1);
  const rest = byName ? all.slice(0, -BARS) : all.slice(BARS - 1);
  const sum = { critical: 0, major: 0, minor: 0 };
  for (const [, group] of rest) for (const severity of SEVERITIES) sum[severity] += group[severity];
  const others = [say("others", { count: number(rest.length) }), sum, rest.reduce((n, bar) => n + bar[2], 0)];
  return byName ? [others, ...kept] : [...kept, others];
}

function plot(title, findings, key, byName = false) {
  const all = bars(findings, key, byName);
  const drawn = drawnBars(all, byName);
  const [left, width, row] = [130, 220, 24];
  const most = Math.max(1, ...drawn.map((bar) => bar[2]));
  const picture = draw("svg", {
    viewBox: `0 0 ${left + width + 50} ${drawn.length * row + 6}`, class: "plot", role: "img",
    "aria-label": `${title}: ` + drawn.map((bar) => `${foreignText(bar[0])} ${bar[2]}`).join(", "),
  });
  drawn.forEach(([name, group, total], index) => {
    const y = index * row + 3;
    const short = Array.from(foreignText(name));
    const label = short.length > 9 ? short.slice(0, 8).join("") + "…" : short.join("");
    picture.append(draw("text", { x: left - 8, y: y + 15, "text-anchor": "end" }, label));
    let x = left;
    for (const severity of SEVERITIES) {
      const length = (group[severity] / most) * width;
      if (length > 0) {
        picture.append(draw("rect", { x, y, width: length, height: row - 6, fill: `url(#bar-${severity})`, class: "piece" },
          draw("title", {}, `${say(severity)}: ${group[severity]}`)));
      }
      x += length;
    }
    picture.append(draw("text", { x: x + 6, y: y + 15 }, number(total)));
  });
  const head = [title, ...SEVERITIES.map(say), say("count")];
  const table = make("table", {},
    make("thead", {}, make("tr", {}, head.map((text) => make("th", { scope: "col" }, text)))),
    make("tbody", {}, all.slice(0, 500).map(([name, group, total]) => make("tr", {},
      make("th", { scope: "row" }, foreign(name)),
      [...SEVERITIES.map((severity) => group[severity]), total].map((n) => make("td", {}, number(n)))))));
  return make("figure", { class: "plotted" }, make("figcaption", {}, title), picture,
    make("details", {}, make("summary", {}, say("asTable")), make("div", { class: "wide", tabindex: 0, role: "region", "aria-label": title }, table)));
}

function legend() {
  return make("p", { class: "legend" }, SEVERITIES.map((severity) => {
    const sample = draw("svg", { width: 22, height: 14, "aria-hidden": "true" },
      draw("rect", { width: 22, height: 14, fill: `url(#bar-${severity})`, class: "piece" }));
    return make("span", {}, sample, say(severity));
  }));
}

function plots(findings) {
  return make("section", { id: "plots" }, make("h2", {}, say("plots")), patterns(), legend(),
    make("div", { class: "plots" },
      plot(say("byField"), findings, (f) => f.label || f.field),
      plot(say("bySite"), findings, (f) => f.site ?? say("noSite")),
      plot(say("byMonth"), findings, (f) => f.day.slice(0, 7), true)));
}

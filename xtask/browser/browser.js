// What the browser tests share: a browser, pages that must stay silent, and pictures to compare with.

import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { chromium } from "playwright-core";
import { PNG } from "pngjs";

const here = path.dirname(fileURLToPath(import.meta.url));

// Where the pages under test lie and the command is, as `cargo xtask test browser` says.
export const pages = process.env.BROWSER_PAGES;
export const archiveCommand = process.env.ARCHIVE_COMMAND;

export async function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync"],
  });
}

// A page that notes what it should not do: errors, and requests that leave the machine's disk or, where `mayAsk` names one, that
// server.
export async function openPage(browser, url, options = {}) {
  const { mayMiss = [], mayAsk = null, ...context } = options;
  const opened = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", acceptDownloads: true, ...context });
  const page = await opened.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    const isMissing = mayMiss.some((part) => message.location().url.includes(part));
    if (message.type() === "error" && !isMissing) faults.push(message.text());
  });
  page.on("request", (request) => {
    const isOwn = mayAsk !== null && new URL(request.url()).origin === mayAsk;
    if (!isOwn && !/^(file|data|blob):/.test(request.url())) faults.push(`request to ${request.url()}`);
  });
  await page.goto(url);
  return { page, faults, close: () => opened.close() };
}

// The faults that axe finds, in words.
export async function accessibilityFaults(page) {
  await page.evaluate(axe.source);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations
    .map((violation) => `${violation.id}: ${violation.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`);
}

// Debian's one font on every machine: others move lines by more than a tolerance allows. Needs `bypassCSP`.
export async function useOneFont(page) {
  await page.addStyleTag({ content: "* { font-family: 'WenQuanYi Micro Hei' !important }" });
}

// Loaded is not yet painted.
export async function untilPainted(page) {
  await page.evaluate(async () => {
    const images = [...document.images];
    for (const image of images) image.decoding = "sync";
    await Promise.all(images.map((image) => image.decode().catch(() => {})));
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  });
}

// The side of the squares in which pictures are compared: what draws fonts differs from machine to machine by less.
const SQUARE = 16;
// How far the mean of a square may be off, of 255.
const DEPTH = 20;

// The share of squares in which two pictures differ.
export function difference(left, right) {
  const isLike = (a, b) => Math.abs(a - b) < SQUARE;
  if (!isLike(left.width, right.width) || !isLike(left.height, right.height)) return 1;
  const [width, height] = [Math.min(left.width, right.width), Math.min(left.height, right.height)];
  const mean = (image, x0, y0) => {
    const sum = [0, 0, 0];
    let count = 0;
    for (let y = y0; y < Math.min(y0 + SQUARE, height); y++) {
      for (let x = x0; x < Math.min(x0 + SQUARE, width); x++, count++) {
        for (let c = 0; c < 3; c++) sum[c] += image.data[(y * image.width + x) * 4 + c];
      }
    }
    return sum.map((value) => value / count);
  };
  let [all, off] = [0, 0];
  for (let y = 0; y < height; y += SQUARE) {
    for (let x = 0; x < width; x += SQUARE, all++) {
      const [a, b] = [mean(left, x, y), mean(right, x, y)];
      if (a.some((value, c) => Math.abs(value - b[c]) > DEPTH)) off++;
    }
  }
  return off / all;
}

// Compares a screenshot with the stored one of that name; `UPDATE_GOLDEN=1` stores it. Gives the difference.
export function compareWithStored(name, bytes) {
  const stored = path.join(here, "screenshots", `${name}.png`);
  if (process.env.UPDATE_GOLDEN === "1") {
    fs.writeFileSync(stored, bytes);
    return 0;
  }
  const seen = path.join(pages, "seen");
  fs.mkdirSync(seen, { recursive: true });
  fs.writeFileSync(path.join(seen, `${name}.png`), bytes);
  return difference(PNG.sync.read(fs.readFileSync(stored)), PNG.sync.read(bytes));
}

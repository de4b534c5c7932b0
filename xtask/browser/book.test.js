// The book as a reader opens it from disk.

import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";
import { openPage, pages, startBrowser } from "./browser.js";

const book = path.join(pages, "..", "book");

let browser;
before(async () => {
  browser = await startBrowser();
});
after(async () => browser?.close());

test("a search finds words of both languages, and nothing in them is run", async () => {
  // Fonts and the like of the theme lie beside the pages.
  const { page, faults, close } = await openPage(browser, pathToFileURL(path.join(book, "docs", "console.html")).href);
  await page.getByRole("link", { name: "Search" }).first().click();
  const results = page.locator("#mkdocs-search-results");
  const find = async (words) => {
    await page.locator("#mkdocs-search-query").fill("");
    await results.evaluate((place) => place.replaceChildren());
    await page.locator("#mkdocs-search-query").fill(words);
    await results.locator("article").or(results.getByText("No results found")).first().waitFor();
    return results.locator("article a").evaluateAll((links) => links.map((link) => link.getAttribute("href")));
  };
  for (const [words, where] of [["密集架", "glossary.html"], ["盘点", "console.html"], ["借阅", "console.html"], ["schemathesis", "console.html"], ["power cuts", "reliability.html"]]) {
    const found = await find(words);
    assert.ok(found.some((link) => link.includes(where)), `${words}: ${found.join(", ")}`);
  }
  assert.deepEqual(await find("密集盘点架"), [], "pairs that stand nowhere side by side");
  assert.deepEqual(await find("<img src=x onerror=window.injected=1> +*^~:"), []);
  assert.ok((await find("档")).length > 0, "one character");
  await find("盘点");
  await results.locator("article a").first().click();
  await page.waitForURL(/\.html/);
  assert.ok((await page.locator("h1").count()) > 0, "a result leads to its page");
  assert.deepEqual([await page.evaluate(() => window.injected), faults], [undefined, []]);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.waitForFunction(() => document.documentElement.dataset.bsTheme === "dark");
  await close();
});

// Measures how fast a report is in a browser: first paint, load, the list, filters, scrolling; medians of five. The argument
// is the report.

import { statSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const file = resolve(process.argv[2]);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const times = {};

function note(name, milliseconds) {
  (times[name] ||= []).push(milliseconds);
}

for (let round = 0; round < 5; round++) {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 900 } })).newPage();
  await page.goto(pathToFileURL(file).href);
  await page.waitForTimeout(500);
  note("first paint", await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  note("loaded", await page.evaluate(() => performance.getEntriesByType("navigation")[0].loadEventEnd));
  note("list of pairs shown", await page.evaluate(async () => {
    const start = performance.now();
    location.hash = "#pairs";
    await new Promise((done) => setTimeout(done));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - start;
  }));
  const wanted = [["search", "a"], ["relation", "excerpt"], ["least", "90"], ["publisher", "x"]];
  note("slowest of four filters", await page.evaluate((wanted) => {
    const all = wanted.map(([name, value]) => {
      const field = document.querySelector(`#pairs [name=${name}]`);
      if (!field) return 0;
      field.value = value;
      const start = performance.now();
      field.dispatchEvent(new Event("input", { bubbles: true }));
      document.body.getBoundingClientRect();
      return performance.now() - start;
    });
    document.querySelector("#pairs form").reset();
    return Math.max(...all);
  }, wanted));
  note("a jump within the list", await page.evaluate(async () => {
    await new Promise((done) => setTimeout(done, 100));
    const rows = document.querySelector("#pairs .rows");
    const start = performance.now();
    for (let at = 0; at < 20; at++) {
      rows.scrollTop = (rows.scrollHeight * at) / 20;
      await new Promise((done) => requestAnimationFrame(done));
    }
    return (performance.now() - start) / 20;
  }));
  await page.context().close();
}
await browser.close();
console.log(`${(statSync(file).size / 1e6).toFixed(1)} MB`);
for (const [name, all] of Object.entries(times)) {
  console.log(`${name}: ${all.sort((one, other) => one - other)[2].toFixed(0)} ms`);
}

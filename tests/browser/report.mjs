// Drives a browser through reports: what a person would do with them, what hostile texts must not do, and whether all can
// use them. The first argument is the program; with a folder as the second, pictures are put there.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, pictures] = process.argv.slice(2);
const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const samples = join(project, "samples");
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "wirecopy-browser-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

function wirecopy(...args) {
  return execFileSync(program, args, { cwd: samples, encoding: "utf8" });
}

// A page that may say nothing on its console, and ask for nothing but itself.
async function open(file, hash = "", settings = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...settings });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(error.message));
  page.on("dialog", (dialog) => page.complaints.push("dialog " + dialog.message()));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== pathToFileURL(file).href) page.complaints.push("asks for " + request.url());
  });
  await page.goto(pathToFileURL(file).href + hash);
  return page;
}

async function accessible(page, where) {
  // Its own script runs beside the page's policy.
  const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] })`);
  const told = found.violations.map((one) => `${one.id}: ${one.help}\n  ${one.nodes.map((node) => node.html).join("\n  ")}`);
  assert.deepEqual(told, [], where);
}

// A text as it is shown, without the numbers of its passages.
function textOf(page, name) {
  return page.locator(`[aria-label="Text ${name}"]`).evaluate((box) => {
    const copy = box.cloneNode(true);
    copy.querySelectorAll(".jump").forEach((one) => one.remove());
    return copy.textContent;
  });
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, name + ".png"), fullPage: true });
}

async function closed(page) {
  assert.deepEqual(page.complaints, []);
  await page.context().close();
}

const tests = {
  async "the overview has the numbers of the run"() {
    const page = await open(report);
    const text = await page.locator("#overview").innerText();
    for (const wanted of [/19\s+articles/, /26\.3 %\s+redundant/, /8\s+pairs/, /near-duplicate\s+3/, /52 bands of 3 rows: 0\.9990/]) {
      assert.match(text, wanted);
    }
    assert.equal(await page.locator(".plot svg").count(), 4);
    await picture(page, "overview");
    await closed(page);
  },

  async "pairs are filtered, one is opened, and a passage leads to its twin"() {
    const page = await open(report);
    await page.getByRole("link", { name: "Pairs" }).click();
    const status = page.locator("#pairs .count");
    assert.equal(await status.innerText(), "8 pairs");
    await page.locator("#pairs [name=relation]").selectOption("excerpt");
    assert.equal(await status.innerText(), "2 of 8 pairs");
    await page.getByLabel("search ids and titles").fill("harbour bridge eleven");
    assert.equal(await status.innerText(), "1 of 8 pairs");
    await page.getByRole("button", { name: "Reset" }).click();
    await page.getByLabel("publisher").fill("Ellery Gazette");
    assert.equal(await status.innerText(), "2 of 8 pairs");
    await page.getByLabel("overlap at least").fill("90");
    assert.equal(await status.innerText(), "1 of 8 pairs");
    await page.getByRole("button", { name: "Reset" }).click();
    await page.getByLabel("from").fill("2024-04-28");
    assert.equal(await status.innerText(), "1 of 8 pairs");
    await page.getByRole("button", { name: "Reset" }).click();
    await page.getByLabel("search ids and titles").fill("01-wire 03-abridged");
    await page.locator("#pairs .row a").click();
    await page.locator("#pair .facts").waitFor();
    assert.match(page.url(), /#pair=01-wire&with=03-abridged$/);
    const facts = await page.locator(".facts").innerText();
    assert.match(facts, /in the other\s+45\.5 % \(117 of 257 words\)\s+95\.9 % \(117 of 122 words\)/);
    assert.match(facts, /SHA-256\s+[0-9a-f]{64}/);
    assert.equal(await page.locator(".text").count(), 2);
    const jumps = page.locator('[aria-label="Text A"] .jump');
    assert.equal(await jumps.count(), 2);
    assert.match(await jumps.first().getAttribute("aria-label"), /^Passage 1, 78 equal words: go to it in B$/);
    await jumps.last().focus();
    await page.keyboard.press("Enter");
    const focused = await page.evaluate(() => {
      const mark = document.activeElement.closest("mark");
      return [mark.dataset.side, mark.dataset.passage, mark.classList.contains("twin")];
    });
    assert.deepEqual(focused, ["1", "1", true]);
    await page.keyboard.press("s");
    assert.equal(await page.locator(".facts thead th").nth(1).innerText(), "B");
    const before = await page.locator(".facts").innerText();
    assert.match(before, /B\s+A/);
    await page.keyboard.press("s");
    assert.equal(await page.locator(".facts").innerText(), facts);
    await page.reload();
    assert.equal(await page.locator(".facts").innerText(), facts);
    await page.goBack();
    assert.equal(await page.locator("#pairs .count").innerText(), "8 pairs");
    await picture(page, "pair");
    await closed(page);
  },

  async "texts are those of the articles"() {
    const page = await open(report, "#pair=01-wire&with=02-light-edit");
    assert.equal(await textOf(page, "B"), readFileSync(join(samples, "articles", "02-light-edit.txt"), "utf8"));
    const edits = await page.locator('[aria-label="Text B"] ins').allInnerTexts();
    assert.ok(edits.includes("announced") && edits.includes("from"), edits.join());
    await closed(page);
  },

  async "both texts scroll together"() {
    const page = await open(report, "#pair=03-abridged&with=04-embedding", { viewport: { width: 1200, height: 500 } });
    const [left, right] = [page.locator(".text").first(), page.locator(".text").last()];
    await right.evaluate((box) => { box.scrollTop = box.scrollHeight; });
    await page.waitForFunction(() => document.querySelector(".text").scrollTop > 0);
    assert.ok((await left.evaluate((box) => box.scrollTop)) > 0);
    await closed(page);
  },

  async "a cluster tells its members, and leads to their pairs"() {
    const page = await open(report, "#clusters");
    assert.equal(await page.locator("#clusters .count").innerText(), "5 clusters");
    await page.getByLabel("Jaccard at least").fill("99");
    assert.equal(await page.locator("#clusters .count").innerText(), "2 of 5 clusters");
    await page.getByRole("button", { name: "Reset" }).click();
    await page.locator("#clusters .row a").first().click();
    await page.locator("#cluster .row a").first().waitFor();
    assert.match(await page.locator("#cluster-title").innerText(), /^Cluster 1: /);
    await page.locator("#cluster .row a").first().click();
    await page.locator("#pair .text").first().waitFor();
    assert.equal(await page.locator(".text").count(), 2);
    await closed(page);
  },

  async "everybody can use it: light, dark, on a phone"() {
    const phone = { viewport: { width: 360, height: 700 } };
    for (const [name, settings] of Object.entries({ light: {}, dark: { colorScheme: "dark" }, phone })) {
      for (const hash of ["", "#clusters", "#cluster=1", "#pairs", "#pair=01-wire&with=02-light-edit"]) {
        const page = await open(report, hash, settings);
        await accessible(page, name + hash);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.equal(wide, 0, `${name}${hash} scrolls sideways`);
        await picture(page, `${name}${hash.replace(/[^a-z0-9]+/gi, "-")}`);
        await closed(page);
      }
    }
  },

  async "hostile texts are shown and do nothing"() {
    const evil = [
      "<script>window.hacked = 1</script><img src=x onerror=window.hacked=2>",
      "</script><script>window.hacked=3</script> <!-- {{ 7*7 }} {% raw %} ${7*7} &lt;b&gt;",
      "\u202egnal\u202c \u2066isolated\u2069 \u0000\u0007\u001b[31m \ud83d\ude00 \u2028 end",
    ].join(" ");
    const long = "x".repeat(400);
    const rest = " the council met on monday to talk about the bridge and its many bearings for the whole of a long day";
    const record = (id, date) => JSON.stringify({ id, title: evil + long, publisher: evil, url: "javascript:window.hacked=4", date, text: evil + rest.repeat(3) + id });
    const broken = '{"id": "lone\\ud800\\u003cb", "text": "\\ud800 \\udfff ' + rest.repeat(3) + '"}';
    const ids = ["a'\"><i>" + long, "b</script>&"];
    writeFileSync(join(folder, "evil<b>.jsonl"), [record(ids[0], "2024-01-01"), record(ids[1], "2024-01-02"), broken, "not json <script>"].join("\n") + "\n");
    const out = join(folder, "evil-report<i>");
    try {
      execFileSync(program, ["scan", join(folder, "evil<b>.jsonl"), "-o", out, "--quiet"], { stdio: "ignore" });
    } catch (error) {
      assert.equal(error.status, 3);
    }
    for (const hash of ["", "#pairs", "#clusters", "#pair=" + encodeURIComponent(ids[0]) + "&with=" + encodeURIComponent(ids[1]), "#pair=%E0%A4%A", "#cluster=x"]) {
      const page = await open(join(out, "report.html"), hash);
      assert.equal(await page.evaluate("window.hacked"), undefined, hash);
      assert.equal(await page.locator("main img, main i, main b").count(), 0, hash);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wide, 0, `${hash} scrolls sideways`);
      await accessible(page, "hostile" + hash);
      if (hash.startsWith("#pair=a")) {
        const text = await textOf(page, "A");
        assert.ok(text.includes("<script>window.hacked = 1</script><img src=x onerror=window.hacked=2>"), text);
        assert.ok(text.includes("U+202E") && text.includes("U+001B"), text);
      }
      await picture(page, "hostile" + hash.length);
      await closed(page);
    }
  },

  async "one pair and one article's answers have pages of their own"() {
    const [pair, answers] = [join(folder, "pair.html"), join(folder, "answers.html")];
    wirecopy("compare", "dump.jsonl.gz:1", "dump.jsonl.gz:3", "--html", pair);
    wirecopy("find", "dump.jsonl.gz:3", "articles", "--html", answers);
    const page = await open(pair);
    assert.match(await page.locator(".facts").innerText(), /Meridian Wire\s+Coast Radio/);
    assert.match(await page.locator("footer").innerText(), /wirecopy compare dump\.jsonl\.gz:1 dump\.jsonl\.gz:3 --html/);
    await accessible(page, "compare");
    await closed(page);
    const list = await open(answers);
    assert.match(await list.locator("#pairs .count").innerText(), /^[34] pairs$/);
    await list.locator("#pairs .row a").first().click();
    await list.locator("#pair .text").first().waitFor();
    assert.equal(await list.locator(".text").count(), 2);
    await accessible(list, "find");
    await closed(list);
  },

  async "a report made anew is the same"() {
    const before = readFileSync(report, "utf8");
    wirecopy("report", join(folder, "result"));
    const same = (page) => page.slice(page.indexOf('id="data"'), page.indexOf("<script>\"use strict\""));
    assert.equal(same(readFileSync(report, "utf8")), same(before));
  },
};

const report = join(folder, "result", "report.html");
let failed = 0;
try {
  wirecopy("scan", "dump.jsonl.gz", "-o", join(folder, "result"), "--quiet");
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log("ok    ", name);
    } catch (error) {
      failed += 1;
      console.log("FAILED", name, "\n", error);
    }
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
process.exit(failed ? 1 : 0);

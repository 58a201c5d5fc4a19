// Makes the pictures of the README from the samples: the first argument is the program, the second a folder for them.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [program, pictures] = process.argv.slice(2);
const project = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const folder = mkdtempSync(join(tmpdir(), "wirecopy-pictures-"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await (await browser.newContext({ viewport: { width: 1100, height: 780 }, deviceScaleFactor: 1.5 })).newPage();

execFileSync(program, ["scan", "samples/dump.jsonl.gz", "-o", join(folder, "samples"), "--quiet"], { cwd: project });
const report = pathToFileURL(join(folder, "samples", "report.html")).href;
await page.goto(report);
await page.screenshot({ path: join(pictures, "overview.png") });
await page.goto(report + "#pair=01-wire&with=03-abridged");
await page.locator(".tools button").nth(2).click();
await page.screenshot({ path: join(pictures, "pair.png"), fullPage: true });

// What a terminal shows, with its colours: `script` lends the program one.
const COLOURS = { 1: "font-weight:bold", 2: "opacity:.65", 31: "color:#d1242f", 32: "color:#1a7f37", 33: "color:#9a6700", 35: "color:#8250df", 36: "color:#0969da", 4: "text-decoration:underline" };
const command = `stty cols 100; ${program} scan samples/articles 2> /dev/null`;
const typescript = execFileSync("script", ["-qec", command, "/dev/null"], { cwd: project, encoding: "utf8", env: { ...process.env, TERM: "xterm-256color", NO_COLOR: "" } });
const escape = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const shown = typescript
  .replaceAll("\r", "")
  .replace(/\u001b\[[0-9;?]*[A-LN-Za-ln-z]/g, "")
  .split(/(\u001b\[[0-9;]*m)/)
  .map((piece) => {
    const codes = /^\u001b\[([0-9;]*)m$/.exec(piece);
    if (!codes) return escape(piece);
    const styles = codes[1].split(";").map((code) => COLOURS[Number(code)]).filter(Boolean);
    return styles.length ? `<span style="${styles.join(";")}">` : "</span>";
  })
  .join("");
const terminal = await (await browser.newContext({ viewport: { width: 1100, height: 780 }, deviceScaleFactor: 1.5 })).newPage();
await terminal.setContent(`<pre style="font:14px/1.3 monospace;display:inline-block;margin:0;padding:14px;background:#fff">$ wirecopy scan samples/articles\n${shown}</pre>`);
await terminal.locator("pre").screenshot({ path: join(pictures, "terminal.png") });
await browser.close();
rmSync(folder, { recursive: true });

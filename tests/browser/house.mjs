// SPDX-License-Identifier: Apache-2.0
// A sample museum, really made, filled and served, and a browser to visit it with.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const { VITRINE, SAMPLES, BROWSER_TOOLS, NPM_TAKE } = process.env;
const taken = spawnSync(NPM_TAKE, [import.meta.dirname ?? new URL(".", import.meta.url).pathname, BROWSER_TOOLS], { encoding: "utf8" });
if (taken.status !== 0) {
  console.log(`Bail out! ${taken.stderr}`);
  process.exit(1);
}
export const require = createRequire(join(BROWSER_TOOLS, "node_modules", "x.js"));
const { chromium } = require("playwright-core");

const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

function run(...words) {
  const done = spawnSync(VITRINE, words, { encoding: "utf8", timeout: 300000 });
  if (done.status !== 0 && !(words.includes("ingest") && done.status === 1))
    throw new Error(`vitrine ${words.join(" ")}: exit ${done.status}\n${done.stdout}${done.stderr}`);
}

// more: a folder to take in beside the samples.
export async function openMuseum(more) {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-browser-"));
  const home = join(folder, "home");
  run("-C", home, "init", "--yes", "--name", "House of Samples", "--intro", "Prints, porcelain, photographs.");
  run("-C", home, "ingest", SAMPLES);
  if (more) run("-C", home, "ingest", more);
  const server = spawn(VITRINE, ["-C", home, "serve", "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "inherit"] });
  const base = await new Promise((resolve, reject) => {
    let said = "";
    server.stdout.on("data", (text) => {
      said += text;
      const address = /http:\/\/[0-9.]+:[0-9]+/.exec(said);
      if (address) resolve(address[0]);
    });
    server.on("exit", (code) => reject(new Error(`vitrine serve ended with ${code}`)));
  });
  await until(async () => (await (await fetch(`${base}/api/search?q=`)).json()).total > 200, "the index");
  return {
    base,
    json: async (path) => (await fetch(base + path)).json(),
    close: async () => {
      const gone = new Promise((resolve) => server.on("exit", resolve));
      server.removeAllListeners("exit");
      server.on("exit", () => {});
      server.kill("SIGTERM");
      await Promise.race([gone, new Promise((resolve) => setTimeout(resolve, 5000))]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function openBrowser() {
  return chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: FLAGS });
}

// Asks again until it is so; no test waits a fixed time.
export async function until(question, what, patience_ms = 30000) {
  const end = Date.now() + patience_ms;
  for (;;) {
    try {
      if (await question()) return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    if (Date.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

// A visitor: a fresh page whose every error and every request elsewhere is a failure.
export async function visit(browser, museum, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-GB", ...options });
  const page = await context.newPage();
  page.trouble = [];
  page.asked = [];
  page.on("pageerror", (error) => page.trouble.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 40[45]/.test(message.text())) page.trouble.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    page.asked.push(request.url());
    if (!request.url().startsWith(museum.base) && !/^(data|blob|about):/.test(request.url()))
      page.trouble.push(`asked elsewhere: ${request.url()}`);
  });
  page.go = (path) => page.goto(museum.base + path, { waitUntil: "load" });
  page.leave = async () => {
    await context.close();
    if (page.trouble.length) throw new Error(page.trouble.join("\n"));
  };
  return page;
}

export const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

// As wide as the window, not wider; nothing that is pressed is smaller than 24 px; nothing moves while loading.
export async function fits(page, path) {
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  sure(wide <= 0, `${path} is ${wide} px wider than the window`);
  const small = await page.evaluate(() => [...document.querySelectorAll("a, button, input, summary")]
    .filter((one) => one.offsetParent && !one.closest("p, dd, figcaption, svg") && !one.classList.contains("skip"))
    .map((one) => [one, one.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 24))
    .map(([one, box]) => `${one.outerHTML.slice(0, 80)} ${box.width}x${box.height}`));
  sure(!small.length, `${path}: too small to press: ${small.join("; ")}`);
}

export async function accessible(page, path) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  sure(!found.violations.length, `${path}: ${found.violations.map((one) =>
    `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary}`).join(" | ")}`).join("\n")}`);
}

export async function tap(tests) {
  const only = process.argv[2];
  const chosen = Object.entries(tests).filter(([name]) => !only || name === only);
  let failed = 0;
  console.log(`1..${chosen.length}`);
  for (const [index, [name, test]] of chosen.entries()) {
    try {
      await test();
      console.log(`ok ${index + 1} - ${name}`);
    } catch (error) {
      failed++;
      console.log(`not ok ${index + 1} - ${name}\n${String(error.stack || error).replace(/^/gm, "# ")}`);
    }
  }
  return failed;
}

export function sure(yes, what) {
  if (!yes) throw new Error(what);
}

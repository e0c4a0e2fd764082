// SPDX-License-Identifier: Apache-2.0
// A pattern kit as visitors make it: from the box on a work to the files in their hands; on a phone, by keys alone, in the
// dark and without script; and refused where the licence lets nobody make anything new.
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { accessible, fits, openBrowser, openMuseum, PHONE, sure, tap, until, visit } from "./house.mjs";

const CLOTH = "cloth-1", PRINT = "met-54303", FIXED = "fixed-1";
// A PNG, which repeats every 50 by 40 pixels.
function cloth(width, height) {
  const row = 1 + 3 * width, pixels = Buffer.alloc(row * height);
  for (let i = 0; i < width * height; i++) {
    const x = i % width % 50, y = Math.floor(i / width) % 40;
    const colour = (x - 18) ** 2 + (y - 15) ** 2 < 90 ? "8f2d1d" : x > 32 && x < 40 && y > 12 && y < 33 ? "1f3f94" : "e8d9b5";
    pixels.write(colour, Math.floor(i / width) * row + 1 + 3 * (i % width), "hex");
  }
  const head = Buffer.from("0000000000000000" + "0802000000", "hex");
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  return Buffer.concat([Buffer.from("89504e470d0a1a0a", "hex"), chunk("IHDR", head), chunk("IDAT", deflateSync(pixels)), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(kind, body) {
  const all = Buffer.concat([Buffer.alloc(4), Buffer.from(kind), body, Buffer.alloc(4)]);
  let crc = -1;
  for (const byte of all.subarray(4, -4)) {
    crc ^= byte;
    for (let k = 0; k < 8; k++) crc = crc >>> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  all.writeUInt32BE(body.length, 0);
  all.writeInt32BE(~crc, all.length - 4);
  return all;
}

const more = mkdtempSync(join(tmpdir(), "vitrine-kit-"));
copyFileSync(join(process.env.SAMPLES, "pictures", `${PRINT}.jpg`), join(more, "fixed.jpg"));
writeFileSync(join(more, "cloth.png"), cloth(600, 450));
writeFileSync(join(more, "records.jsonl"), [[FIXED, "As it is", "CC BY-ND 4.0", "fixed.jpg"], [CLOTH, "A cloth", "CC0-1.0", "cloth.png"]]
  .map(([id, text, licence, image]) => `${JSON.stringify({ id, lang: "en", titles: [{ lang: "en", text }], licence, image })}\n`).join(""));
const museum = await openMuseum(more);
rmSync(more, { recursive: true, force: true });
const browser = await openBrowser();

const BEGIN = { "part.jpg": "ffd8ff", "tile.png": "89504e47", "flat.png": "89504e47", "trace.svg": "3c", "sticker.png": "89504e47" };

// Everything shown has come, and each link keeps a file that is what its name says.
async function made(page, least) {
  await page.waitForSelector(".kit-made");
  const frames = page.locator(".kit-frame img");
  for (let i = 0; i < await frames.count(); i++) await frames.nth(i).scrollIntoViewIfNeeded();
  await until(() => page.$$eval(".kit-frame img", (all) => all.every((img) => img.complete && img.naturalWidth > 0)), "all pictures");
  const links = page.locator(".kit-piece figcaption a[download]");
  sure(await links.count() >= least, `${await links.count()} files`);
  for (let i = 0; i < await links.count(); i++) {
    const waits = page.waitForEvent("download");
    await links.nth(i).click();
    const got = await waits;
    const kind = Object.keys(BEGIN).find((name) => got.suggestedFilename().endsWith(name));
    sure(kind, `a telling name: ${got.suggestedFilename()}`);
    const bytes = readFileSync(await got.path());
    sure(bytes.toString("hex").startsWith(BEGIN[kind]), `${kind} is what it says`);
    sure(bytes.includes("licenses") || bytes.includes("publicdomain"), `${kind} tells its licence`);
  }
  sure((await page.$$(".kit-colours li")).length >= 2, "its colours");
  const facts = await page.getAttribute(".kit-made .hint a", "href");
  sure((await museum.json(new URL(facts, museum.base).pathname)).palette.length >= 2, "the same for scripts");
}

async function drag(page) {
  await page.evaluate(() => document.querySelector(".mark-surface").scrollIntoView({ block: "center", behavior: "instant" }));
  const box = await page.locator(".mark-surface").boundingBox();
  await page.mouse.move(box.x + box.width * 0.2, box.y + box.height * 0.25);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.8, { steps: 4 });
  await page.mouse.up();
}

const tests = {
  async from_the_box_to_the_files() {
    const page = await visit(browser, museum);
    await page.go(`/object/${PRINT}`);
    await page.click(".mark-open");
    await drag(page);
    await page.click(".mark-ask");
    await page.waitForURL(/\/look/);
    const region = new URL(page.url()).searchParams.get("region");
    await page.click('a[href^="/kit?"], button[formaction="/kit"]');
    await page.waitForURL(/\/kit\?/);
    sure(new URL(page.url()).searchParams.get("region") === region, "the same part");
    await accessible(page, "a kit");
    await fits(page, "a kit");
    await made(page, 3);
    await page.leave();
  },

  async a_repeat_in_the_dark() {
    const page = await visit(browser, museum, { colorScheme: "dark" });
    await page.go(`/kit?image=${CLOTH}:1`);
    await accessible(page, "a part to choose");
    await drag(page);
    await page.click(".look-do button");
    await made(page, 4);
    sure(/repeats/.test(await page.textContent(".kit-made > p")), "it says how it repeats");
    sure((await page.$$(".kit-tiles img")).length === 4, "the tile is shown four times");
    await accessible(page, "a kit in the dark");
    await page.leave();
  },

  async by_keys_alone() {
    const page = await visit(browser, museum);
    await page.go(`/kit?image=${PRINT}:1`);
    await page.focus(".mark-surface");
    await page.keyboard.press("ArrowRight"); // brings the box
    await page.keyboard.press("+");
    await page.keyboard.press("Enter");
    await page.waitForURL(/region=\d/);
    await page.waitForSelector(".kit-made");
    const files = await page.$$eval(".kit-piece a[download]", (all) => all.map((one) => one.getAttribute("download")));
    const reached = new Set();
    for (let i = 0; i < 120 && reached.size < files.length; i++) {
      await page.keyboard.press("Tab");
      reached.add(await page.evaluate(() => document.activeElement.getAttribute("download")));
      reached.delete(null);
    }
    sure(reached.size === files.length, `reached by Tab: ${[...reached]} of ${files}`);
    await page.leave();
  },

  async on_a_phone() {
    const page = await visit(browser, museum, PHONE);
    await page.go(`/kit?image=${CLOTH}:1`);
    await fits(page, "a part to choose");
    await drag(page);
    await page.tap(".look-do button");
    await page.waitForURL(/region=\d/);
    await page.waitForSelector(".kit-made");
    await fits(page, "a kit on a phone");
    await accessible(page, "a kit on a phone");
    await made(page, 4);
    await page.leave();
  },

  async without_script() {
    const page = await visit(browser, museum, { javaScriptEnabled: false });
    await page.go(`/kit?image=${PRINT}:1`);
    sure(!await page.isVisible(".mark-tools"), "no tools that do nothing");
    await page.click(".areas a:nth-of-type(5)");
    await page.waitForURL(/region=/);
    await made(page, 3);
    await page.click(".numbers summary");
    await page.fill("#region", "0,0,8,8");
    await page.click(".look-do button");
    sure(await page.isVisible(".empty") && !await page.isVisible(".kit-made"), "too small a part is told");
    page.trouble = page.trouble.filter((one) => !/status of 400/.test(one)); // that answer
    await page.leave();
  },

  async refused_where_the_licence_says_so() {
    const page = await visit(browser, museum);
    await page.go(`/object/${FIXED}`);
    sure(!(await page.$$('a[href^="/kit"]')).length, "no way there is offered");
    await page.go(`/kit?image=${FIXED}:1&region=0,0,300,300`).catch(() => {});
    sure(await page.isVisible(".empty") && !await page.isVisible(".kit-made"), "the page says no, and why");
    await accessible(page, "refused");
    for (const name of Object.keys(BEGIN))
      sure((await fetch(`${museum.base}/kit/${FIXED}:1/0,0,300,300/${name}`)).status === 403, `${name} is refused`);
    page.trouble = page.trouble.filter((one) => !/status of 403/.test(one)); // the page itself, and rightly
    await page.leave();
  },
};

const failed = await tap(tests);
await browser.close();
await museum.close();
process.exit(failed ? 1 : 0);

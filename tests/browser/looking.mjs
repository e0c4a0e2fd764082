// SPDX-License-Identifier: Apache-2.0
// Finding by looking as visitors do it: a box, a lasso, keys alone, a photograph; with the deep zoom and without it,
// on a phone, and without script.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { accessible, fits, openBrowser, openMuseum, PHONE, sure, tap, until, visit } from "./house.mjs";

const museum = await openMuseum();
const browser = await openBrowser();
const WORK = "met-37110", SHEET = "sheet-01", DRAWN = "met-39799"; // a print, a sheet of prints with it among them, another print
const PHOTO = join(process.env.SAMPLES, "pictures", `${WORK}.jpg`);

await until(async () => {
  const { hits } = await museum.json(`/api/look?image=${WORK}:1&region=600,100,700,600`);
  return hits.some((hit) => hit.id === SHEET);
}, "the visual index", 120000);

// From and to as parts of the surface's width and height.
async function drag(page, points) {
  await page.evaluate(() => document.querySelector(".mark-surface").scrollIntoView({ block: "center", behavior: "instant" }));
  const box = await page.locator(".mark-surface").boundingBox();
  const at = ([x, y]) => [box.x + box.width * x, box.y + box.height * y];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 4 });
  await page.mouse.up();
}

// The hits stand there, both works among them, each with its place outlined.
async function found(page) {
  await page.waitForURL(/\/look/);
  await page.waitForSelector(".look-hit");
  const hits = await page.$$eval(".look-hit > a:first-child", (links) => links.map((link) => [link.getAttribute("href"), !!link.querySelector("polygon")]));
  for (const id of [WORK, SHEET])
    sure(hits.some(([href, outlined]) => href.endsWith(id) && outlined), `${page.url()}: ${id} with an outline among ${JSON.stringify(hits)}`);
}

const ROUND = Array.from({ length: 16 }, (_, i) => [0.52 + 0.36 * Math.cos(i * 0.4), 0.42 + 0.34 * Math.sin(i * 0.4)]);

const tests = {
  async box_on_the_still_picture() {
    const page = await visit(browser, museum);
    await page.go(`/object/${WORK}`);
    await page.click(".mark-open");
    await accessible(page, "marking");
    await drag(page, [[0.35, 0.08], [0.82, 0.62]]);
    sure(/^\d+,\d+,\d+,\d+$/.test(await page.textContent(".mark-said")), "the box is told in numbers");
    await page.click(".mark-ask");
    await found(page);
    sure(/region=\d/.test(page.url()), "the address is the question");
    await accessible(page, "hits");
    await page.click(`.look-hit:has(a[href$="${SHEET}"]) .look-why`);
    await page.waitForURL(/\/look\/why/);
    const spots = await page.$$eval(".evidence", (sides) => sides.map((side) => side.querySelectorAll("circle").length));
    sure(spots.length === 2 && spots[0] >= 3 && spots[0] === spots[1], `the same spots on both sides: ${spots}`);
    await until(() => page.evaluate(() => [...document.querySelectorAll(".evidence img")].every((img) => img.complete && img.naturalWidth > 0)), "both crops");
    await accessible(page, "evidence");
    await page.leave();
  },

  async lasso_in_the_deep_zoom() {
    const page = await visit(browser, museum);
    await page.go(`/object/${WORK}`);
    await page.click(".zoom-open");
    await until(() => page.evaluate(() => Number(document.querySelector(".stage").dataset.tiles) > 0), "tiles");
    await page.click("[data-do=in]");
    await page.waitForTimeout(1000);
    await page.click(".mark-open");
    await page.click("[data-mark=lasso]");
    await drag(page, ROUND);
    const first = await page.getAttribute(".mark-surface polygon", "points");
    await page.click("[data-do=whole]");
    await until(async () => await page.getAttribute(".mark-surface polygon", "points") !== first, "the lasso moves with the picture");
    await page.waitForTimeout(1000);
    await drag(page, ROUND);
    await page.click(".mark-ask");
    await found(page);
    const corners = new URL(page.url()).searchParams.get("polygon").split(",");
    sure(corners.length >= 12 && corners.length <= 80 && corners.length % 2 === 0, `${corners.length / 2} corners`);
    await page.leave();
  },

  async by_keys_alone() {
    const page = await visit(browser, museum);
    await page.go(`/object/${WORK}`);
    await page.focus(".mark-open");
    await page.keyboard.press("Enter");
    sure(await page.evaluate(() => document.activeElement.className) === "mark-surface", "the focus is on the picture");
    await page.keyboard.press("ArrowRight"); // brings the box
    for (let i = 0; i < 4; i++) await page.keyboard.press("ArrowUp");
    for (let i = 0; i < 3; i++) await page.keyboard.press("Shift+ArrowRight");
    await page.keyboard.press("+");
    await page.keyboard.press("Enter");
    await found(page);
    await page.goBack();
    await page.focus(".mark-open");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Escape");
    sure(await page.evaluate(() => document.activeElement.className) === "mark-open", "Escape leads back");
    await page.go(`/look?image=${WORK}:1`);
    await page.click("[data-mark=lasso]");
    await page.focus(".mark-surface");
    for (const [key, times] of [["ArrowUp", 10], [" ", 1], ["ArrowRight", 12], [" ", 1], ["ArrowDown", 14], [" ", 1], ["ArrowLeft", 18], [" ", 1], [" ", 1], ["Backspace", 1]])
      for (let i = 0; i < times; i++) await page.keyboard.press(key);
    sure(await page.textContent(".mark-said") === "4", "four corners are set");
    await page.keyboard.press("Enter");
    await page.waitForURL(/polygon=/);
    await found(page);
    await page.leave();
  },

  async a_photograph() {
    const page = await visit(browser, museum);
    await page.go("/search");
    await page.click(".photo summary");
    await page.setInputFiles("#picture", PHOTO);
    await page.waitForSelector(".mark-room canvas");
    await accessible(page, "a photograph chosen");
    await page.click(".look-photo > button");
    await found(page);
    await page.go("/look");
    await page.setInputFiles("#picture", PHOTO);
    await page.waitForSelector(".mark-room canvas");
    await drag(page, [[0.35, 0.08], [0.82, 0.62]]);
    await page.click(".look-photo > button");
    await found(page);
    sure(/region=/.test(page.url()), "only a part of it");
    await page.leave();
  },

  async on_a_phone() {
    const page = await visit(browser, museum, PHONE);
    await page.go(`/object/${WORK}`);
    await page.tap(".mark-open");
    await fits(page, "marking");
    await drag(page, [[0.35, 0.08], [0.82, 0.62]]);
    await page.tap(".mark-ask");
    await found(page);
    await fits(page, "hits");
    await accessible(page, "hits on a phone");
    await page.tap(".look-why");
    await page.waitForURL(/\/look\/why/);
    await fits(page, "evidence");
    await accessible(page, "evidence on a phone");
    await page.leave();
  },

  async a_drawing() {
    for (const options of [{}, { colorScheme: "dark" }, PHONE, { ...PHONE, colorScheme: "dark", locale: "zh-CN" }]) {
      const page = await visit(browser, museum, options);
      await page.go("/look");
      // What somebody might draw of it: black where its grey changes.
      const drawing = await page.evaluate(async (address) => {
        const picture = await createImageBitmap(await (await fetch(address)).blob());
        const canvas = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
        const context = canvas.getContext("2d");
        context.drawImage(picture, 0, 0);
        const from = context.getImageData(0, 0, canvas.width, canvas.height), wide = canvas.width * 4;
        const to = context.createImageData(canvas.width, canvas.height);
        for (let i = 0; i < from.data.length; i += 4) {
          const change = Math.abs(from.data[i] - (from.data[i - 4] ?? 0)) + Math.abs(from.data[i] - (from.data[i - wide] ?? 0));
          to.data.fill(change > 30 ? 0 : 255, i, i + 3);
          to.data[i + 3] = 255;
        }
        context.putImageData(to, 0, 0);
        return canvas.toDataURL("image/png").split(",")[1];
      }, `/iiif/3/${DRAWN}:1/full/600,/0/gray.png`);
      await page.setInputFiles("#picture", { name: "drawing.png", mimeType: "image/png", buffer: Buffer.from(drawing, "base64") });
      await page.waitForSelector(".mark-room canvas");
      await page.click(".look-photo > button");
      await page.waitForSelector(".look-hit");
      const chinese = options.locale === "zh-CN";
      const said = await page.textContent(`.look-hit:has(a[href$="${DRAWN}"]) .date`);
      sure(said.includes(chinese ? "依线条找到" : "found by its lines"), said);
      await fits(page, "a hit by lines");
      await accessible(page, "a hit by lines");
      await page.click(`.look-hit:has(a[href$="${DRAWN}"]) .look-why`);
      await page.waitForSelector(".evidences");
      const words = await page.textContent(".why");
      sure(words.includes(chinese ? "线条走向相合" : "The lines run alike within the outline") && !/Equal numbers|相同的数字/.test(words), words);
      await until(() => page.evaluate(() => [...document.querySelectorAll(".evidence img")].every((img) => img.complete && img.naturalWidth > 0)), "both parts");
      sure(await page.$$eval(".evidence", (sides) => sides.length === 2 && sides[1].querySelectorAll("polygon").length === 1), "the outline on what was found");
      sure(!(await page.$$(".evidence circle")).length, "no spots");
      const apart = await page.$$eval(".evidence", (sides) => sides.map((side) => side.getBoundingClientRect()).map(({ x, y }) => [x, y]));
      sure((await page.viewportSize()).width < 700 || apart[0][1] === apart[1][1], "side by side where there is room");
      await fits(page, "evidence of lines");
      await accessible(page, "evidence of lines");
      await page.leave();
    }
  },

  async works_linked_by_a_motif() {
    await until(async () => (await museum.json(`/api/chains/${WORK}`)).links.some((link) => link.id === SHEET), "the links", 180000);
    for (const options of [{}, { colorScheme: "dark" }, PHONE]) {
      const page = await visit(browser, museum, { javaScriptEnabled: true, ...options });
      await page.go(`/object/${WORK}`);
      await accessible(page, "a work with links");
      await page.click(".chain-shelf .button");
      await page.waitForURL(/\/tour\?at=/);
      const walk = page.url(), stops = await page.$$eval(".stop-work a", (works) => works.map((work) => work.getAttribute("href")));
      sure(stops.length >= 3 && new Set(stops).size === stops.length, `a walk: ${stops}`);
      sure((await page.$$(".stop .pair")).length === stops.length - 1, "each step says by which motif it came");
      await fits(page, "a walk");
      await accessible(page, "a walk");
      await page.go("/motifs");
      await fits(page, "motifs");
      await accessible(page, "motifs");
      await page.click(".motif-picture");
      await page.waitForURL(/\/motifs\?image=/);
      await fits(page, "a motif");
      await accessible(page, "a motif");
      await page.goto(walk);
      sure(String(await page.$$eval(".stop-work a", (works) => works.map((work) => work.getAttribute("href")))) === String(stops), "the address is the walk");
      await page.leave();
    }
  },

  async without_script() {
    const page = await visit(browser, museum, { javaScriptEnabled: false });
    await page.go(`/object/${WORK}`);
    await page.click(".mark-open");
    await page.waitForURL(/\/look\?image=/);
    sure(!await page.isVisible(".mark-tools"), "no tools that do nothing");
    sure((await page.$$(".areas a")).length === 9, "nine parts to choose from");
    await page.click(".areas a:nth-of-type(5)");
    await page.waitForURL(/region=/);
    await page.click(".numbers summary");
    await page.fill("#region", "600,100,700,600");
    await page.click(".look-do button");
    await found(page);
    await page.fill("#within", "contact");
    await page.click(".look-do button");
    sure((await page.$$(".look-hit")).length === 1, "words narrow the hits");
    await page.setInputFiles("#picture", PHOTO);
    await page.click(".look-photo > button");
    await found(page);
    await page.leave();
  },
};

const failed = await tap(tests);
await browser.close();
await museum.close();
process.exit(failed ? 1 : 0);

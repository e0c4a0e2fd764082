// SPDX-License-Identifier: Apache-2.0
// The museum as visitors meet it: with a mouse, with keys, on a phone, without script, in Chinese.
import { accessible, fits, openBrowser, openMuseum, PHONE, sure, tap, until, visit } from "./house.mjs";

const museum = await openMuseum();
const browser = await openBrowser();

// A work with a picture that may be looked at closely, the largest there is.
async function pictured() {
  const { hits } = await museum.json("/api/search?q=&limit=100");
  let best = { side: 0 };
  for (const hit of hits.filter((one) => one.images.length)) {
    const info = await (await fetch(`${hit.images[0]}/info.json`)).json();
    const side = Math.max(info.width, info.height);
    if (side > best.side) best = { ...hit, side };
  }
  sure(best.side > 2000, "the samples have a large picture");
  return { path: new URL(best.page).pathname, ...best };
}

const work = await pictured();

async function loaded(page, what = "main img") {
  await until(() => page.evaluate((selector) => {
    const seen = [...document.querySelectorAll(selector)].filter((img) => img.getBoundingClientRect().top < innerHeight);
    return seen.length > 0 && seen.every((img) => img.complete && img.naturalWidth > 0);
  }, what), "the pictures in view");
}

async function zoomed(page) {
  await until(() => page.evaluate(() => Number(document.querySelector(".stage").dataset.tiles) > 3), "tiles");
}

const tests = {
  async search_open_zoom() {
    const page = await visit(browser, museum);
    await page.go("/");
    await loaded(page);
    sure(!page.asked.some((url) => url.includes("openseadragon")), "the first view carries the deep zoom");
    await page.fill("#box", "Wave");
    await page.press("#box", "Enter");
    await page.waitForURL(/\/search\?q=Wave/);
    await loaded(page);
    await page.click(".wall a:has-text('Wave')");
    await page.waitForURL(/\/object\//);
    sure((await page.textContent("h1")).includes("Wave"), "the title of the work");
    await loaded(page, ".stage img");
    await page.click(".zoom-open");
    await zoomed(page);
    const before = page.asked.filter((url) => /\/iiif\/3\//.test(url)).length;
    await page.click("[data-do=in]");
    await page.click("[data-do=in]");
    await until(() => page.asked.filter((url) => /\/iiif\/3\//.test(url)).length > before, "more tiles after zooming in");
    await until(async () => /×[2-9]/.test(await page.textContent(".zoom-status")), "the status tells the magnification");
    await page.click("[data-do=close]");
    sure(await page.isVisible(".stage .large img"), "the still picture is back");
    await page.leave();
  },

  async a_hit_leads_to_the_line() {
    const page = await visit(browser, museum);
    await page.go("/search?q=" + encodeURIComponent("近江屋"));
    await page.click(".wall a");
    await page.waitForURL(/\/object\/met-37110\?q=/);
    sure((await page.textContent(".findings mark")) === "近江屋", "the line is shown");
    await page.click(".findings a");
    await zoomed(page);
    await until(() => page.isVisible(".viewer .place"), "the line is framed in the zoom");
    await page.leave();
  },

  async suggestions_while_typing() {
    const page = await visit(browser, museum);
    await page.go("/");
    await page.locator("#box").pressSequentially("hokus");
    await page.waitForSelector(".hints li");
    await accessible(page, "/ with suggestions");
    await page.keyboard.press("Escape");
    sure(!await page.isVisible(".hints"), "Escape closes the list");
    await page.keyboard.type("a");
    await page.waitForSelector(".hints li");
    await page.keyboard.press("ArrowDown");
    sure(await page.getAttribute("#box", "aria-activedescendant") === "hint0", "the first is chosen");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/(search\?q=|object\/)/);
    await page.leave();
  },

  async a_slip_is_mended_and_said() {
    const page = await visit(browser, museum, { javaScriptEnabled: false });
    await page.go("/search?q=porttrait");
    sure((await page.textContent(".corrected")).includes("portrait"), "says what was searched instead");
    sure((await page.$$(".wall li")).length > 0, "and shows it");
    await page.go("/search?q=bronze");
    sure((await page.$$(".why mark")).length > 0, "marks where the words stand");
    await page.leave();
  },

  async a_capped_picture_zooms_as_far_as_it_is_open() {
    const page = await visit(browser, museum); // anything refused would be an error of the page
    page.on("response", (answer) => { if (answer.status() >= 400) page.trouble.push(`${answer.status()} ${answer.url()}`); });
    await page.go("/object/se-frederick-goodall"); // the samples' own: access 600
    sure((await page.textContent(".use")).includes("600"), "says up to which size");
    await page.click(".zoom-open");
    await until(() => page.evaluate(() => Number(document.querySelector(".stage").dataset.tiles) > 0), "tiles");
    for (let i = 0; i < 6; i++) await page.click("[data-do=in]");
    await page.waitForTimeout(1500);
    await page.leave();
  },

  async facets_narrow_and_widen() {
    const page = await visit(browser, museum);
    await page.go("/search");
    const total = async () => (await museum.json(`/api/search${new URL(page.url()).search}`)).total;
    const all = await total();
    await page.click("[data-facet=classification] li a");
    await page.waitForURL(/classification=/);
    const fewer = await total();
    sure(fewer > 0 && fewer < all, `${fewer} of ${all}`);
    sure((await page.textContent("h1")).includes(String(fewer)), "the heading tells the count");
    sure((await page.$$(".wall li")).length === Math.min(fewer, 36), "as many works as counted");
    await page.click(".chips a");
    await page.waitForURL((url) => !url.search.includes("classification"));
    sure(await total() === all, "taking the filter away brings all back");
    await page.leave();
  },

  async paging_shows_each_work_once() {
    const page = await visit(browser, museum, { javaScriptEnabled: false });
    const { total } = await museum.json("/api/search?q=");
    const seen = [];
    for (let path = "/search"; path; path = await page.evaluate(() => document.querySelector("[rel~=next]")?.getAttribute("href"))) {
      await page.go(path);
      seen.push(...await page.$$eval(".wall > li > a", (links) => links.map((link) => link.getAttribute("href"))));
    }
    sure(seen.length === total && new Set(seen).size === total, `${seen.length} shown, ${new Set(seen).size} different, ${total} counted`);
    await page.leave();
  },

  async without_script() {
    const page = await visit(browser, museum, { javaScriptEnabled: false });
    await page.go("/");
    await page.fill("#box", "Wave");
    await page.press("#box", "Enter");
    await page.click(".wall a");
    sure(await page.isVisible(".stage img"), "the picture");
    sure(!await page.isVisible(".zoom-open"), "no button that does nothing");
    const answer = await page.goto(new URL(await page.getAttribute(".stage .large", "href"), museum.base).href);
    sure(answer.status() === 200 && answer.headers()["content-type"] === "image/jpeg", "the large picture");
    await page.leave();
  },

  async on_a_phone() {
    const page = await visit(browser, museum, PHONE);
    for (const path of ["/", "/search", "/search?q=Wave", work.path, "/look", "/nowhere"]) {
      await page.go(path);
      await fits(page, path);
    }
    await page.go(work.path);
    await page.tap(".zoom-open");
    await zoomed(page);
    await fits(page, `${work.path} zoomed`);
    await page.leave();
  },

  async nothing_jumps() {
    const page = await visit(browser, museum);
    for (const path of ["/", "/search", work.path]) {
      await page.addInitScript(() => {
        window.shifted = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((one) => { window.shifted += one.value; }))
          .observe({ type: "layout-shift", buffered: true });
      });
      await page.go(path);
      await loaded(page);
      const shifted = await page.evaluate(() => window.shifted);
      sure(shifted < 0.02, `${path} jumps by ${shifted}`);
    }
    await page.leave();
  },

  async pictures_keep_their_proportion() {
    const page = await visit(browser, museum);
    await page.go("/search");
    await loaded(page);
    const off = await page.$$eval(".wall li:not(.edge-shape) img", (pictures) => pictures.map((one) => {
      const box = one.getBoundingClientRect();
      return Math.abs(box.width / box.height / (one.width && one.getAttribute("width") / one.getAttribute("height")) - 1);
    }));
    sure(off.length > 5 && off.every((part) => part < 0.025), `proportions are off by up to ${Math.max(...off)}`);
    await page.leave();
  },

  async by_keyboard_alone() {
    const page = await visit(browser, museum);
    await page.go("/");
    await page.keyboard.press("Tab");
    sure(await page.evaluate(() => document.activeElement.className) === "skip", "first the skip link");
    await page.keyboard.press("Enter");
    await page.keyboard.press("/");
    sure(await page.evaluate(() => document.activeElement.id) === "box", "/ leads to the search box");
    await page.keyboard.type("Wave");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=Wave/);
    await page.focus(".orders li:last-child a");
    await page.keyboard.press("Tab");
    sure(await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle) === "solid", "the focus is seen");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/object\//);
    await page.keyboard.press("z");
    await zoomed(page);
    sure(await page.evaluate(() => document.activeElement.className) === "viewer", "the viewer has the focus");
    await page.keyboard.press("+");
    await page.keyboard.press("+");
    await page.keyboard.press("ArrowLeft");
    await until(async () => /×2/.test(await page.textContent(".zoom-status")), "plus zooms");
    await page.keyboard.press("0");
    await until(async () => /×1\.0/.test(await page.textContent(".zoom-status")), "0 shows the whole");
    await page.keyboard.press("Escape");
    sure(await page.evaluate(() => document.activeElement.className) === "zoom-open", "the focus is back where it began");
    await page.leave();
  },

  async accessibility() {
    for (const options of [{}, { colorScheme: "dark" }, PHONE]) {
      const page = await visit(browser, museum, options);
      for (const path of ["/", "/search", "/search?q=Wave", "/search?q=zzzzzz", work.path, "/look", "/nowhere", "/?lang=zh-Hans"]) {
        await page.go(path);
        await accessible(page, `${path} ${JSON.stringify(options.colorScheme || options.viewport || "")}`);
      }
      await page.go(work.path);
      await page.click(".zoom-open");
      await zoomed(page);
      await accessible(page, `${work.path} zoomed`);
      await page.leave();
    }
  },

  async speaks_chinese() {
    const page = await visit(browser, museum, { locale: "zh-CN" });
    await page.go("/");
    sure(await page.getAttribute("html", "lang") === "zh-Hans", "the page says its language");
    await page.fill("#box", "青");
    await page.click(".box button");
    sure((await page.textContent("h1")).includes("件藏品"), "a heading in Chinese");
    await page.click(".top nav a[lang=en]");
    sure(await page.getAttribute("html", "lang") === "en", "English when chosen");
    await page.go("/");
    sure(await page.getAttribute("html", "lang") === "en", "and it stays");
    await page.leave();
  },

  async a_work_as_it_was() {
    const page = await visit(browser, museum, { javaScriptEnabled: false });
    await page.go(`${work.path}?version=1`);
    sure(await page.isVisible(".then a"), "a bar says that this is an old version");
    sure((await page.getAttribute("meta[name=robots]", "content")).includes("noindex"), "and crawlers are told");
    await page.click(".then a");
    sure(!page.url().includes("version") && !await page.$(".then"), "and leads to today's");
    sure((await fetch(`${museum.base}${work.path}?version=9`)).status === 404, "a version that never was");
    sure((await fetch(`${museum.base}${work.path}?version=x`)).status === 400, "nonsense for a version");
    await page.leave();
  },

  async hidden_is_like_unknown() {
    const hidden = "met-268690"; // the samples' own: access none
    const say = async (path) => {
      const answer = await fetch(museum.base + path);
      return `${answer.status} ${(await answer.text()).replaceAll(hidden, "X").replaceAll("nobody", "X")}`;
    };
    for (const path of ["/object/X", "/api/object/X", "/iiif/manifest/X"])
      sure(await say(path.replace("X", hidden)) === await say(path.replace("X", "nobody")), `${path} tells hidden from unknown`);
    for (const path of ["/sitemap/0", "/iiif/collection/0", "/api/search?q=Charles%20Hay%20Cameron&limit=100", "/search?q=Cameron"])
      sure(!(await (await fetch(museum.base + path)).text()).includes(hidden), `${path} names a hidden work`);
  },
};

const failed = await tap(tests);
await browser.close();
await museum.close();
process.exit(failed ? 1 : 0);

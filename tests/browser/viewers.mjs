// SPDX-License-Identifier: Apache-2.0
// Viewers that others made open our manifests: Mirador and Universal Viewer, from their own pages on another
// origin, as a scholar elsewhere would.
import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, extname, join, normalize } from "node:path";
import { openBrowser, openMuseum, require, sure, tap, until } from "./house.mjs";

const museum = await openMuseum();
const browser = await openBrowser();
const modules = dirname(dirname(require.resolve("playwright-core/package.json")));

const PAGES = {
  "/mirador": `<!doctype html><title>Mirador</title><div id="m" style="position:absolute;inset:0"></div>
    <script src="/node_modules/mirador/dist/mirador.min.js"></script>
    <script>Mirador.viewer({ id: "m", windows: [{ manifestId: new URLSearchParams(location.search).get("m") }] });</script>`,
  "/uv": `<!doctype html><title>UV</title><link rel="stylesheet" href="/node_modules/universalviewer/dist/uv.css">
    <div id="uv" class="uv" style="width:1200px;height:800px"></div>
    <script src="/node_modules/universalviewer/dist/umd/UV.js"></script>
    <script>UV.init("uv", { manifest: new URLSearchParams(location.search).get("m"), embedded: true });</script>`,
};
const TYPES = { ".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".html": "text/html" };

const elsewhere = createServer((request, response) => {
  const path = normalize(new URL(request.url, "http://x").pathname);
  if (PAGES[path]) return response.setHeader("Content-Type", "text/html; charset=utf-8").end(PAGES[path]);
  const file = join(modules, path.replace(/^\/node_modules\//, ""));
  if (!path.startsWith("/node_modules/") || !existsSync(file)) return response.writeHead(404).end();
  response.setHeader("Content-Type", TYPES[extname(file)] || "application/octet-stream");
  createReadStream(file).pipe(response);
});
await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
const there = `http://127.0.0.1:${elsewhere.address().port}`;

// The middle of what is seen is a picture, not one flat colour. (The viewers' canvases cannot be read: their pictures
// come from another origin. The screen can.)
async function painted(page) {
  const shot = await page.screenshot({ clip: { x: 500, y: 250, width: 400, height: 400 } });
  const eye = await browser.newPage();
  try {
    return await eye.evaluate(async (bytes) => {
      const picture = await createImageBitmap(await (await fetch(`data:image/png;base64,${bytes}`)).blob());
      const brush = new OffscreenCanvas(32, 32).getContext("2d");
      brush.drawImage(picture, 0, 0, 32, 32);
      const { data } = brush.getImageData(0, 0, 32, 32);
      const shades = new Set();
      for (let i = 0; i < data.length; i += 4) shades.add(`${data[i] >> 3},${data[i + 1] >> 3},${data[i + 2] >> 3}`);
      return shades.size > 40;
    }, shot.toString("base64"));
  } finally {
    await eye.close();
  }
}

async function opens(viewer, id) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const tiles = new Set();
  page.on("response", (answer) => {
    if (answer.url().startsWith(`${museum.base}/iiif/3/`) && answer.ok() && /\.jpg$/.test(answer.url())) tiles.add(answer.url());
  });
  try {
    await page.goto(`${there}/${viewer}?m=${encodeURIComponent(`${museum.base}/iiif/manifest/${encodeURIComponent(id)}`)}`);
    await until(() => tiles.size > 2, `${viewer} to ask for tiles of ${id}`, 60000);
    await until(() => painted(page), `${viewer} to draw ${id}`, 60000);
    const title = (await museum.json(`/api/object/${encodeURIComponent(id)}`)).title;
    await until(() => page.evaluate((text) => document.body.innerText.includes(text), title.slice(0, 20)), `${viewer} to say ${title}`);
  } finally {
    await page.close();
  }
}

const { hits } = await museum.json("/api/search?q=&has=image&limit=100");
const large = "met-37110", many = hits.find((hit) => hit.images.length > 1);
sure(hits.some((hit) => hit.id === large), "the sample is there");

const tests = {
  mirador_opens_a_print: () => opens("mirador", large),
  universal_viewer_opens_a_print: () => opens("uv", large),
};
if (many) tests.mirador_opens_several_pictures = () => opens("mirador", many.id);

const failed = await tap(tests);
await browser.close();
await museum.close();
elsewhere.close();
process.exit(failed ? 1 : 0);

// SPDX-License-Identifier: Apache-2.0
// What the pages do better with script: deep zoom when somebody wants to look closer, and a few keys. Everything
// here has a form without script in the page itself.
"use strict";

const all = (what, inside = document) => [...inside.querySelectorAll(what)];
const one = (what, inside = document) => inside.querySelector(what);

// ---- filters stand open where there is room beside the wall; newer browsers do it by style alone

const wide = matchMedia("(min-width: 60rem)");
const openFilters = () => all("[data-wide-open]").forEach((filters) => { if (wide.matches) filters.open = true; });
if (!CSS.supports("selector(::details-content)")) {
  wide.addEventListener("change", openFilters);
  openFilters();
}

// ---- deep zoom

// OpenSeadragon hides the focus ring on touch screens unless it finds a style of this name; the page's policy would
// refuse its own, and the ring stays.
function keepFocusRing() {
  const style = document.createElementNS("urn:vitrine", "style"); // of that name, and no style
  style.setAttribute("data-openseadragon-mobile-css", "false");
  document.head.append(style);
}

function loadScript(address) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

// A picture shown up to a size offers only its coarser levels. OpenSeadragon counts all down to the finest: it is
// told what is not there, and does not zoom past what is.
function onlyOpenLevels(item) {
  const finest = Math.min(...(item.source.scale_factors || [1]));
  if (finest <= 1) return;
  const deepest = item.source.maxLevel - Math.round(Math.log2(finest)), exists = item.source.tileExists;
  item.source.tileExists = function (level, x, y) { return level <= deepest && exists.call(this, level, x, y); };
  item.viewport.maxZoomPixelRatio = 2 / finest;
}

function zoomRoom(stage) {
  const open = one(".zoom-open", stage), tools = one(".zoom-tools", stage), status = one(".zoom-status", stage);
  const box = one(".viewer", stage), still = one(".large", stage);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  let viewer = null, opening = false, told = "", place = null;

  const tell = (text) => { if (text !== told) status.textContent = told = text; };
  const level = () => {
    if (!viewer || !viewer.viewport || !viewer.world.getItemCount()) return;
    const times = viewer.viewport.getZoom(true) / viewer.viewport.getHomeZoom();
    tell(`${stage.dataset.level} ×${times.toFixed(1)}`);
  };

  function close() {
    if (document.fullscreenElement) document.exitFullscreen();
    viewer.destroy();
    viewer = stage.viewer = null;
    box.hidden = tools.hidden = true;
    still.hidden = open.hidden = false;
    tell("");
    stage.dispatchEvent(new Event("zoomed"));
    open.focus();
  }

  const steps = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] };
  function act(what) {
    const view = viewer.viewport;
    if (what === "in") view.zoomBy(1.6);
    else if (what === "out") view.zoomBy(1 / 1.6);
    else if (what === "whole") view.goHome(calm);
    else if (what === "close") return close();
    else if (what === "full") return document.fullscreenElement ? document.exitFullscreen() : stage.requestFullscreen();
    else view.panBy(view.deltaPointsFromPixels(new OpenSeadragon.Point(...steps[what].map((n) => n * 120))));
    view.applyConstraints(calm);
    viewer.forceRedraw();
  }

  function markThumb(info) {
    for (const thumb of all(".thumbs a")) {
      if (thumb.dataset.info === info) thumb.setAttribute("aria-current", "true");
      else thumb.removeAttribute("aria-current");
    }
  }

  // A line of what is written in the picture: the zoom goes there and frames it.
  function showPlace() {
    if (!place || !viewer || !viewer.world.getItemCount()) return;
    const [x, y, w, h] = place.box.split(",").map(Number), frame = document.createElement("div");
    const at = viewer.world.getItemAt(0).imageToViewportRectangle(x, y, w, h);
    const room = Math.max(at.width, at.height) * 0.75;
    viewer.clearOverlays();
    frame.className = "place";
    viewer.addOverlay(frame, at);
    viewer.viewport.fitBounds(new OpenSeadragon.Rect(at.x - room, at.y - room, at.width + 2 * room, at.height + 2 * room), calm);
    place = null;
  }
  function goTo(link) {
    const info = `${link.dataset.picture}/info.json`, other = stage.dataset.info !== info;
    place = { box: link.dataset.box };
    stage.dataset.info = info;
    markThumb(info);
    if (!viewer) start();
    else if (other) viewer.open(info);
    else showPlace();
    stage.scrollIntoView({ behavior: calm ? "auto" : "smooth" });
  }

  async function start() {
    if (viewer || opening) return;
    opening = true;
    tell(stage.dataset.busy);
    try {
      if (!window.OpenSeadragon) {
        keepFocusRing();
        await loadScript(stage.dataset.viewer);
      }
      const height = still.getBoundingClientRect().height;
      still.hidden = open.hidden = true;
      box.hidden = tools.hidden = false;
      box.style.minHeight = `${Math.min(Math.max(height, 280), innerHeight * 0.9)}px`;
      viewer = OpenSeadragon({
        element: box, tileSources: stage.dataset.info, showNavigationControl: false, showNavigator: false,
        crossOriginPolicy: "Anonymous", visibilityRatio: 0.6, maxZoomPixelRatio: 4, minZoomImageRatio: 0.8,
        animationTime: calm ? 0 : 0.7, springStiffness: 8, immediateRender: calm, drawer: ["canvas"],
        gestureSettingsMouse: { clickToZoom: false, dblClickToZoom: true },
      });
      viewer.addHandler("animation-finish", level);
      for (const moved of ["open", "animation", "resize", "update-viewport"])
        viewer.addHandler(moved, () => stage.dispatchEvent(new Event("zoomed"))); // what is marked moves along
      viewer.addHandler("zoom", () => setTimeout(level, 800));
      viewer.addHandler("open", () => {
        onlyOpenLevels(viewer.world.getItemAt(0));
        level();
        showPlace();
      });
      viewer.addHandler("tile-loaded", () => { stage.dataset.tiles = Number(stage.dataset.tiles || 0) + 1; });
      viewer.addHandler("open-failed", () => { close(); tell(stage.dataset.failed); });
      stage.viewer = viewer;
      one(".openseadragon-canvas", box).tabIndex = -1;
      box.focus();
    } catch {
      tell(stage.dataset.failed);
    }
    opening = false;
  }

  const keys = { "+": "in", "=": "in", "-": "out", "_": "out", "0": "whole", f: "full", Escape: "close",
    ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
  box.addEventListener("keydown", (event) => {
    if (!viewer || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    act(keys[event.key]);
  }, true);
  tools.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do);
  });
  open.hidden = false;
  open.addEventListener("click", start);
  still.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    start();
  });
  // Another picture of the same work, without leaving the zoom.
  all(".thumbs a").forEach((thumb) => thumb.addEventListener("click", (event) => {
    if (!viewer || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    markThumb(thumb.dataset.info);
    viewer.open(stage.dataset.info = thumb.dataset.info);
  }));
  all("a[data-box]").forEach((link) => link.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    goTo(link);
  }));
  return start;
}

const stage = one(".stage[data-info]");
const lookCloser = stage && zoomRoom(stage);

// ---- suggestions while typing: a list under the box, walked with the arrow keys

function suggest(form) {
  const input = one("input[type=search]", form), list = document.createElement("ul"), said = document.createElement("span");
  let waiting = 0, asked = "", chosen = -1;
  list.className = "hints";
  list.id = "hints";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", input.labels[0].textContent);
  said.className = "hidden";
  said.setAttribute("role", "status");
  form.append(list, said);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false",
    "aria-controls": list.id })) input.setAttribute(name, value);

  function choose(index) {
    chosen = index;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === index)));
    if (index < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[index].id);
  }
  function show(suggestions) {
    list.replaceChildren(...suggestions.map((one, i) => {
      const item = document.createElement("li"), text = document.createElement("span"), count = document.createElement("span");
      text.textContent = one.text;
      count.textContent = one.count || "";
      Object.assign(item, { id: `hint${i}`, take: () => take(one) });
      item.setAttribute("role", "option");
      item.append(text, count);
      return item;
    }));
    list.hidden = !suggestions.length;
    input.setAttribute("aria-expanded", String(!list.hidden));
    said.textContent = suggestions.length || "";
    choose(-1);
  }
  function take(suggestion) {
    if (suggestion.page) return location.assign(new URL(suggestion.page).pathname);
    input.value = suggestion.text;
    form.requestSubmit();
  }
  async function ask() {
    const typed = input.value.trim();
    if (typed === asked) return;
    asked = typed;
    if (!typed) return show([]);
    try {
      const answer = await fetch(`/api/suggest?q=${encodeURIComponent(typed)}`);
      if (answer.ok && typed === asked) show((await answer.json()).suggestions);
    } catch {
      show([]);
    }
  }
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, 120);
  });
  input.addEventListener("keydown", (event) => {
    const count = list.children.length;
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose((chosen + (event.key === "ArrowDown" ? 1 : chosen < 0 ? 0 : -1) + count) % count);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      list.children[chosen].take();
    } else if (event.key === "Escape") {
      event.preventDefault();
      show([]);
    }
  });
  list.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    event.target.closest("li")?.take();
  });
  input.addEventListener("blur", () => show([]));
}

all("form[role=search]").forEach(suggest);

// ---- keys: / to the search box, z looks closer

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, .viewer")) return;
  if (event.key === "/" && one("#box")) {
    event.preventDefault();
    one("#box").focus();
  } else if (event.key === "z" && lookCloser) {
    event.preventDefault();
    lookCloser();
  } else if (event.key === "?") {
    one(".foot").scrollIntoView();
  }
});

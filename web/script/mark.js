// SPDX-License-Identifier: Apache-2.0
// Marking a part of a picture, by mouse, finger or keys: a box or a lasso. Used over the picture of a work, with and
// without the deep zoom, on the page of finding by looking, and over a photograph before it is sent.
"use strict";

(() => {
const one = (what, inside = document) => inside.querySelector(what);
const all = (what, inside = document) => [...inside.querySelectorAll(what)];
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
const LEAST = 16, CORNERS = 40; // as the server has them, or fewer

// The corners that say most of the line: those further than `off` from the straight line between their neighbours.
function simplify(points, off) {
  if (points.length < 3) return points;
  const [a, b] = [points[0], points[points.length - 1]], length = Math.hypot(b[0] - a[0], b[1] - a[1]);
  const far = ([x, y]) => length ? Math.abs((b[0] - a[0]) * (a[1] - y) - (a[0] - x) * (b[1] - a[1])) / length : Math.hypot(x - a[0], y - a[1]);
  let most = 0, at = 0;
  for (let i = 1; i < points.length - 1; i++) if (far(points[i]) > most) [most, at] = [far(points[i]), i];
  if (most <= off) return [a, b];
  return [...simplify(points.slice(0, at + 1), off).slice(0, -1), ...simplify(points.slice(at), off)];
}

// surface: an empty element over the picture. place: {to(picture x, y) -> surface x, y; from: the other way}.
// ask(): what Enter does. Pixels of the picture throughout.
function marking(surface, width, height, place, tools, ask) {
  const NS = "http://www.w3.org/2000/svg", svg = document.createElementNS(NS, "svg");
  const [under, line, cross] = ["polygon", "polygon", "path"].map((name) => svg.appendChild(document.createElementNS(NS, name)));
  const said = one(".mark-said", tools);
  let shape = "box", part = null, corners = [], cursor = [width / 2, height / 2], drag = null, changed = () => {};
  under.setAttribute("class", "under");
  svg.setAttribute("aria-hidden", "true");
  surface.append(svg);

  const boxCorners = (p) => [[p.x, p.y], [p.x + p.w, p.y], [p.x + p.w, p.y + p.h], [p.x, p.y + p.h]];
  function draw() {
    const points = shape === "box" ? (part ? boxCorners(part) : []) : corners;
    const text = points.map((point) => place.to(...point).map((n) => n.toFixed(1)).join()).join(" ");
    under.setAttribute("points", text);
    line.setAttribute("points", text);
    const [x, y] = place.to(...cursor);
    cross.setAttribute("d", shape === "lasso" && keyed ? `M${x - 12} ${y}h24M${x} ${y - 12}v24` : "");
  }
  let keyed = false;
  function tell() {
    said.textContent = shape === "box" ? (part ? [part.x, part.y, part.w, part.h].join() : "") : String(corners.length || "");
    draw();
    changed(api.value());
  }
  function setBox(x, y, w, h) {
    w = clamp(Math.round(w), LEAST, width);
    h = clamp(Math.round(h), LEAST, height);
    part = { x: clamp(Math.round(x), 0, width - w), y: clamp(Math.round(y), 0, height - h), w, h };
    tell();
  }
  function setShape(next) {
    shape = next;
    all("[data-mark=box], [data-mark=lasso]", tools).forEach((button) =>
      button.setAttribute("aria-pressed", String(button.dataset.mark === shape)));
    tell();
  }
  const point = (event) => {
    const r = surface.getBoundingClientRect(), [x, y] = place.from(event.clientX - r.left, event.clientY - r.top);
    return [clamp(x, 0, width), clamp(y, 0, height)];
  };
  const inBox = ([x, y]) => part && x > part.x && x < part.x + part.w && y > part.y && y < part.y + part.h;

  surface.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    surface.focus({ preventScroll: true });
    surface.setPointerCapture(event.pointerId);
    const from = point(event);
    keyed = false;
    drag = { from, box: shape === "box" && inBox(from) && part.w * part.h < width * height * 0.9 ? part : null };
    if (shape === "lasso") corners = [from.map(Math.round)];
  });
  surface.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const to = point(event), [x, y] = drag.from;
    if (shape === "lasso") {
      const last = corners[corners.length - 1], step = Math.max(2, Math.max(width, height) / 300);
      if (Math.hypot(to[0] - last[0], to[1] - last[1]) >= step) corners.push(to.map(Math.round));
      draw();
    } else if (drag.box) {
      setBox(drag.box.x + to[0] - x, drag.box.y + to[1] - y, drag.box.w, drag.box.h);
    } else if (Math.hypot(to[0] - x, to[1] - y) > LEAST / 2) {
      setBox(Math.min(x, to[0]), Math.min(y, to[1]), Math.abs(to[0] - x), Math.abs(to[1] - y));
    }
  });
  const release = () => {
    if (!drag) return;
    drag = null;
    if (shape === "lasso") {
      const line = corners;
      for (let off = Math.max(width, height) / 400; corners.length > CORNERS; off *= 1.5) corners = simplify(line, off);
      tell();
    }
  };
  surface.addEventListener("pointerup", release);
  surface.addEventListener("pointercancel", release);

  function keyBox(event, dx, dy) {
    const step = Math.max(width, height) / 40, p = part || { x: width / 4, y: height / 4, w: width / 2, h: height / 2 };
    const more = event.key === "+" || event.key === "=" ? 1 : event.key === "-" || event.key === "_" ? -1 : 0;
    if (!dx && !dy && !more) return false;
    if (more) setBox(p.x - more * step / 2, p.y - more * step / 2, p.w + more * step, p.h + more * step);
    else if (!part) setBox(p.x, p.y, p.w, p.h); // the first key brings the box
    else if (event.shiftKey) setBox(p.x, p.y, p.w + dx * step, p.h + dy * step);
    else setBox(p.x + dx * step, p.y + dy * step, p.w, p.h);
    return true;
  }
  function keyLasso(event, dx, dy) {
    const step = Math.max(width, height) / 40;
    keyed = true;
    if (dx || dy) cursor = [clamp(cursor[0] + dx * step, 0, width), clamp(cursor[1] + dy * step, 0, height)];
    else if (event.key === " " && corners.length < CORNERS) corners = [...corners, cursor.map(Math.round)];
    else if (event.key === "Backspace") corners = corners.slice(0, -1);
    else return false;
    tell();
    return true;
  }
  surface.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key] || [0, 0];
    const done = event.key === "Enter" ? (ask(), true) : (shape === "box" ? keyBox : keyLasso)(event, dx, dy);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  });
  surface.addEventListener("focus", () => { keyed = true; draw(); });
  tools.addEventListener("click", (event) => {
    const kind = event.target.closest("[data-mark]")?.dataset.mark;
    if (kind === "box" || kind === "lasso") setShape(kind);
  });
  new ResizeObserver(draw).observe(surface);

  const api = {
    draw,
    setBox,
    setLasso: (points) => { corners = points; setShape("lasso"); },
    clear: () => { part = null; corners = []; tell(); },
    onchange: (f) => { changed = f; },
    // "region=x,y,w,h", "polygon=x,y,..." or ""
    value: () => {
      if (shape === "box") return part ? `region=${[part.x, part.y, part.w, part.h].join()}` : "";
      return corners.length >= 3 ? `polygon=${corners.flat().join()}` : "";
    },
  };
  return api;
}

// A picture that lies flat below the surface.
function flat(picture, surface, width, height) {
  const scale = () => {
    const p = picture.getBoundingClientRect(), s = surface.getBoundingClientRect();
    return [p.left - s.left, p.top - s.top, p.width / width, p.height / height];
  };
  return {
    to: (x, y) => { const [left, top, sx, sy] = scale(); return [left + x * sx, top + y * sy]; },
    from: (x, y) => { const [left, top, sx, sy] = scale(); return [(x - left) / sx, (y - top) / sy]; },
  };
}

const numbers = (text) => /^\d+(,\d+)*$/.test(text) ? text.split(",").map(Number) : [];

// ---- /look

function lookRoom(form) {
  const source = one(".look-source", form), surface = one(".mark-surface", form), tools = one(".mark-tools", form);
  const [region, lasso] = ["#region", "#lasso"].map((name) => one(name, form));
  const width = Number(form.dataset.width), height = Number(form.dataset.height);
  surface.hidden = tools.hidden = false;
  if (!lasso) all("[data-mark=box], [data-mark=lasso]", tools).forEach((button) => { button.hidden = true; }); // a box is all that is asked
  one(".areas", source).remove();
  one(".outline", source)?.remove();
  const marks = marking(surface, width, height, flat(one("img", source), surface, width, height), tools,
    () => form.requestSubmit(one("[name=kind], button:not([type])", form)));
  const read = () => {
    const box = numbers(region.value), line = numbers(lasso?.value || "");
    if (line.length >= 6 && line.length % 2 === 0)
      marks.setLasso(line.reduce((points, n, i) => i % 2 ? points : [...points, [n, line[i + 1]]], []));
    else if (box.length === 4) marks.setBox(...box);
  };
  read();
  marks.onchange((value) => {
    const [name, text] = value.split("=");
    region.value = name === "region" ? text : "";
    if (lasso) lasso.value = name === "polygon" ? text : "";
  });
  region.addEventListener("change", read);
  lasso?.addEventListener("change", read);
  form.addEventListener("submit", () => {
    for (const field of all("[name]", form)) field.disabled = field.tagName === "INPUT" && !field.value; // short addresses
  });
  addEventListener("pageshow", () => all("[name]", form).forEach((field) => { field.disabled = false; }));
}
all(".look-part").forEach(lookRoom);

// ---- over the picture of a work, still or in the deep zoom

function stageRoom(stage) {
  const open = one(".mark-open", stage), surface = one(".mark-surface", stage), tools = one(".mark-tools", stage);
  const width = Number(stage.dataset.width), height = Number(stage.dataset.height);
  const still = one(".large", stage), zoom = one(".viewer", stage);
  let marks = null;

  const item = () => stage.viewer && !zoom.hidden ? stage.viewer.world.getItemAt(0) : null;
  const offset = () => {
    const s = surface.getBoundingClientRect(), z = zoom.getBoundingClientRect();
    return [z.left - s.left, z.top - s.top];
  };
  const onStill = flat(one("img", still), surface, width, height);
  const place = {
    to: (x, y) => {
      if (!item()) return onStill.to(x, y);
      const p = item().imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y)), [left, top] = offset();
      return [p.x + left, p.y + top];
    },
    from: (x, y) => {
      if (!item()) return onStill.from(x, y);
      const [left, top] = offset(), p = item().viewerElementToImageCoordinates(new OpenSeadragon.Point(x - left, y - top));
      return [p.x, p.y];
    },
  };
  // As large as what it lies on; the tools below stay free.
  function fit() {
    const under = (item() ? zoom : one("img", still)).getBoundingClientRect(), s = stage.getBoundingClientRect();
    Object.assign(surface.style, { left: `${under.left - s.left - stage.clientLeft}px`, top: `${under.top - s.top - stage.clientTop}px`,
      width: `${under.width}px`, height: `${under.height}px` });
    marks.draw();
  }
  function close() {
    surface.hidden = tools.hidden = true;
    stage.classList.remove("marking");
    open.hidden = false;
    open.focus();
  }
  function ask() {
    const value = marks.value();
    if (value) location.assign(`${stage.dataset.look}&${value}`);
    else surface.focus();
  }
  open.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    surface.hidden = tools.hidden = false;
    open.hidden = true;
    stage.classList.add("marking");
    marks = marks || marking(surface, width, height, place, tools, ask);
    fit();
    surface.focus({ preventScroll: true });
  });
  tools.addEventListener("click", (event) => {
    const what = event.target.closest("[data-mark]")?.dataset.mark;
    if (what === "ask") ask();
    if (what === "close") close();
  });
  for (const where of [surface, tools]) where.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  // The deep zoom opens, moves and closes below the marks.
  const watch = () => { if (marks && !surface.hidden) fit(); };
  new ResizeObserver(watch).observe(stage);
  stage.addEventListener("zoomed", watch);
  return watch;
}
all(".stage[data-look]").forEach(stageRoom);

// ---- a photograph: made smaller before it is sent, and a part of it can be marked

const SEND_SIDE = 1600;

function photoRoom(form) {
  const field = one("input[type=file]", form), room = one(".mark-room", form);
  field.addEventListener("change", async () => {
    room.hidden = true;
    room.replaceChildren();
    form.action = "/look";
    const file = field.files[0];
    if (!file) return;
    try {
      const bitmap = await createImageBitmap(file, { imageOrientation: "from-image" });
      const scale = Math.min(1, SEND_SIDE / Math.max(bitmap.width, bitmap.height)), canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map((n) => Math.max(1, Math.round(n * scale)));
      canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
      bitmap.close();
      const blob = scale < 1 || file.size > 1e6 ? await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.9)) : null;
      if (blob && blob.size < file.size) {
        const files = new DataTransfer();
        files.items.add(new File([blob], "photo.jpg", { type: "image/jpeg" }));
        field.files = files.files; // does not fire `change` again
      } else if (scale < 1) {
        return; // sent as it is: what is marked would be in other pixels
      }
      showPhoto(form, room, canvas);
    } catch {
      // A form the browser cannot open; the museum may.
    }
  });
}

function showPhoto(form, room, canvas) {
  const tools = one("template", form).content.firstElementChild.cloneNode(true), surface = document.createElement("div");
  surface.className = "mark-surface";
  surface.tabIndex = 0;
  surface.setAttribute("role", "application");
  surface.setAttribute("aria-label", room.dataset.label);
  const frame = document.createElement("div");
  frame.className = "look-source";
  frame.append(canvas, surface);
  room.append(frame, tools);
  room.hidden = tools.hidden = false;
  const marks = marking(surface, canvas.width, canvas.height, flat(canvas, surface, canvas.width, canvas.height), tools,
    () => form.requestSubmit());
  marks.onchange((value) => { form.action = value ? `/look?${value}` : "/look"; });
}
all(".look-photo").forEach(photoRoom);
})();

"use strict";
// Draws the map from the JSON in the page. Texts of documents become text nodes, never markup.
// Points are stamped into the pixels of one image: 50,000 take a few milliseconds, without a graphics card.

const map = JSON.parse(document.getElementById("map").textContent);
const byId = (id) => document.getElementById(id);
const canvas = byId("canvas"), pen = canvas.getContext("2d", { alpha: false }), card = byId("card");
const n = map.x.length;
const x = Float32Array.from(map.x), y = Float32Array.from(map.y);
const colours = map.kinds.map((kind) => [1, 3, 5].map((start) => parseInt(kind.colour.slice(start, start + 2), 16)));
const lower = map.text.map((text, i) => `${text}\n${map.source[i]}`.toLowerCase());
const hidden = new Set();
const view = { x: 0, y: 0, zoom: 1 };
const PALE = [226, 226, 226]; // a point that does not match the search
const REACH = 9; // pixels from the pointer to the point under it, at most

let matches = null; // which points match the search; null without a search
let image = null, scale = 1, ratio = 1, waiting = false, hovered = -1, pinned = false;

function resize() {
  ratio = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(innerWidth * ratio));
  canvas.height = Math.max(1, Math.round(innerHeight * ratio));
  image = pen.createImageData(canvas.width, canvas.height);
  repaint();
}

function repaint() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(paint);
}

function paint() {
  waiting = false;
  const started = performance.now();
  scale = 0.46 * Math.min(canvas.width, canvas.height) * view.zoom;
  image.data.fill(255);
  const disc = stamp();
  if (matches) each((i) => matches[i] || blend(disc, i, PALE));
  each((i) => (!matches || matches[i]) && blend(disc, i, colours[map.kind[i]]));
  pen.putImageData(image, 0, 0);
  map.queries.forEach(drawQuery);
  if (hovered >= 0) ring(hovered);
  canvas.dataset.ms = (performance.now() - started).toFixed(1);
}

function each(draw) {
  for (let i = 0; i < n; i++) if (!hidden.has(map.kind[i])) draw(i);
}

const across = (value) => (value - view.x) * scale + canvas.width / 2;
const down = (value) => (view.y - value) * scale + canvas.height / 2;

function radius() {
  const plain = n > 20000 ? 1.8 : n > 4000 ? 2.6 : 4;
  return plain * ratio * Math.min(3, Math.pow(view.zoom, 0.3));
}

// The pixels of a disc around a point: their offsets from it, and how much of each is covered, 0 to 1.
function stamp() {
  const r = radius(), reach = Math.ceil(r), pixels = [];
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) {
      const cover = Math.min(1, r + 0.5 - Math.hypot(dx, dy));
      if (cover > 0) pixels.push(dy * canvas.width + dx, 0.8 * cover);
    }
  return { reach, pixels };
}

function blend(disc, i, colour) {
  const left = Math.round(across(x[i])), top = Math.round(down(y[i])), { reach, pixels } = disc;
  if (left < reach || top < reach || left >= canvas.width - reach || top >= canvas.height - reach) return;
  const data = image.data, middle = top * canvas.width + left;
  for (let p = 0; p < pixels.length; p += 2) {
    const red = 4 * (middle + pixels[p]), cover = pixels[p + 1];
    data[red] += cover * (colour[0] - data[red]);
    data[red + 1] += cover * (colour[1] - data[red + 1]);
    data[red + 2] += cover * (colour[2] - data[red + 2]);
  }
}

function drawQuery(query) {
  const left = across(query.x), top = down(query.y), r = 8 * ratio;
  pen.beginPath();
  for (let corner = 0; corner < 10; corner++) {
    const length = corner % 2 ? r * 0.45 : r, angle = (corner * Math.PI) / 5 - Math.PI / 2;
    pen.lineTo(left + length * Math.cos(angle), top + length * Math.sin(angle));
  }
  pen.closePath();
  pen.lineWidth = 3 * ratio;
  pen.strokeStyle = "#fff";
  pen.stroke();
  pen.fillStyle = "#000";
  pen.fill();
  pen.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  pen.strokeText(query.text, left + 1.4 * r, top + 0.5 * r);
  pen.fillText(query.text, left + 1.4 * r, top + 0.5 * r);
}

function ring(i) {
  pen.beginPath();
  pen.arc(across(x[i]), down(y[i]), radius() + 2 * ratio, 0, 2 * Math.PI);
  pen.lineWidth = 2 * ratio;
  pen.strokeStyle = "#000";
  pen.stroke();
}

// Return the point nearest to the pointer, or -1.
function pointAt(left, top) {
  let nearest = -1, least = (REACH * ratio) ** 2;
  each((i) => {
    const distance = (across(x[i]) - left * ratio) ** 2 + (down(y[i]) - top * ratio) ** 2;
    if (distance <= least && (!matches || matches[i])) [nearest, least] = [i, distance];
  });
  return nearest;
}

function show(i, left, top) {
  hovered = i;
  card.hidden = i < 0;
  if (i >= 0) {
    byId("text").textContent = map.text[i];
    byId("source").textContent = [map.source[i], map.kinds[map.kind[i]].name].filter(Boolean).join("\n");
    card.style.left = `${Math.max(0, Math.min(left + 16, innerWidth - card.offsetWidth - 8))}px`;
    card.style.top = `${Math.max(0, Math.min(top + 16, innerHeight - card.offsetHeight - 8))}px`;
  }
  repaint();
}

function pin(on) {
  pinned = on;
  card.classList.toggle("pinned", on);
}

// Zoom so that the point under (left, top) stays there.
function zoomBy(factor, left, top) {
  const dx = (left * ratio - canvas.width / 2) / scale, dy = (canvas.height / 2 - top * ratio) / scale;
  const zoom = Math.min(400, Math.max(0.5, view.zoom * factor)), kept = 1 - view.zoom / zoom;
  view.x += dx * kept;
  view.y += dy * kept;
  view.zoom = zoom;
  repaint();
}

function search() {
  const query = byId("search").value.trim().toLowerCase();
  matches = query ? Uint8Array.from(lower, (text) => text.includes(query)) : null;
  const count = matches ? matches.reduce((sum, one) => sum + one, 0) : 0;
  byId("matches").textContent = matches ? `${count.toLocaleString("en")} of ${n.toLocaleString("en")} match` : "";
  repaint();
}

function addElement(name, parent, text) {
  const child = parent.appendChild(document.createElement(name));
  if (text !== undefined) child.textContent = text;
  return child;
}

function drawLegend() {
  if (map.kinds.length < 2) return;
  map.kinds.forEach((kind, number) => {
    const entry = addElement("button", byId("legend"));
    entry.setAttribute("aria-pressed", "true");
    addElement("i", entry).style.background = kind.colour;
    addElement("span", entry, kind.name);
    addElement("small", entry, kind.count.toLocaleString("en"));
    entry.onclick = () => {
      if (!hidden.delete(number)) hidden.add(number);
      entry.setAttribute("aria-pressed", String(!hidden.has(number)));
      repaint();
    };
  });
}

function listen() {
  let from = null, moved = 0;
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    [from, moved] = [[event.clientX, event.clientY], 0];
  };
  canvas.onpointermove = (event) => {
    if (!from) return pinned || show(pointAt(event.clientX, event.clientY), event.clientX, event.clientY);
    const dx = event.clientX - from[0], dy = event.clientY - from[1];
    moved += Math.abs(dx) + Math.abs(dy);
    view.x -= (dx * ratio) / scale;
    view.y += (dy * ratio) / scale;
    from = [event.clientX, event.clientY];
    canvas.classList.add("moving");
    repaint();
  };
  canvas.onpointerup = (event) => {
    from = null;
    canvas.classList.remove("moving");
    if (moved > 4) return;
    show(pointAt(event.clientX, event.clientY), event.clientX, event.clientY);
    pin(hovered >= 0);
  };
  canvas.onpointercancel = () => (from = null);
  canvas.onpointerleave = () => pinned || show(-1);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
  }, { passive: false });
  byId("closer").onclick = () => zoomBy(1.5, innerWidth / 2, innerHeight / 2);
  byId("farther").onclick = () => zoomBy(1 / 1.5, innerWidth / 2, innerHeight / 2);
  byId("whole").onclick = () => repaint(Object.assign(view, { x: 0, y: 0, zoom: 1 }));
  byId("search").oninput = search;
  addEventListener("resize", resize);
}

document.title = byId("title").textContent = map.title;
byId("note").textContent = map.note;
drawLegend();
listen();
resize();

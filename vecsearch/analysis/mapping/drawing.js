"use strict";
// The canvas: points, their density, names of topics, queries. Points are stamped into the pixels of one image:
// 50,000 take a few milliseconds, without a graphics card.

const byId = (id) => document.getElementById(id);
const canvas = byId("canvas"), pen = canvas.getContext("2d", { alpha: false });
const view = { x: 0, y: 0, zoom: 1 };
// What is drawn differently: kinds that are hidden, points that match (null: all), the point at the pointer, the lasso.
const state = { hidden: new Set(), matches: null, hovered: -1, lasso: [] };
const REACH = 9; // pixels from the pointer to the point under it, at most
const CELLS = 128; // of the density, on each axis
const SPREAD = 1.1; // how far the density goes beyond the outermost points
const DENSE = 2000; // points from which their density is shown
const SIZES = [16, 14, 12]; // of the names of topics, in pixels, by level

let map = null, n = 0, x = null, y = null, colours = [], paper = [], ink = "", pale = [];
let image = null, words32 = null, density = null, scale = 1, ratio = 1, waiting = false;

function take(content) {
  map = content;
  n = map.x.length;
  [x, y] = [Float32Array.from(map.x), Float32Array.from(map.y)];
  colours = map.kinds.map((kind) => channels(kind.colour));
}

const channels = (colour) => [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  const value = (name) => style.getPropertyValue(name).trim();
  [paper, pale, ink] = [channels(value("--paper")), channels(value("--pale")), value("--ink")];
  density = null;
}

function resize() {
  ratio = window.devicePixelRatio || 1;
  const box = canvas.parentElement.getBoundingClientRect();
  canvas.width = Math.max(1, Math.round(box.width * ratio));
  canvas.height = Math.max(1, Math.round(box.height * ratio));
  image = pen.createImageData(canvas.width, canvas.height);
  words32 = new Uint32Array(image.data.buffer);
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
  words32.fill(new Uint32Array(Uint8Array.of(...paper, 255).buffer)[0]);
  const disc = stamp(), { matches } = state;
  if (matches) each((i) => matches[i] || blend(disc, i, pale));
  each((i) => (!matches || matches[i]) && blend(disc, i, colours[map.kind[i]]));
  pen.putImageData(image, 0, 0);
  drawDensity();
  drawLabels();
  map.queries.forEach(drawQuery);
  if (state.hovered >= 0) ring(state.hovered);
  drawLasso();
  canvas.dataset.ms = (performance.now() - started).toFixed(1);
}

function each(draw) {
  for (let i = 0; i < n; i++) if (!state.hidden.has(map.kind[i])) draw(i);
}

const across = (value) => (value - view.x) * scale + canvas.width / 2;
const down = (value) => (view.y - value) * scale + canvas.height / 2;
const isDark = () => paper[0] < 128;

function radius() {
  const plain = n > 20000 ? 1.8 : n > 4000 ? 2.6 : 4;
  return plain * ratio * Math.min(3, Math.pow(view.zoom, 0.3));
}

// How much of a point's colour covers what is below it: little where many points lie on one another.
function strength() {
  const whole = n > 20000 ? 0.45 : n > 4000 ? 0.6 : 0.8;
  return Math.min(0.85, whole * Math.max(1, Math.pow(view.zoom, 0.35)));
}

// The pixels of a disc around a point: their offsets from it, and how much of each is covered, 0 to 1.
function stamp() {
  const r = radius(), reach = Math.ceil(r), pixels = [], full = strength();
  for (let dy = -reach; dy <= reach; dy++)
    for (let dx = -reach; dx <= reach; dx++) {
      const cover = Math.min(1, r + 0.5 - Math.hypot(dx, dy));
      if (cover > 0) pixels.push(dy * canvas.width + dx, full * cover);
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

// Where most points lie, as a shade over them that goes as one zooms in.
function drawDensity() {
  const shade = 1 - Math.log2(Math.max(1, view.zoom)) / 2;
  if (n < DENSE || shade <= 0) return;
  density = density || densityImage();
  pen.save();
  pen.globalAlpha = shade;
  pen.globalCompositeOperation = isDark() ? "screen" : "multiply";
  pen.imageSmoothingQuality = "high";
  pen.drawImage(density, across(-SPREAD), down(SPREAD), 2 * SPREAD * scale, 2 * SPREAD * scale);
  pen.restore();
}

function densityImage() {
  let cells = new Float32Array(CELLS * CELLS);
  const cell = (value) => Math.min(CELLS - 1, Math.floor(((value + SPREAD) / (2 * SPREAD)) * CELLS));
  each((i) => (!state.matches || state.matches[i]) && cells[cell(-y[i]) * CELLS + cell(x[i])]++);
  for (let round = 0; round < 3; round++) cells = smoothed(smoothed(cells, 1), CELLS);
  const most = cells.reduce((a, b) => Math.max(a, b), 1e-9);
  const small = new OffscreenCanvas(CELLS, CELLS), brush = small.getContext("2d"), picture = brush.createImageData(CELLS, CELLS);
  for (let i = 0; i < cells.length; i++) {
    const part = 0.35 * Math.sqrt(cells[i] / most);
    const [r, g, b] = isDark() ? [90 * part, 130 * part, 200 * part] : [255 - 190 * part, 255 - 150 * part, 255 - 60 * part];
    picture.data.set([r, g, b, 255], 4 * i);
  }
  brush.putImageData(picture, 0, 0);
  return small;
}

// The mean of each cell and its two neighbours at this step.
function smoothed(cells, step) {
  return cells.map((value, i) => (value * 2 + (cells[i - step] || 0) + (cells[i + step] || 0)) / 4);
}

// Names of topics: those of a level while its topics are neither dots nor larger than the window, none over another.
function drawLabels() {
  const taken = [], last = map.labels.reduce((most, label) => Math.max(most, label.level), 0);
  pen.save();
  Object.assign(pen, { textAlign: "center", textBaseline: "middle", lineJoin: "round", lineWidth: 4 * ratio });
  Object.assign(pen, { strokeStyle: `rgb(${paper})`, fillStyle: ink });
  for (const label of map.labels) {
    const first = label.level ? 2 ** (1.3 * label.level - 0.3) : 0, end = label.level < last ? 2 ** (1.4 * label.level + 2.4) : Infinity;
    if (view.zoom < first || view.zoom >= end) continue;
    const size = SIZES[Math.min(label.level, SIZES.length - 1)] * ratio;
    pen.font = `${label.level ? 500 : 700} ${size}px system-ui, sans-serif`;
    const half = pen.measureText(label.text).width / 2 + 4 * ratio, top = down(label.y);
    if (across(label.x) < 0 || across(label.x) > canvas.width || top < 0 || top > canvas.height) continue;
    const left = Math.max(half, Math.min(across(label.x), canvas.width - half)); // whole, at the edge too
    const box = [left - half, top - size * 0.8, left + half, top + size * 0.8];
    if (taken.some((other) => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1])) continue;
    taken.push(box);
    pen.strokeText(label.text, left, top);
    pen.fillText(label.text, left, top);
  }
  pen.restore();
  canvas.dataset.labels = taken.length;
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
  pen.strokeStyle = `rgb(${paper})`;
  pen.stroke();
  pen.fillStyle = ink;
  pen.fill();
  pen.font = `600 ${13 * ratio}px system-ui, sans-serif`;
  pen.strokeText(query.text, left + 1.4 * r, top + 0.5 * r);
  pen.fillText(query.text, left + 1.4 * r, top + 0.5 * r);
}

function ring(i) {
  pen.beginPath();
  pen.arc(across(x[i]), down(y[i]), radius() + 2 * ratio, 0, 2 * Math.PI);
  pen.lineWidth = 2 * ratio;
  pen.strokeStyle = ink;
  pen.stroke();
}

function drawLasso() {
  if (state.lasso.length < 2) return;
  pen.beginPath();
  state.lasso.forEach(([left, top]) => pen.lineTo(left * ratio, top * ratio));
  pen.closePath();
  pen.lineWidth = 1.5 * ratio;
  pen.strokeStyle = ink;
  pen.setLineDash([5 * ratio, 4 * ratio]);
  pen.stroke();
  pen.setLineDash([]);
}

// Return the point nearest to a place in the canvas, or -1.
function pointAt(left, top) {
  let nearest = -1, least = (REACH * ratio) ** 2;
  each((i) => {
    const distance = (across(x[i]) - left * ratio) ** 2 + (down(y[i]) - top * ratio) ** 2;
    if (distance <= least && (!state.matches || state.matches[i])) [nearest, least] = [i, distance];
  });
  return nearest;
}

// Return the points inside the lasso, by the even-odd rule.
function inLasso() {
  const corners = state.lasso.map(([left, top]) => [left * ratio, top * ratio]), found = [];
  each((i) => {
    const left = across(x[i]), top = down(y[i]);
    let inside = false;
    for (let a = 0, b = corners.length - 1; a < corners.length; b = a++) {
      const [ax, ay] = corners[a], [bx, by] = corners[b];
      if (ay > top !== by > top && left < ((bx - ax) * (top - ay)) / (by - ay) + ax) inside = !inside;
    }
    if (inside && (!state.matches || state.matches[i])) found.push(i);
  });
  return found;
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

function moveBy(dx, dy) {
  view.x -= (dx * ratio) / scale;
  view.y += (dy * ratio) / scale;
  repaint();
}

// Show a point in the middle, close enough to see it among its neighbours.
function flyTo(i) {
  Object.assign(view, { x: x[i], y: y[i], zoom: Math.max(view.zoom, 6) });
  state.hovered = i;
  repaint();
}

// Draw only these points in their colours; null draws all.
function mark(points) {
  state.matches = points && new Uint8Array(n);
  if (points) for (const i of points) state.matches[i] = 1;
  density = null;
  repaint();
}

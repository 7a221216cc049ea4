// The page: reads the map, and turns what the pointer and the keys do into calls of drawing.js and panel.js.

const tip = byId("tip");
const pointers = new Map(); // those that are down, by id
let moved = 0, choosing = false;

async function unpacked() {
  const bytes = Uint8Array.from(atob(byId("map").textContent), (character) => character.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).json();
}

function placeOf(event) {
  const box = canvas.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}

// Point at a passage: a ring around it, and the beginning of its text beside it.
function hover(i, left, top) {
  state.hovered = i < 0 ? pinned : i;
  tip.hidden = i < 0;
  if (i >= 0) {
    byId("text").textContent = map.text[i];
    byId("source").textContent = [map.source[i], map.kinds[map.kind[i]].name].filter(Boolean).join("\n");
    tip.style.left = `${Math.max(0, Math.min(left + 16, canvas.clientWidth - tip.offsetWidth - 8))}px`;
    tip.style.top = `${Math.max(0, Math.min(top + 16, canvas.clientHeight - tip.offsetHeight - 8))}px`;
  }
  repaint();
}

function setChoosing(on) {
  choosing = on;
  byId("lasso").setAttribute("aria-pressed", String(on));
  canvas.classList.toggle("choosing", on);
}

function drag(event) {
  const [left, top] = placeOf(event), before = pointers.get(event.pointerId);
  const gap = () => { const [a, b] = [...pointers.values()]; return Math.hypot(a[0] - b[0], a[1] - b[1]); };
  moved += Math.abs(left - before[0]) + Math.abs(top - before[1]);
  if (state.lasso.length) {
    state.lasso.push([left, top]);
    pointers.set(event.pointerId, [left, top]);
    return repaint();
  }
  if (pointers.size === 2) {
    const wide = gap();
    pointers.set(event.pointerId, [left, top]);
    const [a, b] = [...pointers.values()];
    return zoomBy(gap() / Math.max(1, wide), (a[0] + b[0]) / 2, (a[1] + b[1]) / 2);
  }
  pointers.set(event.pointerId, [left, top]);
  canvas.classList.add("moving");
  moveBy(left - before[0], top - before[1]);
}

function lift(event) {
  const place = placeOf(event);
  pointers.delete(event.pointerId);
  canvas.classList.remove("moving");
  if (state.lasso.length) {
    const found = moved > 4 ? inLasso() : [];
    state.lasso = [];
    setChoosing(false);
    return choose(found);
  }
  if (moved > 4 || pointers.size) return;
  show(pointAt(...place));
  hover(pinned, ...place);
  tip.hidden = true;
}

function listen() {
  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, placeOf(event));
    moved = 0;
    if ((choosing || event.shiftKey) && pointers.size === 1) state.lasso = [placeOf(event)];
    hover(-1);
  };
  canvas.onpointermove = (event) => {
    if (pointers.has(event.pointerId)) return drag(event);
    const place = placeOf(event);
    hover(pointAt(...place), ...place);
  };
  canvas.onpointerup = lift;
  canvas.onpointercancel = (event) => pointers.delete(event.pointerId);
  canvas.onpointerleave = () => pointers.size || hover(-1);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoomBy(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), ...placeOf(event));
  }, { passive: false });
  const middle = () => [canvas.clientWidth / 2, canvas.clientHeight / 2];
  byId("closer").onclick = () => zoomBy(1.5, ...middle());
  byId("farther").onclick = () => zoomBy(1 / 1.5, ...middle());
  byId("whole").onclick = () => repaint(Object.assign(view, { x: 0, y: 0, zoom: 1 }));
  byId("lasso").onclick = () => setChoosing(!choosing);
  byId("fold").onclick = () => {
    byId("fold").setAttribute("aria-pressed", String(document.body.classList.toggle("folded")));
    resize();
  };
  byId("search").oninput = search;
  byId("unpin").onclick = () => { show(-1); hover(-1); };
  byId("similar").onclick = () => moreLike(pinned);
  byId("deselect").onclick = () => choose([]);
  byId("copy-ids").onclick = () => copy(map.id);
  byId("copy-texts").onclick = () => copy(map.text);
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    setChoosing(false);
    state.lasso = [];
    byId("search").value = "";
    search();
    choose([]);
    show(-1);
    hover(-1);
  });
  addEventListener("resize", resize);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readTheme(); repaint(); });
}

async function start() {
  take(await unpacked());
  prepareSearch();
  document.title = byId("title").textContent = map.title;
  byId("note").textContent = map.note;
  readTheme();
  drawLegend();
  listen();
  resize();
}

start();

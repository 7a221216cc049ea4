// The panel: search, the record of a passage, a selection, the legend. Texts become text nodes, never markup.

const LISTED = 100; // passages in a list
const AROUND = 60; // characters before the first match in a result
const EXCERPT = 180;
const LETTER = "[\\p{L}\\p{M}\\p{N}_]";

let lower = [], pinned = -1, chosen = [];

function prepareSearch() {
  lower = map.text.map((text, i) => `${text}\n${map.source[i]}\n${Object.values(map.metadata[i]).join("\n")}`.toLowerCase());
}

function addElement(name, parent, text) {
  const child = parent.appendChild(document.createElement(name));
  if (text !== undefined) child.textContent = text;
  return child;
}

const literal = (word) => word.replace(/[\\^$.*+?()[\]{}|\/]/g, "\\$&"); // as a part of a regular expression

// Return the points that have all words, best first: whole words before beginnings of words before parts of words.
function ranked(words) {
  const tests = words.map((word) => {
    const beginning = `(?<!${LETTER})${literal(word)}`;
    return [new RegExp(`${beginning}(?!${LETTER})`, "u"), new RegExp(beginning, "u")];
  });
  const phrase = words.join(" "), found = [];
  for (let i = 0; i < n; i++) {
    if (!words.every((word) => lower[i].includes(word))) continue;
    let score = words.length > 1 && lower[i].includes(phrase) ? 3 : 0;
    for (const [whole, beginning] of tests) score += whole.test(lower[i]) ? 4 : beginning.test(lower[i]) ? 2 : 1;
    found.push([score, lower[i].indexOf(words[0]), i]);
  }
  return found.sort((a, b) => b[0] - a[0] || a[1] - b[1] || a[2] - b[2]).map((entry) => entry[2]);
}

function search() {
  const words = byId("search").value.toLowerCase().split(/\s+/u).filter(Boolean);
  const found = words.length ? ranked(words) : null;
  byId("matches").textContent = found ? `${found.length.toLocaleString("en")} of ${n.toLocaleString("en")} match` : "";
  list(byId("results"), found || [], words);
  mark(found);
}

// List passages, each a button that shows it on the map.
function list(parent, points, words = []) {
  parent.replaceChildren();
  for (const i of points.slice(0, LISTED)) {
    const entry = addElement("button", addElement("li", parent));
    addExcerpt(entry, map.text[i], words);
    addElement("small", entry, map.source[i]);
    entry.onclick = () => show(i, true);
  }
  if (points.length > LISTED) addElement("li", parent, `and ${(points.length - LISTED).toLocaleString("en")} more`);
}

// Add the part of a text around its first match, the matches in bold.
function addExcerpt(parent, text, words) {
  const low = text.toLowerCase(), places = words.map((word) => low.indexOf(word)).filter((at) => at >= 0);
  const start = Math.max(0, Math.min(...places, text.length) === text.length ? 0 : Math.min(...places) - AROUND);
  const piece = (start ? "… " : "") + text.slice(start, start + EXCERPT) + (start + EXCERPT < text.length ? " …" : "");
  const parts = words.length ? piece.split(new RegExp(`(${words.map(literal).join("|")})`, "iu")) : [piece];
  parts.forEach((part, number) => addElement(number % 2 ? "mark" : "span", parent, part));
}

// Show a passage with all that is known of it; with `fly` in the middle of the map, too.
function show(i, fly = false) {
  pinned = i;
  byId("record").hidden = i < 0;
  if (i < 0) return;
  document.body.classList.remove("folded");
  byId("place").textContent = [map.source[i], map.kinds.length > 1 && map.kinds[map.kind[i]].name].filter(Boolean).join("\n");
  byId("whole-text").textContent = map.text[i];
  const table = byId("metadata");
  table.replaceChildren();
  for (const [key, value] of [["id", map.id[i]], ...Object.entries(map.metadata[i])]) {
    addElement("dt", table, key);
    addElement("dd", table, typeof value === "string" ? value : JSON.stringify(value));
  }
  const near = map.near[i];
  byId("similar").hidden = byId("nearest-passages").hidden = !near.length;
  list(byId("nearest"), near);
  resize();
  if (fly) flyTo(i);
}

// Mark what is most similar to a passage: its neighbours, then theirs.
function moreLike(i) {
  const points = [i, ...map.near[i]];
  for (const near of map.near[i]) points.push(...map.near[near]);
  const unique = [...new Set(points)];
  byId("search").value = "";
  byId("matches").textContent = `${unique.length} passages like it`;
  list(byId("results"), unique.slice(1));
  mark(unique);
}

function choose(points) {
  chosen = points;
  byId("selection").hidden = !points.length;
  byId("selected").textContent = `${points.length.toLocaleString("en")} selected`;
  byId("copied").textContent = "";
  list(byId("chosen"), points);
  if (points.length) document.body.classList.remove("folded");
  mark(points.length ? points : null);
  resize();
}

// Copy a column of the chosen passages. A page from a file may not use the clipboard; then a text area is copied.
async function copy(values) {
  const text = chosen.map((i) => values[i]).join("\n");
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = addElement("textarea", document.body);
    area.value = text;
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  byId("copied").textContent = `copied ${chosen.length.toLocaleString("en")}`;
}

function drawLegend() {
  byId("colours").hidden = map.kinds.length < 2;
  map.kinds.forEach((kind, number) => {
    const entry = addElement("button", byId("legend"));
    entry.setAttribute("aria-pressed", "true");
    entry.title = "Hide or show";
    addElement("i", entry).style.background = kind.colour;
    addElement("span", entry, kind.name);
    addElement("small", entry, kind.count.toLocaleString("en"));
    entry.onclick = () => {
      if (!state.hidden.delete(number)) state.hidden.add(number);
      entry.setAttribute("aria-pressed", String(!state.hidden.has(number)));
      density = null;
      repaint();
    };
  });
}

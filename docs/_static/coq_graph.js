// The graph of Coq items: what is under the pointer or the focus is named below it; what it uses gets the
// class "used", what uses it "user". The arrow keys move between squares, and a field finds them by name.
const graph = document.querySelector(".coq-graph");
const around = graph.parentElement; // an svg that listens to the focus would be a stop of Tab itself
const nodes = [...graph.querySelectorAll("a[data-node]")].sort((a, b) => a.dataset.node - b.dataset.node);
const usesOf = nodes.map((node) => node.dataset.uses.split(" ").filter(Boolean).map(Number));
const usedBy = nodes.map(() => []);
usesOf.forEach((used, user) => used.forEach((other) => usedBy[other].push(user)));
const places = nodes.map((node) => {
  const { x, y } = node.firstElementChild;
  return [x.baseVal.value, y.baseVal.value];
});
const under = document.querySelector("#coq-under");
const find = document.querySelector("#coq-find");
let shown = -1;
let waiting = 0;
let pointer = "";

function element(name, text, address) {
  const made = document.createElement(name);
  made.textContent = text;
  if (address) made.href = address;
  return made;
}

function link(number) {
  const node = nodes[number];
  const name = node.getAttribute("aria-label").split(": ")[0];
  return element("a", name, node.getAttribute("href"));
}

function show(number) {
  shown = number;
  const used = new Set(usesOf[number]);
  const users = new Set(usedBy[number]);
  nodes.forEach((node, place) => {
    node.classList.toggle("here", place === number);
    node.classList.toggle("used", used.has(place));
    node.classList.toggle("user", users.has(place));
    node.setAttribute("tabindex", place === number ? "0" : "-1");
  });
  const node = nodes[number];
  const file = node.closest("g").dataset.file;
  for (const path of graph.querySelectorAll("path")) {
    path.classList.toggle("here", path.dataset.files.split(" ").includes(file));
  }
  const [name, kind] = node.getAttribute("aria-label").split(": ");
  const what = `: ${kind}, in ${name.split(".")[0]}.v; uses ${used.size}, used by ${users.size}`;
  const line = element("p", "");
  line.append(link(number), what);
  under.replaceChildren(line, element("p", node.dataset.says));
}

function nearest(number, sign) {
  const [x, y] = places[number];
  const far = ([otherX, otherY]) => {
    const down = sign * (otherY - y);
    return down > 1 ? down + 2 * Math.abs(otherX - x) : Infinity;
  };
  const distances = places.map(far);
  const best = distances.indexOf(Math.min(...distances));
  return distances[best] < Infinity ? best : number;
}

const MOVES = {
  ArrowRight: (number) => Math.min(number + 1, nodes.length - 1),
  ArrowLeft: (number) => Math.max(number - 1, 0),
  ArrowDown: (number) => nearest(number, 1),
  ArrowUp: (number) => nearest(number, -1),
  Home: () => 0,
  End: () => nodes.length - 1,
};

const numberOf = (target) => Number(target.closest("a[data-node]")?.dataset.node ?? -1);

// A pointer on its way to the line below the graph crosses squares: it has to rest on one.
around.addEventListener("mouseover", (event) => {
  clearTimeout(waiting);
  const number = numberOf(event.target);
  if (number >= 0) waiting = setTimeout(show, 120, number);
});
around.addEventListener("mouseleave", () => clearTimeout(waiting));
around.addEventListener("focusin", (event) => {
  if (numberOf(event.target) >= 0) show(numberOf(event.target));
});
around.addEventListener("keydown", (event) => {
  const number = numberOf(event.target);
  if (number < 0 || !(event.key in MOVES) || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  show(MOVES[event.key](number));
  nodes[shown].focus();
});
// A finger has nothing to point with: its first tap shows, its second follows.
around.addEventListener("pointerdown", (event) => {
  pointer = event.pointerType === "touch" && numberOf(event.target) !== shown ? "first tap" : "";
});
around.addEventListener("click", (event) => {
  if (pointer !== "first tap" || numberOf(event.target) < 0) return;
  event.preventDefault();
  show(numberOf(event.target));
});

find.addEventListener("input", () => {
  const words = find.value.trim().toLowerCase();
  const found = nodes.flatMap((node, place) => {
    const name = node.getAttribute("aria-label").split(": ")[0].toLowerCase();
    const isFound = words !== "" && name.includes(words);
    node.classList.toggle("found", isFound);
    return isFound ? [place] : [];
  });
  const line = element("p", words === "" ? "" : `${found.length} of ${nodes.length} items: `);
  for (const place of found.slice(0, 8)) line.append(link(place), " ");
  if (found.length > 8) line.append("…");
  under.replaceChildren(line);
});

nodes.forEach((node, place) => node.setAttribute("tabindex", place === 0 ? "0" : "-1"));
under.replaceChildren(element("p", "Here is what the square under the pointer or the focus says."));

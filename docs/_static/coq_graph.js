// Point at a square of the graph: what it uses gets the class "used", what uses it "user".
const nodes = [...document.querySelectorAll(".coq-graph a")];
const usesOf = nodes.map((node) => node.dataset.uses.split(" ").filter(Boolean).map(Number));

function show(event) {
  const node = event.target.closest("a[data-node]");
  const number = node === null ? -1 : Number(node.dataset.node);
  nodes.forEach((other, place) => {
    other.classList.toggle("here", place === number);
    other.classList.toggle("used", number >= 0 && usesOf[number].includes(place));
    other.classList.toggle("user", usesOf[place].includes(number));
  });
}

for (const kind of ["mouseover", "focusin"]) {
  document.querySelector(".coq-graph").addEventListener(kind, show);
}

"""The pages that say what rests on what in Coq: a table of the paper's results, a graph, a page per file."""

from collections import Counter
from collections.abc import Iterator
from textwrap import shorten
from typing import NamedTuple

import coq_code
import coq_drawing
import coq_items
from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import theorems
from theorems import CLAIMS
from theorems._coq_source import CoqItem
from theorems.proofs import PROVED_BY, theorem_names

# Status of an item → what the legend says of it.
_LEGEND = {
    "definition": "definition",
    "tactic": "tactic",
    "lemma": "lemma, proved",
    "claim": "theorem that proves a claim",
    "finding": "theorem behind a finding",
    "theorem": "other theorem",
}
_LONGEST = 300  # letters of what is said of an item below the graph


class _Scope(NamedTuple):
    """What a proof asks for beyond the paper's own hypotheses, and what of the result it leaves out."""

    extra: str
    left_out: str


# Statement of the paper → the scope of its proof.
SCOPES = {
    "assumption-2": _Scope(
        "d at least the rank of the centred log-probabilities (`assumption_2_rank`), which is at most G",
        "the rank of a matrix is the least d through which it is a product",
    ),
    "lemma-b2": _Scope("none", "nothing"),
    "lemma-b3": _Scope("none", "nothing"),
    "lemma-b4": _Scope(
        "none; |P| = |N| is not needed, and a may depend on the context (`lemma_b4_varying`)",
        "nothing",
    ),
    "lemma-b5": _Scope("none; any p > 0 and any M", "nothing"),
    "thm-3.3": _Scope(
        "none in the paper's setting, where M cannot be constant (`paper_varies`)", "nothing"
    ),
    "remark-3.4": _Scope(
        "c_j outside T and ε < ε0: those of the paper's proof, not of its main text (v1); such an ε0 exists "
        "(`remark_3_4_threshold`)",
        "nothing",
    ),
    "prop-b1": _Scope("none", "equations (8) and (9), which are misprinted in v1; (5) is proved"),
    "thm-3.6": _Scope(
        "the concept is neither empty nor the whole vocabulary",
        "ν as an integral: it is given by its derivative and ν(0) = 0",
    ),
    "thm-3.8": _Scope("none", "nothing"),
    "prop-4.1": _Scope(
        "v is not 0 in the row looked at (LayerNorm: not constant there); activations are continuous, "
        "Lipschitz or of linear growth, and the gates of experts are at most 1",
        "the blocks before the steered layer, whose stream is given; further sublayers may be any maps "
        "that are bounded on bounded sets",
    ),
}


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_pages)
    return {"parallel_read_safe": True}


def _write_pages(app: Sphinx) -> None:
    write_page(app, "coq_graph", list(_overview()))
    for file, items in coq_items.items_by_file().items():
        if file != "Statements":  # has a page for each of its sections
            page = coq_items.page_of(f"{file}.{items[0].name}")
            write_page(app, page, list(_file_page(file, items, page)))


def _overview() -> Iterator[str]:
    files = coq_items.items_by_file()
    counts = Counter(coq_items.status(item) for items in files.values() for item in items)
    yield "(coq-graph)=\n# Coq: what is proved, and what rests on what\n"
    yield "## The paper's results\n"
    yield (
        "Which theorem proves each result of {cite:t}`taimeskhanov2026`, what it asks for beyond the "
        "paper's own hypotheses, and what of the result it does not model. All are about finite "
        "vocabularies, exact real numbers and any real strength; sampling, runs of training and rounding "
        "are outside.\n"
    )
    yield from _results()
    yield "## The graph\n"
    total = sum(map(len, coq_items.uses().values()))
    yield (
        f"Each box is a file of `theorems/coq`, each square one of its {sum(counts.values())} items. Point "
        "at a square, or reach the graph with Tab and go on with the arrow keys: the line below the graph "
        "says which item it is and what it says, and a click, or Enter, leads to its statement. What the "
        f"item uses gets a dark frame, what uses it a red one ({total} arrows in all, read from the text of "
        "statements and proofs). A file rests on those above it to which its lines lead, and on what these "
        "rest on. Every lemma and theorem has a proof that ends in `Qed`, or the build of this page stops; "
        "`theorems/coq/build.sh` has Coq check them all.\n"
    )
    yield '```{raw} html\n<p class="coq-legend">'
    for status, words in _LEGEND.items():
        yield f'<span class="{status}"></span> {words} ({counts[status]})'
    yield "</p>"
    nodes = {file: [_node(file, item) for item in items] for file, items in files.items()}
    yield coq_drawing.framed(coq_drawing.draw(nodes))
    yield '<script src="../_static/coq_graph.js"></script>\n```\n'
    yield "```{toctree}\n:maxdepth: 1\n:hidden:\n"
    pages = (coq_items.page_of(f"{file}.{items[0].name}") for file, items in files.items())
    yield from (page for page in pages if page.startswith("coq_files/"))
    yield "```"


def _node(file: str, item: CoqItem) -> coq_drawing.Node:
    key, status = f"{file}.{item.name}", coq_items.status(item)
    address, uses = coq_items.address(key), coq_items.uses()[key]
    return coq_drawing.Node(key, status, _LEGEND[status], address, uses, _says(item))


def _says(item: CoqItem) -> str:
    """The sentence of the claim that it proves, or the beginning of its comment and statement."""
    proves = [f"{name}: {CLAIMS[name].text}" for name in item.claims if name in CLAIMS]
    said = " ".join(proves or [item.comment.strip("(* )"), item.statement])
    return shorten(said, _LONGEST, placeholder=" …")


def _results() -> Iterator[str]:
    yield ":::::{container} wide-table coq-results\n"
    yield "| result | Coq theorems | hypotheses beyond the paper's | not modelled |"
    yield "| --- | --- | --- | --- |"
    for statement in theorems.STATEMENTS:
        if not statement.is_of_paper:
            continue
        if statement.id not in SCOPES:
            raise ExtensionError(f"statement {statement.id}: docs/_ext/coq_graph_page.py lacks it")
        scope = SCOPES[statement.id]
        proved = _proved(statement)
        if around := _around(statement.id):
            proved.append(f"around it: {coq_items.links(around)}")
        missing = [claim.unproved for claim in statement.claims if claim.unproved]
        cells = (
            f"{{ref}}`{statement.source.split(',')[0]} <statement-{statement.id}>`",
            "; ".join(proved),
            scope.extra,
            "; ".join([*missing, scope.left_out]),
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield "\n:::::\n"


def _proved(statement: theorems.Statement) -> list[str]:
    """Which theorems prove which of its claims, each of them once: "of a: …", "of a and b: …"."""
    of: dict[str, list[str]] = {}
    for claim in statement.claims:
        for name in PROVED_BY.get(claim.id, ()):
            of.setdefault(name, []).append(claim.title)
    groups: dict[tuple[str, ...], list[str]] = {}
    for name, titles in of.items():
        groups.setdefault(tuple(titles), []).append(f"Statements.{name}")
    proved = [f"{' and '.join(titles)}: {coq_items.links(keys)}" for titles, keys in groups.items()]
    return [*proved, *(f"{claim.title}: none" for claim in statement.claims if claim.unproved)]


def _around(statement: str) -> list[str]:
    """Theorems that are said to be about the statement, and prove none of its claims."""
    return [
        f"Statements.{name}"
        for name, claims in theorem_names().items()
        if any(c.startswith(f"{statement}.") and c not in CLAIMS for c in claims)
    ]


def _file_page(file: str, items: tuple[CoqItem, ...], page: str) -> Iterator[str]:
    is_definitions = page == "coq_definitions"
    title = "Coq: definitions" if is_definitions else f"{file}.v"
    yield f"({page.replace('_', '-') if is_definitions else f'coq-file-{file}'})=\n# {title}\n"
    where = f"`theorems/coq/{file}.v`. Part of {{ref}}`the graph <coq-graph>`."
    yield f"{coq_items.first_comment(file)} {where}\n"
    heading = preamble = ""
    for item in items:
        if item.heading != heading:
            heading = item.heading
            yield f"## {heading}\n"
        if item.preamble != preamble:
            preamble = item.preamble
            if preamble:
                yield "What follows takes for granted:\n"
                yield coq_code.linked(preamble, coq_items.names_around(file, preamble), page)
        key = f"{file}.{item.name}"
        yield ":::::{container} coq-item\n"
        yield f"({coq_items.label(key)})=\n`{item.name}`, {item.kind.lower()}, line {item.line}\n"
        yield from coq_items.used_and_users(key)
        yield ":::::\n"
        code = "\n".join(part for part in (item.comment, item.statement) if part)
        yield coq_code.linked(code, coq_items.names()[key], page)

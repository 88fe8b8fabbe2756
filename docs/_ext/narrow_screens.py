"""Tables and pictures that can be read on a phone, on every page alike.

A table of words gets the class `of-words`, and its cells the name of their column: on a phone site.css shows
each row as a paragraph. A picture wider than a phone gets a box in which it scrolls.
"""

import html
import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.images import get_image_size
from sphinx.writers.html5 import HTML5Translator

_WORDS = 40  # characters in a cell: more of them are a sentence
_MANY = 4  # columns
_WIDE = 600  # pixels of a picture that a phone would make too small to read
# Commands of LaTeX in the names of columns: CSS, which shows these on a phone, shows no formula.
_SIGNS = {
    "alpha": "α", "beta": "β", "eta": "η", "kappa": "κ", "lambda": "λ", "nu": "ν", "sigma": "σ", "Delta": "Δ",
    "le": "≤", "ge": "≥", "ne": "≠", "approx": "≈", "times": "×", "cdot": "·", "pm": "±", "to": "→",
    "infty": "∞", "lvert": "|", "rvert": "|", "Vert": "‖", "ell": "ℓ",
}  # fmt: skip


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-read", _prepare)
    app.add_node(nodes.entry, override=True, html=(_visit_entry, HTML5Translator.depart_entry))
    return {"parallel_read_safe": True}


def _prepare(app: Sphinx, tree: nodes.document) -> None:
    for table in tree.findall(nodes.table):
        _name_columns(table)
    for picture in list(tree.findall(nodes.image)):
        size = get_image_size(Path(app.srcdir, picture["uri"]))
        if size and size[0] > _WIDE and not {"wide-page", "narrow-page"} & {*picture["classes"]}:
            _let_scroll(picture)


def _name_columns(table: nodes.table) -> None:
    heads = [entry for head in table.findall(nodes.thead) for entry in head.findall(nodes.entry)]
    names = [_plain(entry.astext()) for entry in heads]
    cells = [entry for body in table.findall(nodes.tbody) for entry in body.findall(nodes.entry)]
    if len(names) >= _MANY:
        table["classes"].append("of-many-columns")
    if max((len(cell.astext()) for cell in cells), default=0) <= _WORDS:
        return
    table["classes"].append("of-words")
    for row in table.findall(nodes.row):
        first, *others = row.findall(nodes.entry)
        if len(first.astext()) > _WORDS:
            first["classes"].append("is-long")
        for name, cell in zip(names[1:], others, strict=True):
            if not cell.astext():
                cell["classes"].append("is-empty")
            elif name and len(names) > 2 and cell not in heads:
                cell["column"] = name


def _plain(name: str) -> str:
    r"""A column's name in plain signs, without LaTeX: `\Delta \mathrm{CE}` is ΔCE."""
    # a space between two commands only ends the first
    name = re.sub(r"\\([A-Za-z]+)( (?=\\))?", lambda one: _SIGNS.get(one[1], one[0]), name)
    name = re.sub(r"\\(?:mathrm|operatorname|text)\{([^{}]*)\}", r"\1", name)
    return re.sub(r"([_^])\{(\w)\}", r"\1\2", name)


def with_column_names(page: str) -> str:
    """The HTML of a page whose tables of words have what `_name_columns` gives to those of Markdown."""
    return re.sub(r"<table\b.*?</table>", lambda found: _named(found[0]), page, flags=re.DOTALL)


def _named(table: str) -> str:
    names = [_text(head) for head in re.findall(r"<th\b[^>]*>(.*?)</th>", table, re.DOTALL)]
    names[:1] = [""]  # the first cell is what its row is about
    cells = re.findall(r"<td\b[^>]*>(.*?)</td>", table, re.DOTALL)
    if len(names) <= 2 or max(map(len, map(_text, cells)), default=0) <= _WORDS:
        return table
    rows = []
    for row in re.split(r"(?=<tr\b)", table):
        before, *cells = re.split(r"(?=<td\b)", row)
        named = zip(cells, names[: len(cells)], strict=True)
        rows.append("".join([before, *(_with_name(cell, name) for cell, name in named)]))
    return "".join(rows).replace("<table", '<table class="of-words"', 1)


def _with_name(cell: str, name: str) -> str:
    return cell.replace("<td", f'<td data-column="{html.escape(name)}"', 1) if name else cell


def _text(cell: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", cell)).strip()


def _visit_entry(self: HTML5Translator, node: nodes.entry) -> None:
    HTML5Translator.visit_entry(self, node)
    if "column" in node:
        named = f'<td data-column="{html.escape(node["column"])}"'
        self.body[-1] = self.body[-1].replace("<td", named, 1)


def _let_scroll(picture: nodes.image) -> None:
    """Put a picture, with the link around it if there is one, into a box of its own."""
    inner = picture.parent if isinstance(picture.parent, nodes.reference) else picture
    box = nodes.container(classes=["wide-picture"])
    outer = inner.parent
    if isinstance(outer, nodes.paragraph) and len(outer) == 1:  # a box is no part of a paragraph
        inner, outer = outer, outer.parent
    outer.replace(inner, box)
    box += inner

"""Draws which Coq file rests on which: a box for each file, in it a square for each item, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

_SQUARE, _STEP, _IN_A_ROW = 12, 15, 10
_BOX = _IN_A_ROW * _STEP + 11  # width of a box
_TITLE, _GAP_X, _GAP_Y = 22, 22, 34
_WIDEST = 4  # boxes side by side: as wide as the text of a page, so that nothing is drawn smaller


class Node(NamedTuple):
    """An item in the picture: its status (a class of site.css), where it leads, what it uses and says.

    `kind`: its status in words.
    """

    name: str
    status: str
    kind: str
    address: str
    uses: tuple[str, ...]
    says: str


class _Box(NamedTuple):
    x: float
    y: float
    height: float

    @property
    def middle(self) -> float:
        return self.x + _BOX / 2


def draw(files: Mapping[str, Sequence[Node]]) -> str:
    """The graph as SVG; `files`: their nodes, in the order in which they are compiled.

    A file lies below all files that it uses. Lines that follow from others are left out.
    """
    home = {node.name: file for file, nodes in files.items() for node in nodes}
    above: dict[str, set[str]] = {}
    for file, nodes in files.items():
        above[file] = {home[name] for node in nodes for name in node.uses} - {file}
    boxes = _place(files, above)
    width = max(box.x for box in boxes.values()) + _BOX + 1
    height = max(box.y + box.height for box in boxes.values()) + 1
    place = {file: number for number, file in enumerate(files)}
    lines = [
        _line(boxes[upper], boxes[file], f"{place[upper]} {place[file]}")
        for file in files
        for upper in sorted(_direct(file, above))
    ]
    number = {name: place for place, name in enumerate(home)}
    drawn = [
        f'<g data-file="{place[file]}">{_box(file, nodes, boxes[file], number)}</g>'
        for file, nodes in files.items()
    ]
    return "\n".join(
        (
            f'<svg class="coq-graph" viewBox="0 0 {width:g} {height:g}" role="group" '
            f'style="min-width: {width:g}px" '
            'aria-label="Which Coq file rests on which, and the items in each">',
            *lines,
            *drawn,
            "</svg>",
        )
    )


def framed(graph: str) -> str:
    """The graph between a field that finds items and the line that names one: what coq_graph.js needs."""
    return (
        '<div class="coq-frame"><p><label>Find an item: '
        '<input id="coq-find" type="search" autocomplete="off"></label></p>'
        f'<div class="coq-scroll">{graph}</div><div id="coq-under" aria-live="polite"></div></div>'
    )


def _place(files: Mapping[str, Sequence[Node]], above: Mapping[str, set[str]]) -> dict[str, _Box]:
    """Rows from the top, each file below all that it uses; in a row near what it uses."""
    depth: dict[str, int] = {}
    for file in files:
        depth[file] = max((depth[upper] + 1 for upper in above[file]), default=0)
    page = _WIDEST * (_BOX + _GAP_X) - _GAP_X
    boxes: dict[str, _Box] = {}
    y = 1.0
    for level in range(max(depth.values()) + 1):

        def wanted(file: str) -> float:
            uppers = [boxes[upper].middle for upper in _direct(file, above)]
            return sum(uppers) / len(uppers) if uppers else page / 2

        files_here = sorted((file for file in files if depth[file] == level), key=wanted)
        rows = -(-len(files_here) // _WIDEST)
        for row in (files_here[first::rows] for first in range(rows)):
            x = (page - len(row) * (_BOX + _GAP_X) + _GAP_X) / 2 + 1
            for file in row:
                count = -(-len(files[file]) // _IN_A_ROW)
                boxes[file] = _Box(x, y, _TITLE + count * _STEP + 6)
                x += _BOX + _GAP_X
            y += max(boxes[file].height for file in row) + _GAP_Y
    return boxes


def _direct(file: str, above: Mapping[str, set[str]]) -> set[str]:
    """The files that it uses, without those that another of them uses already."""
    further: set[str] = set()
    waiting = [upper for direct in above[file] for upper in above[direct]]
    while waiting:
        upper = waiting.pop()
        if upper not in further:
            further.add(upper)
            waiting += above[upper]
    return above[file] - further


def _line(upper: _Box, lower: _Box, files: str) -> str:
    top, bottom = upper.y + upper.height, lower.y
    bend = (bottom - top) / 2
    return (
        f'<path data-files="{files}" d="M{upper.middle:g} {top:g} C{upper.middle:g} {top + bend:g} '
        f'{lower.middle:g} {bottom - bend:g} {lower.middle:g} {bottom:g}"/>'
    )


def _box(file: str, nodes: Sequence[Node], box: _Box, number: Mapping[str, int]) -> str:
    parts = [
        f'<rect class="file" x="{box.x:g}" y="{box.y:g}" width="{_BOX}" height="{box.height:g}" rx="4"/>',
        f'<text x="{box.x + 6:g}" y="{box.y + 14:g}">{escape(file)}</text>',
    ]
    for place, node in enumerate(nodes):
        x = box.x + 7 + place % _IN_A_ROW * _STEP
        y = box.y + _TITLE + place // _IN_A_ROW * _STEP
        used = " ".join(str(number[name]) for name in node.uses)
        parts.append(
            f'<a href="{escape(node.address)}" data-node="{number[node.name]}" data-uses="{used}" '
            f'aria-label="{escape(node.name)}: {escape(node.kind)}" data-says="{escape(node.says)}">'
            f'<rect class="{node.status}" x="{x:g}" y="{y:g}" width="{_SQUARE}" height="{_SQUARE}"/></a>'
        )
    return "".join(parts)

"""Coq code in which each name of an item leads to where the site shows that item."""

from collections.abc import Iterable, Mapping
from html import escape

from coq_items import address, kind_of
from pygments.lexers import get_lexer_by_name
from pygments.token import STANDARD_TYPES, Name

_LEXER = get_lexer_by_name("coq")


def linked(code: str, names: Mapping[str, str], page: str) -> str:
    """The code as a block of a page of docs/_generated; `names`: word → the item that it names."""
    up = "../" * page.count("/")
    written = "".join(_tokens(code, names, up))
    return (
        '```{raw} html\n<div class="highlight-coq notranslate"><div class="highlight"><pre>'
        f"{written}</pre></div></div>\n```\n"
    )


def _tokens(code: str, names: Mapping[str, str], up: str) -> Iterable[str]:
    for kind, text in _LEXER.get_tokens(code):
        shown = escape(text, quote=False)
        style = STANDARD_TYPES.get(kind, "")
        if kind is Name and text in names:
            key = names[text]
            shown = (
                f'<a href="{escape(up + address(key))}" title="{kind_of(key)}, {key.split(".")[0]}.v">'
                f"{shown}</a>"
            )
        # a name in the colour of the text needs no span
        yield f'<span class="{style}">{shown}</span>' if style not in ("", "n") else shown

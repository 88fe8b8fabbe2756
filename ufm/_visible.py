"""Text that came from a model or a file, made safe to show: on a terminal, in a figure, in HTML."""

import unicodedata

_LONGEST = 24
# Control, format (the direction marks among them), surrogate, private, unassigned; line and
# paragraph separators.
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def visible(text: str) -> str:
    r"""`text` with all that acts on a terminal, or is not seen, as \n, \x1b, \u202e; a backslash doubled.

    >>> from ufm._visible import visible
    >>> print(visible("a\x1b[31m\u202e\u00a0b"))
    a\x1b[31m\u202e\xa0b
    """
    return "".join(map(_visible, text))


def _visible(sign: str) -> str:
    if sign == "\\":
        return "\\\\"
    kind = unicodedata.category(sign)
    if kind in _HIDDEN or (kind == "Zs" and sign != " "):
        return sign.encode("unicode_escape").decode()
    return sign


def quoted(text: str, longest: int = _LONGEST) -> str:
    """`text` made visible, cut short, in quotation marks that show the spaces at its ends."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return f"“{visible(cut)}”"


def drawable(text: str, known: frozenset[int]) -> str:
    r"""`text` with the characters that a font has not (`known`: those it has) as \uXXXX."""
    return "".join(
        sign if ord(sign) in known else sign.encode("unicode_escape").decode() for sign in text
    )

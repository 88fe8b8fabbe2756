"""Text that came from a model or a file, made safe to show: on a terminal, in a figure, in HTML."""


def visible(text: str) -> str:
    r"""`text` with all that acts on a terminal, or is not seen, as \n, \x1b, \u202e; a backslash is doubled.

    >>> from ufm._visible import visible
    >>> print(visible("a\x1b[31m\u202e\u00a0b"))
    a\x1b[31m\u202e\xa0b
    """
    return "".join(map(_visible, text))


def _visible(sign: str) -> str:
    if sign == "\\":
        return "\\\\"
    # not printable: what controls, formats (direction marks among it), separates or is unassigned
    return sign if sign.isprintable() else sign.encode("unicode_escape").decode()


def quoted(text: str, longest: int = 24) -> str:
    """`text` made visible, cut short, in quotation marks that show the spaces at its ends."""
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return f"“{visible(cut)}”"


def drawable(text: str, known: frozenset[int]) -> str:
    r"""`text` with each character that a font lacks (it has those in `known`) as \uXXXX."""
    return "".join(
        sign if ord(sign) in known else sign.encode("unicode_escape").decode() for sign in text
    )

"""The message for a name that nothing has."""

import difflib
from collections.abc import Iterable


def no_such(kind: str, name: str, known: Iterable[str], listed: str = "") -> str:
    """One line: no `kind` has this name, and these names begin with it, are near it, or exist.

    Where there are many, `listed` says what lists them, in the place of the names.

    >>> from ufm._names import no_such
    >>> print(no_such("claim", "thm-3.8", ["lemma-b2.affine", "thm-3.8.quadratic"]))
    there is no claim 'thm-3.8'; did you mean thm-3.8.quadratic?
    >>> print(no_such("statement or claim", "?", ["lemma-b2", "thm-3.8", "thm-3.8.quadratic"]))
    there is no statement or claim '?'; there are lemma-b2, thm-3.8
    >>> print(no_such("claim", "?", ["lemma-b2.affine"], listed="ufm falsify --all lists them"))
    there is no claim '?'; ufm falsify --all lists them
    """
    names = list(known)
    if listed:
        return f"there is no {kind} {name!r}{did_you_mean(name, names) or f'; {listed}'}"
    # of statements and their claims, the statements are enough
    short = [other for other in dict.fromkeys(names) if other.rpartition(".")[0] not in names]
    hint = did_you_mean(name, names) or f"; there are {', '.join(short)}"
    return f"there is no {kind} {name!r}{hint}"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The end of a message: the names that begin with `name` or are near it; empty if there are none."""
    names = list(known)
    meant = [other for other in names if other.startswith(f"{name}.")]
    meant = meant or difflib.get_close_matches(name, names, n=2)
    return f"; did you mean {' or '.join(meant)}?" if meant else ""

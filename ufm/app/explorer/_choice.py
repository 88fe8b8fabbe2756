"""Which instance is judged, as one record of plain values: from the bar of the page, or from a link."""

from collections.abc import Mapping
from dataclasses import dataclass

from theorems import FINDINGS

SOURCES = {
    "figure-3": "Figure 3 of the paper: γ/ω data",
    "figure-4": "Figure 4: ε-smoothed data, ε = 5 %",
    "figure-5": "Figure 5: ε-smoothed data, ε = 13 %",
    "figure-4-random": "Figure 4, with N from two concepts",
    "random": "random rates, of the seed beside this",
    **{finding.id: f"{finding.id}: {finding.title}" for finding in FINDINGS},
}
# What each hypothesis is called on the page, and how it is broken.
BREAKS = {
    "assumption-1": "Assumption 1",
    "separation": "δ > 0",
    "target-contexts": "P in T, N off it",
    "assumption-2": "Assumption 2",
    "non-constant-log-odds": "M not constant",
}
HOW_BROKEN = {
    "assumption-1": "a token off T is likelier after P than after N",
    "separation": "one token of T is likelier after N than after P",
    "target-contexts": "P and N are exchanged",
    "assumption-2": "the data have another distribution than the model",
    "non-constant-log-odds": "P and N have one distribution",
}
SEEDS = range(1000)


@dataclass(frozen=True)
class Choice:
    """What the page judges.

    - `source`: which instance (`SOURCES`), and the `seed` of random rates.
    - `own`: the instance as JSON, where it is the user's, in place of `source`; else "".
    - `broken`: the hypothesis that is broken on purpose (`BREAKS`), or "".
    """

    source: str = "figure-3"
    seed: int = 0
    own: str = ""
    broken: str = ""


def from_query(query: Mapping[str, object]) -> tuple[Choice, list[str]]:
    """What the query of a link asks for, and a line on each entry that is no good.

    >>> from ufm.app.explorer import from_query
    >>> choice, complaints = from_query({"source": "figure-5", "broken": "theorem-1"})
    >>> print(choice.source, complaints)
    figure-5 ['broken = theorem-1 in the link is none of assumption-1, separation, target-contexts, \
assumption-2, non-constant-log-odds: left out']
    """
    text = {name: str(v[-1] if isinstance(v, list) else v) for name, v in query.items()}
    known = {"source": SOURCES, "broken": BREAKS, "seed": {str(seed): "" for seed in SEEDS}}
    complaints = []
    for name, options in known.items():
        if name in text and text[name] not in options:
            shown = "0 to 999" if name == "seed" else ", ".join(options)
            complaints.append(
                f"{name} = {text.pop(name)[:40]} in the link is none of {shown}: left out"
            )
    choice = Choice(
        text.get("source", "figure-3"),
        int(text.get("seed", 0)),
        text.get("own", ""),
        text.get("broken", ""),
    )
    return choice, complaints


def to_query(choice: Choice) -> dict[str, str]:
    """The query of the link that shows `choice`: what differs from the defaults.

    >>> from ufm.app.explorer import Choice, to_query
    >>> print(to_query(Choice(broken="separation")))
    {'broken': 'separation'}
    """
    return {
        name: str(value) for name, value in vars(choice).items() if value != getattr(Choice, name)
    }

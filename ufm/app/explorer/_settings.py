"""What the explorer shows, as one record of plain values: from its sliders, or from a link."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import islice, product
from math import nan
from typing import Any

LAWS = {
    "smoothed": "ε-smoothed (all tokens of a concept alike)",
    "laws": "γ/ω dataset",
    "random": "random rates",
}
SETS = {
    "contrastive": "contrastive: N is the second concept",
    "random": "random: N drawn off the target",
    "contaminated": "contaminated: P holds a context of the last concept",
    "picked": "hand-picked",
}
BREAKS = {
    "assumption-1": "Assumption 1: one context differs",
    "separation": "a > b: the first token of T is likelier off T",
    "target-contexts": "target contexts: P and N exchanged",
    "assumption-2": "Assumption 2: training unfinished",
    "non-constant-log-odds": "M not constant: P and N of one distribution",
}


_RATIOS = tuple(n / 20 for n in range(4, 41))
# Every number that a slider can show; a number in a link becomes the nearest of them.
CHOICES: dict[str, tuple[float, ...]] = {
    "concepts": (2, 3, 4, 5),
    "size": tuple(range(1, 13)),
    "shrink": (0, 1, 2, 3),
    "contexts": (1, 2, 3),
    "epsilon": tuple(n / 100 for n in range(1, 46)),
    "gamma": _RATIOS,
    "omega": _RATIOS,
    "seed": tuple(range(100)),
    "context": tuple(range(12)),
    "reach": (0.5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 60),
    "budget": (0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 1.5, 2, 3),
}
_ALPHABETS = (
    "abcdefghijkl",
    "ABCDEFGHIJKL",
    "αβγδεζηθικλμ",
    "бгджзийлптфц",
    tuple(str(i) for i in range(1, 13)),
)
_WORDS = {"law": LAWS, "sets": SETS, "broken": {"": "", **BREAKS}}


@dataclass(frozen=True)
class Settings:
    """What the data, the steering vector and the view are made of.

    - `law`: which rates (`LAWS`); `concepts` G, `size` s of the first concept, each next one with
      `shrink` tokens fewer (at least one), `contexts` a concept, `epsilon` ε.
    - `gamma`, `omega`: ratio of neighbouring tokens in the distributions γ and ω; `seed` of what is random.
    - `sets`: how P and N are chosen (`SETS`); `positive`, `negative`: they themselves if hand-picked.
    - `broken`: the hypothesis that is broken on purpose (`BREAKS`), or "".
    - `context`: the one looked at; `reach`: strengths run from -reach to reach, in multiples of v;
      `budget`: the cross-entropy, in nats, that the chosen strength may cost.
    """

    law: str = "laws"
    concepts: int = 3
    size: int = 3
    shrink: int = 0
    contexts: int = 2
    epsilon: float = 0.05
    gamma: float = 0.5
    omega: float = 1.2
    seed: int = 0
    sets: str = "contrastive"
    positive: tuple[int, ...] = (0, 1)
    negative: tuple[int, ...] = (2, 3)
    broken: str = ""
    context: int = 4
    reach: float = 2.0
    budget: float = 0.3

    @property
    def sizes(self) -> tuple[int, ...]:
        """Tokens of each concept."""
        return tuple(max(1, self.size - self.shrink * k) for k in range(self.concepts))

    @property
    def contexts_each(self) -> int:
        """Contexts of each concept: a lone token makes one, and 12 in all have shapes that compile."""
        return 1 if min(self.sizes) == 1 else min(self.contexts, 12 // self.concepts)

    @property
    def token_names(self) -> list[str]:
        """a, b, … A, B, … α, β, …"""
        return [name for k, size in enumerate(self.sizes) for name in _ALPHABETS[k][:size]]

    @property
    def context_names(self) -> list[str]:
        """Each context with its number: "4: ααα"."""
        words = [
            "".join(word)
            for k, size in enumerate(self.sizes)
            for word in islice(product(_ALPHABETS[k][:size], repeat=3), self.contexts_each)
        ]
        return [f"{j}: {word}" for j, word in enumerate(words)]

    @property
    def shown_context(self) -> int:
        """The context looked at: the last one where `context` is beyond it."""
        return min(self.context, self.concepts * self.contexts_each - 1)


def from_query(query: Mapping[str, object]) -> tuple[Settings, list[str]]:
    """The settings that the query of a link asks for, and a line on each entry that is no good.

    What is left out stays at its default; a number becomes the nearest that its slider can show.

    >>> from ufm.app.explorer import from_query
    >>> settings, complaints = from_query({"epsilon": "0.1", "concepts": "many"})
    >>> print(settings.epsilon, complaints)
    0.1 ['concepts = many in the link is not a number: shown with 3']
    """
    found: dict[str, Any] = {}  # each of the type of its field
    complaints = []
    for name, value in query.items():
        if name not in Settings.__dataclass_fields__:
            continue  # file, session_id and the like are marimo's
        text = str(value[-1] if isinstance(value, list) else value)
        try:
            found[name] = _read(name, text)
        except ValueError as error:
            default = getattr(Settings, name)
            shown = " ".join(map(str, default)) if isinstance(default, tuple) else default or "none"
            complaints.append(f"{name} = {text[:40]} in the link {error}: shown with {shown}")
    return Settings(**found), complaints


def _read(name: str, text: str) -> str | int | float | tuple[int, ...]:
    if name in ("positive", "negative"):
        return picks(text)
    if name in _WORDS:
        if text not in _WORDS[name]:
            raise ValueError(f"is none of {', '.join(filter(None, _WORDS[name]))}")
        return text
    try:
        number = float(text)
    except ValueError:
        number = nan
    if number != number:
        raise ValueError("is not a number")
    nearest = min(CHOICES[name], key=lambda choice: abs(choice - max(-1e9, min(1e9, number))))
    return type(getattr(Settings, name))(nearest)


def picks(text: str) -> tuple[int, ...]:
    """Context numbers as a user writes them: "0 1", "0, 1" or, in a link, "0-1".

    >>> from ufm.app.explorer import picks
    >>> print(picks("4, 5"))
    (4, 5)
    """
    words = text.replace(",", " ").replace("-", " ").split()
    if not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):
        raise ValueError("is no list of context numbers such as 0 1")
    return tuple(int(word) for word in words)


def to_query(settings: Settings) -> dict[str, str]:
    """The query of the link that shows `settings`: what differs from the defaults.

    >>> from ufm.app.explorer import Settings, to_query
    >>> print(to_query(Settings(epsilon=0.1, sets="picked", positive=(4,))))
    {'epsilon': '0.1', 'sets': 'picked', 'positive': '4'}
    """
    query = {}
    for field in fields(Settings):
        value = getattr(settings, field.name)
        if value != field.default:
            shown = f"{value:g}" if isinstance(value, float) else str(value)
            query[field.name] = "-".join(map(str, value)) if isinstance(value, tuple) else shown
    return query

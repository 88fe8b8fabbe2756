"""Searches for the counterexample, shrinks it, and writes down the balls that prove it."""

import contextlib
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from random import Random
from typing import cast

from flint import ctx
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from ufm._json import JSON
from ufm._names import did_you_mean, no_such

from .. import CLAIMS
from ..certificates.write.dyadic import enclosure
from ..certificates.write.hypotheses import TESTS as CERTIFIED
from .contradictions.contradiction import Contradiction
from .contradictions.last_norm import Stream
from .contradictions.literature import TESTS as OF_OTHERS
from .map import MAP, Entry
from .needed import Needed, NotKnown
from .steered import Steered

PRECISION = 192
TESTS = {**CERTIFIED, **OF_OTHERS}
NEEDED, NOT_NEEDED, NOT_FOUND = "needed", "not needed", "not found"
VACUOUS = "vacuous"  # without the hypothesis nothing is claimed
NOT_KNOWN = "not known"
Candidate = Steered | Stream


@dataclass(frozen=True)
class Falsification:
    """What became of a claim without one hypothesis.

    - `outcome`: "needed" (a counterexample to a claim that assumes the hypothesis), "needed only for X" (the
      claim assumes X in its place, and the counterexample breaks both), "not needed", "vacuous" (nothing is
      claimed without the hypothesis), "not known", or "not found" (no counterexample within the time).
    - `counterexample`: exact rationals, as `ufm certify` reads them, and what was changed beside them.
    - `text`, `values`: what is contradicted, and by which balls: (name, least, largest), exact.
    - `also_broken`: the claim's other hypotheses that the counterexample breaks, as far as they are decided
      exactly.
    - `found`: in a sentence, what happens instead of what is claimed.
    - `reason`, `theorems`: why it is not needed, needed only for another, vacuous or not known, and the Coq
      theorems that say so; of what is not known, a part of it.
    - `seconds`: what the search took.
    """

    claim: str
    without: str
    outcome: str
    counterexample: dict[str, JSON] | None = None
    text: str = ""
    values: tuple[tuple[str, Fraction, Fraction], ...] = ()
    reason: str = ""
    theorems: tuple[str, ...] = ()
    found: str = ""
    also_broken: tuple[str, ...] = ()
    seconds: float = 0.0

    def as_json(self) -> dict[str, JSON]:
        """The record of `ufm falsify --json`, without the time, which varies."""
        found = asdict(self)
        del found["seconds"]
        values = [
            {"name": name, "least": str(low), "largest": str(high)}
            for name, low, high in self.values
        ]
        lists = {name: list(found[name]) for name in ("theorems", "also_broken")}
        return {**found, "values": values, **lists}


def falsify(claim: str, without: str, seed: int = 0, seconds: float = 60.0) -> Falsification:
    """A small counterexample to `claim` on an instance that breaks the hypothesis `without`, with its proof.

    Every other hypothesis of the claim holds on it, but for those that cannot once this one is broken, and
    for the one that the claim assumes in place of this one, if it does. `hypothesis` draws small whole
    numbers and shrinks what it finds until no step of its own makes it smaller, which need not be the
    smallest there is; balls prove the contradiction.
    Raises `ValueError` for a claim or a hypothesis that is not in the map.

    >>> from theorems.falsify import falsify
    >>> found = falsify("lemma-b4.sign", "assumption-1")
    >>> print(found.outcome, found.counterexample["in_concept"], found.text)
    needed ['1/10', '7/10', '1/10', '7/10'] M(0) > 0 iff token 0 is in T: it is in T, and M(0) = 0
    """
    if claim not in CLAIMS:
        raise ValueError(no_such("claim", claim, CLAIMS))
    if (claim, without) not in MAP:
        known = [hypothesis for name, hypothesis in MAP if name == claim]
        hint = did_you_mean(without, known) or f"; it has {', '.join(known)}"
        raise ValueError(f"{claim} has no hypothesis {without!r}{hint}")
    entry = MAP[claim, without]
    if not isinstance(entry, Needed):
        said = outcome(entry)
        return Falsification(claim, without, said, reason=entry.reason, theorems=entry.theorems)
    start = time.monotonic()
    with ctx.workprec(PRECISION):
        shrunk = _search(claim, without, entry, seed, start + seconds)
        if shrunk is None:
            return Falsification(claim, without, NOT_FOUND, seconds=time.monotonic() - start)
        candidate, (text, values, found) = shrunk
        enclosed = [(name, enclosure(value)) for name, value in values]
        also = tuple(sorted(_broken(candidate, _decided(claim) - {without})))
    took = time.monotonic() - start
    shown = tuple((name, ends.low, ends.high) for name, ends in enclosed)
    return Falsification(
        claim,
        without,
        outcome(entry),
        candidate.as_json(),
        text,
        shown,
        _INSTEAD.format(entry.only_for, without) if entry.only_for else "",
        entry.theorems,
        found=found or _compared(text, shown),
        also_broken=also,
        seconds=took,
    )


_INSTEAD = "the claim assumes {0} in place of {1}, and holds wherever {0} does; this breaks both"


def outcome(entry: Entry) -> str:
    """What is said of a pair in the map, once a counterexample is found where there is one."""
    if isinstance(entry, Needed):
        return f"{NEEDED} only for {entry.only_for}" if entry.only_for else NEEDED
    if isinstance(entry, NotKnown):
        return NOT_KNOWN
    return VACUOUS if entry.is_vacuous else NOT_NEEDED


def _compared(text: str, values: tuple[tuple[str, Fraction, Fraction], ...]) -> str:
    """A sentence, where the contradiction has none of its own: the numbers against what is claimed."""
    numbers = " and ".join(f"{name} = {float((low + high) / 2):.4g}" for name, low, high in values)
    return f"{numbers}, where the claim says: {text}"


class _OutOfTime(KeyboardInterrupt):
    """Ends a search of hypothesis, which treats every other exception as a failing example."""


def _search(
    claim: str, without: str, entry: Needed[Steered] | Needed[Stream], seed: int, deadline: float
) -> tuple[Candidate, Contradiction] | None:
    """The counterexample as far as it was shrunk before the deadline, and what it contradicts."""
    others = _decided(claim) - {without, entry.only_for, *entry.implied}
    # an entry draws the kind of model that it judges
    contradicts = cast(Callable[[Candidate], Contradiction | None], entry.contradicts)
    best: list[tuple[Candidate, Contradiction]] = []

    def is_counterexample(candidate: Candidate) -> bool:
        if time.monotonic() > deadline:
            raise _OutOfTime
        if _shows_nothing(candidate, without):
            return False
        found = contradicts(candidate)  # the cheaper question first
        if found is None or not _breaks_only(candidate, without, others):
            return False
        best[:] = [(candidate, found)]
        return True

    with contextlib.suppress(_OutOfTime, NoSuchExample):
        find(entry.candidates(), is_counterexample, settings=_SEARCH, random=Random(seed))
    return best[0] if best else None


_SEARCH = settings(
    max_examples=20_000,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=[*HealthCheck],  # pyright: ignore[reportArgumentType]
)
# They choose the concepts or contexts that the claim is about: dropping one widens the claim alone.
_QUANTIFIERS = ("interior-concept", "lowest-concept", "context-off-target")
# A constant M breaks nearly everything, and shows nothing: it is an example for these alone.
_CONSTANT = ("non-constant-log-odds", "separation")


def _shows_nothing(candidate: Candidate, without: str) -> bool:
    """Whether M is constant, where that is not what is broken."""
    is_constant = isinstance(candidate, Steered) and len(candidate.levels.tokens) == 1
    return is_constant and without not in _CONSTANT


def _decided(claim: str) -> set[str]:
    """The hypotheses of the claim that are decided exactly."""
    return {h.id for h in CLAIMS[claim].hypotheses if h.id in TESTS}


def _broken(candidate: Candidate, names: set[str]) -> set[str]:
    """Which of these the candidate breaks, as far as they are about tilts."""
    if not isinstance(candidate, Steered):
        return set()
    instance, levels = candidate.instance, candidate.levels
    return {name for name in names if TESTS[name](instance, levels)}


def _breaks_only(candidate: Candidate, without: str, others: set[str]) -> bool:
    """Whether `without` is broken and none of the `others` is, as far as they are about tilts."""
    if not isinstance(candidate, Steered):
        return True
    is_of_instance = without in TESTS and without not in _QUANTIFIERS
    if is_of_instance and not _broken(candidate, {without}):
        return False
    return not _broken(candidate, others)

"""The verdict on every claim about the instance shown: first what hypotheses it lost, then the rest."""

import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from math import nan
from threading import Lock
from typing import NamedTuple

import numpy as np

import theorems
from theorems import Instance, Outcome
from theorems.judging.claim import Claim, Hypothesis

from ._choice import Choice
from ._refutation import Refutation, refute
from ._scene import Scene, build

# Judged last: it trains a model, and compiles for every new size.
SLOW = "assumption-2.trained"
FALSE, TRUE, NOTHING = "false here", "true here all the same", "means nothing here"
# Of the user's own instance, which has not what the claim needs, whatever is broken besides.
APART = "does not apply here"
# Each compiles programs of its own, for a second and more.
_COMPILES = ("tilt.all-orders", "side-effect.", "sequence.", "presence.", "literature.benefit")
# Claims about transformers and their heads have no verdict on an instance.
JUDGED = tuple(claim for claim in theorems.CLAIMS.values() if claim.is_of_tilts)
_PATIENCE = 0.4  # seconds between two looks at what is known
_WRONG = (ValueError, ArithmeticError, LookupError)


class Row(NamedTuple):
    """One claim on the instance.

    - `lost`: the hypotheses that are unmet, and why. `verdict`: an `Outcome`, or "" until it is judged.
    - `anyway`: where a hypothesis is unmet, whether the conclusion is true here all the same (`FALSE`,
      `TRUE`, `NOTHING`), or "" until that is known; `refutation`: what shows that it is not.
    - `seen`: what was compared; `margin`, `tolerance`: by how much the conclusion is true, or false;
      NaN where it means nothing.
    - `is_apart`: whether the user's own instance, before anything is broken, lacks a hypothesis.
    """

    claim: Claim[Instance]
    lost: dict[str, str]
    verdict: str = ""
    anyway: str = ""
    seen: str = ""
    margin: float = nan
    tolerance: float = 0.0
    refutation: Refutation | None = None
    is_apart: bool = False

    @property
    def word(self) -> str:
        """What the page says of it: a key of `WORDS`."""
        return APART if self.is_apart else self.anyway or self.verdict

    @property
    def is_known(self) -> bool:
        """Whether nothing more will be found out."""
        return bool(self.anyway if self.lost else self.verdict)


class Judgement:
    """The rows of one scene as they become known; threads that ask for the same one share the work."""

    def __init__(self, scene: Scene):
        self.scene = scene
        whole = build(replace(scene.choice, broken="")).instance if scene.choice.own else None
        self._rows = {claim.id: _first_look(claim, scene, whole) for claim in JUDGED}
        self._lock = Lock()

    def rows(self) -> list[Row]:
        """What is known so far, problems first."""
        return sorted(self._rows.values(), key=_rank)

    @property
    def is_final(self) -> bool:
        """Whether every claim is judged."""
        return self.known == len(JUDGED)

    @property
    def known(self) -> int:
        """How many claims are judged."""
        return sum(row.is_known for row in self._rows.values())

    def watch(self, is_wanted: Callable[[], bool] = lambda: True) -> Iterator[int]:
        """Have the claims judged, the cheap ones first; how many are, now and whenever more are.

        `is_wanted()` is asked before each claim: once it is False, nothing more is begun.
        """
        with ThreadPoolExecutor(1) as pool:
            working, known = pool.submit(self._work, is_wanted), -1
            while is_wanted() and known < len(JUDGED):
                is_over = working.done()
                before, known = known, self.known
                if known > before:
                    yield known
                if is_over:
                    working.result()  # raises what went wrong
                time.sleep(_PATIENCE)

    def _work(self, is_wanted: Callable[[], bool]) -> None:
        """One thread at a time: those that wait find the rows of the one before."""
        with self._lock:
            for improve in (_refuted, _judged):
                for claim in sorted(JUDGED, key=_wait):
                    row = self._rows[claim.id]
                    if not row.is_known and is_wanted():
                        self._rows[claim.id] = improve(row, self.scene)


@lru_cache(maxsize=16)
def judgement(choice: Choice) -> Judgement:
    """The judgement of a choice, the same for all who ask. Raises `ValueError` as `build` does."""
    return Judgement(build(choice))


def _wait(claim: Claim[Instance]) -> int:
    """Which claims wait for others: what compiles for seconds, and last what trains a model."""
    return 2 if claim.id == SLOW else int(claim.id.startswith(_COMPILES))


def _rank(row: Row) -> int:
    """Fails, false, undecided, a hypothesis lost, holds, means nothing; last what others claim."""
    if row.verdict == Outcome.FAILS:
        return 0
    if row.claim.is_of_others:
        return 6
    if row.word == FALSE:
        return 1
    if row.word in (NOTHING, APART):
        return 5
    return 2 if row.verdict == Outcome.UNDECIDED else 3 if row.lost else 4


def _first_look(claim: Claim[Instance], scene: Scene, whole: Instance | None) -> Row:
    """Which hypotheses are unmet, and whether they were on `whole`, the user's own: that needs no curve."""
    reasons = {h.id: _reason(h, scene.instance) for h in claim.hypotheses}
    lost = {name: reason for name, reason in reasons.items() if reason is not None}
    # to judge it all the same would train for seconds
    anyway = NOTHING if lost and claim.id == SLOW else ""
    is_apart = whole is not None and any(_reason(h, whole) is not None for h in claim.hypotheses)
    is_apart = is_apart and bool(lost) and not claim.is_of_others
    return Row(claim, lost, Outcome.UNMET if lost else "", anyway, is_apart=is_apart)


def _reason(hypothesis: Hypothesis[Instance], instance: Instance) -> str | None:
    """Why it is unmet; None also where it cannot be asked, since another one is unmet that it rests on."""
    seen = instance.seen
    if hypothesis.id not in seen:
        with np.errstate(all="ignore"), suppress(*_WRONG):
            reason = hypothesis.unmet(instance)
            seen[hypothesis.id] = None if reason and "nan" in reason.split() else reason
    return seen.get(hypothesis.id)


def _refuted(row: Row, scene: Scene) -> Row:
    found = refute(row.claim, tuple(row.lost), scene) if row.lost else None
    if found is None:
        return row
    return row._replace(anyway=FALSE, seen=found.found or found.says, refutation=found)


def _judged(row: Row, scene: Scene) -> Row:
    """The verdict; where a hypothesis is unmet, what the conclusion says all the same."""
    if not row.lost:
        verdict, margin, tolerance, seen = row.claim.check(scene.instance)
        return row._replace(verdict=verdict, margin=margin, tolerance=tolerance, seen=seen)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(*_WRONG):
            outcome, margin, tolerance, seen = row.claim.conclusion(scene.instance)
            if margin == margin and outcome in (Outcome.FAILS, Outcome.HOLDS):
                anyway = FALSE if outcome is Outcome.FAILS else TRUE
                return row._replace(anyway=anyway, margin=margin, tolerance=tolerance, seen=seen)
    return row._replace(anyway=NOTHING)

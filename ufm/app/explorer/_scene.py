"""The instance that is judged: exactly, in floats, and with one hypothesis broken where that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product

import numpy as np

from theorems import Instance, hypotheses
from theorems.judging.claim import Hypothesis
from theorems.tables.exact import ExactInstance, read_exact
from ufm import ExponentialTilt, log_odds
from ufm._json import JSON

from ._choice import BREAKS, Choice
from ._record import Record, record_of

Rows = list[list[Fraction]]
_BROKEN: dict[str, Hypothesis[Instance]] = {
    hypothesis.id: hypothesis
    for hypothesis in vars(hypotheses).values()
    if isinstance(hypothesis, Hypothesis) and hypothesis.id in BREAKS
}


@dataclass(frozen=True, eq=False)
class Scene:
    """One instance as the page judges it.

    - `record`: in exact rationals, as JSON; `exact`: the same, read and checked.
    - `data` [V]: the distribution of the data after every context, where Assumption 2 is broken, which
      the record cannot say; else None. `instance`: all of this in float64.
    """

    choice: Choice
    record: Record
    exact: ExactInstance
    data: tuple[Fraction, ...] | None
    instance: Instance


def build(choice: Choice) -> Scene:
    """The scene of `choice`. Raises `ValueError`, in one line, where it makes no instance.

    >>> from ufm.app import explorer
    >>> scene = explorer.build(explorer.Choice("figure-4"))
    >>> print(scene.record["off_concept"][0], f"{scene.instance.margin:.6f}")
    1/120 3.637586
    """
    record = record_of(choice)
    exact = read_exact(record)
    data = None
    if choice.broken == "assumption-2":
        data = _other_data(exact)
    elif choice.broken:
        record = _broken(exact, choice.broken)
        exact = read_exact(record)
    instance = _in_floats(exact, data)
    if choice.broken and _BROKEN[choice.broken].unmet(instance) is None:
        raise ValueError(f"{choice.broken} still holds: this instance is too small to break it so")
    return Scene(choice, record, exact, data, instance)


def _in_floats(exact: ExactInstance, data: Sequence[Fraction] | None) -> Instance:
    if exact.token_concept is None or exact.context_concept is None:
        raise ValueError("token_concept and contexts are not given: add them to the record")
    log_probs = np.log(np.array(exact.rows, float))
    tilt = ExponentialTilt(log_probs, log_odds(log_probs, exact.positive, exact.negative))
    return Instance(
        tilt,
        np.array(exact.target),
        np.array(exact.token_concept),
        np.array(exact.context_concept),
        np.array(exact.weights, float),
        exact.positive,
        exact.negative,
        None if data is None else np.tile(np.array(data, float), (len(log_probs), 1)),
    )


def _other_data(exact: ExactInstance) -> tuple[Fraction, ...]:
    """After every context the mean of the rows, but for a quarter of the mass, which T has evenly."""
    mean = [sum(column, Fraction(0)) / len(column) for column in zip(*exact.rows, strict=True)]
    even = Fraction(1, sum(exact.target))
    return tuple((3 * p + even * t) / 4 for p, t in zip(mean, exact.target, strict=True))


def _broken(exact: ExactInstance, hypothesis: str) -> Record:
    """The record of the instance without the hypothesis, as a table of its probabilities."""
    rows = [list(row) for row in exact.rows]
    positive, negative = exact.positive, exact.negative
    if hypothesis == "assumption-1":
        _raise_off_target(exact, rows)
    elif hypothesis == "separation":
        _unseparate(exact, rows)
    elif hypothesis == "target-contexts":
        positive, negative = negative, positive
    else:
        pair = next((group for group in exact.classes if len(group) > 1), None)
        if pair is None:
            raise ValueError("P and N of one distribution take two contexts that share one")
        positive, negative = pair[:1], pair[1:2]
    weights: list[JSON] = [str(weight) for weight in exact.weights]
    return {
        "next_token_probs": [[str(p) for p in row] for row in rows],
        "target": list(exact.target),
        "token_concept": list(exact.token_concept or ()),
        "contexts": list(exact.context_concept or ()),
        "context_weights": weights,
        "positive": list(positive),
        "negative": list(negative),
    }


def _raise_off_target(exact: ExactInstance, rows: Rows) -> None:
    """Make one token off T likelier in the contexts of P than in those of N, but less so than any of T.

    Of all tokens off T it is the one that is nearest to this; the others in its rows give what it takes.
    """
    pairs = list(product(exact.positive, exact.negative))

    def ratio(z: int) -> Fraction:
        return min(rows[i][z] / rows[k][z] for i, k in pairs)

    off = [z for z, is_target in enumerate(exact.target) if not is_target]
    least = min(ratio(z) for z, is_target in enumerate(exact.target) if is_target)
    token = max(off, key=ratio)
    wanted = 1 + max(least - 1, Fraction(1)) / 4
    raised = wanted * max(rows[k][token] for k in exact.negative)
    if raised >= 1:
        raise ValueError(
            "Assumption 1 is broken at a token off the target, which is too likely here"
        )
    for i in exact.positive:
        share = (1 - raised) / (1 - rows[i][token])
        rows[i] = [raised if z == token else p * share for z, p in enumerate(rows[i])]


def _unseparate(exact: ExactInstance, rows: Rows) -> None:
    """Give the first token of T, in the contexts of P, half the ratio to N that a token off T has.

    Of all tokens off T it is the one with the largest such ratio; other tokens of T take what is freed.
    """
    first, *others = [z for z, is_target in enumerate(exact.target) if is_target]
    if not others:
        raise ValueError("δ > 0 is broken at one of several tokens of T: this target has one")
    pairs = list(product(exact.positive, exact.negative))
    off = (z for z, is_target in enumerate(exact.target) if not is_target)
    ratio = max(min(rows[i][z] / rows[k][z] for i, k in pairs) for z in off) / 2
    least = ratio * min(rows[k][first] for k in exact.negative)
    for i in exact.positive:
        freed, room = rows[i][first] - least, sum((rows[i][z] for z in others), Fraction(0))
        for z in others:
            rows[i][z] *= 1 + freed / room
        rows[i][first] = least

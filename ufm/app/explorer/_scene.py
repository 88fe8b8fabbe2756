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
from ._record import Record, read_with_concepts, record_of

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
    """The scene of `choice`. Raises `ValueError`, in one line, where it makes none.

    >>> from ufm.app import explorer
    >>> scene = explorer.build(explorer.Choice("figure-4"))
    >>> print(scene.record["off_concept"][0], f"{scene.instance.margin:.6f}")
    1/120 3.637586
    """
    try:
        record = record_of(choice)
        exact = read_with_concepts(record)
    except ValueError as error:
        raise ValueError(f"This is no instance: {error}") from None
    data = None
    if choice.broken == "assumption-2":
        data = _other_data(exact)
    elif choice.broken:
        record = _broken(exact, choice.broken)
        exact = read_exact(record)
    instance = _in_floats(exact, data)
    if choice.broken and _BROKEN[choice.broken].unmet(instance) is None:
        raise ValueError(
            f"{BREAKS[choice.broken]} cannot be broken on this instance: press “none” to judge it whole"
        )
    return Scene(choice, record, exact, data, instance)


def _in_floats(exact: ExactInstance, data: Sequence[Fraction] | None) -> Instance:
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
        if pair is not None:
            positive, negative = pair[:1], pair[1:2]
        else:  # no two contexts share one: those of P and N get that of the first
            for j in (*positive, *negative):
                rows[j] = list(exact.rows[positive[0]])
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
    """Make one token off T likelier in the contexts of P than in those of N.

    Of all tokens off T it is the one that is nearest to this, and it gains less than any of T did, where
    that leaves it below 1; the others in its rows give what it takes.
    """
    pairs = list(product(exact.positive, exact.negative))

    def ratio(z: int) -> Fraction:
        return min(rows[i][z] / rows[k][z] for i, k in pairs)

    off = [z for z, is_target in enumerate(exact.target) if not is_target]
    least = min(ratio(z) for z, is_target in enumerate(exact.target) if is_target)
    token = max(off, key=ratio)
    likeliest = max(rows[k][token] for k in exact.negative)
    raised = min((1 + max(least - 1, Fraction(1)) / 4) * likeliest, (1 + likeliest) / 2)
    for i in exact.positive:
        share = (1 - raised) / (1 - rows[i][token])
        rows[i] = [raised if z == token else p * share for z, p in enumerate(rows[i])]


def _unseparate(exact: ExactInstance, rows: Rows) -> None:
    """Give the first token of T, in the contexts of P, half the ratio to N that a token off T has.

    Of all tokens off T it is the one with the largest such ratio; other tokens of T, or else those off it,
    take what is freed.
    """
    first, *others = [z for z, is_target in enumerate(exact.target) if is_target]
    pairs = list(product(exact.positive, exact.negative))
    off = [z for z, is_target in enumerate(exact.target) if not is_target]
    others = others or off
    ratio = max(min(rows[i][z] / rows[k][z] for i, k in pairs) for z in off) / 2
    least = ratio * min(rows[k][first] for k in exact.negative)
    for i in exact.positive:
        freed, room = rows[i][first] - least, sum((rows[i][z] for z in others), Fraction(0))
        for z in others:
            rows[i][z] *= 1 + freed / room
        rows[i][first] = least

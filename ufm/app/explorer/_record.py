"""From settings to an instance in exact rationals, in the format that `ufm certify` reads."""

import json
from fractions import Fraction

import numpy as np

from ._settings import Settings

Rates = tuple[list[Fraction], list[Fraction]]
Record = dict[str, list[str] | list[list[str]] | list[int] | list[bool]]


def record_of(settings: Settings) -> Record:
    """The instance as JSON: rates a and b, or rows where a context has a distribution of its own.

    The target is the first concept. Raises `ValueError` where the settings make no instance, such as
    a hand-picked P that shares a context with N.
    """
    concepts = [k for k, size in enumerate(settings.sizes) for _ in range(size)]
    contexts = [k for k in range(settings.concepts) for _ in range(settings.contexts_each)]
    positive, negative = sets_of(settings)
    a, b = _rates(settings)
    record: Record = {}
    if settings.broken == "assumption-1":
        rows = [[a[z] if k == t else b[z] for z, t in enumerate(concepts)] for k in contexts]
        even = Fraction(1, len(concepts))
        rows[-1] = [(p + even) / 2 for p in rows[-1]]
        record["next_token_probs"] = [[str(p) for p in row] for row in rows]
    else:
        record["in_concept"] = [str(p) for p in a]
        record["off_concept"] = [str(p) for p in b]
    record |= {"token_concept": concepts, "contexts": contexts}
    record |= {"positive": list(positive), "negative": list(negative)}
    return record | {"target": [k == 0 for k in concepts]}


def json_text(record: Record) -> str:
    """The record as a JSON file, a line for each key."""
    lines = [f' "{key}": {json.dumps(value)}' for key, value in record.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _rates(settings: Settings) -> Rates:
    """a and b [V], exactly; with `settings.broken` "separation" the first token has a = b/4."""
    a, b = _random_rates(settings) if settings.law == "random" else _law_rates(settings)
    if settings.broken == "separation":
        size = settings.sizes[0]
        if size == 1:
            raise ValueError(
                "a token can be likelier off its concept only where it has others: raise s"
            )
        freed = a[0] - b[0] / 4
        share = 1 + freed / sum(a[1:size])
        a[:size] = [b[0] / 4, *(p * share for p in a[1:size])]
    return a, b


def _law_rates(settings: Settings) -> Rates:
    """a_z = (1-ε)γ_z, b_z = ε ω_z/(G-1), with γ and ω geometric on each concept, or uniform."""
    epsilon = Fraction(str(settings.epsilon))
    ratios = (settings.gamma, settings.omega) if settings.law == "laws" else (1, 1)
    a, b = [], []
    for rates, ratio, mass in (
        (a, ratios[0], 1 - epsilon),
        (b, ratios[1], epsilon / (settings.concepts - 1)),
    ):
        for size in settings.sizes:
            powers = [Fraction(str(ratio)) ** i for i in range(size)]
            rates += [mass * power / sum(powers) for power in powers]
    return a, b


def _random_rates(settings: Settings) -> Rates:
    """Assumption 1 in full: b > 0 of sum B = Gε/(G-1) < 1 and a = b + (1-B)u, whole numbers underneath.

    ε is then the mean mass off the concept of a context, as it is for the other rates.
    """
    rng = np.random.default_rng([settings.seed, *settings.sizes])
    total = Fraction(str(settings.epsilon)) * settings.concepts / (settings.concepts - 1)
    weights = [Fraction(n) for n in rng.integers(1, 21, sum(settings.sizes)).tolist()]
    b = [total * weight / sum(weights) for weight in weights]
    a = []
    for size in settings.sizes:
        shares = [Fraction(n) for n in rng.integers(1, 21, size).tolist()]
        a += [b[len(a) + i] + (1 - total) * u / sum(shares) for i, u in enumerate(shares)]
    return a, b


def sets_of(settings: Settings) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """P and N, numbers of contexts."""
    each, groups = settings.contexts_each, settings.concepts
    every = [tuple(range(k * each, (k + 1) * each)) for k in range(groups)]
    if settings.broken == "non-constant-log-odds":
        if each == 1:
            raise ValueError(
                "P and N of one distribution take two contexts of each concept: raise their number"
            )
        return every[0][:1], every[0][1:]
    if settings.sets == "picked":
        positive, negative = settings.positive, settings.negative
        if not positive or not negative:
            raise ValueError("pick at least one context for P and one for N, such as 0 1 and 2 3")
    else:
        positive, negative = every[0], every[1]
    if settings.sets == "random":
        rng = np.random.default_rng([settings.seed, groups, each])
        drawn = rng.choice(np.arange(each, groups * each), each, replace=False)
        negative = tuple(sorted(drawn.tolist()))
    if settings.sets == "contaminated":
        stranger = every[-1][0]
        positive, negative = (*positive, stranger), tuple(j for j in negative if j != stranger)
        if not negative:
            raise ValueError(
                "with two concepts of one context each nothing is left for N: raise their number"
            )
    return (negative, positive) if settings.broken == "target-contexts" else (positive, negative)

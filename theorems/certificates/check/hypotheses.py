"""The hypotheses of the claims, decided exactly on the instance of a certificate."""

from fractions import Fraction

from .._balls import ball
from .instance import Instance, Laws, Levels
from .precision import decide, sign


def unmet(laws: Laws, levels: Levels) -> set[str]:
    """The hypotheses that the instance does not meet."""
    instance = laws.instance
    is_broken = {
        "separation": levels.low <= levels.high,
        "non-constant-log-odds": levels.top == 0,
        "interior-token": levels.top < 2,
        "one-law-each": not _is_one_law_each(laws),
        "interior-concept": not interior_concepts(instance, levels),
        "lowest-concept": not lowest_concepts(instance, levels),
        "context-off-target": not contexts_off_target(instance),
        "target-contexts": not _is_steered_to_target(instance),
        "assumption-1": not _is_assumption_1(instance),
        "concept-laws": _concept_laws(instance) is None,
        "small-epsilon": not _is_epsilon_small(instance),
    }
    return {name for name, broken in is_broken.items() if broken}


def _is_one_law_each(laws: Laws) -> bool:
    sides = laws.instance.positive, laws.instance.negative
    return all(len({laws.of_context[j] for j in side}) == 1 for side in sides)


def off_target_concepts(instance: Instance) -> dict[int, list[int]]:
    """Concept → its tokens, of the concepts that share no token with the target."""
    found: dict[int, list[int]] = {}
    for z, k in enumerate(instance.token_concept or []):
        found.setdefault(k, []).append(z)
    own = {k for k, tokens in found.items() if any(instance.target[z] for z in tokens)}
    return {k: found[k] for k in sorted(found) if k not in own}


def interior_concepts(instance: Instance, levels: Levels) -> list[int]:
    """Concepts off the target without tokens of Mtop and Mbot."""
    found = off_target_concepts(instance).items()
    return [k for k, tokens in found if all(0 < levels.of_token[z] < levels.top for z in tokens)]


def lowest_concepts(instance: Instance, levels: Levels) -> list[int]:
    """Concepts off the target of which no token is above any token of another concept.

    The others start at the lowest level of all, or at the second lowest for the concept that has that.
    """
    lowest: dict[int, int] = {}
    for k, level in zip(instance.token_concept or [], levels.of_token, strict=False):
        lowest[k] = min(level, lowest.get(k, level))
    upwards = sorted(lowest, key=lowest.__getitem__)
    return [
        k
        for k, tokens in off_target_concepts(instance).items()
        if max(levels.of_token[z] for z in tokens) <= lowest[upwards[k == upwards[0]]]
    ]


def contexts_off_target(instance: Instance) -> list[int]:
    """Contexts of a concept that has no token in the target."""
    if instance.token_concept is None or instance.context_concept is None:
        return []
    pairs = zip(instance.token_concept, instance.target, strict=True)
    own = {k for k, flag in pairs if flag}
    return [j for j, k in enumerate(instance.context_concept) if k not in own]


def _target_concept(tokens: list[int], target: list[bool]) -> int | None:
    """The concept whose tokens are the target, if there is one."""
    pairs = list(zip(tokens, target, strict=True))
    on, off = {k for k, flag in pairs if flag}, {k for k, flag in pairs if not flag}
    return min(on) if len(on) == 1 and not on & off else None


def _is_steered_to_target(instance: Instance) -> bool:
    """Whether the target is one concept, of more contexts in P than in N, and no other concept is.

    Contexts of one concept in both P and N cancel only if they share their rates: else all of P must be
    of the target, and none of N.
    """
    tokens, contexts = instance.token_concept, instance.context_concept
    if tokens is None or contexts is None:
        return False
    balance = dict.fromkeys([*tokens, *contexts], 0)
    for e, k in zip(instance.exponents, contexts, strict=True):
        balance[k] += e
    home = _target_concept(tokens, instance.target)
    if home is None or any((balance[k] > 0) is not (k == home) for k in tokens):
        return False
    pairs = zip(instance.exponents, contexts, strict=True)
    is_pure = all((e > 0) is (k == home) for e, k in pairs if e)
    return is_pure or all(len(own) <= 1 for own, _ in _seen(instance))


def _seen(instance: Instance) -> list[tuple[set[Fraction], set[Fraction]]]:
    """For each token its probabilities over the contexts of its own concept, and over all others."""
    if instance.token_concept is None or instance.context_concept is None:
        return []
    pairs = list(zip(instance.rows, instance.context_concept, strict=True))
    return [
        ({row[z] for row, k in pairs if k == kind}, {row[z] for row, k in pairs if k != kind})
        for z, kind in enumerate(instance.token_concept)
    ]


def _is_assumption_1(instance: Instance) -> bool:
    """Whether p(z|c_j) is a_{j,z} or b_z by concept, with a_{j,z} > b_z (App. B.1: a may depend on j)."""
    seen = _seen(instance)
    return bool(seen) and all(
        len(other) <= 1 and all(x > y for x in own for y in other) for own, other in seen
    )


Rates = list[Fraction | None]


def _rates(instance: Instance) -> tuple[Rates, Rates] | None:
    """a and b [V] of Assumption 1 with one a, None where no context shows one; no pair otherwise."""
    seen = _seen(instance)
    if not _is_assumption_1(instance) or any(len(own) > 1 for own, _ in seen):
        return None
    a, b = Rates(), Rates()
    for own, other in seen:
        a.append(min(own, default=None))
        b.append(min(other, default=None))
    return a, b


def _concept_laws(instance: Instance) -> tuple[list[Fraction], list[Fraction]] | None:
    """a and b [V] of a γ/ω dataset: Assumption 1, every rate shown, one Σ b for all concepts."""
    rates, tokens = _rates(instance), instance.token_concept
    if rates is None or tokens is None or _target_concept(tokens, instance.target) is None:
        return None
    a, b = ([x for x in column if x is not None] for column in rates)
    if len(a) < len(tokens):  # some concept has no context; if none is without, b is shown too
        return None
    masses = dict.fromkeys(tokens, Fraction(0))
    for kind, x in zip(tokens, b, strict=True):
        masses[kind] += x
    return (a, b) if len(set(masses.values())) == 1 else None


def _is_epsilon_small(instance: Instance) -> bool:
    """Whether the instance is a γ/ω dataset with ε < ε0, where ε = 1 - Σ_T a and a/b = γ/ω (1-ε)(G-1)/ε."""
    rates = _concept_laws(instance)
    if rates is None:
        return False
    on = [(a, b) for a, b, flag in zip(*rates, instance.target, strict=True) if flag]
    epsilon = 1 - sum((a for a, _ in on), Fraction(0))
    others = len(set(instance.token_concept or [])) - 1
    ratio = min(a / b for a, b in on) * epsilon / (1 - epsilon) / others
    return is_below_threshold(epsilon, ratio, others)


def is_below_threshold(epsilon: Fraction, ratio: Fraction, others: int) -> bool:
    """Whether (1 - ε/(G-1)) log((1-ε)(G-1)/ε) + log min(γ/ω) > 0 for certain; G = others + 1."""
    if ratio >= 1:
        return epsilon * (others + 1) < others

    def side(bits: int) -> int | None:
        log = ball((1 - epsilon) * others / epsilon).log()
        return sign(ball(1 - epsilon / others) * log + ball(ratio).log())

    return decide(side) == 1

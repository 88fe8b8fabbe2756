"""The hypotheses of `theorems.hypotheses`, decided exactly on an instance of rationals."""

from collections.abc import Callable
from fractions import Fraction

from flint import ctx

from theorems.tables.exact import ExactInstance

from .._balls import PRECISIONS, ball
from .levels import Levels


def unmet(instance: ExactInstance, levels: Levels) -> dict[str, str | None]:
    """For each hypothesis None where it holds, else one line with the values that break it."""
    return {name: test(instance, levels) for name, test in TESTS.items()}


def _seen(instance: ExactInstance, is_own: bool) -> list[set[Fraction]]:
    """The probabilities of each token over all contexts of its own concept, or of any other."""
    tokens, contexts = instance.token_concept or (), instance.context_concept or ()
    return [
        {
            instance.rows[group[0]][z]
            for group in instance.classes
            if any((contexts[j] == k) is is_own for j in group)
        }
        for z, k in enumerate(tokens)
    ]


def _varying(seen: list[set[Fraction]], name: str) -> str | None:
    """The token whose probabilities are furthest apart, where any differ."""
    ratios = [max(values) / min(values) if values else Fraction(1) for values in seen]
    token = ratios.index(max(ratios))
    return (
        f"p(token {token}|c) varies over contexts of {name} concept" if ratios[token] > 1 else None
    )


def rates(instance: ExactInstance) -> tuple[list[Fraction | None], list[Fraction | None]] | str:
    """a and b [V] (None where no context shows one), or why there are none."""
    if instance.token_concept is None or instance.context_concept is None:
        return "the concepts of tokens and contexts are not given"
    own, other = (_seen(instance, is_own) for is_own in (True, False))
    if reason := _varying(own, "own") or _varying(other, "other"):
        return reason
    a, b = ([min(values, default=None) for values in seen] for seen in (own, other))
    return a, b


def _assumption_1(instance: ExactInstance, levels: Levels | None = None) -> str | None:
    """p(z|c_j) = a_{j,z} or b_z with a_{j,z} > b_z: App. B.1 of the paper lets a depend on the context."""
    if instance.token_concept is None or instance.context_concept is None:
        return "the concepts of tokens and contexts are not given"
    own, other = (_seen(instance, is_own) for is_own in (True, False))
    if reason := _varying(other, "other"):
        return reason
    for z, (a, b) in enumerate(zip(own, other, strict=True)):
        if a and b and min(a) <= min(b):
            return f"token {z} has a = {min(a)} <= b = {min(b)}"
    return None


def _target_concept(instance: ExactInstance) -> int | None:
    target = tuple(z for z, flag in enumerate(instance.target) if flag)
    return next((k for k, tokens in instance.concepts.items() if tokens == target), None)


def _target_contexts(instance: ExactInstance, levels: Levels) -> str | None:
    if instance.context_concept is None:
        return "the concepts of the contexts are not given"
    target = _target_concept(instance)
    if target is None:
        return "the target is not one concept"
    concept, shares = instance.context_concept, dict[int, Fraction]()
    for k in instance.concepts:
        share = Fraction(sum(concept[j] == k for j in instance.positive), len(instance.positive))
        share -= Fraction(sum(concept[j] == k for j in instance.negative), len(instance.negative))
        if (k == target) != (share > 0):
            return f"w_{'T' if k == target else k} = {share}"
        shares[k] = share
    # contexts of one concept in both P and N cancel only where they have the same a
    if shares[target] < 1 and (reason := _varying(_seen(instance, True), "own")):
        return f"w_T = {shares[target]} < 1, and {reason}"
    return None


def ends(instance: ExactInstance, levels: Levels) -> tuple[int, int]:
    """The lowest level of the target and the highest off it: δ > 0 iff the first is above."""
    on = [levels.level[z] for z, flag in enumerate(instance.target) if flag]
    off = [levels.level[z] for z, flag in enumerate(instance.target) if not flag]
    return min(on), max(off)


def _separation(instance: ExactInstance, levels: Levels) -> str | None:
    low, high = ends(instance, levels)
    y, z = levels.tokens[high][0], levels.tokens[low][0]
    return None if low > high else f"max M off the target, at token {y}, >= M at its token {z}"


def _moving(instance: ExactInstance, levels: Levels) -> str | None:
    return "M is the same for every token" if len(levels.tokens) == 1 else None


def _interior_token(instance: ExactInstance, levels: Levels) -> str | None:
    return "every token is in Mtop or Mbot" if len(levels.tokens) < 3 else None


def off_target_concepts(instance: ExactInstance) -> dict[int, tuple[int, ...]]:
    """The concepts that share no token with the target."""
    concepts = instance.concepts.items()
    return {k: tokens for k, tokens in concepts if not any(instance.target[z] for z in tokens)}


def interior_concepts(instance: ExactInstance, levels: Levels) -> dict[int, tuple[int, ...]]:
    """Concepts off the target that hold no token of Mtop or Mbot."""
    extremal = (0, len(levels.tokens) - 1)
    concepts = off_target_concepts(instance).items()
    return {k: c for k, c in concepts if all(levels.level[z] not in extremal for z in c)}


def lowest_concepts(instance: ExactInstance, levels: Levels) -> dict[int, tuple[int, ...]]:
    """Concepts off the target with max_C M <= min_{not C} M."""
    return {
        k: tokens
        for k, tokens in off_target_concepts(instance).items()
        if max(levels.level[z] for z in tokens)
        <= min(levels.level[z] for z in range(len(instance.target)) if z not in tokens)
    }


def _interior_concept(instance: ExactInstance, levels: Levels) -> str | None:
    found = interior_concepts(instance, levels)
    return None if found else "no concept off the target is without Mtop and Mbot"


def _lowest_concept(instance: ExactInstance, levels: Levels) -> str | None:
    found = lowest_concepts(instance, levels)
    return None if found else "no concept off the target lies below all others"


def contexts_off_target(instance: ExactInstance) -> list[int]:
    """The contexts whose concept has no token in the target."""
    own = {k for k, tokens in instance.concepts.items() if any(instance.target[z] for z in tokens)}
    concept = instance.context_concept or ()
    return [j for j, k in enumerate(concept) if instance.concepts and k not in own]


def _context_off_target(instance: ExactInstance, levels: Levels) -> str | None:
    return None if contexts_off_target(instance) else "no context is known to be off the target"


def concept_laws(instance: ExactInstance) -> tuple[Fraction, Fraction, int] | str:
    """ε, min_T γ/ω and G of a γ/ω dataset, or why the instance is none."""
    reason, found = _assumption_1(instance), rates(instance)
    if isinstance(found, str) or reason is not None:
        return reason or str(found)
    a, b = found
    if None in a or None in b:
        return "some concept has no context, or all of them"
    mass = {sum(b[z] or 0 for z in tokens) for tokens in instance.concepts.values()}
    if len(mass) > 1:
        return f"Σ b over a concept ranges from {min(mass)} to {max(mass)}"
    target = _target_concept(instance)
    if target is None:
        return "the target is not one concept"
    groups, tokens = len(instance.concepts), instance.concepts[target]
    epsilon = Fraction(1 - sum(a[z] or 0 for z in tokens))
    ratio = min(Fraction(a[z] or 0) / Fraction(b[z] or 1) for z in tokens)
    return epsilon, ratio * epsilon / ((1 - epsilon) * (groups - 1)), groups


def _concept_laws(instance: ExactInstance, levels: Levels) -> str | None:
    found = concept_laws(instance)
    return found if isinstance(found, str) else None


def _small_epsilon(instance: ExactInstance, levels: Levels) -> str | None:
    """ε < ε0: the left side of ε0's equation decreases in ε, so it is compared at ε itself."""
    found = concept_laws(instance)
    if isinstance(found, str):
        return found
    epsilon, ratio, groups = found
    if ratio >= 1:
        is_small = epsilon < Fraction(groups - 1, groups)
        return None if is_small else f"ε = {epsilon} >= {Fraction(groups - 1, groups)}"
    odds = (1 - epsilon) * (groups - 1) / epsilon
    for precision in PRECISIONS:
        with ctx.workprec(precision):
            left = ball(1 - epsilon / (groups - 1)) * ball(odds).log()
            right = -ball(ratio).log()
            if left > right:
                return None
            if left < right:
                break
    return f"ε = {epsilon} is not below ε0(G = {groups}, min γ/ω = {ratio})"


def _one_law_each(instance: ExactInstance, levels: Levels) -> str | None:
    for name, indices in (("P", instance.positive), ("N", instance.negative)):
        if len({instance.rows[j] for j in indices}) > 1:
            return f"the contexts of {name} have different distributions"
    return None


TESTS: dict[str, Callable[[ExactInstance, Levels], str | None]] = {
    "assumption-1": _assumption_1,
    "target-contexts": _target_contexts,
    "separation": _separation,
    "non-constant-log-odds": _moving,
    "interior-token": _interior_token,
    "interior-concept": _interior_concept,
    "lowest-concept": _lowest_concept,
    "context-off-target": _context_off_target,
    "concept-laws": _concept_laws,
    "small-epsilon": _small_epsilon,
    "one-law-each": _one_law_each,
}

"""What a certificate says of sets of tokens, confirmed: margins of M, covariances, prompts that end alike."""

from fractions import Fraction

from flint import arb

from .._balls import ball
from .curves import Curves, confirm_number, is_sum_zero, masses_of, total
from .fields import JSON, items, record, require, same
from .instance import Instance


def confirm_sets(curves: Curves, fields: dict[str, JSON]) -> None:
    """Check the fields `margins`, `sets` and `prompts`."""
    _confirm_margins(curves, fields["margins"])
    known = token_sets(curves.laws.instance)
    entries = items(fields["sets"], "sets")
    require(len(entries) == len(known), f"sets needs {len(known)} entries; it has {len(entries)}")
    for i, (entry, (name, tokens)) in enumerate(zip(entries, known, strict=True)):
        _confirm_set(curves, entry, name, tokens, f"sets[{i}]")
    are_those = same(fields["prompts"], alike_at_top(curves))
    require(are_those, "prompts are not the laws in groups of equal p given Mtop")


def token_sets(instance: Instance) -> list[tuple[JSON, list[int]]]:
    """The target, all other tokens, and each concept, by name."""
    on = [z for z, flag in enumerate(instance.target) if flag]
    off = [z for z, flag in enumerate(instance.target) if not flag]
    concepts: dict[int, list[int]] = {}
    for z, k in enumerate(instance.token_concept or []):
        concepts.setdefault(k, []).append(z)
    return [("target", on), ("rest", off), *((k, concepts[k]) for k in sorted(concepts))]


def alike_at_top(curves: Curves) -> list[list[int]]:
    """The laws in groups: those that give the tokens of Mtop shares in the same proportion."""
    first, *rest = curves.levels.tokens[-1]
    groups: dict[tuple[Fraction, ...], list[int]] = {}
    for c, row in enumerate(curves.laws.rows):
        groups.setdefault(tuple(row[z] / row[first] for z in rest), []).append(c)
    return list(groups.values())


def pair_ratios(instance: Instance) -> tuple[Fraction, Fraction]:
    """e^g and e^τ: the least p_i(z)/p_k(z) on the target, the largest off it, of i in P and k in N."""
    up = [instance.rows[j] for j in instance.positive]
    down = [instance.rows[j] for j in instance.negative]
    on, off = list[Fraction](), list[Fraction]()
    for flag, p, q in zip(
        instance.target, zip(*up, strict=True), zip(*down, strict=True), strict=True
    ):
        (on if flag else off).append(min(p) / max(q) if flag else max(p) / min(q))
    return min(on), max(off)


def _confirm_margins(curves: Curves, value: JSON) -> None:
    """Check R, δ, the largest difference of M between a target token and another, and the pairs."""
    levels, target = curves.levels, curves.laws.instance.target
    entry = record(value, ("range", "least", "most", "pairs"), "margins")
    highest = max(k for k, flag in zip(levels.of_token, target, strict=True) if flag)
    lowest = min(k for k, flag in zip(levels.of_token, target, strict=True) if not flag)
    ends = {
        "range": (levels.top, 0),
        "least": (levels.low, levels.high),
        "most": (highest, lowest),
    }
    for name, (high, low) in ends.items():
        _confirm_difference(curves, entry[name], high, low, f"margins.{name}")
    are_those = same(entry["pairs"], [str(x) for x in pair_ratios(curves.laws.instance)])
    require(are_those, "margins.pairs are not the least ratio on the target and the largest off it")


def _confirm_set(curves: Curves, value: JSON, name: JSON, tokens: list[int], where: str) -> None:
    """Check the masses of a set, the range of M on it, and its covariance with M in each law."""
    entry = record(value, ("set", "masses", "range", "covariances"), where)
    require(same(entry["set"], name), f"{where} is not of {name}: first the target, then the rest")
    by_level: dict[int, list[int]] = {}
    for z in tokens:
        by_level.setdefault(curves.levels.of_token[z], []).append(z)
    masses = masses_of(curves.laws, list(by_level.values()))
    are_those = same(entry["masses"], [str(sum(row)) for row in masses])
    require(are_those, f"{where}.masses are wrong")
    _confirm_difference(curves, entry["range"], max(by_level), min(by_level), f"{where}.range")
    covariances = items(entry["covariances"], f"{where}.covariances")
    is_whole = len(covariances) == len(masses)
    require(is_whole, f"{where}.covariances needs one interval a law")
    for law, (ends, row) in enumerate(zip(covariances, masses, strict=True)):
        at = f"{where}.covariances[{law}]"
        _confirm_covariance(curves, ends, law, dict(zip(by_level, row, strict=True)), at)


def _confirm_covariance(
    curves: Curves, value: JSON, law: int, shares: dict[int, Fraction], where: str
) -> None:
    """Check Cov(1_C, M) = E[1_C M] - F_C E[M], from the mass of C at each level where it has tokens."""
    mass = sum(shares.values(), Fraction(0))

    def covariance(bits: int) -> arb:
        balls = curves.at(bits)
        held = total(ball(p) * balls.log_odds[k] for k, p in shares.items())
        return held - ball(mass) * balls.laws[law].mean

    def is_zero() -> bool:
        every = enumerate(curves.masses[law])
        return is_sum_zero(curves, [shares.get(k, 0) - mass * p for k, p in every])

    confirm_number(value, covariance, is_zero, where)


def _confirm_difference(curves: Curves, value: JSON, high: int, low: int, where: str) -> None:
    """Check M(high) - M(low) of two levels, 0 exactly where they are the same."""
    confirm_number(value, lambda bits: curves.at(bits).gap(high, low), lambda: high == low, where)

"""What is exactly 0, or exactly larger, of the logits at the two ends of the half circle.

There the logits are c ± b, with b a rational times √(d/|v|²): algebraic numbers. Powers of e to different
algebraic numbers are linearly independent over the algebraic ones (Lindemann and Weierstrass), so a sum of
them is 0 only if the coefficients of each power cancel.
"""

from fractions import Fraction
from math import isqrt

from theorems.tables.exact_head import ExactHead

# Two parts of a logit at an end: sums of logits are equal exactly where both sums of parts are.
Logit = tuple[Fraction, Fraction]


def vanishes(head: ExactHead, context: int, end: int) -> list[bool]:
    """Whether the slope of each curve is 0 at an end: Σ_y e^{c(y) ± b(y)} (a(z) - a(y)) = 0.

    Of the target: Σ e^{c(y) + c(u) ± b(y) ± b(u)} (a(y) - a(u)) = 0 over y in T and u off it.
    """
    across = head.lines[context].across
    logits = [_end_logit(head, z, end) for z in range(len(across))]
    groups: dict[Logit, list[Fraction]] = {}
    for logit, value in zip(logits, across, strict=True):
        groups.setdefault(logit, []).append(value)
    means = {sum(group, Fraction(0)) / len(group) for group in groups.values()}
    found = [means == {value} for value in across]
    if head.target is None:
        return found
    on, off = ([z for z, flag in enumerate(head.target) if flag is side] for side in (True, False))
    weights: dict[Logit, Fraction] = {}
    for y in on:
        for u in off:
            both = logits[y][0] + logits[u][0], logits[y][1] + logits[u][1]
            weights[both] = weights.get(both, Fraction(0)) + across[y] - across[u]
    return [*found, not any(weights.values())]


def dominating(head: ExactHead, end: int) -> list[int]:
    """The tokens whose logit c ± b is the largest, exactly."""
    best = [0]
    for z in range(1, len(head.rows)):
        side = _compare(head, z, best[0], end)
        best = [z] if side > 0 else [*best, z] if side == 0 else best
    return best


def _end_logit(head: ExactHead, z: int, end: int) -> Logit:
    """Two numbers, equal exactly where c ± b is: c and B, or c ± B√(d/|v|²) if the root is rational."""
    root = _root(_square(head))
    if root is None:
        return head.offset[z], head.along[z]
    return head.offset[z] + end * root * head.along[z], Fraction(0)


def _compare(head: ExactHead, y: int, z: int, end: int) -> int:
    """The sign of c ± b at y less that at z: of P + Q√r, by its parts and their squares."""
    plain = head.offset[y] - head.offset[z]
    rooted = end * (head.along[y] - head.along[z])
    if plain * rooted >= 0:
        total = plain + rooted  # of one sign, or one of them 0
        return (total > 0) - (total < 0)
    larger = plain if plain**2 > rooted**2 * _square(head) else rooted
    is_equal = plain**2 == rooted**2 * _square(head)
    return 0 if is_equal else (larger > 0) - (larger < 0)


def _square(head: ExactHead) -> Fraction:
    return len(head.vector) / head.length


def _root(square: Fraction) -> Fraction | None:
    """The root of a rational, if it is rational."""
    over, under = isqrt(square.numerator), isqrt(square.denominator)
    root = Fraction(over, under)
    return root if root * root == square else None

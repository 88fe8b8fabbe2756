"""Contradictions of the claims about two tokens in a row; context j + z mod m follows z in context j."""

from collections.abc import Iterator

from flint import arb

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from ..steered import Balls, Steered
from .contradiction import Contradiction, differ, places, shown


def divergence(s: Steered) -> Contradiction | None:
    """KL(P_0||P_α) of two tokens is not E_0 Σ[K(α) - αK'(0)]."""
    straight = Steered(s.instance)
    for j, strength, alpha in places(s):
        actual, claimed = (_divergence(path, j, alpha) for path in (s, straight))
        if differ(actual, claimed):
            text = (
                f"KL(P_0||P_α) of two tokens from context {j} at α = {strength} is the expected sum"
            )
            return Contradiction(text, (("divergence", actual), ("E_0 Σ[K(α) - αK'(0)]", claimed)))
    return None


def presence(s: Steered) -> Contradiction | None:
    """T appears among two tokens less or more often than its bounds say."""
    for j, strength, alpha in places(s):
        appears = _appears(s, j, alpha)
        least, most = (1 - (1 - mass) ** 2 for mass in _masses(s, alpha))
        if appears < least or appears > most:
            text = f"P_α(T appears) among two tokens from context {j} at α = {strength} is between its bounds"
            values = (("lower bound", least), ("P_α(T appears)", appears), ("upper bound", most))
            return Contradiction(text, values)
    return None


def mass(s: Steered) -> Contradiction | None:
    """T appears among two tokens less often than its mean mass on the way, F(0) + |T|Δp, or than twice it."""
    straight = Steered(s.instance)
    for j, strength, alpha in places(s):
        appears = _appears(s, j, alpha)
        law = straight.law(j, alpha)
        total = _target_mass(straight, law) + dot(law, _later(straight, j, alpha))
        if appears < total / 2 or appears > total:
            text = f"P_α(T appears) among two tokens from context {j} at α = {strength} is between F̄ and 2F̄"
            values = (("F̄", total / 2), ("P_α(T appears)", appears), ("2F̄", total))
            return Contradiction(text, values)
    return None


def half(s: Steered) -> Contradiction | None:
    """T is in less than half of the texts of two tokens though its mass is above 1 - 2^(-1/2), or in more."""
    straight, edge = Steered(s.instance), 1 - arb(2).rsqrt()
    for j, strength, alpha in places(s):
        masses = [_target_mass(straight, straight.law(k, alpha)) for k in {j, *_after(s, j)}]
        appears, share = _appears(s, j, alpha), arb(1) / 2
        is_above, is_below = (
            all(m > edge for m in masses),
            all(m < edge for m in masses),
        )
        if (is_above and appears < share) or (is_below and appears > share):
            side = "above" if is_above else "below"
            text = (
                f"P_α(T appears) among two tokens from context {j} at α = {strength} is on the side of 1/2 "
                "on which its mass is of 1 - 2^(-1/2)"
            )
            found = (
                f"T appears with the probability {shown(appears)}, although its mass is {side} 1 - 2^(-1/2) "
                "in every context on the way"
            )
            return Contradiction(text, (("P_α(T appears)", appears), ("1 - 2^(-1/2)", edge)), found)
    return None


def count(s: Steered) -> Contradiction | None:
    """The expected number of target tokens among two is not between its bounds."""
    for j, strength, alpha in places(s):
        law = s.law(j, alpha)
        number = _target_mass(s, law) + dot(law, _later(s, j, alpha))
        least, most = (2 * mass for mass in _masses(s, alpha))
        if number < least or number > most:
            text = (
                f"target tokens among two from context {j} at α = {strength} are between the bounds"
            )
            values = (("lower bound", least), ("expected number", number), ("upper bound", most))
            return Contradiction(text, values)
    return None


def _target_mass(s: Steered, law: Balls) -> arb:
    """The mass of T in a distribution."""
    return sum((law[z] for z in s.target), arb(0))


def _appears(s: Steered, context: int, alpha: arb) -> arb:
    """P_α(T appears) among two tokens from a context."""
    off = [p for z, p in enumerate(s.law(context, alpha)) if z not in s.target]
    later = [m for z, m in enumerate(_later(s, context, alpha)) if z not in s.target]
    return 1 - dot(off, [1 - mass for mass in later])


def _after(s: Steered, context: int) -> Iterator[int]:
    """The context after each token."""
    return ((context + z) % len(s.instance.rows) for z in range(len(s.log_odds)))


def _step(s: Steered, context: int, alpha: arb) -> arb:
    """KL(p_j || p_{j,α})."""
    law = [ball(p) for p in s.instance.rows[context]]
    return dot(
        law, [q - p.log() for q, p in zip(s.logs[context], s.law(context, alpha), strict=True)]
    )


def _divergence(s: Steered, context: int, alpha: arb) -> arb:
    """KL(P_0 || P_α) of two tokens, the second steered `second` times as much."""
    law = [ball(p) for p in s.instance.rows[context]]
    second = ball(s.second) * alpha
    later = [_step(s, k, second) for k in _after(s, context)]
    return _step(s, context, alpha) + dot(law, later)


def _later(s: Steered, context: int, alpha: arb) -> Balls:
    """The mass of T at the second step after each token."""
    laws = (s.law(k, ball(s.second) * alpha) for k in _after(s, context))
    return [_target_mass(s, law) for law in laws]


def _masses(s: Steered, alpha: arb) -> tuple[arb, arb]:
    """The least and the largest F that any context can have by δ, R̄ and F at 0; T is above all else."""
    odds = [s.logit(j, ball(0), s.target).exp() for j in range(len(s.instance.rows))]
    moves = (alpha * s.margin).exp(), (alpha * s.range).exp()
    least, most = moves if alpha > 0 else moves[::-1]
    found = [(x * least / (1 + x * least), x * most / (1 + x * most)) for x in odds]
    low, high = found[0]
    for a, b in found[1:]:
        low, high = low.min(a), high.max(b)
    return low, high

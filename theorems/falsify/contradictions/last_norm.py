"""Contradictions of Proposition 4.1: a last norm on streams of small whole numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import permutations

from flint import arb
from hypothesis import strategies as st

from ufm._json import JSON
from ufm.strategies import Draw

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from .contradiction import Contradiction, shown

_STRENGTHS = (Fraction(1), Fraction(4), Fraction(16))


@dataclass(frozen=True)
class Stream:
    """Two hidden streams `hidden` [2][d], steered by `vector` [d] before a norm with a `bias`.

    `rho` is the bound claimed of |h + r(α)|. `block`: the block after the steered one adds so many times
    max(x, 0). `head`: the rows [V][d] of W; empty: a token for each coordinate.
    """

    hidden: tuple[tuple[int, ...], ...]
    vector: tuple[int, ...]
    bias: int = 0
    rho: int = 0
    block: int = 0
    head: tuple[tuple[int, ...], ...] = ()

    def as_json(self) -> dict[str, JSON]:
        """The numbers as a JSON object; what there is none of is left out."""
        numbers = {"bias": self.bias, "rho": self.rho, "block": self.block}
        given: dict[str, JSON] = {name: number for name, number in numbers.items() if number}
        if self.head:
            given["head"] = [list(row) for row in self.head]
        return {"hidden": [list(h) for h in self.hidden], "vector": list(self.vector), **given}


@st.composite
def streams(draw: Draw, bias: bool = False, rho: bool = False, block: bool = False) -> Stream:
    """Streams of d = 2 or 3 numbers from -3 to 3."""
    d = draw(st.sampled_from([2, 3]))
    numbers = st.integers(0, 3) | st.integers(-3, 3)
    first, second, vector = (tuple(draw(numbers) for _ in range(d)) for _ in range(3))
    size = draw(st.integers(1, 3)) if bias or rho or block else 0
    return Stream((first, second), vector, bias * size, rho * size, block * size)


def normed(values: list[Fraction], centre: bool) -> list[arb] | None:
    """√d x/|x|, of x less its mean if `centre`; None of a zero vector."""
    mean = sum(values, Fraction(0)) / len(values) if centre else Fraction(0)
    x = [v - mean for v in values]
    size = sum((v * v for v in x), Fraction(0))
    if not size:
        return None
    return [ball(v) * (ball(len(x)) / ball(size)).sqrt() for v in x]


def stuck(s: Stream, centre: bool) -> Contradiction | None:
    """The vector has no direction: two streams keep different logits at every strength."""
    if normed([Fraction(v) for v in s.vector], centre) is not None:
        return None
    if centre and not any(s.vector):
        return None  # a vector of zeros needs no LayerNorm to do nothing
    ends = [normed([Fraction(v) for v in h], centre) for h in s.hidden]
    if ends[0] is None or ends[1] is None or not ends[0][0] > ends[1][0]:
        return None
    text = "the limit is N_0(±v), one for all streams; here norm(h + αv) = norm(h) for every α"
    return Contradiction(text, (("norm(h_0)", ends[0][0]), ("norm(h_1)", ends[1][0])))


def not_odd(s: Stream) -> Contradiction | None:
    """N_0(-v) ≠ -N_0(v), with a bias."""
    plus, minus = (normed([sign * Fraction(v) for v in s.vector], True) for sign in (1, -1))
    if plus is None or minus is None or not s.bias:
        return None
    total = plus[0] + ball(s.bias) + minus[0] + ball(s.bias)
    if total > 0 or total < 0:
        text = "N_0(-v) = -N_0(v); with LayerNorm and a bias their sum is not 0"
        return Contradiction(text, (("N_0(v) + N_0(-v)", total),))
    return None


def too_far(s: Stream) -> Contradiction | None:
    """RMSNorm(h + αv) is further from its limit than the bound that a ρ below |h| gives."""
    limit = normed([Fraction(v) for v in s.vector], False)
    for strength, bound in _bounded(s):
        here = _moved_and_normed(s.hidden[0], s.vector, strength)
        if limit is None or here is None:
            continue
        distance = _distance(here, limit)
        if distance > bound:
            text = f"|LN - N_0(v)| <= √d 2ρ/(2α|v| - ρ) at α = {strength}, ρ = {s.rho}"
            return Contradiction(text, (("distance", distance), ("bound", bound)))
    return None


def prompts_apart(s: Stream) -> Contradiction | None:
    """The normed streams of two prompts are further apart than twice the bound that a ρ below |h| gives."""
    for strength, of_each in _bounded(s):
        here = [_moved_and_normed(h, s.vector, strength) for h in s.hidden]
        if here[0] is None or here[1] is None:
            continue
        distance, bound = _distance(here[0], here[1]), 2 * of_each
        if distance > bound:
            text = f"|LN - LN'| <= 2√d 2ρ/(2α|v| - ρ) of two prompts at α = {strength}, ρ = {s.rho}"
            return Contradiction(text, (("distance", distance), ("bound", bound)))
    return None


def out_of_order(s: Stream) -> Contradiction | None:
    """Two coordinates are not in the order of limits more than twice the bound apart, of a ρ below |h|."""
    limit = normed([Fraction(v) for v in s.vector], False)
    for strength, bound in _bounded(s):
        here = _moved_and_normed(s.hidden[0], s.vector, strength)
        if limit is None or here is None:
            continue
        for y, z in permutations(range(len(limit)), 2):
            if limit[y] - limit[z] > 2 * bound and here[y] < here[z]:
                text = f"logit {y} is above logit {z} at α = {strength}, since their limits are: ρ = {s.rho}"
                return Contradiction(text, ((f"logit {y}", here[y]), (f"logit {z}", here[z])))
    return None


def unlike_the_limit(s: Stream) -> Contradiction | None:
    """M of two streams, behind a block, is not (h_0 - h_1)/r but for how unlike their lengths are."""
    behind = [[x + s.block * max(x, 0) for x in h] for h in s.hidden]
    read = [normed([Fraction(x) for x in h], False) for h in behind]
    sizes = [sum(x * x for x in h) for h in s.hidden]
    if read[0] is None or read[1] is None or not all(sizes):
        return None
    d = len(s.vector)
    first, second = (ball(Fraction(size, d)).sqrt() for size in sizes)
    allowed = 2 * ball(d).sqrt() * abs(1 - second / first)
    for y, z in permutations(range(d), 2):
        log_odds = (read[0][y] - read[1][y]) - (read[0][z] - read[1][z])
        step = (s.hidden[0][y] - s.hidden[1][y]) - (s.hidden[0][z] - s.hidden[1][z])
        claimed = ball(step) / first
        if abs(log_odds - claimed) > allowed:
            text = f"M({y}) - M({z}) of v = h_0 - h_1 is v({y}) - v({z}) over r, up to {shown(allowed)}"
            return Contradiction(text, ((f"M({y}) - M({z})", log_odds), ("claimed", claimed)))
    return None


def _bounded(s: Stream) -> Iterator[tuple[Fraction, arb]]:
    """Strengths, each with how far a normed stream may be from its limit: √d 2ρ/(2α|v| - ρ)."""
    size = ball(sum(v * v for v in s.vector)).sqrt()
    for strength in _STRENGTHS:
        room = 2 * ball(strength) * size - ball(s.rho)
        if room > 0:
            yield strength, ball(len(s.vector)).sqrt() * 2 * ball(s.rho) / room


def _distance(x: list[arb], y: list[arb]) -> arb:
    apart = [a - b for a, b in zip(x, y, strict=True)]
    return dot(apart, apart).sqrt()


def _moved_and_normed(
    state: tuple[int, ...], vector: tuple[int, ...], strength: Fraction
) -> list[arb] | None:
    """√d x/|x| of x = h + αv."""
    return normed([Fraction(h) + strength * v for h, v in zip(state, vector, strict=True)], False)

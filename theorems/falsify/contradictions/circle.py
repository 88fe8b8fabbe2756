"""Contradictions of the circle before the final norm, of streams of small whole numbers and eps = 0."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations
from typing import NamedTuple

from flint import arb
from hypothesis import strategies as st

from ufm.strategies import Draw

from ...certificates._balls import ball
from ...certificates.write.cross_entropy import dot
from .contradiction import IN_ORDER, Contradiction, differ
from .last_norm import Stream, normed

_FAR = tuple(Fraction(4**k) for k in range(1, 7))


@st.composite
def three_tokens(draw: Draw) -> Stream:
    """Heads of three tokens, the first with logit 0, on the circle of h = (1, 0) and v = (0, 1)."""
    numbers = st.integers(1, 8)
    x, y = draw(numbers), draw(numbers)
    return Stream(((1, 0), (1, 0)), (0, 1), head=((0, 0), (x, y), (x, -y)))


@st.composite
def two_tokens(draw: Draw) -> Stream:
    """Heads of two tokens, the first with logit 0, behind a block, in d = 3."""
    numbers = st.integers(0, 3) | st.integers(-3, 3)
    state, vector, row = (tuple(draw(numbers) for _ in range(3)) for _ in range(3))
    return Stream((state, state), vector, block=draw(st.integers(1, 3)), head=((0, 0, 0), row))


def _moved(s: Stream, alpha: Fraction) -> list[Fraction]:
    return [Fraction(h) + alpha * v for h, v in zip(s.hidden[0], s.vector, strict=True)]


def _logits(s: Stream, alpha: Fraction) -> list[arb] | None:
    """The logits of the first stream, behind the block that follows."""
    x = normed([x + s.block * max(x, Fraction(0)) for x in _moved(s, alpha)], False)
    if x is None or not s.head:
        return x
    return [dot([ball(w) for w in row], x) for row in s.head]


def _law(logits: Sequence[arb]) -> list[arb]:
    weights = [x.exp() for x in logits]
    total = sum(weights, arb(0))
    return [weight / total for weight in weights]


class _Arc(NamedTuple):
    """α*, h⊥, w, and a, b with C = R_b + (R_a + R_b)²/8, of a token for each coordinate."""

    closest: Fraction
    across_state: list[Fraction]
    width: arb
    across: list[arb]
    along: list[arb]
    second: arb

    def cosine(self, alpha: Fraction) -> arb:
        """cos t."""
        beyond = ball(alpha - self.closest)
        return self.width / (self.width**2 + beyond**2).sqrt()


def _arc(s: Stream) -> _Arc | None:
    """The arc of the first stream, as if no block followed; None where h is a multiple of v."""
    square = sum(v * v for v in s.vector)
    if not square:
        return None
    closest = -Fraction(sum(h * v for h, v in zip(s.hidden[0], s.vector, strict=True)), square)
    nearest = _moved(s, closest)
    across, along = normed(nearest, False), normed([Fraction(v) for v in s.vector], False)
    if across is None or along is None:
        return None
    width = (ball(sum((x * x for x in nearest), Fraction(0))) / ball(square)).sqrt()
    spread = [max(values) - min(values) for values in (nearest, [Fraction(v) for v in s.vector])]
    # a and b are these numbers times one factor each
    sizes = [
        sum((x * x for x in values), Fraction(0)) for values in (nearest, map(Fraction, s.vector))
    ]
    ranges = [
        ball(part) * (ball(len(nearest)) / ball(size)).sqrt()
        for part, size in zip(spread, sizes, strict=True)
    ]
    second = ranges[1] + (ranges[0] + ranges[1]) ** 2 / 8
    return _Arc(closest, nearest, width, across, along, second)


def off_the_ellipse(s: Stream) -> Contradiction | None:
    """A logit is not where the ellipse of h and v has it."""
    for strength in (x for x in IN_ORDER if any(s.vector)):
        found, claimed = _logits(s, strength), normed(_moved(s, strength), False)
        if found is None or claimed is None:
            continue
        for z, (x, y) in enumerate(zip(found, claimed, strict=True)):
            if differ(x, y):
                text = f"logit {z} is a cos t + b sin t at α = {strength}"
                return Contradiction(text, (("logit", x), ("a cos t + b sin t", y)))
    return None


def _far(s: Stream) -> Iterator[tuple[Fraction, _Arc, list[arb], list[arb]]]:
    """Strengths beyond α*, the arc, p_α and p_∞."""
    arc = _arc(s)
    for strength in _FAR if arc is not None else ():
        logits = _logits(s, strength)
        if arc is not None and logits is not None and strength >= arc.closest:
            yield strength, arc, _law(logits), _law(arc.along)


def not_approached(s: Stream) -> Contradiction | None:
    """A log-probability is further from its limit and its next term than C cos²t."""
    for strength, arc, law, limit in _far(s):
        cos, mean = arc.cosine(strength), dot(limit, arc.across)
        for z, a in enumerate(arc.across):
            rest = abs((law[z] / limit[z]).log() - cos * (a - mean))
            if rest > cos**2 * arc.second:
                text = (
                    f"|log p - log p_∞ - (a - E a) cos t| <= C cos²t of token {z} at α = {strength}"
                )
                return Contradiction(text, (("rest", rest), ("C cos²t", cos**2 * arc.second)))
    return None


def off_the_plateau(s: Stream) -> Contradiction | None:
    """ΔCE is further from its plateau and its next term than C cos²t."""
    logits = _logits(s, Fraction(0))
    if logits is None:
        return None
    before = _law(logits)
    for strength, arc, law, limit in _far(s):
        cos = arc.cosine(strength)
        cost = dot(before, [(q / p).log() for q, p in zip(limit, law, strict=True)])
        first = cos * (dot(before, arc.across) - dot(limit, arc.across))
        rest, most = abs(cost + first), cos**2 * arc.second
        if rest > most:
            text = f"ΔCE is within C cos²t of its plateau and next term at α = {strength}"
            return Contradiction(text, (("rest", rest), ("C cos²t", most)))
    return None


def turned_elsewhere(s: Stream) -> Contradiction | None:
    """The log-odds of the first two tokens are not largest (least) at their turn."""
    arc = _arc(s)
    if arc is None or s.head:
        return None
    across = arc.across_state[1] - arc.across_state[0]
    if not across:
        return None
    square = sum((x * x for x in arc.across_state), Fraction(0)) / sum(v * v for v in s.vector)
    turn = arc.closest + square * (s.vector[1] - s.vector[0]) / across
    at = _logits(s, turn)
    for strength in (turn + shift for shift in IN_ORDER):
        beside = _logits(s, strength)
        if at is None or beside is None:
            continue
        top, other = at[1] - at[0], beside[1] - beside[0]
        if top < other if across > 0 else top > other:
            text = f"log p(1)/p(0) turns at α = {turn}, but is beyond that value at α = {strength}"
            return Contradiction(text, (("at the turn", top), ("there", other)))
    return None


def turned_again(s: Stream) -> Contradiction | None:
    """The probability of token 0 goes up, down and up again, or down, up and down."""
    points = [(strength, _logits(s, strength)) for strength in IN_ORDER]
    laws = [(strength, _law(logits)[0]) for strength, logits in points if logits is not None]
    for four in combinations(laws, 4):
        (_, p), (_, q), (_, r), (_, u) = four
        if (p < q and q > r and r < u) or (p > q and q < r and r > u):
            values = tuple((f"p(0) at α = {strength}", value) for strength, value in four)
            return Contradiction("p(0) turns at most once", values)
    return None

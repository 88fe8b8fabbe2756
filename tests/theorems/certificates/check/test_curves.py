"""Every number that the checker compares, against mpmath; every sign, where it is certain and where not."""

from fractions import Fraction as F

import mpmath as mp
import pytest
from flint import arb, ctx

from theorems.certificates.check import curves as room
from theorems.certificates.check.fields import Interval, Refused
from theorems.certificates.check.instance import read_instance, read_laws, read_levels

ROWS = [
    ["1/2", "1/4", "1/8", "1/16", "1/16"],
    ["1/10", "1/5", "3/10", "1/5", "1/5"],
    ["1/10", "1/5", "3/10", "1/5", "1/5"],
    ["1/3", "1/6", "1/4", "1/8", "1/8"],
]
RECORD = {
    "next_token_probs": ROWS,
    "target": [True, False, True, True, False],
    "positive": [0],
    "negative": [1, 3],
    "context_weights": ["1/2", "1/8", "1/8", "1/4"],
}
GROUPS, LEVELS, WEIGHTS = [[0], [1, 2], [3]], [[3, 4], [2], [1], [0]], [F(1, 2), F(1, 4), F(1, 4)]
STRENGTHS = [F(-3), F(-1, 4), F(0), F(1, 3), F(5, 2)]


def curves(record=RECORD, groups=GROUPS, levels=LEVELS):
    laws = read_laws(read_instance(record), groups)
    return room.curves_of(laws, read_levels(laws, levels))


@pytest.fixture(autouse=True)
def digits():
    with mp.workdps(70), ctx.workprec(320):
        yield


def number(value):
    return mp.mpf(F(value).numerator) / F(value).denominator


P = [[F(x) for x in ROWS[j]] for j in (0, 1, 3)]


def log_odds(z):
    return mp.log(number(P[0][z])) - (mp.log(number(P[1][z])) + mp.log(number(P[2][z]))) / 2


class Exact:
    """One law token by token: no levels, no shares, no shifted exponents."""

    def __init__(self, law):
        self.p = [number(x) for x in P[law]]
        self.m = [log_odds(z) for z in range(5)]
        self.mean = mp.fsum(p * m for p, m in zip(self.p, self.m, strict=True))
        self.variance = mp.fsum(
            p * (m - self.mean) ** 2 for p, m in zip(self.p, self.m, strict=True)
        )

    def at(self, alpha):
        weights = [p * mp.exp(alpha * m) for p, m in zip(self.p, self.m, strict=True)]
        return [w / mp.fsum(weights) for w in weights]

    def increase(self, alpha):
        """KL(p || p_α)."""
        return mp.fsum(p * mp.log(p / q) for p, q in zip(self.p, self.at(alpha), strict=True))

    def target(self, alpha):
        return mp.fsum(q for q, flag in zip(self.at(alpha), RECORD["target"], strict=True) if flag)

    def slope(self, tokens, alpha):
        law = self.at(alpha)
        mean = mp.fsum(q * m for q, m in zip(law, self.m, strict=True))
        return mp.fsum(law[z] * (self.m[z] - mean) for z in tokens)


def exact_laws():
    return [Exact(law) for law in range(3)]


def over(value):
    return mp.fsum(
        number(weight) * value(law) for weight, law in zip(WEIGHTS, exact_laws(), strict=True)
    )


def near(ball, value):
    assert ball.rad() < 1e-60
    shown = mp.mpf(ball.mid().str(65, radius=False))
    assert abs(shown - value) <= mp.mpf(10) ** -55 * (1 + abs(value))


def test_m_means_and_variances():
    balls = curves().at(320)
    for m, (z, *_) in zip(balls.log_odds, LEVELS, strict=True):
        near(m, log_odds(z))
    near(balls.range, log_odds(0) - log_odds(3))
    near(balls.gap(2, 1), log_odds(1) - log_odds(2))
    near(balls.variance, over(lambda law: law.variance))
    for law, exact, weight in zip(balls.laws, exact_laws(), WEIGHTS, strict=True):
        near(law.mean, exact.mean)
        near(law.variance, exact.variance)
        near(law.weight, number(weight))
        for k, tokens in enumerate(LEVELS):
            near(law.masses[k], mp.fsum(exact.p[z] for z in tokens))
            near(law.target[k], mp.fsum(exact.p[z] for z in tokens if RECORD["target"][z]))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_signs_of_slopes(strength):
    for law, exact in enumerate(exact_laws()):
        for level, tokens in enumerate(LEVELS):
            slope = exact.slope(tokens, number(strength))
            sign = 1 if slope > 0 else -1
            assert room.slope_sign(curves(), law, level, strength) == sign
        on = [z for z, flag in enumerate(RECORD["target"]) if flag]
        falls = exact.slope(on, number(strength)) < 0
        assert room.target_falls(curves(), law, strength) is bool(falls)


def test_both_signs_of_target_slopes_occur():
    found = {room.target_falls(curves(), law, s) for law in range(3) for s in STRENGTHS}
    assert found == {True, False}


def test_a_target_that_does_not_move_does_not_fall():
    still = RECORD | {"next_token_probs": [["1/4", "1/4", "1/4", "1/8", "1/8"]] * 4}
    flat = curves(still, [[0, 1, 2, 3]], [[0, 1, 2, 3, 4]])
    assert not room.target_falls(flat, 0, F(1))
    assert room.slope_sign(flat, 0, 0, F(1)) is None


@pytest.mark.parametrize("strength", [s for s in STRENGTHS if s])
def test_the_bounds_on_the_cross_entropy(strength):
    alpha, found = number(strength), curves()
    balls, size = found.at(320), abs(alpha)
    span = log_odds(0) - log_odds(3)
    y, variance = size * span, over(lambda law: law.variance)
    value = over(lambda law: law.increase(alpha))
    near(room.increase(balls, strength), value)

    def two_point(law):
        # the law of this mean and variance on two points, one of them the end that α goes to
        b = abs((log_odds(0) if alpha > 0 else log_odds(3)) - law.mean)
        share = law.variance / (law.variance + b**2)
        return mp.log(share * mp.exp(size * b) + (1 - share) * mp.exp(-size * law.variance / b))

    def merged(law):
        start, now = law.target(0), law.target(alpha)
        return start * mp.log(start / now) + (1 - start) * mp.log((1 - start) / (1 - now))

    ends = [0] if alpha > 0 else [3, 4]

    def line(law):
        distance = abs(log_odds(ends[0]) - law.mean)
        return size * distance + mp.log(mp.fsum(law.p[z] for z in ends))

    gap = log_odds(0) - log_odds(1) if alpha > 0 else log_odds(2) - log_odds(3)
    factor = over(lambda law: 1 / mp.fsum(law.p[z] for z in ends) - 1)
    scale = variance / span**2
    rest = value - over(line)
    expected = {
        "ce.upper-bounds": [
            (value, y**2 / 8),
            (value, scale * (mp.exp(y) - 1 - y)),
            (value, over(two_point)),
        ],
        "ce.lower-bounds": [
            (scale * (mp.exp(-y) - 1 + y), value),
            (over(merged), value),
        ],
        "ce.remainder": [(abs(value - variance * alpha**2 / 2), y**3 / (36 * mp.sqrt(3)))],
        "ce.asymptote": [(0, rest), (rest, factor * mp.exp(-size * gap))],
    }
    assert list(expected) == list(room.BOUNDS)
    for name, pairs in expected.items():
        shown = room.BOUNDS[name](found, balls, strength)
        assert len(shown) == len(pairs), name
        for (less, more), (low, high) in zip(shown, pairs, strict=True):
            near(less, low)
            near(more, high)
            assert low < high


TWO_LEVELS = [["1/2", "1/4", "1/4"], ["1/4", "3/8", "3/8"]]


@pytest.mark.parametrize(
    ("target", "is_level"), [([True, False, False], True), ([False, True, False], False)]
)
def test_laws_of_two_levels_attain_two_of_the_bounds(target, is_level):
    record = {"next_token_probs": TWO_LEVELS, "target": target, "positive": [0], "negative": [1]}
    found = curves(record, [[0], [1]], [[1, 2], [0]])
    assert room.is_target_a_level(found) is is_level
    assert not room.is_target_a_level(curves())
    balls = found.at(320)
    assert len(room.upper_bounds(found, balls, F(1))) == 2
    assert len(room.lower_bounds(found, balls, F(1))) == (1 if is_level else 2)
    two_point = room.two_point(balls, F(1))
    assert two_point.overlaps(room.increase(balls, F(1)))
    assert room.merged(balls, F(1)).overlaps(room.increase(balls, F(1))) is is_level
    assert all(room._is_kept(found, name, s) for name in room.BOUNDS for s in (F(1), F(-2)))


def test_bounds_are_kept_broken_or_open(monkeypatch):
    found = curves()
    assert all(room._is_kept(found, name, s) for name in room.BOUNDS for s in (F(1), F(-2)))
    # at 0 all but one of them are 0 < 0
    assert [room._is_kept(found, name, F(0)) for name in room.BOUNDS] == [None, None, None, True]
    room.confirm_bounds(found, [F(1), F(0), F(-2)])
    for name in room.BOUNDS:
        with monkeypatch.context() as patch:
            half = [(arb(0), arb(1)), (arb(1), arb(0))]
            patch.setitem(
                room.BOUNDS, name, lambda *given, half=half: half[: 2 if given[2] < 0 else 1]
            )
            room.confirm_bounds(found, [F(1), F(1, 2)])
            with pytest.raises(
                Refused, match=rf"{name} is broken at α = -1/2, against its proof in Coq"
            ):
                room.confirm_bounds(found, [F(1), F(-1, 2)])


def test_intervals_are_confirmed_refused_or_left_open():
    root = lambda bits: arb(2).sqrt()  # noqa: E731
    low, high = F(14142, 10000), F(14143, 10000)
    room.confirm(Interval(low, high), root, F(1, 10000), "x")
    for interval, slack, reason in (
        (Interval(low, high), F(1, 10001), "is wider than a certificate's"),
        (Interval(F(1), low), F(1), "misses its value"),
        (Interval(high, F(2)), F(1), "misses its value"),
    ):
        with pytest.raises(Refused, match=reason):
            room.confirm(interval, root, slack, "x")
    room.confirm(Interval(F(2), F(2)), lambda bits: arb(2), F(0), "x")
    for end in (Interval(F(2), F(3)), Interval(F(1), F(2))):
        with pytest.raises(Refused, match="could not be confirmed"):
            room.confirm(end, lambda bits: arb(2, 1e-9), F(1), "x")


def test_a_peak_at_zero_is_told_from_one_that_is_near():
    # M = log 3/7 + (log 4, log 2, 0): at p = (a, 1 - 2a, a) the mean is that of token 1
    e = F(1, 10**20)
    rows = [["4/7", "2/7", "1/7"], ["1/3", "1/3", "1/3"]]
    even, uneven = [F(1, 5), F(3, 5), F(1, 5)], [F(1, 5) - e, F(3, 5), F(1, 5) + e]
    for row, is_there in ((even, True), (uneven, False)):
        table = [*rows, [str(x) for x in row]]
        record = {"next_token_probs": table, "target": [True, False, False]}
        found = curves(
            record | {"positive": [0], "negative": [1]}, [[0], [1], [2]], [[2], [1], [0]]
        )
        assert room.peaks_at_zero(found, 2, 1) is is_there
        assert not room.peaks_at_zero(found, 0, 1)

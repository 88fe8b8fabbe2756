"""Which curves bump: against polynomials whose derivative has known roots."""

import numpy as np
import pytest

import ufm.llm
from ufm.llm.laws.bumps import curve_shapes, extra_turns, paper_protocol, protocols_of
from ufm.llm.measure.token_curves import Curves

GRID = np.linspace(-3, 3, 401)


def from_roots(roots, sign):
    """A polynomial curve whose derivative changes sign exactly at `roots`, and that derivative."""
    slope = np.polynomial.Polynomial.fromroots(roots) * sign if roots else sign + 0 * GRID
    if not roots:
        return sign * GRID, slope
    return slope.integ()(GRID), slope(GRID)


@pytest.mark.parametrize(
    ("roots", "sign", "shape"),
    [
        ([], 1, "increasing"),
        ([], -1, "decreasing"),
        ([0.3], -1, "bump"),
        ([0.3], 1, "dip"),
        ([-1.0, 1.0], 1, "several"),
        ([-2.0, 0.1, 1.5], -1, "several"),
        ([7.0], -1, "increasing"),
        ([-7.0], -1, "decreasing"),
        ([0.5, 0.5], 1, "increasing"),
    ],
)
def test_curves_with_a_known_number_of_sign_changes(roots, sign, shape):
    values, slope = from_roots(roots, sign)
    assert curve_shapes(values[:, None], slope[:, None], np.zeros(1)) == [shape]


def test_rounding_is_no_change_of_sign_but_a_small_true_wave_is():
    random = np.random.default_rng(0)
    values = 1 / (1 + np.exp(-40 * GRID))
    slope = 40 * values * (1 - values)
    noisy = values + 1e-9 * random.standard_normal(GRID.size)
    noisy_slope = slope + 1e-9 * random.standard_normal(GRID.size)
    assert (np.diff(np.sign(noisy_slope)) != 0).sum() > 20
    found = curve_shapes(noisy[:, None], noisy_slope[:, None], np.full(1, 1e-8))
    assert found == ["increasing"]
    # without the threshold the same curve is not taken for a rising one: the threshold is what acts
    assert curve_shapes(noisy[:, None], noisy_slope[:, None], np.zeros(1)) == ["several"]
    wave = GRID + 1.1 * np.sin(GRID * 5) / 5
    wave_slope = 1 + 1.1 * np.cos(GRID * 5)
    assert curve_shapes(wave[:, None], wave_slope[:, None], np.full(1, 1e-8)) == ["several"]


def three(curves):
    """Values and slopes [3, A, K] of the same K curves in three prompts."""
    values, slopes = (np.stack(part, axis=1) for part in zip(*curves, strict=True))
    return np.stack([0.01 * values] * 3), np.stack([0.01 * slopes] * 3)


def test_the_law_of_bumps_counts_each_token_once_and_can_fail():
    curves = [from_roots([c], -1) for c in (-1.0, 0.0, 1.0)] + [from_roots([], 1)]
    tokens = np.tile([7, 8, 9, 4, 7], (3, 1))
    values, slopes = three([*curves, curves[0]])
    law = ufm.llm.bump_law(tokens, np.full((3, 5), 0.5), values, slopes)
    assert (law.verdict, law.number) == ("holds", 0.75)
    assert law.evidence["exact"] == {
        "bump": 9,
        "increasing": 3,
        "decreasing": 0,
        "dip": 0,
        "several": 0,
    }
    values, slopes = three([from_roots([c], 1) for c in (-1.0, 0.0)] + curves[:1])
    law = ufm.llm.bump_law(tokens[:, :3], np.full((3, 3), 0.5), values, slopes)
    assert law.verdict == "fails"
    assert law.number == pytest.approx(1 / 3)
    # a planted fault, slopes of the wrong sign, turns bumps into dips
    values, slopes = three(curves[:3])
    law = ufm.llm.bump_law(tokens[:, :3], np.full((3, 3), 0.5), values, -slopes)
    assert law.verdict == "fails"
    law = ufm.llm.bump_law(tokens[:1, :3], np.full((1, 3), 0.5), values[:1], slopes[:1])
    assert law.verdict == "undecided"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_signs_within_rounding_are_not_known_and_all_others_are(dtype):
    """A slope that falls to 0 at both ends, as after a LayerNorm, with rounding planted upon it."""
    noise = 8 * np.finfo(dtype).eps * np.random.default_rng(0).standard_normal((GRID.size, 1))
    slope = (np.exp(-6 * np.square(GRID))[:, None] + noise).astype(dtype)
    assert (slope < 0).any()
    small = 1e-30 * np.cumsum(slope, axis=0, dtype=np.float64)
    for values in (small, 1e30 * small):
        how = np.zeros((3, 1), int), np.full((3, 1), values.max())
        law = ufm.llm.bump_law(*how, np.stack([values] * 3), np.stack([slope] * 3))
        assert law.evidence["exact"]["increasing"] == 3
    # a dip 1e-3 deep in the slope is above both floors, though p itself hardly moves there
    dip = slope - dtype(1e-3) * (np.abs(GRID[:, None]) > 2.5)
    law = ufm.llm.bump_law(*how, np.stack([small] * 3), np.stack([dip] * 3))
    assert law.evidence["exact"]["several"] == 3
    # the floor is what acts: without it the noise is counted
    assert curve_shapes(small, slope, np.zeros(1)) == ["several"]


def test_curves_that_a_short_range_leaves_monotone_do_not_refute_bumps():
    a = np.linspace(-2, 2, 9)[None, :, None] * np.ones((3, 1, 4))
    where, before = np.tile(np.arange(4), (3, 1)), np.full((3, 4), 0.25)
    short = ufm.llm.bump_law(where, before, 0.1 * a, 0.1 + 0 * a)
    assert (short.verdict, short.number) == ("undecided", 0)
    assert "may turn beyond the range" in short.why
    dips = ufm.llm.bump_law(where, before, 0.1 * a * a, 0.2 * a)
    assert (dips.verdict, dips.number) == ("fails", 0)


def test_a_token_that_does_not_move_is_monotone():
    still = np.zeros((9, 1))
    assert curve_shapes(still, still, np.zeros(1)) == ["increasing"]


def test_what_an_eye_would_not_see_is_counted_apart():
    """A rise to 1 and a fall by 0.5 % of it: a bump in exact signs, an increase in a picture."""
    for depth, seen in ((0.005, "increasing"), (0.02, "bump")):
        values = np.where(GRID < 2, (GRID + 3) / 5, 1 - depth * (GRID - 2))[:, None]
        slopes = np.where(GRID < 2, 1 / 5, -depth)[:, None]
        how = np.zeros((3, 1), int), np.full((3, 1), 0.5)
        law = ufm.llm.bump_law(*how, np.stack([0.1 * values] * 3), np.stack([slopes] * 3))
        assert (law.verdict, law.number) == ("holds", 1)
        assert law.evidence["exact"]["bump"] == law.evidence["visible"][seen] == 3
        assert law.evidence["visible_share"] == (seen == "bump")
        assert law.evidence["share_by_prompt"] == [1, 1, 1]
        assert (
            f"; of 3 curves 3 bump; {3 * (seen == 'bump')} bump by over 1% of their range"
            in law.why
        )


@pytest.mark.parametrize(
    ("turns", "least", "shape"),
    [
        # a small run at either end goes, and its neighbour keeps its size
        ([0.0, -0.001, 0.3, 0.0], 0.01, "bump"),
        ([0.0, 0.3, 0.0, 0.001], 0.01, "bump"),
        ([0.0, -0.001, 0.3, 0.0], 0.0, "several"),
        ([0.0, 0.001, -0.3], 0.01, "decreasing"),
        # a small run within goes, and its neighbours become one, by so much shorter
        ([0.0, 0.3, 0.299, 0.6, 0.0], 0.01, "bump"),
        ([0.0, 0.3, 0.2, 0.4, 1.0, 0.9], 0.15, "increasing"),
        ([0.0, 0.3, 0.1, 0.4, 0.05], 0.25, "bump"),
    ],
)
def test_runs_too_small_to_count(turns, least, shape):
    """Curves that go straight from turn to turn."""
    values = np.interp(
        np.linspace(0, len(turns) - 1, 10 * len(turns) - 9), range(len(turns)), turns
    )
    slopes = np.append(np.diff(values), values[-1] - values[-2])
    assert curve_shapes(values[:, None], slopes[:, None], np.full(1, least)) == [shape]


@pytest.mark.parametrize(
    ("turns", "size"),
    [
        ([0.0, 1.0], 0.0),
        ([0.0, 1.0, 0.2], 0.0),
        # a dip is monotone but for its shallower side
        ([0.0, -0.1, 0.3], 0.1),
        ([0.0, 0.5, 0.3, 1.0, 0.0], 0.2),
        # the smallest first: 0.1 goes, then 0.2
        ([0.0, 0.5, 0.4, 0.8, 0.6, 1.0], 0.2),
        ([0.0, -0.1, 0.9, 0.7], 0.1),
    ],
)
def test_the_size_of_extra_turns_by_hand(turns, size):
    """Curves that go straight from turn to turn; a threshold at that size is what makes them simple."""
    places = np.linspace(0, len(turns) - 1, 10 * len(turns) - 9)
    values = np.interp(places, range(len(turns)), turns)[:, None]
    slopes = np.append(np.diff(values, axis=0), values[-1:] - values[-2:-1], axis=0)
    assert extra_turns(values, slopes) == pytest.approx([size])
    for least, simple in ((size * 0.999, size == 0), (size * 1.001, True)):
        shape = curve_shapes(values, slopes, np.full(1, least))[0]
        assert (shape not in ("dip", "several")) == simple


def made_curves(values):
    """Three prompts with these curves [A, K] at the largest end, and dips at the other."""
    both = np.hstack([values, -values])
    increase = np.stack([both] * 3)
    empty = np.zeros((3, GRID.size))
    tokens = np.tile(np.arange(both.shape[1]), (3, 1))
    return Curves(GRID, tokens, increase, 0 * tokens + 0.1, empty, empty, empty, empty)


def test_the_papers_protocol_looks_at_one_end_and_by_eye():
    bump = 0.1 * np.exp(-np.square(GRID))
    found = paper_protocol(made_curves(np.stack([bump, np.tanh(GRID)], axis=1)))
    assert found.shapes == dict(bump=3, increasing=3, decreasing=0, dip=0, several=0)
    assert (found.least, found.largest, found.steps) == (-3, 3, GRID.size)
    assert found.extra_shares == found.extra_probabilities == ()
    # a second turn of 0.5 % of the range is not seen, one of 5 % is
    for depth, shape in ((0.005, "bump"), (0.05, "several")):
        wave = np.where(GRID > 2, 0.1 * depth * (GRID - 2) + bump[GRID <= 2][-1], bump)
        found = paper_protocol(made_curves(wave[:, None]))
        assert found.shapes[shape] == 3
        if shape == "several":
            # the range of the curve is that of its bump
            assert found.extra_shares[-1] == pytest.approx(depth, rel=0.05)
            assert found.extra_probabilities[-1] == pytest.approx(0.1 * depth, rel=0.05)


def test_counts_side_by_side_and_the_tilts_own_criterion():
    curves = [from_roots([c], -1) for c in (-1.0, 0.0)] + [from_roots([], 1), from_roots([0.0], 1)]
    values, slopes = three(curves)
    how = np.tile(np.arange(4), (3, 1)), np.full((3, 4), 0.5), values, slopes
    law = ufm.llm.bump_law(*how, alphas=GRID)
    by_eye, strict = protocols_of(law)
    assert (by_eye.name, strict.name) == ("by eye", "exact signs")
    assert by_eye.tokens == strict.tokens == "2 a side"
    assert by_eye.shapes == strict.shapes == law.evidence["exact"]
    # a symmetric dip moves the wrong way by all of its range
    assert strict.extra_shares == pytest.approx((1, 1, 1))
    assert law.evidence["largest_extra_turn"] == pytest.approx(1)
    # of a tilt, where no curve may dip
    assert ufm.llm.bump_law(*how, is_tilt=True).verdict == "fails"
    simple = tuple(x[..., :3] for x in how)
    law = ufm.llm.bump_law(*simple, is_tilt=True)
    assert (law.verdict, law.number) == ("holds", pytest.approx(2 / 3))

"""The data in the gallery's figures, against the library, the paper's numbers and exact rationals."""

from fractions import Fraction
from pathlib import Path

import matplotlib
import matplotlib.image
import mpmath
import numpy as np
import pytest
from matplotlib.figure import Figure

import theorems
import ufm

matplotlib.use("Agg")

from ufm import plots
from ufm.plots import (
    _bound_figures,
    _ceiling,
    _concepts,
    _cross_entropy,
    _estimates,
    _front_figure,
    _gallery_datasets,
    _side_effects,
    _tokens,
    _two_vectors,
    _windows,
    numpy_laws,
)
from ufm.tilt import cross_entropy_bounds

DOCS = Path(__file__).parents[3] / "docs"
# white, black, blue and vermilion under `invert(0.93) hue-rotate(180deg)`, as Chromium paints them
BROWSERS_DARK = [(18, 18, 18), (237, 237, 237), (75, 173, 228), (227, 124, 44)]
PICTURES = {picture.name: picture for picture in plots.GALLERY}
# A law is a quotient of sums of nine exponentials of exponents up to 300, each good to 1e-16 of it.
ROUND = 1e-13


def drawn(axes) -> dict[str, np.ndarray]:
    """x and y of every line of the axes, by its gid."""
    return {line.get_gid(): np.array(line.get_data()) for line in axes.lines}


def law(record, context, alpha):
    """p_α of one context of a record of exact rationals, at 30 digits, sharing no code with ufm."""
    a, b = ([Fraction(v) for v in record[key]] for key in ("in_concept", "off_concept"))
    tokens, contexts = record["token_concept"], record["contexts"]
    rows = [[a[z] if k == tokens[z] else b[z] for z in range(len(tokens))] for k in contexts]
    with mpmath.workdps(30):
        logs = [[mpmath.log(mpmath.mpf(v.numerator) / v.denominator) for v in row] for row in rows]

        def mean(chosen, z):
            return sum(logs[j][z] for j in chosen) / len(chosen)

        weight = [
            mpmath.exp(
                logs[context][z]
                + alpha * (mean(record["positive"], z) - mean(record["negative"], z))
            )
            for z in range(len(tokens))
        ]
        return [w / sum(weight) for w in weight]


def record_of(inside, off, share, size=3):
    """Rates a = (1-ε)γ, b = εω/2 on three concepts, one context each, N in the second."""
    share = Fraction(share)
    return {
        "in_concept": [(1 - share) * Fraction(v) for v in inside] * 3,
        "off_concept": [share * Fraction(v) / 2 for v in off] * 3,
        "token_concept": np.repeat([0, 1, 2], size).tolist(),
        "contexts": [0, 1, 2],
        "positive": [0],
        "negative": [1],
    }


UNEVEN = record_of(["53/125", "57/125", "3/25"], ["2/5", "1/2", "1/10"], "1/20")
UNIFORM = record_of(["1/3"] * 3, ["1/3"] * 3, "1/20")
UNIFORM_40 = record_of(["1/3"] * 3, ["1/3"] * 3, "2/5")
UNIFORM_13 = record_of(["1/3"] * 3, ["1/3"] * 3, "13/100")
SLOPES = {
    **UNIFORM,
    "in_concept": [Fraction(k, 100) for k in (40, 30, 18)] * 3,
    "off_concept": [Fraction(k, 100) for k in (1, 2, 3)] * 3,
}
FINDINGS = {finding.id: finding for finding in theorems.FINDINGS}


def check_laws(figure):
    for axes, context in zip(figure.axes, (0, 1), strict=True):
        heights = [bar.get_height() for bar in axes.patches]
        np.testing.assert_allclose(heights, np.array(law(UNEVEN, context, 0), float), rtol=1e-14)
        texts = [text.get_text() for text in axes.texts if ": " in text.get_text()]
        assert sorted(text.split(": ")[1] for text in texts) == ["0.025", "0.025", "0.95"]


def change(before, after):
    return np.array(after, float) - np.array(before, float)


def log_ratio(before, after):
    return np.array([mpmath.log(p / q) for p, q in zip(after, before, strict=True)], float)


def check_tokens(figure, peaks, side, limits, near):
    for axes, moved in zip(figure.axes, (change, near), strict=True):
        lines = drawn(axes)
        x = lines["curve 0"][0]
        for i in (0, 100, 600, 1200):
            want = moved(law(UNEVEN, 1, 0), law(UNEVEN, 1, x[i]))
            got = [lines[f"curve {z}"][1, i] for z in range(9)]
            np.testing.assert_allclose(got, want, rtol=0, atol=ROUND)
        for z, peak in peaks.items():
            assert (f"peak {z}" in lines) == (peak is not None and x[0] <= peak <= x[-1])
            if f"peak {z}" in lines:
                assert lines[f"peak {z}"][0, 0] == pytest.approx(peak, abs=0.005)  # as printed
                curve = lines[f"curve {z}"]
                assert lines[f"peak {z}"][1, 0] >= curve[1].max()
                # the drawn curve has its highest point next to the disc: within one step of the grid
                assert abs(curve[0, curve[1].argmax()] - lines[f"peak {z}"][0, 0]) <= x[1] - x[0]
    far, near_zero = (drawn(axes) for axes in figure.axes)
    ends = [far[f"limit {z}{side}"][1, 0] for z in range(9)]
    np.testing.assert_allclose(ends, limits, rtol=0, atol=ROUND)
    assert not [gid for gid in near_zero if gid.startswith("limit")]


def words(figure):
    return " ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def check_fig_3(figure):
    p = np.array(law(UNEVEN, 1, 0), float)
    check_tokens(
        figure, {0: 6.57, 1: 1.18, 2: None, 3: -5.57, 4: -0.18}, "", np.eye(9)[2] - p, change
    )
    for label in (
        "a peaks at 6.57",
        "b peaks at 1.18",
        "after a peak at 0.50",
        "c, without a peak",
    ):
        assert label in words(figure)


def check_fig_b1(figure):
    p = np.array(law(UNEVEN, 1, 0), float)
    peaks = {0: 6.57, 1: 1.18, 3: -5.57, 4: -0.18, 5: None}
    check_tokens(figure, peaks, " left", np.eye(9)[5] - p, log_ratio)
    for label in ("A peaks at −5.57", "B, peak at −0.18", "C, without a peak"):
        assert label in words(figure)


def check_fig_4(figure):
    lines = drawn(figure.axes[0])
    ends = [(lines[f"curve {k}"][1, 0], lines[f"curve {k}"][1, -1]) for k in range(3)]
    # the three decimals of the paper's picture
    printed = [(-0.008, 0.325), (0.325, -0.008), (-0.317, -0.317)]
    np.testing.assert_allclose(ends, printed, rtol=0, atol=5e-4)
    for k, limits in enumerate([("-1/120", "13/40"), ("13/40", "-1/120"), ("-19/60", "-19/60")]):
        got = [lines[f"limit {k} left"][1, 0], lines[f"limit {k}"][1, 0]]
        np.testing.assert_allclose(got, [float(Fraction(v)) for v in limits], rtol=0, atol=ROUND)
    # by symmetry the third concept peaks at 0, and the monotone ones nowhere
    assert [gid for gid in lines if gid.startswith(("peak", "trough"))] == ["peak 2.0"]
    np.testing.assert_allclose(lines["peak 2.0"], 0.0, atol=1e-12)


def check_fig_5(figure):
    lines = drawn(figure.axes[0])
    for i in (0, 1200):
        assert lines["curve"][1, i] == pytest.approx(1.006, abs=5e-4)
        assert lines["quadratic"][1, i] == pytest.approx(0.790, abs=5e-4)
    with mpmath.workdps(30):
        for i in (0, 300, 900):
            cost = sum(
                p * mpmath.log(p / q)
                for j in range(3)
                for p, q in zip(
                    law(UNIFORM_13, j, 0), law(UNIFORM_13, j, lines["curve"][0, i]), strict=True
                )
            )
            assert lines["curve"][1, i] == pytest.approx(float(cost / 3), rel=1e-12)
    assert lines["curve"][1].argmin() == 600


def check_sweet_spot(figure):
    four, nine, uniform = (drawn(axes) for axes in figure.axes)
    np.testing.assert_allclose(four["window 0"][0], [-0.834, -0.166], atol=5e-4)
    np.testing.assert_allclose(four["window 2"][0], [0.166, 0.834], atol=5e-4)
    data = _gallery_datasets.uneven()
    want = ufm.sweet_spot(_gallery_datasets.steered(data), data.concept_tokens(0))
    for j in (1, 3, 5):
        np.testing.assert_allclose(nine[f"window {j}"][0], want[j], rtol=1e-10)
    # closed form: M = m, -m, 0, so that E_α[M] = 0 where a e^{αm} = b e^{-αm}, b e^{αm} = a e^{-αm}
    starts = [uniform[f"window {j}"][0, 0] for j in (1, 3, 5)]
    np.testing.assert_allclose(starts, [-0.5, 0.5, 0.0], atol=1e-12)
    assert {"open 1", "open 3", "open 5"} <= set(uniform)
    assert not [gid for gid in {**four, **nine} if gid.startswith("open")]
    common = [[p for p in axes.patches if p.get_gid() == "common"] for axes in figure.axes]
    assert [len(patches) for patches in common] == [0, 0, 1]
    assert common[2][0].get_x() == pytest.approx(0.5, abs=1e-12)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert ["no strength" in title for title in titles] == [True, True, False]


def check_bounds(figure):
    nats, above, below = (drawn(axes) for axes in figure.axes)
    increase, x = nats["curve"][1], nats["curve"][0]
    assert (nats["hoeffding"][1] - increase >= -ROUND).all()
    assert (nats["two_point"][1] - increase >= -ROUND).all()
    assert (increase - nats["asymptote"][1] >= -ROUND).all()
    with mpmath.workdps(30):
        m = mpmath.log((mpmath.mpf(87) / 300) / (mpmath.mpf(13) / 600))
        slope = [
            m
            - sum(
                p * v
                for p, v in zip(law(UNIFORM_13, j, 0), [m] * 3 + [-m] * 3 + [0] * 3, strict=True)
            )
            for j in range(3)
        ]
        level = [mpmath.log(sum(law(UNIFORM_13, j, 0)[:3])) for j in range(3)]
        line = float(3 * sum(slope) / 3 + sum(level) / 3)
        hoeffding = float((3 * 2 * m) ** 2 / 8)
    assert x[-1] == 3
    assert nats["asymptote"][1, -1] == pytest.approx(line, rel=1e-12)
    assert nats["hoeffding"][1, -1] == pytest.approx(hoeffding, rel=1e-12)
    # the line is what ΔCE tends to: at α = 3 it is off by e^{-3m} = 4e-4 of odds 6.7 at most
    assert 0 < increase[-1] - nats["asymptote"][1, -1] < 3e-3
    # next to 0, where ½σ²α² < 1e-4 of the highest, nothing is drawn: |α| < 0.0275
    seen = np.abs(x) > 0.0275
    for ratio, gids, sign in (
        (above, ("hoeffding", "bennett", "two_point"), 1),
        (below, ("lower", "target", "asymptote"), -1),
    ):
        assert set(ratio) == {"curve", *gids}
        np.testing.assert_array_equal(np.isfinite(ratio["curve"][1]), seen)
        assert (ratio["curve"][1, seen] == 1).all()
        for gid in gids:
            assert (sign * (ratio[gid][1, seen] - 1) >= -1e-9).all(), gid
            if gid in nats:
                paid = ratio[gid][1, seen] * increase[seen]
                np.testing.assert_allclose(paid, nats[gid][1, seen], rtol=1e-12)
    assert above["two_point"][1, seen].max() < 1 + 1 / 7  # as its label says


def check_peak_map(figure):
    lines = drawn(figure.axes[0])
    tilt = _gallery_datasets.steered(_gallery_datasets.uneven())
    peaks, odds = np.asarray(ufm.peak_strengths(tilt)), np.asarray(tilt.log_odds)
    for j in (1, 3, 5):
        points = np.concatenate([lines[f"on {j}"], lines[f"off {j}"]], axis=1)
        shown = np.isfinite(peaks[j])
        want = np.stack([odds[shown], peaks[j, shown]])
        np.testing.assert_allclose(np.sort(points), np.sort(want), rtol=1e-10, atol=1e-12)
        mean, alpha = lines[f"curve {j}"]
        assert (np.diff(mean) > 0).all()
        assert (np.diff(alpha) > 0).all()
        # every peak lies between the drawn points around it: the curve passes through it
        for m, peak in points.T:
            i = int(np.searchsorted(mean, m))
            assert alpha[i - 1] - ROUND <= peak <= alpha[i] + ROUND
    (band,) = figure.axes[0].patches
    target = np.arange(9) < 3
    assert band.get_x() == pytest.approx(odds[~target].max(), abs=1e-12)
    assert band.get_x() + band.get_width() == pytest.approx(odds[target].min(), rel=1e-12)


def check_vanishing(figure):
    lines = drawn(figure.axes[0])
    for j, value in ((1, "-1/120"), (3, "-1/120"), (5, "-19/60")):
        for side in ("", " left"):
            assert lines[f"limit {j}{side}"][1, 0] == pytest.approx(
                float(Fraction(value)), abs=ROUND
            )
    peaks = [lines[f"peak {j}.0"][0, 0] for j in (1, 3, 5)]
    np.testing.assert_allclose(peaks, [-0.5, 0.5, 0.0], atol=1e-9)  # as in check_sweet_spot
    assert (lines["claimed"][1] == 0).all()
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert texts[:2] == ["limit −0.0083", "limit −0.3167"]


def check_two_humps(figure):
    record = FINDINGS["finding-3.two-humps"].counterexample
    lines = drawn(figure.axes[1])
    x, y = lines["curve 1"]
    for alpha, printed in ((-8, 0.108), (-3, 0.361), (-1, 0.642), (0, 0.041)):
        i = int(np.abs(x - alpha).argmin())
        assert x[i] == pytest.approx(alpha, abs=1e-12)
        assert y[i] == pytest.approx(printed, abs=5e-4)
        assert y[i] == pytest.approx(float(sum(law(record, 0, x[i])[2:4])), abs=ROUND)
    assert not [gid for gid in lines if gid.startswith("limit")]
    turns = [gid for gid in lines if gid.startswith(("peak 1", "trough 1"))]
    assert turns == ["trough 1.0", "peak 1.1"]
    with mpmath.workdps(30):
        for gid in turns:
            slope = mpmath.diff(lambda a: sum(law(record, 0, a)[2:4]), lines[gid][0, 0])
            assert abs(slope) < 1e-13
    # the far panel shows all of it: the mass comes from 1, and turns where the near panel says
    far = drawn(figure.axes[0])
    assert far["curve 1"][1, 0] > 0.999
    assert far["curve 1"][1, 0] == pytest.approx(float(sum(law(record, 0, -1000)[2:4])), abs=1e-11)
    assert far["curve 1"][1, -1] < 1e-3
    for gid in turns:
        np.testing.assert_allclose(far[gid], lines[gid], rtol=1e-9)


def check_price(figure):
    lines = drawn(figure.axes[0])
    mass, cost = lines["curve"]
    assert mass[0] == pytest.approx(1 / 3)
    assert (np.diff(mass) > 0).all()
    assert (np.diff(cost) > 0).all()
    # at its first point nothing is paid yet, at its last 0.99 is reached
    assert cost[0] == 0
    assert mass[-1] == pytest.approx(0.99, abs=1e-12)
    assert (cost - lines["least"][1] >= -ROUND).all()
    data = _gallery_datasets.uniform(0.05)
    tilt, target = _gallery_datasets.steered(data), data.concept_tokens(0)
    for i, budget in enumerate((0.1, 0.5, 1.0)):
        options = {"target": target, "budget": budget}
        choice = ufm.choose_strength(tilt, data.context_weights, **options)
        x, y = lines[f"budget {i}"][:, 0]
        assert (x, y) == pytest.approx((choice.target_mass, budget), rel=1e-9)
        assert np.interp(x, mass, cost) == pytest.approx(budget, abs=1e-5)  # on the curve
    # -Σπ log p(T): 19/20 of the mass in T, 1/40 elsewhere
    ceiling = -(np.log(19 / 20) + 2 * np.log(1 / 40)) / 3
    np.testing.assert_allclose(lines["ceiling"][1], ceiling, rtol=1e-12)
    assert 0.9 * ceiling < lines["reverse"][1].max() < ceiling


def kl(p, q):
    return p * mpmath.log(p / q) + (1 - p) * mpmath.log((1 - p) / (1 - q))


def most_mass(kind, price):
    """The ceiling at a price in nats, from its multiplier at 30 digits, sharing no code with ufm."""
    before = [mpmath.mpf(19) / 20, mpmath.mpf(1) / 40, mpmath.mpf(1) / 40]

    def masses(multiplier):
        if kind == "reverse_kl":
            return [F / (F + (1 - F) * mpmath.exp(-multiplier)) for F in before]
        # the larger root of f - F = μ f (1 - f)
        x = multiplier - 1
        return [(x + mpmath.sqrt(x**2 + 4 * multiplier * F)) / (2 * multiplier) for F in before]

    def unspent(multiplier):
        pairs = list(zip(before, masses(multiplier), strict=True))
        return price - sum(kl(f, F) if kind == "reverse_kl" else kl(F, f) for F, f in pairs) / 3

    return sum(masses(root(unspent, 1e-9, 150))) / 3


def root(function, low, high):
    """Where a monotone function vanishes, by bisection."""
    is_rising = function(high) > 0
    for _ in range(55):
        middle = (mpmath.mpf(low) + high) / 2
        low, high = (low, middle) if (function(middle) > 0) == is_rising else (middle, high)
    return high


def steered_for(kind, mass):
    """What steering to a mean mass of the target costs, at 30 digits, sharing no code with ufm."""

    def laws(alpha):
        return [law(UNIFORM, j, alpha) for j in range(3)]

    alpha = root(lambda a: sum(sum(p[:3]) for p in laws(a)) / 3 - mass, 0, 2)
    pairs = list(zip(laws(0), laws(alpha), strict=True))
    if kind == "reverse_kl":
        pairs = [(q, p) for p, q in pairs]
    return sum(a * mpmath.log(a / b) for p, q in pairs for a, b in zip(p, q, strict=True)) / 3


def check_ceiling(figure):
    for axes, kind in zip(figure.axes, ("cross_entropy", "reverse_kl"), strict=True):
        lines = drawn(axes)
        price, mass = lines["curve"]
        paid, ceiling = lines["ceiling"]
        assert ceiling[0] == mass[0] == pytest.approx(1 / 3)
        assert paid[0] == price[0] == 0
        assert paid[-1] == price[-1]
        assert (ceiling[1:] > np.interp(paid, price, mass)[1:]).all()
        with mpmath.workdps(30):
            for i in (1, 30):
                best = float(most_mass(kind, paid[i]))
                assert ceiling[i] == pytest.approx(best, abs=1e-12)
            assert price[600] == pytest.approx(float(steered_for(kind, mass[600])), rel=1e-11)
            for i, budget in enumerate((0.1, 0.5, 1.0)):
                (x, bought), (_, most) = lines[f"budget {i}"][:, 0], lines[f"gap {i}"][:, 1]
                assert (lines[f"gap {i}"][:, 0] == (x, bought)).all()
                assert x == budget
                assert float(steered_for(kind, bought)) == pytest.approx(budget, rel=1e-10)
                assert most == pytest.approx(float(most_mass(kind, budget)), abs=1e-12)
                share = (bought - mass[0]) / (most - mass[0])
                assert f"κ = {budget:g}: α = " in words(figure)
                assert f"efficiency {share:.0%}" in " ".join(
                    text.get_text() for text in axes.texts if f"κ = {budget:g}:" in text.get_text()
                )


def check_estimated(figure):
    axes = figure.axes[0]
    lines = drawn(axes)
    x, true = lines["curve"]
    _, cost = lines["estimate"]
    missing = [mpmath.mpf(1) / 5, -mpmath.mpf(1) / 5, 0]  # what M' lacks of M on the three concepts
    with mpmath.workdps(30):
        p = [law(UNIFORM, j, 0) for j in range(3)]

        def increase(alpha, lacking):
            total = 0
            for j, before in enumerate(p):
                after = law(UNIFORM, j, alpha)
                after = [q * mpmath.exp(-alpha * lacking[z // 3]) for z, q in enumerate(after)]
                total += sum(
                    a * mpmath.log(a * sum(after) / b) for a, b in zip(before, after, strict=True)
                )
            return total / 3

        for i in (300, 1200):
            assert true[i] == pytest.approx(float(increase(x[i], [0, 0, 0])), rel=1e-11)
            assert cost[i] == pytest.approx(float(increase(x[i], missing)), rel=1e-11)
        assert (np.abs(cost - true) <= 0.4 * x + ROUND).all()
        alone, kept = lines["alone"][:, 0], lines["kept"][:, 0]
        assert float(increase(alone[0], missing)) == pytest.approx(0.5, rel=1e-10)
        assert float(increase(kept[0], missing)) + 0.4 * kept[0] == pytest.approx(0.5, rel=1e-10)
        for alpha, paid in (alone, kept):
            assert paid == pytest.approx(float(increase(alpha, [0, 0, 0])), rel=1e-10)
    assert kept[1] < 0.5 < alone[1]
    (shade,) = axes.collections
    ends = shade.get_paths()[0].vertices
    np.testing.assert_allclose(ends[:, 1].max(), cost[-1] + 0.4 * x[-1], rtol=1e-12)
    assert (lines["budget"][1] == 0.5).all()


def check_side_effect(figure):
    plain, relative = (drawn(axes) for axes in figure.axes)
    x = plain["curve 0"][0]
    with mpmath.workdps(30):
        reach = 2 * mpmath.log(3)  # M = ± log(a/b), a = 1/5 and b = 1/15 a token
        before = law(UNIFORM_40, 1, 0)
        odds = [reach / 2] * 3 + [-reach / 2] * 3 + [0] * 3
        mean = sum(q * m for q, m in zip(before, odds, strict=True))
        for k in range(3):
            tokens = range(3 * k, 3 * k + 3)
            slope = sum(before[z] * (odds[z] - mean) for z in tokens)
            for i in (0, 500, 1100):
                after = law(UNIFORM_40, 1, x[i])
                change = sum(after[z] - before[z] for z in tokens)
                line = slope * x[i]
                assert plain[f"curve {k}"][1, i] == pytest.approx(float(change), abs=ROUND)
                assert plain[f"slope {k}"][1, i] == pytest.approx(float(line), abs=ROUND)
                rest = (change - line) / (x[i] * reach) ** 2
                assert relative[f"curve {k}"][1, i] == pytest.approx(float(rest), abs=1e-11)
    for gid, sign in (("most", 1), ("least", -1)):
        np.testing.assert_allclose(relative[gid][1], sign / (12 * 3**0.5), rtol=1e-14)
    for k in range(3):
        rest = relative[f"curve {k}"][1]
        assert np.isnan(rest[600])
        assert np.nanmax(np.abs(rest)) < relative["most"][1, 0]


def check_sequence(figure):
    """C₂ after its own tokens, else C₃; in both the target has 1/40, and M is ± log 38 or 0."""
    presence, divergence = (drawn(axes) for axes in figure.axes)
    x = presence["curve"][0]
    with mpmath.workdps(30):
        odds = mpmath.log(38)  # a = 19/60 and b = 1/120 a token
        for i in (0, 380, 460, 1100):
            before, after = ([law(UNIFORM, j, a) for j in (1, 2)] for a in (0, x[i]))
            paid = [
                sum(p * mpmath.log(p / q) for p, q in zip(*pair, strict=True))
                for pair in zip(before, after, strict=True)
            ]
            missed, cost = [mpmath.mpf(1)] * 2, [mpmath.mpf(0)] * 2
            for _ in range(16):
                missed = [sum(q[3:6]) * missed[0] + sum(q[6:]) * missed[1] for q in after]
                pairs = zip(paid, before, strict=True)
                cost = [c + sum(p[3:6]) * cost[0] + (1 - sum(p[3:6])) * cost[1] for c, p in pairs]
            assert presence["curve"][1, i] == pytest.approx(float(1 - missed[0]), rel=1e-11)
            assert divergence["curve"][1, i] == pytest.approx(float(cost[0]), rel=1e-11)
            assert divergence["most"][1, i] == pytest.approx(
                float(2 * (2 * odds * x[i]) ** 2), rel=1e-12
            )
            ends = sorted(1 / (1 + 39 * mpmath.exp(-x[i] * m)) for m in (odds, 2 * odds))
            for name, mass in zip(("least", "most"), ends, strict=True):
                assert presence[name][1, i] == pytest.approx(float(1 - (1 - mass) ** 16), rel=1e-11)


def check_probabilities(tokens, masses, context, peaking):
    for i in (0, 100, 600, 1200):
        x = tokens["curve 0"][0, i]
        want = np.array(law(SLOPES, context, x), float)
        got = [tokens[f"curve {z}"][1, i] for z in range(9)]
        np.testing.assert_allclose(got, want, rtol=0, atol=ROUND)
        x, p = masses["curve 0"][0, i], law(SLOPES, context, masses["curve 0"][0, i])
        got = [masses[f"curve {k}"][1, i] for k in range(3)]
        want = [float(sum(p[3 * k : 3 * k + 3])) for k in range(3)]
        np.testing.assert_allclose(got, want, rtol=0, atol=ROUND)
    peaks = {z: tokens[f"peak {z}"] for z in range(9) if f"peak {z}" in tokens}
    assert set(peaks) == peaking
    for z, ((peak,), (height,)) in peaks.items():
        either = [law(SLOPES, context, peak + step)[z] for step in (-1e-3, 1e-3)]
        assert height == pytest.approx(float(law(SLOPES, context, peak)[z]), abs=ROUND)
        assert max(either) < height
        assert float(abs(either[0] - either[1])) < 1e-8


def check_tutorial(figure):
    tokens, masses = (drawn(axes) for axes in figure.axes)
    check_probabilities(tokens, masses, 2, {1, 2, 4, 5, 6, 7, 8})  # all but a and A, as titled
    assert (np.diff(masses["curve 0"][1]) > 0).all()


def check_at_a_glance(figure):
    tokens, masses, loss = (drawn(axes) for axes in figure.axes)
    check_probabilities(tokens, masses, 1, {1, 2, 4, 5, 6, 7, 8})  # all but the two extremes of M
    with mpmath.workdps(30):

        def cost(alpha):
            pairs = [(law(SLOPES, j, 0), law(SLOPES, j, alpha)) for j in range(3)]
            return (
                sum(p * mpmath.log(p / q) for a, b in pairs for p, q in zip(a, b, strict=True)) / 3
            )

        for i in (0, 300, 900):
            assert loss["curve"][1, i] == pytest.approx(float(cost(loss["curve"][0, i])), rel=1e-12)
        for lines in (tokens, masses, loss):
            assert float(cost(lines["choice"][0][0])) == pytest.approx(0.25, rel=1e-9)
    assert (loss["budget"][1] == 0.25).all()
    notes = [text.get_text() for text in figure.axes[2].texts]
    assert f"0.25 nats:\nα = {loss['choice'][0][0]:.2f}" in notes
    assert not any(gid.startswith("limit") for lines in (tokens, masses) for gid in lines)


def check_two_vectors(figure):
    """By the symmetry of C₂ and C₃ what undoes α is α/2; and on each contour the price is its level."""
    (axes,) = figure.axes
    x, y = drawn(axes)["undone"]
    np.testing.assert_allclose(y, x / 2, rtol=1e-12, atol=1e-12)
    gap = np.log(38)  # of a/b, a = 19/60 and b = 1/120
    (contours,) = (c for c in axes.collections if hasattr(c, "levels"))
    for level, path in zip(contours.levels, contours.get_paths(), strict=True):
        for alpha, beta in path.vertices[:: max(1, len(path.vertices) // 12)]:
            assert two_prices(gap, alpha, beta) == pytest.approx(level, rel=4e-3)


def two_prices(gap, alpha, beta):
    """ΔCE of α(1, -1, 0)gap + β(0, 1, -1)gap on the three concepts, own ones of mass 19/20."""
    moved = np.array([alpha, beta - alpha, -beta]) * gap
    total = 0.0
    for own in range(3):
        masses = np.full(3, 1 / 40)
        masses[own] = 19 / 20
        total += np.log(masses @ np.exp(moved)) - masses @ moved
    return total / 3


def tilted(probs, factors, alpha):
    """p e^(αM) / Σ at 30 digits, e^M = `factors`."""
    with mpmath.workdps(30):
        weights = [p * mpmath.mpf(f) ** alpha for p, f in zip(probs, factors, strict=True)]
        return [w / sum(weights) for w in weights]


def check_tanh(figure):
    masses, logits = (drawn(axes) for axes in figure.axes)
    with mpmath.workdps(30):
        for gid, odds in (("line", (1, 0, 0)), ("bent", (1, 0, -1))):
            for i in (0, 250, 600, 1000):
                alpha = masses[gid][0, i]
                (mass, *_) = tilted([1] * 3, [mpmath.exp(m) for m in odds], alpha)
                assert masses[gid][1, i] == pytest.approx(float(mass), abs=ROUND)
                logit = float(mpmath.log(mass / (1 - mass)))
                assert logits[gid][1, i] == pytest.approx(logit, abs=1e-11)
    np.testing.assert_allclose(masses["tanh"], masses["line"], rtol=0, atol=ROUND)
    np.testing.assert_allclose(np.diff(logits["line"][1]) / np.diff(logits["line"][0]), 1, 1e-9)
    for place in (-2.0, 2.0):  # the slopes that the words name
        i = int(np.searchsorted(logits["bent"][0], place))
        steps = np.diff(logits["bent"][:, [i - 1, i + 1]])
        assert f"{float(steps[1, 0] / steps[0, 0]):.2f} at α = {place:g}".replace(
            "-", "−"
        ) in words(figure)


def check_separable(figure):
    masses, given, pairs = (drawn(axes) for axes in figure.axes)
    probs, flat, uneven = [4, 3, 2, 1], [6, 2, 2, 2], [6, 4, 2, 1]
    for i in (0, 300, 700, 1200):
        alpha = masses["token 1"][0, i]
        law, other = ([float(q) for q in tilted(probs, f, alpha)] for f in (flat, uneven))
        for z in range(4):
            assert masses[f"token {z + 1}"][1, i] == pytest.approx(law[z], abs=ROUND)
        for z, kept in ((1, 1 / 2), (2, 1 / 3), (3, 1 / 6)):
            assert given[f"stays {z + 1}"][1, i] == pytest.approx(kept, abs=ROUND)
            share = other[z] / sum(other[1:])
            assert given[f"moves {z + 1}"][1, i] == pytest.approx(share, abs=ROUND)
        assert pairs["pair 1"][1, i] == pytest.approx(law[0] / (law[0] + law[1]), abs=ROUND)
        assert pairs["pair 2"][1, i] == pytest.approx(0.6, abs=ROUND)


CHECKS = {
    "fig-2": check_laws,
    "fig-3": check_fig_3,
    "fig-b1": check_fig_b1,
    "fig-4": check_fig_4,
    "fig-5": check_fig_5,
    "sweet-spot": check_sweet_spot,
    "bounds": check_bounds,
    "peak-map": check_peak_map,
    "vanishing": check_vanishing,
    "two-humps": check_two_humps,
    "tanh": check_tanh,
    "separable": check_separable,
    "price": check_price,
    "ceiling": check_ceiling,
    "estimated": check_estimated,
    "side-effect": check_side_effect,
    "sequence": check_sequence,
    "two-vectors": check_two_vectors,
    "at-a-glance": check_at_a_glance,
    "at-a-glance-tall": check_at_a_glance,
    "tutorial": check_tutorial,
    "tutorial-tall": check_tutorial,
}


def test_every_picture_is_checked():
    assert list(CHECKS) == [name for name in CHECKS if name in PICTURES]
    assert set(CHECKS) == set(PICTURES)


@pytest.mark.parametrize("name", CHECKS)
def test_the_data_drawn_are_right(name):
    CHECKS[name](PICTURES[name].draw())


@pytest.mark.parametrize(
    ("picture", "is_dark"),
    [
        pytest.param(picture, is_dark, id=f"{picture.name}{'-dark' * is_dark}")
        for picture in _front_figure.FRONT
        for is_dark in (False, True)
        if not is_dark or picture.name.startswith("at-a-glance")  # the README's
    ],
)
def test_the_pictures_kept_with_the_pages_are_those_of_the_gallery(picture, is_dark, tmp_path):
    """docs/NAME.png, by its pixels; `ufm figures NAME --out docs` (`--dark`) makes it anew."""
    png, _ = plots.write_pictures([picture], tmp_path, is_dark=is_dark)
    kept, drawn_now = (matplotlib.image.imread(folder / png.name) for folder in (DOCS, tmp_path))
    assert kept.shape == drawn_now.shape
    # with the pinned versions they are equal; two letters moved by a few points are 4e-4
    assert np.abs(kept - drawn_now).mean() < 1e-4


def test_a_dark_picture_turns_lightness_round_and_keeps_hues(tmp_path):
    """White, black and the two colours, by the numbers that a browser shows for the same filter."""
    figure = Figure(figsize=(0.4, 0.1), dpi=100)
    colours = ["#ffffff", "#000000", "#0072b2", "#d55e00"]
    for place, colour in enumerate(colours):
        figure.add_axes((place / 4, 0, 1 / 4, 1), facecolor=colour).set(xticks=[], yticks=[])
    for axes in figure.axes:
        axes.spines[:].set_visible(False)
    picture = plots.Picture("four", "", "", "", lambda: figure)
    png, svg = plots.write_pictures([picture], tmp_path, is_dark=True)
    assert [png.name, svg.name] == ["four-dark.png", "four-dark.svg"]
    pixels = matplotlib.image.imread(png)
    row = pixels[pixels.shape[0] // 2, :, :3]
    shown = np.round(255 * row[len(row) // 8 :: len(row) // 4][:4])
    np.testing.assert_allclose(shown, BROWSERS_DARK, atol=1)
    assert 'style="filter: invert(0.93) hue-rotate(180deg)"' in svg.read_text()


def shifted(function, by):
    return lambda *arguments, **options: function(*arguments, **options) + by


def scaled(function, by):
    return lambda *arguments, **options: function(*arguments, **options) * by


def evenly(function):
    return lambda: _gallery_datasets.uniform(0.05)


FAULTS = {
    "a mass 1e-9 high": ("tanh", numpy_laws.Row, "laws", lambda f: scaled(f, 1 + 1e-9)),
    "no shares": ("separable", numpy_laws.Row, "laws", lambda f: shifted(f, 1e-9)),
    "peaks off by 0.02": ("fig-3", _tokens, "peaks_of", lambda f: shifted(f, 0.02)),
    "peaks of the other sign": ("fig-b1", _tokens, "peaks_of", lambda f: scaled(f, -1.0)),
    "law off by 1e-9": ("fig-3", numpy_laws.Row, "laws", lambda f: scaled(f, 1 + 1e-9)),
    "limits swapped": (
        "fig-4",
        numpy_laws.Row,
        "limit",
        lambda f: lambda row, sign: f(row, -sign),
    ),
    "no turns": ("vanishing", _concepts, "mass_turns", lambda f: lambda *a: []),
    "a turn missed": ("two-humps", _concepts, "mass_turns", lambda f: lambda *a: f(*a)[1:]),
    "cost 1 % high": ("fig-5", _cross_entropy, "increases", lambda f: scaled(f, 1.01)),
    "variance halved": ("fig-5", _cross_entropy, "mean_variance", lambda f: scaled(f, 0.5)),
    "two-point bound 20 % low": (
        "bounds",
        cross_entropy_bounds,
        "_two_point",
        lambda f: scaled(f, 0.8),
    ),
    "asymptote 1e-9 high": (
        "bounds",
        cross_entropy_bounds,
        "end_line",
        lambda f: lambda *a: tuple(part * (1 + 1e-9) for part in f(*a)),
    ),
    "windows of other peaks": ("sweet-spot", _windows, "peaks_of", lambda f: shifted(f, 0.01)),
    "peaks off the curve": ("peak-map", _windows, "peaks_of", lambda f: shifted(f, 0.01)),
    "other rates": ("two-humps", _gallery_datasets, "two_humps", evenly),
    "other ε": ("price", _gallery_datasets, "uniform", lambda f: lambda epsilon: f(0.06)),
    "a price 1e-9 too high": (
        "ceiling",
        _ceiling,
        "mass_ceiling",
        lambda f: lambda F, pi, price, kind: f(F, pi, price * (1 + 1e-9), kind),
    ),
    "the ceiling of the other price": (
        "ceiling",
        _ceiling,
        "mass_ceiling",
        lambda f: lambda *a: f(*a[:-1], "reverse_kl"),
    ),
    "an error 1e-9 low": (
        "estimated",
        _estimates,
        "log_odds_error",
        lambda f: scaled(f, 1 - 1e-9),
    ),
    "a slope 1e-9 steep": (
        "side-effect",
        _side_effects,
        "first_order_effect",
        lambda f: scaled(f, 1 + 1e-9),
    ),
    "a chain that forgets": (
        "sequence",
        _bound_figures,
        "ContextChain",
        lambda f: lambda tilt, following, start: f(tilt, 0 * following, start),
    ),
    "a strength 1e-9 large": (
        "two-vectors",
        _two_vectors,
        "undoing_strength",
        lambda f: scaled(f, 1 + 1e-9),
    ),
    "prices 1 % high": ("two-vectors", _two_vectors, "_costs", lambda f: scaled(f, 1.01)),
    "the context of another figure": (
        "tutorial",
        _front_figure,
        "concept_curves",
        lambda f: lambda tilt, context, **options: f(tilt, 3, **options),
    ),
    "another budget": ("at-a-glance", _front_figure, "_BUDGET", lambda budget: budget + 1e-6),
    "laws of the even dataset": ("fig-2", _gallery_datasets, "uneven", evenly),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_seen_in_the_data(monkeypatch, fault):
    name, owner, attribute, change = FAULTS[fault]
    monkeypatch.setattr(owner, attribute, change(getattr(owner, attribute)))
    with pytest.raises((AssertionError, KeyError)):
        CHECKS[name](PICTURES[name].draw())


def test_the_two_humps_are_those_of_the_finding():
    record = FINDINGS["finding-3.two-humps"].counterexample
    data = _gallery_datasets.two_humps()
    a, b = (
        np.array([float(Fraction(v)) for v in record[k]]) for k in ("in_concept", "off_concept")
    )
    own = np.asarray(data.token_concept)[None, :] == np.asarray(data.context_concept)[:, None]
    np.testing.assert_allclose(data.next_token_probs, np.where(own, a, b), rtol=1e-14)

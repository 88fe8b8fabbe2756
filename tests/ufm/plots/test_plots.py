import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

import ufm

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from ufm import plots
from ufm.plots import _tokens

# Figure 3 of the paper: V = 9, G = 3, uneven laws, N in the second concept, c in it too.
IN_LAW = np.tile([53 / 125, 57 / 125, 3 / 25], 3)
OFF_LAW = np.tile([2 / 5, 1 / 2, 1 / 10], 3)
CONCEPT = np.repeat([0, 1, 2], 3)
DATA = ufm.ConceptDataset.from_concept_laws(IN_LAW, OFF_LAW, 1 / 20, CONCEPT)
TILT = ufm.ExponentialTilt.from_dataset(DATA, [0, 1], [2, 3])
ALPHAS = np.linspace(-8, 8, 81)
CONTEXT = 2
# Figures 4 and 5: the ε-smoothed dataset, whose tokens tie concept by concept.
UNIFORM = ufm.ConceptDataset.smoothed(epsilon=0.05)
UNIFORM_TILT = ufm.ExponentialTilt.from_dataset(UNIFORM, [0, 1], [2, 3])
# Sums of nine probabilities, computed in two ways.
ROUND = 1e-14


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def drawn(axes):
    """x and y of every line, by its gid."""
    return {line.get_gid(): np.array(line.get_data()) for line in axes.lines}


def steered(alpha, data=DATA, context=CONTEXT):
    """p_α [V] in plain numpy, from the laws alone."""
    p = np.asarray(data.next_token_probs)
    odds = np.log(p[:2]).mean(axis=0) - np.log(p[2:4]).mean(axis=0)
    exponent = alpha * odds
    weight = p[context] * np.exp(exponent - exponent.max())
    return weight / weight.sum()


def token_picture(**changes):
    options = {"alphas": ALPHAS, "names": list("abcABCαβγ"), "token_concept": CONCEPT}
    return plots.token_curves(TILT, CONTEXT, **options | changes)


def test_token_curves_are_the_changes_of_probability():
    lines = drawn(token_picture())
    want = np.array([steered(alpha) - steered(0.0) for alpha in ALPHAS])
    for z in range(9):
        x, y = lines[f"curve {z}"]
        np.testing.assert_array_equal(x, ALPHAS)
        np.testing.assert_allclose(y, want[:, z], rtol=0, atol=ROUND)


def test_discs_are_the_peaks_of_the_library_and_of_the_paper():
    lines = drawn(token_picture())
    peaks = np.asarray(ufm.peak_strengths(TILT))[CONTEXT]
    inside = np.flatnonzero(np.abs(peaks) <= 8)
    discs = sorted(gid for gid in lines if gid.startswith("peak"))
    assert discs == [f"peak {z}" for z in inside]
    for z in inside:
        x, y = lines[f"peak {z}"][:, 0]
        assert x == pytest.approx(peaks[z], rel=1e-12)
        assert y == pytest.approx((steered(x) - steered(0.0))[z], abs=ROUND)
        # A disc sits on top of its curve: no drawn point is higher.
        assert y >= lines[f"curve {z}"][1].max() - ROUND
    # a, b, A, B of Figure 3, to its two decimals; c and C are extremal and have none.
    printed = [lines[f"peak {z}"][0, 0] for z in (0, 1, 3, 4)]
    np.testing.assert_allclose(printed, [6.57, 1.18, -5.57, -0.18], rtol=0, atol=0.005)


def test_dotted_lines_are_the_limits():
    lines = drawn(token_picture())
    for sign, side in ((1, ""), (-1, " left")):
        want = steered(400.0 * sign) - steered(
            0.0
        )  # within e^-40 of the limit: the top gap of M is 0.1
        for z in range(9):
            x, y = lines[f"limit {z}{side}"]
            assert x.max() * sign == 8 or x.min() * sign == 8
            np.testing.assert_allclose(y, want[z], rtol=0, atol=ROUND)


def test_no_left_limit_where_alpha_stays_positive():
    lines = drawn(token_picture(alphas=ALPHAS[ALPHAS >= 0]))
    assert not [gid for gid in lines if gid.endswith("left")]
    assert "peak 3" not in lines  # at -5.57


def test_tokens_that_tie_share_a_line():
    axes = plots.token_curves(UNIFORM_TILT, 4, alphas=ALPHAS, names=list("abcABCαβγ"))
    assert {gid for gid in drawn(axes) if gid.startswith("curve")} == {
        "curve 0",
        "curve 3",
        "curve 6",
    }
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[:3] == ["a, b, c", "A, B, C", "α, β, γ"]


def test_tokens_of_a_concept_share_a_colour_and_differ_in_dashes():
    lines = {line.get_gid(): line for line in token_picture().lines}
    curves = [lines[f"curve {z}"] for z in range(9)]
    assert [curve.get_color() for curve in curves] == [plots.PALETTE[k] for k in CONCEPT]
    assert len({str(curve._dash_pattern) for curve in curves[:3]}) == 3


def test_token_curves_as_probabilities():
    change, itself = (
        drawn(plots.token_curves(UNIFORM_TILT, 4, alphas=ALPHAS, is_probability=chosen))
        for chosen in (False, True)
    )
    assert set(change) == set(itself)
    for gid in change:
        p = steered(0.0, UNIFORM, 4)[int(gid.split()[1])]
        np.testing.assert_allclose(itself[gid][1], change[gid][1] + p, rtol=0, atol=ROUND)
    with pytest.raises(ValueError, match="is_relative and is_probability"):
        plots.token_curves(UNIFORM_TILT, 4, alphas=ALPHAS, is_relative=True, is_probability=True)


def test_large_vocabularies_are_named_by_concept(monkeypatch):
    monkeypatch.setattr(_tokens, "LONGEST_LEGEND", 8)
    labels = [text.get_text() for text in token_picture().get_legend().get_texts()]
    assert labels == [*(f"of concept {k}" for k in range(3)), "peak", "limit, α → ±∞"]


@pytest.mark.parametrize("is_mass", [False, True])
def test_concept_curves_and_their_limits(is_mass):
    axes = plots.concept_curves(
        UNIFORM_TILT, 4, alphas=ALPHAS, token_concept=CONCEPT, is_mass=is_mass
    )
    lines = drawn(axes)
    mass = np.array([steered(a, UNIFORM, 4).reshape(3, 3).sum(axis=1) for a in ALPHAS])
    change = (mass - [0.025, 0.025, 0.95]) / 3
    for k in range(3):
        want = mass[:, k] if is_mass else change[:, k]
        np.testing.assert_allclose(lines[f"curve {k}"][1], want, rtol=0, atol=ROUND)
    # Theorem 3.6 on this dataset: the target takes all, the third concept vanishes at both ends.
    ends = [lines[gid][1, 0] for gid in ("limit 0", "limit 0 left", "limit 2", "limit 2 left")]
    want = [1, 0, 0, 0] if is_mass else [0.325, -1 / 120, -0.95 / 3, -0.95 / 3]
    np.testing.assert_allclose(ends, want, rtol=0, atol=ROUND)


def test_cross_entropy_touches_its_quadratic_at_zero():
    data = ufm.ConceptDataset.smoothed(epsilon=0.13)
    tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    alphas = np.linspace(-1, 1, 41)
    axes = plots.cross_entropy_curve(tilt, data.context_weights, alphas=alphas)
    lines = drawn(axes)
    p = np.asarray(data.next_token_probs)
    want = [
        np.mean([p[j] @ np.log(p[j] / steered(a, data, j)) for j in range(len(p))]) for a in alphas
    ]
    np.testing.assert_allclose(lines["curve"][1], want, rtol=0, atol=ROUND)
    assert lines["curve"][1].min() == lines["curve"][1][20] == 0
    # Figure 5 of the paper.
    assert lines["curve"][1][-1] == pytest.approx(1.006, abs=5e-4)
    assert lines["quadratic"][1][-1] == pytest.approx(0.790, abs=5e-4)


def test_axes_are_used_or_made_and_labelled_with_units():
    mine = Figure().subplots()
    assert token_picture(axes=mine) is mine
    assert plt.get_fignums() == []
    assert token_picture().figure.number in plt.get_fignums()
    assert mine.get_xlabel() == "steering strength α (multiples of v)"
    assert mine.get_ylabel() == "Δp(z | α) (probability)"
    assert mine.get_xlim() == (-8, 8)

"""Laws on language models against curves whose shape is known, and on tiny checkpoints."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import ufm.llm
from ufm.llm.laws.bumps import curve_shapes
from ufm.llm.laws.law import judge_prompts
from ufm.llm.laws.log_odds import Agreement, spearman
from ufm.llm.laws.plateau import far_strengths
from ufm.llm.laws.quadratic import near_strengths

GRID = np.linspace(-3, 3, 401)
VECTOR = np.linspace(-1, 1, 16)
PROMPTS = [[5, 9, 27, 3], [3, 4, 8, 40]]


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


def test_verdicts_over_prompts():
    assert judge_prompts([0.9] * 5, 0.5)[0] == "holds"
    assert judge_prompts([0.1] * 5, 0.5)[0] == "fails"
    assert judge_prompts([0.1, 0.9, 0.2, 0.8], 0.5)[0] == "undecided"
    assert judge_prompts([0.9, 0.9], 0.5)[0] == "undecided"
    assert judge_prompts([], 0.5)[0] == "undecided"


@pytest.mark.parametrize("height", [0.3, -0.2])
@pytest.mark.parametrize(("rate", "centre"), [(0.5, 0.0), (3.0, 1.7), (40.0, -2.0)])
def test_an_exact_tanh_is_found_and_noise_gives_the_r_squared_it_must(height, rate, centre):
    y = 0.4 + height * np.tanh(rate * (GRID - centre))
    fit = ufm.llm.fit_tanh(GRID, y)
    assert fit is not None
    assert fit.r_squared > 1 - 1e-12
    found = (fit.middle, fit.height * np.sign(fit.rate), fit.rate, fit.centre)
    np.testing.assert_allclose(found, (0.4, height, rate, centre), rtol=1e-4, atol=1e-5)
    # an error orthogonal to the tanh's tangent space leaves the fit and lowers R² by its own share
    t = np.tanh(rate * (GRID - centre))
    tangents = np.stack([t**0, t, (1 - t * t) * (GRID - centre), 1 - t * t], axis=1)
    noise = np.random.default_rng(1).standard_normal(GRID.size)
    noise -= tangents @ np.linalg.lstsq(tangents, noise, rcond=None)[0]
    noise *= 1e-3 * np.linalg.norm(y - y.mean()) / np.linalg.norm(noise)
    fit = ufm.llm.fit_tanh(GRID, y + noise)
    assert fit is not None
    spread = np.square(y + noise - y.mean()).sum()
    # curvature of the model moves the fit to second order in the noise, 1e-6 of its own size
    assert 1 - fit.r_squared == pytest.approx(np.square(noise).sum() / spread, rel=1e-2)
    worst = np.abs(y + noise - fit(GRID)).argmax()
    assert fit.residual_at == GRID[worst]


def test_the_law_of_tanh_and_where_it_cannot_be_judged():
    shapes = [0.5 + 0.4 * np.tanh(2 * (GRID - c)) for c in (-0.5, 0.0, 0.4)]
    law = ufm.llm.tanh_law(GRID, np.stack(shapes))
    assert law.verdict == "holds"
    humps = [np.exp(-np.square(GRID - c)) for c in (-0.1, 0.0, 0.1)]
    law = ufm.llm.tanh_law(GRID, np.stack(humps))
    assert law.verdict == "fails"
    assert abs(law.evidence["worst"]["residual"]) > 0.2
    # a line is a tanh of which little is seen; a constant is nothing
    law = ufm.llm.tanh_law(GRID, np.stack([0.5 + 0.01 * GRID, np.full(GRID.size, 0.25)]))
    assert (law.verdict, law.number) == ("undecided", None)
    assert law.evidence["half_unseen_prompts"] == law.evidence["flat_prompts"] == 1


@pytest.mark.parametrize(
    ("slope", "cubic", "verdict"),
    [(0.0, 0.0, "holds"), (0.0, 0.2, "holds"), (0.0, 0.4, "undecided"), (0.3, 0.0, "fails")],
)
def test_the_parabola_against_a_known_curve(slope, cubic, verdict):
    curvature = 0.4
    near = near_strengths(curvature)
    # where the parabola says 0.05 nats (α = 1/2), the cubic is `cubic` of that
    measured = slope * near + curvature / 2 * near**2 + 0.05 * cubic * (2 * near) ** 3
    law = ufm.llm.cost_law(np.array([3.0, slope, curvature]), near, measured, 99)
    assert law.verdict == verdict
    assert law.number == pytest.approx(cubic + abs(slope) * 0.5 / 0.05)
    assert law.evidence["measured_quadratic"] == pytest.approx(0.2)
    assert law.evidence["measured_linear"] == pytest.approx(slope, abs=1e-12)
    assert law.evidence["linear_share"] == pytest.approx(abs(slope) * 10)


def test_a_hill_at_zero_fails():
    near = near_strengths(-0.4)
    law = ufm.llm.cost_law(np.array([3.0, 0.0, -0.4]), near, -0.2 * near**2, 99)
    assert (law.verdict, law.number) == ("fails", pytest.approx(0, abs=1e-12))


def test_the_limit_is_the_law_at_a_huge_strength_at_rate_one(tmp_path):
    model = ufm.llm.load("tests/data/llm/gemma3", "float64")
    steering = ufm.llm.Steering(VECTOR, 1)
    limits = ufm.llm.plateau_limits(model, steering)
    # one number of strengths throughout: each other one is compiled anew
    far = far_strengths(4.0, float(np.linalg.norm(VECTOR)))
    alphas = np.array([-1e9, *far[1:-1], 1e9])
    laws = np.asarray(
        jax.nn.softmax(ufm.llm.steered_logits(model, PROMPTS[0], steering, alphas), axis=1)
    )
    # O(1/α) with a constant of a few units
    np.testing.assert_allclose(laws[[0, -1]], limits, atol=1e-7)

    def sweep(ends, name):
        found = ufm.llm.sweep_slopes(
            model,
            PROMPTS[:1],
            np.zeros((1, 2), int),
            steering,
            alphas,
            tmp_path / name,
            limits=ends,
            far=far,
        )
        assert found.distance is not None
        assert found.far_distance is not None
        return found

    found = sweep(limits, "right")
    want = np.abs(laws - limits[(alphas > 0).astype(int)]).sum(axis=1) / 2
    np.testing.assert_allclose(found.distance[0], want, atol=1e-12)
    law = ufm.llm.plateau_law(far, found.far_distance)
    assert law.verdict == "holds"
    assert law.number == pytest.approx(-1, abs=0.02)
    # planted fault: the limits of the other sign
    assert ufm.llm.plateau_law(far, sweep(limits[::-1], "wrong").far_distance).verdict == "fails"


def test_where_proposition_4_1_does_not_apply():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    with pytest.raises(ValueError, match='is of the site "residual"'):
        ufm.llm.plateau_limits(model, ufm.llm.Steering(VECTOR, 1, site="post-norm"))
    with pytest.raises(ValueError, match="blind to it"):
        ufm.llm.plateau_limits(model, ufm.llm.Steering(np.full(16, 0.3), 1))


@pytest.mark.parametrize("slope", [-1.0, -2.0, -0.6, -0.3])
def test_the_rate_is_what_was_planted(slope):
    far = far_strengths(1.0, 1.0)
    law = ufm.llm.plateau_law(far, 0.9 * np.abs(far)[None] ** slope)
    assert law.number == pytest.approx(slope)
    assert law.verdict == {-1.0: "holds", -2.0: "holds", -0.6: "undecided", -0.3: "fails"}[slope]


@pytest.mark.parametrize(
    ("family", "layer", "positions"), [("gpt2", 0, "last"), ("gemma3", 1, "all")]
)
def test_slopes_are_the_derivatives_by_finite_differences(family, layer, positions, tmp_path):
    model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
    alphas, h = np.array([-2.0, 0.0, 0.7, 1.5]), 1e-5
    tokens = np.array([[3, 60, 9], [5, 5, 1]])
    steering = ufm.llm.Steering(VECTOR, layer, positions)
    found = ufm.llm.sweep_slopes(model, PROMPTS, tokens, steering, alphas, tmp_path, batch_size=2)
    assert found.distance is None
    for j, row in enumerate(PROMPTS):
        down, up = (
            np.asarray(
                jax.nn.log_softmax(
                    ufm.llm.steered_logits(model, row, steering, alphas + step, batch_size=2),
                    axis=1,
                )
            )
            for step in (-h, h)
        )
        want = ((up - down) / (2 * h))[:, tokens[j]]
        # h² times the third derivative, and 1e-16 |log p| / h
        np.testing.assert_allclose(found.slopes[j], want, atol=1e-9)


def test_rank_correlation_by_hand():
    # ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5/sqrt(4.5 * 5)
    rank = spearman(np.array([1.0, 2.0, 2.0, 5.0]), np.array([-1.0, 0.0, 3.0, 9.0]))
    assert rank == pytest.approx(4.5 / np.sqrt(4.5 * 5))
    assert spearman(np.ones(3), np.arange(3.0)) == 0
    rows = np.array([[0.9, 0.9], [0.1, 0.2]])
    made = Agreement(np.zeros(9), np.arange(2), np.ones(2), rows, rows, 3, 20.0)
    assert ufm.llm.odds_law(made, 2).verdict == "fails"
    assert ufm.llm.odds_law(made, 3).verdict == "undecided"
    near = ufm.llm.odds_law(replace(made, share=0.4), 2)
    assert near.verdict == "undecided"
    assert "at only 0.4 mean hidden states" in near.why


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

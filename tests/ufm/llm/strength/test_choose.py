"""The chosen strength against the exact tilt, the spending against plain sums over all logits."""

import math
import re
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

import ufm.llm
from ufm.llm.decoder import model as _model
from ufm.llm.strength.parabola import Parabola
from ufm.numerics.bracket import Bracket

# 20 tokens to predict, in windows of two lengths
TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9], [9, 8, 33, 12, 7, 7, 30, 31], [50, 51, 6, 20]]
VECTOR = np.linspace(-1, 1, 16) ** 3 + 0.1
ROWS = {"cross_entropy": 0, "forward_kl": 1, "reverse_kl": 2, "target_mass": 3}


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def by_hand(model, steering, alpha, target):
    """The four numbers from full forward passes, one token at a time."""
    total, n = np.zeros(4), 0
    how = dict(vector=steering.vector, layer=steering.layer, site=steering.site)
    for row in TEXT:
        longer = row + [0] * (8 - len(row))  # one length to compile; later tokens change nothing
        before = log_softmax(np.asarray(model.all_logits(longer)))
        after = log_softmax(np.asarray(model.all_logits(longer, alpha, **how)))
        for t in range(len(row) - 1):
            p, q = np.exp(before[t]), np.exp(after[t])
            total += [
                before[t, row[t + 1]] - after[t, row[t + 1]],
                (p * (before[t] - after[t])).sum(),
                (q * (after[t] - before[t])).sum(),
                q[target].sum(),
            ]
            n += 1
    return total / n


def test_of_bfloat16_the_next_wider_type_is_named():
    model = ufm.llm.load("tests/data/llm/gpt2", "bfloat16")
    spend = ufm.llm.TextSpend(model, RANDOM, ufm.llm.Steering(VECTOR, 0), length=16)
    with pytest.raises(ValueError, match=r"resolves .* or load the model in float32$"):
        ufm.llm.choose_strength(spend, budget=1e-6, kind="forward_kl", hidden_norm=5.0)


RANDOM = np.random.default_rng(0).integers(3, 64, (8, 16)).tolist()


def test_a_budget_that_rounding_hides_is_refused_and_a_larger_one_is_spent(model):
    """Of 1e-12 nats float32 once spent 1,471 times as much, without a word; float64 is the judge."""
    kind = "forward_kl"
    narrow = ufm.llm.load("tests/data/llm/gpt2", "float32")
    steering = ufm.llm.Steering(VECTOR, 0)
    rough, exact = (ufm.llm.TextSpend(m, RANDOM, steering, length=16) for m in (narrow, model))
    message = rf"budget 1e-12 of {kind} cannot be told from rounding: on this text float32 resolves"
    with pytest.raises(ValueError, match=message) as caught:
        ufm.llm.choose_strength(rough, budget=1e-12, kind=kind, hidden_norm=5.0)
    assert str(caught.value).endswith("raise it, or load the model in float64")
    (least,) = re.findall(r"resolves (\S+) and more", str(caught.value))
    assert 1e-9 < float(least) < 1e-6
    budget = 1.1 * float(least)
    chosen = ufm.llm.choose_strength(rough, budget=budget, kind=kind, hidden_norm=5.0)
    spent = exact.at([chosen.alpha])[0, ROWS[kind]]
    np.testing.assert_allclose(spent, budget, rtol=0.1)  # twice the rounding that was seen
    in_float64 = ufm.llm.choose_strength(exact, budget=1e-12, kind=kind, hidden_norm=5.0)
    np.testing.assert_allclose(in_float64.predicted, 1e-12, rtol=1e-3)


def test_a_search_as_far_as_float32_cannot_square_is_refused():
    model = ufm.llm.load("tests/data/llm/gpt2", "float32")
    spend = ufm.llm.TextSpend(model, TEXT, ufm.llm.Steering(VECTOR, 0), length=8)
    with pytest.raises(ValueError, match="norms in float32 overflow"):
        ufm.llm.choose_strength(spend, budget=0.1, hidden_norm=1.0, furthest=1e20)


def test_spending_is_what_full_passes_give(model):
    target = np.arange(64) % 5 == 0
    for layer, site in [(0, "residual"), (1, "post-norm")]:
        steering = ufm.llm.Steering(VECTOR, layer, "all", site)
        spend = ufm.llm.TextSpend(model, TEXT, steering, length=8, target=target)
        alphas = [-2.0, 0.0, 0.7]
        # sums of 20 terms of order 1: rounding is far below 1e-13
        want = [by_hand(model, steering, a, target) for a in alphas]
        np.testing.assert_allclose(spend.at(alphas), want, atol=1e-13)
        assert (spend.at([0.0])[0, :3] == 0).all()
        h = 1e-4
        up, down, mid = (by_hand(model, steering, a, target) for a in (h, -h, 0.0))
        exact = spend.derivatives()
        np.testing.assert_allclose(exact[0], mid, atol=1e-13)
        # central differences: truncation h² times a higher derivative, rounding eps/h and 4 eps/h²
        np.testing.assert_allclose(exact[1], (up - down) / (2 * h), atol=1e-6)
        np.testing.assert_allclose(exact[2], (up - 2 * mid + down) / h**2, atol=1e-5)
        each = spend.by_window([0.7])[0]
        np.testing.assert_allclose(each.sum(axis=0) / 20, want[2], atol=1e-13)


def test_efficiency_wants_a_target_and_a_price(model):
    steering, target = ufm.llm.Steering(VECTOR, 0), np.arange(64) < 5
    assert math.isnan(ufm.llm.TextSpend(model, TEXT, steering, length=8).efficiency(1.0))
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8, target=target)
    assert math.isnan(spend.efficiency(0.0))


def text_tilt(model):
    """The law at every position of the text as an exponential tilt, and the tokens that come."""
    states, tokens = [], []
    for row in TEXT:
        longer = row + [0] * (8 - len(row))
        states.append(np.asarray(model.hidden_states(longer, 1, site="post-norm"))[: len(row) - 1])
        tokens += row[1:]
    w = np.asarray(model.unembedding)
    odds = w @ VECTOR
    tilt = ufm.ExponentialTilt(log_softmax(np.concatenate(states) @ w.T), odds)
    return tilt, odds, np.array(tokens)


def test_at_the_post_norm_site_the_strength_is_that_of_the_theory(model):
    tilt, odds, _ = text_tilt(model)
    target = odds >= np.sort(odds)[-5]
    weights = np.full(tilt.log_probs.shape[0], 1 / tilt.log_probs.shape[0])
    steering = ufm.llm.Steering(VECTOR, 1, "all", "post-norm")
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8, target=target)
    for kind, theirs, budget in [
        ("forward_kl", "cross_entropy", 0.1),
        ("reverse_kl", "reverse_kl", 0.3),
        ("target_mass", "target_mass", 0.6),
        ("target_mass", "target_mass", 0.01),
    ]:
        want = ufm.choose_strength(tilt, weights, target=target, budget=budget, kind=theirs)
        found = ufm.llm.choose_strength(spend, budget=budget, kind=kind, hidden_norm=3.0)
        assert found.alpha == pytest.approx(want.alpha, rel=1e-9)
        assert found.bracket[0] <= want.alpha * (1 + 1e-9) or found.alpha < 0
        assert found.relative == pytest.approx(want.alpha * np.linalg.norm(VECTOR) / 3, rel=1e-9)
        assert found.spent[ROWS[kind]] == pytest.approx(budget, rel=1e-12)
        share = ufm.efficiency(tilt, weights, target, want.alpha)
        assert spend.efficiency(found.alpha) == pytest.approx(share, rel=1e-8)
        assert found.is_monotone
        # the second derivative of both divergences at 0 is σ², so the parabolas are the same
        if kind != "target_mass":
            assert found.quadratic_alpha == pytest.approx(want.small_budget_alpha, rel=1e-9)


def test_the_strength_for_a_budget_of_cross_entropy(model):
    """On text ΔCE is the mean of K_t(α) - α M(z_t); its positive root found by halving."""
    tilt, odds, tokens = text_tilt(model)
    log_p = np.asarray(tilt.log_probs)

    def cost(a):
        return (np.log(np.exp(log_p + a * odds).sum(axis=1)) - a * odds[tokens]).mean()

    lower, upper = 0.0, 1.0
    while cost(upper) < 0.2:
        lower, upper = upper, 2 * upper
    for _ in range(80):
        middle = 0.5 * (lower + upper)
        lower, upper = (middle, upper) if cost(middle) < 0.2 else (lower, middle)
    steering = ufm.llm.Steering(VECTOR, 1, "all", "post-norm")
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8)
    found = ufm.llm.choose_strength(spend, budget=0.2, hidden_norm=3.0)
    assert found.alpha == pytest.approx(upper, rel=1e-9)
    slope, curvature = found.derivatives[1:, 0]
    assert slope == pytest.approx((np.exp(log_p) @ odds - odds[tokens]).mean(), rel=1e-9)
    assert found.predicted == pytest.approx(slope * upper + 0.5 * curvature * upper**2, rel=1e-9)
    assert math.isnan(found.spent[3])


class Curve(ufm.llm.TextSpend):
    """A spending that is any function of α, for curves that no small model has."""

    def __init__(self, function, slope=0.0, curvature=1.0):
        self.function, self.passes = function, 0
        self.model = SimpleNamespace(dtype=np.dtype(np.float64), wide=np.dtype(np.float64))
        self.steering = ufm.llm.Steering(np.array([1.0]), 0)
        self.predicted, self.target = np.array([1]), None
        self._derivatives = np.array([[0.0] * 4, [slope] * 4, [curvature] * 4])

    def at(self, alphas):
        return np.array([[self.function(a)] * 4 for a in alphas])

    def derivatives(self):
        return self._derivatives

    def limit(self, sign):
        return np.full(4, 0.5)

    def rounded(self, alpha):
        return alpha


def test_a_cost_that_turns_back_gives_its_first_crossing():
    # rises to 1 at α = 1, falls to 0 at 2, rises again: crosses 0.5 at 0.5 first
    first = ufm.llm.choose_strength(
        Curve(lambda a: abs((a + 1) % 2 - 1)), budget=0.5, hidden_norm=1.0
    )
    assert first.alpha == pytest.approx(0.5, rel=1e-12)
    assert first.is_monotone
    # falls below 0 before it rises: crosses at 1 + √3 and nowhere nearer
    dip = ufm.llm.choose_strength(
        Curve(lambda a: a * (a - 2), slope=-2.0, curvature=2.0), budget=2.0, hidden_norm=1.0
    )
    assert dip.alpha == pytest.approx(1 + math.sqrt(3), rel=1e-12)
    assert not dip.is_monotone
    assert dip.quadratic_alpha == pytest.approx(1 + math.sqrt(3), rel=1e-12)


class Windows(Curve):
    """A curve whose standard error is known, and which counts the strengths that it is asked for."""

    def __init__(self, function, error, **derivatives):
        super().__init__(function, **derivatives)
        self.error, self.asked = error, []

    def at(self, alphas):
        self.asked += [a for a in alphas if a not in self.asked]
        return super().at(alphas)

    def standard_error(self, alpha):
        return np.full(4, self.error)


def test_the_search_ends_at_a_tenth_of_the_standard_error():
    """A cost like SmolLM2's: 0.1 nats at 21.23, as the parabola says with its cubic term left out."""
    slope, curvature = 0.001421, 2 * 0.0001411
    cost = lambda a: slope * a + 0.5 * curvature * a**2 * (1 + 0.003 * a)  # noqa: E731
    how = dict(budget=0.1, hidden_norm=173.0)
    exact = ufm.llm.choose_strength(Curve(cost, slope, curvature), **how).alpha
    for error, most in ((0.0088, 7), (0.00088, 8)):
        spend = Windows(cost, error, slope=slope, curvature=curvature)
        found = ufm.llm.choose_strength(spend, **how, digits=None)
        low, high = found.bracket
        assert low < exact < high
        assert 0.5 * error / 10 < cost(high) - cost(low) < 1.2 * error / 10
        assert found.alpha in found.bracket
        assert abs(cost(found.alpha) - 0.1) <= 0.5 * (cost(high) - cost(low))
        assert len(spend.asked) <= most
    three = ufm.llm.choose_strength(Curve(cost, slope, curvature), **how, digits=3)
    assert three.bracket.width <= 1e-3 * exact < 10 * three.bracket.width
    assert three.bracket.low < exact < three.bracket.high
    # one window leaves no standard error
    alone = ufm.llm.choose_strength(
        Windows(cost, math.nan, curvature=curvature), **how, digits=None
    )
    assert alone.bracket.width <= 1e-3 * exact


def test_an_early_crossing_far_below_the_parabolas_is_not_missed():
    """The parabola says 30; the cost leaps over the budget at 3 and stays there, or at 8 for a while."""
    for function, where in (
        (lambda a: 0.2 * (a > 3) + 0.0001 * a**2, 3.0),
        (lambda a: 0.2 * (8 < a < 16) + 0.0001 * a**2, 8.0),
    ):
        found = ufm.llm.choose_strength(
            Curve(function, curvature=2 * 0.0001), budget=0.09, hidden_norm=100.0
        )
        assert found.alpha == pytest.approx(where, rel=1e-9)


def test_how_far_the_parabola_is_trusted():
    """Off by a fifth of the cost from α = 10 on, and at all strengths."""
    late = Curve(lambda a: 1e-3 * a**2 * (1 if a < 10 else 1.3), curvature=2e-3)
    found = ufm.llm.choose_strength(late, budget=0.4, hidden_norm=100.0)
    assert found.trusted == max(a for a, _ in found.looked_at if a < 10) > 0
    assert {*found.scanned} <= {*found.looked_at[:, 0]}
    assert (np.diff(np.abs(found.looked_at[:, 0])) > 0).all()
    never = ufm.llm.choose_strength(
        Curve(lambda a: 3e-3 * a**2, curvature=2e-3), budget=0.4, hidden_norm=100.0
    )
    assert never.trusted == 0


def test_a_budget_above_the_plateau_is_said_to_be_unreachable(model):
    steering = ufm.llm.Steering(VECTOR, 0)
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8, target=np.arange(64) < 5)
    limit = spend.limit()
    assert limit is not None
    # at α = 1e9 the remainder of Proposition 4.1, O(1/α), is below 1e-6
    np.testing.assert_allclose(spend.at([1e9])[0], limit, atol=1e-6)
    np.testing.assert_allclose(spend.at([-1e9])[0], spend.limit(-1.0), atol=1e-6)
    found = ufm.llm.choose_strength(spend, budget=50.0, hidden_norm=3.0)
    assert (found.reachable, found.alpha, found.bracket) == (False, math.inf, (math.inf, math.inf))
    assert found.limit == limit[0]
    assert found.largest == spend.at(found.scanned)[:, 0].max() < 50
    assert found.scanned[-1] == found.furthest == pytest.approx(256 * 3 / np.linalg.norm(VECTOR))
    assert found.is_plateau == (
        abs(spend.at([found.furthest])[0, 0] / spend.at([found.furthest / 2])[0, 0] - 1) < 0.01
    )


def test_no_plateau_where_the_cost_still_grows():
    found = ufm.llm.choose_strength(Curve(lambda a: a), budget=1e9, hidden_norm=1.0)
    assert not found.reachable
    assert not found.is_plateau
    assert found.largest == found.largest_alpha == 256


@pytest.mark.parametrize(
    ("curve", "is_plateau"),
    [
        (lambda a: min(a, 100.0), True),  # 256 and 128 alike, 64 less
        (lambda a: min(a, 128.0), True),
        (lambda a: min(a, 140.0), False),
        (lambda a: 100 + min(a, 128.99) / 128, True),  # moves by 0.77 % of itself
        (lambda a: 100 + a / 64, False),  # by 1.9 %
    ],
)
def test_a_plateau_is_a_last_doubling_that_moves_the_cost_by_less_than_a_hundredth(
    curve, is_plateau
):
    found = ufm.llm.choose_strength(Curve(curve), budget=1e9, hidden_norm=1.0)
    assert not found.reachable
    assert found.is_plateau is is_plateau
    assert found.limit == 0.5


def mass_falling(a):
    """A target's mass that only α < 0 lowers: 1/2 at 0, 1/10 at α = -4, level from -8 on."""
    return 0.5 + 0.1 * max(min(a, 0.0), -4.0)


def test_a_mass_below_the_unsteered_one_is_reached_at_negative_strengths():
    spend = Curve(mass_falling, slope=0.1, curvature=0.0)
    spend.target, spend._derivatives[0] = np.ones(1, bool), 0.5
    how = dict(kind="target_mass", hidden_norm=1.0)
    found = ufm.llm.choose_strength(spend, budget=0.3, **how)
    assert found.alpha == pytest.approx(-2, rel=1e-12)
    assert found.bracket.low <= found.alpha <= found.bracket.high < 0
    assert found.quadratic_alpha == pytest.approx(-2)
    assert found.predicted == pytest.approx(0.3)
    assert found.is_monotone
    assert (found.scanned < 0).all()
    never = ufm.llm.choose_strength(spend, budget=0.05, **how)
    assert (never.alpha, never.bracket) == (-math.inf, (-math.inf, -math.inf))
    assert (never.largest, never.is_plateau) == (pytest.approx(0.1), True)
    assert never.largest_alpha == never.scanned[never.scanned <= -4][0]
    assert never.furthest == never.scanned[-1] == -256
    assert math.isnan(never.predicted)
    assert np.isnan(never.spent).all()
    # the mass is there already, where the parabola crosses at 0 itself
    assert ufm.llm.choose_strength(spend, budget=0.5, **how).spent[3] == 0.5


def test_steering_that_only_lowers_the_cost_comes_nearest_at_zero():
    found = ufm.llm.choose_strength(Curve(lambda a: -a), budget=1.0, hidden_norm=1.0)
    assert (found.largest, found.largest_alpha, found.is_monotone) == (0, 0, False)


@pytest.mark.parametrize(
    ("parabola", "level", "want"),
    [
        ((0.0, 1.0, 0.0), 2.0, 2.0),
        ((0.0, -2.0, 2.0), 2.0, 1 + math.sqrt(3)),
        ((0.0, 1.0, -2.0), 0.1875, 0.25),  # the nearer of 1/4 and 3/4
        ((0.0, 1.0, -2.0), 0.26, math.nan),  # its top is 1/4
        ((0.0, -1.0, 0.0), 2.0, math.nan),
        ((1.0, 1.0, 0.0), 0.5, -0.5),
        ((1.0, -2.0, -2.0), -1.0, -(1 + math.sqrt(3))),
    ],
)
def test_where_a_parabola_first_crosses_a_level(parabola, level, want):
    found = Parabola(*parabola)
    assert found.crossing(level) == pytest.approx(want, nan_ok=True)
    if math.isfinite(want):
        assert found(want) == pytest.approx(level)


def test_strength_zero_is_the_unsteered_model(model, monkeypatch):
    from ufm.llm.strength.at_zero import differs_at_zero

    steering = ufm.llm.Steering(VECTOR, 0)
    assert differs_at_zero(model, steering, TEXT) is None
    # planted: an addition that is off by one unit in the last place at one position
    exact = _model.add
    nudge = lambda x, step, alphas: exact(x, step, alphas) * (1 + jnp.finfo(x.dtype).eps)  # noqa: E731
    monkeypatch.setattr(_model, "add", nudge)
    assert differs_at_zero(model, steering, TEXT) == 0


def past_all_others(log_p, odds, target):
    """W_j by its definition: E_α[M] between the largest other M and the least target M, by halving."""
    ends = []
    for level in (odds[~target].max(), odds[target].min()):
        lower, upper = -1e3, 1e3
        for _ in range(80):
            middle = 0.5 * (lower + upper)
            mean = np.exp(log_softmax(log_p + middle * odds)) @ odds
            lower, upper = (middle, upper) if mean < level else (lower, middle)
        ends.append(upper)
    return ends


def test_sweet_spots_are_those_of_the_theory(model):
    prompts = [[3, 4, 5, 6], [9, 8], [33, 12, 7]]
    odds = np.asarray(model.unembedding) @ VECTOR
    target = odds >= np.sort(odds)[-5]
    laws = [model.all_logits(row + [0] * (8 - len(row)))[len(row) - 1] for row in prompts]
    want = np.array([past_all_others(np.asarray(law), odds, target) for law in laws])
    steering = ufm.llm.Steering(VECTOR, 1, "all", "post-norm")
    alphas = np.linspace(want.min() - 1, want.max() + 1, 161)
    found = ufm.llm.sweet_spots(model, prompts, steering, target, alphas, tolerance=0.0)
    step = (alphas[1] - alphas[0]) / 17**3
    np.testing.assert_allclose(found.windows, want, atol=1.01 * step)
    lower, upper = want[:, 0].max(), want[:, 1].min()
    if lower < upper:
        np.testing.assert_allclose(found.common, (lower, upper), atol=1.01 * step)
    else:
        assert found.common is None
    inside = (alphas[None] > want[:, :1]) & (alphas[None] < want[:, 1:])
    np.testing.assert_array_equal(found.served, inside.sum(axis=0))


def test_sweet_spots_share_by_share(model):
    """Before the last block, against finite differences of single passes."""
    target = np.arange(64) % 7 == 3
    alphas = np.array([-1.5, 0.0, 2.0])
    how = dict(vector=VECTOR, layer=0)
    found = ufm.llm.sweet_spots(
        model, TEXT[:1], ufm.llm.Steering(VECTOR, 0), target, alphas, tolerance=0.3
    )
    for k, a in enumerate(alphas):
        p, up, down = (
            np.exp(log_softmax(np.asarray(model.all_logits(TEXT[0], a + h, **how)[-1])))
            for h in (0.0, 1e-6, -1e-6)
        )
        is_rising = up > down
        falls = p[target & ~is_rising].sum() / p[target].sum()
        rises = p[~target & is_rising].sum() / p[~target].sum()
        np.testing.assert_allclose(found.target_falling[0, k], falls, atol=1e-12)
        np.testing.assert_allclose(found.rest_rising[0, k], rises, atol=1e-12)


def test_prompts_that_no_one_strength_serves():
    from ufm.llm.measure.sweet_spots import _common, _window

    assert _common([Bracket(0.0, 1.0), Bracket(2.0, 3.0)]) is None
    assert _common([Bracket(0.0, 1.0), None]) is None
    assert _common([Bracket(0.0, 2.0), Bracket(1.0, 3.0)]) == (1.0, 2.0)
    bad = lambda alphas: np.abs(alphas[:, None] - 1.3)  # noqa: E731
    grid = np.arange(-4.0, 5.0)
    ends = _window(bad, grid, (bad(grid) <= 1.5).all(axis=1), 1.5)
    np.testing.assert_allclose(ends, (-0.2, 2.8), atol=1 / 17**3)


SPEND = dict(windows=TEXT, length=8)
BAD = [
    (dict(budget=0.0), "budget must be positive and finite, in nats for kind 'cross_entropy'; got"),
    (dict(budget=-1.0), "budget must be positive and finite"),
    (dict(budget=math.inf), "budget must be positive and finite"),
    (dict(budget=math.nan), "budget must be positive and finite"),
    (dict(budget=1.0, kind="target_mass"), "budget must be in (0, 1) for kind 'target_mass'"),
    (dict(budget=0.5, kind="target_mass"), "needs a target: name its tokens"),
    (dict(kind="perplexity"), "kind must be one of cross_entropy, forward_kl, reverse_kl"),
    (dict(hidden_norm=0.0), "hidden_norm must be positive and finite; got 0.0"),
    (dict(digits=0), "digits must be at least 1; got 0"),
    (dict(furthest=-1.0), "furthest must be positive and finite; got -1.0"),
    (dict(windows=[]), "the text holds no window"),
    (dict(windows=[[3]]), "a window must hold 2 to 8 tokens; got 1"),
    (dict(windows=[[3, 64]]), "tokens hold 64, outside the vocabulary 0..63"),
    (dict(target=np.zeros(64, bool)), "concept holds 0 of 64 tokens"),
    (dict(layer=2), "layer 2 is out of range: the model has blocks 0..1"),
    (dict(positions="last"), 'the cost on text steers "all" positions'),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_cannot_be_chosen_says_why(model, change, message):
    change = dict(change)
    layer, positions = change.pop("layer", 0), change.pop("positions", "all")
    given = SPEND | {k: change.pop(k) for k in ("windows", "target") if k in change}
    asked = dict(budget=0.1, hidden_norm=3.0) | change

    def choose():
        steering = ufm.llm.Steering(VECTOR, layer, positions)
        return ufm.llm.choose_strength(
            ufm.llm.TextSpend(model, steering=steering, **given), **asked
        )

    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        choose()
    assert "\n" not in str(caught.value)

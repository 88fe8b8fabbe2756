"""The spread over prompts: against strengths chosen anew, prompt sets drawn by hand, and a known truth."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import norm

import ufm.llm
from ufm.app.printing.strength.grounds import other_prompts
from ufm.llm.steering.prompt_states import PromptStates, StatesAtOnce
from ufm.llm.strength import spread as module
from ufm.llm.strength.guarantee import find_guarantee
from ufm.llm.strength.prompt_mass import MeanMass
from ufm.llm.strength.spread import Outcome, Spread, measure_spread
from ufm.tilt.resampling import resampled_differences

TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9], [9, 8, 33, 12, 7, 7, 30, 31], [50, 51, 6, 20]]
PROMPTS = [[3, 4, 5], [9, 8], [7]]
TARGET = np.arange(64) < 8
VECTOR = np.linspace(-1, 1, 16) ** 3 + 0.1
PLACES = [(0, "residual"), (1, "residual"), (1, "post-norm")]
NAMES = Outcome._fields


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


class Case:
    """A model steered along the difference of two clouds of states; what the report measures of it."""

    def __init__(self, model, states, place=(0, "residual"), budget=0.02, kind="forward_kl"):
        self.model, self.states, (self.layer, self.site) = model, states, place
        self.chosen_on, self.measured_on = (self.spend(states.vector, k) for k in (0, 1))
        steering = self.chosen_on.steering
        self.mass = MeanMass(model, PROMPTS, steering, TARGET)
        how = dict(budget=budget, kind=kind, hidden_norm=1.0, digits=9)
        self.choose = lambda spend: ufm.llm.choose_strength(spend, **how)
        self.column = ufm.llm.KINDS.index(kind)

    def rows(self, vector):
        """Those of several blocks come end to end."""
        return vector.reshape(-1, 16) if isinstance(self.layer, tuple) else vector

    def spend(self, vector, part):
        steering = ufm.llm.Steering(self.rows(vector), self.layer, site=self.site)
        return ufm.llm.TextSpend(self.model, TEXT[part::2], steering, length=8, target=TARGET)

    def spread(self, **how):
        choice = self.choose(self.chosen_on)
        given = choice, self.states, self.chosen_on, self.measured_on, self.mass
        return measure_spread(*given, **(dict(resamples=200) | how))

    def by_hand(self, vector):
        """The outcome of another v: a new search, full passes for its price and its mass."""
        alpha = self.choose(self.spend(vector, 0)).alpha
        how = dict(vector=self.rows(vector), layer=self.layer, site=self.site)
        logits = [np.asarray(self.model.logits(row, alpha, **how)) for row in PROMPTS]
        mass = np.mean([np.exp(x)[TARGET].sum() / np.exp(x).sum() for x in logits])
        return np.array([alpha, self.spend(vector, 1).at([alpha])[0, self.column], mass])


def clouds(seed=0, p=12, n=14, noise=0.1, normalised=True):
    generator = np.random.default_rng(seed)
    positive, negative = (generator.normal(size=(size, 16)) * noise for size in (p, n))
    return PromptStates(positive + VECTOR, negative, normalised)


@pytest.mark.parametrize("place", PLACES)
def test_gradients_are_those_of_central_differences(model, place):
    layer, site = place
    alpha, h, direction = 1.3, 1e-5, np.random.default_rng(0).normal(size=16)
    here = ufm.llm.Steering(VECTOR, layer, site=site)
    moved = [ufm.llm.Steering(alpha * VECTOR + t * direction, layer, site=site) for t in (h, -h)]
    # truncation h² times a third derivative, rounding eps/h
    spend = ufm.llm.TextSpend(model, TEXT, here, length=8, target=TARGET)
    up, down = (
        ufm.llm.TextSpend(model, TEXT, s, length=8, target=TARGET).at([1.0])[0] for s in moved
    )
    found = [spend.gradient(alpha, kind) @ direction for kind in ufm.llm.KINDS]
    np.testing.assert_allclose(found, (up - down) / (2 * h), atol=1e-8)
    up, down = (MeanMass(model, PROMPTS, s, TARGET).at(1.0) for s in moved)
    mass = MeanMass(model, PROMPTS, here, TARGET).gradient(alpha)
    np.testing.assert_allclose(mass @ direction, (up - down) / (2 * h), atol=1e-8)


def test_a_text_along_another_vector_is_that_text(model):
    for layer, site in PLACES:
        spend = ufm.llm.TextSpend(model, TEXT, ufm.llm.Steering(VECTOR, layer, site=site), length=8)
        kept = spend.at([0.7]), spend.passes
        other = VECTOR[::-1] + 0.2
        anew = ufm.llm.TextSpend(model, TEXT, ufm.llm.Steering(other, layer, site=site), length=8)
        np.testing.assert_array_equal(spend.along(other).at([0.7, 2.0]), anew.at([0.7, 2.0]))
        np.testing.assert_array_equal(spend.at([0.7]), kept[0])
        assert spend.passes == kept[1]


def off_by(model, noise, **case):
    """The largest relative error of the first order over ten resamples, chosen anew by hand."""
    case = Case(model, clouds(noise=noise), **case)
    found, states = case.spread(resamples=10, seed=3).resampled, case.states
    drawn = resampled_differences(states.positive, states.negative, 10, 3)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    want = np.array([case.by_hand(v) for v in drawn])
    centre = case.by_hand(case.states.vector)
    error = np.abs(np.stack(found, axis=1) - want) / centre
    return error.max(axis=0), np.abs(want / centre - 1).max(axis=0)


@pytest.mark.parametrize(
    ("place", "kind"),
    [(PLACES[0], "forward_kl"), (PLACES[1], "reverse_kl"), (PLACES[2], "cross_entropy")],
)
def test_the_first_order_is_off_by_the_square_of_the_noise(model, place, kind):
    coarse, moved = off_by(model, 0.03, place=place, kind=kind)
    fine, _ = off_by(model, 0.003, place=place, kind=kind)
    assert (coarse < 0.25 * moved).all()
    assert (fine < coarse / 30).all()  # a hundredth, where the next order is small


def test_several_blocks_at_once_are_resampled_together(model):
    errors = []
    for noise in (0.03, 0.003):
        parts = clouds(noise=noise), clouds(1, noise=noise)
        case = Case(model, StatesAtOnce(parts, (1.0, -0.5)), place=((0, 1), "residual"))
        changes = case.states.changes(5, 3)
        by_part = [parts[0].changes(5, 3), -0.5 * parts[1].changes(5, 3)]
        np.testing.assert_array_equal(changes, np.concatenate(by_part, axis=1))
        found = case.spread(resamples=5, seed=3).resampled
        want = np.array([case.by_hand(case.states.vector + change) for change in changes])
        centre = case.by_hand(case.states.vector)
        error = np.abs(np.stack(found, axis=1) - want) / centre
        errors.append(error.max(axis=0))
        assert (error.max(axis=0) < 0.25 * np.abs(want / centre - 1).max(axis=0)).all()
    assert (errors[1] < errors[0] / 30).all()
    assert case.states.halves(2, 0).shape == (2, 2, 32)


def test_a_gradient_taken_elsewhere_is_found_to_be_no_first_order(model, monkeypatch):
    """A planted fault: the cost's tangent plane at half of the strength."""
    right = ufm.llm.TextSpend.gradient
    monkeypatch.setattr(
        ufm.llm.TextSpend, "gradient", lambda self, a, kind: right(self, a / 2, kind)
    )
    (coarse, _), (fine, _) = off_by(model, 0.03), off_by(model, 0.003)
    assert not (fine < coarse / 30).all()


def test_a_longer_vector_wants_a_smaller_strength_and_nothing_else(model):
    """α(cv) = α(v)/c: in other units, and where each resample has a length of its own."""
    states = clouds(normalised=False)
    twice = PromptStates(2 * states.positive, 2 * states.negative, False)
    free, half, unit = (Case(model, s).spread() for s in (states, twice, clouds()))
    np.testing.assert_allclose(half.resampled.alpha, free.resampled.alpha / 2, rtol=1e-7)
    np.testing.assert_allclose(half.resampled[1:], free.resampled[1:], rtol=1e-7)
    np.testing.assert_allclose(free.resampled[1:], unit.resampled[1:], rtol=1e-7)
    v = states.vector
    stretched = states.changes(200, seed=0) @ v / (v @ v)  # to first order
    assert stretched.std() > 0.01
    ratio = (free.resampled.alpha / free.found.alpha) / (unit.resampled.alpha / unit.found.alpha)
    np.testing.assert_allclose(ratio, np.exp(-stretched), rtol=1e-7)


def test_the_spread_is_that_of_the_delta_method(model):
    """Closed form, no resampling: the variance of a mean is that of its terms over n."""
    case = Case(model, clouds(p=9, n=30))
    spread = case.spread(resamples=20_000)
    states, alpha = case.states, float(spread.found.alpha)
    difference = states.positive.mean(axis=0) - states.negative.mean(axis=0)
    v = difference / np.linalg.norm(difference)
    g, f = case.chosen_on.gradient(alpha, "forward_kl"), case.mass.gradient(alpha)
    mass = float(spread.found.mass)
    # what one state, moved by x, does to log α and, at the new α, to log F_T - log(1 - F_T)
    across = (np.eye(16) - np.outer(v, v)) / np.linalg.norm(difference)
    on_alpha = -across @ g / (g @ v)
    on_odds = alpha * (across @ f + on_alpha * (f @ v)) / (mass * (1 - mass))
    for slope, values in [
        (on_alpha, np.log(spread.resampled.alpha)),
        (on_odds, np.log(spread.resampled.mass / (1 - spread.resampled.mass))),
    ]:
        want = sum(
            (side @ slope).var(ddof=1) / len(side) for side in (states.positive, states.negative)
        )
        # the standard error of a standard deviation of 20,000 draws is 0.5 %
        assert values.std() == pytest.approx(np.sqrt(want), rel=0.02)


def test_halves_are_divisions_of_the_prompts_and_measured_in_full(model):
    states = clouds(p=7, n=8, normalised=False)
    pairs = states.halves(2, seed=5)
    # v is mean - mean: the mean over both halves is that of 6 of the 7 and of all 8
    sums = [np.delete(states.positive, k, axis=0).mean(axis=0) for k in range(7)]
    for pair in pairs:
        left_out = [
            np.abs(pair.mean(axis=0) - (s - states.negative.mean(axis=0))).max() for s in sums
        ]
        assert sorted(left_out)[0] < 1e-14 < sorted(left_out)[1]
    assert not np.allclose(pairs[0], pairs[1])
    case = Case(model, states)
    spread = case.spread(halves=2, seed=5)
    want = np.array([[case.by_hand(v) for v in pair] for pair in pairs])
    np.testing.assert_allclose(np.stack(spread.halves, axis=2), want, rtol=2e-3)
    error = np.sqrt(((want[:, 0] - want[:, 1]) ** 2).mean(axis=0)) / 2
    shift = want.mean(axis=(0, 1)) - case.by_hand(states.vector)
    for name, e, s in zip(NAMES, error, shift, strict=True):
        assert spread.halves_error(name) == pytest.approx(e, rel=0.02)
        assert spread.halves_shift(name) == pytest.approx(s, rel=0.2, abs=2e-3 * abs(s))
    assert spread.follows_root is None


def test_halves_follow_the_root_of_n_where_the_first_order_holds(model):
    spread = Case(model, clouds(p=40, n=40)).spread(resamples=1000, halves=16)
    for name in NAMES:
        ratio = spread.halves_error(name) / spread.interval(name).error
        assert 0.6 < ratio < 1.6  # three standard errors of a spread of 16 pairs
    assert spread.follows_root
    assert spread.prompts_to_halve == (160, 160)


def share_inside(model, draws):
    """How often the intervals of `draws` sets of prompts hold what the vector of endlessly many gives."""
    truth = Case(model, clouds()).by_hand(VECTOR / np.linalg.norm(VECTOR))
    inside = np.zeros(3)
    for seed in range(draws):
        spread = Case(model, clouds(seed, p=16, n=16)).spread(resamples=200)
        for k, name in enumerate(NAMES):
            low, high, _ = spread.interval(name)
            inside[k] += low <= truth[k] <= high
    return inside / draws


def test_intervals_hold_the_truth_about_as_often_as_they_say(model):
    share = share_inside(model, 60)
    assert (share >= 0.85).all()  # three standard errors of a share of 60 draws below 0.93


def test_an_interval_for_known_negative_prompts_is_found_too_short(model, monkeypatch):
    """A planted fault: N is not drawn anew, and P from a quarter of its spread."""
    right = PromptStates.changes

    def fault(self, count, seed):
        mean = self.negative.mean(axis=0)
        known = np.tile(mean, (2, 1))
        middle = self.positive.mean(axis=0)
        return right(PromptStates(middle + (self.positive - middle) / 4, known, True), count, seed)

    monkeypatch.setattr(PromptStates, "changes", fault)
    assert (share_inside(model, 20) < 0.7).any()


def test_a_half_whose_direction_never_spends_the_budget_has_no_strength(model):
    spread = Case(model, clouds(p=4, n=4, noise=4.0)).spread(halves=6)
    lost = ~np.isfinite(spread.halves.alpha)
    assert 0 < lost.sum() < 12
    assert (~np.isfinite(np.stack(spread.halves)) == lost).all()
    assert spread.halves_error("alpha") == np.inf


def test_a_spending_that_turns_back_at_the_choice_has_no_first_order(model, monkeypatch):
    right = ufm.llm.TextSpend.gradient
    monkeypatch.setattr(ufm.llm.TextSpend, "gradient", lambda self, a, kind: -right(self, a, kind))
    assert Case(model, clouds()).spread() is None


def test_a_smaller_mass_is_reached_by_negative_strengths(model):
    states = clouds(noise=0.02)
    wanted = Case(model, states).chosen_on.at([-1.0])[0, 3]
    spread = Case(model, states, budget=wanted, kind="target_mass").spread(halves=1)
    assert spread.found.alpha == pytest.approx(-1, rel=1e-6)
    low, high, error = spread.interval("alpha")
    assert low < -1 < high
    assert error < 0.1
    np.testing.assert_allclose(spread.halves.alpha, -1, atol=6 * error)


def test_a_mass_that_rounds_to_nothing_is_left_out(model, monkeypatch):
    monkeypatch.setattr(MeanMass, "at", lambda self, alpha: 0.0)
    spread = Case(model, clouds()).spread()
    assert np.isnan(spread.found.mass)
    assert "mass" not in spread.as_json()


def test_the_guarantee_spends_what_the_error_leaves(model):
    """At the post-norm site, where M = Wv: the cost at α and 2αη add up to the budget."""
    states = clouds(p=200, n=200, noise=0.05)
    case = Case(model, states, place=(1, "post-norm"))
    choice = case.choose(case.chosen_on)
    found = find_guarantee(choice, states, case.chosen_on, resamples=300)
    head = np.asarray(model.unembedding)
    want = ufm.resampled_error(
        states.positive, states.negative, head, resamples=300, normalise=True
    )
    assert found.error == want
    cost = case.chosen_on.at([found.alpha])[0, 1]
    assert cost + 2 * found.alpha * found.error == pytest.approx(0.02, rel=2e-3)
    assert found.alpha < choice.alpha
    # the true vector, which nobody knows but this test, pays no more than the budget
    true = case.spend(VECTOR / np.linalg.norm(VECTOR), 0)
    assert true.at([found.alpha])[0, 1] <= 0.02
    for place, kind in [((1, "residual"), "forward_kl"), ((1, "post-norm"), "reverse_kl")]:
        other = Case(model, states, place=place, kind=kind)
        given = other.choose(other.chosen_on), states, other.chosen_on
        assert find_guarantee(*given, resamples=5) is None


def made(pairs, mass=True):
    """A spread with α of standard error 1 about 20, and pairs of halves that differ by `pairs`."""
    alpha = 20 + norm.ppf((np.arange(10_000) + 0.5) / 10_000)
    masses = alpha / 1000 if mass else np.full(alpha.size, np.nan)
    halves = np.stack([21 + np.array(pairs) / 2, 21 - np.array(pairs) / 2], axis=1)
    found = Outcome(20.0, 0.1, 0.02 if mass else np.nan)
    return Spread(found, (64, 32), Outcome(alpha, alpha / 200, masses), Outcome(*[halves] * 3))


def said(spread, guarantee=None):
    report = SimpleNamespace(
        spread=spread, guarantee=guarantee, choice=SimpleNamespace(kind="cross_entropy")
    )
    return list(other_prompts(report))


def test_what_is_said_of_other_prompts():
    first, second = said(made([]))
    assert first == (
        "with other prompts for the vector (64 and 32, 95% of 10000 resamples, to first order): "
        "α 18 to 22, cross-entropy 0.0902 to 0.11, mass after prompts 0.018 to 0.022"
    )
    assert (
        second
        == "256 and 128 prompts would halve that if it falls as 1/√n, which --halves 8 checks"
    )
    assert "mass" not in said(made([], mass=False))[0]
    # halves √2 times as wide each, so 2 apart
    _, second = said(made([2.0] * 8))
    assert second == (
        "256 and 128 prompts would halve that: 8 divisions of the prompts in halves give an α that is +1 "
        "off on average, and 1 times this spread"
    )
    _, second = said(made([6.0] * 8))
    assert second.startswith("how many prompts would halve that is unknown: 8 divisions")
    assert said(made([2.0] * 7))[1].endswith("--halves 8 checks")
    guarantee = SimpleNamespace(error=0.001, alpha=12.0)
    assert said(None, guarantee) == [
        "M is known within η = 0.001 a unit of α at 95%: up to α = 12 the true M keeps the budget on the "
        "text chosen on"
    ]


def test_the_level_is_that_of_the_interval():
    spread = made([])
    low, high, error = spread.interval("alpha")
    inside = (spread.resampled.alpha >= low) & (spread.resampled.alpha <= high)
    assert inside.mean() == pytest.approx(module.LEVEL, abs=2e-4)
    assert error == pytest.approx(1, rel=0.03)

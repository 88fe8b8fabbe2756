"""What the plots refuse, each with one line that says why."""

import matplotlib
import numpy as np
import pytest

import ufm

matplotlib.use("Agg")

from matplotlib import pyplot as plt

from ufm import plots

DATA = ufm.ConceptDataset.smoothed(epsilon=0.05)
TILT = ufm.ExponentialTilt.from_dataset(DATA, [0, 1], [2, 3])
TARGET = np.arange(9) < 3
ALPHAS = np.linspace(-1, 1, 5)
FLAT = ufm.ExponentialTilt(TILT.log_probs, np.zeros(9))
PI = DATA.context_weights
CHAIN = ufm.ContextChain(TILT, np.zeros((6, 9), int), PI)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def bounds(tilt=TILT, weights=PI, **changes):
    return plots.cross_entropy_bounds(
        tilt, weights, **({"target": TARGET, "alphas": ALPHAS} | changes)
    )


def across(**changes):
    return plots.concept_across_contexts(TILT, TARGET, **({"alphas": ALPHAS} | changes))


def tokens(tilt=TILT, context=2, **changes):
    return plots.token_curves(tilt, context, **({"alphas": ALPHAS} | changes))


BAD = {
    "tokens: context": (lambda: tokens(context=6), r"one of 0\.\.5; got 6"),
    "tokens: negative context": (lambda: tokens(context=-1), "got -1"),
    "tokens: order": (lambda: tokens(alphas=ALPHAS[::-1]), "increasing order; got 5 of them"),
    "tokens: one strength": (lambda: tokens(alphas=[1.0]), "at least 2 finite .* got 1 of them"),
    "tokens: infinite": (lambda: tokens(alphas=[0.0, np.inf]), "finite strengths"),
    "tokens: names": (lambda: tokens(names=["a"]), "name the 9 tokens; got 1 names"),
    "tokens: concepts": (lambda: tokens(token_concept=[0, 1]), r"hold 9 concept numbers.*\(2,\)"),
    "tokens: fractions": (lambda: tokens(token_concept=np.arange(9) / 2), "got .*dtype float64"),
    "tokens: flat": (lambda: tokens(FLAT), "log_odds are constant"),
    "curve: weights": (
        lambda: plots.cross_entropy_curve(TILT, [1.0], alphas=ALPHAS),
        r"weights must have shape \(6,\)",
    ),
    "bars: context": (lambda: plots.next_token_bars(DATA, 6), r"one of 0\.\.5; got 6"),
    "bars: names": (lambda: plots.next_token_bars(DATA, 0, names=["a"]), "the 9 tokens; got 1"),
    "bars: concepts": (
        lambda: plots.next_token_bars(DATA, 0, concept_names=["T"]),
        "the 3 concepts; got 1",
    ),
    "bounds: flat": (lambda: bounds(FLAT), "log_odds are constant"),
    "bounds: target": (lambda: bounds(target=np.ones(9, bool)), "got 9 of them"),
    "bounds: weights": (lambda: bounds(weights=[1.0]), r"weights must have shape \(6,\)"),
    "bounds: order": (lambda: bounds(alphas=ALPHAS[::-1]), "increasing order"),
    "across: contexts": (lambda: across(contexts=[7]), r"one of 0\.\.5; got \[7\]"),
    "across: none": (lambda: across(contexts=[]), r"at least one of 0\.\.5; got \[\]"),
    "across: names": (lambda: across(contexts=[0, 1], names=["a"]), "the 2 contexts; got 1"),
    "windows: not separated": (
        lambda: plots.sweet_spot_windows(TILT, target=~TARGET),
        "not separated",
    ),
    "windows: contexts": (
        lambda: plots.sweet_spot_windows(TILT, target=TARGET, contexts=[-1]),
        r"got \[-1\]",
    ),
    "map: flat": (lambda: plots.peak_map(FLAT, target=TARGET), "log_odds are constant"),
    "map: target": (lambda: plots.peak_map(TILT, target=[0, 1]), "boolean mask"),
    "price: budget": (
        lambda: plots.cost_against_mass(TILT, PI, target=TARGET, budgets=[-1.0]),
        "budget must be positive",
    ),
    "price: not separated": (
        lambda: plots.cost_against_mass(TILT, PI, target=~TARGET),
        "not separated",
    ),
    "estimate: not separated": (
        lambda: plots.estimated_cost(TILT, -TILT.log_odds, PI, target=TARGET),
        "not separated",
    ),
    "estimate: budget": (
        lambda: plots.estimated_cost(TILT, TILT.log_odds, PI, target=TARGET, budget=-1.0),
        "budget must be positive",
    ),
    "effects: context": (
        lambda: plots.side_effects(TILT, 6, sets=[TARGET], alphas=ALPHAS),
        r"one of 0\.\.5; got 6",
    ),
    "effects: names": (
        lambda: plots.side_effects(TILT, 0, sets=[TARGET], alphas=ALPHAS, names=["a", "b"]),
        "the 1 sets; got 2",
    ),
    "effects: set": (
        lambda: plots.side_effects(TILT, 0, sets=[np.ones(9, bool)], alphas=ALPHAS),
        "got 9 of them",
    ),
    "sequence: quantity": (
        lambda: plots.sequence_curve(CHAIN, target=TARGET, length=2, alphas=ALPHAS, quantity="x"),
        "quantity must be one of presence, count, divergence; got 'x'",
    ),
    "sequence: target": (
        lambda: plots.sequence_curve(CHAIN, target=TARGET[1:], length=2, alphas=ALPHAS),
        r"boolean mask of shape \(9,\)",
    ),
    "sequence: length": (
        lambda: plots.sequence_curve(CHAIN, target=TARGET, length=0, alphas=ALPHAS),
        "at least 1; got 0",
    ),
    "two vectors: constant": (
        lambda: plots.two_vectors(TILT, np.ones(9), PI, alphas=ALPHAS, betas=ALPHAS),
        "for every token",
    ),
    "ceiling: kind": (
        lambda: plots.mass_against_cost(TILT, PI, target=TARGET, kind="target_mass"),
        "kind must be one of",
    ),
    "ceiling: budget": (
        lambda: plots.mass_against_cost(TILT, PI, target=TARGET, budgets=[-1.0]),
        "budget must be positive",
    ),
    "ceiling: weights": (
        lambda: plots.mass_against_cost(TILT, [1.0], target=TARGET),
        r"weights must have shape \(6,\)",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_a_reason(case):
    call, message = BAD[case]
    # a `TypeCheckError`, which the type checker of the tests raises, is no `ValueError`: it would fail
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_a_peak_map_without_margin_has_no_band():
    axes = plots.peak_map(TILT, target=~TARGET, contexts=[0])
    assert not axes.patches
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["0", "peak off target", "peak on target", "peak at ±∞"]


@pytest.mark.parametrize("draw", [plots.cost_against_mass, plots.mass_against_cost])
def test_a_budget_beyond_the_picture_is_left_out(draw):
    axes = draw(TILT, PI, target=TARGET, budgets=[0.1, 50.0])
    marks = [line.get_gid() for line in axes.lines if str(line.get_gid()).startswith("budget")]
    assert marks == ["budget 0"]


def test_float32_is_refused_where_peaks_are_needed():
    single = ufm.ExponentialTilt(
        np.asarray(TILT.log_probs, np.float32), np.asarray(TILT.log_odds, np.float32)
    )
    with pytest.raises(TypeError, match="float64"):
        plots.sweet_spot_windows(single, target=TARGET)

"""The public strategies keep their promises, and refuse bounds that nothing meets."""

import re
from pathlib import Path

import jax
import numpy as np
import pytest
from hypothesis import Phase, find, given, settings
from hypothesis.errors import HypothesisWarning

from tests.examples import run_elsewhere
from ufm import strategies

FEW = settings(max_examples=50)
FEWEST = settings(max_examples=10, derandomize=True)
# To find is enough: shrinking what was found would take most of the time.
FIND = settings(max_examples=500, derandomize=True, phases=[Phase.generate])


@FEW
@given(strategies.datasets(max_concepts=3, max_size=3))
def test_datasets_satisfy_assumption_1(data):
    p = np.asarray(data.next_token_probs)
    own = np.asarray(data.context_concept)[:, None] == np.asarray(data.token_concept)
    assert 2 <= data.token_concept.max() + 1 <= 3
    for z in range(p.shape[1]):
        a, b = p[own[:, z], z], p[~own[:, z], z]
        assert np.ptp(a) == 0
        assert np.ptp(b) == 0
        assert 1 > a[0] > b[0] > 0


@FEW
@given(strategies.steerings(min_size=2, min_contexts=2, max_contexts=4))
def test_steerings_keep_p_in_one_concept_and_n_outside(steering):
    data, positive, negative = steering
    concept = np.asarray(data.context_concept)
    assert len(set(concept[positive])) == 1
    assert set(concept[positive]).isdisjoint(concept[negative])
    assert positive == sorted(set(positive))
    assert negative == sorted(set(negative))


@pytest.mark.parametrize(("contrastive", "counts"), [(True, {1}), (False, {2, 3})])
def test_contrastive_bounds_the_concepts_of_n(contrastive, counts):
    @FEW
    @given(strategies.steerings(contrastive=contrastive))
    def check(steering):
        data, _, negative = steering
        assert len(set(np.asarray(data.context_concept)[negative])) in counts

    check()


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(lambda s: len(s[1]) != len(s[2]), id="unequal sizes"),
        pytest.param(
            lambda s: len(set(np.asarray(s[0].context_concept)[s[2]])) == 1, id="contrast"
        ),
        pytest.param(lambda s: len(set(np.asarray(s[0].context_concept)[s[2]])) == 2, id="random"),
        pytest.param(lambda s: s[1][0] > s[2][0], id="target not first"),
    ],
)
def test_steerings_reach(wanted):
    find(strategies.steerings(), wanted, settings=FIND)


@FEW
@given(strategies.tilts(max_tokens=6, min_probability=1e-200, max_odds=5.0))
def test_tilts_keep_to_their_bounds(tilt):
    assert tilt.log_probs.shape[0] in {1, 3}
    assert tilt.log_probs.min() >= np.log(1e-200) - 1e-9
    assert np.abs(tilt.log_odds).max() <= 5 * (1 + 1e-15)
    assert float(tilt.odds_range()) >= 0.01


@FEW
@given(strategies.tilts(ties=False))
def test_tilts_without_ties_have_distinct_odds(tilt):
    assert np.unique(np.asarray(tilt.log_odds)).size == tilt.log_odds.size


@pytest.mark.parametrize(
    "wanted",
    [
        pytest.param(lambda t: np.unique(t.log_odds).size < t.log_odds.size, id="tie"),
        pytest.param(lambda t: int(t.extremal_tokens(1).sum()) > 1, id="tie at the top"),
        pytest.param(lambda t: int(t.extremal_tokens(-1).sum()) > 1, id="tie at the bottom"),
        pytest.param(lambda t: float(t.log_probs.min()) < -600, id="tiny p"),
        pytest.param(
            lambda t: 0 < np.diff(np.unique(t.log_odds)).min() < 1e-9 * np.ptp(t.log_odds),
            id="near tie",
        ),
    ],
)
def test_tilts_reach(wanted):
    find(strategies.tilts(max_tokens=5), wanted, settings=FIND)


def test_datasets_shrink_to_small_fractions():
    data = find(
        strategies.datasets(min_size=2, max_size=2, max_concepts=2), lambda d: True, settings=FEWEST
    )
    np.testing.assert_allclose(data.next_token_probs[0], [0.3, 0.3, 0.2, 0.2], rtol=1e-15)


BAD_BOUNDS = [
    (strategies.datasets, {"min_concepts": 1}, "need 2 <= min_concepts"),
    (strategies.datasets, {"max_concepts": 1}, "min_concepts = 2, max_concepts = 1"),
    (strategies.datasets, {"min_size": 0}, "need 1 <= min_size"),
    (strategies.datasets, {"min_size": 5}, "min_size = 5, max_size = 4"),
    (strategies.datasets, {"min_contexts": 4}, "min_contexts = 4, max_contexts = 3"),
    (strategies.datasets, {"max_size": 1, "min_contexts": 2}, "at most 1 contexts"),
    (strategies.datasets, {"max_weight": 0}, "max_weight = 0"),
    (strategies.steerings, {"contrastive": False, "max_concepts": 2}, "min_concepts = 3"),
    (strategies.steerings, {"max_size": 0}, "max_size = 0"),
    (strategies.tilts, {"max_contexts": 0}, "max_contexts = 0"),
    (strategies.tilts, {"max_tokens": 1}, "max_tokens = 1"),
    (strategies.tilts, {"min_probability": 0.0}, "min_probability must lie in"),
    (strategies.tilts, {"min_probability": 0.3}, re.escape("= [1e-307, 0.125]; got 0.3")),
    (strategies.tilts, {"min_probability": float("nan")}, "got nan"),
    (strategies.tilts, {"max_odds": 0.0}, "max_odds must lie in"),
    (strategies.sublists, {"values": []}, "values is empty"),
]


@pytest.mark.parametrize(("make", "bounds", "message"), BAD_BOUNDS)
def test_impossible_bounds_raise_at_once(make, bounds, message):
    with pytest.raises(ValueError, match=message):
        make(**bounds)


def test_the_examples_run_as_a_user_copies_them(tmp_path):
    run_elsewhere(
        tmp_path,
        strategies.patient,
        strategies.datasets,
        strategies.steerings,
        strategies.tilts,
    )


def test_a_test_with_a_deadline_is_told_what_to_do():
    @settings(deadline=200, max_examples=1, database=None, phases=[Phase.generate])
    @given(strategies.tilts(max_tokens=2))
    def hurried(tilt):
        pass

    @strategies.patient(max_examples=1)
    @given(strategies.steerings(), strategies.tilts(max_tokens=2))
    def unhurried(steering, tilt):
        pass

    message = r"deadline of 200 ms: put @ufm.strategies.patient\(\) on it"
    with pytest.warns(HypothesisWarning, match=message):
        hurried()
    unhurried()  # of which a warning would be an error


def test_odds_without_ties_differ_in_float32_too():
    with jax.enable_x64(False):
        tilt = find(
            strategies.tilts(ties=False),
            lambda t: 0 < np.diff(np.unique(t.log_odds)).min() < 1e-5 * np.ptp(t.log_odds),
            settings=FIND,
        )
        assert tilt.log_odds.dtype == np.float32

        @FEW
        @given(strategies.tilts(ties=False))
        def check(tilt):
            assert np.unique(np.asarray(tilt.log_odds)).size == tilt.log_odds.size

        check()


def test_strategies_neither_filter_nor_assume():
    """Every draw is a whole example: as many checks as were asked for, none thrown away."""
    count = [0]

    @settings(max_examples=60, phases=[Phase.generate])
    @given(strategies.steerings(), strategies.tilts(max_tokens=5))
    def check(steering, tilt):
        count[0] += 1

    check()
    assert count[0] == 60
    source = Path(strategies.__file__).read_text()
    assert ".filter(" not in source
    assert "assume(" not in source

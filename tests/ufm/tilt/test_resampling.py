"""η over resampled prompts against plain loops, and how often it holds the true error."""

import re

import numpy as np
import pytest

import ufm
from ufm.tilt import resampling

WIDTH, TOKENS = 5, 40
HEAD = np.random.default_rng(1).normal(size=(TOKENS, WIDTH))
MEANS = np.random.default_rng(2).normal(size=(2, WIDTH))


def drawn(seed, p=24, n=30):
    """States of P and N about the true means, with skewed noise of unequal size."""
    generator = np.random.default_rng(seed)
    noise = [
        generator.exponential(1.0 + k, (size, WIDTH)) - (1.0 + k) for k, size in ((0, p), (1, n))
    ]
    return MEANS[0] + noise[0], MEANS[1] + noise[1]


def by_hand(positive, negative, level, count, normalise):
    """The same quantile by loops over prompts drawn one at a time, with a seed of its own."""
    generator, errors = np.random.default_rng(99), []
    scaled = (lambda v: v / np.sqrt((v**2).sum())) if normalise else (lambda v: v)
    m = HEAD @ scaled(positive.mean(axis=0) - negative.mean(axis=0))
    for _ in range(count):
        means = []
        for side in (positive, negative):
            size = len(side)
            mean = side[[generator.integers(size) for _ in range(size)]].mean(axis=0)
            means.append(
                side.mean(axis=0) + np.sqrt(size / (size - 1)) * (mean - side.mean(axis=0))
            )
        error = HEAD @ scaled(means[0] - means[1]) - m
        errors.append((error.max() - error.min()) / 2)
    return np.quantile(errors, level)


@pytest.mark.parametrize("normalise", [False, True])
def test_eta_is_the_quantile_over_prompts_drawn_one_by_one(normalise):
    sides = drawn(0)
    for level in (0.5, 0.95):
        found = ufm.resampled_error(*sides, HEAD, level=level, resamples=2000, normalise=normalise)
        # the standard error of a quantile of 2,000 draws is about 1.5 %
        assert found == pytest.approx(by_hand(*sides, level, 2000, normalise), rel=0.05)


def coverage(draws=400, **change):
    """How often η holds the error of the M that was measured, about the true M."""
    truth, inside = HEAD @ (MEANS[0] - MEANS[1]), 0
    for seed in range(draws):
        positive, negative = drawn(seed)
        estimate = HEAD @ (positive.mean(axis=0) - negative.mean(axis=0))
        error = ufm.log_odds_error(estimate, truth)
        inside += float(error) <= ufm.resampled_error(
            positive, negative, HEAD, resamples=300, **change
        )
    return inside / draws


def test_eta_holds_the_true_error_as_often_as_it_says():
    # three standard errors of a share of 400 draws, and a per cent or two for few prompts with skewed noise
    assert abs(coverage() - 0.95) < 0.05
    assert abs(coverage(level=0.5) - 0.5) < 0.09


def test_an_eta_of_one_side_alone_is_found_not_to_cover(monkeypatch):
    """A planted fault: the prompts of N are taken for known."""

    def fault(positive, negative, count, seed):
        return whole(positive, np.tile(negative.mean(axis=0), (2, 1)), count, seed)

    whole = resampling.resampled_differences
    monkeypatch.setattr(resampling, "resampled_differences", fault)
    assert coverage(100) < 0.5


def test_rows_of_log_probabilities_are_their_own_head():
    logs = np.log(np.random.default_rng(3).dirichlet(np.ones(6), (2, 9)))
    found = ufm.resampled_error(*logs)
    assert found == ufm.resampled_error(*logs, np.eye(6))
    # a constant that is added to each row changes no distribution
    offset = np.arange(9.0)[:, None]
    shifted = ufm.resampled_error(logs[0] + offset, logs[1] - offset)
    assert shifted == pytest.approx(found, rel=1e-12)
    assert ufm.resampled_error(np.ones((2, 3)), np.zeros((2, 3))) == 0


def test_many_tokens_are_worked_on_in_parts(monkeypatch):
    sides = drawn(5)
    whole = ufm.resampled_error(*sides, HEAD, resamples=37)
    monkeypatch.setattr(resampling, "_AT_ONCE", 3 * TOKENS)
    assert ufm.resampled_error(*sides, HEAD, resamples=37) == pytest.approx(whole, rel=1e-12)


def test_a_budget_is_kept_for_the_true_vector_by_leaving_room_for_eta():
    """The whole way: prompts, η, a strength that costs at most the budget with the true M."""
    weights, log_probs = (
        np.full(3, 1 / 3),
        np.log(np.random.default_rng(4).dirichlet(np.ones(TOKENS), 3)),
    )
    truth, kept, spared = HEAD @ (MEANS[0] - MEANS[1]), 0, []
    target = truth >= np.sort(truth)[-2]
    for seed in range(20):
        positive, negative = drawn(seed, 400, 400)
        estimate = HEAD @ (positive.mean(axis=0) - negative.mean(axis=0))
        eta = ufm.resampled_error(positive, negative, HEAD, resamples=200)
        tilt = ufm.ExponentialTilt(log_probs, estimate)
        how = dict(target=estimate >= np.sort(estimate)[-2], budget=0.1)
        careful = ufm.choose_strength(tilt, weights, **how, log_odds_error=eta)
        spared.append(careful.alpha / ufm.choose_strength(tilt, weights, **how).alpha)
        true = ufm.ExponentialTilt(log_probs, truth)
        kept += float(weights @ np.asarray(ufm.forward_kl(true, careful.alpha))) <= 0.1
    assert target.sum() == 2
    assert kept >= 19
    assert min(spared) > 0.3
    assert max(spared) < 0.95


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(positive=np.ones((1, 5))), "positive must hold at least two prompts; got 1"),
        (dict(negative=np.ones((0, 5))), "negative must hold at least two prompts; got 0"),
        (dict(negative=np.full((2, 5), np.nan)), "negative[0, 0] = nan is not a finite number"),
        (dict(negative=np.ones((3, 4))), "must be of one width; got [5, 4, 5]"),
        (dict(unembedding=np.ones((7, 4))), "must be of one width; got [5, 5, 4]"),
        (dict(level=1.0), "level must be in (0, 1); got 1.0"),
        (dict(resamples=0), "resamples must be at least 1; got 0"),
    ],
)
def test_bad_input_is_refused(change, message):
    given = dict(positive=np.ones((3, 5)), negative=np.ones((3, 5)), unembedding=HEAD) | change
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.resampled_error(**given)

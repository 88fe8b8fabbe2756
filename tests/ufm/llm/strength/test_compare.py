"""What budgets buy along several directions: against the library's own parts, and draws by hand."""

import numpy as np
import pytest

import ufm
import ufm.llm
from ufm.llm.steering.vector import Recipe, vectors_and_states
from ufm.llm.strength.compare import compare_directions, interval
from ufm.llm.strength.direction import Direction

TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9], [9, 8, 33, 12, 7, 7, 30, 31], [50, 51, 6, 20]]
TEXT += [[11, 12, 13, 14, 15], [20, 7, 9, 30, 2]]
PROMPTS = [[3, 4, 5], [9, 8]]
TARGET = np.arange(64) < 8


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/gpt2", "float64")


@pytest.fixture(scope="module")
def found(model):
    sides = [[3, 4, 5], [9, 8], [1, 2, 3]], [[7], [10, 11], [12, 13]]
    alone = vectors_and_states(model, *sides, [0, 1], Recipe(normalise=True))
    pca = vectors_and_states(model, *sides, [0], Recipe("pca", normalise=True))
    given = [*(Direction.of(*x) for x in (*alone, *pca)), Direction.at_once(alone)]
    how = dict(length=8, kind="forward_kl", resamples=20, seed=3)
    return given, compare_directions(model, given, TEXT, PROMPTS, TARGET, (0.01, 0.02), **how)


def test_each_number_is_that_of_the_librarys_parts(model, found):
    directions, bought = found
    assert [b.method for b in bought] == ["mean"] * 4 + ["pca"] * 2 + ["mean"] * 2
    assert [b.layer for b in bought] == [0, 0, 1, 1, 0, 0, (0, 1), (0, 1)]
    times = np.random.default_rng(3).multinomial(3, [1 / 3] * 3, size=20)
    for k, one in enumerate(bought):
        steering = directions[k // 2].steering
        chosen_on, other = (
            ufm.llm.TextSpend(model, TEXT[half::2], steering, length=8, target=TARGET)
            for half in (0, 1)
        )
        assert chosen_on.at([one.alpha])[0, 1] == pytest.approx(one.budget, rel=1e-2)
        before, spent = other.at([0.0, one.alpha])
        np.testing.assert_allclose(one.spent, spent, rtol=1e-12)
        assert one.gains[0] == pytest.approx(spent[3] - before[3], rel=1e-9)
        assert one.efficiencies[0] == pytest.approx(other.efficiency(one.alpha), rel=1e-9)
        masses = []
        for row in PROMPTS:
            logits = np.asarray(model.logits(row, one.alpha, steering))
            p = np.exp(logits - logits.max())
            masses.append(p[TARGET].sum() / p.sum())
        assert one.after_prompts[1] == pytest.approx(np.mean(masses), rel=1e-12)
        # a draw by hand: its windows as a text of their own, twice where they are drawn twice
        draw = next(j for j in range(20) if times[j].max() == 2)
        rows = [row for row, n in zip(TEXT[1::2], times[draw], strict=True) for _ in range(n)]
        drawn = ufm.llm.TextSpend(model, rows, steering, length=8, target=TARGET)
        low, high = drawn.at([0.0, one.alpha])
        assert one.gains[1 + draw] == pytest.approx(high[3] - low[3], rel=1e-9)
        assert one.prices[1 + draw] == pytest.approx(high[1], rel=1e-9)
        assert one.efficiencies[1 + draw] == pytest.approx(drawn.efficiency(one.alpha), rel=1e-7)
    # at the same block on the same draws
    ratio = bought[4].against(bought[0])
    np.testing.assert_allclose(ratio, bought[4].per_nat / bought[0].per_nat)
    assert interval(ratio) == tuple(np.quantile(ratio[1:], [0.025, 0.975]))


def test_what_is_out_of_reach_is_said_and_what_is_no_price_refused(model, found):
    (direction, *_), _ = found
    given = model, [direction], TEXT, PROMPTS, TARGET
    (one,) = compare_directions(*given, [0.5], length=8, furthest=1e-3, resamples=2)
    assert not one.reachable
    assert np.isnan(one.alpha)
    assert np.isnan(one.gains).all()
    assert one.after_prompts[0] > 0
    assert one.as_json()["gain"][0] is not None
    with pytest.raises(ValueError, match="the budget is not of target_mass"):
        compare_directions(*given, [0.5], length=8, kind="target_mass")
    with pytest.raises(ValueError, match="4 windows of text or more are needed; got 2"):
        compare_directions(model, [direction], TEXT[:2], PROMPTS, TARGET, [0.5], length=8)

"""The random families reach what their descriptions say, as one run of the suite draws them."""

import numpy as np
import pytest

from theorems.hypotheses import ASSUMPTION_1, TARGET_CONTEXTS
from theorems.suite import draw


def family(name, count):
    return [draw(name, seed=0, index=index) for index in range(4, 4 + count)]


def test_smoothed_datasets_reach_from_next_to_0_to_next_to_the_threshold():
    """ε = the mass off a context's own concept, in units of (G-1)/G, below which a > b."""
    shares = {}
    for instance in family("smoothed", 60):
        own = instance.token_concept == instance.context_concept[:, None]
        epsilon = np.where(own, 0.0, instance.probs).sum(axis=1)
        groups = instance.context_concept.max() + 1
        np.testing.assert_allclose(epsilon, epsilon[0], rtol=1e-12)
        shares.setdefault(groups, []).append(epsilon[0] * groups / (groups - 1))
    assert shares
    for found in shares.values():
        assert 0 < min(found) < 0.15
        assert 0.85 < max(found) < 1


def test_tilts_reach_the_least_probabilities_with_ties_and_near_ties():
    instances = family("tilts", 60)
    least = np.array([instance.log_probs.min() for instance in instances])
    # as logs; no probability is lost, and a third of the models have no extreme one
    assert -691 < least.min() < -680
    assert (least > -20).sum() > 15
    gaps = [np.diff(np.sort(i.odds)).min() / np.ptp(i.odds) for i in instances]
    assert sum(gap == 0 for gap in gaps) > 5
    assert sum(1e-10 < gap < 2e-9 for gap in gaps) > 5


def rates_differ(instance, is_own):
    """Whether some token has two probabilities in contexts of its own concept, or of others."""
    own = instance.token_concept == instance.context_concept[:, None]
    seen = [column[rows] for column, rows in zip(instance.probs.T, (own == is_own).T, strict=True)]
    return any(np.ptp(p) > 1e-9 * p.max() for p in seen)


def test_rates_vary_with_the_context_and_b_does_in_the_uneven_family_alone():
    varying, uneven = family("varying", 30), family("uneven", 60)
    assert sum(rates_differ(instance, True) for instance in varying) > 20
    assert not any(rates_differ(instance, False) for instance in varying)
    for instance in varying:
        assert ASSUMPTION_1.unmet(instance) is None
        assert TARGET_CONTEXTS.unmet(instance) is None
    assert all(rates_differ(instance, False) for instance in uneven)
    assert 10 < sum(instance.margin > 0 for instance in uneven) < 50


@pytest.mark.parametrize("name", ["rates", "contrastive", "laws", "smoothed", "tilts", "varying"])
def test_every_target_is_separated(name):
    for instance in family(name, 20):
        assert instance.odds[instance.target].min() > instance.odds[~instance.target].max()

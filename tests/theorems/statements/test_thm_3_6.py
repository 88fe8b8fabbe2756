import jax.numpy as jnp
import numpy as np
import pytest

import theorems
import ufm.tilt.effects
from tests.planted_faults import Fault, at_strength, must_be_seen, output, standard, uniform, wrap
from theorems import Instance
from theorems.statements import thm_3_6
from ufm import ExponentialTilt


def two_tokens() -> Instance:
    """V = 2, T one token: |ν| = R|α| exactly."""
    tilt = ExponentialTilt(np.log([[0.3, 0.7]]), np.array([1.0, -0.5]))
    token = np.array([True, False])
    return Instance(tilt, token, np.array([0, 1]), np.array([1]), np.ones(1))


def _returning_to_zero(f):
    """What the paper says in words of the concepts between: back to the unsteered value."""
    return lambda tilt, alpha, mask: f(tilt, alpha, mask) * jnp.exp(-0.01 * jnp.abs(alpha))


FAULTS = [
    Fault("tanh of ν + r, not of its half", "thm-3.6.tanh", standard,
          output(thm_3_6, "tanh_form", lambda form: 2 * form)),
    Fault("sum over C for mean over C", "thm-3.6.tanh", standard,
          wrap(ufm.tilt.effects, "concept_increase",
                lambda f: lambda tilt, alpha, mask: f(tilt, alpha, mask) * mask.astype(float).sum())),
    Fault("ν too small by a thousandth of a millionth", "thm-3.6.tanh", standard,
          output(ufm.tilt.effects, "concept_log_odds_increase", lambda nu: (1 - 1e-9) * nu)),
    Fault("others exchanged for the target", "thm-3.6.target-increasing", standard,
          wrap(ufm.tilt.effects, "concept_log_odds_increase",
                lambda f: lambda tilt, alpha, mask: f(tilt, alpha, ~mask))),
    Fault("others exchanged for the concept", "thm-3.6.decreasing", standard,
          wrap(ufm.tilt.effects, "concept_log_odds_increase",
                lambda f: lambda tilt, alpha, mask: f(tilt, alpha, ~mask))),
    Fault("back to the unsteered value", "thm-3.6.vanishing", uniform,
          wrap(ufm.tilt.effects, "concept_increase", _returning_to_zero)),
    Fault("ν of the library too large by 1e-9", "thm-3.6.growth", two_tokens,
          output(ufm.tilt.effects, "concept_log_odds_increase", lambda nu: (1 + 1e-9) * nu)),
    Fault("curve at 1.000000001 α", "thm-3.6.growth", two_tokens,
          at_strength(lambda a: (1 + 1e-9) * a)),
    Fault("curve at 1.000001 α", "thm-3.6.logistic", standard,
          at_strength(lambda a: (1 + 1e-6) * a)),
    Fault("ν doubled", "thm-3.6.growth", standard,
          output(ufm.tilt.effects, "concept_log_odds_increase", lambda nu: 2 * nu)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("offset", [0.0, 3.0, 1e3])
@pytest.mark.parametrize("low", [1e-12, 0.01, 0.3, 0.5])
def test_growth_holds_where_it_is_an_equality(low, offset):
    """Nothing is to spare: each rounding error near α = 0 must be allowed for, and little more."""
    tilt = ExponentialTilt(np.log([[low, 1 - low]]), np.array([1.0, -0.5]) + offset)
    instance = theorems.Instance(
        tilt, np.array([True, False]), np.array([0, 1]), np.array([1]), np.ones(1)
    )
    verdict = theorems.check("thm-3.6.growth", instance)
    assert verdict.verdict == "holds"
    assert abs(verdict.margin) < verdict.tolerance
    least = np.diff(instance.alphas).min() * instance.odds_range
    assert instance.tolerance / least < verdict.tolerance < 2 * instance.tolerance / least

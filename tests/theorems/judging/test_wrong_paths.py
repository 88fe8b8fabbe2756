"""Curves that are not those of a tilt: no claim that needs the tilt may say that it holds."""

from dataclasses import replace
from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import theorems
from tests.planted_faults import setter
from theorems import Instance, Outcome
from theorems.hypotheses import EXPONENTIAL_PATH
from theorems.judging import controls
from theorems.suite import paper_bumps
from ufm import ExponentialTilt

# Their conclusions are about every strength, so a path that turns back anywhere contradicts them.
ABOUT_EVERY_STRENGTH = [
    *("lemma-b2.affine", "lemma-b3.tilt", "lemma-b5.derivative", "tilt.all-orders"),
    *("thm-3.3.bump", "thm-3.3.monotone", "contrastive.geometric-path"),
    *("thm-3.6.tanh", "thm-3.6.target-increasing", "thm-3.6.decreasing"),
    *("ce.kl-identity", "ce.convex"),
]
NEED_THE_PATH = [c for c in theorems.CLAIMS.values() if EXPONENTIAL_PATH in c.hypotheses]


class Detour(ExponentialTilt):
    """A tilt at another strength: α runs forth, back and forth on (`low`, `high`) and stops at `stop`."""

    low: jax.Array
    high: jax.Array
    stop: jax.Array

    def __init__(self, log_probs, log_odds, low=0.0, high=0.0, stop=np.inf):
        super().__init__(log_probs, log_odds)
        self.low, self.high, self.stop = (jnp.asarray(x, float) for x in (low, high, stop))

    def from_pivot(self, alpha):
        return ExponentialTilt.from_pivot(self, _detour(alpha, self.low, self.high, self.stop))


def _detour(alpha, low, high, stop):
    is_inside = (alpha > low) & (alpha < high)
    width = jnp.where(is_inside, high - low, 1.0)
    turn = 0.5 * width * jnp.sin(2 * jnp.pi * (alpha - low) / width)
    return jnp.minimum(alpha + jnp.where(is_inside, turn, 0.0), stop)


def _on(base: Instance, **detour) -> Instance:
    return replace(base, tilt=Detour(base.tilt.log_probs, base.tilt.log_odds, **detour))


@cache
def _base() -> Instance:
    return paper_bumps()


def _places(count: int) -> np.ndarray:
    """Intervals [count, 2] of a fifth of their distance from 0, from .05/R to 20/R on either side."""
    rng = np.random.default_rng(0)
    near = np.exp(rng.uniform(np.log(0.05), np.log(20), count)) * _base().unit
    ends = near[:, None] * np.array([1.0, 3.65 / 3.053])
    return np.where(rng.random((count, 1)) < 0.5, ends, -ends[:, ::-1])


def test_a_path_that_turns_back_anywhere_is_found_in_at_least_95_of_100_places():
    found = dict.fromkeys(["exponential-path", *ABOUT_EVERY_STRENGTH], 0)
    for low, high in _places(100):
        instance = _on(_base(), low=low, high=high)
        found["exponential-path"] += EXPONENTIAL_PATH.unmet(instance) is not None
        for name in ABOUT_EVERY_STRENGTH:
            found[name] += theorems.CLAIMS[name].conclusion(instance).verdict is Outcome.FAILS
    assert min(found.values()) >= 95, found


def test_the_detour_of_the_audit_lowers_the_mass_of_the_target_and_is_found():
    """Between 3.053/R and 3.650/R, where no strength of the first grid was."""
    base = controls.standard()
    low, high = 3.053 * base.unit, 3.650 * base.unit
    instance = _on(base, low=low, high=high)
    quarters = low + np.array([0.25, 0.75]) * (high - low)
    laws = [np.exp(np.asarray(instance.tilt.log_probs_at(a)))[2] for a in quarters]
    assert laws[1][:2].sum() < laws[0][:2].sum() - 0.01
    assert theorems.CLAIMS["thm-3.6.target-increasing"].conclusion(instance).verdict == "fails"
    for claim in NEED_THE_PATH:
        assert claim.check(instance).verdict is Outcome.UNMET, claim.id


def test_a_detour_of_the_library_itself_is_found(monkeypatch):
    """The same fault in the plain tilt, where the path is not a hypothesis but what is judged."""
    base = controls.standard()
    right, low, high = ExponentialTilt.from_pivot, 3.053 * base.unit, 3.650 * base.unit

    def wrong(self, alpha):
        return right(self, _detour(jnp.asarray(alpha, float), low, high, np.inf))

    setter(monkeypatch)(ExponentialTilt, "from_pivot", wrong)
    for name in set(ABOUT_EVERY_STRENGTH) - {"thm-3.6.decreasing"}:
        assert theorems.check(name, controls.standard()).verdict == "fails", name


def test_a_path_that_stops_is_not_strictly_monotone():
    base = _base()
    instance = _on(base, stop=41 * base.unit)
    for name in ("thm-3.3.monotone", "thm-3.6.target-increasing", "thm-3.6.decreasing"):
        assert theorems.CLAIMS[name].conclusion(base).verdict == "holds"
        assert theorems.CLAIMS[name].conclusion(instance).verdict in {"fails", "undecided"}, name


@pytest.mark.parametrize("name", ["thm-3.3.peak-order", "remark-3.4.positive-peaks", "sign-rule"])
@pytest.mark.parametrize(
    "instance", [lambda: controls.rescaled_vector(-1.0), controls.before_the_norm]
)
def test_claims_on_peaks_are_judged_on_the_curves(name, instance):
    claim = theorems.CLAIMS[name]
    assert claim.conclusion(instance()).verdict == "fails"
    assert claim.check(instance()).evidence.startswith(("exponential-path:", "concept-laws:"))


def test_maxima_are_those_of_the_curves():
    base, mirrored = controls.standard(), controls.rescaled_vector(-1.0)
    np.testing.assert_array_equal(base.maxima, base.peaks)
    np.testing.assert_allclose(mirrored.maxima, -base.peaks, rtol=1e-9)


def test_two_instances_are_not_looked_at_on_the_same_grid_and_one_always_is():
    first, again = controls.standard().alphas, controls.standard().alphas
    np.testing.assert_array_equal(first, again)
    other = _base().alphas * _base().odds_range
    assert not np.isin(
        np.round(first * controls.standard().odds_range, 9), np.round(other, 9)
    ).all()
    assert 0.0 in first
    assert (np.diff(first) > 0).all()


def test_a_path_without_a_number_is_undecided():
    base = _base()
    tilt = eqx.tree_at(lambda t: t.stop, _on(base).tilt, jnp.asarray(np.nan))
    with np.errstate(invalid="ignore"):
        verdict = theorems.CLAIMS["thm-3.6.tanh"].conclusion(replace(base, tilt=tilt))
    assert (verdict.verdict, np.isnan(verdict.margin)) == ("undecided", True)
    assert verdict.evidence.startswith("not a number in ")

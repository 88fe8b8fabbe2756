import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.ceiling
from tests.exact_model import Exact, record
from tests.planted_faults import Fault, must_be_seen, output, standard, wrap
from theorems.judging import controls
from theorems.judging.divergence import kullback_leibler
from theorems.statements import ceiling as statement
from ufm import ExponentialTilt

REVERSE, FORWARD, MEAN = "ceiling.reverse-kl", "ceiling.forward-kl", "ceiling.mean-log-odds"


def found(name, claim, change):
    """A fault in the ceiling that the library finds."""
    return Fault(name, claim, standard, output(ufm.tilt.ceiling, "mass_ceiling", change))


def of_the_other_kind(ceiling):
    other = {"cross_entropy": "reverse_kl", "reverse_kl": "cross_entropy"}
    return lambda mass, weights, budget, kind: ceiling(mass, weights, budget, kind=other[kind])


def one_strength(ceiling):
    """Of the cross-entropy: what a tilt by 1_T has with one strength for all contexts."""

    def best(mass, weights, budget, kind):
        before = np.asarray(mass)
        low, high = 0.0, 50.0
        for _ in range(60):
            middle = (low + high) / 2
            on = before / (before + (1 - before) * np.exp(-middle))
            cost = before * np.log(before / on) + (1 - before) * np.log((1 - before) / (1 - on))
            low, high = (middle, high) if cost @ weights < budget else (low, middle)
        return ceiling(mass, weights, budget, kind=kind)._replace(mass=float(on @ weights))

    return best


def bent(law):
    """A path on which large strengths count less for the tokens of large M."""
    return lambda self, alpha: law(ExponentialTilt(self.log_probs, jnp.tanh(self.log_odds)), alpha)


FAULTS = [
    *(found("a mass 1e-9 too small", claim, lambda c: c._replace(mass=c.mass - 1e-9))
      for claim in (REVERSE, FORWARD)),
    *(found("a mass 1e-9 too large", claim, lambda c: c._replace(mass=c.mass + 1e-9))
      for claim in (REVERSE, FORWARD)),
    *(Fault("the ceiling of the other divergence", claim, standard,
            wrap(ufm.tilt.ceiling, "mass_ceiling", of_the_other_kind)) for claim in (REVERSE, FORWARD)),
    found("a multiplier 1e-9 too large", REVERSE, lambda c: c._replace(multiplier=c.multiplier * (1 + 1e-9))),
    Fault("one strength of 1_T for all contexts", FORWARD, standard,
          wrap(ufm.tilt.ceiling, "mass_ceiling", one_strength)),
    Fault("a path that is not the tilt", MEAN, standard,
          wrap(ExponentialTilt, "log_probs_at", bent)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("claim", [REVERSE, FORWARD])
def test_interventions_barely_beyond_the_budget_exceed_the_ceiling(claim):
    """Sharp: a millionth more of the budget is enough for the check to fail."""
    kind = "reverse_kl" if claim == REVERSE else "cross_entropy"
    assert statement._ceiling(standard(), kind).verdict == "holds"
    assert statement._ceiling(standard(), kind, excess=1 + 1e-6).verdict == "fails"


@pytest.mark.parametrize("kind", ["reverse_kl", "cross_entropy"])
def test_scaled_interventions_spend_the_budget_and_no_more(kind):
    instance = standard()
    directions = statement._directions(instance, np.random.default_rng(0), instance.log_probs)
    for budget in (1e-10, 0.01, 0.2):
        change = statement._scaled(instance, kind, budget, directions)
        price = statement._price(instance, kind, change)
        assert len(change) > 8
        assert (price <= budget).all()
        assert np.isclose(price, budget, rtol=1e-9, atol=0).sum() > 8
        np.testing.assert_allclose(np.exp(instance.log_probs + change).sum(axis=2), 1, rtol=1e-13)


def test_another_rate_is_still_the_best_and_a_bent_path_is_not():
    conclusion = theorems.CLAIMS[MEAN].conclusion
    assert conclusion(controls.rescaled_vector(3.0)).verdict == "holds"
    assert conclusion(controls.rescaled_vector(-1.0)).verdict == "fails"
    assert conclusion(controls.before_the_norm()).verdict == "fails"


@mp.workdps(50)
def test_a_divergence_is_that_of_50_digits():
    rng = np.random.default_rng(3)
    log_p = np.log(rng.dirichlet(np.ones(5)))
    for scale in (1e-8, 1.0, 30.0):
        growth = scale * rng.standard_normal(5)
        change = growth - np.logaddexp.reduce(log_p + growth)
        p = [mp.exp(mp.mpf(x)) for x in log_p]
        q = [x * mp.exp(mp.mpf(g)) for x, g in zip(p, growth, strict=True)]
        p, q = ([x / sum(law) for x in law] for law in (p, q))
        want = mp.fsum(a * mp.log(a / b) for a, b in zip(p, q, strict=True))
        assert kullback_leibler(log_p[None], change[None])[0] == pytest.approx(
            float(want), rel=1e-6 if scale < 1 else 1e-13
        )


@mp.workdps(50)
def test_the_tilt_by_the_indicator_meets_the_ceiling_in_50_digits():
    """The closed form of the reverse ceiling on exact rationals, against the library."""
    model = Exact(record(["3/5", "1/5", "3/5", "1/5"], ["1/10"] * 4))
    instance = standard()
    masses = [model.mass(j, 0, 0) for j in range(4)]
    for beta in (mp.mpf("0.01"), mp.mpf(1)):
        lifted = [f * mp.exp(beta) / (1 - f + f * mp.exp(beta)) for f in masses]
        price = (
            mp.fsum(
                g * mp.log(g / f) + (1 - g) * mp.log((1 - g) / (1 - f))
                for f, g in zip(masses, lifted, strict=True)
            )
            / 4
        )
        result = ufm.mass_ceiling(
            [float(f) for f in masses], instance.context_weights, float(price), kind="reverse_kl"
        )
        assert result.multiplier == pytest.approx(float(beta), rel=1e-13)
        assert result.mass == pytest.approx(float(mp.fsum(lifted) / 4), rel=1e-14)


@pytest.mark.parametrize("claim", [REVERSE, FORWARD])
def test_a_context_whose_target_mass_no_float_holds_is_left_out(claim):
    """The verdict is that on the others alone."""
    known = np.log([[0.2, 0.3, 0.5], [0.6, 0.3, 0.1]])
    lost = np.array([[-1000.0, np.log(0.4), np.log(0.6)]])

    def instance(log_probs, weights):
        tilt = ExponentialTilt(log_probs, [1.0, 0.5, 0.0])
        concept = np.arange(3)
        return theorems.Instance(tilt, concept == 0, concept, np.arange(len(weights)), weights)

    alone = theorems.check(claim, instance(known, np.array([0.25, 0.75])))
    beside = theorems.check(
        claim, instance(np.vstack([lost, known]), np.array([0.5, 0.125, 0.375]))
    )
    assert alone == beside
    assert alone.verdict == "holds"
    none = theorems.check(claim, instance(lost, np.ones(1)))
    assert (none.verdict, none.margin) == ("holds", 0.0)
    assert "no context whose target mass a float holds" in none.evidence

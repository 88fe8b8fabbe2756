from dataclasses import replace
from fractions import Fraction

import jax
import jax.numpy as jnp
import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
from tests.planted_faults import Fault, at_strength, must_be_seen, output, standard, wrap
from theorems import suite
from theorems.judging import controls
from theorems.statements import thm_3_8

LAW = (ufm.ExponentialTilt, "log_probs_at")


def shaped(probs: list[float], odds: list[float], target: list[bool]) -> theorems.Instance:
    """One context with these probabilities, M and T."""
    tilt = ufm.ExponentialTilt(np.log([probs]), np.array(odds))
    concept = np.where(target, 0, 1)
    return theorems.Instance(tilt, np.array(target), concept, np.array([0]), np.ones(1))


def two_values() -> theorems.Instance:
    return shaped([0.4, 0.3, 0.2, 0.1], [1.5, -0.5, -0.5, -0.5], [True, False, False, False])


def interior() -> theorems.Instance:
    return shaped([0.4, 0.3, 0.2, 0.1], [1.0, 0.2, 0.7, -1.0], [False, False, True, False])


def flattened(f):
    """Probabilities raised to a power below 1 as α grows: p_α ∝ (p e^{αM})^{1/(1+|α|)}."""

    def law(self, alpha):
        logs = f(self, alpha) / (1 + abs(alpha))
        return logs - jax.nn.logsumexp(logs, axis=1, keepdims=True)

    return law


def rooted(alpha):
    """Strengths that start with an infinite slope: what moves as α² moves as |α|."""
    return jnp.sign(alpha) * jnp.sqrt(jnp.abs(alpha) + 1e-300)


FAULTS = [
    Fault("α bent", "literature.tanh", two_values, at_strength(jnp.tanh)),
    Fault("½ forgotten", "literature.quadratic", standard,
          output(thm_3_8, "quadratic_coefficient", lambda c: 2 * c)),
    Fault("twice the strength", "literature.benefit", standard, at_strength(lambda a: 2 * a)),
    Fault("square roots of α", "literature.damage", standard, at_strength(rooted)),
    Fault("α with its sign turned", "literature.pairs", standard, at_strength(lambda a: -a)),
    Fault("flattened", "literature.masses", two_values, wrap(*LAW, flattened)),
    Fault("α with its sign turned", "literature.monotone", standard, at_strength(lambda a: -a)),
    Fault("the other way beyond 0", "literature.inverted-u", interior, at_strength(jnp.abs)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("claim", [fault.claim for fault in FAULTS])
def test_it_holds_on_what_is_drawn_for_it(claim):
    drawn = [suite.draw("shaped", 5, i) for i in range(12)]
    verdicts = [theorems.check(claim, instance).verdict for instance in drawn]
    assert {*verdicts} <= {"holds", "hypotheses unmet"}
    assert "holds" in verdicts or "shaped" not in theorems.CLAIMS[claim].families


def test_the_family_has_the_three_shapes():
    drawn = [suite.draw("shaped", 0, i) for i in range(30)]
    names = ("one-value-each", "interior-target", "one-value-off-target")
    tests = {h.id: h for c in theorems.CLAIMS.values() for h in c.hypotheses if h.id in names}
    met = {name: sum(tests[name].unmet(i) is None for i in drawn) for name in names}
    assert met["one-value-each"] < met["one-value-off-target"]
    assert min(met.values()) >= 5
    assert met["one-value-off-target"] + met["interior-target"] == len(drawn)


def test_copies_of_one_distribution_give_a_line_with_two_values_each():
    """Sufficient, not necessary: given T and given the rest M is the same but for a shift of 1."""
    shifted = shaped([0.25] * 4, [1.0, 0.0, 0.0, -1.0], [True, True, False, False])
    claim = theorems.CLAIMS["literature.tanh"]
    assert claim.check(shifted).verdict == "hypotheses unmet"
    assert claim.conclusion(shifted).verdict == "holds"


def test_the_counterexample_to_the_tanh_in_50_digits():
    """p uniform, M = (2, 1, 0, -3): logit F_T at -1, 0, 1 is on no line."""
    with mp.workdps(50):

        def logit(alpha):
            e = [mp.exp(alpha * m) for m in (2, 1, 0, -3)]
            return mp.log((e[0] + e[1]) / (e[2] + e[3]))

        bend = logit(1) + logit(-1) - 2 * logit(0)
    found = controls.two_values_each()
    masses = [np.exp(np.asarray(found.tilt.log_probs_at(a)))[0, :2].sum() for a in (-1.0, 0.0, 1.0)]
    logits = [np.log(m / (1 - m)) for m in masses]
    assert logits[2] + logits[0] - 2 * logits[1] == pytest.approx(float(bend), rel=1e-12)
    assert abs(bend) > 1


def test_the_largest_damage_of_an_uncorrelated_score_is_half_of_what_is_allowed():
    """Three equally likely tokens, M = (1, 0, -1), g = 1 on the middle one: α²/9, exactly at second order."""
    moved = Fraction(1, 3) * Fraction(2, 3)  # -E[g (M - E M)²] + E[g] Var M
    step = 1e-4
    tilt = ufm.ExponentialTilt(np.log(np.full((1, 3), 1 / 3)), [1.0, 0.0, -1.0])
    lost = 1 / 3 - float(tilt.probs(step)[0, 1])
    assert lost / step**2 == pytest.approx(float(moved) / 2, rel=1e-6)
    assert lost < step**2 * 4 / (12 * 3**0.5)


@pytest.mark.parametrize("claim", ["literature.masses", "literature.inverted-u"])
def test_away_from_its_shape_a_claim_says_which_hypothesis_is_unmet(claim):
    verdict = theorems.check(claim, standard())
    assert verdict.verdict == "hypotheses unmet"
    assert verdict.evidence.split(":")[0] in {"one-value-off-target", "interior-target"}


def test_masses_off_the_target_move_while_the_distribution_given_them_stays():
    claim, instance = theorems.CLAIMS["literature.masses"], two_values()
    assert claim.check(instance).verdict == "holds"
    moved = np.exp(instance.curves.log_probs[-1]) - instance.probs
    assert (moved[:, 1:] < -0.05).all()


def test_an_inverted_u_is_told_from_a_valley():
    turned = replace(
        interior(), tilt=ufm.ExponentialTilt(interior().log_probs, [1.0, 0.2, 1.1, -1.0])
    )
    assert theorems.CLAIMS["literature.inverted-u"].conclusion(turned).verdict == "fails"

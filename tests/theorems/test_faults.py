"""Planted faults: each breaks the library, or a theorem's own prediction, in one place.

A claim that holds on an instance must be found to fail on it once the fault is there.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.divergences
import ufm.tilt.effects
import ufm.tilt.log_odds
import ufm.tilt.peaks
import ufm.tilt.strength
import ufm.tilt.tilt
from theorems import Instance, TransformerInstance, _controls, _evaluate
from theorems.statements import prop_4_1
from theorems.suite import tight_remainder
from ufm import UFM, ExponentialTilt, Transformer

Tilt = ExponentialTilt
# The compiled functions of the checks, by module, with their static arguments.
COMPILED = {
    _evaluate: {
        "_curves": (),
        "_concept_curves": (),
        "_each": (),
        "_cross_entropy": (),
        "_limits": (),
        "_laws": (),
        "_orders": (2,),
        "_steered_logits": (),
    },
    prop_4_1: {"_steered": (4, 5), "_rate_bounds": (), "_library_limits": ()},
}
# Which of them trace a function, and would otherwise remember it as it was without the fault.
TRACED_BY = {
    (ExponentialTilt, "log_probs_at"): {*COMPILED[_evaluate]},
    (ExponentialTilt, "limit"): {"_limits"},
    (ExponentialTilt, "derivative"): {"_orders"},
    (ExponentialTilt, "cumulants"): {"_orders"},
    (ufm.tilt.tilt, "bell"): {"_orders"},
    (ufm.tilt.divergences, "forward_kl"): {"_curves", "_cross_entropy"},
    (ufm.tilt.divergences, "cross_entropy_increase"): {"_curves", "_cross_entropy"},
    (ufm.tilt.effects, "concept_increase"): {"_concept_curves"},
    (ufm.tilt.effects, "concept_log_odds_increase"): {"_concept_curves"},
    (UFM, "steer"): {"_steered_logits"},
    (Transformer, "logits"): {"_steered"},
    (Transformer, "limit_logits"): {"_library_limits"},
    (Transformer, "logit_rate_bound"): {"_rate_bounds"},
}


# Instances. All of V = 4 or V = 9, which are padded to one shape.


def standard() -> Instance:
    return _controls.standard()


def weighted() -> Instance:
    return _controls.replaced(standard(), context_weights=np.array([0.1, 0.2, 0.3, 0.4]))


def uniform() -> Instance:
    """The paper's uniform dataset: all target tokens tie at max M."""
    return Instance.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])


def extreme() -> Instance:
    """Half the mass at each end of M: the upper bounds are nearly reached."""
    law = np.log(np.array([[0.499, 0.001, 0.499, 0.001]] * 4))
    return _controls.replaced(standard(), tilt=Tilt(law, standard().tilt.log_odds))


@cache
def _model(norm: str) -> Transformer:
    return Transformer.random(
        jax.random.key(1),
        blocks=2,
        dimension=8,
        heads=2,
        vocabulary=9,
        norm=norm,
        dtype=jnp.float64,
    )


def transformer(norm: str) -> TransformerInstance:
    hidden = jax.random.normal(jax.random.key(2), (5, 8), jnp.float64)
    vector = jax.random.normal(jax.random.key(3), (8,), jnp.float64)
    return TransformerInstance(_model(norm), hidden, vector, 0)


def rmsnorm() -> TransformerInstance:
    return transformer("rmsnorm")


def layernorm() -> TransformerInstance:
    return transformer("layernorm")


def tight() -> TransformerInstance:
    """Steered after the last block, at a right angle to the stream, which the unembedding reads."""
    base = rmsnorm()
    rest = base.transformer.hidden_states(base.hidden)[-1]
    v = base.vector - (base.vector @ rest) / (rest @ rest) * rest
    decoder = jnp.tile(rest, (9, 1))
    model = eqx.tree_at(
        lambda t: (t.decoder, t.final_norm.scale), base.transformer, (decoder, jnp.ones_like(v))
    )
    return TransformerInstance(model, base.hidden, v, 1)


# Faults: each takes a `patch` like pytest's `monkeypatch.setattr`.


class Fault(NamedTuple):
    name: str
    claim: str
    instance: Callable[[], Any]
    plant: Callable[[Callable[..., None]], None]


def _wrap(owner: Any, name: str, change: Callable[[Callable], Callable]) -> Callable:
    """Plants `change(original)` in place of `owner.name`."""

    def plant(patch):
        original = owner.__dict__[name]
        if isinstance(original, classmethod):
            patch(owner, name, classmethod(change(original.__func__)))
        else:
            patch(owner, name, change(getattr(owner, name)))

    return plant


def _output(owner: Any, name: str, change: Callable[[Any], Any]) -> Callable:
    """Plants `change` on what `owner.name` returns."""
    return _wrap(owner, name, lambda f: lambda *args, **named: change(f(*args, **named)))


def _at_strength(change: Callable[[Any], Any], method: str = "log_probs_at") -> Callable:
    """Plants `change` on the strength that a method of the tilt is given."""
    return _wrap(Tilt, method, lambda f: lambda self, alpha, *rest: f(self, change(alpha), *rest))


def _in_single_precision(f):
    def law(self, alpha):
        coarse = Tilt(self.log_probs.astype(jnp.float32), self.log_odds.astype(jnp.float32))
        return f(coarse, jnp.asarray(alpha).astype(jnp.float32)).astype(jnp.float64)

    return law


def _logits_with(norm: Callable[[Any, Any], Any]) -> Callable:
    """Plants another final norm in the transformer's forward pass."""

    def change(f):
        def logits(self, hidden, alpha=0.0, **site):
            return self.decoder @ norm(
                self.final_norm, self.hidden_states(hidden, alpha, **site)[-1]
            )

        return logits

    return _wrap(Transformer, "logits", change)


def _without_bias(norm, x):
    return norm(x) - norm.bias


def _centred_rmsnorm(norm, x):
    return norm(x - x.mean())


def _limit_with_eps(f):
    def limit(self, vector, sign):
        return self.decoder @ self.final_norm(sign * jnp.asarray(vector))

    return limit


def _swap_columns(array):
    """One target token for one that is not: tokens 1 and 3 of the standard instance."""
    return array.at[:, jnp.array([1, 3])].set(array[:, jnp.array([3, 1])])


def _to_one_of_the_tied(law):
    return jax.nn.one_hot(jnp.argmax(law, axis=1), law.shape[1], dtype=law.dtype)


def _mean_forgotten(f):
    return lambda self, alpha, order=1: self.probs(alpha) * self.log_odds[None, :]


def _fourth_moment_for_cumulant(f):
    def cumulants(self, alpha, order):
        kappa = f(self, alpha, order)
        return kappa if order < 4 else kappa.at[:, 3].add(3 * kappa[:, 1] ** 2)

    return cumulants


def _naive_divergence(f):
    def divergence(tilt, alpha):
        p = jnp.exp(tilt.log_probs)
        return (p * (tilt.log_probs - tilt.log_probs_at(alpha))).sum(axis=1)

    return divergence


def _reverse_divergence(f):
    def divergence(tilt, alpha):
        log_p = tilt.log_probs_at(alpha)
        return (jnp.exp(log_p) * (log_p - tilt.log_probs)).sum(axis=1)

    return divergence


def _uniform_weights(f):
    def increase(tilt, alpha, weights, data_probs=None):
        used = (weights > 0).astype(weights.dtype)
        return f(tilt, alpha, used / used.sum(), data_probs)

    return increase


def _without_normaliser(f):
    return lambda self, alpha: self._from_pivot(alpha)[0]


def _returning_to_zero(f):
    """What the paper says in words of the concepts between: back to the unsteered value."""
    return lambda tilt, alpha, mask: f(tilt, alpha, mask) * jnp.exp(-0.01 * jnp.abs(alpha))


def _sum_of_negatives(f):
    def difference(embeddings, positive, negative):
        rows = jnp.asarray(embeddings)
        return rows[np.asarray(positive)].mean(axis=0) - rows[np.asarray(negative)].sum(axis=0)

    return difference


def _stops_early(f):
    return lambda cls, dataset, **named: f(cls, dataset, **(named | {"steps": 8}))


def _half(bounds):
    return 0.5 * bounds


def _sixteenth(bounds):
    return bounds | {"Hoeffding": bounds["Hoeffding"] / 2}


PEAKS = (ufm.tilt.peaks, "peak_strengths")
DIFFERENCE = (theorems.statements.lemma_b2, "difference_of_means")
REVERSED = lambda f: lambda *args: f(args[0], args[2], args[1])  # noqa: E731

FAULTS = [
    # lemmas
    Fault("log-odds of N against P", "lemma-b4.sign", standard,
          _wrap(ufm.tilt.log_odds, "log_odds", REVERSED)),
    Fault("log-odds by the sum over N", "lemma-b4.sign", standard,
          _wrap(ufm.tilt.log_odds, "log_odds", _sum_of_negatives)),
    Fault("P and N exchanged in v", "lemma-b2.affine", standard, _wrap(*DIFFERENCE, REVERSED)),
    Fault("sign of the strength ignored", "lemma-b2.affine", standard,
          _wrap(UFM, "steer", lambda f: lambda self, v, alpha: f(self, v, abs(alpha)))),
    Fault("h(1 + αv) for h + αv", "lemma-b2.affine", standard,
          _wrap(UFM, "steer", lambda f: lambda self, v, alpha: (
              self.embeddings * (1 + alpha * v[None, :])) @ self.decoder.T)),
    Fault("v by the sum over N", "lemma-b3.tilt", standard, _wrap(*DIFFERENCE, _sum_of_negatives)),
    Fault("float32 in the tilt", "lemma-b3.tilt", standard,
          _wrap(Tilt, "log_probs_at", _in_single_precision)),
    Fault("float32 in the tilt, differentiated", "lemma-b5.derivative", standard,
          _wrap(Tilt, "log_probs_at", _in_single_precision)),
    Fault("p M for p (M - E M)", "lemma-b5.derivative", standard,
          _wrap(Tilt, "derivative", _mean_forgotten)),
    Fault("+κ_n for -κ_n in the Bell polynomial", "tilt.all-orders", standard,
          _wrap(ufm.tilt.tilt, "bell", lambda f: lambda x: f([x[0], *(-a for a in x[1:])]))),
    Fault("fourth moment for fourth cumulant", "tilt.all-orders", standard,
          _wrap(Tilt, "cumulants", _fourth_moment_for_cumulant)),
    # tokens
    Fault("peaks off by 1e-6 of themselves", "thm-3.3.bump", standard,
          _output(*PEAKS, lambda a: a * (1 + 1e-6))),
    Fault("peaks off by 1e-6", "thm-3.3.bump", standard, _output(*PEAKS, lambda a: a + 1e-6)),
    Fault("a peak between the extremes at +∞", "thm-3.3.bump", standard,
          _output(*PEAKS, lambda a: a.at[:, 1].set(jnp.inf))),
    Fault("peaks of two tokens exchanged", "thm-3.3.peak-order", standard,
          _output(*PEAKS, _swap_columns)),
    Fault("sign of the strength ignored", "thm-3.3.monotone", standard, _at_strength(jnp.abs)),
    Fault("peaks at -α", "remark-3.4.positive-peaks", standard, _output(*PEAKS, lambda a: -a)),
    Fault("peaks at -α", "sign-rule", standard, _output(*PEAKS, lambda a: -a)),
    Fault("peaks at 0", "sign-rule", standard,
          _output(*PEAKS, lambda a: jnp.where(jnp.isfinite(a), 0, a))),
    Fault("peaks off by a tenth", "peak.height", standard, _output(*PEAKS, lambda a: a + 0.1)),
    Fault("curve at 0.999 α", "peak.height", standard, _at_strength(lambda a: 0.999 * a)),
    Fault("ends exchanged", "sweet-spot.nonempty", standard,
          _output(ufm.tilt.peaks, "sweet_spot", lambda a: a[:, ::-1])),
    Fault("window off by 1e-9", "sweet-spot.nonempty", standard,
          _output(ufm.tilt.peaks, "sweet_spot", lambda a: a + 1e-9)),
    Fault("peaks off by 1e-6", "contrastive.geometric-path", standard,
          _output(*PEAKS, lambda a: a * (1 + 1e-6))),
    Fault("curve at 0.999 α", "contrastive.geometric-path", standard,
          _at_strength(lambda a: 0.999 * a)),
    # limits
    Fault("Mbot for Mtop", "prop-b1.limit-plus", standard,
          _wrap(Tilt, "limit", lambda f: lambda self, sign: f(self, -sign))),
    Fault("all mass to one of the tied", "prop-b1.limit-plus", uniform,
          _output(Tilt, "limit", _to_one_of_the_tied)),
    Fault("not normalised", "prop-b1.limit-minus", standard,
          _output(Tilt, "limit", lambda law: 0.5 * law)),
    Fault("eq (9): -a of the token's own concept", "prop-b1.limit-minus", standard,
          _output(theorems.statements.prop_b1, "limit_law", lambda law: law - 0.3)),
    Fault("curve at 0.8 α", "limit.rate", standard, _at_strength(lambda a: 0.8 * a)),
    # concepts
    Fault("tanh of ν + r, not of its half", "thm-3.6.tanh", standard,
          _output(theorems.statements.thm_3_6, "tanh_form", lambda form: 2 * form)),
    Fault("sum over C for mean over C", "thm-3.6.tanh", standard,
          _wrap(ufm.tilt.effects, "concept_increase",
                lambda f: lambda tilt, alpha, mask: f(tilt, alpha, mask) * mask.astype(float).sum())),
    Fault("ν too small by a thousandth of a millionth", "thm-3.6.tanh", standard,
          _output(ufm.tilt.effects, "concept_log_odds_increase", lambda nu: (1 - 1e-9) * nu)),
    Fault("others exchanged for the target", "thm-3.6.target-increasing", standard,
          _wrap(ufm.tilt.effects, "concept_log_odds_increase",
                lambda f: lambda tilt, alpha, mask: f(tilt, alpha, ~mask))),
    Fault("others exchanged for the concept", "thm-3.6.decreasing", standard,
          _wrap(ufm.tilt.effects, "concept_log_odds_increase",
                lambda f: lambda tilt, alpha, mask: f(tilt, alpha, ~mask))),
    Fault("back to the unsteered value", "thm-3.6.vanishing", uniform,
          _wrap(ufm.tilt.effects, "concept_increase", _returning_to_zero)),
    Fault("ν doubled", "thm-3.6.growth", standard,
          _output(ufm.tilt.effects, "concept_log_odds_increase", lambda nu: 2 * nu)),
    Fault("half saturation off by 1e-6", "half-saturation.bounds", standard,
          _output(ufm.tilt.strength, "half_saturation", lambda a: a + 1e-6)),
    # cross-entropy
    Fault("½ forgotten", "thm-3.8.quadratic", standard,
          _output(theorems.statements.thm_3_8, "quadratic_coefficient", lambda c: 2 * c)),
    Fault("KL as a plain difference", "thm-3.8.quadratic", standard,
          _wrap(ufm.tilt.divergences, "forward_kl", _naive_divergence)),
    Fault("contexts weighed alike", "ce.kl-identity", weighted,
          _wrap(ufm.tilt.divergences, "cross_entropy_increase", _uniform_weights)),
    Fault("reverse for forward KL", "ce.kl-identity", standard,
          _wrap(ufm.tilt.divergences, "forward_kl", _reverse_divergence)),
    Fault("reverse for forward KL", "ce.convex", standard,
          _wrap(ufm.tilt.divergences, "forward_kl", _reverse_divergence)),
    Fault("1/16 for 1/8 in Hoeffding's bound", "ce.upper-bounds", extreme,
          _output(theorems.statements.cross_entropy, "upper_bounds", _sixteenth)),
    Fault("y²/2 for e^{-y} + y - 1", "ce.lower-bounds", standard,
          _wrap(theorems.statements.cross_entropy, "remainder_of_exponential", lambda f: lambda y: y**2 / 2)),
    Fault("72 for 36", "ce.remainder", tight_remainder,
          _wrap(theorems.statements.cross_entropy, "remainder_bound", lambda f: lambda i: f(i) / 2)),
    Fault("37 for 36", "ce.remainder", tight_remainder,
          _wrap(theorems.statements.cross_entropy, "remainder_bound", lambda f: lambda i: f(i) * 36 / 37)),
    Fault("½ forgotten", "ce.remainder", standard,
          lambda patch: patch(Instance, "variance", property(lambda self: 0.5))),
    Fault("normaliser dropped", "ce.asymptote", uniform,
          _wrap(Tilt, "log_probs_at", _without_normaliser)),
    Fault("the quadratic prediction for the root", "strength.budget", standard,
          _output(ufm.tilt.strength, "choose_strength",
                  lambda c: c._replace(alpha=c.small_budget_alpha))),
    Fault("a strength 1e-6 too small", "strength.budget", standard,
          _output(ufm.tilt.strength, "choose_strength", lambda c: c._replace(alpha=c.alpha - 1e-6))),
    # transformer
    Fault("mean removed in RMSNorm", "prop-4.1.rmsnorm", rmsnorm, _logits_with(_centred_rmsnorm)),
    Fault("eps left in the limit", "prop-4.1.rmsnorm", rmsnorm,
          _wrap(Transformer, "limit_logits", _limit_with_eps)),
    Fault("bias forgotten in LayerNorm", "prop-4.1.layernorm", layernorm,
          _logits_with(_without_bias)),
    Fault("limit of -v for that of v", "prop-4.1.layernorm", layernorm,
          _wrap(Transformer, "limit_logits", lambda f: lambda self, v, sign: f(self, v, -sign))),
    Fault("half the bound", "prop-4.1.rate", tight,
          _output(Transformer, "logit_rate_bound", _half)),
    # training
    Fault("training stops early", "assumption-2.trained", uniform, _wrap(UFM, "train", _stops_early)),
]  # fmt: skip


@cache
def _holds_without(claim: str, instance: Callable[[], Any]) -> bool:
    return theorems.check(claim, instance()).verdict == "holds"


def _traced_anew(function: Any, static: tuple[int, ...]) -> Any:
    """A copy of a compiled function that shares no trace with it."""
    return jax.jit(lambda *arguments: function.__wrapped__(*arguments), static_argnums=static)


@pytest.fixture
def patch(monkeypatch):
    def plant(owner, name, value):
        monkeypatch.setattr(owner, name, value)
        remembered = TRACED_BY.get((owner, name), set())
        for module, functions in COMPILED.items():
            for function in remembered & {*functions}:
                fresh = _traced_anew(getattr(module, function), functions[function])
                monkeypatch.setattr(module, function, fresh)

    return plant


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.claim}: {fault.name}")
def test_a_planted_fault_makes_its_claim_fail(fault, patch):
    assert _holds_without(fault.claim, fault.instance)
    instance = fault.instance()
    fault.plant(patch)
    verdict = theorems.check(fault.claim, instance)
    assert verdict.verdict == "fails", verdict
    assert not np.isnan(verdict.margin)


def test_every_claim_has_a_fault_planted_under_it():
    assert {fault.claim for fault in FAULTS} == set(theorems.CLAIMS)

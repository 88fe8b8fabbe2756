"""Planted faults: each breaks the library, or a theorem's own prediction, in one place.

A claim that holds on an instance must be found to fail on it once the fault is there.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.divergences
import ufm.tilt.effects
import ufm.tilt.peaks
import ufm.tilt.tilt
import ufm.tilt.two_vectors
from theorems import Instance
from theorems.judging import controls, evaluate
from theorems.statements import lemma_b2, prop_4_1
from ufm import UFM, ContextChain, ExponentialTilt, Transformer

# The compiled functions of the checks, by module, with their static arguments.
COMPILED = {
    evaluate: {
        "_curves": (),
        "_concept_curves": (),
        "_each": (),
        "_cross_entropy": (),
        "_limits": (),
        "_laws": (),
        "_orders": (2,),
        "_steered_logits": (),
        "_chain_curves": (4,),
        "_along_both": (),
    },
    prop_4_1: {"_steered": (4, 5), "rate_bounds": (), "_library_limits": ()},
}
# Which of them trace a function, and would otherwise remember it as it was without the fault.
TRACED_BY = {
    (ExponentialTilt, "log_probs_at"): {*COMPILED[evaluate]},
    (ExponentialTilt, "from_pivot"): {*COMPILED[evaluate]},
    (ExponentialTilt, "limit"): {"_limits"},
    (ExponentialTilt, "derivative"): {"_orders"},
    (ExponentialTilt, "cumulants"): {"_orders"},
    (ufm.tilt.tilt, "bell"): {"_orders"},
    (ufm.tilt.divergences, "forward_kl"): {"_curves", "_cross_entropy", "_along_both"},
    (ufm.tilt.divergences, "cross_entropy_increase"): {"_curves", "_cross_entropy", "_along_both"},
    (ufm.tilt.effects, "concept_increase"): {"_concept_curves"},
    (ufm.tilt.effects, "concept_log_odds_increase"): {"_concept_curves"},
    (ufm.tilt.two_vectors, "cross_talk"): {"_along_both"},
    (ExponentialTilt, "combined"): {"_along_both"},
    (UFM, "steer"): {"_steered_logits"},
    **{
        (ContextChain, name): {"_chain_curves"}
        for name in (
            "divergence",
            "presence",
            "expected_count",
            "presence_bounds",
            "count_bounds",
            "reachable",
        )
    },
    (Transformer, "logits"): {"_steered"},
    (Transformer, "limit_logits"): {"_library_limits"},
    (Transformer, "logit_rate_bound"): {"rate_bounds"},
}
PEAKS = (ufm.tilt.peaks, "peak_strengths")
DIFFERENCE = (lemma_b2, "difference_of_means")


class Fault(NamedTuple):
    """A fault under one claim; `plant` takes a function like pytest's `monkeypatch.setattr`."""

    name: str
    claim: str
    instance: Callable[[], Any]
    plant: Callable[[Callable[..., None]], None]

    def __str__(self):
        return f"{self.claim}: {self.name}"


def must_be_seen(fault: Fault, monkeypatch: pytest.MonkeyPatch) -> None:
    """The claim holds on the fault's instance without the fault, and fails there with it."""
    assert _holds_without(fault.claim, fault.instance)
    instance = fault.instance()
    fault.plant(setter(monkeypatch))
    verdict = theorems.check(fault.claim, instance)
    assert verdict.verdict == "fails", verdict
    assert not np.isnan(verdict.margin)


@cache
def _holds_without(claim: str, instance: Callable[[], Any]) -> bool:
    return theorems.check(claim, instance()).verdict == "holds"


def setter(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """`monkeypatch.setattr`, which also has the checks compiled anew that had traced what is replaced."""

    def plant(owner: Any, name: str, value: Any) -> None:
        if getattr(ufm, name, None) is getattr(owner, name):  # remembered by the door once loaded
            monkeypatch.setattr(ufm, name, value)
        monkeypatch.setattr(owner, name, value)
        remembered = TRACED_BY.get((owner, name), set())
        for module, functions in COMPILED.items():
            for function in remembered & {*functions}:
                fresh = _traced_anew(getattr(module, function), functions[function])
                monkeypatch.setattr(module, function, fresh)

    return plant


def _traced_anew(function: Any, static: tuple[int, ...]) -> Any:
    """A copy of a compiled function that shares no trace with it."""
    return jax.jit(lambda *arguments: function.__wrapped__(*arguments), static_argnums=static)


# Instances. All of V = 4 or V = 9, which are padded to one shape.


def standard() -> Instance:
    """Every hypothesis holds."""
    return controls.standard()


def uniform() -> Instance:
    """The paper's uniform dataset: all target tokens tie at max M."""
    return Instance.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])


# Ways to plant.


def wrap(owner: Any, name: str, change: Callable[[Callable], Callable]) -> Callable:
    """Plants `change(original)` in place of `owner.name`."""

    def plant(patch):
        original = owner.__dict__[name]
        if isinstance(original, classmethod):
            patch(owner, name, classmethod(change(original.__func__)))
        else:
            patch(owner, name, change(getattr(owner, name)))

    return plant


def output(owner: Any, name: str, change: Callable[[Any], Any]) -> Callable:
    """Plants `change` on what `owner.name` returns."""
    return wrap(owner, name, lambda f: lambda *args, **named: change(f(*args, **named)))


def at_strength(change: Callable[[Any], Any]) -> Callable:
    """Plants `change` on the strength that the tilt is given."""
    return wrap(
        ExponentialTilt, "log_probs_at", lambda f: lambda self, alpha: f(self, change(alpha))
    )


def exchanged(f: Callable) -> Callable:
    """P and N exchanged."""
    return lambda *args: f(args[0], args[2], args[1])


def sum_of_negatives(f: Callable) -> Callable:
    """The mean over P less the sum over N."""

    def difference(embeddings, positive, negative):
        rows = jnp.asarray(embeddings)
        return rows[np.asarray(positive)].mean(axis=0) - rows[np.asarray(negative)].sum(axis=0)

    return difference


def in_single_precision(f: Callable) -> Callable:
    """The tilted law worked out in float32."""

    def law(self, alpha):
        coarse = ExponentialTilt(
            self.log_probs.astype(jnp.float32), self.log_odds.astype(jnp.float32)
        )
        return f(coarse, jnp.asarray(alpha).astype(jnp.float32)).astype(jnp.float64)

    return law

from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import theorems
from tests.planted_faults import Fault, must_be_seen, output, wrap
from theorems import TransformerInstance
from theorems.statements import prop_4_1
from ufm import Transformer


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


def _logits_with(norm: Callable[[Any, Any], Any]) -> Callable:
    """Plants another final norm in the transformer's forward pass."""

    def change(f):
        def logits(self, hidden, alpha=0.0, **site):
            return self.decoder @ norm(
                self.final_norm, self.hidden_states(hidden, alpha, **site)[-1]
            )

        return logits

    return wrap(Transformer, "logits", change)


def _without_bias(norm, x):
    return norm(x) - norm.bias


def _centred_rmsnorm(norm, x):
    return norm(x - x.mean())


def _limit_with_eps(f):
    def limit(self, vector, sign):
        return self.decoder @ self.final_norm(sign * jnp.asarray(vector))

    return limit


def _half(bounds):
    return 0.5 * bounds


FAULTS = [
    Fault("mean removed in RMSNorm", "prop-4.1.rmsnorm", rmsnorm, _logits_with(_centred_rmsnorm)),
    Fault("eps left in the limit", "prop-4.1.rmsnorm", rmsnorm,
          wrap(Transformer, "limit_logits", _limit_with_eps)),
    Fault("bias forgotten in LayerNorm", "prop-4.1.layernorm", layernorm,
          _logits_with(_without_bias)),
    Fault("limit of -v for that of v", "prop-4.1.layernorm", layernorm,
          wrap(Transformer, "limit_logits", lambda f: lambda self, v, sign: f(self, v, -sign))),
    Fault("half the bound", "prop-4.1.rate", tight,
          output(Transformer, "logit_rate_bound", _half)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("length", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize("norm", ["rmsnorm", "layernorm"])
def test_the_last_strength_is_far_out_whatever_the_length_of_v(norm, length):
    """|αv| = 1e10 (1 + ρ): the distance to the limit is then below 1e-9 of the logits."""
    base = transformer(norm)
    instance = replace(base, vector=length * base.vector)
    reach = np.abs(instance.strengths).max() * np.linalg.norm(instance.vector)
    assert reach == pytest.approx(1e10 * (1 + instance.bound_on_rest), rel=1e-12)
    assert sorted(instance.strengths) == sorted(-instance.strengths)
    for sign in (1, -1):
        assert (sign * instance.strengths).max() == pytest.approx(
            reach / np.linalg.norm(instance.vector)
        )
        limit = np.asarray(instance.transformer.limit_logits(instance.vector, sign))
        np.testing.assert_allclose(instance.limit(sign), limit, rtol=1e-12)
        np.testing.assert_allclose(
            instance.logits(sign)[-1], limit, atol=1e-8 * np.abs(limit).max()
        )


def test_a_vector_of_almost_no_length_is_steered_by_no_more_than_can_be_added():
    base = rmsnorm()
    instance = replace(base, vector=1e-200 * base.vector)
    assert np.abs(instance.strengths).max() == 1e16


def test_opposite_limits_are_compared_on_the_scale_of_the_logits():
    """An unembedding 1e-9 times as large makes errors of the limit no easier to pass."""
    base = rmsnorm()
    small = eqx.tree_at(lambda t: t.decoder, base.transformer, 1e-9 * base.transformer.decoder)
    instance = replace(base, transformer=small)
    claim = theorems.CLAIMS["prop-4.1.rmsnorm"]
    assert claim.check(instance).verdict == "holds"
    right = TransformerInstance.limit
    off = lambda self, sign: right(self, sign) * (1 + 1e-11 * (sign > 0))  # noqa: E731
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(TransformerInstance, "limit", off)
        assert claim.check(replace(instance)).verdict == "fails"


@pytest.mark.parametrize(
    ("norm", "vector", "reason"),
    [
        ("layernorm", np.full(8, 3.0), "v less its mean is zero"),
        ("layernorm", np.zeros(8), "v less its mean is zero"),
        ("layernorm", 3.0 + 1e-6 * np.arange(8), None),
        ("layernorm", np.arange(8) - 3.5, None),
        ("rmsnorm", np.full(8, 3.0), None),
        ("rmsnorm", np.zeros(8), "v is zero"),
    ],
)
def test_a_direction_is_what_the_norm_leaves_of_v(norm, vector, reason):
    instance = replace(transformer(norm), vector=jnp.asarray(vector))
    assert prop_4_1.DIRECTION.unmet(instance) == reason

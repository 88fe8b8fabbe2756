import jax
import jax.numpy as jnp
import pytest

from tests.planted_faults import Fault, at_strength, must_be_seen, output, standard, uniform, wrap
from theorems.statements import prop_b1
from ufm import ExponentialTilt


def _to_one_of_the_tied(law):
    return jax.nn.one_hot(jnp.argmax(law, axis=1), law.shape[1], dtype=law.dtype)


FAULTS = [
    Fault("Mbot for Mtop", "prop-b1.limit-plus", standard,
          wrap(ExponentialTilt, "limit", lambda f: lambda self, sign: f(self, -sign))),
    Fault("all mass to one of the tied", "prop-b1.limit-plus", uniform,
          output(ExponentialTilt, "limit", _to_one_of_the_tied)),
    Fault("not normalised", "prop-b1.limit-minus", standard,
          output(ExponentialTilt, "limit", lambda law: 0.5 * law)),
    Fault("eq (9): -a of the token's own concept", "prop-b1.limit-minus", standard,
          output(prop_b1, "limit_law", lambda law: law - 0.3)),
    Fault("curve at 0.8 α", "limit.rate", standard, at_strength(lambda a: 0.8 * a)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)

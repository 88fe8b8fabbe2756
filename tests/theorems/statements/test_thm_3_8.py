import jax.numpy as jnp
import pytest

import ufm.tilt.divergences
from tests.planted_faults import Fault, must_be_seen, output, standard, wrap
from theorems.statements import thm_3_8


def _naive_divergence(f):
    def divergence(tilt, alpha):
        p = jnp.exp(tilt.log_probs)
        return (p * (tilt.log_probs - tilt.log_probs_at(alpha))).sum(axis=1)

    return divergence


FAULTS = [
    Fault("½ forgotten", "thm-3.8.quadratic", standard,
          output(thm_3_8, "quadratic_coefficient", lambda c: 2 * c)),
    Fault("KL as a plain difference", "thm-3.8.quadratic", standard,
          wrap(ufm.tilt.divergences, "forward_kl", _naive_divergence)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)

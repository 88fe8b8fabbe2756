import jax.numpy as jnp
import pytest

from tests.planted_faults import PEAKS, Fault, must_be_seen, output, standard

FAULTS = [
    Fault("peaks at -α", "sign-rule", standard, output(*PEAKS, lambda a: -a)),
    Fault("peaks at 0", "sign-rule", standard,
          output(*PEAKS, lambda a: jnp.where(jnp.isfinite(a), 0, a))),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)

import jax.numpy as jnp
import mpmath as mp
import pytest

from tests.exact_model import Exact, record
from tests.planted_faults import (
    PEAKS,
    Fault,
    at_strength,
    must_be_seen,
    output,
    standard,
)
from theorems.judging import controls


def _swap_columns(array):
    """One target token for one that is not: tokens 1 and 3 of the standard instance."""
    return array.at[:, jnp.array([1, 3])].set(array[:, jnp.array([3, 1])])


FAULTS = [
    Fault("peaks off by 1e-6 of themselves", "thm-3.3.bump", standard,
          output(*PEAKS, lambda a: a * (1 + 1e-6))),
    Fault("peaks off by 1e-6", "thm-3.3.bump", standard, output(*PEAKS, lambda a: a + 1e-6)),
    Fault("a peak between the extremes at +∞", "thm-3.3.bump", standard,
          output(*PEAKS, lambda a: a.at[:, 1].set(jnp.inf))),
    Fault("peaks of two tokens exchanged", "thm-3.3.peak-order", standard,
          output(*PEAKS, _swap_columns)),
    Fault("sign of the strength ignored", "thm-3.3.monotone", standard, at_strength(jnp.abs)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@mp.workdps(50)
def test_smaller_rates_reverse_the_peak_order():
    model = Exact(record(["7/10", "1/10", "1/5", "1/2"], ["1/10", "1/5", "3/20", "1/20"]))
    library = controls.smaller_rates().peaks
    pairs = []
    for j in (0, 2):
        on, off = model.peak(j, 1), model.peak(j, 2)
        assert on < off  # token 1 is in the target and should peak last
        assert library[j, 1] == pytest.approx(float(on), rel=1e-13)
        assert library[j, 2] == pytest.approx(float(off), rel=1e-13)
        pairs.append((round(float(on), 4), round(float(off), 4)))
    assert (0.2220, 0.3875) in pairs

import math

import mpmath as mp
import pytest

from tests.planted_faults import PEAKS, Fault, must_be_seen, output, standard
from theorems.hypotheses import epsilon_threshold

FAULTS = [
    Fault("peaks at -α", "remark-3.4.positive-peaks", standard, output(*PEAKS, lambda a: -a)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@mp.workdps(50)
def test_thresholds_of_remark_3_4():
    for groups, ratio, printed in ((3, 0.5, 0.44988), (2, 0.5, 0.27711), (3, 0.1, 0.14341)):
        found = mp.findroot(
            lambda e, g=groups, r=ratio: (
                (1 - e / (g - 1)) * mp.log((1 - e) * (g - 1) / e) + mp.log(r)
            ),
            printed,
        )
        assert round(float(found), 5) == printed
        assert math.isclose(epsilon_threshold(groups, ratio), float(found), rel_tol=1e-13)
    # the control is above it: the least γ/ω on the target is 3/7, and ε = 9/20
    assert epsilon_threshold(3, 3 / 7) < 0.45

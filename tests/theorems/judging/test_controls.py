"""Every control finds its counterexample."""

import numpy as np
import pytest

import theorems
from theorems.judging import controls

CLAIMS = theorems.CLAIMS.values()


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_the_control_finds_its_counterexample(claim):
    found, verdict = claim.run_control()
    assert verdict.verdict == "fails"
    assert found
    # by more than the width of rounding, and not for want of a number
    assert verdict.margin < -2 * verdict.tolerance
    if claim.control.conclusion is None:
        checked = theorems.check(claim.id, claim.control.instance())
        assert checked.verdict == "hypotheses unmet"
        # an instance may break more than one hypothesis: the first of them is named
        assert checked.evidence.split(":")[0] in {h.id for h in claim.hypotheses}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_no_other_hypothesis_hides_what_the_control_shows(claim):
    """Only the dropped hypothesis is broken, unless it implies another one."""
    instance = claim.control.instance()
    broken = {h.id for h in claim.hypotheses if h.unmet(instance) is not None}
    own_conclusion = claim.control.conclusion is not None
    assert broken <= {claim.control.dropped}
    assert broken or own_conclusion


def test_negatives_inside_the_target_leave_nothing_to_steer_by():
    instance = controls.negatives_in_target()
    assert instance.odds_range == 0
    np.testing.assert_array_equal(instance.curves.increase, 0.0)

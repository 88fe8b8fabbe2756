"""Which verdicts become "hypotheses unmet", and why."""

import numpy as np
import pytest
from scipy.special import softmax

from ufm.llm.laws.hypotheses import no_limit, no_tilt, unmet_hypotheses
from ufm.llm.laws.law import Law
from ufm.llm.laws.tanh import tanh_law


def law(verdict):
    return Law("tanh", "a title", verdict, 0.5, "a threshold", "mean 0.5")


def test_only_what_fails_changes_and_the_reason_is_told():
    why = {"holds": "mean 0.5", "undecided": "mean 0.5; hypotheses unmet: no tilt"}
    for verdict in why:
        told = law(verdict).under("no tilt")
        assert (told.verdict, told.why, told.unmet) == (verdict, why[verdict], "no tilt")
        assert told.as_json()["unmet"] == "no tilt"
    assert law("fails").under("no tilt").verdict == "hypotheses unmet"
    assert law("fails").under(None) == law("fails")


def test_before_a_norm_only_the_plateau_is_a_theorem():
    found = unmet_hypotheses(no_tilt(False, False), no_limit(False), 0.5, 0.0)
    assert set(found) == {"bumps", "tanh", "quadratic", "plateau", "log-odds", "hump"}
    assert [law for law, why in found.items() if why is None] == ["plateau"]
    for id, theorem in (("bumps", "3.3"), ("tanh", "3.6"), ("quadratic", "3.8")):
        tilt = f"no exponential tilt (logits + αM), of which Theorem {theorem} is proved"
        assert tilt in str(found[id]).split("; ")[0]
    both = unmet_hypotheses(no_tilt(False, False), no_limit(False), -0.47, None)["tanh"]
    assert "Theorem 3.6 is proved; the concept's tokens are not separated" in str(both)
    assert "= -0.47 nats" in str(both)


@pytest.mark.parametrize(
    ("margin", "share", "unmet"),
    [
        (0.5, 0.001, set()),
        (None, None, set()),
        (-0.1, 0.001, {"tanh"}),
        (0.0, 0.2, {"tanh", "quadratic"}),
    ],
)
def test_after_the_norm_the_tilt_meets_what_it_meets(margin, share, unmet):
    assert no_tilt(True, False) is None
    found = unmet_hypotheses(None, no_limit(True), margin, share)
    never = {"tanh": "Theorem 3.6 has a tanh of ν(α)", "quadratic": "Theorem 3.8 is of α → 0"}
    assert {law for law, why in found.items() if why is not None} == {"plateau", "hump", *never}
    for law, reason in never.items():
        *others, last = str(found[law]).split("; ")
        assert last.startswith(reason)
        assert bool(others) is (law in unmet)


def test_a_separated_tilt_may_miss_the_tanh_of_the_strength_and_no_theorem_is_blamed():
    # T = {0} passes one competitor fast and the other slowly: ν(α) is no line, and δ = 0.1 > 0
    alphas = np.linspace(-5, 40, 281)
    logits = np.array([0, -0.8, -1]) + np.multiply.outer(alphas, [0.1, 0, -20])
    mass = softmax(logits, axis=1)[:, 0]
    missed = tanh_law(alphas, np.tile(mass, (3, 1)))
    assert missed.verdict == "fails"
    told = missed.under(unmet_hypotheses(None, no_limit(True), 0.1, 0.0)["tanh"])
    assert told.verdict == "hypotheses unmet"


def test_capped_logits_are_no_tilt():
    found = unmet_hypotheses(no_tilt(True, True), no_limit(True), 0.5, 0.0)
    assert None not in found.values()
    assert "the logits are capped" in str(found["log-odds"])


def test_without_a_final_norm_no_law_but_the_tilt_of_the_last_block_is_a_theorem():
    before = unmet_hypotheses(no_tilt(False, False, False), no_limit(False, False), 0.5, 0.0)
    assert None not in before.values()
    assert "v is added before later blocks" in str(before["bumps"])
    assert "the model has no final norm" in str(before["plateau"])
    last = unmet_hypotheses(no_tilt(True, False, False), no_limit(True, False), 0.5, 0.0)
    assert {law for law, why in last.items() if why is not None} == {
        "plateau",
        "hump",
        "tanh",
        "quadratic",
    }
    assert "final norm" not in f"{last['tanh']} {last['quadratic']}"
    assert "the likeliest token takes all" in str(last["plateau"])

"""Which verdicts become "hypotheses unmet", and why."""

import pytest

from ufm.llm.laws.hypotheses import no_limit, no_tilt, unmet_hypotheses
from ufm.llm.laws.law import Law


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
        assert str(found[id]).endswith(
            f"no exponential tilt (logits + αM), of which Theorem {theorem} is proved"
        )
    both = unmet_hypotheses(no_tilt(False, False), no_limit(False), -0.47, None)["tanh"]
    assert "Theorem 3.6 is proved; the concept's tokens are not separated" in str(both)
    assert "= -0.47 nats" in str(both)


@pytest.mark.parametrize(
    ("margin", "share", "unmet"),
    [
        (0.5, 0.001, {"plateau", "hump"}),
        (None, None, {"plateau", "hump"}),
        (-0.1, 0.001, {"plateau", "hump", "tanh"}),
        (0.0, 0.2, {"plateau", "hump", "tanh", "quadratic"}),
    ],
)
def test_after_the_norm_the_tilt_meets_what_it_meets(margin, share, unmet):
    assert no_tilt(True, False) is None
    found = unmet_hypotheses(None, no_limit(True), margin, share)
    assert {law for law, why in found.items() if why is not None} == unmet


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
    assert {law for law, why in last.items() if why is not None} == {"plateau", "hump"}
    assert "the likeliest token takes all" in str(last["plateau"])

"""Certificates of heads against floats and mpmath: every turn is found, and every number is right."""

import json
import subprocess
import sys
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pytest

import ufm
from tests.theorems.certificates.heads.fuzz import (
    BLIND,
    INSTANCES,
    LAYERNORM,
    MEANS,
    MERGED,
    THREE,
    TIED,
    TILT,
    TWO,
)
from tests.theorems.certificates.heads.head_truth import falsehood
from tests.theorems.certificates.heads.random_heads import in_floats
from theorems.certificates import certify_head
from theorems.certificates.write.heads import turns as room
from theorems.tables.exact_head import read_exact_head

ROOT = Path(__file__).parents[4]


def certified(record):
    return certify_head(read_exact_head(record)).record


def counts(record, context=0):
    found = certified(record)["contexts"][context]["tokens"]
    return [None if curve is None else (curve["first"], len(curve["turns"])) for curve in found]


@pytest.mark.parametrize("record", [r for r in INSTANCES if r is not MERGED])
def test_all_that_is_certified_is_true(record):
    assert falsehood(certified(record)) is None


def test_three_tokens_of_which_one_turns_three_times():
    assert counts(THREE) == [("falls", 3), ("rises", 1), ("rises", 1)]
    first, second, third = (
        [float(F(end)) for end in pair]
        for pair in certified(THREE)["contexts"][0]["tokens"][0]["turns"]
    )
    assert second[0] < 0 < second[1]
    assert first == pytest.approx([-0.597143] * 2, abs=1e-6)
    assert third == pytest.approx([0.597143] * 2, abs=1e-6)


def test_two_tokens_turn_once_where_their_log_odds_do():
    context = certified(TWO)["contexts"][0]
    exact = F(context["log_odds"][0] or context["log_odds"][1])
    for curve in context["tokens"]:
        ((low, high),) = curve["turns"]
        assert F(low) < exact < F(high)


def test_slopes_that_are_zero_at_an_end_are_decided():
    # p(0) peaks at 0, the others rise or fall from end to end, flat at both
    assert counts(TILT) == [("rises", 1), ("rises", 0), ("falls", 0)]
    assert counts(BLIND) == [("constant", 0)] * 3
    found = certified(TIED)
    assert found["limits"]["plus"] == found["limits"]["minus"] | {"dominating": [0, 1, 2]}
    assert found["limits"]["plus"]["log_odds"] is None


def test_turns_that_merge_are_left_open_and_told_from_near_ones(monkeypatch):
    monkeypatch.setattr(room, "DEEPEST", 16)  # the usual ones take long under the checker of types
    certificate = certify_head(read_exact_head(MERGED))
    assert counts(MERGED) == [None, ("rises", 1), ("rises", 1)]
    assert certificate.undecided == 2  # the token's, and the target's, which is that token
    assert certificate.verdicts["norm-circle.turns"] == "hypotheses unmet"
    turns = next(c for c in certificate.record["claims"] if c["id"] == "norm-circle.turns")
    assert turns["conclusion"] == "undecided"
    # for more than 1 in b the dips are beside the peak; for less there is one dip alone
    for b, expected in (("1.1", 3), ("0.9", 1)):
        rows = [["0"] * 4, ["2", b, "0", "0"], ["2", f"-{b}", "0", "0"]]
        assert counts(MERGED | {"head": rows})[0] == ("falls", expected)


def test_m_of_states_that_are_equally_long_is_that_of_the_limits():
    # |h| = 5 for all three: M is W(γ ⊙ v)/r, exactly, and largest where the limits are
    found = certified(MEANS)
    assert found["last_block"]["largest"] == found["limits"]["plus"]["dominating"] == [0]
    assert found["last_block"]["smallest"] == found["limits"]["minus"]["dominating"] == [2]
    assert all(F(low) <= 0 <= F(high) < F(1, 2**100) for low, high in found["last_block"]["bounds"])
    assert certify_head(read_exact_head(MEANS)).verdicts["dominating.last-block"] == "holds"
    # of unequal lengths tokens may be extremal that do not dominate, within the bound
    states = {"hidden": [["30", "40"], ["-4", "3"], ["-5", "0"]], "vector": ["18", "43/2"]}
    last_block = certified(MEANS | states)["last_block"]
    assert all(F(low) > 1 for low, _ in last_block["bounds"])
    assert certified(THREE)["last_block"] is None


def test_tokens_that_tie_in_m_are_found_exactly():
    # W(γ ⊙ v) is 9/2 for both, and the states are equally long
    rows = [["1", "0"], ["16/9", "-1"], ["-1", "3/2"]]
    assert certified(MEANS | {"head": rows})["last_block"]["largest"] == [0, 1]


def test_work_is_bounded(monkeypatch):
    monkeypatch.setattr(room, "MOST_WORK", 30)
    with pytest.raises(ValueError, match="the turns take more than 30 evaluations"):
        certified(THREE)


def test_random_heads_are_confirmed_and_turn_where_floats_see_it():
    """A program of its own: here each call is checked against its annotations, which takes long."""
    program = [sys.executable, "-m", "tests.theorems.certificates.heads.random_heads"]
    run = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(run.stdout)
    assert found["wrong"] == []
    # curves by their number of turns: some of each, and three or more
    assert {"0", "1", "2", "3"} <= {*found["turns"]}
    assert found["steps"] > 30_000


def test_limits_and_approach_are_those_of_the_library():
    found, head = certified(LAYERNORM), in_floats(LAYERNORM)
    circle = ufm.NormCircle(
        head.unembedding, head.states, head.vector, head.weight, head.bias, head.eps, centred=True
    )
    middle = lambda pairs: [float((F(low) + F(high)) / 2) for low, high in pairs]  # noqa: E731
    for name, sign in (("plus", 1), ("minus", -1)):
        assert middle(found["limits"][name]["probabilities"]) == pytest.approx(
            np.asarray(circle.limit(sign))
        )
        for j, context in enumerate(found["contexts"]):
            assert middle(context["approach"][name]) == pytest.approx(
                np.asarray(circle.approach(sign))[j]
            )
        pi = [float(F(w)) for w in LAYERNORM["context_weights"]]
        (spent,) = middle([found["plateau"][name]["cross_entropy"]])
        assert spent == pytest.approx(float(np.asarray(circle.plateau(sign)) @ pi))

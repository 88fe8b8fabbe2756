from dataclasses import MISSING, fields

import pytest

import theorems
from theorems.judging.claim import Judged, NotCertified

CLAIMS = [claim for statement in theorems.STATEMENTS for claim in statement.claims]


def _claim(**fields):
    made = {name: "" for name in ("id", "title", "text", "formula", "source")}
    made |= {"families": ("rates",), "figures": ("fig-3",), "certificate": NotCertified("a test")}
    return theorems.Claim(**{**made, **fields})


@pytest.mark.parametrize("record", [theorems.Claim, theorems.Statement, theorems.Finding])
def test_all_that_the_project_says_of_a_claim_is_asked_for_by_name(record):
    example = {
        theorems.Claim: CLAIMS[0],
        theorems.Statement: theorems.STATEMENTS[0],
        theorems.Finding: theorems.FINDINGS[0],
    }[record]
    given = {f.name: getattr(example, f.name) for f in fields(record)}
    assert record(**given) == example
    with pytest.raises(TypeError, match="positional"):
        record(*given.values())
    for f in fields(record):
        if f.default is MISSING:
            rest = {name: value for name, value in given.items() if name != f.name}
            with pytest.raises(TypeError, match=f"missing .*required.* '{f.name}'"):
                record(**rest)
    assert [f.name for f in fields(record) if f.default is not MISSING] in (
        [],
        ["figures"],
        ["unproved"],
    )


def test_hypotheses_are_checked_in_order_and_before_the_conclusion():
    seen = []

    def judged(instance):
        seen.append("conclusion")
        return theorems.Verdict(theorems.Outcome.HOLDS, 1.0, 0.0, "")

    def hypothesis(name, reason):
        return theorems.Hypothesis(name, name, lambda instance: seen.append(name) or reason)

    def claim(*hypotheses):
        control = theorems.Control("first", "", lambda: None)
        return _claim(hypotheses=hypotheses, conclusion=judged, control=control)

    met, broken = hypothesis("first", None), hypothesis("second", "1 > 0")
    assert claim(met, broken, met).check(Judged()).evidence == "second: 1 > 0"
    assert seen == ["first", "second"]
    seen.clear()
    assert claim(met).check(Judged()).verdict == "holds"
    assert seen == ["first", "conclusion"]


def test_a_control_counts_only_if_its_hypothesis_is_seen_unmet_and_its_conclusion_fails():
    def claim(outcome, reason, own=None):
        verdict = theorems.Verdict(outcome, -1.0, 0.1, "")
        needs = (theorems.Hypothesis("needed", "needed", lambda instance: reason),)
        control = theorems.Control("needed", "", lambda: None, own)
        return _claim(hypotheses=needs, conclusion=lambda i: verdict, control=control)

    fails, holds = theorems.Outcome.FAILS, theorems.Outcome.HOLDS
    assert claim(fails, "broken").run_control()[0]
    assert not claim(fails, None).run_control()[0]
    assert not claim(holds, "broken").run_control()[0]
    assert not claim(theorems.Outcome.UNDECIDED, "broken").run_control()[0]
    own = theorems.Verdict(fails, -1.0, 0.1, "own")
    found, verdict = claim(holds, None, lambda instance: own).run_control()
    assert found
    assert verdict.evidence == "own"

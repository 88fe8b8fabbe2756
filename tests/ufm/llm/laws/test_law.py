"""Verdicts over prompts."""

import numpy as np
import pytest

from ufm.llm.laws.law import Statement, judge_prompts


def test_verdicts_over_prompts():
    assert judge_prompts([0.9] * 5, 0.5)[0] == "holds"
    assert judge_prompts([0.1] * 5, 0.5)[0] == "fails"
    assert judge_prompts([0.1, 0.9, 0.2, 0.8], 0.5)[0] == "undecided"
    assert judge_prompts([0.9, 0.9], 0.5)[0] == "undecided"
    assert judge_prompts([], 0.5)[0] == "undecided"


def test_two_standard_errors_by_hand():
    # mean 2, variance 8 / 3, four prompts
    values = [0.0, 2.0, 2.0, 4.0]
    spread = 2 * np.sqrt(8 / 3) / 2
    for threshold, verdict in (
        (2 - spread - 0.01, "holds"),
        (2 - spread + 0.01, "undecided"),
        (2 + spread - 0.01, "undecided"),
        (2 + spread + 0.01, "fails"),
    ):
        assert judge_prompts(values, threshold)[0] == verdict
    assert judge_prompts(values, 1.5)[1] == (
        "mean 2 ± 1.63 (2 standard errors, 4 prompts) against 1.5"
    )
    few = "2 prompts are too few to judge by, 3 are needed: 0.5, 1"
    assert judge_prompts([0.5, 1.0], 1.5) == ("undecided", few)
    assert judge_prompts([0.5] * 3, 0.5)[0] == "holds"


def test_a_law_as_json_and_one_that_was_not_asked():
    statement = Statement("tanh", "a title", "a threshold")
    law = statement.judged("fails", 0.5, "a reason", {"rate": np.array([1.0, np.nan])})
    assert law.as_json() == {
        "id": "tanh",
        "title": "a title",
        "verdict": "fails",
        "number": 0.5,
        "criterion": "a threshold",
        "why": "a reason",
        "evidence": {"rate": [1.0, None]},
        "unmet": None,
        "measure": "mean R²",
    }
    law = statement.not_asked("no concept")
    assert (law.verdict, law.number, law.why) == ("undecided", None, "no concept")
    with pytest.raises(
        ValueError, match="must be one of holds, fails, undecided, hypotheses unmet; got 'true'"
    ):
        statement.judged("true", 1.0, "", {})

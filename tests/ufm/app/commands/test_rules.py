"""The rules of options: what each lets through, at its edges, and what it says of the rest."""

import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from ufm.app.commands.bad_input import BadInput
from ufm.app.commands.rules import (
    EXISTING_FILE,
    FOLDER,
    NEW_FILE,
    NOT_NEGATIVE,
    POSITIVE,
    at_least,
    check_rules,
)

GOOD = [(at_least(2), 2), (POSITIVE, 5e-324), (NOT_NEGATIVE, 0.0)]
BAD = [
    (at_least(2), 1, "must be at least 2; got 1"),
    (POSITIVE, 0.0, "must be positive and finite; got 0.0"),
    (POSITIVE, math.inf, "must be positive and finite; got inf"),
    (POSITIVE, math.nan, "must be positive and finite; got nan"),
    (NOT_NEGATIVE, -5e-324, "must be at least 0 and finite; got -5e-324"),
    (NOT_NEGATIVE, math.inf, "must be at least 0 and finite; got inf"),
]


@pytest.mark.parametrize(("rule", "value"), GOOD)
def test_what_a_rule_lets_through(rule, value):
    assert rule.complaint(value) is None


@pytest.mark.parametrize(("rule", "value", "complaint"), BAD)
def test_what_a_rule_says_of_the_rest(rule, value, complaint):
    assert rule.complaint(value) == complaint


def test_rules_of_paths(tmp_path):
    file, absent = tmp_path / "file", tmp_path / "absent"
    file.write_text("")
    assert EXISTING_FILE.complaint(file) is None
    assert EXISTING_FILE.complaint(absent) == f"{absent} does not exist"
    assert EXISTING_FILE.complaint(tmp_path) == f"{tmp_path} is a folder, not a file"
    assert NEW_FILE.complaint(file) is NEW_FILE.complaint(absent) is None
    for wrong in (tmp_path, absent / "deeper", file / "deeper"):
        assert "is no place for a file" in str(NEW_FILE.complaint(wrong))
    assert FOLDER.complaint(tmp_path) is FOLDER.complaint(absent) is None
    assert "is a file: name a folder" in str(FOLDER.complaint(file))


@dataclass(frozen=True)
class Inner:
    text_tokens: Annotated[int, at_least(0)] = 0


@dataclass(frozen=True)
class Outer:
    inner: Inner = Inner()
    seed: Annotated[int | None, at_least(0)] = 0


def test_records_in_records_are_checked_and_options_are_named_as_they_are_typed():
    check_rules(Outer())
    check_rules(Outer(seed=None))
    with pytest.raises(BadInput, match=r"^--seed must be at least 0; got -1$"):
        check_rules(Outer(seed=-1))
    with pytest.raises(BadInput, match=r"^--text-tokens must be at least 0; got -1$"):
        check_rules(Outer(Inner(-1)))

"""`ufm verify`: how a statement may be named."""

import pytest

import theorems
from tests.command_line import refused
from ufm.app.commands.verify import _choose

NAMES = {
    "Theorem 3.3": "thm-3.3",
    "theorem 3.3": "thm-3.3",
    "thm 3.3": "thm-3.3",
    "Thm. 3.3": "thm-3.3",
    "3.3": "thm-3.3",
    "prop 4.1": "prop-4.1",
    "Lemma B.2": "lemma-b2",
    "Sweet spot": "sweet-spot",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_number_of_the_paper_or_the_title_names_a_statement(name):
    for words in ((name,), tuple(name.split())):  # with quotes around it, or without
        if name != "Sweet spot" or len(words) == 1:
            (statement,) = _choose(theorems.STATEMENTS, words)
            assert statement.id == NAMES[name]
            whole = next(s for s in theorems.STATEMENTS if s.id == NAMES[name])
            assert statement.claims == whole.claims


def test_every_statement_of_the_paper_has_a_number_of_its_own():
    for statement in theorems.STATEMENTS:
        if statement.is_of_paper:
            number = statement.source.split(",")[0].split()[1]
            assert [s.id for s in _choose(theorems.STATEMENTS, (number,))] == [statement.id]


def test_several_names_are_several_statements():
    chosen = _choose(theorems.STATEMENTS, ("Theorem", "3.3", "lemma-b4", "ce.convex"))
    assert [s.id for s in chosen] == ["lemma-b4", "thm-3.3", "ce"]
    assert [len(s.claims) for s in chosen] == [1, 3, 1]


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["Theorem", "3.4"], "did you mean Theorem 3."),
        (["thm-3.3.bumb"], "did you mean thm-3.3.bump"),
        (["everything"], "there are assumption-2, lemma-b2"),
    ],
)
def test_what_nothing_is_called_is_told_with_what_is_near(monkeypatch, capsys, words, hint):
    refused(monkeypatch, capsys, hint, "verify", *words)

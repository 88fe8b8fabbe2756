"""The findings as `ufm verify` prints them: a table that can be read on a narrow screen."""

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

import theorems
from theorems.findings import Confirmation
from theorems.proofs import ProofRun
from theorems.verify import Report, Tally
from ufm.app.printing.verification import print_report

NUMBERS = "α = -0.165670148651 < 0"


def printed(monkeypatch, columns, findings, confirmed=True):
    """The lines of a report on findings alone, on a terminal of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    console = Console(file=io.StringIO(), width=max(columns, 139))
    told = [(finding, Confirmation(confirmed, NUMBERS)) for finding in findings]
    print_report(Report(0, (), findings=told), console)
    lines = console.file.getvalue().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Findings about"))
    return lines[start:]


@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_of_findings_fits_the_screen_and_loses_nothing(monkeypatch, columns):
    lines = printed(monkeypatch, columns, theorems.FINDINGS)
    assert lines[0] == "Findings about the first version of the paper, arXiv:2602.02712v1:"
    heads = re.split(r"\s{2,}", lines[2].strip())
    assert heads == ["the paper says", "what is true", "counterexample", "severity"]
    assert max(map(len, lines)) <= columns
    assert "…" not in "".join(lines)
    starts = [lines[2].index(head) for head in heads]
    for finding in theorems.FINDINGS:
        (at,) = (n for n, line in enumerate(lines) if line.startswith(f"{finding.id} "))
        assert lines[at] == f"{finding.id}  {finding.source}"
        rows = lines[at + 1 : lines.index("", at)]
        cells = [
            " ".join(row[low:high].strip() for row in rows).split()
            for low, high in zip(starts, [*starts[1:], None], strict=True)
        ]
        assert cells[0] == finding.says.split()
        assert cells[1] == finding.truth.split()
        assert cells[2] == f"{finding.witness}: {NUMBERS}".split()
        assert cells[3] == [*finding.severity.split(), "confirmed"]


def test_markup_in_a_finding_is_shown_as_it_is(monkeypatch):
    finding = replace(theorems.FINDINGS[0], says="On [bold]all[/bold] of [0, 1].")
    assert "On [bold]all[/bold] of [0, 1]." in "\n".join(printed(monkeypatch, 120, [finding]))


def test_a_finding_that_is_not_confirmed_is_told_and_counted(monkeypatch):
    lines = printed(monkeypatch, 80, theorems.FINDINGS[:2], confirmed=False)
    assert "CONFIRMED" in "\n".join(lines)
    assert lines[-1].endswith("0 of 2 findings confirmed.")


def test_controls_that_find_their_counterexample_are_marked_and_counted():
    statement = next(s for s in theorems.STATEMENTS if len(s.claims) == 3)
    report = Report(0, (statement,))
    for claim, is_found in zip(statement.claims, (True, False, True), strict=True):
        verdict = theorems.Verdict(theorems.Outcome.HOLDS, 1.0, 0.0, "")
        report.tallies[claim.id] = Tally(claim, 1, worst=verdict, control=(is_found, verdict))
    console = Console(file=io.StringIO(), width=160)
    print_report(report, console)
    lines = console.file.getvalue().splitlines()
    assert lines[-1] == "3 claims: 3 hold; 2 of 3 controls found."
    for claim, mark in zip(statement.claims, (": found", ": NOT FOUND", ": found"), strict=True):
        assert next(line for line in lines if claim.id in line).rstrip().endswith(mark)


class Screen(io.StringIO):
    """A terminal, as rich sees it."""

    def isatty(self):
        return True


def told_of(name, columns, is_selection):
    """The lines of a report on one statement, of which all holds, on a terminal without colours."""
    statement = next(s for s in theorems.STATEMENTS if s.id == name)
    report = Report(0, (statement,))
    for claim in statement.claims:
        verdict = theorems.Verdict(theorems.Outcome.HOLDS, 1.0, 0.0, "")
        report.tallies[claim.id] = Tally(claim, 1, worst=verdict, control=(True, verdict))
    console = Console(file=Screen(), width=columns, color_system=None)
    print_report(report, console, is_selection=is_selection)
    return statement, [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_of_a_selection_claims_hypotheses_and_findings_are_told_within_the_screen():
    statement, lines = told_of("thm-3.6", 80, True)
    assert max(map(len, lines)) <= 80
    assert "    Mbot" in lines  # what does not fit a line goes on under it
    text = " ".join(" ".join(lines).split())
    said = text.partition("What each claim says: ")[2].partition(" Checked under:")[0]
    assert said == " ".join(f"{claim.id}: {claim.text}" for claim in statement.claims)
    needs = {h.id: h.text for claim in statement.claims for h in claim.hypotheses}
    for claim in statement.claims:
        assert f" {claim.id}: {', '.join(h.id for h in claim.hypotheses)}" in text
    for name, says in needs.items():
        assert text.count(f" {name}: {says}") == 1
    about = {f.id for f in theorems.FINDINGS if f"({f.severity}; {f.source}): {f.title}" in text}
    assert about == {"finding-2.vanishing", "finding-3.two-humps", "finding-3.inflections"}
    assert "finding-2.vanishing (false statement; v1, text after Theorem 3.6, p. 5)" in text


def test_what_the_claims_say_comes_before_what_the_columns_mean():
    lines = told_of("thm-3.6", 80, True)[1]
    assert lines.index("What each claim says:") < lines.index("Checked under:")
    assert lines[-2:] == [
        "ufm verify --help says what the columns mean.",
        "6 claims: 6 hold; 6 of 6 controls found.",
    ]


def test_a_statement_that_no_finding_is_about_has_no_line_of_findings():
    assert "Findings" not in "\n".join(told_of("lemma-b4", 80, True)[1])


def test_of_a_run_of_all_claims_hypotheses_are_not_listed():
    lines = told_of("thm-3.6", 80, False)[1]
    heads = ("What each claim says", "Checked under", "Findings")
    assert not [line for line in lines if any(head in line for head in heads)]


@pytest.mark.parametrize("is_remembered", [True, False])
def test_proofs_that_were_not_run_again_are_said_to_be_remembered(is_remembered):
    report = Report(0, ())
    report.proofs = ProofRun("proved", "Coq 8.16.1", 202, 40.0, is_remembered)
    console = Console(file=io.StringIO(), width=100)
    print_report(report, console)
    mark = " (remembered)" if is_remembered else ""
    line = f"proof: Coq 8.16.1 accepts all 202 theorems of theorems/coq/Statements.v{mark}."
    assert line in console.file.getvalue().splitlines()


@pytest.mark.parametrize("columns", [80, 140])
def test_claims_of_others_are_told_and_counted_apart(columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    statements = tuple(s for s in theorems.STATEMENTS if s.id in {"park", "literature"})
    report = Report(0, statements)
    for claim in (claim for statement in statements for claim in statement.claims):
        verdict = theorems.Verdict(theorems.Outcome.HOLDS, 1.0, 0.0, "")
        report.tallies[claim.id] = Tally(claim, 1, worst=verdict, control=(True, verdict))
    console = Console(file=io.StringIO(), width=columns)
    print_report(report, console)
    lines = console.file.getvalue().splitlines()
    assert lines[-1] == "2 claims: 2 hold; 2 of 2 controls found."
    text = " ".join(" ".join(lines[:-1]).split())
    assert text.endswith(
        "Claims of others, as quoted: 6 hold under a hypothesis, 1 holds, 1 fails, 1 is not about the model; "
        "under the hypotheses of their checks 8 hold; 8 of 8 controls found."
    )
    assert "…" not in "".join(lines)
    rows = {
        line.split()[0]: " ".join(line.split()[1:])
        for line in lines
        if line.startswith("literature.")
    }
    assert [*rows] == [found.id for found in theorems.LITERATURE]
    assert rows["literature.tanh"] == "conditional one-value-each holds in part"
    assert rows["literature.pairs"] == "holds holds not judged"
    assert rows["literature.masses"] == "fails one-value-off-target holds not judged"
    assert rows["literature.half-norm"] == "not about it in part"

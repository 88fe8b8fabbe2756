"""The registry of proofs against the Coq files, as text; runs of coqc are in tests/proofs."""

import re
import subprocess
import sys

import pytest

import theorems
from theorems import proofs
from theorems._coq_source import read_theorems


def test_every_claim_has_a_theorem_or_a_reason():
    assert {*proofs.PROVED_BY} | {*proofs.UNPROVED} == {*theorems.CLAIMS}
    assert not {*proofs.PROVED_BY} & {*proofs.UNPROVED}
    assert all(len(reason) > 20 for reason in proofs.UNPROVED.values())


def test_every_theorem_follows_a_comment_that_names_its_claims():
    for theorem, claims in proofs.theorem_names().items():
        assert claims, f"{theorem} follows no comment (* claim: … *)"


def test_a_claim_is_proved_by_the_theorem_of_its_name_and_by_those_around_it():
    tied: dict[str, set[str]] = {}
    for theorem, claims in proofs.theorem_names().items():
        for claim in claims:
            tied.setdefault(claim, set()).add(theorem)
    for claim, names in proofs.PROVED_BY.items():
        assert {*names} == tied[claim]
        assert names[0] == re.sub("[.-]", "_", claim)


def test_the_coq_page_for_readers_names_all_ids_that_are_not_the_registry_s_and_all_axioms():
    page = " ".join((proofs.COQ / "README.md").read_text(encoding="utf-8").split())
    registry = {*theorems.CLAIMS} | {finding.id for finding in theorems.FINDINGS}
    ids = {name for names in proofs.theorem_names().values() for name in names}
    around = ids - registry
    assert {finding.id for finding in theorems.FINDINGS} <= ids
    (listed,) = re.findall(
        r"(\w+) more ids are of theorems around a statement, [^:]*: (.*?`)\. ", page, re.S
    )
    assert {*re.findall(r"`([^`]+)`", listed[1])} == around
    assert (listed[0], len(around)) == ("Sixteen", 16)
    script = (proofs.COQ / "build.sh").read_text(encoding="utf-8")
    axioms = re.findall(r"([A-Z]\w+)\\\.(\w+)", script)
    assert len(axioms) == 4
    assert all(f"`{'.'.join(name)}`" in page for name in axioms)


def test_the_coq_page_for_readers_leads_to_the_paper_s_results():
    page = (proofs.COQ / "README.md").read_text(encoding="utf-8")
    text = (proofs.COQ / "Statements.v").read_text(encoding="utf-8")
    place = {theorem.name: theorem.heading for theorem in read_theorems(text)}
    rows = [line.strip("|").split("|") for line in page.splitlines() if line.count("|") == 4]
    named = {}
    for result, names, sections in rows[2:]:
        named[result.strip()] = re.findall(r"`(\w+)`", names)
        assert {s.strip() for s in sections.split(";")} == {place[n] for n in named[result.strip()]}
    proved = {name for names in named.values() for name in names}
    for statement in theorems.STATEMENTS:
        if statement.is_of_paper and statement.id != "assumption-2":
            assert proved & {n for c in statement.claims for n in proofs.PROVED_BY[c.id]}, (
                statement.id
            )


def test_a_finding_s_theorems_carry_its_id():
    for finding in theorems.FINDINGS:
        for theorem in finding.theorems:
            assert finding.id in proofs.theorem_names()[theorem]


def test_the_parser_prints_claims_and_the_page_without_proofs():
    script = proofs.COQ.parent / "_coq_source.py"

    def said(command: str) -> str:
        run = [sys.executable, str(script), command]
        return subprocess.run(run, capture_output=True, text=True, check=True).stdout

    pairs = {tuple(line.split("\t")) for line in said("claims").splitlines()}
    assert pairs == {(c, t) for t, claims in proofs.theorem_names().items() for c in claims}
    page = said("page")
    assert "Proof." not in page
    assert "Qed." not in page
    assert re.findall(r"^Theorem (\w+)", page, re.MULTILINE) == [*proofs.theorem_names()]


def test_a_theorem_without_a_proof_is_an_error():
    with pytest.raises(ValueError, match="without Proof or Qed: Theorem left_open"):
        read_theorems("Theorem left_open : 0 = 0.\n")
    with pytest.raises(ValueError, match="left_open"):
        read_theorems("Theorem left_open : 0 = 0.\nTheorem a : 1 = 1.\nProof.\nring.\nQed.\n")


def test_no_line_of_coq_is_longer_than_80_columns():
    for file in proofs.COQ.glob("*.v"):
        lines = file.read_text(encoding="utf-8").splitlines()
        assert not [(file.name, n) for n, line in enumerate(lines, 1) if len(line) > 80]


def test_no_proof_on_the_page_of_statements_is_longer_than_six_lines():
    text = (proofs.COQ / "Statements.v").read_text(encoding="utf-8")
    assert not [t.name for t in read_theorems(text) if len(t.proof.splitlines()) > 6]


def test_every_theorem_is_in_the_tuple_whose_axioms_are_printed():
    text = (proofs.COQ / "Statements.v").read_text()
    printed = text[text.index("Definition everything") :]
    assert {*re.findall(r"\w+", printed)} >= {*proofs.theorem_names()}
    assert printed.rstrip().endswith("Print Assumptions everything.")


def test_every_coq_file_is_compiled():
    assert {f.name for f in proofs.sources()} >= {f.name for f in proofs.COQ.glob("*.v")}


def test_without_coqc_the_way_to_get_it_is_said(monkeypatch):
    monkeypatch.setenv("PATH", "")
    run = proofs.run_proofs()
    assert run.outcome == "not run"
    assert "apt-get install" in run.detail
    assert run.theorems == len(proofs.theorem_names()) > 80


def test_the_report_says_who_proved_what():
    from theorems.verify import Report, Tally, as_json

    claims = [theorems.CLAIMS[name] for name in ("ce.convex", "assumption-2.trained")]
    report = Report(0, (), {c.id: Tally(c) for c in claims})
    report.statements = tuple(s for s in theorems.STATEMENTS if s.id in {"ce", "assumption-2"})
    for statement in report.statements:
        for claim in statement.claims:
            report.tallies[claim.id] = Tally(claim)

    def proof_of(claim: str) -> object:
        data = as_json(report, "0")["statements"]
        return next(c["proof"] for s in data for c in s["claims"] if c["id"] == claim)

    assert proof_of(claims[0].id) is None
    report.proofs = proofs.ProofRun("proved", "Coq 8.16.1", 85, 40.0)
    assert proof_of("ce.convex") == {
        "outcome": "proved",
        "theorems": list(proofs.PROVED_BY["ce.convex"]),
        "detail": "Coq 8.16.1",
    }
    assert proof_of("assumption-2.trained")["outcome"] == "none"
    report.proofs = proofs.ProofRun("refused", "File …", 85, 4.0)
    assert not report.ok

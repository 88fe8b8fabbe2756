"""`ufm certify`: what it prints, writes and refuses, and with which exit status."""

import json
import re
from pathlib import Path

import pytest

from tests.command_line import refused, run
from theorems import FINDINGS
from theorems.certificates import certify, check_certificate
from theorems.certificates.write.certificate import digest, write_certificate
from theorems.tables.exact import read_exact
from theorems.tables.files import read_table, write_table
from ufm import __version__

TWO = FINDINGS[0].counterexample
DOCS = Path(__file__).parents[4] / "docs"
SHA256 = "a171a49c953041637f91a2e57ac086e36bae7269a351e505219fa2d2908f5022"
COUNTS = (
    "37 claims, for every strength or budget: 8 by evaluation, exactly or in balls, 29 by Coq theorems "
    "whose hypotheses are checked exactly: 36 hold, 1 has unmet hypotheses."
)
# The same instance, written otherwise; and others, by what differs.
TABLE = {
    "contexts": [0, 0, 1, 1],
    "token_concept": [0, 0, 1, 1],
    "negative": [3, 2],
    "positive": [1, 0],
    "target": [True, True, False, False],
    "next_token_probs": [["0.6", "2/10", "0.10", "1/10"]] * 2
    + [["1/10", "1/10", "3/5", "1/5"]] * 2,
    "context_weights": ["0.25"] * 4,
}
OTHERS = {
    "laws": {
        "next_token_probs": [["1/5", "3/5", "1/10", "1/10"]] * 2 + TABLE["next_token_probs"][2:]
    },
    "target": {"target": [True, False, False, False]},
    "P": {"positive": [0]},
    "N": {"negative": [3]},
    "context weights": {"context_weights": ["1/8", "3/8", "1/4", "1/4"]},
    "concepts of tokens": {"token_concept": [0, 0, 1, 2]},
    "concepts of contexts": {"contexts": [0, 0, 1, 2]},
}


@pytest.fixture
def folder(tmp_path):
    """A folder with a good instance, its certificate, and files that are wrong in one way each."""
    record = certify(read_exact(TWO)).record
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    write_certificate(record, tmp_path / "cert.json")
    text = (tmp_path / "cert.json").read_text()
    changed = {**record, "levels": record["levels"][::-1]}
    changed["sha256"] = digest(changed)
    write_certificate(changed, tmp_path / "forged.json")
    (tmp_path / "altered.json").write_text(text.replace('"precision": 128', '"precision": 129'))
    (tmp_path / "twice.json").write_text('{"version": 1,' + text.lstrip()[1:])
    (tmp_path / "nan.json").write_text(text.replace('"precision": 128', '"precision": NaN'))
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "cut.json").write_text(text[:200])
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "empty.json").write_text("")
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "same.json").write_text(json.dumps(TABLE))
    for name, change in OTHERS.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(TABLE | change))
    (tmp_path / "sum.json").write_text(json.dumps(TWO | {"off_concept": ["1/10"] * 3 + ["1/9"]}))
    return tmp_path


BAD_INPUT = [
    (["certify"], "ufm certify needs FILE: "),
    (["certify", "absent.json"], "there is no such file"),
    (["certify", "folder.json"], "this is a folder"),
    (["certify", "empty.json"], "line 1"),
    (["certify", "cut.json"], "line"),
    (["certify", "bytes.json"], "not UTF-8"),
    (["certify", "deep.json"], "nested too deeply"),
    (["certify", "sum.json"], "row 0 sums to 91/90, not 1"),
    (["certify", "cert.json"], "is a certificate, not an instance"),
    (["certify", "two.json", "--out", "two.json"], "is the file that is read"),
    (["certify", "two.json", "--out", "folder.json"], "is no place for a file"),
    (["certify", "two.json", "--out", "absent/cert.json"], "is no place for a file"),
    (["certify", "cert.json", "--check", "--out", "more.json"], "--check writes nothing"),
    (["certify", "--check", "twice.json"], "the key 'version' is given twice"),
    (["certify", "--check", "nan.json"], "NaN is not a number"),
    (["certify", "--check", "absent.json"], "there is no such file"),
    (["certify", "two.json", "--precision", "3"], "--precision"),
    (
        ["certify", "two.json", "--instance", "two.json"],
        "--instance is compared with a certificate",
    ),
    (
        ["certify", "--check", "cert.json", "--instance", "absent.json"],
        "absent.json: there is no such",
    ),
    (
        ["certify", "--check", "cert.json", "--instance", "sum.json"],
        "sum.json: row 0 sums to 91/90",
    ),
    (
        ["certify", "--check", "cert.json", "--instance", "cert.json"],
        "is a certificate, not an instance",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), BAD_INPUT, ids=lambda v: str(v)[:40])
def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys, folder, arguments, message):
    monkeypatch.chdir(folder)
    refused(monkeypatch, capsys, message, *arguments)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("altered.json", "refused: sha256 does not match"),
        ("forged.json", "refused: level 0 is not below level 1"),
        (
            "two.json",
            "refused: this is an instance; `ufm certify FILE --out` makes its certificate",
        ),
    ],
)
def test_a_refused_certificate_is_status_1(monkeypatch, capsys, folder, name, message):
    status, out, err = run(monkeypatch, capsys, "certify", "--check", folder / name)
    assert (status, out) == (1, "")
    assert message in err
    assert len(err.splitlines()) == 1
    status, out, _ = run(monkeypatch, capsys, "certify", "--check", "--json", folder / name)
    answer = json.loads(out)
    assert (status, answer["accepted"], answer["verdicts"]) == (1, False, {})


def test_an_instance_is_certified_written_and_confirmed(monkeypatch, capsys, folder):
    out_file = folder / "new.json"
    status, out, _ = run(monkeypatch, capsys, "certify", folder / "two.json", "--out", out_file)
    assert status == 0
    rows = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "holds" in rows["thm-3.3.bump"]
    assert "interior-concept" in rows["thm-3.6.vanishing"]
    assert "-0.16567" in out
    assert out.endswith(f"{COUNTS}\n")
    assert f"SHA-256 of the instance: {SHA256}" in out
    assert set(check_certificate(json.loads(out_file.read_text())).values()) == {
        "holds",
        "hypotheses unmet",
    }
    status, out, _ = run(monkeypatch, capsys, "certify", "--check", out_file)
    assert status == 0
    assert out.startswith(f"{out_file}: confirmed.\n")
    assert out.endswith(f"{COUNTS}\n")


def test_a_check_says_what_it_verified(monkeypatch, capsys, folder):
    monkeypatch.chdir(folder)
    for given in ([], ["--instance", "two.json"], ["--instance", "same.json"]):
        asked = "certify", "--check", "cert.json", *given
        status, out, err = run(monkeypatch, capsys, *asked, columns=120)
        assert (status, err) == (0, "")
        assert out.splitlines()[:4] == [
            "cert.json: confirmed.",
            f"certificate of version 2, checked by ufm {__version__} with balls of up to 160 bits",
            "instance: V = 4 tokens, m = 4 contexts; target: tokens 0, 1; P: contexts 0, 1; N: contexts 2, 3",
            f"SHA-256 of the instance: {SHA256}",
        ]
        rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines()[5:42]}
        assert rows["thm-3.3.bump"] == "holds for every α evaluation"
        assert rows["thm-3.6.vanishing"] == "hypotheses unmet unmet: interior-concept"
        cited = "holds for every α Coq: ce_upper_bounds, ce_upper_bennett"
        assert rows["ce.upper-bounds"] == cited
        assert rows["ceiling.forward-kl"] == "holds for every κ Coq: ceiling_forward_kl"
        assert len(rows) == 37
        assert "ΔCE 0.1 0.369888 0.663741 0.683666" in " ".join(out.split())
        assert " ".join(out.split()).endswith(COUNTS)


def test_a_check_says_the_same_as_json(monkeypatch, capsys, folder):
    status, out, _ = run(monkeypatch, capsys, "certify", "--check", "--json", folder / "cert.json")
    answer = json.loads(out)
    assert (status, answer["accepted"], answer["version"], answer["bits"]) == (0, True, 2, 160)
    assert answer["instance"] == {
        "sha256": SHA256,
        "tokens": 4,
        "contexts": 4,
        "target": [0, 1],
        "positive": [0, 1],
        "negative": [2, 3],
    }
    assert answer["unmet"]["thm-3.6.vanishing"] == ["interior-concept"]
    assert answer["theorems"]["ce.remainder"] == ["ce_remainder"]
    assert answer["verdicts"]["ce.remainder"] == "holds"


@pytest.mark.parametrize("name", OTHERS)
def test_a_certificate_of_another_instance_is_refused(monkeypatch, capsys, folder, name):
    monkeypatch.chdir(folder)
    arguments = ["certify", "--check", "cert.json", "--instance", f"{name}.json"]
    status, out, err = run(monkeypatch, capsys, *arguments)
    assert (status, out) == (1, "")
    start = (
        f"ufm: cert.json: refused: it certifies another instance than {name}.json: {name} differ; "
    )
    assert err.startswith(f"{start}SHA-256 {SHA256} against ")
    assert len(err.splitlines()) == 1
    status, out, _ = run(monkeypatch, capsys, *arguments, "--json")
    assert (status, json.loads(out)["accepted"]) == (1, False)


def test_verdicts_that_are_not_reached_are_said(monkeypatch, capsys, folder):
    from theorems.certificates.check import evidence
    from theorems.certificates.write import peaks

    monkeypatch.setattr(peaks, "PRECISIONS", (3,))
    monkeypatch.setattr(evidence, "OPEN", (3,))
    file = folder / "open.json"
    status, out, _ = run(monkeypatch, capsys, "certify", folder / "two.json", "--out", file)
    assert status == 1
    status, out, _ = run(monkeypatch, capsys, "certify", "--check", file)
    assert status == 1
    rows = {line.split()[0]: " ".join(line.split()[1:]) for line in out.splitlines()[5:42]}
    assert rows["thm-3.3.bump"].startswith("undecided balls of 3 bits leave it open")
    assert rows["ce.convex"] == "holds for every α Coq: ce_convex"


def test_json_is_the_certificate_itself(monkeypatch, capsys, folder):
    status, out, _ = run(monkeypatch, capsys, "certify", folder / "two.json", "--json")
    assert status == 0
    assert json.loads(out) == json.loads((folder / "cert.json").read_text())


def test_a_table_of_decimals_has_the_target_of_its_concepts(monkeypatch, capsys, tmp_path):
    table, out = DOCS / "smallest_table.json", tmp_path / "certificate.json"
    status, shown, _ = run(monkeypatch, capsys, "certify", table, "--out", out)
    assert status == 0
    assert "34 hold, 3 have unmet hypotheses." in " ".join(shown.split())
    record = json.loads(out.read_text())
    assert record["instance"]["next_token_probs"] == [["3/4", "1/4"], ["1/8", "7/8"]]
    assert record["instance"]["target"] == [True, False]
    status, shown, _ = run(monkeypatch, capsys, "certify", out, "--check", "--instance", table)
    assert status == 0
    assert "confirmed" in shown


def test_a_table_in_another_format_is_the_same_instance(monkeypatch, capsys, tmp_path):
    write_table(tmp_path / "table.csv", read_table(DOCS / "smallest_table.json"))
    hashes = []
    for file in (DOCS / "smallest_table.json", tmp_path / "table.csv"):
        status, shown, _ = run(monkeypatch, capsys, "certify", file)
        assert status == 0
        hashes.append(re.search("SHA-256 of the instance: (.*)", shown)[1])
    assert hashes[0] == hashes[1]


def test_a_table_that_is_none_is_refused_in_one_line(monkeypatch, capsys, tmp_path):
    fields = json.loads((DOCS / "smallest_table.json").read_text())
    (tmp_path / "table.json").write_text(json.dumps(fields | {"positive": [2]}))
    message = "table.json: positive: "
    refused(monkeypatch, capsys, message, "certify", tmp_path / "table.json")


def test_a_concept_that_keeps_mass_is_said_to_be_false_here(monkeypatch, capsys):
    """As the falsifier's counterexample without interior-concept, which is such an instance."""
    _, shown, _ = run(monkeypatch, capsys, "certify", DOCS / "smallest_instance.json")
    said = "false here (concept 1, strength -inf) interior-concept"
    assert f"thm-3.6.vanishing hypotheses unmet {said}" in " ".join(shown.split())


@pytest.mark.parametrize("name", ["smallest_instance", "broken_instance"])
def test_the_verdicts_on_the_page_of_certificates_are_those_that_are_printed(
    monkeypatch, capsys, name
):
    page = (DOCS / "certificates.md").read_text(encoding="utf-8")
    outputs = re.findall(r"```text\n\$ ufm certify \w+\.json[^\n]*\n(.*?)```", page, re.DOTALL)
    lines = outputs[name == "broken_instance"].splitlines()
    _, shown, _ = run(monkeypatch, capsys, "certify", DOCS / f"{name}.json", columns=98)
    printed = [line.rstrip() for line in shown.splitlines()]
    assert len(lines) > 9
    assert [line for line in lines if line not in (*printed, "…")] == []

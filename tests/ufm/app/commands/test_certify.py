"""`ufm certify`: what it prints, writes and refuses, and with which exit status."""

import json

import pytest

from tests.command_line import refused, run
from theorems import FINDINGS
from theorems.certificates import certify, check_certificate
from theorems.certificates.write.certificate import digest, write_certificate
from theorems.tables.exact import read_exact

TWO = FINDINGS[0].counterexample


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
    (tmp_path / "sum.json").write_text(json.dumps(TWO | {"off_concept": ["1/10"] * 3 + ["1/9"]}))
    return tmp_path


BAD_INPUT = [
    (["certify"], "Missing from ufm certify: "),
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
    assert out.endswith("20 claims for all α: 19 holds, 1 hypotheses unmet.\n")
    assert set(check_certificate(json.loads(out_file.read_text())).values()) == {
        "holds",
        "hypotheses unmet",
    }
    status, out, _ = run(monkeypatch, capsys, "certify", "--check", out_file)
    assert status == 0
    assert "confirmed. 20 claims" in out


def test_json_is_the_certificate_itself(monkeypatch, capsys, folder):
    status, out, _ = run(monkeypatch, capsys, "certify", folder / "two.json", "--json")
    assert status == 0
    assert json.loads(out) == json.loads((folder / "cert.json").read_text())

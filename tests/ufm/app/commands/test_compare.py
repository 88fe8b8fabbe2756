"""`ufm compare`: its table, its JSON, what it refuses, and with which exit status."""

import json
import re

import pytest

from tests.command_line import run

MODEL = "tests/data/llm/gpt2"
TEXT = (
    "the A of B is in it that was he\nfor on are as with his they at be this\nand all of them " * 2
)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "p.txt").write_text("the A of B\nA and C in B\n")
    (tmp_path / "n.txt").write_text("the cat of all\nthey were on it\n")
    (tmp_path / "text.txt").write_text(TEXT)
    (tmp_path / "capitals.json").write_text('{"regex": " ?[A-Z]"}')
    return tmp_path


def arguments(files, *more):
    given = [MODEL, "--positive", files / "p.txt", "--negative", files / "n.txt", "--length", 8]
    given += ["--text", files / "text.txt", "--tokens", files / "capitals.json"]
    return [*given, "--dtype", "float64", "--resamples", 10, *more]


def test_a_table_for_each_budget_and_the_same_as_json(monkeypatch, capsys, files):
    how = ("--layers", 1, 0, "--methods", "mean", "pca", "--budgets", 0.01, "--kind", "forward_kl")
    status, out, _ = run(monkeypatch, capsys, "compare", *arguments(files, *how, "--json"))
    assert status == 0
    data = json.loads(out)
    assert (data["kind"], data["held_out_tokens"]) == ("forward_kl", 21)
    found = data["directions"]
    assert [(x["layer"], x["method"]) for x in found] == [
        (0, "mean"),
        (0, "pca"),
        (1, "mean"),
        (1, "pca"),
        ([0, 1], "mean"),
        ([0, 1], "pca"),
    ]
    for one in found:
        gain, low, high = one["gain"]
        assert low <= gain <= high
        assert one["per_nat"][0] == pytest.approx(gain / one["spent"]["forward_kl"])
    how = ("--layer", 0, *how[3:])
    _, page, _ = run(monkeypatch, capsys, "compare", *arguments(files, *how))
    assert "budget 0.01 nats a token" in page
    assert "block 0, pca" in page
    assert "blocks 0 and 1" not in page
    assert f"{found[0]['gain'][0] * 1e4:.2f} [" in page


BAD = [
    (("--methods", "mean", "ica"), "--methods must be among mean, pca, probe; got 'ica'"),
    (("--budgets", 0.1, 0), "--budgets must be positive and finite, in nats; got 0.0"),
    (("--layers", 2), "layer 2 is out of range: the model has blocks 0..1"),
    (("--layer", 0, "--layers", 1), "name --layer or --layers, not both"),
    (("--length", 20), "4 windows of text or more are needed"),
]


@pytest.mark.parametrize(("more", "message"), BAD)
def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys, files, more, message):
    status, out, err = run(monkeypatch, capsys, "compare", *arguments(files, *more))
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1


def test_what_is_bought_and_what_it_costs_must_be_named(monkeypatch, capsys, files):
    given = [MODEL, "--positive", files / "p.txt", "--negative", files / "n.txt"]
    status, _, err = run(monkeypatch, capsys, "compare", *given)
    assert status == 2
    assert "needs --text (text to measure the cost on) and --tokens (the concept's tokens)\n" in err
    status, _, err = run(
        monkeypatch, capsys, "compare", MODEL, "--positive", files / "p.txt", "--text", "essays"
    )
    assert status == 2
    assert re.fullmatch(r"ufm: ufm compare needs --negative \(.+\) and --tokens \(.+\)\n", err)
    asked = arguments(files, "--budgets", 50, "--methods", "mean", "--layer", 0)
    status, out, _ = run(monkeypatch, capsys, "compare", *asked)
    assert status == 1
    assert "unreachable" in out

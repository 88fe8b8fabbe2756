"""Files of prompts, written, edited and read; concepts of the user's own."""

import json
import re

import pytest

from ufm.llm.concepts.concept import CONCEPTS, PAPER, Concept, concept, read_concept
from ufm.llm.concepts.concept_prompts import ConceptPrompts, check_new
from ufm.llm.report.inputs import read_sides
from ufm.llm.text.prompts import read_prompts, split_prompts

MADE = ConceptPrompts(
    "joy", ("I laugh.\nTwice.", "Ü “joy”"), ("I sit.",), ("See page 3.", "x y z"), ("It was",)
)


def test_files_are_those_that_prompts_are_read_from(tmp_path):
    path = tmp_path / "joy.jsonl"
    names = [file.name for file in MADE.write(path)]
    assert names == ["joy_contexts.jsonl", "joy_random.jsonl", "joy.jsonl"]
    assert ConceptPrompts.read(path) == MADE
    # by the commands that take a file for each side
    assert read_sides(path, path) == (MADE.positive, MADE.negative)
    assert read_sides(path, tmp_path / "joy_random.jsonl") == (MADE.positive, MADE.random)
    # and in the format of the paper's code
    prompts = (*read_prompts(path), *read_prompts(tmp_path / "joy_random.jsonl"))
    assert split_prompts(prompts, "joy") == (MADE.positive, MADE.negative)
    assert split_prompts(prompts, "joy", "random") == (MADE.positive, MADE.random)
    for kind, against in (("contrastive", MADE.negative), ("random", MADE.random)):
        assert split_prompts(MADE.prompts(kind), "joy", kind) == (MADE.positive, against)


def test_a_file_that_was_edited_is_read_as_it_is(tmp_path):
    path = tmp_path / "joy.jsonl"
    MADE.write(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[1:]) + "\n")
    (tmp_path / "joy_random.jsonl").unlink()
    assert ConceptPrompts.read(path) == ConceptPrompts(
        "joy", MADE.positive[1:], MADE.negative, (), MADE.contexts
    )
    path.write_text("\n".join(lines[2:]) + "\n")
    with pytest.raises(ValueError, match=r"must hold positive prompts of one concept; got \[\]"):
        ConceptPrompts.read(path)


def test_files_that_are_there_with_the_same_content_are_no_others(tmp_path):
    written = MADE.write(tmp_path / "joy.jsonl")
    written[-1].unlink()  # as a run leaves it that is killed before the last file
    assert MADE.write(tmp_path / "joy.jsonl") == written
    assert ConceptPrompts.read(tmp_path / "joy.jsonl") == MADE
    with pytest.raises(ValueError, match=r"joy_random\.jsonl exists: name a new file"):
        ConceptPrompts("joy", MADE.positive, MADE.negative, (), MADE.contexts).write(written[-1])


@pytest.mark.parametrize("name", ["joy.jsonl", "joy_random.jsonl", "joy_contexts.jsonl"])
def test_no_file_is_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine")
    message = f"{tmp_path / name} exists: name a new file, or delete this one"
    with pytest.raises(ValueError, match=re.escape(message)):
        MADE.write(tmp_path / "joy.jsonl")
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "mine")]


def test_the_name_says_the_format(tmp_path):
    with pytest.raises(ValueError, match=r"joy\.txt must end in \.jsonl"):
        check_new(tmp_path / "joy.txt")


MINE = {
    "name": "calm",
    "shows": "is written by someone at peace",
    "shows_not": "is written in haste",
    "question": "Is the writer calm?",
}


def test_a_concept_of_ones_own(tmp_path):
    path = tmp_path / "calm.json"
    path.write_text(json.dumps(MINE))
    assert read_concept(path) == Concept(*MINE.values())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not JSON: line 1, column 2"),
        ("[]", "must hold a JSON object with name, shows, shows_not, question; got []"),
        (json.dumps(MINE | {"kind": "x"}), "has an unknown entry 'kind'; known: name, shows"),
        (json.dumps(MINE | {"shows": " "}), "shows must be a text that is not empty; got ' '"),
        (json.dumps({"name": "calm"}), "shows must be a text that is not empty; got None"),
    ],
)
def test_a_concept_that_is_none_says_what_is_missing(tmp_path, content, message):
    path = tmp_path / "calm.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_concept(path)
    assert str(path) in str(caught.value)


def test_the_concepts_by_name():
    assert len(PAPER) == 8
    assert all(each.name == name for name, each in CONCEPTS.items())
    assert all(each.question.endswith("?") for each in CONCEPTS.values())
    with pytest.raises(
        ValueError, match="there is no concept 'rage' here; the concepts are apathe"
    ):
        concept("rage")

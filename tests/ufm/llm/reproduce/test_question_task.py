"""Questions of several choices: how they are asked, and the letter that is the likeliest."""

import json
import re

import numpy as np
import pytest
import tokenizers
from tokenizers import models, pre_tokenizers

import ufm.llm
from ufm.llm.reproduce.question_task import QuestionTask
from ufm.llm.text.questions import Question, as_rows, python_questions, read_questions

WORDS = ["the", "a", "of", "and", "to", "in", "is", "it", "that", "was", "he", "for", "on", "are"]


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load("tests/data/llm/llama3", "float64")


@pytest.fixture(scope="module")
def tokenizer():
    return ufm.llm.load_tokenizer("tests/data/llm/gpt2")  # which has the letters as words


def questions(count):
    draw = np.random.default_rng(3)
    return tuple(
        Question(
            " ".join(draw.choice(WORDS, 3 + k % 5)),
            tuple(draw.choice(WORDS, 3 + k % 2)),
            int(draw.integers(3)),
        )
        for k in range(count)
    )


def test_each_question_is_answered_by_the_letter_of_the_largest_logit(model, tokenizer):
    asked = questions(40)
    steering = ufm.llm.Steering(np.linspace(-1, 1, 16) ** 3, 0)
    task, rights = QuestionTask(asked, "made up"), {}
    for alpha in (0.0, 3.0):
        want = []
        shots = "".join(f"{q.shown} {'ABCD'[q.answer]}\n\n" for q in asked[:2])
        for question in asked[2:]:
            tokens = tokenizer.encode(shots + question.shown)
            logits = np.asarray(model.logits(tokens, alpha, steering))
            letters = [tokenizer.encode(letter)[0] for letter in "ABCD"[: len(question.choices)]]
            want.append(float(np.argmax(logits[letters]) == question.answer))
        rights[alpha] = task.scores(model, tokenizer, steering, alpha)
        np.testing.assert_array_equal(rights[alpha], want)
    assert 0 < rights[0.0].mean() < 1
    assert (rights[0.0] != rights[3.0]).any()
    assert (
        task.name
        == QuestionTask(questions(40), "made up").name
        != QuestionTask(asked[1:], "made up").name
    )


def test_a_question_is_shown_as_mmlu_has_it(tokenizer):
    first = Question("the cat", ("a", "b", "c"), 2)
    assert first.shown == "the cat\nA. a\nB. b\nC. c\nAnswer:"
    rows, letters, answers = as_rows([first, first, first], tokenizer)
    text = f"{first.shown} C\n\n{first.shown} C\n\n{first.shown}"
    assert rows == [tokenizer.encode(text)]
    assert [tokenizer.text(z) for z in letters[0]] == ["A", "B", "C"]
    assert answers == [2]


def test_questions_of_the_manual_are_the_same_each_time_and_have_one_right_choice():
    made = python_questions(60)
    assert made == python_questions(60) != python_questions(60, seed=1)
    assert made[:10] == python_questions(10)
    assert all(len(set(question.choices)) == 4 for question in made)
    assert {question.answer for question in made} == {0, 1, 2, 3}
    from pydoc_data.topics import topics

    for question in made:
        passage = question.text.removesuffix("\nWhat is this passage about?")
        assert passage in " ".join(topics[question.choices[question.answer]].split())
    with pytest.raises(ValueError, match=r"manual holds \d+ passages; asked for 99999"):
        python_questions(99999)


def test_questions_from_a_file(tmp_path):
    path = tmp_path / "q.jsonl"
    line = {"question": "What?", "choices": ["x", "y"], "answer": 1, "subject": "any"}
    path.write_text("\n".join([json.dumps(line)] * 3))
    assert read_questions(path) == (Question("What?", ("x", "y"), 1),) * 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"answer": 2}, "line 1: the answer must be from 0 to 1; got 2"),
        ({"answer": "B"}, "line 1: the answer must be from 0 to 1; got 'B'"),
        ({"choices": ["x"]}, "line 1: a question has 2 to 4 choices, all texts; got ['x']"),
        ({"choices": ["x", 3]}, "line 1: a question has 2 to 4 choices, all texts"),
        ({"question": None}, "line 1: the question must be a text"),
        (None, 'line 1: a question is {"question": "…", "choices": ["…", …], "answer": 0}'),
        ({}, "holds 1 questions; 3 are needed at least"),
    ],
)
def test_what_is_no_question_says_so(tmp_path, change, message):
    path, line = tmp_path / "q.jsonl", {"question": "What?", "choices": ["x", "y"], "answer": 1}
    path.write_text("[]" if change is None else json.dumps(line | change))
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        read_questions(path)
    assert str(path) in str(caught.value)


def test_letters_that_are_no_single_tokens_are_refused():
    asked = [Question("the cat", ("a", "b", "c", "d"), 2)] * 3
    toy = ufm.llm.load_tokenizer("tests/data/llm/toy")  # byte-level
    assert [toy.text(z) for z in as_rows(asked, toy)[1][0]] == [" A", " B", " C", " D"]
    words = models.WordLevel({"the": 0, "cat": 1, "<unk>": 2}, "<unk>")
    inner = tokenizers.Tokenizer(words)
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    for bad in (ufm.llm.Tokenizer(inner, "mine"), ufm.llm.Tokenizer(pairs(), "mine")):
        with pytest.raises(ValueError, match="mine has no single token for each of the letters A"):
            as_rows(asked, bad)


def pairs():
    """A tokenizer by letters, in which a space and a letter are two tokens."""
    known = {chr(code): code - 32 for code in range(32, 127)} | {"\n": 95}
    inner = tokenizers.Tokenizer(models.WordLevel(known, "?"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    return inner

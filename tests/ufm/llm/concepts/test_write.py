"""Prompts that a tiny model writes, against its texts one by one; texts alike; runs that are stopped."""

import itertools
import random
import re
from functools import partial

import numpy as np
import pytest

import ufm.llm
from tests.ufm.llm.concepts.chat_model import CHAT, make_chat_model
from ufm.llm.concepts import draws
from ufm.llm.concepts.concept import concept
from ufm.llm.concepts.request import SUBJECTS, request
from ufm.llm.concepts.write import write_prompts

TEMPLATE = "what is {subject} if it {shows} {name}"
HOW = dict(count=5, length=6, contexts=3, seed=7, template=TEMPLATE, temperature=2.0)


@pytest.fixture(scope="module")
def chat(tmp_path_factory):
    folder = make_chat_model(tmp_path_factory.mktemp("chat") / "m", chat_template=CHAT)
    return ufm.llm.load(folder, "float64"), ufm.llm.load_tokenizer(folder)


@pytest.fixture
def scripted(monkeypatch):
    """Lets the model write these rows of tokens, in turn, and counts how many are asked for at once."""

    def script(*rows):
        turn, asked = itertools.cycle(rows), []

        def made(model, prompts, *_, count, **how):
            asked.append(len(prompts))
            padded = [[*next(turn), *[-1] * count][:count] for _ in prompts]
            return np.array(padded, np.int32)[:, None]

        monkeypatch.setattr(draws, "generate_all", made)
        return asked

    return script


def test_texts_are_those_of_the_model_one_by_one(chat):
    model, tokenizer = chat
    joy = concept("joy")
    made = write_prompts(*chat, joy, **HOW)
    draw = partial(ufm.llm.generate, model, steering=None, alphas=[0.0])
    draw = partial(draw, ends=tokenizer.ends, temperature=2.0, top_k=50, top_p=0.95)

    def texts(prompt_of, stream, length):
        seeds = np.random.SeedSequence([7, stream]).generate_state(15).tolist()
        found = {}
        for k, seed in enumerate(seeds):
            row = draw(tokens=prompt_of(k), count=length, seed=seed)[0]
            text = tokenizer.decode([z for z in row if z >= 0 and z not in tokenizer.ends])
            if len(text.split()) >= 3:
                found[text.casefold()] = text
        return list(found.values())

    def asked(k, is_for):
        says = joy.shows if is_for else joy.shows_not
        name = "joy" if is_for else "the opposite of joy"
        whole = f"<s> a what is {SUBJECTS[k % 32]} if it {says} {name} b"
        return tokenizer.encode(whole)

    assert list(made.positive) == texts(lambda k: asked(k, True), 0, 6)[:5]
    assert list(made.negative) == texts(lambda k: asked(k, False), 0, 6)[:5]
    assert list(made.random) == texts(lambda k: [1], 1, 6)[:5]
    beginnings = [" ".join(text.split()[:-1]) for text in texts(lambda k: [1], 2, 6)]
    assert set(made.contexts) <= set(beginnings)
    everything = [*made.positive, *made.negative, *made.random]
    assert len(set(everything)) == 15
    assert not any(text.startswith(tuple(made.contexts)) for text in everything)


def test_the_same_text_counts_once_whatever_its_case_and_few_words_are_no_text(chat, scripted):
    a, lower_a, b, c, d = ([3, 5, z] for z in (56, 4, 57, 58, 59))  # "the of A", "the of a", …
    for_joy = [a, lower_a], [[3, 5], []], [b, a]
    against = [c, b], [lower_a, d]
    asked = scripted(*itertools.chain(*for_joy, *against))
    how = HOW | dict(count=2, contexts=0, negative="contrastive")
    made = write_prompts(*chat, concept("joy"), **how)
    assert made.positive == ("the of A", "the of B")
    assert made.negative == ("the of C", "the of D")
    assert made.random == made.contexts == ()
    assert asked == [2] * 5


def test_contexts_that_begin_a_prompt_are_left_out(chat, scripted):
    beginnings = ([3, 5, z, 6, 7] for z in (56, 57, 56, 58))
    scripted(*([*tokens, 8 + k] for k, tokens in enumerate(beginnings)))
    how = HOW | dict(count=1, contexts=1, negative="contrastive")
    made = write_prompts(*chat, concept("joy"), **how)
    assert made.positive == ("the of A and to in",)
    # "the of A and to" begins it; and the last word may be cut
    assert made.contexts == ("the of C and to",)


class Stopped(Exception):
    """In place of a kill."""


def test_a_run_stopped_anywhere_ends_with_the_same_texts(chat, tmp_path, monkeypatch):
    monkeypatch.setattr(draws, "_ROWS", 2)  # in batches of two
    whole = write_prompts(*chat, concept("joy"), **HOW)
    moment, exact, written = random.Random(3), draws.generate_all, []

    def counted(model, prompts, *given, **how):
        made = exact(model, prompts, *given, **how)
        written.append(len(prompts))
        return made

    monkeypatch.setattr(draws, "generate_all", counted)
    stops = 0
    for _ in range(10):
        left = moment.randrange(1, 14)

        def stop(done, total=1.0, stage=""):
            nonlocal left
            left -= 1
            if left == 0:
                raise Stopped

        try:
            found = write_prompts(*chat, concept("joy"), **HOW, directory=tmp_path, progress=stop)
        except Stopped:
            stops += 1
    assert stops >= 5
    found = write_prompts(*chat, concept("joy"), **HOW, directory=tmp_path)
    assert found == whole
    # no batch was written twice
    assert len(written) == len(list((tmp_path / "parts").glob("*.safetensors")))
    message = "holds another run: temperature was 2.0, now it is 1.0; take another directory"
    with pytest.raises(ValueError, match=re.escape(message)):
        write_prompts(*chat, concept("joy"), **HOW | dict(temperature=1.0), directory=tmp_path)


def test_progress_reaches_the_number_of_all_texts_and_never_falls(chat):
    seen = []
    write_prompts(*chat, concept("joy"), **HOW, progress=lambda *state: seen.append(state))
    done = [state[0] for state in seen]
    assert done == sorted(done)
    assert seen[-1] == (18.0, 18, "writing texts: contexts")
    assert {state[2] for state in seen} == {
        f"writing texts: {kind}" for kind in ("positive", "negative", "random", "contexts")
    }


def test_another_writer_is_asked_and_the_model_itself_writes_the_rest(chat, tmp_path):
    plain = ufm.llm.load_tokenizer(make_chat_model(tmp_path / "plain"))
    with pytest.raises(ValueError, match="plain has no chat template, so that it cannot be asked"):
        write_prompts(chat[0], plain, concept("joy"), **HOW)
    made = write_prompts(chat[0], plain, concept("joy"), **HOW, writer=chat)
    assert made == write_prompts(*chat, concept("joy"), **HOW)


def test_the_end_of_a_text_is_the_models_or_nowhere(chat):
    lengths = {}
    for counts in (True, False):
        made = write_prompts(
            *chat, concept("joy"), **HOW | dict(count=12, length=20, ends_count=counts)
        )
        lengths[counts] = [len(text.split()) for text in (*made.positive, *made.random)]
    assert set(lengths[False]) == {20}
    assert min(lengths[True]) < 20


BAD = [
    (dict(count=0), "count must be at least 1; got 0"),
    (dict(length=0), "length must be at least 1; got 0"),
    (dict(contexts=-1), "contexts must be at least 0; got -1"),
    (dict(negative="none"), "negative must be one of contrastive, random, both; got 'none'"),
    (dict(temperature=-1.0), "temperature must be at least 0"),
    (dict(top_k=0), "top_k must be at least 1"),
    (dict(seed=-1), "seed must be at least 0; got -1"),
    (dict(template="write {it}"), "unknown field {it}; known are {name}, {shows}, {subject}"),
    (dict(template="write {subject}"), "asks for the same with and without the concept"),
    (
        dict(template="{shows}", top_k=1),
        "only 1 distinct texts (positive) of the 5 asked for are among 15: ask for fewer, or raise",
    ),
]


@pytest.mark.parametrize(("change", "message"), BAD)
def test_what_cannot_be_written_says_why(chat, change, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        write_prompts(*chat, concept("joy"), **HOW | change)
    assert "\n" not in str(caught.value)


def test_a_model_that_writes_nothing_is_told_from_one_that_repeats_itself(chat, scripted):
    asked = scripted([])
    message = "writes nothing: each of 5 texts (positive) has fewer than 3 words"
    with pytest.raises(ValueError, match=re.escape(message)):
        write_prompts(*chat, concept("joy"), **HOW)
    assert asked == [5]  # at once, not after three times as many


def test_a_model_without_a_start_token_is_refused(chat, tmp_path):
    tokenizer = ufm.llm.load_tokenizer(make_chat_model(tmp_path / "m", chat_template=CHAT))
    tokenizer.prefix = None
    with pytest.raises(ValueError, match="names neither a start nor an end token to write after"):
        write_prompts(chat[0], tokenizer, concept("joy"), **HOW)


def test_the_request_says_what_is_asked_for_and_against():
    joy = concept("joy")
    assert request("{name}: {shows}", joy, 0) == f"joy: {joy.shows}"
    against = request("{name}: {shows}", joy, 0, is_for=False)
    assert against == f"the opposite of joy: {joy.shows_not}"
    assert len(set(SUBJECTS)) == len(SUBJECTS) == 32
    assert [request("{subject}", joy, k) for k in (0, 31, 32)] == [
        SUBJECTS[0],
        SUBJECTS[31],
        SUBJECTS[0],
    ]

"""Presence by a judge: both forms and all answers by hand from what was written, and runs that go on."""

import errno
import os
import shutil

import numpy as np
import pytest
from scipy.stats import binomtest

import ufm.llm
from ufm.llm.concepts.concept import Concept
from ufm.llm.judge import presence, steered_texts
from ufm.llm.judge.keywords import KeywordJudge
from ufm.llm.judge.presence import joined, judged_presence
from ufm.llm.judge.steered_texts import plain_text

PLACE = "tests/data/llm/gpt2"
INSIDE = Concept("inside", "is about what is inside", "is not", "Is something inside?")
CONTEXTS = ["the is", "is the of", "a"]
ALPHAS = [0.0, 3.0, 5.0]


class LengthJudge:
    """P(yes) by the number of letters: another number for almost every text; none for some."""

    name = "length"

    def __init__(self):
        self.asked = []

    def probabilities(self, texts, concept):
        self.asked += texts
        found = np.array([(len(text) * 7 % 20) / 20 for text in texts])
        return np.where(found > 0.9, np.nan, found)


def tiny():
    return ufm.llm.load(PLACE, "float64"), ufm.llm.load_tokenizer(PLACE)


def found(judge=None, **how):
    model, tokenizer = tiny()
    steering = ufm.llm.Steering(np.asarray(model.unembedding[8]), layer=1)
    judge = judge or KeywordJudge({"inside": ["in"]})
    given = {"length": 8, "samples": 4, **how}
    return judged_presence(model, tokenizer, judge, INSIDE, CONTEXTS, steering, ALPHAS, **given)


def test_presence_counts_the_texts_with_the_word():
    made = found()
    has = np.array([[["in" in t.split() for t in at] for at in prompt] for prompt in made.texts])
    assert has.shape == (3, 3, 4)
    assert made.by_prompt == pytest.approx(has.mean(axis=2))
    assert made.presence == pytest.approx(has.mean(axis=(0, 2)))
    assert made.presence[0] < made.presence[1] <= made.presence[2]
    for a in range(3):
        low, high = binomtest(int(has[:, a].sum()), 12).proportion_ci(method="wilson")
        assert made.wilson[a] == pytest.approx([low, high])
        assert made.interval[a, 0] <= made.presence[a] <= made.interval[a, 1]


def test_each_answer_is_the_judges():
    judge = LengthJudge()
    made = found(judge, answer="probability")
    raw = np.array([[[len(t) * 7 % 20 / 20 for t in at] for at in p] for p in made.texts])
    value = np.where(raw > 0.9, 0, raw)
    assert made.by_prompt == pytest.approx(value.mean(axis=2))
    assert made.unanswered == pytest.approx((raw > 0.9).mean(axis=(0, 2)))
    assert np.isnan(made.probabilities).sum() == (raw > 0.9).sum()
    assert np.isnan(made.wilson).all()
    assert len(set(judge.asked)) > 10
    label = found(LengthJudge(), threshold=0.3)
    assert label.by_prompt == pytest.approx((value > 0.3).mean(axis=2))
    sampled = [found(LengthJudge(), answer="sampled", seed=s).presence.mean() for s in range(2)]
    assert set(np.unique(np.array(sampled) * 36 % 1).round(9)) <= {0.0, 1.0}


def test_the_codes_form_asks_once_about_the_texts_together():
    judge = LengthJudge()
    made = found(judge, form="code", answer="probability")
    assert made.probabilities.shape == (3, 3, 1)
    want = [["\n\n--- SAMPLE ---\n\n".join(at) for at in prompt] for prompt in made.texts]
    assert sorted(judge.asked) == sorted(text for prompt in want for text in prompt)
    # one text of four with the word is a yes about all
    words, each = found(form="code"), found()
    assert (words.by_prompt == (each.by_prompt > 0)).all()
    assert (words.presence > each.presence).any()
    assert found(form="code", samples=None).probabilities.shape == (3, 3, 1)


def test_a_long_text_is_cut_and_an_empty_one_is_no():
    assert joined(["a" * 801, "b" * 800]) == f"{'a' * 800}…\n\n--- SAMPLE ---\n\n{'b' * 800}"
    judge = LengthJudge()
    for form, width in (("paper", 2), ("code", 1)):
        none = presence._asked(judge, INSIDE, [["", ""]], form)
        assert none.tolist() == [[0.0] * width]
    assert judge.asked == []
    _, tokenizer = tiny()
    assert plain_text(tokenizer, np.array([2, -1, -1])) == ""  # an end token alone
    assert plain_text(tokenizer, np.array([8, 9, -1])) == "in is"


def test_fluency_is_of_the_texts():
    model, _ = tiny()
    made = found()
    model, tokenizer = tiny()
    steering = ufm.llm.Steering(np.asarray(model.unembedding[8]), layer=1)
    written, _ = steered_texts.write_texts(
        model,
        tokenizer,
        CONTEXTS,
        steering,
        ALPHAS,
        steered_texts.Sampling(8, 4),
        None,
        lambda *_: None,
    )
    assert written.texts == made.texts
    for a in range(3):
        rows = written.rows(a)
        spent = tokens = 0
        for k, row in enumerate(rows):
            prompt = tokenizer.encode(CONTEXTS[k // 4])
            for t, z in enumerate(row):
                logits = np.asarray(model.logits([*prompt, *row[:t]]))
                spent += np.log(np.exp(logits - logits[z]).sum())
            tokens += len(row)
        assert made.perplexity[a] == pytest.approx(np.exp(spent / tokens))
    assert made.perplexity[2] > made.perplexity[0]


@pytest.fixture
def whole(tmp_path):
    return tmp_path, found(directory=tmp_path / "run")


def test_a_run_that_was_killed_goes_on_with_the_same_numbers(whole, monkeypatch):
    """After each part that there is: what was written stays, and the end is the same."""
    place, before = whole
    parts = sorted((place / "run").glob("*/parts/*"))
    assert len(parts) == 6
    for kept in range(len(parts)):
        again = place / f"again-{kept}"
        shutil.copytree(place / "run", again)
        for part in parts[kept:]:
            (again / part.relative_to(place / "run")).unlink()
        after = found(directory=again)
        for name in ("presence", "perplexity", "probabilities", "interval"):
            np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
        assert after.texts == before.texts


class GoneAway(LengthJudge):
    """A server that answers twice, then no more."""

    def probabilities(self, texts, concept):
        if len(self.asked) > 12:
            raise ValueError("http://localhost:9 is not reached")
        return super().probabilities(texts, concept)


def test_a_server_that_goes_away_loses_nothing(tmp_path, monkeypatch):
    want = found(LengthJudge())
    with pytest.raises(ValueError, match="is not reached"):
        found(GoneAway(), directory=tmp_path)
    monkeypatch.setattr(
        steered_texts, "generate_all", lambda *_, **__: pytest.fail("written again")
    )
    judge = LengthJudge()
    after = found(judge, directory=tmp_path)
    np.testing.assert_array_equal(after.probabilities, want.probabilities)
    assert len(judge.asked) < 36 - 12  # what was answered is not asked again


def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path, monkeypatch):
    want, sync, written = found(), os.fsync, []

    def full(descriptor):
        written.append(descriptor)
        if len(written) > 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"cannot write .*: No space left on device"):
            found(directory=tmp_path)
    assert len(list((tmp_path / "texts" / "parts").iterdir())) == 2
    np.testing.assert_array_equal(found(directory=tmp_path).presence, want.presence)


def test_another_judge_reads_the_same_texts(whole, monkeypatch):
    place, before = whole
    monkeypatch.setattr(
        steered_texts, "generate_all", lambda *_, **__: pytest.fail("written again")
    )
    other = found(KeywordJudge({"inside": ["the"]}), directory=place / "run")
    assert other.texts == before.texts
    assert (other.presence != before.presence).any()
    assert len(list((place / "run").glob("answers-*"))) == 2


def test_groups_of_prompts_share_a_part_and_change_nothing(monkeypatch):
    one = found()
    monkeypatch.setattr(steered_texts, "_ROWS", 1)
    np.testing.assert_array_equal(found().presence, one.presence)


BAD = [
    ({"form": "both"}, 'form must be "paper" or "code"; got \'both\''),
    ({"answer": "maybe"}, 'answer must be "label", "sampled" or "probability"; got \'maybe\''),
    ({"threshold": 1.0}, "threshold must be at least 0 and below 1; got 1"),
    ({"samples": 0}, "samples must be at least 1; got 0"),
    ({"length": 0}, "count must be at least 1; got 0"),
    ({"length": 90}, "are more than the model's 32 positions"),
    ({"judge": KeywordJudge({"x": ["y"]})}, "the rule of words has none for the concept 'inside'"),
]


@pytest.mark.parametrize(("how", "message"), BAD)
def test_bad_input(how, message):
    with pytest.raises((ValueError, TypeError), match=message):
        found(**how)


def test_no_context_and_another_run_in_the_directory(whole):
    place, _ = whole
    model, tokenizer = tiny()
    steering = ufm.llm.Steering(np.asarray(model.unembedding[8]), layer=1)
    judge = KeywordJudge({"inside": ["in"]})
    with pytest.raises(ValueError, match="there is no context: give at least one prompt"):
        judged_presence(model, tokenizer, judge, INSIDE, [], steering, ALPHAS)
    with pytest.raises(ValueError, match="holds another run: seed was 0, now it is 1"):
        found(directory=place / "run", seed=1)

"""Words spelled backwards, their tokens, and how far a model is from what the UFM supposes."""

import json
import re
from collections import Counter

import jax
import numpy as np
import pytest

import ufm.llm
from ufm.llm.checkpoint.families import read_config
from ufm.llm.toy import Corpus, Settings, make_toy
from ufm.llm.toy import _assumptions as assumptions
from ufm.llm.toy import _tokenizer as tokenizer
from ufm.llm.toy import _train as training
from ufm.llm.toy._checkpoint import Checkpoint
from ufm.llm.toy._concepts import CONCEPTS, spell_backwards
from ufm.llm.toy._corpus import mix_words, read_corpus, words_and_forms
from ufm.llm.toy._folder import gpt2_config
from ufm.llm.toy._texts import texts_of

SENTENCE = "the cat saw no dog on the mat and the dog saw that no cat sat on that mat"
TEXTS = [" ".join(np.random.default_rng(k).permutation(SENTENCE.split())) for k in range(40)]


@pytest.fixture(scope="module")
def words():
    turned = [spell_backwards(text) for text in TEXTS]
    return tokenizer.train_tokenizer([*TEXTS, *turned], 330)


def test_letters_are_reversed_and_nothing_else():
    assert spell_backwards("I don't (see) Guido's x_1.") == "I nod't (ees) odiuG's x_1."
    for text in TEXTS[:3]:
        assert spell_backwards(spell_backwards(text)) == text
        # word by word or at once, as str.upper is
        mixed = mix_words(text, 0.5, seed=1, turn=spell_backwards)
        for word, plain in zip(mixed.split(), text.split(), strict=True):
            assert word in (plain, plain[::-1])


def test_tokens_belong_to_the_form_that_they_are_found_in(words):
    """Counted here by words, in each of which tokens are found on their own."""
    on, off = CONCEPTS["backwards"].sides(words, TEXTS)
    counts = {False: Counter(), True: Counter()}
    for text in TEXTS:
        for place, word in enumerate(text.split()):
            for is_turned in (False, True):
                form = " " * (place > 0) + (word[::-1] if is_turned else word)
                counts[is_turned].update(words.encode(form).ids)
    names = [words.decode([z]) for z in range(words.get_vocab_size())]
    for z, name in enumerate(names):
        backwards, ordinary = counts[True][z], counts[False][z]
        is_word = re.fullmatch(" ?[a-z][a-z]+", name) and backwards + ordinary >= 20
        assert on[z] == bool(is_word and backwards >= 9 * ordinary), name
        assert off[z] == bool(is_word and ordinary >= 9 * backwards), name
    found = {name for name, member in zip(names, on, strict=True) if member}
    assert {" eht", " tac", " god"} <= found
    # "no" is "on" backwards, and the other way round
    assert not {" no", " on"} & (found | {n for n, o in zip(names, off, strict=True) if o})


def test_the_two_forms_of_uppercase_share_no_token():
    made = tokenizer.train_tokenizer([*TEXTS, *map(str.upper, TEXTS)], 330)
    on, off = CONCEPTS["uppercase"].sides(made, TEXTS)
    names = np.array([made.decode([z]) for z in range(made.get_vocab_size())])
    assert all(name.isupper() and len(name.strip()) > 1 for name in names[on])
    assert all(name[1:].islower() and len(name.strip()) > 1 for name in names[off])
    assert on.sum() > 5 < off.sum()


def test_each_token_has_the_form_of_the_word_that_it_ends_in(words):
    plain = "the cat sat\non the mat and the dog saw no cat "
    parts, forms = words_and_forms(plain, 0.4, 3)
    assert 0 < forms.sum() < forms.size
    turned = [spell_backwards(w) if f else w for w, f in zip(parts, forms, strict=True)]
    found = assumptions.labelled(words, turned, forms)
    text, of_letter = "".join(turned), np.repeat(forms, [len(word) for word in turned])
    number = np.repeat(np.arange(len(turned)), [len(word) for word in turned])
    at, before = 0, -1
    for z, form, opens in zip(found.tokens, found.turned, found.opens, strict=True):
        piece = words.decode([z])
        assert text[at : at + len(piece)] == piece
        at += len(piece)
        assert form == of_letter[at - 1]
        assert opens == (number[at - 1] != before)
        before = number[at - 1]
    assert at == len(text)


def test_a_perfect_model_of_one_law_for_each_concept_is_found_to_be_one():
    """3,000 tokens, 1 on and 0 off, that switch with chance 1/20; laws depend on the last one alone."""
    draw = np.random.default_rng(0)
    turned = np.cumsum(draw.random(3000) < 0.05) % 2 == 1
    text = assumptions.Labelled(turned.astype(np.int32), turned, np.ones(3000, bool))
    sides = np.array([False, True]), np.array([True, False])
    places = np.arange(8, 2999)

    def measured(share):
        p = np.where(turned[places][:, None], [[share, 1 - share]], [[1 - share, share]])
        return assumptions.compare(p, text, places, sides, 0.05)

    found = measured(0.05)
    assert found.form_loss == pytest.approx(found.form_loss_known, abs=1e-12)
    assert (found.mass_on, found.mass_off) == pytest.approx((0.95, 0.05), abs=1e-12)
    switched = turned[places] != turned[places + 1]
    for side, share in ((turned[places], found.share_on), (~turned[places], 1 - found.share_off)):
        assert share == pytest.approx(1 - switched[side].mean(), abs=1e-12)
    assert found.told_by_context == pytest.approx(found.told_by_concept, abs=1e-12)
    both = np.array([turned[places].mean(), (~turned[places]).mean()]) @ [
        [0.05, 0.95],
        [0.95, 0.05],
    ]
    told = -both @ np.log(both) + 0.95 * np.log(0.95) + 0.05 * np.log(0.05)
    assert found.told_by_concept == pytest.approx(told, abs=1e-12)
    # planted: a model that is too sure, or knows nothing
    assert measured(0.005).form_loss > found.form_loss + 0.03
    assert measured(0.5).form_loss == pytest.approx(np.log(2), abs=1e-12)
    assert measured(0.5).told_by_context == pytest.approx(0, abs=1e-12)


def test_what_contexts_tell_is_the_mean_divergence_from_the_mean_law():
    draw = np.random.default_rng(1)
    p = draw.dirichlet(np.ones(5), 40)
    is_on = draw.random(40) < 0.3
    told, by_concept = assumptions._told(p, is_on)
    mean = p.mean(axis=0)
    assert told == pytest.approx((p * np.log(p / mean)).sum(axis=1).mean(), abs=1e-12)
    sides = [p[is_on].mean(axis=0), p[~is_on].mean(axis=0)]
    shares = is_on.mean(), 1 - is_on.mean()
    want = sum(w * (q * np.log(q / mean)).sum() for w, q in zip(shares, sides, strict=True))
    assert by_concept == pytest.approx(want, abs=1e-12)
    assert by_concept < told


HOW = dict(steps=120, batch_size=4, learning_rate=1e-2, seed=3)


class Killed(Exception):
    """In place of a kill."""


def small_config(blocks=1):
    settings = Settings(dimension=16, heads=2, blocks=blocks)
    return read_config(gpt2_config(settings, 12) | {"n_positions": 8})


def test_a_training_that_was_killed_ends_with_the_same_numbers(tmp_path):
    config, cycle = small_config(2), np.arange(999, dtype=np.int32) % 12
    assert len(config.blocks) == 2
    want, losses = training.train(config, cycle, **HOW)
    kept = Checkpoint(tmp_path / "t.safetensors", {"seed": 3, "steps": 120})
    for last in (30, 70, 110, 119):
        seen = []

        def kill(step, steps=None, stage="", last=last, seen=seen):
            seen.append(step)
            if step >= last:
                raise Killed

        with pytest.raises(Killed):
            training.train(config, cycle, **HOW, checkpoint=kept, progress=kill)
        assert seen[0] == {30: 1, 70: 1, 110: 51, 119: 101}[last]
    found, again = training.train(config, cycle, **HOW, checkpoint=kept)
    np.testing.assert_array_equal(again, losses)
    for x, y in zip(jax.tree.leaves(found), jax.tree.leaves(want), strict=True):
        np.testing.assert_array_equal(x, y)
    other = Checkpoint(kept.path, {"seed": 4, "steps": 120})
    message = "is of another training: seed was 3, now it is 4; delete it, or name another folder"
    with pytest.raises(ValueError, match=re.escape(message)):
        other.check()
    kept.path.write_bytes(b"no")
    with pytest.raises(ValueError, match="is not a safetensors file written by ufm"):
        kept.check()
    kept.delete()
    kept.check()
    assert kept.read((found, ())) is None


def test_a_toy_of_two_blocks_and_words_backwards_goes_on_where_it_was(tmp_path):
    whole = read_corpus().documents
    small = Corpus({part: found[: 60 if part == "train" else 400] for part, found in whole.items()})
    settings = Settings(
        steps=60,
        batch_size=4,
        blocks=2,
        concept="backwards",
        dimension=16,
        heads=2,
        context=32,
        vocabulary=340,
        prompts=8,
        held_out=3000,
    )

    def kill(step, steps=None, stage=""):
        if step == 55:
            raise Killed

    with pytest.raises(Killed):
        make_toy(tmp_path / "out", settings, kill, small)
    left = tmp_path / "out.training.safetensors"
    assert list(tmp_path.iterdir()) == [left]
    (tmp_path / f".{left.name}.123.part").write_bytes(b"killed while it was written")
    message = f"{left} is of another training: blocks was 2, now it is 1; delete it"
    with pytest.raises(ValueError, match=re.escape(message)):
        make_toy(tmp_path / "out", Settings(**vars(settings) | {"blocks": 1}), corpus=small)
    steps = []
    made = make_toy(tmp_path / "out", settings, lambda step, *_: steps.append(step), small)
    assert steps == list(range(51, 61))
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    model, names = ufm.llm.load(tmp_path / "out"), ufm.llm.load_tokenizer(tmp_path / "out")
    assert model.blocks == 2
    # what the UFM supposes, measured again on the model that was written
    data = texts_of(small, settings)
    held_out = assumptions.labelled(names.inner, data.held_out_words, data.held_out_forms)
    assert held_out.tokens.tolist() == names.encode((tmp_path / "out" / "heldout.txt").read_text())
    rows = (held_out.tokens.size - 1) // 32
    logits = model.all_logits(held_out.tokens[: 32 * rows].reshape(rows, 32))
    places = np.concatenate([32 * row + np.arange(8, 32) for row in range(rows)])
    probs = np.asarray(jax.nn.softmax(logits), np.float64)[:, 8:].reshape(places.size, -1)
    sides = CONCEPTS["backwards"].sides(names.inner, data.as_it_is)
    again = assumptions.compare(probs, held_out, places, sides, 0.05)
    # float32 sums
    assert vars(again) == pytest.approx(vars(made.assumptions), abs=2e-5)
    entry = json.loads((tmp_path / "out" / "tokens.json").read_text())
    assert (entry["concept"], len(entry["tokens"])) == ("backwards", made.concept_tokens)
    assert " eht" in {names.text(z) for z in entry["tokens"]}
    p, n = (ufm.llm.read_prompts(tmp_path / "out" / f"{k}tive.jsonl") for k in ("posi", "nega"))
    assert [x.text for x in p] == [spell_backwards(x.text) for x in n]
    assert {x.concept for x in (*p, *n)} == {"backwards"}

"""Prompts, tokens, hidden states, steering vectors, and the door to the theory."""

import dataclasses
import json
import re

import equinox as eqx
import numpy as np
import pytest
from safetensors.numpy import load_file

import theorems
import ufm.llm
from theorems.verify import verify_instance
from ufm._files import read_arrays, write_arrays
from ufm.llm.steering import embeddings
from ufm.llm.steering.batches import at_once, within_blocks

GPT2, QWEN3 = "tests/data/llm/gpt2", "tests/data/llm/qwen3"
# of two lengths: each is compiled
P = [[3, 4, 5], [5, 6], [9, 10, 11]]
N = [[7, 8], [20, 21, 22]]


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load(GPT2, "float64")


@pytest.fixture(scope="module")
def vectors(model):
    return ufm.llm.steering_vectors(model, P, N)


def test_embeddings_are_the_states_of_each_prompt_alone(model):
    for pooling in ("last", "mean"):
        found = ufm.llm.embed_prompts(model, P + N, [0, 1], pooling=pooling, batch_size=2)
        for k in (0, 1):
            alone = [np.asarray(model.hidden_states(row, k)) for row in P + N]
            want = [x[-1] if pooling == "last" else x.mean(axis=0) for x in alone]
            np.testing.assert_allclose(found.states[k], want, atol=1e-13)
            lengths = np.concatenate([np.linalg.norm(x, axis=1) for x in alone])
            np.testing.assert_allclose(found.mean_norms[k], lengths.mean(), rtol=1e-13)
            later = np.concatenate(
                [np.linalg.norm(x[1:] if len(x) > 1 else x, axis=1) for x in alone]
            )
            np.testing.assert_allclose(found.median_norms[k], np.median(later), rtol=1e-13)
        assert not found.sinks.any()


def test_the_first_tokens_long_state_bends_neither_the_unit_nor_the_mean(model):
    """Whatever comes first is an attention sink: its position's embedding is 1,000 times as long."""
    positions = model.params.position_embedding
    sunk = eqx.tree_at(
        lambda m: m.params.position_embedding, model, positions.at[0].multiply(1000.0)
    )
    rows = [*P, *N, [9]]
    found = ufm.llm.embed_prompts(sunk, rows, [0], pooling="mean", batch_size=2)
    alone = [np.asarray(sunk.hidden_states(row, 0)) for row in rows]
    lengths = [np.linalg.norm(x, axis=1) for x in alone]
    assert found.sinks[0] == sum(len(x) > 1 for x in alone)  # a token alone is compared with itself
    later = np.concatenate([x[1:] if x.size > 1 else x for x in lengths])
    np.testing.assert_allclose(found.median_norms, [np.median(later)], rtol=1e-13)
    assert found.mean_norms[0] > 10 * found.median_norms[0]
    want = [x[1:].mean(axis=0) if len(x) > 1 else x[0] for x in alone]
    np.testing.assert_allclose(found.states[0], want, atol=1e-12)
    (vector,) = ufm.llm.steering_vectors(sunk, rows[:4], rows[4:5], [0])
    assert vector.relative(1.0) == vector.norm / vector.median_hidden_norm
    assert vector.hidden_norm < 10 < vector.mean_hidden_norm


def test_a_vector_of_version_0_1_is_read_without_its_median(vectors, tmp_path):
    about = {f.name: getattr(vectors[0], f.name) for f in dataclasses.fields(vectors[0])}
    values = about.pop("values")
    del about["median_hidden_norm"], about["sinks"], about["method"]
    path = tmp_path / "old.safetensors"
    write_arrays(path, {"vector": values}, {"format": "ufm steering vector 1", **about})
    found = ufm.llm.SteeringVector.read(path)
    assert found.median_hidden_norm is None
    assert found.relative(2.0) == 2 * found.norm / found.mean_hidden_norm


def test_difference_of_means(model, vectors):
    found = ufm.llm.embed_prompts(model, P + N, [0, 1])
    for k, vector in enumerate(vectors):
        want = ufm.difference_of_means(found.states[k], [0, 1, 2], [3, 4])
        np.testing.assert_allclose(vector.values, want, atol=1e-14)
        assert vector.norm == pytest.approx(np.linalg.norm(want))
        assert vector.relative(2.0) == pytest.approx(2 * vector.norm / found.median_norms[k])
        assert (vector.layer, vector.positive, vector.negative) == (k, 3, 2)
    (unit,) = ufm.llm.steering_vectors(model, P, N, [1], normalise=True)
    np.testing.assert_allclose(unit.values * vectors[1].norm, vectors[1].values, atol=1e-14)
    assert unit.norm == pytest.approx(1.0)


def test_a_vector_read_back_is_the_one_saved(model, vectors, tmp_path):
    path = tmp_path / "v.safetensors"
    vectors[0].save(path)
    found = ufm.llm.SteeringVector.read(path, model)
    np.testing.assert_array_equal(found.values, vectors[0].values)
    assert load_file(path).keys() == {"vector"}
    for field in dataclasses.fields(found):
        if field.name != "values":
            assert getattr(found, field.name) == getattr(vectors[0], field.name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"site": "nowhere"}, "site must be 'residual' or 'post-norm'; got 'nowhere'"),
        ({"positions": "some"}, "positions must be 'all' or 'last'; got 'some'"),
        ({"pooling": "max"}, "pooling must be 'last' or 'mean'; got 'max'"),
        ({"layer": -1}, "field layer = -1 must be a whole number of at least 0"),
        ({"layer": 9}, "of block 9, the model has 0..1"),
        ({"positive": 0}, "field positive = 0 must be a whole number of at least 1"),
        ({"norm": 2.0}, "field norm = 2, but the vector's is"),
        ({"normalised": True}, "a normalised vector has norm 1"),
        ({"mean_hidden_norm": -1.0}, "mean_hidden_norm = -1.0 must be positive"),
        ({"median_hidden_norm": 0.0}, "median_hidden_norm = 0.0 must be positive"),
        ({"sinks": -1}, "field sinks = -1 must be a whole number"),
        ({"fingerprint": "0" * 16}, "fingerprint 0000000000000000"),
        ({"site": "post-norm"}, "a post-norm vector is of the last block"),
        (
            {"values": np.ones(3), "norm": 3**0.5},
            "the vector has 3 entries, the model's width is 16",
        ),
        ({"values": np.full(16, np.inf)}, "one row of finite numbers"),
    ],
)
def test_a_vector_that_does_not_fit_says_where(model, vectors, tmp_path, change, message):
    path = tmp_path / "v.safetensors"
    dataclasses.replace(vectors[0], **change).save(path)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        ufm.llm.SteeringVector.read(path, model)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("path", [QWEN3])
def test_at_the_post_norm_site_the_model_is_an_exponential_tilt(path):
    model = ufm.llm.load(path, "float64")
    law = ufm.llm.features(model, P + N)
    assert law.decoder.shape == (64, 16)
    vector = ufm.difference_of_means(law.embeddings, [0, 1, 2], [3, 4])
    tilt = ufm.ExponentialTilt.from_model(law, [0, 1, 2], [3, 4])
    direct = ufm.llm.tilt(model, P + N, vector)
    for alpha in (-7.0, 0.0, 0.5, 2.0):
        for j, row in enumerate(P + N):
            logits = np.asarray(model.logits(row, alpha, vector=vector, site="post-norm"))
            want = np.exp(logits - logits.max())
            want /= want.sum()
            np.testing.assert_allclose(tilt.probs(alpha)[j], want, atol=1e-13)
            np.testing.assert_allclose(direct.probs(alpha)[j], want, atol=1e-13)
    slope = model.derivative(P[0], vector, None, 0.5, 2, site="post-norm")
    np.testing.assert_allclose(tilt.derivative(0.5, 2)[0], slope, atol=1e-12)
    found = ufm.llm.measure_separation(tilt, np.arange(64) < 5)
    assert found.margin < 0
    assert 0 <= found.target_positive <= 1


def test_the_claims_hold_on_a_real_forward_pass(model):
    law = ufm.llm.features(model, P + N)
    tilt = ufm.ExponentialTilt.from_model(law, [0, 1, 2], [3, 4])
    # the target that δ > 0 asks for: the tokens with the largest log-odds
    target = np.asarray(tilt.log_odds) >= np.sort(tilt.log_odds)[-5]
    assert ufm.llm.measure_separation(tilt, target).margin > 0
    instance = theorems.Instance(
        tilt,
        target,
        np.where(target, 0, 1),
        np.array([0, 0, 0, 1, 1]),
        np.full(5, 0.2),
        (0, 1, 2),
        (3, 4),
    )
    wanted = {"thm-3.3", "prop-b1", "thm-3.8"}
    report = verify_instance([s for s in theorems.STATEMENTS if s.id in wanted], instance)
    verdicts = {name: str(tally.verdict) for name, tally in report.tallies.items()}
    assert set(verdicts.values()) == {"holds"}, verdicts


def test_both_official_prompt_formats_and_plain_lines(tmp_path):
    path = tmp_path / "prompts.jsonl"
    lines = [
        {"concept": "joy", "kind": "positive", "text": "hooray"},
        {"concept": "joy", "kind": "negative", "text": "alas"},
        {"concept": "sea", "kind": "positive", "text": "waves"},
    ]
    path.write_text("\n\n".join(map(json.dumps, lines)))
    prompts = ufm.llm.read_prompts(path)
    assert ufm.llm.split_prompts(prompts, "joy") == (("hooray",), ("alas",))
    assert ufm.llm.split_prompts(prompts, "joy", "random") == (("hooray",), ("waves",))
    path.write_text('{"negative": ["so it is", "it is so"]}\n{"joy": ["what fun"]}\n')
    prompts = ufm.llm.read_prompts(path)
    assert ufm.llm.split_prompts(prompts, "joy", "random")[1] == ("so it is", "it is so")
    plain = tmp_path / "prompts.txt"
    plain.write_text("one\n\n two \n")
    assert [p.text for p in ufm.llm.read_prompts(plain)] == ["one", "two"]


def test_tokens_of_a_text_do_not_depend_on_how_it_is_streamed(tmp_path):
    tokenizer = ufm.llm.load_tokenizer(GPT2)
    text = "the cat of\nall and to A B\n" * 50 + "is in"
    path = tmp_path / "text.txt"
    path.write_text(text)
    whole = tokenizer.encode(text)
    for block in (7, 64, 1 << 16):
        assert [z for piece in tokenizer.stream(path, block) for z in piece] == whole
    tokens, mask = tokenizer.batch(["the of", "a"])
    np.testing.assert_array_equal(tokens, [[3, 5], [4, 0]])
    np.testing.assert_array_equal(mask, [[True, True], [True, False]])
    upper = tokenizer.token_mask(lambda text: text.isupper(), 64)
    assert [tokenizer.text(z) for z in np.flatnonzero(upper)][:2] == ["A", "B"]


def test_batches_are_as_large_as_the_memory_holds():
    """16 prompts at once, or fewer; lengths above 64 are padded by an eighth at most."""
    model = ufm.llm.load("tests/data/llm/llama3", "float64")
    prompts = [[3 + j, *range(4, 4 + j)] for j in range(20)]
    plain = ufm.llm.embed_prompts(model, prompts, [0, 1])
    heads = model.config.blocks[0].heads
    for memory in (1, 3 * 4 * 8 * heads * 32**2):
        little = dataclasses.replace(model, memory=memory)
        most = at_once(little, within_blocks(little, 32, 32), most=16)
        assert most == max(1, memory // (4 * 8 * heads * 32**2))
        found = ufm.llm.embed_prompts(little, prompts, [0, 1])
        np.testing.assert_allclose(found.states, plain.states, atol=1e-13)
        np.testing.assert_allclose(found.median_norms, plain.median_norms, rtol=1e-13)
    sizes = [embeddings.round_up(n, None) for n in (3, 9, 64, 65, 1000, 1025, 2048)]
    assert sizes == [8, 16, 64, 72, 1024, 1152, 2048]
    assert embeddings.round_up(1025, 1100) == 1100


def test_a_vector_says_how_it_was_found(model, tmp_path):
    pairs = P[:2], N
    states = ufm.llm.embed_prompts(model, [*pairs[0], *pairs[1]], [1]).states[0]
    for method in ("mean", "pca", "probe"):
        (found,) = ufm.llm.steering_vectors(model, *pairs, [1], method=method)
        want = ufm.llm.direction_between(states[:2], states[2:], method)
        np.testing.assert_allclose(found.values, want, rtol=1e-12)
        (unit,) = ufm.llm.steering_vectors(model, *pairs, [1], method=method, normalise=True)
        np.testing.assert_allclose(unit.values * found.norm, want, rtol=1e-12)
        path = tmp_path / f"{method}.safetensors"
        found.save(path)
        assert ufm.llm.SteeringVector.read(path, model).method == method
        assert ufm.llm.read_vector(path).about["method"] == method
        # what the vector of means is written in, older programs read
        assert read_arrays(path)[1]["format"][-1] == ("2" if method == "mean" else "3")

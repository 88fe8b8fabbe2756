"""Sweeps against one forward pass a strength, and killed runs against runs left alone."""

import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import ufm.llm
from tests.ufm.llm.measure import killed_sweep
from ufm.llm.steering.steered_prompt import bucket

ALPHAS = np.array([-7.0, -1.0, 0.0, 0.5, 2.0])
TOKENS = [5, 9, 27, 3, 14, 40]
VECTOR = np.linspace(-1, 1, 16)


def one_by_one(model, tokens, steering, alphas):
    return np.stack([np.asarray(model.logits(tokens, float(a), steering)) for a in alphas])


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.parametrize("family", ["gpt2", "gemma3"])
def test_batched_strengths_give_the_logits_of_single_passes(family):
    model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
    for layer, positions, site in [
        (0, "all", "residual"),
        (0, "last", "residual"),
        (1, "all", "residual"),
        (1, "all", "post-norm"),
    ]:
        steering = ufm.llm.Steering(VECTOR, layer, positions, site)
        found = ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS, batch_size=2)
        np.testing.assert_allclose(
            found, one_by_one(model, TOKENS, steering, ALPHAS), rtol=1e-12, atol=1e-12
        )
        np.testing.assert_array_equal(found[2], model.logits(TOKENS))


@pytest.mark.parametrize(("family", "positions"), [("gpt2", "last"), ("mistral", "all")])
def test_a_padded_prompt_gives_the_same_logits(family, positions):
    """Learned positions and keys kept; rotary ones and a window shorter than the prompt."""
    model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
    steering = ufm.llm.Steering(VECTOR, 0, positions)
    plain, padded = (
        ufm.llm.steered_logits(model, TOKENS, steering, ALPHAS, length=length) for length in (6, 8)
    )
    assert bucket(model, TOKENS) == 8
    np.testing.assert_allclose(padded, plain, rtol=1e-12, atol=1e-12)
    # α = 0 is the unpadded model's own, bit for bit
    np.testing.assert_array_equal(padded[2], model.logits(TOKENS))
    # planted: padding that is not masked is seen
    wrong = ufm.llm.steered_logits(model, [*TOKENS, 0, 0], steering, ALPHAS)
    assert abs(wrong - plain).max() > 1e-3


def test_padding_stays_within_the_positions_of_the_model():
    model = ufm.llm.load("tests/data/llm/gpt2")
    assert [bucket(model, [3] * n) for n in (1, 4, 5, 29, 32)] == [4, 4, 8, 32, 32]


def test_curves_are_what_their_names_say(tmp_path):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    steering = ufm.llm.Steering(VECTOR, 0)
    concept = np.arange(64) % 7 == 0
    prompts = [TOKENS, [3, 4, 60, 7, 8, 1]]  # of one length: derivatives are slow to compile
    found = ufm.llm.sweep_curves(
        model, prompts, steering, ALPHAS, tmp_path, concept=concept, top=4, order=1
    )
    for j, tokens in enumerate(prompts):
        probs = softmax(one_by_one(model, tokens, steering, ALPHAS))
        p = softmax(np.asarray(model.logits(tokens)))
        ends = [np.argsort(-probs[-1])[:4], np.argsort(-probs[0])[:4]]
        np.testing.assert_array_equal(found.tokens[j], np.concatenate(ends))
        want = (probs - p)[:, found.tokens[j]]
        np.testing.assert_allclose(found.increase[j], want, atol=1e-13)
        np.testing.assert_allclose(found.concept_mass[j], probs[:, concept].sum(1), atol=1e-13)
        np.testing.assert_array_equal(found.top[j], probs.argmax(1))
        forward = (p * np.log(p / probs)).sum(1)
        np.testing.assert_allclose(found.forward_kl[j], forward, atol=1e-12)
        reverse = (probs * np.log(probs / p)).sum(1)
        np.testing.assert_allclose(found.reverse_kl[j], reverse, atol=1e-12)
        assert (found.increase[j][2] == 0).all()
        assert found.forward_kl[j][2] == found.reverse_kl[j][2] == 0
        h = 1e-5
        up, down = softmax(one_by_one(model, tokens, steering, [h, -h]))
        slope = ((up - down) / (2 * h))[found.tokens[j]]
        np.testing.assert_allclose(found.derivatives[j][1], slope, atol=1e-8)
        mass = (up[concept] - down[concept]).sum() / (2 * h)
        np.testing.assert_allclose(found.concept_derivatives[j][1], mass, atol=1e-8)


def test_cost_on_text_counts_its_tokens(tmp_path):
    model = ufm.llm.load("tests/data/llm/llama3", "float64")
    steering = ufm.llm.Steering(VECTOR, 0)
    windows = [TOKENS, [3, 4, 5], [9, 8]]
    found = ufm.llm.sweep_cost(
        model, iter(windows), steering, ALPHAS, tmp_path, length=6, windows_per_file=2
    )
    assert (found.tokens, found.windows) == (5 + 2 + 1, 3)

    def cross_entropy(alpha):
        total = 0.0
        for row in windows:
            longer = row + [0] * (6 - len(row))  # one length; later tokens change nothing
            logits = model.all_logits(longer, alpha, vector=VECTOR, layer=0)
            p = softmax(np.asarray(logits))
            total -= sum(np.log(p[t, row[t + 1]]) for t in range(len(row) - 1))
        return total / found.tokens

    plain = cross_entropy(0.0)
    want = [cross_entropy(float(a)) - plain for a in ALPHAS]
    np.testing.assert_allclose(found.increase, want, atol=1e-12)
    assert found.increase[2] == 0
    h = 1e-4
    up, down = cross_entropy(h), cross_entropy(-h)
    np.testing.assert_allclose(found.derivatives[0], plain, rtol=1e-13)
    np.testing.assert_allclose(found.derivatives[1], (up - down) / (2 * h), atol=1e-7)
    np.testing.assert_allclose(found.derivatives[2], (up - 2 * plain + down) / h**2, atol=1e-6)
    with pytest.raises(ValueError, match="holds a run on another text: file text-000001 differs"):
        ufm.llm.sweep_cost(
            model,
            [*windows[:2], [9, 7]],
            steering,
            ALPHAS,
            tmp_path,
            length=6,
            windows_per_file=2,
        )


def outputs(directory):
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file()
    }


def kill_at_random_moments(directory, kills, seed, program=killed_sweep):
    """Starts the program, kills it `kills` times, and lets it end; how often it was killed at work."""
    random_moment = random.Random(seed)
    at_work = 0
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-m", program.__name__, str(directory)],
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.getcwd()},
            text=True,
        )
        assert process.stdout is not None
        # moments counted from the first part: before it there is nothing but starting
        process.stdout.readline()
        time.sleep(random_moment.uniform(0.0, 0.15))
        process.send_signal(signal.SIGKILL)
        at_work += process.wait() == -signal.SIGKILL
        process.stdout.close()
    program.run(directory)
    return at_work


def test_a_killed_run_ends_with_the_same_files(tmp_path):
    """tests/oracle kills ten times; starting anew is what takes the time here."""
    killed_sweep.run(tmp_path / "whole")
    assert kill_at_random_moments(tmp_path / "killed", kills=1, seed=1) == 1
    whole = outputs(tmp_path / "whole")
    assert outputs(tmp_path / "killed") == whole
    assert len(whole) == 2 * 3 + 12 + 6


def test_a_run_with_other_settings_is_refused(tmp_path):
    # shapes as above, compiled already
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    run = dict(prompts=[TOKENS], alphas=ALPHAS, directory=tmp_path, top=2, order=0)
    ufm.llm.sweep_curves(model, steering=ufm.llm.Steering(VECTOR, 1), **run)
    for change, message in [
        ({"alphas": ALPHAS + 1}, "alphas was"),
        ({"prompts": [TOKENS[::-1]]}, "prompts was"),
        ({"top": 3}, "top was 2, now it is 3"),
        ({"order": 1}, "order was 0, now it is 1"),
        ({"steering": ufm.llm.Steering(VECTOR, 0)}, "layer was 1, now it is 0"),
    ]:
        asked = dict(steering=ufm.llm.Steering(VECTOR, 1)) | run | change
        with pytest.raises(ValueError, match=f"holds another run: {message}"):
            ufm.llm.sweep_curves(model, **asked)

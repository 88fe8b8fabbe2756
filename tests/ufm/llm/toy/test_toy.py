"""The toy model: its text, its token set, its training, its folder."""

import json
import re
import signal
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict
from io import StringIO
from pathlib import Path

import jax
import numpy as np
import pytest

import ufm.llm
from tests.oracle import reference
from ufm.app import main
from ufm.llm.checkpoint.families import read_config
from ufm.llm.text.tokenizer import pad
from ufm.llm.toy import Assumptions, Made, Settings, is_uppercase_token, make_toy
from ufm.llm.toy import _corpus as corpus
from ufm.llm.toy import _folder as folder
from ufm.llm.toy import _tokenizer as tokenizer
from ufm.llm.toy import _train as training
from ufm.llm.toy._interrupt import ctrl_c_waits
from ufm.llm.toy.report import as_text

PART_OF = {"random.py": "train", "ast.py": "prompts", "topic yield": "held-out"}
TOY = Path(__file__).parents[3] / "data" / "llm" / "toy"  # by tests/data/make_toy.py


@pytest.fixture(scope="module")
def text():
    return corpus.read_corpus()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The folder that the command makes, what it says of it, and what it shows on the way."""
    out, printed, shown = tmp_path_factory.mktemp("toy") / "model", StringIO(), StringIO()
    sizes = {"dimension": 16, "heads": 2, "context": 32, "vocabulary": 320, "steps": 30}
    options = [word for name, size in sizes.items() for word in (f"--{name}", str(size))]
    patch = pytest.MonkeyPatch()
    patch.setattr(sys, "argv", ["ufm", "toy", str(out), *options, "--json"])
    with redirect_stdout(printed), redirect_stderr(shown), pytest.raises(SystemExit) as stop:
        main.main()
    patch.undo()
    assert stop.value.code == 0, shown.getvalue()
    found = json.loads(printed.getvalue())
    fit = Assumptions(**found.pop("assumptions"))
    return out, Made(**found, assumptions=fit), shown.getvalue()


def lines(documents):
    return [paragraph for paragraphs in documents for paragraph in paragraphs]


def test_parts_share_no_text(text):
    parts = {part: lines(text.documents[part]) for part in corpus.PARTS}
    everything = [paragraph for part in parts.values() for paragraph in part]
    assert len(everything) == len(set(everything)), "a paragraph is in two places"
    assert all(p.isascii() and "\n" not in p for p in everything)
    sizes = {part: sum(map(len, found)) for part, found in parts.items()}
    assert sizes["train"] > 400_000
    assert min(sizes.values()) > 10_000, sizes


def test_the_part_of_a_document_is_fixed_by_its_name():
    # so that another Python, or a new module, moves no document from one part to another
    assert {name: corpus.part_of(name) for name in PART_OF} == PART_OF
    share = np.mean([corpus.part_of(f"module{i}.py") == "train" for i in range(4000)])
    assert abs(share - 0.85) < 5 * (0.85 * 0.15 / 4000) ** 0.5  # five standard errors


def test_words_are_in_both_cases_and_the_case_lasts():
    words = "\n".join(["the quick brown fox"] * 5000) + "\n"
    one, other = corpus.mixed_documents(((words[:-1],),), 0.05, str.upper)
    assert one.lower() == other.lower() == words
    pieces = [re.split(r"[ \n]", t[:-1]) for t in (one, other)]
    upper = np.array([[w.isupper() for w in p] for p in pieces])
    assert (upper[0] ^ upper[1]).all()
    switches = np.diff(upper[0]).mean()
    assert abs(switches - 0.05) < 5 * (0.05 * 0.95 / 20000) ** 0.5  # five standard errors


def test_prompts_are_plain_and_stand_nowhere_in_the_avoided_text(text):
    held_out = text.documents["held-out"]
    first = corpus.openings(held_out, 10, 6)
    assert all(re.fullmatch(r"([A-Z]?[a-z]+,? |[AI] ){5}([A-Z]?[a-z]+,?|[AI])", t) for t in first)
    again = corpus.openings(held_out, 10, 6, avoid="\n".join(first))
    assert not set(first) & set(again)
    with pytest.raises(ValueError, match=r"holds only \d+ of the 99999 prompts asked for"):
        corpus.openings(held_out, 99999, 6)


def test_the_token_set_is_the_rule_and_is_not_trivial(made, text):
    out, found, _ = made
    entry = json.loads((out / "tokens.json").read_text())
    names = ufm.llm.load_tokenizer(out)
    for z in range(names.vocabulary):
        name = names.decode([z])
        name = name[1:] if name.startswith(" ") else name
        capitals = sum(letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for letter in name)
        assert (z in entry["tokens"]) == (capitals == len(name) >= 2), name
    assert found.concept_tokens == len(entry["tokens"]) >= 15
    # on the same text as it is written, the rule would name next to nothing
    plain = tokenizer.train_tokenizer(lines(text.documents["train"]), 1024)
    assert sum(is_uppercase_token(plain.decode([z])) for z in range(1024)) <= 5


def test_the_files_are_what_steering_asks_for(made, text):
    out, _, _ = made
    p, n = (ufm.llm.read_prompts(out / f"{kind}.jsonl") for kind in ("positive", "negative"))
    assert [x.text for x in p] == [x.text.upper() for x in n]
    assert len(p) == 64
    assert {(x.concept, x.kind) for x in p} == {("uppercase", "positive")}
    assert {(x.concept, x.kind) for x in n} == {("uppercase", "negative")}
    contexts = ufm.llm.read_prompts(out / "contexts.jsonl")
    ordinary = [x.text for x in contexts if x.kind == "negative"]
    assert [x.text for x in contexts if x.concept == "uppercase"] == [t.upper() for t in ordinary]
    assert len(ordinary) == 64
    known = "\n".join(lines(text.documents["train"]))
    for prompt in [x.text for x in n] + ordinary:
        assert prompt not in known
    held_out = (out / "heldout.txt").read_text().lower().splitlines()
    allowed = {paragraph.lower() for paragraph in lines(text.documents["held-out"])}
    assert set(held_out) <= allowed
    assert 55_000 < sum(map(len, held_out)) <= 60_000


def test_the_model_loads_and_has_the_loss_that_was_printed(made):
    out, found, _ = made
    model, names = ufm.llm.load(out), ufm.llm.load_tokenizer(out)
    assert (model.blocks, model.dimension, model.vocabulary) == (1, 16, found.vocabulary)
    tokens = np.array([*names.encode((out / "heldout.txt").read_text()), 0])
    rows = (tokens.size - 1) // 32
    windows = tokens[: 32 * rows].reshape(rows, 32)
    logits = np.asarray(model.all_logits(windows), np.float64)
    shifted = logits - logits.max(axis=2, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    targets = tokens[1 : 32 * rows + 1].reshape(rows, 32, 1)
    loss = -np.take_along_axis(log_probs, targets, axis=2).mean()
    assert found.held_out_tokens == 32 * rows
    assert abs(loss - found.held_out_loss) < 1e-5  # float32 sums of numbers of order 5
    # 4 bytes a parameter, and a header
    size = (out / "model.safetensors").stat().st_size
    assert 0 < size - 4 * found.parameters < 3000


def test_the_command_says_how_far_it_is_and_what_came_out(made):
    out, found, shown = made
    steps = re.findall(r"step (\d+) of 30, loss \d\.\d{3}, \d+ s left\n", shown)
    assert [int(step) for step in steps] == list(range(3, 31, 3))
    assert json.loads((out / "toy.json").read_text())["made"] == asdict(found)
    assert f"loss {found.held_out_loss:.3f} nats a token on" in as_text(found, out)
    assert [path.name for path in out.parent.iterdir()] == ["model"]


HOW = dict(steps=150, batch_size=8, learning_rate=1e-2)  # equal, so as to compile once


def small_config(vocabulary=12, length=8):
    config = folder.gpt2_config(Settings(dimension=16, heads=2), vocabulary) | {
        "n_positions": length
    }
    return config, read_config(config)


def test_the_loss_agrees_with_a_plain_forward_pass():
    """Of tests/oracle/reference.py, in float64 numpy, on the tensors by their names in GPT-2."""
    settings, config = small_config()
    params = training.initial_params(jax.random.key(1), config)
    rng = np.random.default_rng(2)
    # away from the start, where scales are 1 and biases 0
    params = jax.tree.map(lambda x: x + 0.3 * rng.normal(size=x.shape).astype(np.float32), params)
    params = training.tie(params)
    windows = rng.integers(0, 12, (3, 9)).astype(np.int32)
    state = {k: np.float64(v) for k, v in folder.gpt2_tensors(params).items()}
    state["lm_head.weight"] = state["transformer.wte.weight"]
    names = type("Config", (), settings | {"scale_attn_by_inverse_layer_idx": False})
    want = []
    for row in windows:
        for logits, target in zip(reference.logits(names, state, row[:-1]), row[1:], strict=True):
            want.append(np.log(np.exp(logits - logits[target]).sum()))
    found = float(training.cross_entropy(params, config, jax.numpy.asarray(windows)))
    assert abs(found - np.mean(want)) < 5e-6 * np.mean(want)


def test_training_learns_what_can_be_learnt_and_repeats_itself():
    _, config = small_config()
    cycle = np.arange(2000, dtype=np.int32) % 12
    params, losses = training.train(config, cycle, seed=3, **HOW)
    assert abs(losses[0] - np.log(12)) < 0.1  # it starts from knowing nothing
    assert losses[-1] < 0.05  # the next token of a cycle is certain
    assert params.unembedding is params.embedding
    again, same = training.train(config, cycle, seed=3, **HOW)
    np.testing.assert_array_equal(losses, same)
    for x, y in zip(jax.tree.leaves(params), jax.tree.leaves(again), strict=True):
        np.testing.assert_array_equal(x, y)
    _, other = training.train(config, cycle, seed=4, **HOW)
    assert (other != losses).any()
    # tokens drawn at random hold nothing to learn: the loss must not fall below their entropy
    noise = np.random.default_rng(5).integers(0, 12, 200_000).astype(np.int32)
    assert training.train(config, noise, seed=3, **HOW)[1][-20:].mean() > np.log(12) - 0.02


BAD_SETTINGS = [
    (dict(steps=0), "steps must be at least 1; got 0"),
    (dict(seed=-1), "seed must be at least 0; got -1"),
    (dict(batch_size=0), "batch_size must be at least 1; got 0"),
    (dict(learning_rate=0.0), "learning_rate must lie in (0, 1); got 0.0"),
    (dict(learning_rate=float("nan")), "learning_rate must lie in (0, 1); got nan"),
    (dict(switch=1.0), "switch must lie in (0, 1); got 1.0"),
    (dict(dimension=190), "dimension 190 is not a multiple of heads 4"),
    (dict(heads=0), "heads must be at least 1; got 0"),
    (dict(vocabulary=256), "vocabulary must be at least 300, 256 bytes and some words; got 256"),
    (dict(context=16), "context 16 is too short for prompts of 8 words"),
    (dict(prompts=0), "prompts must be at least 1; got 0"),
    (dict(blocks=0), "blocks must be at least 1; got 0"),
    (dict(concept="rhyme"), "concept must be one of uppercase, backwards; got 'rhyme'"),
]


@pytest.mark.parametrize(("change", "message"), BAD_SETTINGS)
def test_a_bad_setting_is_refused_at_once(change, message):
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        Settings(**change)
    assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_made_is_refused_before_training(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "file").write_text("")
    for out, kind, message in [
        (tmp_path / "there", ValueError, "exists: name a new folder, or delete this one"),
        (tmp_path / "file", ValueError, "exists: name a new folder, or delete this one"),
        (tmp_path / "no" / "parent", OSError, "No such file or directory"),
        (tmp_path / "file" / "below", OSError, "Not a directory"),
    ]:
        with pytest.raises(kind, match=message) as caught:
            make_toy(out, Settings(steps=10**9))  # would never end
        assert str(out) in str(caught.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "there"]


def test_what_a_killed_run_left_is_cleared_and_a_failed_one_leaves_nothing(tmp_path):
    left = tmp_path / ".out.123.part"
    left.mkdir()
    (left / "config.json").write_text("{")
    folder.check_writable(tmp_path / "out")
    assert list(tmp_path.iterdir()) == []

    def fail_midway():
        with folder.whole_folder(tmp_path / "out") as aside:
            (aside / "config.json").write_text("{")
            raise KeyError

    with pytest.raises(KeyError):
        fail_midway()
    assert list(tmp_path.iterdir()) == []
    with folder.whole_folder(tmp_path / "out") as aside:
        (aside / "config.json").write_text("{}")
        assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.rglob("*")] == ["out", "config.json"]


def test_a_loss_that_is_no_number_stops_the_training():
    _, config = small_config()
    broken = training.initial_params

    def with_nan(key, config):
        params = broken(key, config)
        return jax.tree.map(lambda x: x * np.float32(np.nan), params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "initial_params", with_nan)
        with pytest.raises(ValueError, match="the loss is nan at step 0"):
            training.train(config, np.arange(99) % 12, seed=0, **HOW)


@pytest.fixture(scope="module")
def toy():
    model, names = ufm.llm.load(TOY, "float64"), ufm.llm.load_tokenizer(TOY)
    p, n = (
        [names.encode(x.text) for x in ufm.llm.read_prompts(TOY / f"{kind}.jsonl")]
        for kind in ("positive", "negative")
    )
    concept = names.token_mask(is_uppercase_token, model.vocabulary)
    assert (
        np.flatnonzero(concept).tolist() == json.loads((TOY / "tokens.json").read_text())["tokens"]
    )
    contexts = [names.encode(x.text) for x in ufm.llm.read_prompts(TOY / "contexts.jsonl")]
    return model, p, n, concept, contexts


def test_the_trained_model_has_the_concept(toy):
    """On held-out prompts: the case of the prompt sets that of the next word."""
    model, _, _, concept, contexts = toy
    tokens, mask = pad(contexts, max(map(len, contexts)))
    probs = np.asarray(jax.nn.softmax(model.logits(tokens, mask=mask)))
    mass = probs[:, concept].sum(axis=1)
    ordinary, uppercase = mass[: len(mass) // 2], mass[len(mass) // 2 :]
    assert ordinary.mean() < 0.05 < 0.15 < uppercase.mean()
    made = json.loads((TOY / "toy.json").read_text())["made"]
    assert made["held_out_loss"] < 3.1 < np.log(model.vocabulary) / 1.9


@pytest.mark.parametrize("sign", [1, -1])
def test_steering_moves_the_mass_of_the_concept(toy, sign, tmp_path):
    """The difference of means raises it on every held-out prompt; its negative, a control, lowers it."""
    model, p, n, concept, contexts = toy
    first, second = (p, n) if sign == 1 else (n, p)
    (vector,) = ufm.llm.steering_vectors(model, first, second, [0])
    alphas = [-4.0, -1.0, 0.0, 1.0, 4.0]
    # of one length, so as to compile once
    length = Counter(len(context) for context in contexts[:24]).most_common(1)[0][0]
    ordinary = [context for context in contexts[:24] if len(context) == length]
    assert len(ordinary) >= 3
    steering = ufm.llm.Steering.of(vector)
    curves = ufm.llm.sweep_curves(
        model, ordinary, steering, alphas, tmp_path, concept=concept, top=5, order=0
    )
    steps = np.diff(curves.concept_mass, axis=1) * sign
    assert (steps[:, 1:3] > 0).all()  # around 0, on each prompt
    assert (steps.mean(axis=0) > 0).all()  # further out, on average


def test_ctrl_c_is_kept_until_it_is_asked_for_and_a_second_one_is_not():
    usual = signal.getsignal(signal.SIGINT)
    with ctrl_c_waits() as stop:
        stop()  # nobody has asked
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            stop()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is usual

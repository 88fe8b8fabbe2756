"""Bad input, as one table: each case has its one line."""

import errno
import http.server
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import ufm.llm

DATA = Path("tests/data/llm")


@pytest.fixture(scope="module")
def model():
    return ufm.llm.load(DATA / "gpt2")


def config(**change):
    def apply(directory):
        path = directory / "config.json"
        found = json.loads(path.read_text()) | change
        path.write_text(json.dumps({k: v for k, v in found.items() if v != "delete"}))

    return apply


def tensors(change):
    def apply(directory):
        path = directory / "model.safetensors"
        found = load_file(path)
        change(found)
        save_file(found, path)

    return apply


def pickle_only(directory):
    (directory / "model.safetensors").rename(directory / "pytorch_model.bin")


def cut(directory):
    path = directory / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def scramble(directory):
    path = directory / "model.safetensors"
    path.write_bytes(b"\xff" * 64 + path.read_bytes()[64:])


def lose_shard(directory):
    (directory / "model-00002-of-00002.safetensors").unlink()


def two_sets(directory):
    shutil.copy(DATA / "gpt2" / "model.safetensors", directory)


def spoil_index(directory):
    (directory / "model.safetensors.index.json").write_text("[]")


def put(name, value):
    return lambda found: found.update({name: value})


ROPE = {"rope_type": "proportional", "rope_theta": 1e4, "factor": 2.0}
CHECKPOINTS = [
    ("gpt2", config(model_type="mamba"), "model_type 'mamba' is not supported"),
    ("gpt2", config(model_type="delete"), "model_type None is not supported"),
    ("gpt2", config(activation_function="relu2"), "activation_function 'relu2' is not supported"),
    ("gpt2", config(n_head=3), "n_embd 16 is not a multiple of n_head 3"),
    ("gpt2", config(n_embd="16"), "n_embd must be a positive integer; got '16'"),
    ("gpt2", config(n_layer=0), "n_layer must be a positive integer; got 0"),
    ("gpt2", config(layer_norm_epsilon=-1), "layer_norm_epsilon must be a positive number"),
    ("gpt2", config(quantization_config={"bits": 4}), "setting 'quantization_config' ="),
    ("gpt2", config(add_cross_attention=True), "setting 'add_cross_attention' = True is unknown"),
    ("gpt2", config(vocab_size=65), "wte.weight has shape (64, 16); config.json asks for (65, 16)"),
    ("gpt2", config(n_layer=3), "tensor h.2.attn.c_attn.weight is missing"),
    ("gpt2", config(n_layer=1), "tensor h.1.attn.c_attn.bias is unknown to gpt2"),
    ("gpt2", config(tie_word_embeddings=False), "tensor lm_head.weight is missing"),
    ("gpt2", pickle_only, "holds weights as pickle only (pytorch_model.bin)"),
    ("gpt2", cut, "is corrupt or cut short"),
    ("gpt2", scramble, "is corrupt or cut short"),
    ("gpt2", lambda d: (d / "model.safetensors").unlink(), "holds no model.safetensors"),
    ("gpt2", lambda d: (d / "config.json").unlink(), "holds no config.json"),
    ("gpt2", lambda d: (d / "config.json").write_text("{"), "config.json is not JSON"),
    ("gpt2", lambda d: (d / "config.json").write_text("[]"), "must hold a JSON object; got list"),
    (
        "gpt2",
        tensors(lambda t: t["transformer.ln_f.bias"].__setitem__(3, np.nan)),
        "transformer.ln_f.bias[3] = nan is not a finite number",
    ),
    ("gpt2", tensors(put("h.9.odd", np.ones(2, np.float32))), "tensor h.9.odd is unknown to gpt2"),
    (
        "gpt2",
        tensors(put("transformer.ln_f.bias", np.ones(16, np.int8))),
        "is stored as I8; only F64, F32, F16, BF16 are read",
    ),
    (
        "gpt2",
        tensors(put("lm_head.weight", np.ones((64, 16), np.float32))),
        "lm_head.weight differs from it",
    ),
    (
        "llama3",
        config(rope_parameters=ROPE),
        "rope type 'proportional'; known are default, linear, llama3, yarn, longrope and dynamic",
    ),
    (
        "llama3",
        config(rope_parameters={"rope_type": "llama3", "factor": 8.0}),
        "rope setting low_freq_factor must be a positive number; got None",
    ),
    (
        "llama3",
        config(rope_scaling={"type": "linear", "factor": 2.0}),
        "rope_scaling says factor = 2.0, rope_parameters says",
    ),
    (
        "gemma3",
        config(rope_scaling={"rope_type": "linear", "factor": 2.0}),
        "rope_scaling says factor = 2.0, rope_parameters says",
    ),
    (
        "qwen3",
        config(rope_scaling={"type": "linear", "factor": 2.0}),
        "rope_scaling says factor = 2.0, rope_parameters says None: keep the one",
    ),
    ("llama3", config(num_key_value_heads=3), "num_attention_heads 4 is not a multiple of"),
    ("llama3", config(rope_interleaved=True), "setting 'rope_interleaved' = True is unknown"),
    (
        "llama3",
        config(rope_interleaved=True, odd=3),
        "settings 'rope_interleaved' = True, 'odd' = 3 are unknown and may change the model; if they do not, "
        "load with ignore=('rope_interleaved', 'odd') (--ignore rope_interleaved odd)",
    ),
    ("mistral", lose_shard, "is missing, though model.safetensors.index.json names it"),
    ("mistral", two_sets, "holds two sets of weights, model.safetensors and the 2 files of"),
    ("mistral", spoil_index, "is not an index of safetensors files"),
    ("qwen3", config(layer_types=["full_attention"]), "layer_types must list 2 kinds"),
    ("gemma3", config(layer_types=["full_attention", "x"]), "layer type 'x' is not supported"),
    ("gemma3", config(use_bidirectional_attention=True), "makes no causal language model"),
    ("gemma3", config(attn_logit_softcapping=50.0), "attn_logit_softcapping is not supported"),
]


@pytest.mark.parametrize(("family", "spoil", "message"), CHECKPOINTS)
def test_a_checkpoint_that_cannot_be_read_says_why(family, spoil, message, tmp_path):
    directory = tmp_path / family
    shutil.copytree(DATA / family, directory, ignore=shutil.ignore_patterns("golden*"))
    ufm.llm.load(directory)
    spoil(directory)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        ufm.llm.load(directory)
    assert "\n" not in str(caught.value)


def test_a_setting_known_to_be_harmless_can_be_passed_over(tmp_path):
    shutil.copytree(DATA / "gpt2", tmp_path / "m")
    config(odd_setting=3)(tmp_path / "m")
    with pytest.raises(ValueError, match=r"load with ignore=\('odd_setting',\)"):
        ufm.llm.load(tmp_path / "m")
    ufm.llm.load(tmp_path / "m", ignore=("odd_setting",))
    with pytest.raises(ValueError, match="n_head changes the model: it cannot be ignored"):
        ufm.llm.load(tmp_path / "m", ignore=("odd_setting", "n_head"))


def copied(tmp_path, family, **change):
    """A stored model's folder, with other settings."""
    shutil.copytree(DATA / family, tmp_path / family)
    config(**change)(tmp_path / family)
    return tmp_path / family


HARMLESS = [
    ("gpt2", dict(predict_special_tokens=True, n_ctx=32, do_sample=True, max_length=50)),
    ("llama3", dict(is_llama_config=True, rope_interleaved=False, pretraining_tp=2)),
    ("llama3", dict(rope_scaling=None)),
    ("qwen3", dict(use_sliding_window=False, sliding_window=4096, max_window_layers=1)),
]


@pytest.mark.parametrize(("family", "change"), HARMLESS)
def test_settings_that_change_nothing_are_passed_over(family, change, tmp_path):
    changed = ufm.llm.load(copied(tmp_path, family, **change))
    assert changed.config == ufm.llm.load(DATA / family).config


def test_rope_settings_in_both_places_must_be_the_same(tmp_path):
    """One of the two was dropped, and the logits were off by 3.9; the error cases are in the table above."""
    theta, linear = 500.0, {"factor": 4.0}
    both = {
        "rope_scaling": {"type": "linear", **linear},
        "rope_parameters": {"rope_type": "linear", "rope_theta": theta, **linear},
        "rope_theta": theta,
    }
    rotary = ufm.llm.load(copied(tmp_path, "qwen3", **both)).config.blocks[0].rotary
    assert (rotary.theta, rotary.factor) == (theta, 4.0)
    config(**(both | {"rope_parameters": {"rope_theta": theta}}))(tmp_path / "qwen3")
    with pytest.raises(
        ValueError, match=r"rope_scaling says factor = 4\.0, rope_parameters says None"
    ):
        ufm.llm.load(tmp_path / "qwen3")


def test_an_index_left_over_beside_the_whole_file_is_passed_over(tmp_path):
    folder = copied(tmp_path, "gpt2")
    stale = {"weight_map": {"transformer.wte.weight": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(stale))
    tokens = [3, 4, 5]
    found = ufm.llm.load(folder).logits(tokens)
    assert (found == ufm.llm.load(DATA / "gpt2").logits(tokens)).all()
    # an index of the one file is no second set
    whole = {"weight_map": {"transformer.wte.weight": "model.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(whole))
    assert (ufm.llm.load(folder).logits(tokens) == found).all()


def test_tied_weights_are_found_under_the_heads_name(tmp_path):
    folder = copied(tmp_path, "gpt2")
    tensors(lambda t: t.update({"lm_head.weight": t.pop("transformer.wte.weight")}))(folder)
    found = ufm.llm.load(folder).logits([3, 4, 5])
    assert (found == ufm.llm.load(DATA / "gpt2").logits([3, 4, 5])).all()


def test_more_tokens_than_the_model_was_made_for_are_warned_of(tmp_path):
    model = ufm.llm.load(copied(tmp_path, "llama3", max_position_embeddings=4))
    words = "more than the 4 tokens that the model was made for"
    assert model.logits([3, 4, 5, 6]).shape == (64,)
    # padding is no token
    model.logits(np.full((1, 9), 3), mask=np.arange(9)[None] < 4)
    with pytest.warns(UserWarning, match=words):
        model.logits([3, 4, 5, 6, 7])
    with pytest.warns(UserWarning, match=words):
        ufm.llm.generate(model, [3, 4, 5], None, [0.0], count=2)


def steering(**change):
    return ufm.llm.Steering(**{"vector": np.ones(16), "layer": 0} | change)


def curves(model, **change):
    given = dict(prompts=[[3]], steering=steering(), alphas=[0.0, 1.0], directory="/nowhere")
    return ufm.llm.sweep_curves(model, **(given | change))


def cost(model, **change):
    given = dict(
        windows=[[3, 4]], steering=steering(), alphas=[1.0], directory="/nowhere", length=8
    )
    return ufm.llm.sweep_cost(model, **(given | change))


V16 = np.ones(16)
CALLS = [
    (lambda m: m.logits([]), "tokens must be [T] or [B, T] with T >= 1; got shape (0,)"),
    (lambda m: m.logits([64]), "tokens hold 64, outside the vocabulary 0..63"),
    (lambda m: m.logits([-1]), "tokens hold -1, outside the vocabulary 0..63"),
    (lambda m: m.logits([1.5]), "tokens must be integers; got dtype float64"),
    (lambda m: m.logits([3] * 33), "33 tokens are more than the model's 32 positions"),
    (lambda m: m.logits([3, 4], mask=[True]), "mask must be boolean of shape (2,)"),
    (lambda m: m.logits([3, 4], mask=[False, False]), "mask row 0 has no real token"),
    (lambda m: m.logits([3, 4, 5], mask=[True, False, True]), "padding between real tokens"),
    (lambda m: m.logits([3], 1.0), "alpha and layer steer nothing without a vector"),
    (lambda m: m.logits([3], 1.0, vector=V16, layer=2), "layer 2 is out of range"),
    (lambda m: m.logits([3], 1.0, vector=V16, layer=-1), "layer -1 is out of range"),
    (lambda m: m.logits([3], 1.0, vector=V16), "layer must be a block number 0..1; got None"),
    (lambda m: m.logits([3], 1.0, vector=V16[:3], layer=0), "vector must have shape (16,)"),
    (lambda m: m.logits([3], 1.0, vector=V16 * np.nan, layer=0), "vector[0] = nan"),
    (lambda m: m.logits([3], np.inf, vector=V16, layer=0), "alpha must be finite; got inf"),
    (lambda m: m.logits([3], np.ones(2), vector=V16, layer=0), "alpha must be a scalar"),
    (lambda m: m.logits([3], positions="some"), "positions must be 'all' or 'last'; got 'some'"),
    (lambda m: m.logits([3], site="somewhere"), "site must be 'residual' or 'post-norm'"),
    (
        lambda m: m.logits([3], 1.0, vector=V16, layer=0, site="post-norm"),
        'site "post-norm" follows the last block, 1; got layer 0',
    ),
    (lambda m: m.derivative([3], V16, 0, order=-1), "order must be an integer of at least 0"),
    (lambda m: m.hidden_states([3], 5), "layer 5 is out of range: the model has blocks 0..1"),
    (lambda m: steering(vector=np.zeros(16)), "the steering vector is zero"),
    (lambda m: steering(vector=V16 * np.inf), "vector[0] = inf is not a finite number"),
    (lambda m: steering(positions="some"), "positions must be 'all' or 'last'; got 'some'"),
    (lambda m: steering(site="somewhere"), "site must be 'residual' or 'post-norm'"),
    (lambda m: m.logits([3], 1.0, steering(layer=2)), "layer 2 is out of range"),
    (lambda m: m.logits([3], 1.0, steering(vector=V16[:3])), "vector must have shape (16,)"),
    (lambda m: m.logits([3], 1.0, steering(), layer=0), "multiple values for keyword argument"),
    (lambda m: m.logits([3], laye=0), "unexpected keyword argument 'laye'"),
    (lambda m: m.derivatives([3], steering(), 0), "a Steering has its own layer"),
    (lambda m: ufm.llm.steering_vectors(m, [], [[3]]), "positive holds no prompt"),
    (lambda m: ufm.llm.steering_vectors(m, [[3]], []), "negative holds no prompt"),
    (
        lambda m: ufm.llm.steering_vectors(m, [[3]], [[3]]),
        "the steering vector after block 0 is zero",
    ),
    (lambda m: ufm.llm.embed_prompts(m, [], [0]), "there is no prompt"),
    (lambda m: curves(m, prompts=[]), "there is no prompt"),
    (lambda m: curves(m, alphas=[]), "alphas must be a row of strengths, not empty"),
    (lambda m: curves(m, alphas=[0.0, np.nan]), "alphas[1] = nan is not a finite number"),
    (lambda m: curves(m, top=0), "top must be at least 1; got 0"),
    (lambda m: curves(m, concept=np.zeros(64, bool)), "concept holds 0 of 64 tokens"),
    (lambda m: curves(m, concept=np.ones(9, bool)), "concept must be boolean of shape (64,)"),
    (lambda m: cost(m, steering=steering(positions="last")), 'the cost on text steers "all"'),
    (lambda m: ufm.llm.load("no/such/place/here"), "neither a directory nor the id of a model"),
    (lambda m: ufm.llm.load(DATA / "gpt2", "float16"), "dtype must be one of bfloat16, float32"),
    (lambda m: ufm.llm.load(DATA / "gpt2", revision="main"), "has no revision 'main'"),
    (lambda m: ufm.llm.load_tokenizer(DATA / "qwen3"), "holds no tokenizer.json"),
    (
        lambda m: ufm.llm.load_tokenizer(DATA / "gpt2").token_mask(lambda t: "§" in t, 64),
        "the token set holds 0 of 64 tokens of this tokenizer",
    ),
    (lambda m: ufm.llm.load_tokenizer(DATA / "gpt2").encode(""), "the text '' has no token"),
    (lambda m: ufm.llm.SteeringVector.read("/no/such.safetensors"), "does not exist"),
    (lambda m: ufm.llm.SteeringVector.read(DATA / "gpt2/config.json"), "is not a safetensors file"),
]


@pytest.mark.parametrize(("call", "message"), CALLS)
def test_a_call_that_cannot_be_answered_says_why(model, call, message):
    with pytest.raises((ValueError, TypeError), match=re.escape(message)) as caught:
        call(model)
    assert "\n" not in str(caught.value)


FAR = 1e20
FAR_CALLS = [
    lambda m: m.logits([3], FAR, vector=V16, layer=0),
    lambda m: m.all_logits([3], -FAR, vector=V16, layer=1),
    lambda m: m.derivative([3], V16, 0, FAR),
    lambda m: m.logits([3], 1.0, vector=V16 * FAR, layer=0),
    lambda m: ufm.llm.steered_logits(m, [3], steering(), [0.0, FAR]),
    lambda m: ufm.llm.generate(m, [3], steering(), [0.0, FAR], count=2),
    lambda m: curves(m, alphas=[0.0, FAR]),
    lambda m: cost(m, alphas=[FAR]),
    lambda m: ufm.llm.TextSpend(m, [[3, 4]], steering(), length=8).at([FAR]),
]


@pytest.mark.parametrize("call", FAR_CALLS)
def test_a_strength_whose_square_overflows_is_refused(model, call):
    """Once the norm was silently 0 there, and the logits those of no state."""
    with pytest.raises(
        ValueError, match=r"moves hidden states by .* norms in float32 overflow"
    ) as caught:
        call(model)
    assert str(caught.value).endswith("lower it, or load the model in float64")


def test_the_furthest_strength_that_is_taken_has_the_limits_logits(model):
    vector = np.linspace(-1, 2, 16) / np.linalg.norm(np.linspace(-1, 2, 16))
    placed = steering(vector=vector, layer=1)
    furthest = 0.49 * float(np.finfo(np.float32).max) ** 0.5
    found = np.asarray(model.logits([3, 4], furthest, placed))
    share = np.exp(found) / np.exp(found).sum()
    np.testing.assert_allclose(share, ufm.llm.plateau_limits(model, placed)[1], rtol=1e-4)
    wide = ufm.llm.load(DATA / "gpt2", "float64")
    assert np.isfinite(wide.logits([3, 4], FAR, placed)).all()


def test_a_strength_that_float32_cannot_hold_is_refused(model):
    for call in (
        lambda: model.logits([3], 1e39, vector=V16 * 1e-30, layer=0),
        lambda: ufm.llm.steered_logits(model, [3], steering(vector=V16 * 1e-30), [1e39]),
    ):
        with pytest.raises(ValueError, match=r"alpha = 1e\+39 "):
            call()


LINES = [
    ('{"text": "a"}\n{"text": "b"', "line 2 is not JSON"),
    ('{"text": "a"}\n\n[1]', "line 3 must be a JSON object; got [1]"),
    ('{"text": ""}', "line 1: a text must be a string that is not empty"),
    ('{"text": 3}', "line 1: a text must be a string that is not empty; got 3"),
    ('{"text": "a", "kind": "odd"}', 'kind must be "positive" or "negative"; got "odd"'),
    ('{"text": "a", "concept": 1}', "line 1: concept must be a string; got 1"),
    ('{"text": "a", "label": 1}', "line 1 has an unknown entry 'label'"),
    ('{"joy": "a"}', 'line 1 must hold "text", or a concept with a list of texts'),
    ('{"joy": ["a", " "]}', "line 1: a text must be a string that is not empty"),
    ("\n \n", "holds no prompt"),
    (b"\xff\xfe", "is not UTF-8 text"),
]


@pytest.mark.parametrize(("content", "message"), LINES)
def test_a_malformed_prompt_file_says_which_line(content, message, tmp_path):
    path = tmp_path / "prompts.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        ufm.llm.read_prompts(path)
    assert "\n" not in str(caught.value)


def test_a_concept_without_prompts_lists_those_there_are():
    prompts = (ufm.llm.Prompt("a", "joy", "positive"),)
    with pytest.raises(
        ValueError, match="no positive prompt of concept 'sea'; the concepts are joy"
    ):
        ufm.llm.split_prompts(prompts, "sea")
    with pytest.raises(ValueError, match="no contrastive negative prompt of concept 'joy'"):
        ufm.llm.split_prompts(prompts, "joy")


def test_a_text_too_short_to_predict_a_token(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("the")
    with pytest.raises(ValueError, match="holds too few tokens to predict one"):
        list(ufm.llm.windows(ufm.llm.load_tokenizer(DATA / "gpt2"), path, 8))


def test_a_full_disk_leaves_no_half_file(model, tmp_path):
    """No file may grow past a size: what a full disk does to a write, here by the system's own limit."""
    (vector,) = ufm.llm.steering_vectors(model, [[3]], [[4]], [0])
    path = tmp_path / "v.safetensors"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, hard))
    try:
        with pytest.raises(OSError, match=re.escape(f"cannot write {path}")) as caught:
            vector.save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert caught.value.errno in (errno.EFBIG, errno.ENOSPC)
    assert list(tmp_path.iterdir()) == []


HUB_CODES = {"gated": (403, "GatedRepo"), "missing": (401, "RepoNotFound")}


class Hub(http.server.BaseHTTPRequestHandler):
    """Answers as the Hub does of models that are gated, missing, or lack a revision."""

    def do_GET(self):
        name = self.path.split("/")[4] if self.path.count("/") > 3 else ""
        status, code = HUB_CODES.get(name, (404, "RevisionNotFound"))
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


def test_models_that_the_hub_does_not_give(tmp_path):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    script = """
import sys
from ufm.llm.checkpoint.load import find_model
for name, revision in [("a/gated", None), ("a/missing", None), ("a/other", "v9")]:
    try:
        find_model(name, revision)
    except ValueError as error:
        print(error)
"""
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path),
        "PYTHONPATH": os.getcwd(),
    }
    for name in ("HF_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        environment.pop(name, None)
    found = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False
    )
    server.shutdown()
    server.server_close()
    assert found.returncode == 0, found.stderr
    assert found.stdout.splitlines() == [
        "a/gated is gated: accept its terms on the Hub and log in with `hf auth login`",
        "a/missing is neither a directory here nor a model on the Hub that you may read",
        "a/other has no revision 'v9' on the Hub",
    ]

"""Checkpoints that keep the same tensors under other names."""

import json

import numpy as np
import pytest
from safetensors.flax import load_file as load_any
from safetensors.numpy import load_file, save_file

import ufm.llm
from tests.gguf_files import DATA
from ufm.llm.checkpoint.families import read_config

WRAPPER = {"model_type": "gemma3", "vision_config": {"hidden_size": 8}, "mm_tokens_per_image": 4}
WRAPPER |= {"boi_token_index": 60, "eoi_token_index": 61, "image_token_index": 62}
VISION = ("vision_tower.vision_model.post_layernorm.weight", "multi_modal_projector.weight")


def write(directory, config, state):
    (directory / "config.json").write_text(json.dumps(config))
    save_file(
        {name: np.ascontiguousarray(array) for name, array in state.items()},
        directory / "model.safetensors",
    )


def gemma3():
    """The stored model's settings, less those that the published files leave out, and its tensors."""
    config = json.loads((DATA / "gemma3" / "config.json").read_text())
    parts = [load_any(path) for path in sorted((DATA / "gemma3").glob("model*.safetensors"))]
    state = {k: np.asarray(v, np.float32) for part in parts for k, v in part.items()}
    return config, {name.removeprefix("model."): array for name, array in state.items()}


# As transformers 5 names them in memory, and as the published files do.
@pytest.mark.parametrize("prefix", ["model.language_model.", "language_model.model."])
def test_gemma3_with_vision_is_its_text_decoder(prefix, tmp_path):
    config, state = gemma3()
    golden = load_file(DATA / "gemma3" / "golden.safetensors")
    outer = "model." if prefix.startswith("model.") else ""
    seen = {prefix + name: array for name, array in state.items()}
    seen |= {outer + name: np.ones(3, np.float32) for name in VISION}
    write(tmp_path, WRAPPER | {"text_config": config}, seen)
    model = ufm.llm.load(tmp_path, "float64")
    assert model.config.family == "gemma3_text"
    found = np.asarray(model.all_logits(golden["tokens"]))
    assert abs(found - golden["plain.float64"]).max() <= 1e-12
    # what is not of the vision part is not passed over
    write(tmp_path, WRAPPER | {"text_config": config}, seen | {"audio.weight": np.ones(3)})
    with pytest.raises(ValueError, match=r"tensor audio\.weight is unknown to gemma3_text"):
        ufm.llm.load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({}, "text_config must be an object; got None"),
        ({"text_config": {}, "audio_config": {"x": 1}}, "setting 'audio_config'"),
        ({"text_config": {"odd": 7}}, "num_hidden_layers must be a positive integer; got None"),
    ],
)
def test_what_is_wrong_with_a_wrapper(change, message):
    with pytest.raises(ValueError, match=message):
        read_config(WRAPPER | change)


def test_what_published_wrappers_leave_unsaid():
    """The settings of the published 4B: numbers of heads, vocabulary and ties are not among them."""
    text = {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34}
    text |= {"model_type": "gemma3_text", "sliding_window": 1024}
    text |= {"rope_scaling": {"factor": 8.0, "rope_type": "linear"}}
    config = read_config(WRAPPER | {"text_config": text})
    assert (config.vocabulary, config.tied, len(config.blocks)) == (262208, True, 34)
    first, sixth = config.blocks[0], config.blocks[5]
    assert (first.heads, first.kv_heads, first.head_dim) == (8, 4, 256)
    assert (first.window, sixth.window) == (1024, None)
    assert (first.rotary.theta, sixth.rotary.theta, sixth.rotary.factor) == (1e4, 1e6, 8)

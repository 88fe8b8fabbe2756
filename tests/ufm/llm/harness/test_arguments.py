"""The arguments of a model of lm-evaluation-harness; tests/oracle/test_harness.py runs the harness itself."""

from pathlib import Path

import numpy as np
import pytest

import ufm.llm
from ufm.llm.harness.arguments import ArgumentError, Arguments

DATA = Path(__file__).parents[3] / "data" / "llm"
TOY = str(DATA / "toy")
V = np.linspace(-1, 1, 32)


@pytest.fixture
def files(tmp_path):
    """Vectors at strength 3 of one block, of two, of another width, of a later block and of another model."""
    steered = {
        "v": {0: V},
        "two": {0: V, 3: V},
        "wide": {0: np.ones(33)},
        "late": {3: V},
    }
    for name, directions in steered.items():
        vector = ufm.llm.ControlVector(directions, 3.0)
        ufm.llm.write_vector(vector, tmp_path / f"{name}.safetensors")
    other = ufm.llm.load(DATA / "gpt2", "float64")
    ufm.llm.steering_vectors(other, [[5]], [[6]], [0])[0].save(tmp_path / "other.safetensors")
    return tmp_path


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "model_args: name the model, such as pretrained=smollm2"),
        ({"pretrained": TOY, "vektor": "v"}, "vektor is unknown; known are pretrained, vector,"),
        ({"pretrained": TOY, "alpha": 3}, "alpha steers nothing without a vector"),
        ({"pretrained": TOY, "layer": 3}, "layer steers nothing without a vector"),
        ({"pretrained": TOY, "vector": "v", "alpha": "much"}, "alpha must be a number; got 'much'"),
        ({"pretrained": TOY, "vector": "v", "layer": 0.5}, "layer must be a whole number; got 0.5"),
        ({"pretrained": TOY, "max_length": True}, "max_length must be a whole number; got True"),
        ({"pretrained": 7}, "pretrained must be a text; got 7"),
        (
            {"pretrained": TOY, "dtype": "float16"},
            "dtype must be one of bfloat16, float32, float64",
        ),
        ({"pretrained": "no/such/model"}, "no/such/model is neither a directory"),
        ({"pretrained": TOY, "vector": "none.safetensors"}, "none.safetensors does not exist"),
        (
            {"pretrained": TOY, "vector": "two"},
            "has directions of blocks 0, 3: choose one with layer=",
        ),
        (
            {"pretrained": TOY, "vector": "v", "layer": 1},
            "there is no direction of block 1, only of",
        ),
        (
            {"pretrained": TOY, "vector": "late"},
            "layer 3 is out of range: the model has blocks 0..0",
        ),
        (
            {"pretrained": TOY, "vector": "wide"},
            r"vector must have shape \(32,\), the model's width",
        ),
        ({"pretrained": TOY, "vector": "other"}, "was made from a model of fingerprint"),
    ],
)
def test_bad_arguments_are_one_line(files, given, message):
    if "vector" in given and not given["vector"].endswith("none.safetensors"):
        given = given | {"vector": str(files / f"{given['vector']}.safetensors")}
    with pytest.raises(ArgumentError, match=message) as caught:
        Arguments.read(given).load()
    assert "\n" not in str(caught.value)


def test_what_the_arguments_name_is_loaded(files):
    path = str(files / "two.safetensors")
    for given, alpha in (({}, 3.0), ({"alpha": -2}, -2.0)):
        found = Arguments.read({"pretrained": TOY, "vector": path, "layer": 0, **given}).load()
        assert found.steering is not None
        assert (found.alpha, found.steering.layer) == (alpha, 0)
        np.testing.assert_array_equal(found.steering.vector, V)
    # the harness passes its own device, and a size of batch
    given = Arguments.read(
        {"pretrained": TOY, "device": "cuda:0", "max_batch_size": 64, "batch_size": "auto"}
    )
    assert given.batch_size == "auto"
    loaded = given.load()
    assert (loaded.steering, loaded.alpha) == (None, 0.0)
    assert loaded.model.dtype == np.float32

"""The end tokens of a checkpoint: each file that names some is believed, and nothing else."""

import json
from pathlib import Path

import pytest

from tests.gguf_files import write_tokenizer
from ufm.llm import load_tokenizer

GPT2 = Path("tests/data/llm/gpt2/tokenizer.json")  # 64 tokens, of which 63 is the last


def test_the_tests_own_models_name_theirs():
    assert load_tokenizer(GPT2.parent).ends == (2,)
    assert load_tokenizer("tests/data/llm/toy").ends == (0,)


@pytest.mark.parametrize(
    ("files", "ends"),
    [
        ({}, ()),
        ({"config.json": {"eos_token_id": 7}}, (7,)),
        ({"config.json": {"eos_token_id": None}}, ()),
        ({"generation_config.json": {"eos_token_id": [9, 4, 9]}}, (4, 9)),
        ({"tokenizer_config.json": {"eos_token": "A"}}, (56,)),
        ({"tokenizer_config.json": {"eos_token": {"content": "B"}}}, (57,)),
        ({"tokenizer_config.json": {"eos_token": "no token"}}, ()),
        # a base model's own end and that of its turns
        (
            {"config.json": {"eos_token_id": 7}, "tokenizer_config.json": {"eos_token": "A"}},
            (7, 56),
        ),
        # not of this vocabulary, or no number
        ({"config.json": {"eos_token_id": [64, -1, True, "2", 5]}}, (5,)),
    ],
)
def test_a_directory_names_its_ends(tmp_path, files, ends):
    (tmp_path / "tokenizer.json").write_bytes(GPT2.read_bytes())
    for name, about in ({"config.json": {}} | files).items():
        (tmp_path / name).write_text(json.dumps(about))
    assert load_tokenizer(tmp_path).ends == ends


def test_a_gguf_file_names_the_ends_of_text_turn_and_message(tmp_path):
    tokens = sorted({chr(97 + k) for k in range(12)})

    def add(writer):
        writer.add_eos_token_id(3)
        writer.add_uint32("tokenizer.ggml.eot_token_id", 5)
        writer.add_uint32("tokenizer.ggml.eom_token_id", 2)

    write_tokenizer(tmp_path / "t.gguf", tokens, add, merges=[], kinds=[1] * 12)
    assert load_tokenizer(tmp_path / "t.gguf").ends == (2, 3, 5)

"""The token before a text that nothing precedes, as the files of a model name it."""

import json

import pytest
import tokenizers

import ufm.llm
from ufm.llm.text.prefix import prefix_token

INNER = tokenizers.Tokenizer(tokenizers.models.WordLevel({"<s>": 0, "</s>": 1, "<e>": 2, "a": 3}))
BOS, EOS = {"bos_token": "<s>"}, {"eos_token": {"content": "</s>"}}


@pytest.mark.parametrize(
    ("files", "token"),
    [
        ({}, None),
        ({"tokenizer_config.json": BOS | EOS}, 0),
        (
            {
                "tokenizer_config.json": {"bos_token": None} | EOS,
                "config.json": {"bos_token_id": 3},
            },
            1,
        ),
        ({"special_tokens_map.json": BOS, "tokenizer_config.json": EOS}, 0),
        ({"tokenizer_config.json": {"bos_token": "<unknown>"}}, None),
        ({"config.json": {"bos_token_id": 3, "eos_token_id": 2}}, 3),
        ({"config.json": {"bos_token_id": None, "eos_token_id": [2, 1]}}, 2),
        ({"config.json": {"eos_token_id": 99}}, None),  # no token of this tokenizer
    ],
)
def test_the_start_token_goes_before_the_end_token(tmp_path, files, token):
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content))
    assert prefix_token(tmp_path, INNER) == token


def test_the_toy_names_its_own():
    assert ufm.llm.load_tokenizer("tests/data/llm/toy").prefix == 0

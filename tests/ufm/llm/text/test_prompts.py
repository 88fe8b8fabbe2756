"""Text files as users have them: marks at the start, signs that look like line ends, halves of pairs."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import ufm.llm
from tests.command_line import refused
from ufm._text import parse_json, read_lines
from ufm.llm.report.inputs import prompt_sides, read_token_set

MARK = b"\xef\xbb\xbf"
# Python's str.splitlines ends a line at each of these; JSON and text editors do not
WITHIN = "\u2028\u2029\u0085\x0b\x0c\x1c\x1d\x1e"
GPT2 = "tests/data/llm/gpt2"


@pytest.fixture
def written(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def texts(path):
    return [prompt.text for prompt in ufm.llm.read_prompts(path)]


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", MARK])
def test_a_mark_and_the_kind_of_line_end_change_no_prompt(written, ends, mark):
    lines = ['{"text": "the cat"}', '{"text": "a box"}']
    jsonl = written("p.jsonl", mark + ends.join(lines).encode())
    plain = written("p.txt", mark + f"the cat{ends}a box{ends}".encode())
    assert texts(jsonl) == texts(plain) == ["the cat", "a box"]


@pytest.mark.parametrize("sign", WITHIN)
def test_only_line_feeds_end_a_line(written, sign):
    inside = f"a{sign}b"
    assert read_lines(written("t.txt", f"{inside}\r\nc")) == [inside, "c"]
    assert texts(written("p.txt", f"{inside}\nc\n")) == [inside, "c"]
    if sign >= " ":  # JSON has control characters escaped
        line = json.dumps({"text": inside}, ensure_ascii=False)
        assert texts(written("p.jsonl", line)) == [inside]
    number = ufm.llm.read_prompts(written("p.txt", f"{inside}\n\nc\n"))[1].where
    assert number.endswith("p.txt, line 3")


def test_a_mark_changes_no_token_set_no_model_and_no_window(written, tmp_path):
    tokenizer = ufm.llm.load_tokenizer(GPT2)
    for name, content in (("t.json", b'["A", "B"]'), ("t.txt", b"A\r\nB\r\n")):
        mask = read_token_set(written(name, MARK + content), tokenizer, 64)
        assert np.flatnonzero(mask).tolist() == [56, 57]
    plain, marked = (
        written(f"{n}.txt", mark + b"the cat of all") for n, mark in enumerate((b"", MARK))
    )
    assert [*ufm.llm.windows(tokenizer, marked, 4)] == [*ufm.llm.windows(tokenizer, plain, 4)]
    for file in ("config.json", "model.safetensors"):
        content = Path(GPT2, file).read_bytes()
        written(file, (MARK if file == "config.json" else b"") + content)
    assert ufm.llm.load(tmp_path).blocks == 2


BAD = [
    (
        "p.jsonl",
        '{"text": "a"}\n{"text": "x\\ud83d"}',
        r"line 2 is not JSON: \ud83d is half of a surrogate",
    ),
    (
        "p.jsonl",
        '{"joy": ["a", "\\udc00"]}',
        r"line 1 is not JSON: \udc00 is half of a surrogate pair",
    ),
    ("p.txt", "a\rb\rc", r"ends its lines with \r alone: save it with \n"),
    ("p.txt", "text".encode("utf-16"), "is not UTF-8 text (it is UTF-16): save it as UTF-8"),
    ("p.txt", b"a\xe9", "is not UTF-8 text (unexpected end of data): save it as UTF-8"),
]


@pytest.mark.parametrize(("name", "content", "message"), BAD, ids=lambda v: str(v)[:20])
def test_what_is_no_text_is_one_line(written, name, content, message):
    path = written(name, content)
    with pytest.raises(ValueError, match=re.escape(message)) as caught:
        ufm.llm.read_prompts(path)
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_halves_of_pairs_are_refused_wherever_json_is_read(written):
    tokenizer = ufm.llm.load_tokenizer(GPT2)
    for content in ('["A", "\\ud800"]', '{"regex": "\\ud800"}'):
        with pytest.raises(ValueError, match="is half of a surrogate pair"):
            read_token_set(written("t.json", content), tokenizer, 64)
    with pytest.raises(ValueError, match="is half of a surrogate pair"):
        tokenizer.encode("\ud800")
    assert parse_json('"\\ud83d\\ude00"') == "😀"
    with pytest.raises(ValueError, match="the lists are nested too deeply"):
        parse_json("[" * 100_000)


def test_a_prompt_that_is_too_long_is_named_by_file_and_line(monkeypatch, capsys, written):
    good = written("n.txt", "the cat\nof all\n")
    long = written("long.txt", "the A of B\n\n" + "the " * 40)
    text = written("text.txt", "the A of B is in it that was he " * 4)
    sides = [("--positive", long, "--negative", good), ("--positive", good, "--negative", long)]
    sides.append(("--positive", good, "--negative", good, "--contexts", long))
    message = f"{long}, line 3 has 40 tokens, more than the model's 32 positions: shorten it"
    for side in sides:
        refused(monkeypatch, capsys, message, "strength", GPT2, *side, "--text", text)
        refused(monkeypatch, capsys, message, "llm", GPT2, *side, "--out", long.parent / "out")
    assert not (long.parent / "out").exists()


def test_sides_remember_where_they_come_from(written):
    path = written("p.jsonl", '{"text": "a"}\n\n{"joy": ["b", "c"]}')
    positive, _ = prompt_sides(path, path)
    assert [prompt.where for prompt in positive] == [f"{path}, line {n}" for n in (1, 3, 3)]
    assert positive[0] == ufm.llm.Prompt("a")

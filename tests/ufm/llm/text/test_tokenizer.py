"""Tokenizers of the kinds that models ship, each built here, small: spaces, start and end tokens, chats."""

import json
import re
import shutil

import numpy as np
import pytest
import tokenizers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

import ufm.llm
from tests.command_line import refused, run
from ufm.llm.report.inputs import read_token_set

GPT2 = "tests/data/llm/gpt2"
PIECES = [
    "<unk>",
    "<s>",
    "</s>",
    "▁joy",
    "joy",
    "▁the",
    "▁",
    "a",
    "b",
    "j",
    "o",
    "y",
    "t",
    "h",
    "e",
    ".",
]
VOCABULARY = [(piece, -float(n)) for n, piece in enumerate(PIECES)]
OPENED, CLOSED, BOTH = "<s> $A", "$A </s>", "<s> $A </s>"


def sentence_piece(kind="strip", template=OPENED):
    """A tokenizer whose pieces bear their space in front, as ▁, and which drops the first when it decodes."""
    made = tokenizers.Tokenizer(models.Unigram(VOCABULARY, unk_id=0, byte_fallback=False))
    if kind == "strip":  # Llama 2
        made.normalizer = normalizers.Sequence(
            [normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]
        )
        parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()]
        made.decoder = decoders.Sequence([*parts, decoders.Strip(" ", 1, 0)])
    else:
        made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=kind)
        made.decoder = decoders.Metaspace(prepend_scheme=kind)
    made.add_special_tokens(["<s>", "</s>"])
    if template is not None:
        made.post_processor = processors.TemplateProcessing(
            single=template, special_tokens=[("<s>", 1), ("</s>", 2)]
        )
    return made


KINDS = pytest.mark.parametrize("kind", ["strip", "first", "always", "never"])


@KINDS
def test_the_text_of_a_token_keeps_its_space(kind):
    tokenizer = ufm.llm.Tokenizer(sentence_piece(kind))
    assert tokenizer.text(3) == " joy"
    assert tokenizer.text(4) == "joy"
    assert tokenizer.text(6) == " "
    assert tokenizer.text(1) == "<s>"
    # the text of tokens one by one is the text of all
    row = tokenizer.encode("the joy. a")[1:]
    assert (
        "".join(map(tokenizer.text, row)).lstrip() == tokenizer.decode(row).lstrip() == "the joy. a"
    )
    assert tokenizer.text_after([3, 15, 6, 7]) == " joy. a"


@KINDS
def test_a_token_set_tells_a_word_from_its_beginning(kind, tmp_path):
    tokenizer, path = ufm.llm.Tokenizer(sentence_piece(kind)), tmp_path / "t.json"
    for entries, expected in ((["joy"], [4]), ([" joy"], [3]), ([" joy", "joy"], [3, 4])):
        path.write_text(json.dumps(entries))
        assert np.flatnonzero(read_token_set(path, tokenizer, 16)).tolist() == expected
    path.write_text('{"regex": "[a-z]oy"}')
    assert np.flatnonzero(read_token_set(path, tokenizer, 16)).tolist() == [4]


def test_a_text_that_is_no_token_names_the_one_near_it(tmp_path):
    tokenizer, path = ufm.llm.Tokenizer(sentence_piece()), tmp_path / "t.json"
    path.write_text('["the"]')
    message = "entry 1: “the” is no single token of this tokenizer; “ the” is one"
    with pytest.raises(ValueError, match=re.escape(message)):
        read_token_set(path, tokenizer, 16)


def test_words_take_all_their_forms_that_are_tokens(tmp_path):
    tokenizer, path = ufm.llm.Tokenizer(sentence_piece()), tmp_path / "t.json"
    known = {tokenizer.text(z): z for z in range(16)}
    assert {" joy", "joy", " the"} <= known.keys()
    path.write_text('{"words": ["joy"]}')
    found = {tokenizer.text(z) for z in np.flatnonzero(read_token_set(path, tokenizer, 16))}
    assert found == known.keys() & {"joy", " joy", "Joy", " Joy", "JOY", " JOY"}
    path.write_text('{"words": ["joy", "the"]}')
    assert " the" in {
        tokenizer.text(z) for z in np.flatnonzero(read_token_set(path, tokenizer, 16))
    }
    bad = {
        '{"words": ["joys", "joy", "xyz"]}': "no form of “joys” (near: “ joy”), “xyz” is a single token",
        '{"words": []}': '"words" must be a list of words that is not empty',
        '{"words": ["joy", 3]}': '"words" must be a list of words that is not empty',
    }
    for content, message in bad.items():
        path.write_text(content)
        with pytest.raises(ValueError, match=re.escape(message)):
            read_token_set(path, tokenizer, 16)


def test_other_decoders_are_left_as_they_are():
    assert ufm.llm.load_tokenizer(GPT2).text(3) == "the"
    byte_level = tokenizers.Tokenizer(models.WordLevel({"Ġjoy": 0, "joy": 1}, "joy"))
    byte_level.decoder = decoders.ByteLevel()
    assert [ufm.llm.Tokenizer(byte_level).text(z) for z in (0, 1)] == [" joy", "joy"]
    # it puts a space before each word but the first, and takes none away
    word_piece = tokenizers.Tokenizer(models.WordLevel({"joy": 0, "##ful": 1}, "joy"))
    word_piece.decoder = decoders.WordPiece()
    assert [ufm.llm.Tokenizer(word_piece).text(z) for z in (0, 1)] == ["joy", "##ful"]


@pytest.mark.parametrize(
    ("template", "start"), [(OPENED, (1,)), (CLOSED, ()), (BOTH, (1,)), (None, ())]
)
def test_an_end_token_opens_no_window_and_ends_no_prompt(template, start, tmp_path):
    tokenizer = ufm.llm.Tokenizer(sentence_piece(template=template))
    assert tokenizer.start == start
    assert tokenizer.encode("the joy") == [*start, 5, 3]
    path = tmp_path / "text.txt"
    path.write_text("the joy the joy the joy")
    assert next(iter(ufm.llm.windows(tokenizer, path, 4))) == ([*start, 5, 3, 5, 3])[:4]
    assert not any(2 in row for row in ufm.llm.windows(tokenizer, path, 4))


def test_a_text_that_brings_its_start_token_gets_no_second(tmp_path):
    tokenizer = ufm.llm.Tokenizer(sentence_piece())
    assert tokenizer.encode("<s>the joy") == tokenizer.encode("the joy") == [1, 5, 3]
    assert tokenizer.encode("<s><s>the joy").count(1) == 2  # what the user wrote twice
    assert tokenizer.encode("<s>") == [1]
    path = tmp_path / "text.txt"
    path.write_text("<s>the joy")
    assert [*ufm.llm.windows(tokenizer, path, 8)] == [[1, 5, 3]]
    # without a start token of its own, a tokenizer takes what the text says
    plain = ufm.llm.Tokenizer(sentence_piece(template=None))
    assert plain.encode("<s>the joy") == [1, 5, 3]


TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}\n{% if m['role'] != 'user' %}{{ raise_exception('no') }}"
    "{% endif %}\n{{ m['content'] | trim }}{% endfor %}\n"
    "{% if add_generation_prompt %}{% generation %}.joy{% endgeneration %}{% endif %}"
)


@pytest.fixture
def folder(tmp_path):
    """A model of 64 tokens with a tokenizer that opens every text."""
    shutil.copytree(GPT2, tmp_path / "m")
    sentence_piece().save(str(tmp_path / "m" / "tokenizer.json"))
    return tmp_path / "m"


def put(folder, **settings):
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def test_a_chat_is_rendered_by_the_models_template_and_opened_once(folder):
    put(folder, bos_token={"content": "<s>"}, chat_template=TEMPLATE)
    tokenizer = ufm.llm.load_tokenizer(folder)
    assert tokenizer.chat(" the joy ") == "<s>the joy.joy"
    assert tokenizer.encode(tokenizer.chat("the joy")) == [1, 5, 3, 15, 4]
    put(
        folder,
        chat_template=[{"name": "tool", "template": "x"}, {"name": "default", "template": "y"}],
    )
    assert ufm.llm.load_tokenizer(folder).chat("a") == "y"
    (folder / "chat_template.jinja").write_text(
        "{{ strftime_now('%d %b %Y') }} {{ messages | tojson }}"
    )
    shown = ufm.llm.load_tokenizer(folder).chat("é")
    assert shown == '26 Jul 2024 [{"role": "user", "content": "é"}]'


BAD_TEMPLATES = [
    ("{{ raise_exception('no user') }}", "the chat template fails: TemplateError: no user"),
    ("{{ ''.__class__.__mro__ }}", "the chat template fails: SecurityError"),
    ("{% for %}", "the chat template fails: TemplateSyntaxError"),
    ("{{ nobody.at.all }}", "the chat template fails: UndefinedError"),
    (None, "has no chat template: it is no chat model, leave out --chat"),
]


@pytest.mark.parametrize(("template", "message"), BAD_TEMPLATES)
def test_a_template_that_fails_is_one_line(monkeypatch, capsys, folder, template, message):
    put(folder, chat_template=template)
    prompts = folder / "p.txt"
    prompts.write_text("the joy\nthe\n")
    given = ["--positive", prompts, "--negative", prompts, "--text", prompts, "--chat"]
    refused(monkeypatch, capsys, message, "strength", folder, *given)


def test_chat_of_the_command_line_is_the_template_put_round_each_prompt(
    monkeypatch, capsys, folder
):
    """`--chat` on bare prompts finds what the rendered prompts find without it."""
    put(
        folder,
        bos_token="<s>",
        chat_template="{{ bos_token }}{{ messages[0].content }}.{{ '' }}joy",
    )
    sides = {"p": ["the joy", "joy a"], "n": ["b the", "a the"]}
    given = {}
    for name, texts in sides.items():
        for kind, rows in (("bare", texts), ("chat", [f"<s>{text}.joy" for text in texts])):
            (folder / f"{name}-{kind}.txt").write_text("\n".join(rows))
    (folder / "text.txt").write_text("the joy a b the joy " * 30)
    for kind in ("bare", "chat"):
        asked = ["--positive", folder / f"p-{kind}.txt", "--negative", folder / f"n-{kind}.txt"]
        asked += ["--text", folder / "text.txt", "--length", 8, "--new-tokens", 4, "--json"]
        more = ["--chat"] if kind == "bare" else []
        status, out, _ = run(monkeypatch, capsys, "strength", folder, *asked, *more)
        assert status == 0
        data = json.loads(out)
        assert data["chat"] is (kind == "bare")
        given[kind] = data["blocks"]
    assert given["bare"] == given["chat"]


MERGES = "#version: 0.2\nj o\njo y\nĠ joy\n"


@pytest.fixture
def old(tmp_path):
    """A model's folder from before there were tokenizer.json files."""
    pieces = [*"abcjoty.'1\n".replace("\n", "Ċ"), "Ġ", "jo", "joy", "Ġjoy", "<|endoftext|>"]
    (tmp_path / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}))
    (tmp_path / "merges.txt").write_text(MERGES)
    return tmp_path


def test_tokens_added_to_a_vocabulary_are_tokens(old):
    (old / "added_tokens.json").write_text('{"<|im_end|>": 17, "<|im_start|>": 16}')
    tokenizer = ufm.llm.load_tokenizer(old)
    assert tokenizer.vocabulary == 18
    assert tokenizer.encode("<|im_start|> joy<|im_end|>") == [16, 14, 17]
    assert tokenizer.decode([16, 14, 17]) == "<|im_start|> joy<|im_end|>"
    assert tokenizer.encode("joy<|endoftext|>") == [13, 15]


def test_a_start_token_that_the_settings_ask_for_opens_every_text(old):
    """As OPT ships it: vocab.json, merges.txt and `add_bos_token`; a tokenizer.json would decide alone."""
    put(old, bos_token={"content": "<|endoftext|>"}, add_bos_token=True)
    assert ufm.llm.load_tokenizer(old).encode("joy") == [15, 13]
    put(old, add_bos_token=True)
    (old / "special_tokens_map.json").write_text('{"bos_token": "<|endoftext|>"}')
    assert ufm.llm.load_tokenizer(old).start == (15,)
    (old / "special_tokens_map.json").unlink()
    put(old, bos_token="<|endoftext|>", add_bos_token=False)
    assert ufm.llm.load_tokenizer(old).encode("joy") == [13]
    put(old, bos_token="<s>", add_bos_token=True)
    message = "add_bos_token is set, but the start token '<s>' is no token of the vocabulary"
    with pytest.raises(ValueError, match=message):
        ufm.llm.load_tokenizer(old)


def test_added_tokens_of_another_model_are_refused(old):
    (old / "added_tokens.json").write_text('{"<|im_start|>": 40}')
    message = "the added token '<|im_start|>' has number 40, but vocab.json leaves it 16"
    with pytest.raises(ValueError, match=re.escape(message)):
        ufm.llm.load_tokenizer(old)


def test_a_vocabulary_is_split_as_its_tokenizer_does(old):
    gpt2 = ufm.llm.load_tokenizer(old).encode("joy11")
    put(
        old,
        tokenizer_class="Qwen2Tokenizer",
        added_tokens_decoder={"15": {"content": "<|endoftext|>"}},
    )
    qwen = ufm.llm.load_tokenizer(old)
    assert qwen.encode("joy11 joy<|endoftext|>") == [*gpt2, 14, 15]
    put(old, tokenizer_class="LlamaTokenizer")
    with pytest.raises(ValueError, match="how a LlamaTokenizer splits text is not known"):
        ufm.llm.load_tokenizer(old)

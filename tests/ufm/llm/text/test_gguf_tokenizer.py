"""Tokenizers from the metadata of GGUF files, against tokenizer.json, plain algorithms and lists by hand."""

import json
from itertools import pairwise
from pathlib import Path

import gguf
import pytest
import tokenizers

from tests.gguf_files import add_tokenizer, finish, write_tokenizer
from ufm.llm import load_tokenizer
from ufm.llm.text.gguf_tokenizer import PRE_TOKENIZERS, gguf_tokenizer

TOY = Path("tests/data/llm/toy/tokenizer.json")
BYTES = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
PAGE = """def f(n):
\treturn n**2 if n < 1_000 else 3.14e-7   # "naïve" — 100 %

  I'LL pay €12345, you'd  say?  <|endoftext|>👩‍👩‍👧 東京 ٣٤½\r\n\n\nend  """


def test_byte_level_bpe_gives_the_tokens_of_tokenizer_json(tmp_path):
    """The toy model's own tokenizer, which is of GPT-2's kind."""
    stored = json.loads(TOY.read_text())["model"]
    tokens = sorted(stored["vocab"], key=stored["vocab"].__getitem__)
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in stored["merges"]]
    kinds = [3 if token == "<|endoftext|>" else 1 for token in tokens]

    def add(writer):
        writer.add_chat_template("{{ messages }}")

    write_tokenizer(tmp_path / "t.gguf", tokens, add, merges=merges, kinds=kinds)
    ours = load_tokenizer(tmp_path / "t.gguf")
    theirs = tokenizers.Tokenizer.from_file(str(TOY))
    assert ours.encode(PAGE) == theirs.encode(PAGE).ids
    assert ours.decode(ours.encode(PAGE)) == PAGE
    assert ours.vocabulary == theirs.get_vocab_size()
    assert ours.chat_template == "{{ messages }}"
    assert ours.start == ()


def test_the_chat_template_of_a_directory(tmp_path):
    (tmp_path / "tokenizer.json").write_bytes(TOY.read_bytes())
    (tmp_path / "config.json").write_text("{}")
    assert load_tokenizer(tmp_path).chat_template is None
    settings = tmp_path / "tokenizer_config.json"
    settings.write_text('{"chat_template": "{{ a }}"}')
    assert load_tokenizer(tmp_path).chat_template == "{{ a }}"
    settings.write_text('{"chat_template": [{"name": "default", "template": "{{ c }}"}]}')
    assert load_tokenizer(tmp_path).chat_template == "{{ c }}"
    settings.write_text('{"chat_template": [{"name": "tools", "template": "{{ c }}"}]}')
    assert load_tokenizer(tmp_path).chat_template is None
    (tmp_path / "chat_template.jinja").write_text("{{ b }}")
    assert load_tokenizer(tmp_path).chat_template == "{{ b }}"


# The pieces of "I'LL go 12345 €5 x\n\n  y", by hand: digits one by one, in threes or all; a space before a
# digit apart or with it; capitals after an apostrophe.
TEXT = "I'LL go 12345 €5 x\n\n  y"
PIECES = {
    "gpt-2": "I ' LL ␣go ␣12345 ␣€ 5 ␣x ⏎⏎␣ ␣y",
    "smollm": "I ' LL ␣go ␣ 1 2 3 4 5 ␣€ 5 ␣x ⏎⏎␣ ␣y",
    "llama-bpe": "I 'LL ␣go ␣ 123 45 ␣€ 5 ␣x ⏎⏎ ␣ ␣y",
    "qwen2": "I 'LL ␣go ␣ 1 2 3 4 5 ␣€ 5 ␣x ⏎⏎ ␣ ␣y",
    "tekken": "I 'LL ␣go ␣ 1 2 3 4 5 ␣€ 5 ␣x ⏎⏎ ␣ ␣y",
    "gpt-4o": "I'LL ␣go ␣ 123 45 ␣€ 5 ␣x ⏎⏎ ␣ ␣y",
}
SAME = {"llama3": "llama-bpe", "starcoder": "smollm", "olmo": "gpt-2", "deepseek-r1-qwen": "qwen2"}


@pytest.mark.parametrize("pre", [*PIECES, *SAME])
def test_how_a_text_is_cut(pre, tmp_path):
    write_tokenizer(tmp_path / "t.gguf", [*BYTES, "<s>"], add_start(256), pre=pre)
    inner, _ = gguf_tokenizer(tmp_path / "t.gguf")
    pieces = [span for _, span in inner.pre_tokenizer.pre_tokenize_str(TEXT)]
    shown = " ".join(TEXT[a:b].replace(" ", "␣").replace("\n", "⏎") for a, b in pieces)
    assert shown == PIECES[SAME.get(pre, pre)]


def add_start(number):
    return lambda writer: writer.add_bos_token_id(number)


def test_case_parts_words_where_the_vocabulary_says_so(tmp_path):
    """Tekken and GPT-4o begin a piece at a capital that follows a small letter."""
    for pre, want in (("tekken", ["camel", "Case", "XML"]), ("qwen2", ["camelCaseXML"])):
        write_tokenizer(tmp_path / "t.gguf", [*BYTES, "<s>"], add_start(256), pre=pre)
        inner, _ = gguf_tokenizer(tmp_path / "t.gguf")
        assert [x for x, _ in inner.pre_tokenizer.pre_tokenize_str("camelCaseXML")] == want


def test_a_whole_word_is_a_token_only_where_merges_are_ignored(tmp_path):
    """For Llama 3, "abc" is a token though no merge makes it."""
    for pre, count in (("llama-bpe", 1), ("qwen2", 3)):
        write_tokenizer(tmp_path / "t.gguf", [*BYTES, "abc", "<s>"], add_start(257), pre=pre)
        inner, _ = gguf_tokenizer(tmp_path / "t.gguf")
        assert len(inner.encode("abc", add_special_tokens=False).ids) == count


def test_accents_are_composed_for_qwen(tmp_path):
    for pre, same in (("qwen2", True), ("gpt-2", False)):
        write_tokenizer(tmp_path / "t.gguf", BYTES, pre=pre)
        ours = load_tokenizer(tmp_path / "t.gguf")
        assert (ours.encode("e\u0301") == ours.encode("é")) is same


@pytest.mark.parametrize(
    ("pre", "flags", "ends"),
    [
        ("gpt-2", {}, (False, False)),
        ("llama-bpe", {}, (True, False)),
        ("tekken", {}, (True, False)),
        ("llama-bpe", {"bos": False}, (False, False)),
        ("qwen2", {"bos": True, "eos": True}, (True, True)),
        ("gpt-2", {"eos": True}, (False, True)),
    ],
)
def test_what_comes_before_and_after_a_text(pre, flags, ends, tmp_path):
    def add(writer):
        writer.add_bos_token_id(256)
        writer.add_eos_token_id(257)
        for name, value in flags.items():
            getattr(writer, f"add_add_{name}_token")(value)

    write_tokenizer(tmp_path / "t.gguf", [*BYTES, "<s>", "</s>"], add, pre=pre)
    ours = load_tokenizer(tmp_path / "t.gguf")
    a = BYTES.index("a")
    opened = [256] * ends[0] + [a]
    assert ours.inner.encode("a").ids == opened + [257] * ends[1]
    assert ours.encode("a") == opened  # a prompt is continued: no end token
    assert ours._plain("a") == [a]


def test_control_and_user_defined_tokens_are_found_in_a_text(tmp_path):
    tokens = [*BYTES, "<|im_end|>", "  ", "    "]
    kinds = [1] * 256 + [3, 4, 4]
    write_tokenizer(tmp_path / "t.gguf", tokens, kinds=kinds)
    ours = load_tokenizer(tmp_path / "t.gguf")
    x = BYTES.index("x")
    assert ours.encode("x<|im_end|>x") == [x, 256, x]
    assert ours.encode("x<|im_end|> x") == [x, 256, BYTES.index("Ġ"), x]
    assert ours.encode("x     x") == [x, 258, BYTES.index("Ġ"), x]  # the longest first
    assert ours.decode([x, 256, x]) == "x<|im_end|>x"


# --- SentencePiece ---------------------------------------------------------------------------------

PIECES_AND_SCORES = {
    "▁": -20.0, "a": -21.0, "b": -22.0, "c": -23.0, "n": -24.0, "ab": -1.0, "bc": -2.0, "▁a": -3.0,
    "abc": -4.0, "▁ab": -0.5, "an": -6.0, "ana": -5.0, "na": -7.0, "▁▁": -8.0,
}  # fmt: skip
SPECIAL = ["<unk>", "<s>", "</s>"]
FALLBACK = [f"<0x{b:02X}>" for b in range(256)]
SPM_TOKENS = [*SPECIAL, *FALLBACK, *PIECES_AND_SCORES]
SPM = dict(
    model="llama",
    pre="default",
    kinds=[2, 3, 3] + [6] * 256 + [1] * len(PIECES_AND_SCORES),
    scores=[0.0] * 259 + list(PIECES_AND_SCORES.values()),
)


def add_ids(writer, space=None):
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if space is not None:
        writer.add_add_space_prefix(space)


def plain_sentence_piece(text, prefix):
    """The algorithm as published: merge the best-scored pair of neighbours, the leftmost of equals."""
    symbols = list(text.replace(" ", "▁"))
    symbols = ["▁", *symbols] if prefix and text else symbols
    while True:
        best = [
            (-PIECES_AND_SCORES[a + b], i)
            for i, (a, b) in enumerate(pairwise(symbols))
            if a + b in PIECES_AND_SCORES
        ]
        if not best:
            break
        _, i = min(best)
        symbols[i : i + 2] = [symbols[i] + symbols[i + 1]]
    out = []
    for symbol in symbols:
        known = symbol in PIECES_AND_SCORES
        out += [symbol] if known else [f"<0x{b:02X}>" for b in symbol.encode()]
    return [SPM_TOKENS.index(x) for x in out]


@pytest.mark.parametrize("prefix", [True, False])
def test_sentence_piece_merges_by_score(prefix, tmp_path):
    def add(writer):
        add_ids(writer, prefix)

    write_tokenizer(tmp_path / "t.gguf", SPM_TOKENS, add, **SPM)
    ours = load_tokenizer(tmp_path / "t.gguf")
    for text in ("abc ab", "banana", "a  b", " c", "abcabc\nanananab", "cé👍 ba", "nanab abc  an"):
        assert ours.encode(text) == [1, *plain_sentence_piece(text, prefix)], text
        assert ours.decode(ours.encode(text)[1:]) == text


def test_sentence_piece_starts_with_a_space_unless_told(tmp_path):
    write_tokenizer(tmp_path / "t.gguf", SPM_TOKENS, add_ids, **SPM | {"pre": None})
    ours = load_tokenizer(tmp_path / "t.gguf")
    assert ours.encode("ab") == [1, SPM_TOKENS.index("▁ab")]
    assert ours.start == (1,)


def test_pieces_that_are_not_used_are_not_merged(tmp_path):
    """An unused piece (type 5) of the best score."""
    scores, kinds = [*SPM["scores"], 9.0], [*SPM["kinds"], 5]
    more = dict(scores=scores, kinds=kinds)
    write_tokenizer(tmp_path / "t.gguf", [*SPM_TOKENS, "bn"], add_ids, **SPM | more)
    assert load_tokenizer(tmp_path / "t.gguf").encode("abn an")[1:] == plain_sentence_piece(
        "abn an", True
    )


def test_phi_3_drops_spaces_after_its_special_tokens(tmp_path):
    tokens = [*SPM_TOKENS, "<|end|>"]
    writer = gguf.GGUFWriter(tmp_path / "t.gguf", "phi3")
    scores, kinds = [*SPM["scores"], 0.0], [*SPM["kinds"], 3]
    add_tokenizer(writer, tokens, model="llama", pre="default", kinds=kinds, scores=scores)
    add_ids(writer)
    finish(writer)
    ours = load_tokenizer(tmp_path / "t.gguf")
    assert ours.encode("<|end|>  ab") == [1, len(tokens) - 1, SPM_TOKENS.index("▁ab")]


# --- what is refused -------------------------------------------------------------------------------


def unknown_key(writer):
    writer.add_bool("tokenizer.ggml.reversed", True)


def bad_flag(writer):
    writer.add_uint32("tokenizer.ggml.add_bos_token", 1)


def bad_start(writer):
    writer.add_bool("tokenizer.ggml.add_bos_token", True)
    writer.add_uint32("tokenizer.ggml.bos_token_id", 999)


def nothing(writer):
    pass


REFUSED = [
    (
        BYTES,
        nothing,
        {"model": "bert"},
        "tokenizer model 'bert' is not supported; known are gpt2, llama",
    ),
    (
        BYTES,
        nothing,
        {"pre": "deepseek-llm"},
        "pre-tokenizer 'deepseek-llm' is not supported; known are",
    ),
    (BYTES, nothing, {"pre": None}, "pre-tokenizer None is not supported"),
    (BYTES, unknown_key, {}, "key tokenizer.ggml.reversed is unknown and may change the tokens"),
    (BYTES, bad_flag, {}, "tokenizer.ggml.add_bos_token must be true or false; got 1"),
    (BYTES, bad_start, {}, "tokenizer.ggml.bos_token_id names no token: 999"),
    ([*BYTES, "a"], nothing, {}, "tokenizer.ggml.tokens is missing, or names a token twice"),
    (
        BYTES,
        nothing,
        {"kinds": [1, 1]},
        "token_type must hold 256 entries, one for each token; got 2",
    ),
    (BYTES, nothing, {"merges": ["ab"]}, "'ab' in tokenizer.ggml.merges is no pair"),
    (BYTES, nothing, {"merges": ["a qq"]}, "is not a tokenizer: Error while initializing BPE"),
    (SPM_TOKENS, add_ids, SPM | {"pre": "own"}, "pre-tokenizer 'own' for SentencePiece is unknown"),
    (SPM_TOKENS, add_ids, SPM | {"scores": None}, "tokenizer.ggml.scores is missing"),
]


@pytest.mark.parametrize(("tokens", "add", "settings", "message"), REFUSED)
def test_what_is_refused(tokens, add, settings, message, tmp_path):
    write_tokenizer(tmp_path / "t.gguf", tokens, add, **settings)
    with pytest.raises(ValueError, match=r"t\.gguf") as error:
        load_tokenizer(tmp_path / "t.gguf")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_every_pre_tokenizer_is_built(tmp_path):
    for pre in PRE_TOKENIZERS:
        write_tokenizer(tmp_path / "t.gguf", [*BYTES, "<s>"], add_start(256), pre=pre)
        ours = load_tokenizer(tmp_path / "t.gguf")
        assert ours.decode(ours._plain("Aa 1\n é")) == "Aa 1\n é"

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.count_text import CONTEXTS_PER_CASE, TOKENS_PER_CASE, count_table
from theorems.table import Table, read_table, table_from_fields, write_table
from theorems.tables.exact import read_exact
from theorems.tables.exact_table import exact_record

LETTER_CASE = Path(__file__).parents[2] / "data" / "letter_case.json"

FIELDS = {
    "next_token_probs": [[0.6, 0.2, 0.1, 0.1], [0.1, 0.1, 0.3, 0.5], [0.25, 0.25, 0.25, 0.25]],
    "token_concept": [0, 0, 1, 1],
    "context_concept": [0, 1, 1],
    "context_weights": [0.5, 0.25, 0.25],
    "positive": [0],
    "negative": [1],
    "tokens": ["A", "B", "a", "b"],
    "contexts": ["A", "a", "b"],
}
EVEN = [0.25, 0.25, 0.25, 0.25]


def rows(second: list) -> dict:
    return {"next_token_probs": [EVEN, second, EVEN]}


# What is changed in FIELDS (None: the field is left out), and the message.
BAD_FIELDS = {
    "missing key": ({"positive": None}, r"positive: missing; give each of next_token_probs"),
    "unknown key": ({"weights": []}, r"weights: unknown field; use next_token_probs"),
    "zero": (
        rows([0.5, 0.5, 0.0, 0.0]),
        r"context 1 \('a'\), token 2 \('a'\) is 0.0; .* smooth the counts, for example add 1/2",
    ),
    "nan": (rows([0.5, 0.5, np.nan, 0.0]), r"context 1 \('a'\), token 2 \('a'\) is nan; give a p"),
    "infinite": (rows([np.inf, 0.5, 0.5, 0.5]), r"token 0 \('A'\) is inf; give a probability"),
    "negative number": (
        rows([0.9, -0.1, 0.1, 0.1]),
        r"token 1 \('B'\) is -0.1; give a probability",
    ),
    "not normalised": (rows([0.2, 0.2, 0.2, 0.2]), r"'a'\) sums to 0.8; divide the row by its sum"),
    "off by 2e-6": (rows([0.25, 0.25, 0.25, 0.250002]), r"sums to 1.000002; divide the row"),
    "ragged": (rows([0.5, 0.5]), r"next_token_probs: row 1 has size 2; give rows of one size"),
    "row no list": (rows(0.5), r"next_token_probs: row 1 has size 0.5; give rows of one size"),
    "text for a number": (rows([0.5, "0.5", 0.1, 0.1]), r"entry \[1, 1\] is '0.5'; give a number"),
    "null": (rows([0.5, None, 0.1, 0.1]), r"entry \[1, 1\] is None; give a number"),
    "no rows": (
        {"next_token_probs": []},
        r"next_token_probs: has shape \[0\]; give one row per context",
    ),
    "one axis": (
        {"next_token_probs": np.ones(4)},
        r"has shape \[4\]; give one row per context and",
    ),
    "three axes": (
        {"next_token_probs": [[EVEN]]},
        r"has shape \[1, 1, 4\]; give one row per context",
    ),
    "nested unevenly": (rows([[1], 1, 1, 1]), r"next_token_probs: the lists are nested unevenly"),
    "too few concepts": ({"token_concept": [0, 1]}, r"token_concept: 2 entries; .* asks for 4"),
    "fractional concept": (
        {"token_concept": [0, 0, 1, 1.5]},
        r"entry 3 \('b'\) is 1.5; give a conc",
    ),
    "concept nan": (
        {"token_concept": [0, 0, 1, np.nan]},
        r"entry 3 \('b'\) is nan; give a concept",
    ),
    "concepts all flags": (
        {"token_concept": [False, True] * 2},
        r"entry \[0\] is False; give a num",
    ),
    "negative concept": (
        {"context_concept": [0, 1, -1]},
        r"context_concept: entry 2 \('b'\) is -1",
    ),
    "concept 2^70": ({"context_concept": [0, 1, 2**70]}, r"an integer of more than 64 bits"),
    "one concept": ({"token_concept": [0] * 4}, r"no token has concept 1; number two or more"),
    "concept gap": ({"token_concept": [0, 0, 2, 2]}, r"token_concept: no token has concept 1"),
    "unknown concept": (
        {"context_concept": [0, 1, 2]},
        r"context 2 \('b'\) has concept 2, which no",
    ),
    "zero weight": (
        {"context_weights": [1, 0, 0]},
        r"context 1 \('a'\) has weight 0.0; give a share",
    ),
    "nan weight": ({"context_weights": [np.nan, 1, 1]}, r"context 0 \('A'\) has weight nan"),
    "weights sum": ({"context_weights": [1, 1, 1]}, r"context_weights: they sum to 3; divide them"),
    "weights short": (
        {"context_weights": [0.5, 0.5]},
        r"context_weights: 2 entries; .* asks for 3",
    ),
    "empty positive": ({"positive": []}, r"positive: is empty; give the index of one context"),
    "index too large": (
        {"negative": [3]},
        r"negative: 3 is not the index of a context; use 0 to 2",
    ),
    "index below zero": (
        {"positive": [-1]},
        r"positive: -1 is not the index of a context; use 0 to 2",
    ),
    "fractional index": ({"positive": [0.5]}, r"positive: 0.5 is not the index of a context"),
    "index no list": (
        {"positive": 0},
        r"positive: has shape \[\]; give a list with one entry each",
    ),
    "index repeated": (
        {"negative": [2, 1, 2]},
        r"negative: context 2 is given more than once; give",
    ),
    "overlap": (
        {"negative": [1, 0]},
        r"negative: context 0 \('A'\) is positive too; keep it in one",
    ),
    "duplicate context": (
        {"contexts": ["A", "a", "A"]},
        r"contexts: 'A' is a duplicate, at 0 and 2",
    ),
    "duplicate token": (
        {"tokens": ["A", "a", "A", "b"]},
        r"tokens: 'A' is a duplicate, at 0 and 2",
    ),
    "names short": ({"tokens": ["A"]}, r"tokens: 1 names; next_token_probs asks for 4"),
    "name empty": (
        {"contexts": ["A", "", "b"]},
        r"contexts: name 1 is ''; give a text that is not",
    ),
    "names a text": ({"contexts": "Aab"}, r"contexts: 'Aab' is not a list; give a list of 3 names"),
    "target concept": ({"target": 7}, r"target: no token has concept 7; use 0 to 1"),
    "target text": ({"target": "upper"}, r"target: 'upper' is neither a concept's number nor true"),
    "target size": ({"target": [True, False]}, r"true or false for each of 4 tokens; give one of"),
    "target all": ({"target": [True] * 4}, r"target: holds 4 of 4 tokens; name some, not all"),
    "target unknown": (
        {"positive": [0, 1], "negative": [2]},
        r"target: missing, and the positive contexts have concepts \[0, 1\]; name one",
    ),
    "about": ({"about": 3}, r"about: 3 is not a text; say in words where the numbers come from"),
}

CSV = """context,concept,weight,set,A,B,a,b
concept,,,,0,0,1,1
A,0,0.5,positive,0.6,0.2,0.1,0.1
a,1,0.25,negative,0.1,0.1,0.3,0.5
b,1,0.25,-,0.25,0.25,0.25,0.25
"""

# File name, its text, and the message that follows the file's path.
BAD_FILES = {
    "empty": ("t.json", "", r"the file is empty; write a table into it"),
    "suffix": ("t.txt", "{}", r"unknown suffix '.txt'; name the file .json, .npz or .csv"),
    "malformed": ("t.json", '{\n "tokens": [1,\n}', r"line 3, column 1: Expecting value; correct"),
    "nested": ("t.json", "[" * 100_000, r"the lists are nested too deeply"),
    "list": ("t.json", "[1, 2]", r"the file holds a list; give one JSON object of fields"),
    "no fields": ("t.json", "{}", r"next_token_probs: missing"),
    "not utf-8": ("t.csv", b"context,\xff", r"byte 8 is not UTF-8; save the file as UTF-8"),
    "text as npz": (
        "t.npz",
        "hello",
        r"the file is not an .npz archive; write it with numpy.savez",
    ),
    "header": ("t.csv", "a,b\n", r"line 1: the header must be context,concept,weight,set,<token>"),
    "no tokens": ("t.csv", "context,concept,weight,set\n", r"line 1: the header must be context"),
    "no concept row": (
        "t.csv",
        CSV.replace("concept,,,,", "A,,,,"),
        r"line 2: must be concept,,,,",
    ),
    "header only": ("t.csv", CSV.splitlines()[0], r"line 2: must be concept,,,,"),
    "no context": ("t.csv", CSV[: CSV.index("A,0")], r"the file has no context; give one row"),
    "short row": ("t.csv", CSV.replace(",0.5\n", "\n"), r"line 4: 7 cells under a header of 8"),
    "quote": (
        "t.csv",
        CSV.replace("0.3", '"0.3"x'),
        r"line 4: .* expected after '\"'; correct the",
    ),
    "set": ("t.csv", CSV.replace("-", "neither"), r"line 5: set is 'neither'; use one of positive"),
    "csv number": ("t.csv", CSV.replace("0.3", '"0,3"'), r"line 4, column 'a': '0,3' is no"),
    "csv concept": (
        "t.csv",
        CSV.replace("0,0,1,1", "0,0,1,x"),
        r"column 'b': 'x' is not a whole number",
    ),
    "csv no positive": (
        "t.csv",
        CSV.replace("positive", "-"),
        r"positive: is empty; give the index",
    ),
    "csv duplicate": ("t.csv", CSV.replace("b,1,", "A,1,"), r"contexts: 'A' is a duplicate, at 0"),
    "csv target": (
        "t.csv",
        CSV.replace("A,0,", "target,,,,1,2,0,0\nA,0,"),
        r"target: '\[True, 2, False, False\]' is neither a concept's number",
    ),
}


@pytest.mark.parametrize("case", BAD_FIELDS)
def test_bad_field_is_named_in_one_line(case):
    change, message = BAD_FIELDS[case]
    fields = {k: v for k, v in (FIELDS | change).items() if v is not None}
    with pytest.raises(ValueError, match=message) as caught:
        table_from_fields(fields)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_file_is_named_in_one_line(tmp_path, case):
    name, content, message = BAD_FILES[case]
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ValueError, match=message) as caught:
        read_table(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert "\n" not in str(caught.value)


def test_weights_that_are_not_given_are_equal_and_exactly_so(tmp_path):
    without = {name: value for name, value in FIELDS.items() if name != "context_weights"}
    file = tmp_path / "t.csv"
    file.write_text(CSV.replace(",0.5,", ",,").replace(",0.25,", ",,", 2))
    for table in (table_from_fields(without), read_table(file)):
        assert not table.is_weighted
        np.testing.assert_array_equal(table.context_weights, 1 / len(table.contexts))
        weights = read_exact(exact_record(table)).weights
        assert weights == (Fraction(1, len(table.contexts)),) * len(table.contexts)
    assert table_from_fields(FIELDS).is_weighted


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(
        ValueError, match=r"none.json: no such file; give the path of a .json, .npz or .csv table"
    ):
        read_table(tmp_path / "none.json")
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ValueError, match=r"folder.json: Is a directory; name a file that can be"):
        read_table(tmp_path / "folder.json")


def test_npz_with_pickles_is_refused(tmp_path):
    file = tmp_path / "t.npz"
    np.savez(file, next_token_probs=np.array([[1, None]], dtype=object))
    with pytest.raises(ValueError, match=r"next_token_probs: .*pickle.*; save plain arrays"):
        read_table(file)


def test_damaged_npz_is_refused(tmp_path):
    file = tmp_path / "t.npz"
    np.savez(file, next_token_probs=np.ones((64, 64)))
    content = bytearray(file.read_bytes())
    content[1000] ^= 255
    file.write_bytes(content)
    with pytest.raises(ValueError, match=r"next_token_probs: .*CRC.*; save plain arrays"):
        read_table(file)


def test_csv_is_read():
    fields = FIELDS | {"target": 0}
    assert_same(table_from_fields(fields), table_from_fields(FIELDS))


@pytest.mark.parametrize("suffix", [".json", ".npz", ".csv", ".CSV"])
def test_every_format_gives_the_same_table(tmp_path, suffix):
    file = tmp_path / f"t{suffix}"
    if suffix == ".json":
        file.write_text(json.dumps(FIELDS))
    elif suffix == ".npz":
        np.savez(file, **FIELDS)
    else:
        file.write_text(CSV)
    table = read_table(file)
    assert_same(table, table_from_fields(FIELDS))
    np.testing.assert_array_equal(table.target, [True, True, False, False])
    np.testing.assert_array_equal(table.next_token_probs, FIELDS["next_token_probs"])


def test_names_and_target_by_default():
    fields = {k: v for k, v in FIELDS.items() if k not in ("tokens", "contexts")}
    table = table_from_fields(fields | {"positive": [1], "negative": [0]})
    assert table.tokens == ("0", "1", "2", "3")
    assert table.contexts == ("0", "1", "2")
    np.testing.assert_array_equal(table.target, [False, False, True, True])


def test_rounded_sums_are_made_exact():
    thirds = {"next_token_probs": [[0.3333333, 0.3333333, 0.1666667, 0.1666667]] * 3}
    weights = {"context_weights": [0.3333333, 0.3333333, 0.3333333]}
    table = table_from_fields(FIELDS | thirds | weights)
    np.testing.assert_allclose(table.next_token_probs.sum(axis=1), 1, rtol=1e-15)
    np.testing.assert_allclose(table.context_weights, 1 / 3, rtol=1e-15)


@st.composite
def tables(draw) -> Table:
    def names(count: int) -> list[str]:
        text = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=4)
        return draw(st.lists(text, min_size=count, max_size=count, unique=True))

    def shares(count: int) -> np.ndarray:
        counts = np.array(draw(st.lists(st.integers(1, 10**6), min_size=count, max_size=count)))
        return counts / counts.sum()

    vocabulary, contexts = draw(st.integers(2, 6)), draw(st.integers(2, 5))
    split = draw(st.integers(1, contexts - 1))
    return table_from_fields(
        {
            "next_token_probs": [shares(vocabulary) for _ in range(contexts)],
            "token_concept": [0, 1] + [1] * (vocabulary - 2),
            "context_concept": draw(
                st.lists(st.integers(0, 1), min_size=contexts, max_size=contexts)
            ),
            "context_weights": shares(contexts),
            "positive": list(range(split)),
            "negative": list(range(split, draw(st.integers(split + 1, contexts)))),
            "target": draw(st.integers(0, 1)),
            "tokens": names(vocabulary),
            "contexts": names(contexts),
        }
    )


@pytest.mark.parametrize("suffix", [".json", ".npz", ".csv"])
@given(table=tables())
def test_written_tables_come_back(tmp_path_factory, suffix, table):
    file = tmp_path_factory.mktemp("round-trip") / f"table{suffix}"
    write_table(file, table)
    assert_same(read_table(file), table)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    table = table_from_fields(FIELDS | {"contexts": ["A", "a", "\ud800"]})
    (tmp_path / "t.csv").write_text("kept")
    with pytest.raises(UnicodeEncodeError):
        write_table(tmp_path / "t.csv", table)
    with pytest.raises(ValueError, match=r"unknown suffix '.yaml'"):
        write_table(tmp_path / "t.yaml", table)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["kept"]


def test_letter_case_table_is_what_its_script_counts():
    kept = read_table(LETTER_CASE)
    assert kept.next_token_probs.shape == (2 * CONTEXTS_PER_CASE, 2 * TOKENS_PER_CASE)
    assert all(kept.tokens[z].isupper() == kept.target[z] for z in range(len(kept.tokens)))
    assert "e" in kept.contexts
    upper_then_upper = kept.next_token_probs[:CONTEXTS_PER_CASE, :TOKENS_PER_CASE].sum(axis=1)
    lower_then_upper = kept.next_token_probs[CONTEXTS_PER_CASE:, :TOKENS_PER_CASE].sum(axis=1)
    assert upper_then_upper.min() > lower_then_upper.max()


def test_pairs_are_counted_within_words():
    # In each case every letter is followed by the next one twice, and A by B twice more.
    alphabet = "abcdefghijklmnopqrstuvwxyz"
    around = f"{alphabet}a {alphabet}a "
    table = count_table(around + around.upper() + "AB-AB")
    a, b, c = (table.tokens.index(letter) for letter in "ABC")
    assert table.tokens[:3] == ("A", "B", "C")
    from_a = table.next_token_probs[table.contexts.index("A")]
    np.testing.assert_allclose(from_a[[a, b, c]], np.array([0.5, 4.5, 0.5]) / (4 + 24 * 0.5))
    assert table.context_weights[table.contexts.index("A")] == pytest.approx(4 / 34)


def assert_same(table: Table, expected: Table) -> None:
    """Equal, but for the last bit that a second normalisation may change."""
    for name, value in vars(expected).items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            np.testing.assert_allclose(getattr(table, name), value, rtol=1e-15)
        else:
            np.testing.assert_array_equal(getattr(table, name), value)

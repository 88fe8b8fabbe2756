"""Heads in exact rationals: what is read, and what is refused in one line."""

from fractions import Fraction as F

import pytest

from tests.theorems.certificates.heads.fuzz import LAYERNORM, MEANS, THREE, TWO
from theorems.exact import read_exact_head
from theorems.tables import exact_head


def test_a_head_is_put_on_its_line():
    head = read_exact_head(TWO | {"hidden": [["2", "3"]], "vector": ["0", "2"]})
    (line,) = head.lines
    assert (line.closest, line.radius) == (F(-3, 2), 4 + F(2, 100))
    assert (line.across, head.along, head.length) == ((0, 6), (1, 4), 4)
    assert head.offset == (F(-1, 2), 1 - 2)
    assert head.weights == (1,)
    assert head.target is None


def test_a_layernorm_takes_means_away():
    head = read_exact_head(LAYERNORM)
    assert sum(head.seen_vector) == 0
    shifted = LAYERNORM | {"hidden": [["13", "11", "9"], ["1/2", "-2", "1"]]}
    assert read_exact_head(shifted).lines[0] == head.lines[0]


def test_the_hash_is_of_the_head_whichever_way_it_is_written():
    head = THREE | {"eps": "1/2"}
    said = head | {"bias": ["0", "0.0"], "context_weights": ["1"], "eps": "0.50"}
    assert read_exact_head(said).sha256 == read_exact_head(head).sha256
    assert read_exact_head(said).record_in_lowest_terms["bias"] == ["0", "0"]
    for fields in (
        {"eps": "1"},
        {"norm": "layernorm"},
        {"bias": ["1", "0"]},
        {"target": [False, True, True]},
    ):
        assert read_exact_head(head | fields).sha256 != read_exact_head(head).sha256


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"norm": "batchnorm"}, "norm is 'batchnorm'; give 'rmsnorm' or 'layernorm'"),
        ({"eps": "-1"}, "eps is '-1'; write a positive rational"),
        ({"eps": 0.0}, "eps is 0.0; write numbers as exact strings"),
        ({"gain": ["1"]}, "gain has 1 entries; it needs 2"),
        ({"gain": ["1", "1/0"]}, r"gain\[1\] is '1/0', which divides by zero"),
        ({"gain": ["1", "x"]}, r"gain\[1\] is 'x'; write"),
        ({"head": [["1", "0"], ["1"]]}, r"head\[1\] has 1 entries; it needs 2"),
        ({"head": [["1", "0"]]}, "head has one row"),
        ({"head": "W"}, "head is W; give a list"),
        ({"hidden": [["1"]]}, r"hidden\[0\] has 1 entries; it needs 2"),
        (
            {"hidden": [["0", "3"]]},
            r"hidden\[0\] is a multiple of the vector .* at α = -3; give eps > 0",
        ),
        ({"vector": ["0", "0"]}, "vector does nothing: it is 0"),
        (
            {"norm": "layernorm", "vector": ["1", "1"]},
            "vector does nothing: all its entries are equal",
        ),
        ({"context_weights": ["1/2"]}, "context_weights must be positive and sum to 1"),
        ({"positive": [0]}, "positive is given alone; give both positive and negative, or neither"),
        ({"positive": [0], "negative": [0]}, "positive and negative share context 0"),
        ({**MEANS, "vector": ["9/2", "7"]}, r"vector\[1\] is 7, and the means .* differ by 7/2"),
        ({"target": [True]}, "target has 1 entries; it needs 3"),
        ({"beta": ["1", "1"]}, "there is no key 'beta'; give head, gain, .*, or also bias, target"),
        ({"head": [["1", "0"]] * 20}, "head or hidden has 40 entries; certificates take 30"),
        ({"head": [["1", "0"]] * 9}, "V² m = 81 for V = 9 tokens and m = 1 contexts"),
    ],
)
def test_what_is_no_head_is_refused(fields, message, monkeypatch):
    monkeypatch.setattr(exact_head, "LARGEST_HEAD", 30)
    monkeypatch.setattr(exact_head, "LARGEST_WORK", 50)
    with pytest.raises(ValueError, match=message):
        read_exact_head(THREE | fields)


def test_a_record_must_be_an_object_with_every_key():
    with pytest.raises(ValueError, match="the record is a list; give one JSON object"):
        read_exact_head([])
    for key in ("head", "gain", "norm", "eps", "hidden", "vector"):
        record = {name: value for name, value in THREE.items() if name != key}
        with pytest.raises(ValueError, match=f"{key} is missing"):
            read_exact_head(record)

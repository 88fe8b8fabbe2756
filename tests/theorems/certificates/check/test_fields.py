"""The fields of a certificate are read with their exact types; and questions with more bits each time."""

from fractions import Fraction as F

import pytest
from flint import arb, ctx

from theorems.certificates.check import fields as room
from theorems.certificates.check.precision import PRECISIONS, decide, sign

LONG = "1" + "0" * 2498 + "/" + "3" * 2499  # 4,999 characters


@pytest.mark.parametrize("text", ["0", "1", "-1", "3/5", "-12/7", LONG])
def test_fractions_in_lowest_terms_are_read(text):
    assert room.rational(text, "x") == F(text)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "",
            "-",
            "--1",
            "+1",
            "1/",
            "/2",
            "1/0",
            "1/-2",
            "2/4",
            "3/1",
            "-0",
            "01",
            "1/02",
            " 1",
            "1 ",
        ),
        *("0.5", "1e3", "nan", "inf", "²", "1/²", LONG + "3", None, True, 1, 0.5, ["1"], {}),
    ],
)
def test_what_is_no_fraction_in_lowest_terms_is_refused(value):
    with pytest.raises(room.Refused, match=r"^x"):
        room.rational(value, "x")


@pytest.mark.parametrize("value", [["0", "1"], ["-1/2", "-1/2"], ("0", "1/3")])
def test_intervals_are_read(value):
    assert room.interval(value, "x") == tuple(F(end) for end in value)


@pytest.mark.parametrize(
    "value", [["1", "0"], ["0"], ["0", "1", "2"], "01", [0, 1], None, ["0", None]]
)
def test_what_is_no_interval_is_refused(value):
    with pytest.raises(room.Refused, match=r"^x"):
        room.interval(value, "x")


@pytest.mark.parametrize("value", [0, 7])
def test_whole_numbers_are_read(value):
    assert room.whole(value, "x") == value
    assert room.wholes([value, 1], "x") == [value, 1]


@pytest.mark.parametrize("value", [-1, True, False, 1.0, "1", None, [1]])
def test_what_is_no_whole_number_is_refused(value):
    with pytest.raises(room.Refused, match=r"^x is not a whole number"):
        room.whole(value, "x")


@pytest.mark.parametrize("value", [[[2, 0], [1]], [[0], [1], [2]], [[2, 1, 0]]])
def test_partitions_are_read(value):
    assert room.groups(value, 3, "x") == value


@pytest.mark.parametrize(
    "value",
    [[[0, 1]], [[0, 1], [1, 2]], [[0, 1, 2], []], [[0, 1, 2, 3]], [0, 1, 2], [[0, True, 2]], 3],
)
def test_what_is_no_partition_is_refused(value):
    with pytest.raises(room.Refused, match=r"^x"):
        room.groups(value, 3, "x")


def test_objects_have_the_keys_that_are_known():
    assert room.record({"b": 1, "a": 2}, ("a", "b"), "x") == {"a": 2, "b": 1}
    for value in ({"a": 1}, {"a": 1, "b": 2, "c": 3}, [], None, "ab"):
        with pytest.raises(room.Refused, match=r"^x"):
            room.record(value, ("a", "b"), "x")


def test_rounded_numbers_are_refused_wherever_they_are():
    room.refuse_floats({"a": [1, {"b": ["0.5", None, True]}]}, "x")
    for value in (0.5, [0.5], {"a": 0.5}, {"a": [{"b": (1, 0.5)}]}):
        with pytest.raises(room.Refused, match=r"holds the rounded number 0\.5"):
            room.refuse_floats(value, "x")


def test_a_question_is_asked_with_more_bits_each_time():
    asked = []

    def question(bits):
        assert ctx.prec == bits
        asked.append(bits)
        return False if bits > 1000 else None

    assert decide(question) is False
    assert asked == [160, 320, 640, 1280]
    assert decide(lambda bits: None) is None
    # certificates are written with up to 2,048 bits: what they decide, the checker decides
    assert list(PRECISIONS) == sorted(PRECISIONS)
    assert PRECISIONS[-1] > 2048


def test_signs_of_balls():
    assert [sign(arb(x)) for x in (2, -2, 0)] == [1, -1, None]
    assert [sign(arb(x, 1)) for x in (2, -2, 0)] == [1, -1, None]
    assert sign(arb("nan")) is None

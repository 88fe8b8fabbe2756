"""What the checker takes as margins, covariances and groups of prompts, as worked out by hand."""

import copy
from fractions import Fraction as F
from itertools import product

import pytest

from tests.theorems.certificates.check.test_curves import RECORD, curves
from theorems.certificates import certify
from theorems.certificates.check import sets as room
from theorems.certificates.check.fields import Refused
from theorems.tables.exact import read_exact

# M is log 2, 0 and -log 2; in the last row its mean is 0, so that token 1 has no covariance with it.
LEVEL = {
    "next_token_probs": [["1/2", "1/4", "1/4"], ["1/4", "1/4", "1/2"], ["1/5", "3/5", "1/5"]],
    "target": [True, False, False],
    "token_concept": [0, 1, 1],
    "positive": [0],
    "negative": [1],
}
LOG_2 = F(6931471805599453094172321214581765680755, 10**40)
FIELDS = ("margins", "sets", "prompts")


def made(record):
    """The curves of an instance, and the fields of its certificate."""
    found = certify(read_exact(record)).record
    return curves(record, found["laws"], found["levels"]), {k: found[k] for k in FIELDS}


@pytest.fixture(scope="module")
def level():
    return made(LEVEL)


def middle(pair):
    return sum(map(F, pair)) / 2


def test_numbers_are_those_worked_out_by_hand(level):
    found, fields = level
    room.confirm_sets(found, fields)
    margins = fields["margins"]
    for name, multiple in (("range", 2), ("least", 1), ("most", 2)):
        assert abs(middle(margins[name]) - multiple * LOG_2) < F(1, 10**18)
    assert margins["pairs"] == ["2", "1"]
    target, rest, first, second = fields["sets"]
    assert [entry["set"] for entry in fields["sets"]] == ["target", "rest", 0, 1]
    assert first | {"set": "target"} == target
    assert second | {"set": "rest"} == rest
    assert target["masses"] == ["1/2", "1/4", "1/5"]
    assert target["range"] == ["0", "0"]
    assert abs(middle(rest["range"]) - LOG_2) < F(1, 10**18)
    # E M is 1/4, -1/4 and 0 times log 2
    for entry, shares in (
        (target, (F(3, 8), F(5, 16), F(1, 5))),
        (rest, (-F(3, 8), -F(5, 16), -F(1, 5))),
    ):
        for pair, share in zip(entry["covariances"], shares, strict=True):
            assert abs(middle(pair) - share * LOG_2) < F(1, 10**18)
    assert fields["prompts"] == [[0, 1, 2]]  # Mtop is one token


def test_a_covariance_that_is_0_is_said_to_be():
    found, fields = made(LEVEL | {"token_concept": [0, 1, 2]})
    room.confirm_sets(found, fields)
    covariances = fields["sets"][3]["covariances"]
    assert [pair == ["0", "0"] for pair in covariances] == [False, False, True]
    for law, pair in ((2, ["-1/1000000", "1/1000000"]), (2, ["0", "1/1000000"]), (0, ["0", "0"])):
        wrong = copy.deepcopy(fields)
        wrong["sets"][3]["covariances"][law] = pair
        with pytest.raises(Refused, match=rf"sets\[3\].covariances\[{law}\] (is|could not)"):
            room.confirm_sets(found, wrong)
    # by no accident of one row: all tokens together have none in any
    found, fields = made(LEVEL | {"token_concept": [0, 0, 0]})
    assert fields["sets"][2]["covariances"] == [["0", "0"]] * 3
    room.confirm_sets(found, fields)


def test_near_zeros_are_told_from_zeros():
    e = F(1, 10**60)
    row = [str(F(1, 5) + e), "3/5", str(F(1, 5) - e)]
    record = LEVEL | {"next_token_probs": [*LEVEL["next_token_probs"][:2], row]}
    found, fields = made(record | {"token_concept": [0, 1, 2]})
    low, high = (F(end) for end in fields["sets"][3]["covariances"][2])
    # Cov = -F_C E M = -(3/5)(2e log 2)
    assert low <= -F(6, 5) * e * LOG_2 * (1 + F(1, 10**30)) <= high < 0
    room.confirm_sets(found, fields)
    # which the balls that are tried first do not tell from 0
    fields["sets"][3]["covariances"][2] = ["0", "0"]
    with pytest.raises(Refused, match=r"sets\[3\].covariances\[2\] is 0, and its value is not"):
        room.confirm_sets(found, fields)


def test_ratios_of_pairs_are_those_of_all_pairs():
    laws = curves().laws.instance
    ratios = [
        [laws.rows[i][z] / laws.rows[k][z] for i, k in product(laws.positive, laws.negative)]
        for z in range(5)
    ]
    on = min(x for z, flag in enumerate(laws.target) if flag for x in ratios[z])
    off = max(x for z, flag in enumerate(laws.target) if not flag for x in ratios[z])
    assert room.pair_ratios(laws) == (on, off) == (F(5, 16), F(3, 2))
    several = made(RECORD | {"positive": [0, 1], "negative": [2, 3]})[0].laws.instance
    pairs = list(product((0, 1), (2, 3)))
    expected = [[several.rows[i][z] / several.rows[k][z] for i, k in pairs] for z in range(5)]
    assert room.pair_ratios(several) == (
        min(min(expected[z]) for z in (0, 2, 3)),
        max(max(expected[z]) for z in (1, 4)),
    )


def test_prompts_end_alike_where_the_rest_of_them_differs():
    # Mtop is tokens 0 and 1: shared 2 to 1, 2 to 1, 1 to 1
    rows = [["1/2", "1/4", "1/4"], ["1/4", "1/8", "5/8"], ["2/5", "1/5", "2/5"], ["1/3"] * 3]
    record = {
        "next_token_probs": rows,
        "target": [True, True, False],
        "positive": [0],
        "negative": [1],
    }
    found, fields = made(record)
    assert fields["prompts"] == [[0, 1, 2], [3]]
    for wrong in ([[0, 1, 2, 3]], [[3], [0, 1, 2]], [[0, 1], [2], [3]], [[0, 1, 2]], None):
        with pytest.raises(Refused, match="prompts are not"):
            room.confirm_sets(found, fields | {"prompts": wrong})


@pytest.mark.parametrize("name", ["range", "least", "most"])
def test_a_margin_is_enclosed_to_30_bits(level, name):
    found, fields = level
    low, high = (F(end) for end in fields["margins"][name])
    widest = low / (1 - F(1, 2**30))
    for ends, reason in (
        ((low, widest), None),
        ((low, widest * (1 + F(1, 2**50))), "is wider"),
        ((high, high * (1 + F(1, 2**40))), "misses its value"),
        ((low / 2, low * (1 - F(1, 2**80))), "misses its value"),
        ((F(0), F(0)), "is 0, and its value is not"),
    ):
        margins = {**fields["margins"], name: [str(end) for end in ends]}
        if reason is None:
            room.confirm_sets(found, fields | {"margins": margins})
            continue
        with pytest.raises(Refused, match=f"margins.{name} {reason}"):
            room.confirm_sets(found, fields | {"margins": margins})


def test_margins_may_be_0_or_below():
    tied = LEVEL | {
        "target": [False, True, False],
        "next_token_probs": [["1/4", "1/4", "1/2"], ["1/3"] * 3],
    }
    found, fields = made(tied)
    assert fields["margins"]["least"][0].startswith("-")
    found, fields = made(tied | {"target": [True, False, True]})
    room.confirm_sets(found, fields)
    flat = {**tied, "next_token_probs": [["1/4", "1/4", "1/2"], ["1/6", "1/6", "2/3"]]}
    found, fields = made(flat)  # M ties across the edge of the target
    zeros = [fields["margins"][k] == ["0", "0"] for k in ("range", "least", "most")]
    assert zeros == [False, True, False]
    room.confirm_sets(found, fields)
    same = {**tied, "next_token_probs": [["1/4", "1/4", "1/2"]] * 2}
    found, fields = made(same)
    assert [fields["margins"][k] for k in ("range", "least", "most")] == [["0", "0"]] * 3
    room.confirm_sets(found, fields)


SETS = {
    "one too few": (lambda s: s.pop(), r"sets needs 4 entries; it has 3"),
    "one too many": (lambda s: s.append(s[0]), r"sets needs 4 entries; it has 5"),
    "another order": (lambda s: s.reverse(), r"sets\[0\] is not of target"),
    "a concept by its text": (lambda s: s[2].update(set="0"), r"sets\[2\] is not of 0"),
    "a concept that is false": (lambda s: s[2].update(set=False), r"sets\[2\] is not of 0"),
    "masses of others": (
        lambda s: s[0].update(masses=s[1]["masses"]),
        r"sets\[0\].masses are wrong",
    ),
    "masses left out": (lambda s: s[0].update(masses=[]), r"sets\[0\].masses are wrong"),
    "a law left out": (
        lambda s: s[0]["covariances"].pop(),
        r"sets\[0\].covariances needs one interval a law",
    ),
    "covariances exchanged": (
        lambda s: s[0]["covariances"].reverse(),
        r"sets\[0\].covariances\[0\] misses",
    ),
    "a range of 0": (lambda s: s[1].update(range=["0", "0"]), r"sets\[1\].range is 0, and"),
    "a key more": (lambda s: s[0].update(note=1), r"sets\[0\] needs the keys"),
}


@pytest.mark.parametrize("edit", SETS)
def test_sets_that_say_something_else_are_refused(level, edit):
    found, fields = level
    change, reason = SETS[edit]
    wrong = copy.deepcopy(fields)
    change(wrong["sets"])
    with pytest.raises(Refused, match=reason):
        room.confirm_sets(found, wrong)


@pytest.mark.parametrize("pairs", [["1", "2"], ["2"], ["2", "2/2"], [2, 1], None])
def test_ratios_of_pairs_are_exact(level, pairs):
    found, fields = level
    with pytest.raises(Refused, match=r"margins.pairs are not"):
        room.confirm_sets(found, fields | {"margins": {**fields["margins"], "pairs": pairs}})

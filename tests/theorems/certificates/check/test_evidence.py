"""What a certificate may enclose: entries that are just narrow enough, and entries that are not."""

from fractions import Fraction as F
from math import inf

import pytest
from flint import ctx

from tests.theorems.certificates.check.test_curves import RECORD, curves
from theorems.certificates import certify
from theorems.certificates.check import evidence as room
from theorems.certificates.check.curves import increase, slope_sign
from theorems.certificates.check.fields import Refused
from theorems.certificates.check.instance import Levels
from theorems.tables.exact import read_exact


@pytest.fixture(scope="module")
def genuine():
    return certify(read_exact(RECORD)).record


def texts(low, high):
    return [str(low), str(high)]


def exact(value):
    """A rational that is as good as the number in a ball."""
    with ctx.workprec(600):
        found = value().mid().fmpq()
        return F(int(found.p), int(found.q))


def silent(*given):
    pass


def refused(reason, check, *arguments):
    with pytest.raises(Refused, match=reason):
        check(*arguments)


def test_log_odds_are_enclosed_to_40_bits_of_the_largest(genuine):
    entries = [list(entry) for entry in genuine["log_odds"]]
    ends = [F(end) for entry in entries for end in entry]
    largest = max(abs(end) for end in ends)
    assert room.confirm_log_odds(curves(), entries) == ends[-1] - ends[0]
    low = F(entries[1][0])
    entries[1] = texts(low, low + largest / 2**40)
    room.confirm_log_odds(curves(), entries)
    entries[1] = texts(low, low + largest / 2**40 * (1 + F(1, 2**30)))
    refused("is wider", room.confirm_log_odds, curves(), entries)
    refused("one interval a level", room.confirm_log_odds, curves(), entries[:3])
    refused("one interval a level", room.confirm_log_odds, curves(), [*entries, entries[0]])


def bracketed(genuine, law, level, low, high, bound):
    rows = [[*row] for row in genuine["peaks"]]
    rows[law][level] = texts(low, high)
    return room.confirm_peaks(curves(), rows, bound, silent)[law][level]


def test_brackets_are_as_narrow_as_a_share_of_their_ends_and_of_the_unit(genuine):
    seen = set()
    for law in range(3):
        for level in (1, 2):
            low, high = (F(end) for end in genuine["peaks"][law][level])
            side = 1 if low > 0 else -1
            seen.add(side)
            for bound in (F(2), F(1, 1000)):
                # outward from the end that is nearer to 0: size grows with the far end
                share, near = F(1, 2**18), low if side > 0 else -high
                far = (near + share / bound) / (1 - share)
                ends = (near, far) if side > 0 else (-far, -near)
                assert bracketed(genuine, law, level, *ends, bound) == ends
                wider = far + F(1, 10**12)
                ends = (near, wider) if side > 0 else (-wider, -near)
                refused("is wider", bracketed, genuine, law, level, *ends, bound)
    assert seen == {1, -1}


def test_a_bracket_rises_at_its_start_and_falls_at_its_end(genuine):
    low, high = (F(end) for end in genuine["peaks"][0][1])
    tiny = (high - low) / 2**20
    for ends, reason in (
        ((low - tiny, low), "not falling at its end"),
        ((high, high + tiny), "not rising at its start"),
    ):
        refused(reason, bracketed, genuine, 0, 1, *ends, F(1))


def test_brackets_come_in_order(genuine):
    row = genuine["peaks"][0]
    first, second = ([F(end) for end in row[level]] for level in (1, 2))
    middle = (first[1] + second[0]) / 2
    wide = F(1, 10**9)  # a unit so large that no bracket is too wide
    for last, start, is_fine in ((middle - F(1, 9**9), middle, True), (middle, middle, False)):
        rows = [[*r] for r in genuine["peaks"]]
        rows[0] = [row[0], texts(first[0], last), texts(start, second[1]), row[3]]
        if is_fine:
            room.confirm_peaks(curves(), rows, wide, silent)
        else:
            reason = r"peaks\[0\]\[2\] is not after the peak before it"
            refused(reason, room.confirm_peaks, curves(), rows, wide, silent)


def test_peaks_are_left_open_only_where_a_search_finds_none(genuine, monkeypatch):
    rows = [[*row] for row in genuine["peaks"]]
    rows[0][1] = rows[1][2] = None
    reason = r"peaks\[0\]\[1\] is left open, but 2560 bits show it"
    refused(reason, room.confirm_peaks, curves(), rows, F(1), silent)
    monkeypatch.setattr(room, "OPEN", (4,))
    found = room.confirm_peaks(curves(), rows, F(1), silent)
    assert found[0][1] is found[1][2] is None
    assert all(row[0] == (-inf, -inf) and row[3] == (inf, inf) for row in found)


@pytest.mark.parametrize("unit", [F(1, 10**6), F(1, 3), F(1), F(10**6)])
def test_every_peak_is_found_from_any_unit(unit):
    assert not any(room.is_open(curves(), law, k, unit) for law in range(3) for k in (1, 2))


def test_a_peak_where_the_search_looks_is_found_beside_it():
    # M = log 3/7 + (log 4, log 2, 0): the peak of token 1 is at 0 in (1/5, 3/5, 1/5), elsewhere at α
    # where p_α is that law: p(0) = p(2) 4^{-α}
    rows = [["4/7", "2/7", "1/7"], ["1/3", "1/3", "1/3"]]
    for shift in (2, -2, 3, 1, -1):
        row = [F(1), F(2), F(4) ** shift]
        third = [str(x / sum(row)) for x in row]
        record = {"next_token_probs": [*rows, third], "target": [True, False, False]}
        record |= {"positive": [0], "negative": [1]}
        found = curves(record, [[0], [1], [2]], [[2], [1], [0]])
        assert slope_sign(found, 2, 1, F(shift)) is None
        assert slope_sign(found, 2, 1, F(shift) - F(1, 10**9)) == 1
        assert not room.is_open(found, 2, 1, F(1))
        assert not room.is_open(found, 2, 1, F(1, 2))


def test_outer_peaks_are_infinite(genuine):
    for level, entry in ((0, ["inf", "inf"]), (3, ["-inf", "-inf"]), (0, None), (3, ["0", "1"])):
        rows = [[*row] for row in genuine["peaks"]]
        rows[1][level] = entry
        reason = rf"peaks\[1\]\[{level}\] is not infinite"
        refused(reason, room.confirm_peaks, curves(), rows, F(1), silent)
    rows = genuine["peaks"]
    refused("one list a law", room.confirm_peaks, curves(), rows[:2], F(1), silent)
    refused(
        "one entry a level", room.confirm_peaks, curves(), [*rows[:2], rows[2][:3]], F(1), silent
    )


def test_what_is_told_while_peaks_are_checked(genuine):
    told = []
    room.confirm_peaks(curves(), genuine["peaks"], F(1), lambda *given: told.append(given))
    assert told == [(k / 3, 1.0, f"peaks, law {k + 1} of 3") for k in range(3)]


@pytest.mark.parametrize(("end", "high", "low"), [("plus", 3, 2), ("minus", 1, 0)])
def test_gaps_are_short_of_their_value_by_a_millionth_at_most(genuine, end, high, low):
    gap = exact(lambda: curves().at(600).gap(high, low))

    def given(value):
        return {**genuine["limits"], end: {**genuine["limits"][end], "gap": str(value)}}

    share = F(1, 2**20)
    for factor in (1 - F(1, 2**60), 1 / (1 + share) + F(1, 2**60)):
        room.confirm_limits(curves(), given(gap * factor))
    for factor in (1 + F(1, 2**60), 1 / (1 + share) - F(1, 2**60)):
        refused(f"limits.{end}.gap misses", room.confirm_limits, curves(), given(gap * factor))
    for value in (F(0), -gap):
        refused(f"limits.{end}.gap is not positive", room.confirm_limits, curves(), given(value))
    missing = {**genuine["limits"], end: {**genuine["limits"][end], "gap": None}}
    refused("not an exact fraction", room.confirm_limits, curves(), missing)


def test_the_gap_of_a_constant_m_is_left_out():
    still = RECORD | {"next_token_probs": [["1/4", "1/4", "1/4", "1/8", "1/8"]] * 4}
    record = certify(read_exact(still)).record
    flat = curves(still, record["laws"], record["levels"])
    room.confirm_limits(flat, record["limits"])
    assert room.confirm_cross_entropy(flat, record["cross_entropy"]) == []
    given = {**record["limits"], "plus": {**record["limits"]["plus"], "gap": "1"}}
    refused("limits.plus.gap: M is constant", room.confirm_limits, flat, given)
    sample = {"strength": "1", "increase": ["0", "0"]}
    given = {**record["cross_entropy"], "samples": [sample]}
    refused(r".", room.confirm_cross_entropy, flat, given)


def test_masses_and_factors_are_exact(genuine):
    for key in ("masses", "factors"):
        for end in ("plus", "minus"):
            limit = genuine["limits"][end]
            given = {**genuine["limits"], end: {**limit, key: [*limit[key][:2], "1/3000"]}}
            refused(f"limits.{end}.{key} are wrong", room.confirm_limits, curves(), given)


def test_the_cross_entropy_is_enclosed_to_30_bits(genuine):
    entry = genuine["cross_entropy"]
    assert room.confirm_cross_entropy(curves(), entry) == [
        F(sample["strength"]) for sample in entry["samples"]
    ]
    share = F(1, 2**30)
    for low, is_fine in ((1 - share, True), (1 - share * (1 + F(1, 2**20)), False)):
        variance = exact(lambda: curves().at(600).variance) * (1 + F(1, 2**200))
        given = {**entry, "variance": texts(variance * low, variance)}
        if is_fine:
            room.confirm_cross_entropy(curves(), given)
        else:
            refused("variance is wider", room.confirm_cross_entropy, curves(), given)
        strength = F(entry["samples"][1]["strength"])
        value = exact(lambda s=strength: increase(curves().at(600), s)) * (1 + F(1, 2**200))
        sample = {"strength": str(strength), "increase": texts(value * low, value)}
        given = {**entry, "samples": [entry["samples"][0], sample, *entry["samples"][2:]]}
        if is_fine:
            room.confirm_cross_entropy(curves(), given)
        else:
            reason = r"samples\[1\].increase is wider"
            refused(reason, room.confirm_cross_entropy, curves(), given)


@pytest.mark.parametrize(
    "order", [(0, 1, 2, 3, 4), (0, 1, 2, 3, 4, 4), (0, 1, 2, 3, 4, 5, 0), (), (0, 1, 2, 0, 1, 2)]
)
def test_the_cross_entropy_is_given_at_six_strengths(genuine, order):
    samples = [genuine["cross_entropy"]["samples"][i] for i in order]
    given = {**genuine["cross_entropy"], "samples": samples}
    refused(
        "ΔCE is needed at -8, -2, -1/2, 1/2, 2, 8 times a power of two",
        room.confirm_cross_entropy,
        curves(),
        given,
    )


# R is 1.936: 1/2 is the power of two next to 1/R, and 1 may be it still.
MULTIPLES = [F(-8), F(-2), F(-1, 2), F(1, 2), F(2), F(8)]
HALVES = [m / 2 for m in MULTIPLES]


@pytest.mark.parametrize(
    ("strengths", "reason"),
    [
        (HALVES, None),
        (MULTIPLES, None),
        ([m * 2 for m in MULTIPLES], "the unit of the strengths, 2, is not near to 1/R"),
        ([m / 4 for m in MULTIPLES], "the unit of the strengths, 1/4, is not near to 1/R"),
        ([m / 2**130 for m in MULTIPLES], "is not near to 1/R"),
        ([m * 2**130 for m in MULTIPLES], "is not near to 1/R"),
        ([m * 3 / 5 for m in MULTIPLES], "times a power of two"),
        ([m * 3 / 4 for m in MULTIPLES], "times a power of two"),
        ([m * 5 / 8 for m in MULTIPLES], "times a power of two"),
        ([F(n, 10**40) for n in (-3, -2, -1, 1, 2, 3)], "times a power of two"),
        ([-m for m in HALVES], "times a power of two"),
        ([*HALVES[:5], F(5)], "times a power of two"),
        ([F(0)] * 6, "times a power of two"),
        ([*HALVES, F(16)], "times a power of two"),
    ],
)
def test_strengths_are_those_at_which_the_bounds_say_something(strengths, reason):
    if reason is None:
        room._require_strengths(curves(), strengths)
    else:
        refused(reason, room._require_strengths, curves(), strengths)


def test_the_unit_of_strengths_is_judged_with_as_many_bits_as_it_takes():
    e = F(1, 10**60)
    rows = [[str(F(1, 3) + e), str(F(1, 3) - e), "1/3"], ["1/3"] * 3]
    record = {"next_token_probs": rows, "target": [True, False, False]}
    near = curves(record | {"positive": [0], "negative": [1]}, [[0], [1]], [[1], [2], [0]])
    unit = F(2) ** 197  # R is 6e, and 1/R is 2^196.7
    room._require_strengths(near, [m * unit for m in MULTIPLES])
    for factor in (2, F(1, 4)):
        strengths = [m * unit * factor for m in MULTIPLES]
        refused("is not near to 1/R", room._require_strengths, near, strengths)


def test_m_is_0_only_where_it_is_exactly(genuine):
    # products of two laws of two: p_0 p_1 = p_2 p_3 token by token, so that M is 0 throughout
    two = [["2/3", "1/3"], ["3/4", "1/4"], ["1/5", "4/5"], ["3/7", "4/7"]]
    pairs = ((0, 1), (2, 3), (0, 3), (2, 1))
    record = {
        "next_token_probs": [[str(F(x) * F(y)) for x in two[i] for y in two[j]] for i, j in pairs],
        "target": [True, False, False, False],
        "positive": [0, 1],
        "negative": [2, 3],
    }
    made = certify(read_exact(record)).record
    assert made["log_odds"] == [["0", "0"]]
    flat = curves(record, made["laws"], made["levels"])
    room.confirm_log_odds(flat, made["log_odds"])
    zero = [*genuine["log_odds"][:2], ["0", "0"], genuine["log_odds"][3]]
    refused(
        r"log_odds\[2\] is 0, and M of this level is not", room.confirm_log_odds, curves(), zero
    )


def test_peaks_that_no_precision_tells_apart_may_overlap():
    tiny = F(1, 2**2600)
    for width, is_narrow in ((tiny, True), (F(1, 2**2000), False)):
        assert room.is_narrowest((F(1), 1 + width), F(1)) is is_narrow
        assert room.is_narrowest((F(-width), width), F(1)) is is_narrow


# Levels 0 to 3, the target 2 and 3: low = 2, high = 1. Peaks of levels 1 and 2 of two laws.
ABOVE = Levels([[0], [1], [2], [3]], [0, 1, 2, 3], 2, 1)
BELOW, EVEN = ABOVE._replace(low=1, high=2), ABOVE._replace(low=1, high=1)


def rows(*pairs):
    return [[(-inf, -inf), off, on, (inf, inf)] for off, on in pairs]


@pytest.mark.parametrize(
    ("levels", "off", "on", "expected"),
    [
        (ABOVE, (F(1), F(2)), (F(3), F(5)), (F(2), F(3))),
        (ABOVE, None, (F(3), F(5)), None),
        (ABOVE, (F(1), F(2)), None, None),
        (ABOVE, (F(0), F(0)), (F(0), F(0)), (F(0), F(0))),
        (BELOW, (F(1), F(2)), (F(3), F(5)), None),
        (EVEN, (F(1), F(2)), (F(3), F(5)), None),
    ],
)
def test_the_sweet_spot_of_one_law(levels, off, on, expected):
    assert room.sweet_spot(levels, rows((off, on))[0]) == expected


@pytest.mark.parametrize(
    ("levels", "pairs", "expected"),
    [
        (ABOVE, [((F(1), F(2)), (F(5), F(6))), ((F(2), F(3)), (F(7), F(8)))], ["3", "5"]),
        (ABOVE, [((F(1), F(2)), (F(5), F(6))), ((F(0), F(1)), (F(3), F(4)))], ["2", "3"]),
        # from 5 and 7 on, up to 6 at the earliest: whether there is one is open
        (ABOVE, [((F(5), F(7)), (F(6), F(8))), ((F(0), F(1)), (F(10), F(11)))], None),
        (ABOVE, [((F(5), F(7)), (F(7), F(8))), ((F(0), F(1)), (F(10), F(11)))], None),
        (ABOVE, [((F(8), F(9)), (F(9), F(10))), ((F(0), F(1)), (F(7), F(8)))], "empty"),
        (ABOVE, [((F(8), F(9)), (F(9), F(10))), ((F(0), F(1)), (F(6), F(7)))], "empty"),
        (ABOVE, [((F(8), F(9)), (F(9), F(10))), ((F(0), F(1)), (F(7), F(17, 2)))], None),
        (ABOVE, [(None, (F(5), F(6))), ((F(2), F(3)), (F(7), F(8)))], None),
        (ABOVE, [((F(1), F(2)), (F(5), F(6))), ((F(2), F(3)), None)], None),
        (BELOW, [((F(1), F(2)), (F(5), F(6)))], "empty"),
        (EVEN, [((F(1), F(2)), (F(5), F(6)))], "empty"),
    ],
)
def test_the_sweet_spot_of_all_laws(levels, pairs, expected):
    assert room.common_sweet_spot(levels, rows(*pairs)) == expected


def test_infinite_ends_of_sweet_spots_are_written_as_words():
    outer = ABOVE._replace(low=3, high=0)
    assert room.common_sweet_spot(outer, rows((None, None))) == ["-inf", "inf"]
    assert room.sweet_spot(outer, rows((None, None))[0]) == (-inf, inf)

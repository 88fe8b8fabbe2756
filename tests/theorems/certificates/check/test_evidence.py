"""What a certificate may enclose: entries that are just narrow enough, and entries that are not."""

from fractions import Fraction as F
from math import inf

import pytest
from flint import ctx

from tests.theorems.certificates.check.test_curves import RECORD, curves
from theorems.certificates import certify
from theorems.certificates.check import evidence as room
from theorems.certificates.check.curves import increase
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


def test_peaks_may_be_left_open_and_the_outer_ones_are_infinite(genuine):
    rows = [[*row] for row in genuine["peaks"]]
    rows[0][1] = rows[1][2] = None
    found = room.confirm_peaks(curves(), rows, F(1), silent)
    assert found[0][1] is found[1][2] is None
    assert all(row[0] == (-inf, -inf) and row[3] == (inf, inf) for row in found)
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
    refused("ΔCE needs six different strengths", room.confirm_cross_entropy, curves(), given)


@pytest.mark.parametrize(
    ("strengths", "is_fine"),
    [
        ((-3, -2, -1, 1, 2, 3), True),
        ((3, -1, 1, -2, 2, -4), True),
        ((-3, -2, 0, 1, 2, 3), False),
        ((-3, -2, -1, 0, 1, 2, 3), False),
        ((-4, -3, -2, -1, 1, 2), False),
        ((-2, -1, 1, 2, 3, 4), False),
        ((-3, -2, -2, 1, 2, 3), False),
        ((-4, -3, -2, -1, 1, 2, 3), False),
    ],
)
def test_three_of_the_strengths_are_on_each_side(strengths, is_fine):
    assert room.is_three_a_side([F(s) for s in strengths]) is is_fine


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

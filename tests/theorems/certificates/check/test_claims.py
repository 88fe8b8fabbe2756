"""What the checker concludes from evidence, claim by claim, and which witnesses it takes."""

from dataclasses import replace
from fractions import Fraction as F
from math import inf

import pytest

from tests.theorems.certificates.check.test_curves import RECORD, curves
from theorems.certificates import certify
from theorems.certificates.check import claims as room
from theorems.certificates.check import masses
from theorems.certificates.check.evidence import Evidence
from theorems.certificates.check.fields import Refused
from theorems.certificates.check.instance import Levels
from theorems.tables.exact import read_exact


def outer(*rows):
    """Peaks of one law a row, with those of Mbot and Mtop."""
    return [[(-inf, -inf), *row, (inf, inf)] for row in rows]


def evidence(record=RECORD, peaks=None, windows=(), levels=None):
    made = certify(read_exact(record)).record
    found = curves(record, made["laws"], made["levels"])
    if levels is not None:
        found = replace(found, levels=levels)
    ends = {"inf": inf, "-inf": -inf}
    shown = [
        [None if pair is None else tuple(ends.get(end) or F(end) for end in pair) for pair in row]
        for row in made["peaks"]
    ]
    return Evidence(found, shown if peaks is None else peaks, list(windows))


def concludes(claim, found, expected, witness=None):
    assert room.CLAIMS[claim][0](found, witness) == expected


def fails_with(claim, found, right, wrong):
    """The claim fails with each witness that is right; with any other the certificate is refused."""
    for witness in right:
        concludes(claim, found, "fails", witness)
    for witness in wrong:
        with pytest.raises((Refused, LookupError)):
            room.CLAIMS[claim][0](found, witness)


# Two concepts of two tokens, a context of each; M is log a/b on the target, log b/a off it.
TWO = {
    "in_concept": ["3/5", "1/5", "3/5", "1/5"],
    "off_concept": ["1/10", "1/10", "1/10", "1/10"],
    "token_concept": [0, 0, 1, 1],
    "contexts": [0, 1],
    "positive": [0],
    "negative": [1],
}
CONSTANT = TWO | {"contexts": [0, 0, 1], "positive": [0], "negative": [1]}
# M = 0 at tokens 0 and 1, below and above at 2 and 3
ZERO = {
    "next_token_probs": [["1/4", "1/4", "1/8", "3/8"], ["1/4", "1/4", "3/8", "1/8"]],
    "positive": [0],
    "negative": [1],
}


def test_log_odds_of_the_wrong_sign():
    concludes("lemma-b4.sign", evidence(TWO), "holds")
    wrong = evidence(ZERO | {"target": [True, False, False, True]})
    refused = [{"token": z} for z in (1, 3, 4, False, "0")]
    refused += [{}, None, [0], {"token": 0, "note": "trust me"}]
    fails_with("lemma-b4.sign", wrong, [{"token": 0}], refused)
    none_above = evidence(ZERO | {"target": [False, True, True, False]})
    fails_with(
        "lemma-b4.sign", none_above, [{"token": k} for k in (1, 2, 3)], [{"token": 0}, {"token": 4}]
    )


def test_bumps_are_there_once_all_peaks_are_bracketed():
    found = evidence(TWO)
    concludes("thm-3.3.bump", found, "holds")
    open_one = replace(
        found, peaks=[found.peaks[0], [*found.peaks[1][:2], None, found.peaks[1][3]]]
    )
    concludes("thm-3.3.bump", open_one, "undecided")


@pytest.mark.parametrize(
    ("claim", "witness"),
    [
        ("thm-3.3.monotone", {"token": 0}),
        ("ce.convex", {"strength": "0"}),
    ],
)
def test_a_constant_m_breaks_what_is_strict(claim, witness):
    concludes(claim, evidence(TWO), "holds")
    wrong = [None, {}, {"token": 1}, {"token": False}, {"strength": "1"}, {"strength": 0}]
    fails_with(claim, evidence(CONSTANT), [witness], wrong)


@pytest.mark.parametrize("claim", ["prop-b1.limit-plus", "prop-b1.limit-minus", "limit.rate"])
def test_limits_hold_of_every_tilt(claim):
    for record in (TWO, CONSTANT):
        concludes(claim, evidence(record), "holds")


# Tokens 0 and 1 make T; four levels of one token each, whose order the cases choose.
def ordered(low, high):
    return Levels([[0], [1], [2], [3]], [0, 1, 2, 3], low, high)


EARLY, LATE, TOUCHING, ACROSS = (F(0), F(1)), (F(2), F(3)), (F(1), F(3)), (F(1, 2), F(3))


@pytest.mark.parametrize(
    ("peaks", "expected"),
    [
        ([(EARLY, LATE), (EARLY, LATE)], "holds"),
        ([(EARLY, LATE), (EARLY, TOUCHING)], "undecided"),
        ([(EARLY, ACROSS), (EARLY, LATE)], "undecided"),
        ([(LATE, EARLY), (LATE, EARLY)], "undecided"),
        ([(None, LATE), (EARLY, LATE)], "undecided"),
        ([(EARLY, LATE), (EARLY, None)], "undecided"),
    ],
)
def test_peaks_of_the_target_come_last(peaks, expected):
    found = evidence(TWO, outer(*peaks), levels=ordered(2, 1))
    concludes("thm-3.3.peak-order", found, expected)
    # below: the target's peak is the first of the two, and the claim fails where it is before the other
    found = evidence(TWO, outer(*peaks), levels=ordered(1, 2))
    if expected == "holds":
        witness = {"context": 1, "target": 1, "other": 2}
        fails_with("thm-3.3.peak-order", found, [witness], [None, {}])
    else:
        concludes("thm-3.3.peak-order", found, "undecided")


def test_a_tie_of_target_and_rest_breaks_the_order_of_peaks():
    found = evidence(TWO, outer((EARLY, LATE), (EARLY, LATE)), levels=ordered(2, 2))
    right = {"context": 0, "target": 0, "other": 2}
    wrong = [
        right | {"context": 2},
        right | {"context": -1},
        right | {"context": True},
        right | {"target": 2},
        right | {"other": 1},
        {"context": 0, "target": 0},
        right | {"more": 1},
    ]
    fails_with("thm-3.3.peak-order", found, [right, right | {"context": 1}], wrong)
    tied = Levels([[0], [1, 2], [3]], [0, 1, 1, 2], 1, 1)
    found = evidence(TWO, outer((EARLY,), (EARLY,)), levels=tied)
    fails_with("thm-3.3.peak-order", found, [{"context": 0, "target": 1, "other": 2}], [])
    above = Levels([[2], [0], [1], [3]], [1, 2, 0, 3], 2, 2)
    found = evidence(TWO, outer((EARLY, LATE), (EARLY, LATE)), levels=above)
    fails_with("thm-3.3.peak-order", found, [{"context": 0, "target": 0, "other": 3}], [right])


@pytest.mark.parametrize(
    ("peak", "expected"),
    [
        (EARLY, "holds"),
        ((F(1), F(2)), "holds"),
        ((F(-2), F(-1)), "fails"),
        ((F(-1), F(0)), "fails"),
        ((F(-9), F(9)), "holds"),  # around 0, where the curve still rises
        (None, "undecided"),
    ],
)
def test_peaks_on_the_right_side_of_zero(peak, expected):
    # of the context off the target, which is the second; tokens 0 and 1 make T, at levels 3 and 2
    found = evidence(TWO)
    assert found.curves.levels.tokens[2] == [1]
    first, second = found.peaks
    found = replace(
        found,
        peaks=[
            [first[0], (F(-9), F(-8)), (F(-9), F(-8)), first[3]],
            [*second[:2], peak, second[3]],
        ],
    )
    claim = "remark-3.4.positive-peaks"
    if expected == "fails":
        wrong = [
            None,
            {"context": 0, "token": 1},
            {"context": 1, "token": 0},
            {"context": 1, "token": 2},
            {"context": True, "token": 1},
            {"context": 1, "token": True},
            {"context": 1, "token": 1, "note": "trust me"},
            {},
        ]
        fails_with(claim, found, [{"context": 1, "token": 1}], wrong)
    else:
        concludes(claim, found, expected)


# In the last row the mean of M is M of token 1: its peak is at 0, exactly.
AT_ZERO = {
    "next_token_probs": [["1/2", "1/4", "1/4"], ["1/4", "1/4", "1/2"], ["1/5", "3/5", "1/5"]],
    "target": [True, True, False],
    "token_concept": [0, 0, 1],
    "contexts": [0, 1, 1],
    "positive": [0],
    "negative": [1],
}


def test_a_peak_at_zero_is_not_positive():
    found = evidence(AT_ZERO)
    low, high = found.peaks[2][1]
    assert low < 0 < high
    fails_with(
        "remark-3.4.positive-peaks",
        found,
        [{"context": 2, "token": 1}],
        [{"context": 1, "token": 0}, {"context": 0, "token": 1}, {"context": 2, "token": 0}],
    )
    concludes("sign-rule", found, "holds")


def test_the_target_falls_where_the_witness_says_so():
    claim = "thm-3.6.target-increasing"
    concludes(claim, evidence(TWO), "holds")
    # δ = 0: no target token is below another
    concludes(claim, evidence(ZERO | {"target": [False, True, False, True]}), "holds")
    # T = {0, 2}: Mbot and 0; F_T falls everywhere, and Mtop holds no target token
    down = evidence(ZERO | {"target": [True, False, True, False]})
    at = {"context": 0, "strength": "0"}
    right = [
        at,
        at | {"context": 1},
        at | {"strength": "-7/2"},
        at | {"strength": "+inf"},
        at | {"strength": "-inf"},
    ]
    wrong = [
        None,
        {},
        at | {"context": 2},
        at | {"context": -1},
        at | {"context": False},
        at | {"strength": "nan"},
        at | {"strength": "0/1"},
        at | {"strength": 0},
    ]
    fails_with(claim, down, right, [*wrong, at | {"more": 1}])
    # T holds Mbot and Mtop: all mass is on it at -∞ already, so it falls at first, but not at +∞
    both = evidence(ZERO | {"target": [False, False, True, True]})
    right = [at | {"strength": at_end} for at_end in ("-5", "-inf")]
    fails_with(claim, both, right, [at | {"strength": at_end} for at_end in ("5", "+inf")])
    # ties across: Mtop holds a token of T and one off it
    rows = [["1/4", "1/4", "1/4", "1/4"], ["1/8", "1/8", "1/4", "1/2"]]
    tied = ZERO | {"next_token_probs": rows, "target": [True, False, False, True]}
    fails_with(claim, evidence(tied), [], [at | {"strength": "+inf"}])
    anywhere = at | {"strength": "7/3"}
    fails_with(
        claim,
        evidence(CONSTANT),
        [at, anywhere],
        [None, *(at | {"strength": s} for s in ("+inf", "-inf", "trust me", 0, None))],
    )


# M is 0, 1, 2, 3 in units of log 2, T = {1, 3}: F_T rises far out, and falls where 2 outweighs 3.
BETWEEN = {
    "next_token_probs": [
        ["1/15", "2/15", "4/15", "8/15"],
        ["1/4"] * 4,
        ["1/16", "7/16", "7/16", "1/16"],
    ],
    "target": [False, True, False, True],
    "positive": [0],
    "negative": [1],
}


def test_a_fall_of_the_target_is_not_left_undecided():
    claim, found = "thm-3.6.target-increasing", evidence(BETWEEN)
    assert not any(masses._ends_wrongly(found, is_plus) for is_plus in (True, False))
    falls = {s: masses.target_falls(found.curves, 2, F(s)) for s in ("0", "-1", "-4", "4")}
    assert set(falls.values()) == {True, False}
    for strength, is_fall in falls.items():
        witness = {"context": 2, "strength": strength}
        fails_with(claim, found, [witness] * is_fall, [None] + [witness] * (not is_fall))
    # a law in which it rises all along
    steady = evidence(BETWEEN | {"next_token_probs": BETWEEN["next_token_probs"][:2]})
    concludes(claim, steady, "undecided")


# F_T falls next to one strength alone, where one token of T outweighs the others as one off T does.
# M is `levels` in units of log 2; the third law, steered to `strength`, is in proportion to `shares`.
FALLS_ONCE = {
    "the peak of the second level": (-100, (0, 0, 1, 2, 3), (1000, 1, 1, 1000, 1), (0, 2, 4)),
    "the peak of the third level": (100, (0, 1, 2, 3, 3), (1, 1000, 1, 1000, 1), (1, 4)),
}


@pytest.mark.parametrize(
    ("strength", "levels", "shares", "target"), FALLS_ONCE.values(), ids=FALLS_ONCE
)
def test_a_fall_of_the_target_is_looked_for_at_peaks(strength, levels, shares, target):
    laws = (
        [F(2) ** k for k in levels],
        [F(1)] * 5,
        [s * F(2) ** (-strength * k) for s, k in zip(shares, levels, strict=True)],
    )
    record = {
        "next_token_probs": [[str(x / sum(law)) for x in law] for law in laws],
        "target": [z in target for z in range(5)],
        "positive": [0],
        "negative": [1],
    }
    witness = {"context": 2, "strength": str(strength)}
    fails_with("thm-3.6.target-increasing", evidence(record), [witness], [None])


# Three concepts of one token; the second is in between, the third at the bottom.
THREE = {
    "next_token_probs": [["1/2", "1/4", "1/4"], ["1/8", "1/4", "5/8"]],
    "target": [True, False, False],
    "token_concept": [0, 1, 2],
    "positive": [0],
    "negative": [1],
}


def test_concepts_that_vanish_or_decrease():
    without = {k: v for k, v in THREE.items() if k != "token_concept"}
    none_off = THREE | {"target": [True, True, False], "token_concept": [0, 1, 1]}
    for claim in ("thm-3.6.vanishing", "thm-3.6.decreasing"):
        concludes(claim, evidence(THREE), "holds")
        concludes(claim, evidence(without), "holds")
        concludes(claim, evidence(none_off), "holds")
    two = THREE | {"token_concept": [0, 1, 1]}  # tokens 1 and 2 make one concept: it holds Mbot
    others = [{"concept": 0, "strength": "-inf"}, {"concept": 2, "strength": "-inf"}]
    wrong = [None, {}, {"concept": 1}, *others, {"concept": 1, "strength": "0"}]
    wrong += [{"concept": True, "strength": "-inf"}, {"concept": 1, "strength": "+inf"}]
    fails_with("thm-3.6.vanishing", evidence(two), [{"concept": 1, "strength": "-inf"}], wrong)
    concludes("thm-3.6.decreasing", evidence(two), "holds")
    low = THREE | {"target": [False, False, True]}  # concepts 0 and 1 are above the target
    rising = [{"concept": k, "strength": end} for k, end in ((0, "+inf"), (0, "-inf"), (1, "-inf"))]
    wrong = [None, {}, {"concept": 1, "strength": "+inf"}, {"concept": 2, "strength": "-inf"}]
    fails_with("thm-3.6.decreasing", evidence(low), rising, wrong)
    flat = THREE | {"next_token_probs": [["1/2", "1/4", "1/4"]] * 2}
    ends = [{"concept": k, "strength": end} for k in (1, 2) for end in ("+inf", "-inf")]
    fails_with(
        "thm-3.6.vanishing", evidence(flat), ends, [None, {"concept": 0, "strength": "+inf"}]
    )
    wrong = [None, {}, {"concept": 2}, {"concept": 0}, {"concept": True}]
    fails_with("thm-3.6.decreasing", evidence(flat), [{"concept": 1}], wrong)
    concludes("thm-3.6.decreasing", evidence(flat | {"token_concept": [0, 0, 0]}), "holds")


def test_a_concept_that_rises_at_neither_end_is_left_open():
    """Concept 0 holds Mbot, and a token between two of the target: not the lowest, nor the highest."""
    between = ZERO | {
        "next_token_probs": [["3/10", "1/5", "1/10", "2/5"], ["3/10", "1/4", "7/20", "1/10"]],
        "target": [False, True, False, True],
        "token_concept": [0, 1, 0, 1],
    }
    assert certified("thm-3.6.decreasing", between) == ("undecided", None)
    concludes("thm-3.6.decreasing", evidence(between), "undecided")


@pytest.mark.parametrize("claim", ["thm-3.6.vanishing", "thm-3.6.decreasing"])
def test_the_first_version_leaves_open_which_concepts_are_meant(claim):
    low = THREE | {"target": [False, False, True], "token_concept": [0, 0, 1]}
    concludes(claim, replace(evidence(low), version=1), "undecided")
    assert certified(claim, low) == ("fails", {"concept": 0, "strength": "+inf"})


def certified(claim, record):
    """What the writer says of the claim: the conclusion and its witness."""
    found = next(c for c in certify(read_exact(record)).record["claims"] if c["id"] == claim)
    return found["conclusion"], found["witness"]


def test_what_is_proved_of_every_m_that_varies():
    for name in ("ce.upper-bounds", "ce.lower-bounds", "ce.remainder", "ce.asymptote"):
        concludes(name, evidence(TWO), "holds")
        concludes(name, evidence(CONSTANT), "undecided")
    for record in (TWO, CONSTANT):
        concludes("thm-3.8.quadratic", evidence(record), "holds")


def test_theorems_that_are_cited_are_proved_of_that_claim():
    from theorems.proofs import PROVED_BY

    assert set(room.THEOREMS) < set(room.CLAIMS)
    for claim, cited in room.THEOREMS.items():
        assert set(cited) <= set(PROVED_BY[claim]), claim
    evaluated = set(room.CLAIMS) - set(room.THEOREMS)
    assert len(evaluated) == 8
    # what is cited needs the order of M and positive weights alone; the rest needs peaks, or no α at all
    found = evidence(TWO, windows=[(F(0), F(9))] * 2)
    blank = replace(found, peaks=[[None] * 4] * 2, windows=[None, None])
    for claim in room.CLAIMS:
        exact = "lemma-b4.sign", "contrastive.geometric-path", "sign-separation.pairs"
        is_peakless = claim in (*exact, *room.THEOREMS)
        is_kept = (
            claim == "thm-3.6.vanishing"
        )  # by concept 1, of two: it fails, and needs a witness
        witness = {"concept": 1, "strength": "-inf"} if is_kept else None
        outcome = room.CLAIMS[claim][0](found, witness)
        without = room.CLAIMS[claim][0](blank, witness)
        assert without == (outcome if is_peakless else "undecided"), claim


def test_the_sign_rule_compares_every_peak():
    claim, found = "sign-rule", evidence()
    concludes(claim, found, "holds")
    for law in range(3):
        for level in (1, 2):
            low, high = found.peaks[law][level]
            for ends, expected in (
                ((-high, -low), "undecided"),
                (None, "undecided"),
                ((F(-1000), F(1000)), "holds"),  # around 0: the slope there tells
            ):
                rows = [[*row] for row in found.peaks]
                rows[law][level] = ends
                concludes(claim, replace(found, peaks=rows), expected)
    concludes(claim, evidence(CONSTANT), "undecided")


def test_the_geometric_path_needs_one_law_in_n():
    claim = "contrastive.geometric-path"
    concludes(claim, evidence(TWO), "holds")
    concludes(claim, evidence(ZERO | {"target": [True, False, False, False]}), "holds")
    rows = [
        ["1/2", "1/4", "1/4"],
        ["1/8", "1/4", "5/8"],
        ["1/8", "1/4", "5/8"],
        ["1/3", "1/3", "1/3"],
    ]
    record = THREE | {"next_token_probs": rows}
    concludes(claim, evidence(record | {"negative": [1, 2]}), "holds")
    concludes(claim, evidence(record | {"positive": [1, 2], "negative": [0]}), "holds")
    wrong = [{"context": j} for j in (0, 1, 2, 4, True, "3")]
    fails_with(
        claim,
        evidence(record | {"negative": [1, 3]}),
        [{"context": 3}],
        [*wrong, {"context": 3, "token": 0}, {}, None],
    )
    two_in_p = evidence(record | {"positive": [0, 3], "negative": [1, 2]})
    at = {"context": 1, "token": 1}
    wrong = [at | {"context": j} for j in (0, 3, 77, True)]
    wrong += [at | {"token": z} for z in (0, 3, -1, True, "1", None)]
    wrong += [None, {}, {"context": 1}, at | {"note": "trust me"}]
    fails_with(claim, two_in_p, [at, at | {"context": 2}, at | {"token": 2}], wrong)


def test_sweet_spots_are_long_enough():
    claim, found = "sweet-spot.nonempty", evidence(TWO)
    # M is ± log 6 and ± log 2: δ = 2 log 2, R = 2 log 6
    least = F(4 * 1386294361119890618834464, 10**24) / F(3583518938456110001624955, 10**24) ** 2
    start, more, less = F(-1, 3), least * (1 + F(1, 10**20)), least * (1 - F(1, 10**20))
    for lengths, expected in (
        ((more, more), "holds"),
        ((more, less), None),
        ((less, more), None),
        ((F(0), more), None),
    ):
        windows = [(start, start + length) for length in lengths]
        given = replace(found, windows=windows)
        if expected is None:
            with pytest.raises(Refused, match="brackets too wide to show that it is 4δ/R² long"):
                room.CLAIMS[claim][0](given, None)
            # brackets that no more bits make narrower may leave it open
            sharp = outer(*[((start, start), (start + n, start + n)) for n in lengths])
            given, expected = replace(given, peaks=sharp), "undecided"
        concludes(claim, given, expected)
    far = (start, start + 1)
    for window, expected in (
        ((-inf, F(0)), "holds"),
        ((F(0), inf), "holds"),
        ((-inf, inf), "holds"),
        (None, "undecided"),
    ):
        concludes(claim, replace(found, windows=[window, far]), expected)
        concludes(claim, replace(found, windows=[far, window]), expected)
    for window in ((start, start + less), (F(1), F(0))):
        with pytest.raises(Refused, match="brackets too wide"):
            room.CLAIMS[claim][0](replace(found, windows=[(-inf, F(0)), window]), None)
    for levels in (ordered(1, 2), ordered(2, 2)):
        wrong = [None, {}, {"context": 1}, {"context": False}]
        fails_with(claim, evidence(TWO, levels=levels), [{"context": 0}], wrong)

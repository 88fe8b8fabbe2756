"""Instances, laws and levels as the checker reads them: what is refused, and exact order."""

from fractions import Fraction as F

import pytest
from flint import ctx

from theorems.certificates.check import instance as room
from theorems.certificates.check.fields import Refused
from theorems.tables.exact import read_exact

TABLE = {
    "next_token_probs": [["1/2", "1/4", "1/4"], ["1/8", "3/8", "1/2"], ["1/8", "3/8", "1/2"]],
    "target": [True, False, False],
    "positive": [0],
    "negative": [1, 2],
}
RATES = {
    "in_concept": ["3/5", "1/5", "1/2", "3/10"],
    "off_concept": ["1/10"] * 4,
    "token_concept": [0, 0, 1, 1],
    "contexts": [1, 0],
    "positive": [0],
    "negative": [1],
}


def test_a_table_and_its_uniform_weights():
    found = room.read_instance(TABLE)
    assert found.rows[1] == [F(1, 8), F(3, 8), F(1, 2)]
    assert found.target == [True, False, False]
    assert found.weights == [F(1, 3)] * 3
    assert found.token_concept is found.context_concept is None


def test_rates_make_rows_and_the_first_context_of_p_names_the_target():
    found = room.read_instance(RATES)
    assert found.rows == [
        [F(1, 10), F(1, 10), F(1, 2), F(3, 10)],
        [F(3, 5), F(1, 5), F(1, 10), F(1, 10)],
    ]
    assert found.target == [False, False, True, True]
    given = room.read_instance(RATES | {"target": [True, False, False, True]})
    assert given.target == [True, False, False, True]
    assert (found.token_concept, found.context_concept) == ([0, 0, 1, 1], [1, 0])


def test_weights_as_given():
    weights = ["1/2", "1/3", "1/6"]
    assert room.read_instance(TABLE | {"context_weights": weights}).weights == [
        F(w) for w in weights
    ]


@pytest.mark.parametrize(
    ("positive", "negative", "exponents", "unit"),
    [
        ([0], [1], [1, -1, 0, 0, 0, 0], 1),
        ([0, 1], [2, 3], [1, 1, -1, -1, 0, 0], F(1, 2)),
        ([5], [2, 3], [0, 0, -1, -1, 0, 2], F(1, 2)),
        ([0, 1, 2, 3], [4, 5], [1, 1, 1, 1, -2, -2], F(1, 4)),
        ([0, 1], [2, 3, 4], [3, 3, -2, -2, -2, 0], F(1, 6)),
    ],
)
def test_whole_numbers_in_place_of_shares(positive, negative, exponents, unit):
    rows = [["1/2", "1/2"]] * 6
    record = {"next_token_probs": rows, "target": [True, False]}
    found = room.read_instance(record | {"positive": positive, "negative": negative})
    assert found.exponents == exponents
    assert found.unit == unit
    for j, e in enumerate(exponents):
        share = F(j in positive, len(positive)) - F(j in negative, len(negative))
        assert e * found.unit == share


BAD = [
    (None, "instance is null, not a JSON object"),
    (
        TABLE | {"name": "figure 3"},
        'instance has the key "name": a table has next_token_probs, target',
    ),
    (
        RATES | {"name": "figure 3"},
        'instance has the key "name": rates has in_concept, off_concept',
    ),
    (TABLE | RATES, 'instance has the key "in_concept": a table has'),
    (RATES | {"next_token_probs": TABLE["next_token_probs"]}, "instance lacks target: a table has"),
    (TABLE | {"contexts": [0, 1]}, "contexts has 2 entries; this instance needs 3"),
    (TABLE | {"token_concept": [0, 0, 1, 1]}, "token_concept has 4 entries; this instance needs 3"),
    (TABLE | {"token_concept": ["a", "a", "b"]}, "token_concept is not a whole number"),
    (TABLE | {"token_concept": None}, "token_concept is null, not a list"),
    (TABLE | {"token_concept": [0, 0, 10**6]}, "token_concept is not a whole number"),
    (RATES | {"target": None}, "target is null, not a list"),
    (
        RATES | {"in_concept": ["3/5", "1/5", "0.5", "3/10"]},
        r"in_concept\[2\] = '0.5' is not an exact",
    ),
    (
        RATES | {"in_concept": ["3/5", "1/5", "1/02", "3/10"]},
        r"in_concept\[2\] = '1/02' is not in lowest",
    ),
    (
        RATES | {"in_concept": ["3/5", "1/5", "2/4", "3/10"]},
        r"in_concept\[2\] = '2/4' is not in lowest",
    ),
    (
        TABLE | {"context_weights": ["1/2", "1/4", "2/8"]},
        r"context_weights\[2\] = '2/8' is not in lowest",
    ),
    (TABLE | {"next_token_probs": []}, "next_token_probs is empty"),
    (TABLE | {"next_token_probs": [[], []]}, "next_token_probs is empty"),
    (RATES | {"contexts": []}, "token_concept or contexts is empty"),
    (RATES | {"in_concept": ["1" * 402, "1/5", "1/2", "3/10"]}, r"in_concept\[0\] is"),
    (
        TABLE
        | {"next_token_probs": [["1/2", "1/4", "1/4"], ["1/8", "3/8", "1/2"], ["1/2", "1/2"]]},
        "row 2",
    ),
    (
        TABLE | {"next_token_probs": [["1/2", "1/4", "1/5"], ["1/8", "3/8", "1/2"]]},
        "row 0 is not a law",
    ),
    (
        TABLE | {"next_token_probs": [["1/2", "1/2", "0"], ["1/8", "3/8", "1/2"]]},
        "row 0 is not a law",
    ),
    (TABLE | {"next_token_probs": "1/2"}, 'next_token_probs is "1/2", not a list'),
    (TABLE | {"next_token_probs": [[0.5, 0.5]]}, "not an exact fraction"),
    (TABLE | {"next_token_probs": [["1e-1", "0.9"]]}, "not an exact fraction"),
    (TABLE | {"next_token_probs": [["-1", "2"]]}, "row 0 is not a law"),
    (RATES | {"in_concept": ["3/5", "1/5", "1/2"]}, "3, 4, 4 entries differ in length"),
    (RATES | {"off_concept": ["1/10"] * 5}, "differ in length"),
    (
        RATES | {"in_concept": ["4/5", "1/5", "3/5", "1/5"], "off_concept": ["0"] * 4},
        "is not a law",
    ),
    ({k: v for k, v in RATES.items() if k != "contexts"}, "instance lacks contexts: rates has"),
    (
        {k: v for k, v in RATES.items() if k != "token_concept"},
        "instance lacks token_concept: rates has",
    ),
    (
        {k: v for k, v in RATES.items() if k != "off_concept"},
        "instance lacks off_concept: rates has",
    ),
    (RATES | {"token_concept": ["a", "a", "b", "b"]}, "token_concept is not a whole number"),
    (RATES | {"token_concept": [False, False, True, True]}, "token_concept is not a whole number"),
    (RATES | {"contexts": [1, "0"]}, "contexts is not a whole number"),
    (TABLE | {"positive": []}, "P or N is empty"),
    (TABLE | {"negative": []}, "P or N is empty"),
    (TABLE | {"positive": [3]}, "P or N is out of range"),
    (TABLE | {"negative": [1, 3]}, "P or N is out of range"),
    (TABLE | {"positive": [-1]}, "positive is not a whole number"),
    (TABLE | {"positive": [True]}, "positive is not a whole number"),
    (TABLE | {"positive": [0, 0]}, "repeat or share"),
    (TABLE | {"negative": [0, 1]}, "repeat or share"),
    (TABLE | {"target": [True, False]}, "of the wrong length"),
    (TABLE | {"target": [True] * 3}, "or all tokens"),
    (TABLE | {"target": [False] * 3}, "the target is empty"),
    (TABLE | {"target": [1, 0, 0]}, "target does not hold true or false"),
    ({k: v for k, v in TABLE.items() if k != "target"}, "instance lacks target: a table has"),
    (TABLE | {"context_weights": ["1/2", "1/2"]}, "context_weights are not a law"),
    (TABLE | {"context_weights": ["1/2", "1/4", "1/5"]}, "context_weights are not a law"),
    (TABLE | {"context_weights": ["1/2", "1/2", "0"]}, "context_weights are not a law"),
    (TABLE | {"context_weights": None}, "context_weights is null, not a list"),
]


@pytest.mark.parametrize(("record", "reason"), BAD, ids=lambda value: str(value)[:30])
def test_what_is_no_instance_is_refused(record, reason):
    with pytest.raises(Refused, match=reason):
        room.read_instance(record)


def test_a_context_may_be_the_last():
    assert room.read_instance(TABLE | {"positive": [2], "negative": [0]}).positive == [2]


def test_laws_gather_their_contexts():
    weights, rows = {"context_weights": ["1/8", "1/2", "3/8"]}, TABLE["next_token_probs"]
    instance = room.read_instance(
        TABLE | weights | {"next_token_probs": [rows[1], rows[0], rows[1]]}
    )
    laws = room.read_laws(instance, [[0, 2], [1]])
    assert laws.rows == [instance.rows[0], instance.rows[1]]
    assert laws.exponents == [1, -1]
    assert laws.shares == [F(1, 2), F(-1, 2)]
    assert laws.weights == [F(1, 2), F(1, 2)]
    assert laws.of_context == [0, 1, 0]
    for value in (
        [[1], [0, 2]],
        [[2, 0], [1]],
        [[0], [1], [2]],
        [[0, 1], [2]],
        [[0, 1, 2]],
        [[0], [1]],
    ):
        with pytest.raises(
            Refused, match=r"laws are not the contexts grouped .*: \[\[0, 2\], \[1\]\]"
        ):
            room.read_laws(instance, value)
    for value in ([[False, 2], [1]], None, "laws", [[0.0, 2], [1]]):
        with pytest.raises(Refused, match="laws are not the contexts grouped"):
            room.read_laws(instance, value)


# M of tokens 0 and 1 are equal, from other numbers: e^{2M} = p_0 p_1 / p_2².
TIED = {
    "next_token_probs": [
        ["1/4", "1/16", "1/16", "5/8"],
        ["1/8", "1/2", "1/4", "1/8"],
        ["1/4", "1/4", "1/4", "1/4"],
    ],
    "target": [True, False, False, False],
    "positive": [0, 1],
    "negative": [2],
}


def laws_of(record):
    instance = room.read_instance(record)
    first = [instance.rows.index(row) for row in instance.rows]
    kinds = sorted(set(first))
    return room.read_laws(
        instance, [[j for j, k in enumerate(first) if k == kind] for kind in kinds]
    )


def test_order_and_sign_are_exact():
    laws = laws_of(TIED)
    # e^{2M} = 1/2, 1/2, 1/4, 5/4
    products = [F(1, 2), F(1, 2), F(1, 4), F(5, 4)]
    for y, over in enumerate(products):
        assert laws.sign(y) == (over > 1) - (over < 1)
        for z, under in enumerate(products):
            assert laws.order(y, z) == (over > under) - (over < under)
    with ctx.workprec(200):
        values = laws.log_odds([3, 2])
        assert values[0] > 0 > values[1]
        assert (2 * values[1]).exp().overlaps((values[0] * 0 + 1) / 4)


def test_levels_tie_within_and_rise_between():
    laws = laws_of(TIED)
    levels = room.read_levels(laws, [[2], [0, 1], [3]])
    assert (levels.top, levels.first, levels.of_token) == (2, [2, 0, 3], [1, 1, 0, 2])
    assert (levels.low, levels.high) == (1, 2)
    for value, reason in (
        ([[2], [0], [1], [3]], "level 1 is not below level 2"),
        ([[2], [3], [0, 1]], "level 1 is not below level 2"),
        ([[0, 1], [2], [3]], "level 0 is not below level 1"),
        ([[0, 2], [1], [3]], "tokens 0 and 2 do not tie"),
        ([[2], [0, 1, 3]], "tokens 0 and 3 do not tie"),
        ([[2], [1, 0], [3]], r"the tokens \[1, 0\] of a level are not in order"),
        ([[2], [0, 1]], "levels is not a partition"),
    ):
        with pytest.raises(Refused, match=reason):
            room.read_levels(laws, value)


def test_levels_that_balls_cannot_tell_apart_are_ordered_exactly():
    e = F(1, 10**120)
    row = [F(1, 4) + e, F(1, 4), F(1, 2) - e]
    rows = [[str(x) for x in row], ["1/3"] * 3]
    laws = laws_of(TABLE | {"next_token_probs": rows, "negative": [1]})
    assert room.read_levels(laws, [[1], [0], [2]]).of_token == [1, 0, 2]
    with pytest.raises(Refused, match="level 0 is not below level 1"):
        room.read_levels(laws, [[0], [1], [2]])
    with pytest.raises(Refused, match="do not tie"):
        room.read_levels(laws, [[0, 1], [2]])


def test_many_contexts_take_no_large_powers():
    # 2 · 997 · 1000 factors of 200 digits in whole powers
    e = F(1, 10**199)
    rows = [[str(F(1, 3) + e), str(F(1, 3) - e), "1/3"], ["1/3"] * 3]
    record = TABLE | {"next_token_probs": [rows[0]] * 997 + [rows[1]] * 1000}
    instance = room.read_instance(
        record | {"positive": list(range(997)), "negative": list(range(997, 1997))}
    )
    laws = room.read_laws(instance, [list(range(997)), list(range(997, 1997))])
    assert [laws.order(y, z) for y, z in ((0, 1), (1, 2), (0, 0))] == [1, -1, 0]
    assert [laws.sign(z) for z in range(3)] == [1, -1, 0]
    assert room.read_levels(laws, [[1], [2], [0]]).of_token == [2, 0, 1]


def test_tables_that_are_too_large_are_refused_at_once(monkeypatch):
    for record, size in ((RATES, 8), (TABLE, 9)):
        monkeypatch.setattr(room, "LARGEST_TABLE", size)
        room.read_instance(record)
        monkeypatch.setattr(room, "LARGEST_TABLE", size - 1)
        reason = f"m·V = {size} entries are more than a check takes, {size - 1}"
        with pytest.raises(Refused, match=reason):
            room.read_instance(record)
    monkeypatch.setattr(room, "LARGEST_TABLE", 10**6)
    monkeypatch.setattr(room, "LARGEST_DENOMINATOR", 4)
    room.read_instance(TABLE)
    monkeypatch.setattr(room, "LARGEST_DENOMINATOR", 3)
    with pytest.raises(Refused, match="row 1 has a common denominator of over 3 bits"):
        room.read_instance(TABLE)


def test_more_work_than_a_check_takes_is_refused_at_once(monkeypatch):
    laws, levels = laws_of(TIED), [[2], [0, 1], [3]]
    work = 3 * 3**2 + 3**2 * 4
    monkeypatch.setattr(room, "LARGEST_WORK", work)
    room.read_levels(laws, levels)
    monkeypatch.setattr(room, "LARGEST_WORK", work - 1)
    monkeypatch.setattr(room.Laws, "order", None)
    reason = (
        f"{work} terms, of C = 3 laws and K = 3 levels, are more than a check takes, {work - 1}"
    )
    with pytest.raises(Refused, match=reason):
        room.read_levels(laws, levels)


SAME = [
    RATES | {"target": [False, False, True, True]},
    RATES | {"context_weights": ["1/2", "1/2"]},
    dict(reversed(RATES.items())),
    {
        "next_token_probs": [["1/10", "1/10", "1/2", "3/10"], ["3/5", "1/5", "1/10", "1/10"]],
        "target": [False, False, True, True],
        "token_concept": [0, 0, 1, 1],
        "contexts": [1, 0],
        "positive": [0],
        "negative": [1],
    },
]
OTHER = [
    RATES | {"positive": [1], "negative": [0]},
    RATES | {"target": [True, False, False, False]},
    RATES | {"context_weights": ["1/3", "2/3"]},
    RATES | {"in_concept": ["2/5", "2/5", "1/2", "3/10"]},
    RATES | {"contexts": [1, 0, 0]},
    SAME[-1] | {"token_concept": [0, 0, 0, 1]},
    {k: v for k, v in SAME[-1].items() if k != "contexts"},
]


def test_one_instance_has_one_hash_however_it_is_written_on_both_sides():
    digests = [room.read_instance(record).sha256 for record in (RATES, *SAME, *OTHER)]
    assert digests == [read_exact(record).sha256 for record in (RATES, *SAME, *OTHER)]
    assert len(set(digests[: 1 + len(SAME)])) == 1
    assert len(set(digests)) == 1 + len(OTHER)
    # as documented: stable between versions
    assert digests[0] == "ba25d881b915a9e69a7666c9b0df2ff99f31c7c7af185f82eb603b361291d2de"
    decimals = RATES | {"in_concept": ["0.6", "2/10", "0.50", "3/10"], "positive": (0,)}
    assert read_exact(decimals).sha256 == digests[0]
    many = TABLE | {"positive": [2, 1], "negative": [0]}
    assert room.read_instance(many).sha256 == read_exact(many | {"positive": [1, 2]}).sha256

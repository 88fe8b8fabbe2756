"""The hypotheses as the checker decides them: as the other side does, and as worked out by hand."""

from fractions import Fraction as F

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from theorems.certificates import certify, check_certificate
from theorems.certificates.check import hypotheses as room
from theorems.certificates.check.instance import read_instance, read_laws, read_levels
from theorems.certificates.write.hypotheses import unmet
from theorems.certificates.write.levels import Levels
from theorems.tables.exact import read_exact


def both(record):
    """(the checker's unmet hypotheses, those of what writes certificates)."""
    exact = read_exact(record)
    levels = Levels(exact)
    laws = read_laws(read_instance(record), [list(group) for group in exact.classes])
    ours = room.unmet(laws, read_levels(laws, [list(group) for group in levels.tokens]))
    return ours, {name for name, reason in unmet(exact, levels).items() if reason is not None}


@st.composite
def law(draw, size, whole):
    parts = sorted(
        draw(st.lists(st.integers(0, whole - size), min_size=size - 1, max_size=size - 1))
    )
    return [F(b - a + 1, whole) for a, b in zip([0, *parts], [*parts, whole - size], strict=True)]


@st.composite
def steering(draw, contexts):
    order = draw(st.permutations(range(contexts)))
    p = draw(st.integers(1, contexts - 1))
    n = draw(st.integers(1, contexts - p))
    return {"positive": order[:p], "negative": order[p : p + n]}


@st.composite
def tables(draw):
    """Rows of small fractions, so that ties and equal rows are common; concepts may be given."""
    size, contexts = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    whole = draw(st.sampled_from([size + 2, 8]))
    rows = [[str(x) for x in draw(law(size, whole))] for _ in range(contexts)]
    target = draw(st.lists(st.booleans(), min_size=size, max_size=size))
    record = {"next_token_probs": rows, "target": [*target[:-1], all(target[:-1]) is False]}
    if not any(record["target"][:-1]):
        record["target"][-1] = True
    kinds = st.integers(0, 2)
    if draw(st.booleans()):
        record["token_concept"] = draw(st.lists(kinds, min_size=size, max_size=size))
    if draw(st.booleans()):
        record["contexts"] = draw(st.lists(kinds, min_size=contexts, max_size=contexts))
    return record | draw(steering(contexts))


@st.composite
def rates(draw):
    """a and b of G concepts of s tokens, a > b or not, and b of equal mass or not."""
    groups, size = draw(st.sampled_from([(2, 1), (2, 2), (3, 1), (3, 2)]))
    whole = draw(st.sampled_from([12, 40]))
    few = st.integers(1, 2)
    b = [draw(few) for _ in range(groups * size)]
    a = []
    for k in range(groups):
        own = whole - sum(b) + sum(b[k * size : k * size + size])
        a += [x * own for x in draw(law(size, draw(st.sampled_from([size + 1, 12]))))]
    contexts = draw(st.permutations([k for k in range(groups) for _ in range(2)]))
    record = {
        "in_concept": [str(F(x) / whole) for x in a],
        "off_concept": [str(F(x, whole)) for x in b],
        "token_concept": [z // size for z in range(groups * size)],
        "contexts": contexts,
        **draw(steering(2 * groups)),
    }
    if draw(st.booleans()):
        first = draw(st.integers(0, groups - 1))
        record["target"] = [k == first for k in record["token_concept"]]
    return record


TABLES_AND_RATES = tables() | rates()


@given(TABLES_AND_RATES)
@settings(max_examples=150)
def test_both_sides_find_the_same_hypotheses_unmet(record):
    ours, theirs = both(record)
    assert ours == theirs


# Four tokens of two concepts, two contexts of each; P and N as the theory has them.
GOOD = {
    "in_concept": ["3/5", "1/5", "3/5", "1/5"],
    "off_concept": ["1/10", "1/10", "1/10", "1/10"],
    "token_concept": [0, 0, 1, 1],
    "contexts": [0, 0, 1, 1],
    "positive": [0, 1],
    "negative": [2, 3],
}
CHANGES = [
    ({}, set()),
    ({"in_concept": ["3/5", "1/5", "7/10", "1/10"]}, {"assumption-1"}),
    ({"off_concept": ["1/10", "1/10", "3/20", "1/20"]}, set()),
    (
        {"positive": [2, 3], "negative": [0, 1], "target": [True, True, False, False]},
        {"target-contexts"},
    ),
    (
        {"positive": [0, 2], "negative": [1, 3], "target": [True, True, False, False]},
        {"target-contexts"},
    ),
    ({"positive": [0], "negative": [1, 2]}, set()),
    ({"target": [True, False, False, False]}, {"target-contexts"}),
    ({"target": [True, True, True, False]}, {"target-contexts"}),
]


@pytest.mark.parametrize(("change", "expected"), CHANGES)
def test_hypotheses_of_small_datasets(change, expected):
    ours, theirs = both(GOOD | change)
    assert ours == theirs
    assert ours & {"assumption-1", "target-contexts"} == expected


# The rates of the first concept depend on the context, as App. B.1 of the paper lets them.
VARYING = {
    "next_token_probs": [
        ["3/5", "1/5", "1/10", "1/10"],
        ["1/2", "3/10", "1/10", "1/10"],
        *[["1/10", "1/10", "3/5", "1/5"]] * 2,
    ],
    "target": [True, True, False, False],
    "token_concept": [0, 0, 1, 1],
    "contexts": [0, 0, 1, 1],
    "positive": [0, 1],
    "negative": [2, 3],
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, set()),
        ({"positive": [1]}, set()),
        # a context of T in N does not cancel: M(0) = log(6/5)/2 + log(6)/2 would do, others need not
        ({"positive": [0], "negative": [1, 2]}, {"target-contexts"}),
        ({"negative": [1], "positive": [0]}, {"target-contexts"}),
        # a = 1/10 = b in one of the contexts
        (
            {
                "next_token_probs": [
                    ["7/10", "1/10", "1/10", "1/10"],
                    *VARYING["next_token_probs"][1:],
                ]
            },
            {"assumption-1"},
        ),
        # b depends on the context
        (
            {
                "next_token_probs": [
                    *VARYING["next_token_probs"][:3],
                    ["1/20", "3/20", "3/5", "1/5"],
                ]
            },
            {"assumption-1"},
        ),
    ],
)
def test_rates_that_depend_on_the_context(change, expected):
    ours, theirs = both(VARYING | change)
    assert ours == theirs
    assert ours & {"assumption-1", "target-contexts"} == expected
    assert "concept-laws" in ours


def test_the_sign_lemma_is_certified_on_them():
    certificate = certify(read_exact(VARYING))
    assert certificate.verdicts["lemma-b4.sign"] == "holds"
    assert check_certificate(certificate.record)["lemma-b4.sign"] == "holds"


def three(own, off, **change):
    """One context each of three concepts of one or two tokens, steered from the second to the first."""
    size = len(own) // 3
    return {
        "in_concept": own,
        "off_concept": off,
        "token_concept": [z // size for z in range(3 * size)],
        "contexts": [0, 1, 2],
        "positive": [0],
        "negative": [1],
    } | change


@pytest.mark.parametrize(
    ("record", "is_met"),
    [
        (three(["4/5"] * 3, ["1/10"] * 3), {"concept-laws": True, "small-epsilon": True}),
        # (G-1)/G is where γ = ω stops: ε = 13/20 is below 2/3, and ε = 7/10 above it has a < b
        (three(["7/20"] * 3, ["13/40"] * 3), {"concept-laws": True, "small-epsilon": True}),
        (three(["3/10"] * 3, ["7/20"] * 3), {"concept-laws": False, "small-epsilon": False}),
        # Σ b of the concepts are 1/10 and 1/5
        (
            three(["7/10", "4/5", "7/10"], ["1/10", "1/5", "1/10"]),
            {"assumption-1": True, "concept-laws": False, "small-epsilon": False},
        ),
        # a concept without a context, so that its a is not seen
        (
            three(["4/5"] * 3, ["1/10"] * 3, contexts=[0, 1, 1]),
            {"assumption-1": True, "concept-laws": False, "small-epsilon": False},
        ),
    ],
)
def test_concept_laws(record, is_met):
    ours, theirs = both(record)
    assert ours == theirs
    assert {name: name not in ours for name in is_met} == is_met


@pytest.mark.parametrize(
    ("epsilon", "ratio", "others", "is_small"),
    [
        # min γ/ω >= 1: exactly ε < (G-1)/G
        (F(2, 3) - F(1, 10**9), F(1), 2, True),
        (F(2, 3), F(1), 2, False),
        (F(2, 3), F(3), 2, False),
        # (1 - ε/(G-1)) log((1-ε)(G-1)/ε) is 7/8 log 6 = -log 0.20850… here
        (F(1, 4), F(2086, 10000), 2, True),
        (F(1, 4), F(2084, 10000), 2, False),
        # and here 0, then 2/3 log 2 = -log 0.62996…
        (F(1, 2), F(999999, 1000000), 1, False),
        (F(1, 3), F(630, 1000), 1, True),
        (F(1, 3), F(629, 1000), 1, False),
    ],
)
def test_epsilon_against_its_threshold(epsilon, ratio, others, is_small):
    assert room.is_below_threshold(epsilon, ratio, others) is is_small

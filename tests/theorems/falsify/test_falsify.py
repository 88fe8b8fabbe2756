"""The falsifier: what it finds is small, certain, and seen by the other checks; what is true it lets be."""

import json
import re
from fractions import Fraction as F
from pathlib import Path

import mpmath as mp
import pytest
from flint import ctx

import theorems
from theorems import FINDINGS, Outcome, hypotheses
from theorems.certificates import certify
from theorems.falsify import MAP, falsify
from theorems.falsify.candidates import plain
from theorems.falsify.contradictions import curves
from theorems.falsify.contradictions.last_norm import Stream
from theorems.falsify.needed import Needed
from theorems.falsify.steered import Steered
from theorems.proofs import theorem_names
from theorems.tables.exact import exact_instance, read_exact

DOCS = Path(theorems.__file__).parents[1] / "docs"
TWO = FINDINGS[0].counterexample
NINE = next(f.counterexample for f in FINDINGS if f.id == "finding-2.vanishing")
NEEDED = [pair for pair, entry in MAP.items() if isinstance(entry, Needed)]
# The claim is about concepts or contexts that the dropped hypothesis chooses: no instance breaks it.
# So is "uncorrelated", of a score that the check makes.
WIDENED = {
    "interior-concept",
    "lowest-concept",
    "context-off-target",
    "uncorrelated",
    "close-contexts",
}

# Of claims that need M or T of a shape which the two records have not: records that have it.
FOUR = next(f.counterexample for f in FINDINGS if f.id == "finding-7.limit-formula")
SHAPED = {
    "literature.tanh": FOUR,
    "literature.masses": FOUR,
    "literature.inverted-u": NINE | {"target": [z == 6 for z in range(9)]},
}

# (claim, without): tokens, concepts and digits of the examples listed where the theory is stated.
LISTED = {
    ("lemma-b4.sign", "assumption-1"): (4, 2, 2),
    ("thm-3.3.peak-order", "separation"): (4, 2, 2),
    ("thm-3.3.monotone", "non-constant-log-odds"): (4, 2, 2),
    ("remark-3.4.positive-peaks", "context-off-target"): (4, 2, 2),
    ("remark-3.4.positive-peaks", "small-epsilon"): (6, 3, 3),
}


def digits(values) -> int:
    """The most digits of a numerator or denominator."""
    return max(len(part) for value in values for part in value.split("/"))


def test_every_claim_meets_every_one_of_its_hypotheses_in_the_map():
    pairs = {(c, h.id) for c, claim in theorems.CLAIMS.items() for h in claim.hypotheses}
    assert pairs <= set(MAP)
    assert {without for _, without in set(MAP) - pairs} == {"assumption-1"}
    # "needed" alone is said of a hypothesis that the claim assumes
    for pair, entry in MAP.items():
        if isinstance(entry, Needed):
            assert bool(entry.only_for) is (pair not in pairs), pair
            assert not entry.only_for or (pair[0], entry.only_for) in pairs


@pytest.mark.parametrize("claim", [c for (c, _), e in MAP.items() if getattr(e, "only_for", "")])
def test_what_is_needed_only_for_another_is_broken_together_with_it(claim):
    found = falsify(claim, "assumption-1")
    assert found.outcome == "needed only for separation"
    assert found.theorems
    instance = exact_instance(found.counterexample)
    for hypothesis in (hypotheses.ASSUMPTION_1, hypotheses.SEPARATION):
        assert hypothesis.unmet(instance) is not None


def test_nobody_knows_whether_training_needs_smoothed_data():
    found = falsify("assumption-2.trained", "smoothed")
    assert found.outcome == "not known"
    assert theorems.CLAIMS["assumption-2.trained"].unproved


def test_every_control_of_the_registry_is_a_need_in_the_map():
    for name, claim in theorems.CLAIMS.items():
        assert isinstance(MAP[name, claim.control.dropped], Needed), name


def test_every_theorem_named_in_the_map_is_stated_in_coq():
    named = {t for entry in MAP.values() for t in entry.theorems}
    assert named
    assert named <= set(theorem_names())


@pytest.mark.parametrize("pair", LISTED, ids=" without ".join)
def test_the_known_counterexamples_are_found_none_larger(pair):
    tokens, concepts, most_digits = LISTED[pair]
    found = falsify(*pair, seconds=60.0)
    assert found.outcome == "needed"
    assert found.seconds < 60
    record = found.counterexample
    assert found.also_broken == tuple(sorted(MAP[pair].implied))
    assert len(record["in_concept"]) <= tokens
    assert len(set(record["token_concept"])) <= concepts
    assert digits(record["in_concept"] + record["off_concept"]) <= most_digits


def test_layer_norm_does_not_see_a_constant_vector():
    found = falsify("prop-4.1.layernorm", "direction")
    assert len(set(found.counterexample["vector"])) == 1
    assert len(found.counterexample["vector"]) == 2
    assert [float(low) for _, low, _ in found.values] == pytest.approx([1.0, -1.0])


@pytest.mark.parametrize(
    "pair", [p for p in NEEDED if p not in LISTED], ids=lambda pair: " without ".join(pair)
)
def test_every_needed_hypothesis_has_a_counterexample(pair):
    found = falsify(*pair)
    only_for = MAP[pair].only_for
    assert found.outcome == (f"needed only for {only_for}" if only_for else "needed")
    # what a page says of every counterexample is true of the one that is found
    assert found.also_broken == tuple(sorted({*MAP[pair].implied, only_for} - {""}))
    assert found.values
    for _, low, high in found.values:
        assert low <= high
        assert high - low <= F(1, 10**9) * (1 + abs(low))  # peaks are bracketed to 2^-36 of 1/R


PLAIN = [p for p in NEEDED if p[1] in ("assumption-1", "separation", "non-constant-log-odds")]
# of a constant M the float check of this one divides by R = 0
PLAIN.remove(("thm-3.6.decreasing", "non-constant-log-odds"))


@pytest.mark.parametrize(
    "pair",
    [p for p in PLAIN if p[0].split(".")[0] in ("lemma-b4", "thm-3", "sweet-spot")],
    ids=lambda pair: " without ".join(pair),
)
def test_the_float_checks_see_the_same_failure(pair):
    claim = theorems.CLAIMS[pair[0]]
    record = falsify(*pair).counterexample
    instance = exact_instance(record)
    dropped = [h for h in claim.hypotheses if h.id == pair[1]]
    assert all(h.unmet(instance) is not None for h in dropped)
    assert claim.conclusion(instance).verdict is not Outcome.HOLDS


def test_mpmath_sees_the_chord_above_the_curve():
    found = falsify("ce.convex", "exponential-path")
    (a, b), (c, d) = found.counterexample["in_concept"], found.counterexample["off_concept"]
    ratio = F(found.counterexample["norm_ratio"])
    points = [F(n) for n in re.findall(r"-?\d+(?:/\d+)?", found.text.partition("α = ")[2])]
    with mp.workdps(40):
        laws = [
            [mp.mpf(F(v).numerator) / F(v).denominator for v in row] for row in ((a, d), (c, b))
        ]
        odds = [mp.log(p) - mp.log(q) for p, q in zip(*laws, strict=True)]

        def increase(alpha):
            total = mp.mpf(0)
            for law in laws:
                shrink = 1 / mp.sqrt(1 + (mp.mpf(ratio.numerator) / ratio.denominator * alpha) ** 2)
                u = [(mp.log(p) + alpha * m) * shrink for p, m in zip(law, odds, strict=True)]
                norm = mp.log(mp.fsum(mp.exp(x) for x in u))
                total += (
                    mp.fsum(p * (mp.log(p) - x + norm) for p, x in zip(law, u, strict=True)) / 2
                )
            return total

        left, middle, right = (mp.mpf(p.numerator) / p.denominator for p in points)
        share = (middle - left) / (right - left)
        chord = (1 - share) * increase(left) + share * increase(right)
        assert increase(middle) > chord
        assert abs(increase(middle) - float(found.values[0][1])) < 1e-15
        assert abs(chord - float(found.values[1][1])) < 1e-15


@pytest.mark.parametrize("record", [TWO, NINE], ids=["V=4", "V=9"])
@pytest.mark.parametrize(
    "pair",
    [p for p in NEEDED if p[1] not in (*WIDENED, "wide-enough")],
    ids=lambda pair: " without ".join(pair),
)
def test_no_contradiction_is_seen_where_every_hypothesis_holds(pair, record):
    entry = MAP[pair]
    if not theorems.CLAIMS[pair[0]].is_of_tilts:
        good = Stream(((1, 2), (0, 1)), (1, 3), bias=0, rho=3)
    else:
        good = Steered(read_exact(SHAPED.get(pair[0], record)))
    with ctx.workprec(192):
        assert entry.contradicts(good) is None


def test_a_search_for_what_is_true_ends_with_nothing(monkeypatch):
    planted = Needed(plain("contrastive", [(2, 2)], ordered=False), curves.bump)
    monkeypatch.setitem(MAP, ("thm-3.3.bump", "assumption-1"), planted)
    found = falsify("thm-3.3.bump", "assumption-1", seconds=2.0)
    assert (found.outcome, found.counterexample) == ("not found", None)
    assert found.seconds < 5


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_gives_one_answer(seed):
    pair = ("thm-3.3.peak-order", "separation")
    assert falsify(*pair, seed).as_json() == falsify(*pair, seed).as_json()


def test_unknown_names_are_told():
    with pytest.raises(ValueError, match="there is no claim 'thm-9'"):
        falsify("thm-9", "separation")
    with pytest.raises(ValueError, match=r"has no hypothesis 'luck'; it has .*separation"):
        falsify("thm-3.3.peak-order", "luck")


def test_the_broken_instance_of_the_page_of_certificates_is_what_the_falsifier_finds():
    record = json.loads((DOCS / "broken_instance.json").read_text("utf-8"))
    found = falsify("thm-3.3.peak-order", "separation").counterexample
    assert read_exact(record).rows == read_exact(found).rows


def test_a_smaller_counterexample_than_the_first_of_its_page_exists():
    page = (DOCS / "falsifier.md").read_text("utf-8")
    record = json.loads(page.partition("```json\n")[2].partition("```")[0])
    instance = read_exact(record)
    claims = {claim["id"]: claim for claim in certify(instance).record["claims"]}
    assert len(instance.target) == 2
    assert claims["thm-3.3.peak-order"]["conclusion"] == "fails"
    assert claims["thm-3.3.peak-order"]["unmet"] == ["separation"]
    assert "assumption-1" in claims["lemma-b4.sign"]["unmet"]

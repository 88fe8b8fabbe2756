import importlib
import pkgutil
from dataclasses import MISSING, fields
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

import theorems
import ufm
from theorems import _controls, suite
from theorems._statement import Judged, NotCertified

# Every claim that the project checks. A claim is added or dropped here by hand, never by accident.
CLAIM_IDS = [
    "assumption-2.trained",
    "lemma-b2.affine",
    "lemma-b3.tilt",
    "lemma-b4.sign",
    "lemma-b5.derivative",
    "thm-3.3.bump",
    "thm-3.3.peak-order",
    "thm-3.3.monotone",
    "remark-3.4.positive-peaks",
    "prop-b1.limit-plus",
    "prop-b1.limit-minus",
    "thm-3.6.tanh",
    "thm-3.6.target-increasing",
    "thm-3.6.vanishing",
    "thm-3.6.decreasing",
    "thm-3.6.growth",
    "thm-3.8.quadratic",
    "prop-4.1.rmsnorm",
    "prop-4.1.layernorm",
    "prop-4.1.rate",
    "tilt.all-orders",
    "limit.rate",
    "peak.height",
    "sign-rule",
    "contrastive.geometric-path",
    "sweet-spot.nonempty",
    "half-saturation.bounds",
    "ce.kl-identity",
    "ce.convex",
    "ce.upper-bounds",
    "ce.lower-bounds",
    "ce.remainder",
    "ce.asymptote",
    "strength.budget",
]
CLAIMS = [claim for statement in theorems.STATEMENTS for claim in statement.claims]


def test_every_claim_is_registered_once():
    assert sorted(claim.id for claim in CLAIMS) == sorted(CLAIM_IDS)
    assert sorted(theorems.CLAIMS) == sorted(CLAIM_IDS)
    assert all(theorems.CLAIMS[claim.id] is claim for claim in CLAIMS)


def test_statements_have_ids_of_their_own_that_begin_those_of_their_claims():
    ids = [statement.id for statement in theorems.STATEMENTS]
    assert len(set(ids)) == len(ids)
    for statement in theorems.STATEMENTS:
        assert statement.title
        assert statement.source
        assert statement.idea
        assert statement.claims
        for claim in statement.claims:
            assert claim.id == statement.id or claim.id.startswith(f"{statement.id}.")


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_a_claim_says_what_it_needs_and_whence_it_is(claim):
    assert claim.title
    assert claim.text.endswith(".")
    assert claim.source
    assert claim.control.text
    assert claim.formula
    assert claim.figures
    assert (
        claim.certificate.why
        if isinstance(claim.certificate, NotCertified)
        else claim.certificate.how
    )
    needs = [hypothesis.id for hypothesis in claim.hypotheses]
    assert needs
    assert len(set(needs)) == len(needs)
    assert claim.control.dropped in needs
    assert claim.families
    assert set(claim.families) <= set(suite.FAMILIES)


def test_every_claim_has_a_fault_planted_under_it():
    folder = Path(__file__).parent / "statements"
    files = {file.stem for file in folder.glob("test_*.py")}
    modules = [importlib.import_module(f"tests.theorems.statements.{stem}") for stem in files]
    assert {fault.claim for module in modules for fault in module.FAULTS} == set(theorems.CLAIMS)
    homes = pkgutil.iter_modules(theorems.statements.__path__)
    assert files == {f"test_{home.name}" for home in homes}


def test_hypotheses_have_unique_ids_and_texts():
    every = {id(h): h for claim in CLAIMS for h in claim.hypotheses}.values()
    assert len({h.id for h in every}) == len(every)
    assert len({h.text for h in every}) == len(every)
    assert all(h.id and h.text for h in every)


def test_findings_have_unique_ids():
    ids = [finding.id for finding in theorems.FINDINGS]
    assert len(set(ids)) == len(ids)
    # one at least for each of the seven numbered points of THEORY.md section 4
    assert {i.split(".")[0] for i in ids} == {f"finding-{n}" for n in range(1, 8)}
    assert all(f.title and f.source and f.text.endswith(".") for f in theorems.FINDINGS)


def test_verdicts_are_these_four_strings():
    assert [str(o) for o in theorems.Outcome] == [
        "holds",
        "fails",
        "undecided",
        "hypotheses unmet",
    ]
    verdict = theorems.check("lemma-b4.sign", _controls.standard())
    assert verdict.verdict == "holds"
    assert isinstance(verdict.verdict, str)
    unmet = theorems.check("lemma-b4.sign", _controls.smaller_rates())
    assert unmet.verdict == "hypotheses unmet"
    assert unmet.evidence == "assumption-1: token 1 has a = 0.1 <= b = 0.2"
    assert np.isnan(unmet.margin)


def _claim(**fields):
    made = {name: "" for name in ("id", "title", "text", "formula", "source")}
    made |= {"families": ("rates",), "figures": ("fig-3",), "certificate": NotCertified("a test")}
    return theorems.Claim(**{**made, **fields})


@pytest.mark.parametrize("record", [theorems.Claim, theorems.Statement, theorems.Finding])
def test_all_that_the_project_says_of_a_claim_is_asked_for_by_name(record):
    example = {
        theorems.Claim: CLAIMS[0],
        theorems.Statement: theorems.STATEMENTS[0],
        theorems.Finding: theorems.FINDINGS[0],
    }[record]
    given = {f.name: getattr(example, f.name) for f in fields(record)}
    assert record(**given) == example
    with pytest.raises(TypeError, match="positional"):
        record(*given.values())
    for f in fields(record):
        if f.default is MISSING:
            rest = {name: value for name, value in given.items() if name != f.name}
            with pytest.raises(TypeError, match=f"missing .*required.* '{f.name}'"):
                record(**rest)
    assert [f.name for f in fields(record) if f.default is not MISSING] in (
        [],
        ["figures"],
        ["unproved"],
    )


def test_hypotheses_are_checked_in_order_and_before_the_conclusion():
    seen = []

    def judged(instance):
        seen.append("conclusion")
        return theorems.Verdict(theorems.Outcome.HOLDS, 1.0, 0.0, "")

    def hypothesis(name, reason):
        return theorems.Hypothesis(name, name, lambda instance: seen.append(name) or reason)

    def claim(*hypotheses):
        control = theorems.Control("first", "", lambda: None)
        return _claim(hypotheses=hypotheses, conclusion=judged, control=control)

    met, broken = hypothesis("first", None), hypothesis("second", "1 > 0")
    assert claim(met, broken, met).check(Judged()).evidence == "second: 1 > 0"
    assert seen == ["first", "second"]
    seen.clear()
    assert claim(met).check(Judged()).verdict == "holds"
    assert seen == ["first", "conclusion"]


def test_a_control_counts_only_if_its_hypothesis_is_seen_unmet_and_its_conclusion_fails():
    def claim(outcome, reason, own=None):
        verdict = theorems.Verdict(outcome, -1.0, 0.1, "")
        needs = (theorems.Hypothesis("needed", "needed", lambda instance: reason),)
        control = theorems.Control("needed", "", lambda: None, own)
        return _claim(hypotheses=needs, conclusion=lambda i: verdict, control=control)

    fails, holds = theorems.Outcome.FAILS, theorems.Outcome.HOLDS
    assert claim(fails, "broken").run_control()[0]
    assert not claim(fails, None).run_control()[0]
    assert not claim(holds, "broken").run_control()[0]
    assert not claim(theorems.Outcome.UNDECIDED, "broken").run_control()[0]
    own = theorems.Verdict(fails, -1.0, 0.1, "own")
    found, verdict = claim(holds, None, lambda instance: own).run_control()
    assert found
    assert verdict.evidence == "own"


def test_an_unknown_claim_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no claim 'thm-3\.3\.bumps'.*thm-3\.3\.bump or"):
        theorems.check("thm-3.3.bumps", _controls.standard())


def _float32():
    tilt = _controls.standard().tilt
    return ufm.ExponentialTilt(
        tilt.log_probs.astype(jnp.float32), tilt.log_odds.astype(jnp.float32)
    )


# The field to replace in the standard instance (V = 4, m = 4), by what, and what is said of it.
BAD_INPUT = [
    ({"target": np.array([True, False])}, ValueError, r"target must have shape \(4,\); got \(2,\)"),
    ({"target": np.array([1, 1, 0, 0])}, ValueError, "target must be of kind bool; got dtype int"),
    ({"target": np.ones(4, bool)}, ValueError, "some but not all of the 4 tokens; got 4"),
    ({"target": np.zeros(4, bool)}, ValueError, "some but not all of the 4 tokens; got 0"),
    ({"token_concept": np.array([0, 0, 1])}, ValueError, r"token_concept must have shape \(4,\)"),
    ({"token_concept": np.array([0, 0, 1, 0.5])}, ValueError, "token_concept must be of kind int"),
    ({"context_concept": np.zeros((4, 1), int)}, ValueError, r"context_concept .* got \(4, 1\)"),
    ({"context_concept": np.ones(4, bool)}, ValueError, "context_concept must be of kind int"),
    ({"context_weights": np.full(3, 1 / 3)}, ValueError, r"context_weights .* \(4,\); got \(3,\)"),
    ({"context_weights": np.full(4, 0.2)}, ValueError, r"sum to 1; least 0\.2, sum 0\.8"),
    ({"context_weights": np.array([1.5, -0.5, 0, 0])}, ValueError, r"positive .* least -0\.5"),
    ({"context_weights": np.array([0.5, 0.5, 0, 0])}, ValueError, "must be positive and sum to 1"),
    ({"context_weights": np.full(4, np.nan)}, ValueError, "must be positive and sum to 1"),
    ({"tilt": _float32}, TypeError, "need float64, got float32: switch on"),
    ({"negative": None}, ValueError, "positive and negative go together"),
    ({"positive": None}, ValueError, "positive and negative go together"),
    ({"positive": (0, 2)}, ValueError, "positive and negative share context 2"),
    ({"negative": (2, 4)}, ValueError, r"negative holds context 4, outside 0\.\.3"),
    ({"positive": (-1,)}, ValueError, r"positive holds context -1, outside 0\.\.3"),
    ({"positive": ()}, ValueError, "positive is empty"),
    ({"negative": (2, 2)}, ValueError, "negative repeats a context"),
]


@pytest.mark.parametrize(("changed", "error", "message"), BAD_INPUT)
def test_bad_input_to_an_instance_is_refused(changed, error, message):
    changed = {name: value() if callable(value) else value for name, value in changed.items()}
    with pytest.raises(error, match=message):
        _controls.replaced(_controls.standard(), **changed)


def test_an_instance_of_a_dataset_takes_the_concept_of_the_first_positive_context():
    data = ufm.ConceptDataset.smoothed()
    instance = theorems.Instance.from_dataset(data, [2, 3], [0, 5])
    assert instance.target.tolist() == [False] * 3 + [True] * 3 + [False] * 3
    assert (instance.positive, instance.negative) == ((2, 3), (0, 5))
    other = theorems.Instance.from_dataset(data, [2, 3], [0, 5], target_concept=2)
    assert other.target.tolist() == [False] * 6 + [True] * 3

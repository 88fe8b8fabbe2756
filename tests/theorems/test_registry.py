import importlib
import itertools
import pkgutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import theorems
from theorems import suite
from theorems.judging import controls
from theorems.judging.claim import NotCertified

ROOT = Path(__file__).parents[2]
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
    "sweet-spot.width",
    "sweet-spot.shared",
    "half-saturation.bounds",
    "ce.kl-identity",
    "ce.convex",
    "ce.upper-bounds",
    "ce.lower-bounds",
    "ce.remainder",
    "ce.asymptote",
    "strength.budget",
    "ceiling.reverse-kl",
    "ceiling.forward-kl",
    "ceiling.mean-log-odds",
    "estimated.log-probability",
    "estimated.total-variation",
    "estimated.cross-entropy",
    "estimated.feasible",
    "side-effect.first-order",
    "side-effect.cross-talk",
    "side-effect.two-vectors",
    "park.separable",
    "park.together",
    "norm-circle.ellipse",
    "norm-circle.approach",
    "norm-circle.log-odds",
    "norm-circle.turns",
    "norm-circle.plateau",
    "sequence.divergence",
    "sequence.presence",
    "sequence.count",
    "thm-3.6.logistic",
    "scaling.length",
    "scaling.unit-length",
    "sign-separation.order",
    "sign-separation.pairs",
    "presence.mass",
    "presence.half",
    "prompt-free.tilt",
    "prompt-free.norm",
    "dominating.limit",
    "dominating.last-block",
    "literature.tanh",
    "literature.quadratic",
    "literature.benefit",
    "literature.damage",
    "literature.pairs",
    "literature.masses",
    "literature.monotone",
    "literature.inverted-u",
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


def test_the_texts_count_the_claims_of_the_registry():
    own = [claim for claim in CLAIMS if not claim.is_of_others]
    count = len(own)
    ours = sum(claim.source.startswith("this project") for claim in own)
    certified = sum(not isinstance(claim.certificate, NotCertified) for claim in own)
    findings = len(theorems.FINDINGS)
    said = {
        "README.md": [
            f"each of {count} claims, {count - ours} of the paper and {ours} of this project",
            f"decides [{certified} of them]",
            f"{count} claims: {count} hold; {count} of {count} controls found; "
            f"{findings} of {findings} findings confirmed.",
        ],
        "docs/table.md": [f"{count} claims: "],
        "docs/certificates.md": [
            f"Of the {certified} claims",
            f"Not certified are {count - certified} claims",
        ],
    }
    for file, texts in said.items():
        page = " ".join(Path(ROOT, file).read_text(encoding="utf-8").split())
        for text in texts:
            assert text in page


def results_of_the_readme():
    """What each row of its table says in short, and its status with the findings."""
    lines = Path(ROOT, "README.md").read_text(encoding="utf-8").splitlines()
    start = next(k for k, line in enumerate(lines) if line.startswith("| result of the paper"))
    rows = itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in rows)
    return {result: (in_short, status) for result, in_short, status in cells}


def test_the_readme_says_how_grave_the_findings_about_each_result_are():
    rows = results_of_the_readme()
    for statement in theorems.STATEMENTS:
        about = Counter(f.severity for f in theorems.FINDINGS if statement.source in f.source)
        if about:
            words = [
                severity if about[severity] == 1 else f"two {severity}s" * (about[severity] == 2)
                for severity in theorems.findings.Severity
                if about[severity]
            ]
            _, status = rows[statement.source.split(",")[0]]
            assert status == "; ".join(["proved", ", ".join(words)])
    assert sum("; " in status for _, status in rows.values()) == sum(
        any(s.source in f.source for f in theorems.FINDINGS) for s in theorems.STATEMENTS
    )


def test_the_readme_says_in_short_what_the_registry_says():
    rows = {result: in_short for result, (in_short, _) in results_of_the_readme().items()}
    in_short = {s.source.split(",")[0]: s.in_short for s in theorems.STATEMENTS if s.is_of_paper}
    lemmas = [name for name in in_short if name.startswith("Lemma")]
    together = "; ".join(in_short.pop(name) for name in lemmas)
    assert rows == in_short | {"Lemmas B.2 to B.5": together}
    for statement in theorems.STATEMENTS:
        assert statement.in_short[0].islower() or not statement.in_short[1].isalpha()
        assert not statement.in_short.endswith(".")


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
    verdict = theorems.check("lemma-b4.sign", controls.standard())
    assert verdict.verdict == "holds"
    assert isinstance(verdict.verdict, str)
    unmet = theorems.check("lemma-b4.sign", controls.smaller_rates())
    assert unmet.verdict == "hypotheses unmet"
    assert unmet.evidence == "assumption-1: token 1 has a = 0.1 <= b = 0.2"
    assert np.isnan(unmet.margin)


def test_an_unknown_claim_is_named_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no claim 'thm-3\.3\.bumps'.*thm-3\.3\.bump or"):
        theorems.check("thm-3.3.bumps", controls.standard())

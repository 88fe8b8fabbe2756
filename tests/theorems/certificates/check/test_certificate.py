"""What a record must be to be looked at; and random instances, whose certificates are confirmed."""

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.theorems.certificates.check.test_hypotheses import TABLES_AND_RATES
from theorems import FINDINGS
from theorems.certificates import certify, check_certificate
from theorems.certificates.check import certificate as room
from theorems.certificates.check.fields import Refused
from theorems.certificates.write.certificate import digest
from theorems.tables.exact import read_exact


@pytest.fixture(scope="module")
def genuine():
    return certify(read_exact(FINDINGS[0].counterexample)).record


def changed(record, **fields):
    found = {**copy.deepcopy(record), **fields}
    return found | {"sha256": digest(found)}


@given(TABLES_AND_RATES)
@settings(max_examples=25)
def test_the_checker_confirms_whatever_is_certified(record):
    certificate = certify(read_exact(record))
    assert check_certificate(json.loads(json.dumps(certificate.record))) == certificate.verdicts


@pytest.mark.parametrize("precision", [128, 256, 512, 1024, 2048, 4096])
def test_precisions_that_are_tried(genuine, precision):
    assert room.read_fields(changed(genuine, precision=precision))["precision"] == precision


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        *(({"precision": n}, f"precision is {n}, not") for n in (0, 127, 129, 160, 4095, 8192)),
        ({"precision": True}, "precision is not a whole number"),
        ({"precision": "128"}, "precision is not a whole number"),
        ({"precision": 128.0}, "rounded number"),
        ({"version": 3}, "version 3 is not known"),
        ({"version": 1}, "the keys are not"),
        ({"version": True}, "version true is not known"),
        ({"version": 1.0}, "rounded number"),
        ({"version": "1"}, 'version "1" is not known; it is 1 or 2: make the certificate anew'),
        ({"format": "certificate"}, "the format is not"),
        ({"note": 1}, "the keys are not"),
        ({"in_concept": []}, "this is an instance"),
        ({"next_token_probs": []}, "this is an instance"),
        ({"claims": [0.5]}, "rounded number"),
    ],
)
def test_fields_that_are_not_of_the_format(genuine, fields, reason):
    with pytest.raises(Refused, match=reason):
        room.read_fields(changed(genuine, **fields))


def test_keys_come_in_their_order_and_are_all_there(genuine):
    first, *rest = genuine
    for keys in ([*rest, first], rest):
        record = {key: genuine[key] for key in keys}
        with pytest.raises(Refused, match="the keys are not"):
            room.read_fields(record | {"sha256": digest(record)})


def test_an_altered_record_is_told(genuine):
    with pytest.raises(Refused, match="sha256 does not match"):
        room.read_fields(changed(genuine) | {"precision": 256})


def test_what_happens_to_the_checker_is_a_refusal(genuine):
    deep = []
    for _ in range(100_000):
        deep = [deep]
    rows = [["1/0", "1"], ["1/2", "1/2"]]
    table = {"next_token_probs": rows, "target": [True, False], "positive": [0], "negative": [1]}
    for record in (
        {**genuine, "claims": deep},
        changed(genuine, instance=table),
        changed(genuine, instance={**genuine["instance"], "context_weights": ["1/2"]}),
        changed(genuine, instance={**table, "next_token_probs": []}),
    ):
        with pytest.raises(Refused):
            check_certificate(record)


def test_each_law_is_told(genuine):
    told = []
    check_certificate(genuine, lambda *given: told.append(given))
    assert told == [(0.0, 1.0, "peaks, law 1 of 2"), (0.5, 1.0, "peaks, law 2 of 2")]


# Written by the version of this project that knew twenty claims.
FIRST = json.loads((Path(__file__).parents[3] / "data/certificates_version_1.json").read_text())


@pytest.mark.parametrize("record", FIRST, ids=["holds", "smaller rates", "M constant", "a table"])
def test_certificates_of_the_first_version_are_still_confirmed(record):
    confirmed = room.confirm_certificate(record)
    assert confirmed.version == record["version"] == 1
    assert confirmed.verdicts == {claim["id"]: claim["verdict"] for claim in record["claims"]}
    assert len(confirmed.verdicts) == 20
    assert confirmed.budgets == []
    # and what is certified anew says all of it again
    anew = certify(read_exact(record["instance"])).record
    assert anew["version"] == 2
    assert {key: anew[key] for key in record if key not in ("version", "claims", "sha256")} == {
        key: value for key, value in record.items() if key not in ("version", "claims", "sha256")
    }
    for ours, theirs in zip(anew["claims"], record["claims"], strict=False):
        if ours != theirs:  # the first version left open which concepts are meant where none is
            assert ours["id"] in ("thm-3.6.vanishing", "thm-3.6.decreasing")
            assert (ours["conclusion"], theirs["conclusion"]) == ("fails", "undecided")
            assert ours["verdict"] == theirs["verdict"] == "hypotheses unmet"


@pytest.mark.parametrize("record", FIRST, ids=["holds", "smaller rates", "M constant", "a table"])
def test_a_certificate_of_the_first_version_says_no_more_than_that_version(record):
    anew = certify(read_exact(record["instance"])).record
    with pytest.raises(Refused, match="the claims are not those known, in their order"):
        check_certificate(changed(record, claims=anew["claims"]))
    for key in ("margins", "sets", "prompts", "half_saturation", "budgets"):
        with pytest.raises(Refused, match="the keys are not"):
            check_certificate(changed(record, **{key: anew[key]}))
    with pytest.raises(Refused, match="the keys are not"):
        check_certificate(changed(record, version=2))
    later = {key: value for key, value in changed(anew, version=1).items() if key in record}
    with pytest.raises(Refused, match="the claims are not those known, in their order"):
        check_certificate(changed(later))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "holds"}, "thm-3.6.vanishing: the verdict is 'hypotheses unmet'"),
        (
            {"conclusion": "holds"},
            "thm-3.6.vanishing: says 'holds', where the evidence is 'fails'",
        ),
        ({"unmet": []}, "thm-3.6.vanishing: the unmet hypotheses are"),
        ({"witness": {"concept": 0}}, "thm-3.6.vanishing: the witness needs the keys"),
        (
            {"conclusion": "undecided"},
            "thm-3.6.vanishing: says 'undecided', where the evidence is 'fails'",
        ),
        ({"more": 1}, "needs the keys"),
        ({"id": "thm-3.6"}, "the claims are not those known"),
    ],
)
def test_a_claim_says_what_the_evidence_says(genuine, change, reason):
    claims = [
        {**claim, **change} if claim["id"] == "thm-3.6.vanishing" else claim
        for claim in genuine["claims"]
    ]
    with pytest.raises(Refused, match=reason):
        check_certificate(changed(genuine, claims=claims))

"""What a record must be to be looked at; and random instances, whose certificates are confirmed."""

import copy
import json

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
        ({"version": 2}, "version 2 is not known"),
        ({"version": True}, "version true is not known"),
        ({"version": 1.0}, "rounded number"),
        ({"version": "1"}, 'version "1" is not known; it is 1: make the certificate anew'),
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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"verdict": "holds"}, "thm-3.6.vanishing: the verdict is 'hypotheses unmet'"),
        (
            {"conclusion": "holds"},
            "thm-3.6.vanishing: says 'holds', where the evidence is 'undecided'",
        ),
        ({"unmet": []}, "thm-3.6.vanishing: the unmet hypotheses are"),
        ({"witness": {"concept": 0}}, "thm-3.6.vanishing: a witness of nothing"),
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

"""The checker of certificates of heads: what it confirms, and what it refuses with which reason."""

import copy

import pytest

from tests.theorems.certificates.heads.fuzz import (
    INSTANCES,
    LAYERNORM,
    MEANS,
    MERGED,
    THREE,
    TWO,
    genuine,
)
from theorems.certificates import check_head_certificate
from theorems.certificates.check.fields import Refused
from theorems.certificates.check.heads import certificate as room
from theorems.certificates.check.heads import head as head_room
from theorems.certificates.check.heads import turns as turns_room
from theorems.certificates.check.heads.head import read_head
from theorems.certificates.write.certificate import digest
from theorems.tables.exact_head import read_exact_head


@pytest.mark.parametrize("number", range(len(INSTANCES)))
def test_genuine_certificates_are_confirmed(number):
    record = genuine()[number]
    confirmed = room.confirm_head_certificate(record)
    assert confirmed.verdicts == {c["id"]: c["verdict"] for c in record["claims"]}
    assert confirmed.head.sha256 == read_exact_head(INSTANCES[number]).sha256
    open_ones = 2 if INSTANCES[number] is MERGED else 0
    assert confirmed.undecided == open_ones


def of(instance):
    return copy.deepcopy(genuine()[INSTANCES.index(instance)])


def refused(record, reason):
    with pytest.raises(Refused, match=reason):
        check_head_certificate(record | {"sha256": digest(record)})


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"version": 2}, "version 2 is not known; it is 1"),
        ({"version": True}, "version true is not known"),
        ({"format": "ufm certificate"}, "the format is not"),
        ({"note": 1}, "the certificate needs the keys"),
        ({"head": []}, "this is an instance"),
        ({"precision": 100}, "precision is 100, not"),
        ({"precision": 256.0}, "rounded number"),
        ({"contexts": []}, "contexts has 0 entries, not 1"),
        ({"claims": []}, "0 claims, not 6"),
        ({"plateau": None}, "plateau is null, not a JSON object"),
    ],
)
def test_fields_that_are_not_of_the_format(fields, reason):
    refused(of(THREE) | fields, reason)


def test_an_altered_record_is_told():
    with pytest.raises(Refused, match="sha256 does not match"):
        check_head_certificate(of(THREE) | {"precision": 512})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda token: token["turns"].pop(), "it turns where no turn is claimed"),
        (lambda token: token.update(turns=token["turns"][:1]), "its turns are not confirmed"),
        (lambda token: token.update(turns=[]), "token 0: it turns where"),
        (lambda token: token.update(first="rises"), "the bracket of turn 0 holds no such turn"),
        (lambda token: token.update(first="constant", turns=[]), "token 0 is not constant"),
        (lambda token: token.update(first="constant"), "is constant and turns"),
        (lambda token: token.update(first="up"), 'first is "up", not rises, falls or constant'),
        (lambda token: token["turns"].reverse(), "turn 0 is not before turn 1"),
        (lambda token: token["turns"][0].reverse(), "is turned around"),
        (lambda token: token["turns"].__setitem__(0, ["-2/3", "-1/2"]), "turn 0 is too wide"),
        (lambda token: token["turns"].__setitem__(1, ["1/1000", "1001/1000000"]), "no such turn"),
    ],
)
def test_turns_that_are_not_so(change, reason):
    record = of(THREE)
    change(record["contexts"][0]["tokens"][0])
    refused(record, reason)


def test_a_curve_that_is_left_open_is_decided_if_that_is_easy(monkeypatch):
    monkeypatch.setattr(turns_room, "DEEPEST", 16)
    record = of(THREE)
    record["contexts"][0]["tokens"][1] = None
    refused(record, "context 0, token 1 is left open, and its turns can be seen")
    record = of(MERGED)
    record["contexts"][0]["tokens"][0] = {
        "first": "falls",
        "turns": [["-1/10000000", "1/10000000"]],
    }
    refused(record, "token 0: its turns are not confirmed")


def test_numbers_that_are_not_so():
    def change(instance, *path):
        record = of(instance)
        *way, last = path
        holder = record
        for key in way:
            holder = holder[key]
        return record, holder, last

    for instance, path, value, reason in (
        (THREE, ("contexts", 0, "closest"), "1", "closest is not -h·v"),
        (THREE, ("contexts", 0, "width"), ["2", "2"], "width.0. misses its value"),
        (THREE, ("contexts", 0, "width"), ["1/2", "2"], "width.0. is too wide"),
        (THREE, ("contexts", 0, "start", "target"), None, "start, target"),
        (TWO, ("contexts", 0, "start", "target"), ["1/2", "1/2"], "there is no target"),
        (TWO, ("contexts", 0, "target"), {}, "there is no target"),
        (THREE, ("contexts", 0, "log_odds", 0), None, "these log-odds turn"),
        (THREE, ("contexts", 0, "log_odds", 0), "0", "these log-odds do not turn there"),
        (THREE, ("contexts", 0, "log_odds"), [], "has 0 entries, not 3"),
        (THREE, ("limits", "plus", "dominating"), [2], "plus: other tokens dominate"),
        (THREE, ("limits", "plus", "log_odds"), None, "limits, plus, log_odds"),
        (THREE, ("limits", "minus", "probabilities"), [], "has 0 intervals, not 3"),
        (
            LAYERNORM,
            ("contexts", 1, "approach", "second_order"),
            ["1", "1"],
            "second_order.0. misses",
        ),
        (LAYERNORM, ("contexts", 1, "approach", "plus", 2), ["0", "0"], "plus.2. misses"),
        (LAYERNORM, ("plateau", "minus", "slope"), ["0", "0"], "plateau, minus, slope.0. misses"),
        (LAYERNORM, ("plateau", "plus", "cross_entropy"), ["0", "0"], "plus, nats.0. misses"),
        (MEANS, ("last_block",), None, "last_block is null, not a JSON object"),
        (MEANS, ("last_block", "log_odds", 1), ["0", "0"], "last_block, log_odds.1. misses"),
        (MEANS, ("last_block", "bounds", 1), ["-1", "1"], "last_block, bounds.1. is too wide"),
        (MEANS, ("last_block", "largest"), [1], "last_block: largest is"),
        (THREE, ("last_block",), {}, "there are no P and N"),
        (LAYERNORM, ("claims", 0, "verdict"), "fails", "claim norm-circle.ellipse does not follow"),
        (
            LAYERNORM,
            ("claims", 3, "conclusion"),
            "fails",
            "claim norm-circle.turns does not follow",
        ),
    ):
        record, holder, last = change(instance, *path)
        holder[last] = value
        refused(record, reason)


def test_tokens_that_all_tie_have_no_log_odds():
    record = of(INSTANCES[5])
    record["limits"]["plus"]["log_odds"] = ["0", "0"]
    refused(record, "no token dominates another")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"norm": "batchnorm"}, 'norm is "batchnorm"'),
        ({"eps": "-1"}, "eps is .*below 0"),
        ({"eps": "2/4"}, "not in lowest terms"),
        ({"vector": ["0", "0"]}, "the norm sees nothing of the vector"),
        ({"norm": "layernorm", "vector": ["1", "1"]}, "the norm sees nothing of the vector"),
        ({"hidden": [["0", "3"]]}, r"hidden\[0\] is a multiple of the vector"),
        ({"hidden": []}, "hidden is empty"),
        ({"head": [["1", "0"]]}, "head has one token"),
        ({"head": [["1", "0"], ["1"]]}, "the rows of head differ in length"),
        ({"gain": ["1"]}, "rows of .1, 2. entries"),
        ({"target": [True, True, True]}, "the target is empty, or all tokens"),
        ({"context_weights": ["1/2"]}, "context_weights are not a law"),
        ({"positive": [0]}, "P or N is given alone"),
        ({"positive": [0], "negative": []}, "P or N is empty"),
        ({"positive": [0], "negative": [1]}, "P or N is out of range"),
        ({"positive": [0], "negative": [0]}, "P and N repeat or share a context"),
        ({**MEANS, "vector": ["9/2", "7"]}, r"vector\[1\] is not the difference of means"),
        ({"note": "1"}, 'instance has the key "note"'),
        ({"head": [["1", "0"]] * 20}, "40 entries are more than a check takes, 30"),
        ({"head": [["1", "0"]] * 1001}, "V² m = 1002001 is more than a check takes"),
    ],
)
def test_instances_that_are_none(fields, reason, monkeypatch):
    if "30" in reason:
        monkeypatch.setattr(head_room, "LARGEST_HEAD", 30)
    with pytest.raises(Refused, match=reason):
        read_head(THREE | fields)


def test_an_instance_lacks_a_key():
    with pytest.raises(Refused, match="instance lacks gain"):
        read_head({key: value for key, value in THREE.items() if key != "gain"})


def test_work_is_bounded(monkeypatch):
    monkeypatch.setattr(turns_room, "MOST_WORK", 20)
    refused(of(THREE), "the turns take more than 20 evaluations to check")


def test_what_happens_to_the_checker_is_a_refusal():
    record = of(THREE)
    record["contexts"][0]["log_odds"][0] = "1/0"
    refused(record, "log_odds.0.")
    refused(of(THREE) | {"instance": THREE | {"head": [[[]]]}}, "not an exact fraction")

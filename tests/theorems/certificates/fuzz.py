"""Edits thousands of certificates, and has every one that the checker accepts looked at for falsehoods.

    python -m tests.theorems.certificates.fuzz --edits 2000 --seed 12 --faults

A program of its own: in the tests each call of the checker is checked against its annotations, which
takes ten times as long. It prints JSON: how many were accepted and refused, by kind of edit, and what
was accepted and false. With `--faults` also after how many edits each fault planted in the checker shows.
"""

import argparse
import json
import operator
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import chain, cycle
from types import ModuleType
from typing import NamedTuple
from unittest import mock

from tests.theorems.certificates.certificate_edits import EDITS, edited
from tests.theorems.certificates.certificate_truth import falsehood
from theorems.certificates import certify, check_certificate
from theorems.certificates.check import budgets, curves, evidence, fields, instance, masses, sets
from theorems.tables.exact import read_exact

TWO = {
    "in_concept": ["3/5", "1/5", "3/5", "1/5"],
    "off_concept": ["1/10", "1/10", "1/10", "1/10"],
    "token_concept": [0, 0, 1, 1],
    "contexts": [0, 0, 1, 1],
    "positive": [0, 1],
    "negative": [2, 3],
}
THREE = {
    "next_token_probs": [["1/2", "1/4", "1/4"], ["1/8", "1/4", "5/8"], ["1/5", "3/5", "1/5"]],
    "target": [True, False, False],
    "positive": [0],
    "negative": [1],
}
# One of each kind: all holds; a table; claims that fail, with each kind of witness; M constant; ties; a
# peak at 0; two laws in P and in N; falls of F_T that only some strengths show.
INSTANCES = [
    TWO,
    TWO
    | {
        "in_concept": ["7/10", "1/10", "1/5", "1/2"],
        "off_concept": ["1/10", "1/5", "3/20", "1/20"],
    },
    TWO | {"positive": [0], "negative": [1]},
    THREE | {"context_weights": ["1/2", "1/8", "3/8"]},
    THREE | {"target": [True, True, False], "token_concept": [0, 0, 1], "contexts": [0, 1, 1]},
    THREE | {"target": [False, True, True]},
    THREE | {"positive": [0, 2]},
    THREE | {"negative": [1, 2], "token_concept": [0, 1, 2]},
    {
        "next_token_probs": [
            ["1/4", "1/16", "11/16"],
            ["1/8", "1/2", "3/8"],
            ["1/4", "1/4", "1/2"],
        ],
        "target": [True, False, False],
        "positive": [0, 1],
        "negative": [2],
    },
    {
        "next_token_probs": [
            ["1/15", "2/15", "4/15", "8/15"],
            ["1/4"] * 4,
            ["1/16", "7/16", "7/16", "1/16"],
        ],
        "target": [False, True, False, True],
        "positive": [0],
        "negative": [1],
    },
]


class Subject(NamedTuple):
    """Certificates of one kind: genuine ones, edits, their checker, what is false of one, and faults."""

    genuine: Callable[[], list[dict]]
    edits: dict[str, Callable]
    check: Callable[[dict], object]
    falsehood: Callable[[dict], str | None]
    faults: dict[str, "Fault"]


def genuine() -> list[dict]:
    """The certificates that are edited."""
    return [certify(read_exact(record)).record for record in INSTANCES]


def fuzz(subject: Subject, seed: int, count: int) -> dict:
    """What became of so many edited certificates; each kind of edit is made of one at least."""
    outcomes, kinds, false = Counter(), {}, []
    each = (judged_edits(subject, seed, 1, [kind]) for kind in subject.edits)
    edits = chain(*each, judged_edits(subject, seed, count - len(subject.edits)))
    for number, (names, record, outcome, reason) in enumerate(edits):
        outcomes[outcome] += 1
        if len({*names}) == 1:
            kinds.setdefault(names[0], Counter())[outcome] += 1
        if reason is not None:
            false.append({"edit": number, "names": names, "reason": reason, "record": record})
    return {"outcomes": outcomes, "kinds": kinds, "false": false}


def judged_edits(
    subject: Subject, seed: int, count: int, kinds: Sequence[str] = ()
) -> Iterator[tuple]:
    """Names of the edits, certificate, outcome and what is false in it, for each that is not as it was."""
    rng, certificates = random.Random(seed), subject.genuine()
    known = {json.dumps(record) for record in certificates}
    done = 0
    while done < count:
        record, names = edited(rng, certificates, kinds, subject.edits)
        if json.dumps(record) not in known:
            done += 1
            yield names, record, *judged(subject, record)


def judged(subject: Subject, record) -> tuple[str, str | None]:
    """Accepted or refused; and what is false in it, if it was accepted."""
    try:
        subject.check(record)
    except ValueError:
        return "refused", None
    return "accepted", subject.falsehood(record)


class Fault(NamedTuple):
    """What is put in the place of a function of the checker, and the edits that are to get past it."""

    module: ModuleType
    name: str
    instead: Callable
    kinds: Sequence[str]


def _unless_zero(value, *given):
    if list(value) != ["0", "0"]:
        curves.confirm_number(value, *given)


_sides, _halves = cycle((1, -1)), cycle((-1, 1))
FAULTS = {
    "true is taken for 1": Fault(fields, "same", operator.eq, ["change_witness"]),
    "peaks may be left open": Fault(evidence, "is_open", lambda *given: True, ["blank_peaks"]),
    "any strengths will do": Fault(
        evidence, "_require_strengths", lambda *given: None, ["change_strengths"]
    ),
    "intervals need not hold their value": Fault(
        evidence, "confirm", lambda *given: None, ["rescale_interval", "perturb"]
    ),
    "any bracket will do": Fault(
        evidence, "slope_sign", lambda *given: next(_sides), ["rescale_interval"]
    ),
    "numbers in any notation": Fault(
        instance, "rational", lambda text, *where: Fraction(text), ["rewrite_number"]
    ),
    "keys of any name": Fault(instance, "_require_keys", lambda fields: None, ["add_key"]),
    "F_T falls anywhere": Fault(
        masses, "target_falls", lambda *given: len(given) == 3, ["change_witness"]
    ),
    "0 need not be 0": Fault(sets, "confirm_number", _unless_zero, ["say_zero"]),
    "constants need not hold their value": Fault(
        curves, "confirm", lambda *given: None, ["rescale_constant"]
    ),
    "any prompts end alike": Fault(
        sets, "alike_at_top", lambda given: [[*range(len(given.masses))]], ["regroup_prompts"]
    ),
    "any strength spends a budget": Fault(
        budgets, "_confirm_root", lambda *given: None, ["rescale_constant", "change_budget"]
    ),
    "what is bought may be anything": Fault(
        budgets, "_confirm_between", lambda *given: None, ["rescale_constant", "change_budget"]
    ),
    "a half may be anywhere": Fault(
        budgets, "_half_side", lambda *given: next(_halves), ["rescale_constant"]
    ),
    "no fall is looked for": Fault(
        masses, "_is_fall_seen", lambda given: False, ["change_conclusion"]
    ),
}


TABLES = Subject(genuine, EDITS, check_certificate, falsehood, FAULTS)


def edits_until_found(subject: Subject, seed: int, fault: Fault, most: int) -> int | None:
    """After how many edits a planted fault has the checker accept what is false; None if it never does."""
    with mock.patch.object(fault.module, fault.name, fault.instead):
        reasons = [
            reason for *_, reason in _until_false(judged_edits(subject, seed, most, fault.kinds))
        ]
    return len(reasons) if reasons[-1] is not None else None


def _until_false(edits: Iterator[tuple]) -> Iterator[tuple]:
    for edit in edits:
        yield edit
        if edit[-1] is not None:
            return


def main(subject: Subject = TABLES) -> None:
    """Run, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edits", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=12)
    parser.add_argument("--faults", action="store_true")
    given = parser.parse_args()
    start = time.monotonic()
    found = fuzz(subject, given.seed, given.edits)
    found["seconds"] = round(time.monotonic() - start, 1)
    if given.faults:
        found["faults"] = {
            name: edits_until_found(subject, given.seed, fault, 500)
            for name, fault in subject.faults.items()
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()

"""Edits certificates of heads, as `tests.theorems.certificates.fuzz` does those of tables.

python -m tests.theorems.certificates.heads.fuzz --edits 2000 --seed 12 --faults
"""

from fractions import Fraction
from functools import cache

from tests.theorems.certificates.fuzz import Fault, Subject, main
from tests.theorems.certificates.heads.head_edits import EDITS
from tests.theorems.certificates.heads.head_truth import falsehood
from theorems.certificates import certify_head, check_head_certificate
from theorems.certificates.check.heads import certificate, ends, head, last_block, turns
from theorems.tables.exact_head import read_exact_head

# One token dips, peaks and dips; the others peak once.
THREE = {
    "head": [["0", "0"], ["3", "2"], ["3", "-2"]],
    "gain": ["1", "1"],
    "norm": "rmsnorm",
    "eps": "0",
    "hidden": [["1", "0"]],
    "vector": ["0", "1"],
    "target": [True, False, False],
}
TWO = THREE | {"head": [["0", "1/2"], ["3", "2"]], "eps": "1/100", "bias": ["1/3", "-1"]}
del TWO["target"]
# In d = 4 the first token has its dip, peak and dip at one point: a zero of the slope of order three.
MERGED = THREE | {
    "head": [["0"] * 4, ["2", "1", "0", "0"], ["2", "-1", "0", "0"]],
    "gain": ["1"] * 4,
    "hidden": [["1", "0", "0", "0"]],
    "vector": ["0", "1", "0", "0"],
}
LAYERNORM = {
    "head": [["1", "-2", "1/2"], ["0", "3", "1"], ["-1", "1", "2"], ["2", "2/3", "-1"]],
    "gain": ["1", "4/5", "6/5"],
    "bias": ["1/2", "0", "-1/3"],
    "norm": "layernorm",
    "eps": "1/10",
    "hidden": [["3", "1", "-1"], ["1/2", "-2", "1"]],
    "vector": ["1", "1/3", "-1"],
    "context_weights": ["1/4", "3/4"],
    "target": [True, False, True, False],
}
# Steered along the difference of means of states that are equally long.
MEANS = {
    "head": [["1", "0"], ["0", "1"], ["-1", "3/2"]],
    "gain": ["1", "1"],
    "norm": "rmsnorm",
    "eps": "1/10",
    "hidden": [["3", "4"], ["-4", "3"], ["-5", "0"]],
    "vector": ["9/2", "7/2"],
    "positive": [0, 1],
    "negative": [2],
}
# A pure tilt, whose slopes are 0 at both ends; a head that is blind to the line; and a tie at both ends.
TILT = THREE | {"head": [["1", "0"], ["1", "2"], ["1", "-2"]]}
BLIND = THREE | {"head": [["1", "0"]] * 3}
TIED = THREE | {"head": [["0", "1"], ["3", "1"], ["-3", "1"]]}
INSTANCES = [THREE, TWO, LAYERNORM, TILT, BLIND, TIED, MERGED, MEANS]


@cache
def genuine():
    """The certificates that are edited."""
    return [certify_head(read_exact_head(record)).record for record in INSTANCES]


FAULTS = {
    "any bracket will do": Fault(
        turns, "_confirm_brackets", lambda *given: None, ["move_turn", "rescale_interval"]
    ),
    "the rest of the circle is not looked at": Fault(
        turns, "_cover", lambda *given: set(), ["drop_turns"]
    ),
    "turns may be left open": Fault(
        turns, "_Open", lambda arc, z: lambda *given: False, ["blank_curve"]
    ),
    "a slope that rises has no zero": Fault(
        turns, "_is_steady", lambda *given: True, ["drop_turns", "flip_first"]
    ),
    "intervals need not hold their value": Fault(
        ends, "confirm_row", lambda *given: None, ["rescale_interval"]
    ),
    "M need not be in its intervals": Fault(
        last_block, "confirm_row", lambda *given: None, ["rescale_interval"]
    ),
    "any tokens are extremal": Fault(last_block, "same", lambda *given: True, ["change_extremal"]),
    "any tokens dominate": Fault(ends, "same", lambda *given: True, ["change_dominating"]),
    "log-odds turn anywhere": Fault(
        ends, "_confirm_log_odds", lambda *given: None, ["change_log_odds"]
    ),
    "claims need not follow": Fault(certificate, "same", lambda *given: True, ["change_claim"]),
    "numbers in any notation": Fault(
        head, "rational", lambda text, *where: Fraction(text), ["rewrite_number"]
    ),
    "keys of any name": Fault(head, "_require_keys", lambda fields: None, ["add_key"]),
}
HEADS = Subject(genuine, EDITS, check_head_certificate, falsehood, FAULTS)

if __name__ == "__main__":
    main(HEADS)

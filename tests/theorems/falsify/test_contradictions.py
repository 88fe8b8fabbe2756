"""What a contradiction says and shows, worked out again apart from the code that found it."""

import re

import mpmath as mp
import pytest

from theorems.falsify import MAP, falsify
from theorems.falsify._map import Needed
from theorems.falsify.contradictions.last_norm import Stream, too_far
from theorems.tables.exact import exact_instance

SIGN = [p for p, entry in MAP.items() if p[0] == "lemma-b4.sign" and isinstance(entry, Needed)]


def test_the_distance_to_the_limit_and_the_bound_of_a_stream():
    """|h| = 3 along e1, v = e2, and ρ = 1 claimed: RMSNorm(h + αv) at α = 1, 4 and 16 by hand."""
    found = too_far(Stream(((3, 0), (0, 0)), (0, 1), rho=1))
    assert found is not None
    with mp.workdps(30):
        unit = mp.matrix([3, 1]) / mp.sqrt(10)
        distance = mp.sqrt(2) * mp.norm(unit - mp.matrix([0, 1]))
        bound = mp.sqrt(2) * 2 * 1 / (2 * 1 * 1 - 1)
    assert distance < bound  # so α = 1 shows nothing, and the first that does is 4
    assert "at α = 4, ρ = 1" in found.text
    with mp.workdps(30):
        unit = mp.matrix([3, 4]) / 5
        want = mp.sqrt(2) * mp.norm(unit - mp.matrix([0, 1])), mp.sqrt(2) * 2 / (2 * 4 - 1)
    for (_, ball), number in zip(found.values, want, strict=True):
        assert float(ball.mid()) == pytest.approx(float(number), rel=1e-14)


def test_a_bound_that_the_state_obeys_is_not_contradicted():
    assert too_far(Stream(((3, 0), (0, 0)), (0, 1), rho=3)) is None


@pytest.mark.parametrize("pair", SIGN, ids=lambda pair: pair[1])
def test_a_wrong_sign_names_the_side_on_which_the_token_is(pair):
    found = falsify(*pair)
    token, side = re.search(r"token (\d+) is in T: it is (in|not in) T", found.text).groups()
    value = found.values[0][1]
    model = {k: v for k, v in found.counterexample.items() if k != "factor"}
    assert (side == "in") is bool(exact_instance(model).target[int(token)])
    assert (value > 0) is not (side == "in")

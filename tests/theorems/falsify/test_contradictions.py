"""What a contradiction says and shows, worked out again apart from the code that found it."""

import re

import mpmath as mp
import pytest

from tests.exact_model import Exact
from theorems.falsify import MAP, falsify
from theorems.falsify._map import Needed
from theorems.falsify._steered import Steered
from theorems.falsify.contradictions.cross_entropy import budget
from theorems.falsify.contradictions.last_norm import Stream, too_far
from theorems.tables.exact import exact_instance, read_exact

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


@mp.workdps(50)
def test_a_strength_below_0_that_is_better_costs_less_than_the_budget_and_has_more_of_the_target():
    found = falsify("strength.budget", "separation")
    model, target = Exact(found.counterexample), found.counterexample["target"]
    contexts = range(len(model.rows))
    strength = -1 / mp.mpf(re.search(r"α = -1/(\d+) ", found.text).group(1))

    def mass(alpha):
        return mp.fsum(
            p for j in contexts for p, t in zip(model.law(j, alpha), target, strict=True) if t
        ) / len(contexts)

    cost = mp.fsum(model.growth(j, strength) - strength * model.mean(j, 0) for j in contexts) / len(
        contexts
    )
    assert cost < 0.1
    assert mass(strength) > mass(0)
    values = {name: (low, high) for name, low, high in found.values}
    for name, right in (("p(T)", mass(strength)), ("p(T) at 0", mass(0)), ("ΔCE", cost)):
        assert float(values[name][0]) == pytest.approx(float(right), rel=1e-12)


def model(*rows, target):
    """M = log p_0 - log p_1 of the first two rows."""
    record = {"next_token_probs": rows, "target": target, "positive": [0], "negative": [1]}
    return Steered(read_exact(record))


TINY, REST = "1/" + "1" + "0" * 60, f"{10**60 - 1}/1" + "0" * 60


@pytest.mark.parametrize(
    "steered",
    [
        # of the target, at the lowest M, there is more at every α < 0, but -1/16 costs 2 nats
        model([TINY, REST], [REST, TINY], ["1/2", "1/2"], target=[True, False]),
        # half of the target is at the highest M: more of it at α < 0 is not the most
        model(["1/6", "1/3", "1/2"], ["1/2", "1/3", "1/6"], ["2/5", "2/5", "1/5"],
              target=[True, False, True]),
    ],
    ids=["too dear", "at both ends"],
)  # fmt: skip
def test_a_strength_below_0_is_no_contradiction(steered):
    assert budget(steered) is None

"""What a contradiction says and shows, worked out again apart from the code that found it."""

import re
from dataclasses import replace

import mpmath as mp
import pytest
from flint import ctx

from tests.exact_model import Exact
from theorems.falsify import MAP, falsify
from theorems.falsify.contradictions.cross_entropy import budget
from theorems.falsify.contradictions.last_norm import (
    Stream,
    out_of_order,
    prompts_apart,
    too_far,
    unlike_the_limit,
)
from theorems.falsify.needed import Needed
from theorems.falsify.steered import Steered
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


def test_two_prompts_out_of_order_and_apart_by_hand():
    """h = (3, 0) and (-3, 0), v = (0, 1), ρ = 1 claimed of |h| = 3; d = 2."""
    stream = Stream(((3, 0), (-3, 0)), (0, 1), rho=1)
    with ctx.workprec(192):
        apart, order = prompts_apart(stream), out_of_order(stream)
        assert prompts_apart(replace(stream, rho=3)) is None
        assert out_of_order(replace(stream, rho=3)) is None
    # at α = 4 both have √2 (±3, 4)/5: 2 √2 3/5 apart, against 2 √2 2/(8 - 1)
    assert apart is not None
    assert "α = 4" in apart.text
    want = [2 * 2**0.5 * 3 / 5, 4 * 2**0.5 * 1 / 7]
    assert [float(value.mid()) for _, value in apart.values] == pytest.approx(want, rel=1e-14)
    # the limits √2 (0, 1) are √2 apart, more than twice √2 2/7 at α = 4, where 4/5 > 3/5: in order
    assert order is None
    with ctx.workprec(192):
        found = out_of_order(replace(stream, hidden=((9, 0), (0, 0))))
    assert found is not None
    assert "at α = 4" in found.text
    want = [2**0.5 * x / (81 + 16) ** 0.5 for x in (4, 9)]
    assert [float(value.mid()) for _, value in found.values] == pytest.approx(want, rel=1e-14)


def test_a_block_parts_m_from_the_difference_of_the_states():
    """h = (3, -4) and (3, 4): x + max(x, 0) gives (6, -4) and (6, 8); without it M is (0, -8)/(5/√2)."""
    stream = Stream(((3, -4), (3, 4)), (0, 0), block=1)
    with ctx.workprec(192):
        assert unlike_the_limit(replace(stream, block=0)) is None
        found = unlike_the_limit(stream)
    assert found is not None
    first, second = (2**0.5 * x / 52**0.5 for x in (6, -4)), (2**0.5 * x / 10 for x in (6, 8))
    odds = [x - y for x, y in zip(first, second, strict=True)]
    want = [odds[0] - odds[1], 8 / (5 / 2**0.5)]
    assert [float(value.mid()) for _, value in found.values] == pytest.approx(want, rel=1e-14)


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

"""What a certificate says that budgets buy, against the library's floats, and how its roots are found."""

from fractions import Fraction as F

import numpy as np
import pytest
from flint import arb

import ufm
from theorems.certificates import certify, check_certificate
from theorems.certificates.write import roots as room
from theorems.tables.exact import exact_instance, read_exact
from theorems.tables.paper import PAPER

KINDS = ("cross_entropy", "reverse_kl")
# δ > 0, and contexts that weigh differently.
RECORDS = {
    "figure-3": PAPER["figure-3"],
    "figure-5": PAPER["figure-5"],
    "uneven": PAPER["figure-4"]
    | {"context_weights": ["1/2", "1/20", "1/10", "1/10", "1/8", "1/8"]},
}


@pytest.fixture(scope="module", params=RECORDS)
def both(request):
    """A certificate, and the same instance in floats."""
    record = RECORDS[request.param]
    return certify(read_exact(record)).record, exact_instance(record)


def is_between(pair, value):
    low, high = (float(F(end)) for end in pair)
    return low * (1 - 1e-9) <= value <= high * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_library_finds_the_same_strengths_masses_and_ceilings(both, kind):
    record, instance = both
    on = instance.probs[:, instance.target].sum(axis=1)
    weights = instance.context_weights
    for entry in record["budgets"]:
        budget, shown = float(F(entry["budget"])), entry[kind]
        most = ufm.mass_ceiling(on, weights, budget, kind=kind)
        assert most.saturated is (shown["multiplier"] is None)
        assert is_between(shown["ceiling"], most.mass)
        if not most.saturated:
            growth = np.exp(most.multiplier) if kind == "reverse_kl" else most.multiplier
            assert is_between(shown["multiplier"], growth)
        choice = ufm.choose_strength(
            instance.tilt, weights, target=instance.target, budget=budget, kind=kind
        )
        assert choice.reachable is (shown["strength"] is not None)
        if choice.reachable:
            assert is_between(shown["strength"], choice.alpha)
            assert is_between(shown["mass"], choice.target_mass)
            assert choice.target_mass <= most.mass


def test_the_library_finds_the_same_half_saturation_and_covariances(both):
    record, instance = both
    found = np.asarray(ufm.half_saturation(instance.tilt, instance.target))
    slopes = np.asarray(ufm.first_order_effect(instance.tilt, instance.target))
    for c, group in enumerate(record["laws"]):
        low, high = (float(F(end)) for end in record["half_saturation"][c])
        covariance = float(F(record["sets"][0]["covariances"][c][0]))
        for j in group:
            assert low - 1e-9 <= found[j] <= high + 1e-9
            assert slopes[j] == pytest.approx(covariance, rel=1e-9)


def test_a_vector_that_is_the_targets_indicator_buys_the_ceiling():
    # M has one value on T and one off it; of one law, both divergences are spent best
    record = {
        "next_token_probs": [["1/6", "1/3", "1/2"], ["1/12", "1/6", "3/4"]],
        "target": [True, True, False],
        "positive": [0],
        "negative": [1],
        "context_weights": ["1/2", "1/2"],
    }
    found = certify(read_exact(record)).record
    for entry in found["budgets"]:
        ends = {kind: [F(x) for x in entry[kind]["ceiling"]] for kind in KINDS}
        if entry["reverse_kl"]["strength"] is not None:
            low, high = map(F, entry["reverse_kl"]["mass"])
            assert max(low, ends["reverse_kl"][0]) <= min(high, ends["reverse_kl"][1])
        # one strength for both prompts is less than the best where cross-entropy is spent
        assert F(entry["cross_entropy"]["mass"][1]) < ends["cross_entropy"][0]


def test_budgets_of_nearly_equal_and_nearly_certain_laws_are_found_and_confirmed():
    e = F(1, 10**60)
    nearly_equal = [[str(F(1, 3) + e), str(F(1, 3) - e), "1/3"], ["1/3"] * 3]
    nearly_certain = [[str(1 - 2 * e), str(e), str(e)], ["1/3"] * 3]
    for rows in (nearly_equal, nearly_certain):
        record = {"next_token_probs": rows, "target": [True, False, False]}
        found = certify(read_exact(record | {"positive": [0], "negative": [1]})).record
        assert check_certificate(found)["strength.budget"] == "holds"
        for entry in found["budgets"]:
            low, high = map(F, entry["cross_entropy"]["strength"])
            assert 0 < high - low <= high / 2**20


# Roots.


def squared(at):
    return arb(at.numerator**2) / at.denominator**2 - 2


def test_a_root_is_searched_for_outward_and_then_inward():
    def fine(low, high):
        return high - low < F(1, 10**12)

    for step in (F(1, 10**30), F(1, 1000), F(1, 8), F(1, 4), F(1), F(1000)):
        low, high = room.root(squared, F(0), step, fine)
        assert low < high < low + F(1, 10**12)
        assert low**2 < 2 < high**2


@pytest.mark.parametrize("step", [F(1), F(1, 2), F(1, 64), F(2), F(4)])
def test_a_root_that_is_met_exactly_is_passed_by(step):
    low, high = room.root(
        lambda at: arb(at.numerator) / at.denominator - 2, F(0), step, lambda a, b: b - a < 1e-6
    )
    assert low < 2 < high


def test_what_no_precision_shows_is_an_error():
    with pytest.raises(ValueError, match="two strengths differ by less than 4096 bits show; cert"):
        room.root(
            lambda at: arb(-1) if at <= 0 else arb(0, 1) if at < 2 else arb(1),
            F(0),
            F(2),
            lambda low, high: high - low < 1,
        )
    with pytest.raises(ValueError, match="a strength and ∞ differ by less than 4096 bits show"):
        room.root(lambda at: arb(-1), F(0), F(1), lambda low, high: True)
    with pytest.raises(ValueError, match="what two strengths buy differ by less than 4096 bits"):
        room.between(lambda at: arb(1, 0.5), F(0), F(1))
    assert room.sign_at(lambda at: arb(0, 1), F(0)) == 0


def test_numbers_between_two_arguments_are_enclosed_outward():
    found = room.between(
        lambda at: arb(at.numerator) / at.denominator, F(1, 3), F(1, 3) + F(1, 2**24)
    )
    assert found.low <= F(1, 3)
    assert found.high >= F(1, 3) + F(1, 2**24)
    assert found.width < F(1, 2**23)
    assert room.between(lambda at: arb(at.numerator) / at.denominator, F(1, 3), F(1, 2)) is None

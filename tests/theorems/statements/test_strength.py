import mpmath as mp
import numpy as np
import pytest

import theorems
import ufm
import ufm.tilt.strength
from tests.exact_model import Exact, record
from tests.planted_faults import Fault, must_be_seen, output, standard, wrap
from theorems.judging import controls
from theorems.judging.verdict import Outcome
from theorems.statements import strength as room
from theorems.statements.strength import _budgets_and_masses

CLAIM = "strength.budget"


def choice(name, change):
    """A fault in the strength that the library chooses."""
    return Fault(name, CLAIM, standard, output(ufm.tilt.strength, "choose_strength", change))


def where(condition, factor):
    """Multiplies the chosen strength by `factor` where the choice meets `condition`."""
    return lambda c: c._replace(alpha=c.alpha * (factor if condition(c) else 1.0))


def without_negative_strengths(choose):
    """A strength of at least 0, whatever mass is asked for."""
    return lambda *args, **named: (c := choose(*args, **named))._replace(alpha=max(c.alpha, 0.0))


def scaled_mass(choose):
    """The strength for a target mass 1e-9 less than the one asked for."""

    def chosen(*args, budget, kind="cross_entropy", **named):
        less = budget * (1 - 1e-9) if kind == "target_mass" else budget
        return choose(*args, budget=less, kind=kind, **named)

    return chosen


FAULTS = [
    choice("the quadratic prediction for the root",
           lambda c: c if c.kind == "target_mass" else c._replace(alpha=c.small_budget_alpha)),
    choice("a strength 1e-6 too small", lambda c: c._replace(alpha=c.alpha - 1e-6)),
    choice("a strength 1e-9 too large, for budgets below 1e-4 alone",
           where(lambda c: c.budget < 1e-4, 1 + 1e-9)),
    choice("a strength 1e-9 too large, for budgets above 1 alone",
           where(lambda c: c.budget > 1, 1 + 1e-9)),
    choice("a strength 1e-9 too large, for target masses alone",
           where(lambda c: c.kind == "target_mass", 1 + 1e-9)),
    Fault("no strength below 0 for a smaller target mass", CLAIM, standard,
          wrap(ufm.tilt.strength, "choose_strength", without_negative_strengths)),
    Fault("a target mass missed by 1e-9", CLAIM, standard,
          wrap(ufm.tilt.strength, "choose_strength", scaled_mass)),
]  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_planted_fault_makes_its_claim_fail(fault, monkeypatch):
    must_be_seen(fault, monkeypatch)


@pytest.mark.parametrize("rate", [-1.0, 0.5, 2.0])
def test_a_path_of_another_rate_fails(rate):
    instance = controls.rescaled_vector(rate)
    assert theorems.CLAIMS[CLAIM].conclusion(instance).verdict == "fails"


def test_the_budgets_span_decades_and_the_masses_both_sides_of_the_unsteered_one():
    budgets, masses = _budgets_and_masses(standard())
    assert budgets.max() / budgets.min() > 1e6
    unsteered = standard().probs[:, standard().target].sum(1) @ standard().context_weights
    assert masses.min() < unsteered < masses.max()


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, Outcome.HOLDS), (0.5, Outcome.FAILS)])
def test_a_larger_strength_of_the_grid_within_the_budget_is_seen(factor, verdict):
    instance = standard()
    budgets, _ = _budgets_and_masses(instance)
    roots = [room._choose(instance, "cross_entropy", kappa) for kappa in budgets]
    spenders = factor * np.array(roots)
    at_spenders = room._measured(instance, spenders)
    found = room._nothing_better(instance, budgets, spenders, at_spenders)
    assert [part.verdict for part in found] == [verdict] * 2


def test_a_budget_allows_a_strength_that_costs_less_by_more_than_rounding():
    instance = standard()
    grid = room._summed(instance, instance.curves.log_probs)
    for errors, is_allowed in ((2, False), (8, True)):
        budgets = grid.cost + errors * instance.tolerance * grid.error
        allowed = room._surely_within(instance, grid, budgets).diagonal()
        assert (allowed[instance.alphas != 0] == is_allowed).all()


@mp.workdps(50)
def test_a_mass_is_feasible_exactly_where_its_own_strength_is():
    """Against a search over strengths in 50 digits, on both sides of every threshold."""
    model = Exact(record(["3/5", "1/5", "3/5", "1/5"], ["1/10"] * 4))
    instance = standard()
    contexts = range(4)

    def cost(alpha):
        return mp.fsum(
            mp.fsum(p * mp.log(p / q) for p, q in zip(model.law(j, 0), law, strict=True))
            for j in contexts
            for law in [model.law(j, alpha)]
        ) / len(contexts)

    def mass(alpha):
        return mp.fsum(model.mass(j, alpha, 0) for j in contexts) / len(contexts)

    strengths = [mp.mpf(k) / 100 for k in range(-100, 201)]
    scan = [(cost(alpha), mass(alpha)) for alpha in strengths]
    for step in (-50, 20, 100, 150):  # α_τ is a strength of the scan
        _, tau = scan[strengths.index(mp.mpf(step) / 100)]
        choice = ufm.choose_strength(
            instance.tilt, instance.context_weights,
            target=instance.target, budget=float(tau), kind="target_mass",
        )  # fmt: skip
        assert abs(choice.alpha - step / 100) < 1e-14
        least = cost(max(step, 0) / mp.mpf(100))
        for budget in (least * (1 - mp.mpf("1e-9")), least, least * 2, least + mp.mpf("1e-3")):
            found = any(c <= budget and held >= tau for c, held in scan)
            assert found == (least <= budget)

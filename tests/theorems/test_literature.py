"""Claims of others: their examples computed, their figures found where they are recorded."""

import importlib
import re
from fractions import Fraction
from math import exp, log
from pathlib import Path

import numpy as np
import pytest

import theorems
import ufm

ROOT = Path(__file__).parents[2]
LITERATURE = {found.id.removeprefix("literature."): found for found in theorems.LITERATURE}
THREE = ufm.ExponentialTilt(np.log(np.full((1, 3), 1 / 3)), [1.0, 0.0, -1.0])
FIRST = np.array([True, False, False])


def tilted(probs: list[float], odds: list[float], alpha: float) -> list[float]:
    weights = [p * exp(alpha * m) for p, m in zip(probs, odds, strict=True)]
    return [w / sum(weights) for w in weights]


def uniform(alpha: float) -> list[float]:
    return tilted([1 / 3] * 3, [1, 0, -1], alpha)


@pytest.mark.parametrize("alpha", [-2.0, 2.0])
def test_the_mass_is_no_tanh_of_the_strength_itself(alpha):
    slope = 1 + 1 / (1 + exp(alpha))  # 1 - E[M | not T]
    assert f"{slope:.3f}" in LITERATURE["tanh"].truth
    step = 1e-5
    logits = [float(ufm.concept_log_odds(THREE, alpha + s, FIRST)[0]) for s in (-step, step)]
    assert (logits[1] - logits[0]) / (2 * step) == pytest.approx(slope, rel=1e-8)


def test_without_training_a_small_strength_may_gain():
    increase = log((1 + exp(0.1)) / 2) - 0.1 * 3 / 4
    assert f"{increase:.5f}" in LITERATURE["quadratic"].truth
    tilt = ufm.ExponentialTilt(np.log([[0.5, 0.5]]), [1.0, 0.0])
    found = ufm.cross_entropy_increase(tilt, 0.1, [1.0], [[0.75, 0.25]])
    assert float(found) == pytest.approx(increase, rel=1e-12)


def test_damage_is_a_square_only_without_covariance():
    after = uniform(0.1)
    lost = [1 / 3 - q for q in after]
    assert f"{lost[2]:.5f}" in LITERATURE["damage"].truth
    assert f"{lost[1]:.5f}" in LITERATURE["damage"].truth
    slopes = [float(ufm.first_order_effect(THREE, np.arange(3) == z)[0]) for z in (1, 2)]
    assert slopes == pytest.approx([0, -1 / 3], abs=1e-15)
    half = [1 / 3 - q for q in uniform(0.05)]
    assert lost[1] / half[1] == pytest.approx(4, rel=1e-2)
    assert lost[2] / half[2] == pytest.approx(2, rel=3e-2)


def test_off_a_separable_target_the_distribution_stays_and_the_masses_fall():
    probs, factors = [Fraction(n, 10) for n in (4, 3, 2, 1)], [6, 2, 2, 2]
    weights = [p * f for p, f in zip(probs, factors, strict=True)]
    after = [w / sum(weights) for w in weights]
    assert [q / sum(after[1:]) for q in after[1:]] == [Fraction(1, n) for n in (2, 3, 6)]
    assert "(1/2, 1/3, 1/6)" in LITERATURE["masses"].truth
    assert (
        f"falls from {float(probs[1]):.1f} to {float(after[1]):.4f}" in LITERATURE["masses"].truth
    )
    tilt = ufm.ExponentialTilt(np.log([[float(p) for p in probs]]), np.log(factors))
    np.testing.assert_allclose(tilt.probs(1.0)[0], [float(q) for q in after], rtol=1e-14)


def test_a_separated_target_rises_while_one_of_its_tokens_peaks():
    masses = [sum(uniform(alpha)[:2]) for alpha in (-2, 0, 2)]
    assert ", ".join(f"{mass:.4f}" for mass in masses) in LITERATURE["inverted-u"].truth
    assert masses == sorted(masses)
    assert float(ufm.peak_strengths(THREE)[0, 1]) == pytest.approx(0, abs=1e-15)


def test_a_larger_strength_may_cost_less_on_the_other_side():
    costs = [log(0.9 + 0.1 * exp(alpha)) - 0.1 * alpha for alpha in (2, -3)]
    assert all(f"{cost:.4f}" in LITERATURE["monotone"].truth for cost in costs)
    assert costs[1] < costs[0]
    tilt = ufm.ExponentialTilt(np.log([[0.9, 0.1]]), [0.0, 1.0])
    found = [float(ufm.forward_kl(tilt, alpha)[0]) for alpha in (2.0, -3.0)]
    assert found == pytest.approx(costs, rel=1e-12)


def test_three_turns_are_in_the_registry():
    assert "three" in theorems.CLAIMS["norm-circle.turns"].text


def test_the_claims_that_the_open_questions_name_exist():
    page = (ROOT / "docs" / "open_questions.md").read_text("utf-8")
    links = re.findall(r"\(\.\./theorems/statements/(\w+)\.py#claim-([a-z0-9.-]+)\)", page)
    assert links
    for module, claim in links:
        home = importlib.import_module(f"theorems.statements.{module}")
        assert claim in {c.id for c in home.STATEMENT.claims}


def test_what_is_said_in_the_model_is_judged_by_a_claim_or_is_not_about_it():
    judged = {c.id for c in theorems.CLAIMS.values() if c.is_of_others}
    assert {found.id for found in theorems.LITERATURE} == judged | {"literature.half-norm"}
    assert {name: str(found.in_model) for name, found in LITERATURE.items()} == {
        "tanh": "holds under a hypothesis",
        "quadratic": "holds under a hypothesis",
        "benefit": "holds under a hypothesis",
        "damage": "holds under a hypothesis",
        "pairs": "holds",
        "masses": "fails",
        "monotone": "holds under a hypothesis",
        "inverted-u": "holds under a hypothesis",
        "half-norm": "not about the model",
    }


def test_the_texts_count_them():
    assert len(LITERATURE) == 9
    assert sum(found.in_model == "holds under a hypothesis" for found in LITERATURE.values()) == 6
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert (
        "[nine sentences of others](theorems/literature.py); as quoted, six hold only under a condition."
        in readme
    )


@pytest.mark.parametrize("name", LITERATURE)
def test_an_entry_says_who_where_what_and_why(name):
    found = LITERATURE[name]
    assert found.source
    assert found.place
    assert all(text.endswith((".", ".)")) for text in (found.says, found.truth, found.real))
    assert {*found.settled_by} <= {c for c in theorems.CLAIMS if not c.startswith("literature")}
    assert found.settled_by
    if found.claim is not None:
        assert found.source == found.claim.source
        # what a sentence needs and does not name is what its counterexample breaks
        assert not found.needs or found.claim.control.dropped in found.needs


@pytest.mark.parametrize("name", LITERATURE)
def test_the_figures_of_real_models_are_recorded(name):
    found = LITERATURE[name]
    assert found.recorded or found.on_real == "not judged"
    for file, text in found.recorded:
        assert text in (ROOT / file).read_text(encoding="utf-8"), (file, text)
    recorded = " ".join(text for _, text in found.recorded)
    for number in re.findall(r"(?<![\w.])\.\d{3}\b", found.real):
        assert number in recorded, number


def test_the_damage_on_a_text_is_the_one_of_the_report():
    found = LITERATURE["damage"]
    (parabola, kl) = found.recorded[0][1].split()[-2:]
    assert f"it is {float(kl):.4f}; the parabola says {parabola}." in found.real


def test_the_gains_of_the_mass_are_those_of_the_report():
    start, *steered = (0.0002256, 0.000364, 0.000651, 0.00248)
    gains = [f"{mass - start:.2g}" for mass in steered]
    assert gains == ["0.00014", "0.00043", "0.0023"]
    assert ", ".join(gains[:2]) + f" and {gains[2]}" in LITERATURE["benefit"].real

"""Every finding is recomputed at 50 digits."""

import itertools
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import theorems
from tests.exact_model import Exact, rows
from theorems import findings
from theorems.findings import exact_instance
from theorems.statements.remark_3_4 import large_epsilon

FINDINGS = {finding.id: finding for finding in theorems.FINDINGS}
# The library is right to 1e-13 here: 50 digits of mpmath leave all of the difference to it.
RELATIVE = 1e-13


@pytest.fixture(autouse=True)
def _fifty_digits():
    with mp.workdps(50):
        yield


def exact(name):
    return Exact(FINDINGS[name].counterexample)


def shown(name):
    """The numbers in the finding's own words, after checking that it is confirmed."""
    confirmation = FINDINGS[name].confirm()
    assert confirmation.confirmed
    return [float(n) for n in re.findall(r"-?\d+\.\d+", confirmation.numbers)]


@pytest.mark.parametrize("finding", theorems.FINDINGS, ids=lambda finding: finding.id)
def test_the_rows_of_every_counterexample_are_exact_laws(finding):
    table = rows(finding.counterexample)
    assert [sum(row) for row in table] == [1] * len(table)
    assert min(min(row) for row in table) > 0
    floats = np.exp(exact_instance(finding.counterexample).log_probs)
    np.testing.assert_allclose(floats, np.array(table, dtype=float), rtol=1e-14)


@pytest.mark.parametrize("finding", theorems.FINDINGS, ids=lambda finding: finding.id)
def test_every_counterexample_satisfies_assumption_1(finding):
    record = finding.counterexample
    for a, b in zip(record["in_concept"], record["off_concept"], strict=True):
        assert 1 > Fraction(a) > Fraction(b) > 0
    assert not set(record["positive"]) & set(record["negative"])


def test_a_record_whose_rows_do_not_sum_to_one_is_refused():
    record = FINDINGS["finding-1.in-target"].counterexample | {
        "off_concept": ["1/10"] * 3 + ["1/9"]
    }
    with pytest.raises(ValueError, match="row 0 sums to 91/90, not 1"):
        exact_instance(record)


def test_a_target_token_peaks_at_a_negative_strength_on_its_own_context():
    name = "finding-1.in-target"
    peak = exact(name).peak(0, 1)
    assert abs(peak - mp.mpf("-0.165670148651232")) < 1e-15
    assert shown(name) == pytest.approx([float(peak)], abs=1e-12)
    library = exact_instance(FINDINGS[name].counterexample).peaks[0, 1]
    assert library == pytest.approx(float(peak), rel=RELATIVE)


def test_a_target_token_peaks_at_a_negative_strength_off_the_target_at_a_large_epsilon():
    name = "finding-1.large-epsilon"
    record = FINDINGS[name].counterexample
    epsilon = Fraction(9, 20)
    gamma = [Fraction(v) for v in ("3/10", "7/10", "2/5", "3/5", "1/2", "1/2")]
    omega = [Fraction(v) for v in ("7/10", "3/10", "19/20", "1/20", "1/2", "1/2")]
    assert [Fraction(v) for v in record["in_concept"]] == [(1 - epsilon) * g for g in gamma]
    assert [Fraction(v) for v in record["off_concept"]] == [epsilon * w / 2 for w in omega]
    model = exact(name)
    top, _ = model.extremes()
    peaks = {z: model.peak(2, z) for z in (0, 1) if z not in top}
    least = min(peaks.values())
    assert abs(least - mp.mpf("-0.10099")) < 5e-6
    assert shown(name)[0] == pytest.approx(float(least), abs=5e-6)
    library = exact_instance(record).peaks[2]
    for z, peak in peaks.items():
        assert library[z] == pytest.approx(float(peak), rel=RELATIVE)
    # the control of Remark 3.4 is the same law, two contexts per concept
    assert large_epsilon().peaks[4, :2].min() == pytest.approx(float(least), rel=RELATIVE)


def test_a_concept_vanishes_at_both_ends():
    name = "finding-2.vanishing"
    model = exact(name)
    top, bottom = model.extremes()
    assert not {6, 7, 8} & (top | bottom)
    expected = [-Fraction(sum(row[6:]), 3) for row in model.rows]
    assert expected == [Fraction(-1, 120), Fraction(-1, 120), Fraction(-19, 60)]
    for j, limit in enumerate(expected):
        for alpha in (-60, 60):
            change = (model.mass(j, alpha, 2) - model.mass(j, 0, 2)) / 3
            assert abs(change - mp.mpf(limit.numerator) / limit.denominator) < mp.mpf(10) ** -40
    assert shown(name) == [-0.316667, -0.008333]


def test_a_mass_falls_rises_and_falls_again():
    name = "finding-3.two-humps"
    model = exact(name)
    top, bottom = model.extremes()
    assert bottom <= {2, 3}  # so that the mass of C_2 is 1 at -∞
    assert not top & {2, 3}  # and 0 at +∞
    masses = [float(model.mass(0, alpha, 1)) for alpha in (-8, -3, -1, 0)]
    assert [round(v, 3) for v in masses] == [0.108, 0.361, 0.642, 0.041]
    assert shown(name) == [1.0, 0.108, 0.361, 0.642, 0.041, 0.0]


def test_a_rising_mass_has_three_inflections():
    name = "finding-3.inflections"
    model = exact(name)

    def curvature(alpha):
        """p''/p = (M(z) - μ)² - Var of the one target token, in the context of N."""
        law = model.law(1, alpha)
        mean = mp.fsum(p * m for p, m in zip(law, model.odds, strict=True))
        spread = mp.fsum(p * (m - mean) ** 2 for p, m in zip(law, model.odds, strict=True))
        return (model.odds[0] - mean) ** 2 - spread

    grid = [mp.mpf(n) for n in range(-100, 101)]
    signs = [mp.sign(curvature(alpha)) for alpha in grid]
    changes = [n for n in range(len(grid) - 1) if signs[n] != signs[n + 1]]
    assert len(changes) == 3
    assert (signs[0], signs[-1]) == (1, -1)  # convex at -∞, concave at +∞, as a sigmoid is
    roots = [mp.findroot(curvature, (grid[n], grid[n + 1]), solver="anderson") for n in changes]
    assert all(abs(curvature(root)) < mp.mpf(10) ** -40 for root in roots)
    assert all(later - sooner > 0.5 for sooner, later in itertools.pairwise(roots))
    confirmation = FINDINGS[name].confirm()
    assert confirmation.confirmed
    assert "changes sign 3 times" in confirmation.numbers


def test_all_target_tokens_of_the_uniform_dataset_tie_at_the_top():
    name = "finding-4.no-bump"
    table = rows(FINDINGS[name].counterexample)
    # M(z) = log of this ratio of rationals: one context in P, one in N
    ratios = [p / n for p, n in zip(table[0], table[1], strict=True)]
    assert ratios == [38] * 3 + [Fraction(1, 38)] * 3 + [1] * 3
    confirmation = FINDINGS[name].confirm()
    assert confirmation.confirmed
    assert "all 3 target tokens" in confirmation.numbers
    assert np.isposinf(exact_instance(FINDINGS[name].counterexample).peaks[:, :3]).all()


def test_the_cross_entropy_grows_linearly():
    name = "finding-5.linear"
    model = exact(name)
    contexts = range(len(model.rows))

    def increase(alpha):
        return mp.fsum(model.growth(j, alpha) - alpha * model.mean(j, 0) for j in contexts) / 3

    slope = mp.fsum(max(model.odds) - model.mean(j, 0) for j in contexts) / 3
    assert abs(increase(4000) - increase(2000) - 2000 * slope) < mp.mpf(10) ** -40
    assert shown(name) == [round(float(increase(1000)), 3), round(float(slope), 6)]
    assert shown(name) == [3635.110, 3.637586]


def test_steering_an_unfinished_model_lowers_the_loss():
    name = "finding-6.degrading"
    model = exact(name)
    data = model.rows[0]
    half = [log_p / 2 for log_p in model.log_p[0]]

    def log_law(alpha):
        terms = [h + alpha * m for h, m in zip(half, model.odds, strict=True)]
        total = mp.log(mp.fsum(mp.exp(t) for t in terms))
        return [t - total for t in terms]

    before, after = log_law(0), log_law(mp.mpf(1) / 4)
    change = mp.fsum(
        mp.mpf(q.numerator) / q.denominator * (was - now)
        for q, was, now in zip(data, before, after, strict=True)
    )
    assert change < 0
    assert shown(name) == [round(float(change), 6)]
    assert shown(name) == [-0.043692]


def test_the_limit_of_an_off_target_token_is_minus_its_probability():
    name = "finding-7.limit-formula"
    model = exact(name)
    top, _ = model.extremes()
    assert 2 not in top
    assert model.rows[0][2] == Fraction(1, 10)
    assert abs(model.law(0, 60)[2] - model.law(0, 0)[2] + mp.mpf(1) / 10) < mp.mpf(10) ** -30
    # what eq (9) prints, -a of the token's own concept, is another number
    assert Fraction(FINDINGS[name].counterexample["in_concept"][2]) == Fraction(2, 5)
    assert shown(name)[0] == -0.1


def test_a_limit_that_is_another_does_not_confirm_the_finding(monkeypatch):
    right = findings.limits
    monkeypatch.setattr(
        findings, "limits", lambda tilt: {sign: p + 1e-3 for sign, p in right(tilt).items()}
    )
    assert not FINDINGS["finding-7.limit-formula"].confirm().confirmed

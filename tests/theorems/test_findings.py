"""Every finding is recomputed at 50 digits."""

import itertools
import re
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest

import theorems
from tests.exact_model import Exact, rows
from theorems.findings import degrading, limit_formula
from theorems.statements.remark_3_4 import large_epsilon
from theorems.tables.exact import exact_instance

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


SEVERITY = {
    "finding-1.in-target": "loose remark",
    "finding-1.large-epsilon": "loose remark",
    "finding-2.vanishing": "false statement",
    "finding-3.two-humps": "loose remark",
    "finding-3.inflections": "loose remark",
    "finding-4.no-bump": "loose remark",
    "finding-5.linear": "addition",
    "finding-6.degrading": "loose remark",
    "finding-7.limit-formula": "misprint",
}


def test_each_finding_has_its_severity_and_says_which_version_it_is_about():
    assert {name: finding.severity for name, finding in FINDINGS.items()} == SEVERITY
    for finding in FINDINGS.values():
        assert re.match(r"v1, .*\bpp?\. \d+", finding.source)
        assert finding.quote.endswith(".")
        for words in (finding.says, finding.truth, finding.charitable_reading):
            assert words[0].isupper()
            assert words.endswith(".")
        assert finding.text == f"{finding.says} {finding.truth}"


ERRORS = re.compile(r"wrong|false|err|fail|misprint|contra|loose|however|not true", re.IGNORECASE)


def test_the_addition_claims_no_error_of_the_paper():
    finding = FINDINGS["finding-5.linear"]
    assert not ERRORS.search(" ".join((finding.title, finding.text, finding.witness)))
    assert finding.truth.startswith("Both are right.")
    assert "No counterexample" in finding.witness
    assert ERRORS.search(FINDINGS["finding-7.limit-formula"].title)  # it can be found


# G, γ and ω of each concept, ε, and the ε0 of the proof, as the words of the finding say them.
CONCEPT_LAWS = {
    "finding-1.in-target": (2, [["3/4", "1/4"]] * 2, [["1/2", "1/2"]] * 2, "1/5", "0.277"),
    "finding-1.large-epsilon": (
        3,
        [["3/10", "7/10"], ["2/5", "3/5"], ["1/2", "1/2"]],
        [["7/10", "3/10"], ["19/20", "1/20"], ["1/2", "1/2"]],
        "9/20",
        "0.408",
    ),
}


@pytest.mark.parametrize("name", CONCEPT_LAWS)
def test_the_witnesses_of_remark_3_4_are_of_its_dataset(name):
    count, gamma, omega, epsilon, threshold = CONCEPT_LAWS[name]
    finding, share = FINDINGS[name], Fraction(epsilon)
    flat_gamma, flat_omega = ([Fraction(v) for law in laws for v in law] for laws in (gamma, omega))
    record = finding.counterexample
    assert [Fraction(v) for v in record["in_concept"]] == [(1 - share) * g for g in flat_gamma]
    assert [Fraction(v) for v in record["off_concept"]] == [
        share * w / (count - 1) for w in flat_omega
    ]
    assert all(sum(map(Fraction, law)) == 1 for law in (*gamma, *omega))
    assert 0 < share < Fraction(count - 1, count)
    same = all(laws == laws[:1] * count for laws in (gamma, omega))
    for symbol, laws in (("γ", gamma), ("ω", omega)):
        text = " | ".join(", ".join(law) for law in (laws[:1] if same else laws))
        assert f"{symbol}=({text})" in finding.witness
    assert finding.witness.startswith(f"V={2 * count}, G={count}, ε={epsilon}, ")
    ratio = min(g / w for g, w in zip(flat_gamma[:2], flat_omega[:2], strict=True))

    def excess(x):
        """F of the paper's proof: α(j,z) > 0 is sure where it is positive."""
        least = mp.log(mp.mpf(ratio.numerator) / ratio.denominator)
        return (1 - x / (count - 1)) * mp.log((1 - x) * (count - 1) / x) + least

    root = mp.findroot(excess, (0.1, 0.45), solver="anderson")
    assert f"{float(root):.3f}" == threshold
    assert threshold in finding.truth
    # the first keeps the proof's condition on ε and breaks that on c_j; the second the other way round
    assert (share < float(root)) is (name == "finding-1.in-target")


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
    # "most tokens": M is at an extreme on six of nine
    assert [min(ratios) < r < max(ratios) for r in ratios].count(True) == 3
    assert "3 of 9 bump" in confirmation.numbers


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
    bend = [increase(n - 1) - 2 * increase(n) + increase(n + 1) for n in range(-5, 6)]
    assert min(bend) > 0


def half_trained():
    """ΔCE(α) at 50 digits of a UFM with half of what training would reach; weights 3/4 and 1/4."""
    model = exact("finding-6.degrading")
    weights = [mp.mpf(3) / 4, mp.mpf(1) / 4]

    def loss(alpha):
        total = mp.mpf(0)
        for weight, logs, data in zip(weights, model.log_p, model.rows, strict=True):
            logits = [(lp + alpha * m) / 2 for lp, m in zip(logs, model.odds, strict=True)]
            norm = mp.log(mp.fsum(map(mp.exp, logits)))
            terms = (mp.mpf(q.numerator) / q.denominator for q in data)
            total += weight * mp.fsum(q * (norm - x) for q, x in zip(terms, logits, strict=True))
        return total

    return lambda alpha: loss(alpha) - loss(mp.mpf(0))


def test_steering_an_unfinished_model_lowers_the_loss():
    name = "finding-6.degrading"
    assert FINDINGS[name].counterexample["context_weights"] == ["3/4", "1/4"]
    increase = half_trained()
    slope, change = mp.diff(increase, 0), increase(mp.mpf(1) / 4)
    assert slope < 0
    assert change < 0
    assert shown(name) == [round(float(slope), 6), round(float(change), 6)]
    assert shown(name) == [-0.09242, -0.010058]


def test_at_a_stationary_h_the_loss_starts_level_trained_or_not():
    # W = (1, 0, 0, -1): ∂CE/∂h = W·(σ(hW) - p), and h = 2 artanh(3/10) makes it 0 for p = (4, 4, 1, 1)/10
    data = exact("finding-6.degrading").rows[0]
    h = 2 * mp.atanh(mp.mpf(3) / 10)
    weights = [mp.exp(h), 1, 1, mp.exp(-h)]
    fitted = [w / mp.fsum(weights) for w in weights]
    assert abs(fitted[0] - fitted[3] - mp.mpf(3) / 10) < mp.mpf(10) ** -45
    assert data[0] - data[3] == Fraction(3, 10)
    assert abs(fitted[1] - mp.mpf(2) / 5) > 0.17


@pytest.mark.parametrize("factor", [-1, 0, 1.001])
def test_another_slope_does_not_confirm_the_finding(monkeypatch, factor):
    right = degrading._slope
    monkeypatch.setattr(degrading, "_slope", lambda *given: factor * right(*given))
    assert not FINDINGS["finding-6.degrading"].confirm().confirmed


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
    # equation (5) is right everywhere, and (9) on the target, for which a is the rate
    for z in range(4):
        p = model.law(0, 0)
        limit = (p[z] / (p[0] + p[1]) if z < 2 else 0) - p[z]
        assert abs(model.law(0, 60)[z] - p[z] - limit) < mp.mpf(10) ** -30
        a = mp.mpf(2) / 5
        printed = (a / (a + a) if z < 2 else 0) - a
        assert (abs(printed - limit) < mp.mpf(10) ** -40) is (z < 2)
    assert "(5)" not in FINDINGS[name].source
    assert "Eq (5), the proposition itself, is right" in FINDINGS[name].truth


def test_a_limit_that_is_another_does_not_confirm_the_finding(monkeypatch):
    right = limit_formula.limits
    monkeypatch.setattr(
        limit_formula, "limits", lambda tilt: {sign: p + 1e-3 for sign, p in right(tilt).items()}
    )
    assert not FINDINGS["finding-7.limit-formula"].confirm().confirmed

"""Peaks of large vocabularies, each proved to lie within 1e-12 of itself by balls (Arb).

For a token z the sum Σ p (M - M(z)) e^{α(M - M(z))} increases with α and is 0 at the peak: if it is
certainly negative just before the number found and certainly positive just after, the error is proved.
"""

import flint
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ufm
from ufm.numerics import gauss_nodes, octaves
from ufm.numerics import vocabulary_peaks as _vocabulary_peaks
from ufm.numerics.vocabulary_peaks import strictly_ordered, vocabulary_peaks

# A sweep over 100,000 random tilts is for the night: pytest --hypothesis-profile=nightly
EXAMPLES = 100_000 if settings().max_examples >= 2000 else 1000
TOLERANCE = 1e-12


def sign_of_slope(row, odds, token, alpha):
    """-1 or +1 where the balls are certain that token's probability falls or rises with α, else 0."""
    with flint.ctx.workprec(400):
        at, strength, total = flint.arb(float(odds[token])), flint.arb(float(alpha)), flint.arb(0)
        for log_p, m in zip(row.tolist(), odds.tolist(), strict=True):
            gap = flint.arb(m) - at
            total += gap * (flint.arb(log_p) + strength * gap).exp()
        return (total < 0) - (total > 0)


def rounding_at_zero(row, odds):
    """What errors of 1e-19, extended precision's, in 24 terms of E_0[M] do to a peak next to 0."""
    centred = (odds - odds[np.argmax(row)]) / np.ptp(odds)
    centred -= np.exp(row) @ centred
    return 2.4e-18 * (np.exp(row) @ np.abs(centred)) / (np.exp(row) @ centred**2) / np.ptp(odds)


def assert_proved(row, odds, peaks, tokens, tolerance=TOLERANCE):
    least = rounding_at_zero(row, odds)
    for z in tokens:
        width = tolerance * abs(peaks[z]) + least
        before, after = peaks[z] - width, peaks[z] + width
        assert sign_of_slope(row, odds, z, before) == 1, (z, peaks[z])
        assert sign_of_slope(row, odds, z, after) == -1, (z, peaks[z])


def assert_ordered(odds, peaks):
    """Infinite on the ends alone, and otherwise larger, equal or smaller just as M is."""
    np.testing.assert_array_equal(peaks == np.inf, odds == odds.max())
    np.testing.assert_array_equal(peaks == -np.inf, odds == odds.min())
    order = np.argsort(odds, kind="stable")
    np.testing.assert_array_equal(
        peaks[order][1:] > peaks[order][:-1], odds[order][1:] > odds[order][:-1]
    )
    assert (peaks[order][1:] >= peaks[order][:-1]).all()


def normalised(logs):
    return logs - np.logaddexp.reduce(logs)


def zipf(v, rng):
    return normalised(-np.log(rng.permutation(v) + 1.0))


def bfloat16(x):
    return np.asarray(jnp.asarray(x).astype(jnp.bfloat16).astype(float))


def _dominant(v, rng):
    logs = -600 + rng.normal(size=v)
    logs[v // 3] = 0.0
    return normalised(logs), rng.normal(size=v)


def _ulp_cluster(v, rng):
    odds = rng.normal(size=v)
    odds[: v // 2] = 0.7 + np.arange(v // 2) * 2.0**-53
    return zipf(v, rng), odds


CASES = {
    "normal": lambda v, rng: (zipf(v, rng), rng.normal(size=v)),
    "cauchy": lambda v, rng: (zipf(v, rng), rng.standard_cauchy(v)),
    "pareto, 300 decades": lambda v, rng: (zipf(v, rng), rng.pareto(0.05, v)),
    "minus pareto": lambda v, rng: (zipf(v, rng), -rng.pareto(0.05, v)),
    "bf16": lambda v, rng: (zipf(v, rng), bfloat16(rng.normal(size=v))),
    "staircase": lambda v, rng: (normalised(-400.0 * (np.arange(v) / v) ** 2), np.arange(v) * 1.0),
    "geometric": lambda v, rng: (zipf(v, rng), 1 - 2.0 ** -np.linspace(0, 50, v)),
    "steep geometric": lambda v, rng: (
        normalised(-690 * np.linspace(0, 1, v)),
        1 - 2.0 ** -np.linspace(0, 50, v),
    ),
    "one ulp apart": lambda v, rng: (zipf(v, rng), 1 + np.arange(v) * 2.0**-52),
    "cluster one ulp apart": _ulp_cluster,
    "p to e^-690": lambda v, rng: (normalised(rng.uniform(-690, 0, v)), rng.normal(size=v)),
    "one dominant token": _dominant,
    "shifted": lambda v, rng: (zipf(v, rng), 1e6 + rng.normal(size=v)),
    "tiny M": lambda v, rng: (zipf(v, rng), 1e-200 * rng.normal(size=v)),
    "huge M": lambda v, rng: (zipf(v, rng), 1e200 * rng.normal(size=v)),
    "260 decades of both signs": lambda v, rng: (
        zipf(v, rng),
        rng.choice([-1.0, 1.0], v) * np.exp(rng.uniform(-300, 300, v)),
    ),
    "p falls as M grows": lambda v, rng: (
        normalised(-np.log(np.arange(v) + 1.0)),
        np.arange(v) / v,
    ),
}


@pytest.mark.parametrize("way", ["as it comes", "by nodes", "by octaves"])
@pytest.mark.parametrize("name", CASES)
def test_adversarial_cases(name, way, monkeypatch):
    if way == "by octaves":  # whatever M is
        monkeypatch.setattr(_vocabulary_peaks, "_WIDE_TOKENS", 1)
        monkeypatch.setattr(_vocabulary_peaks, "_WIDE", 0.0)
    if way == "by nodes":  # as in large vocabularies
        monkeypatch.setattr(_vocabulary_peaks, "_GATHERED", 0)
        monkeypatch.setattr(_vocabulary_peaks, "_DIRECT", 1 << 10)
        monkeypatch.setattr(gauss_nodes, "_FEWEST", 12)
    rng = np.random.default_rng(11)
    row, odds = CASES[name](300, rng)
    peaks = vocabulary_peaks(row[None, :], odds)[0]
    assert_ordered(odds, peaks)
    finite = np.flatnonzero(np.isfinite(peaks))
    ends = finite[np.argsort(odds[finite])][[0, 1, 2, -3, -2, -1]]
    nearest_zero = finite[np.argsort(np.abs(peaks[finite]))][:4]
    assert_proved(row, odds, peaks, {*ends, *nearest_zero, *rng.choice(finite, 20)})


@pytest.mark.parametrize("power", [-1000, -300, 300, 1023])
@pytest.mark.parametrize("direct", [0, 1 << 13], ids=["by anchors", "as it comes"])
def test_the_unit_of_m_changes_the_unit_of_the_peaks_and_no_bit(power, direct, monkeypatch):
    """Largest and least M are as far from 0 on either side, or alike: neither is the range."""
    monkeypatch.setattr(_vocabulary_peaks, "_DIRECT", direct)
    rng = np.random.default_rng(3)
    row = normalised(rng.uniform(-600, 0, 200))
    for odds in (np.linspace(-1.9, 1.9, 200), 1.8 + np.linspace(-0.1, 0.1, 200)):
        plain = np.ldexp(vocabulary_peaks(row[None, :], odds)[0], -power)
        scaled = vocabulary_peaks(row[None, :], np.ldexp(odds, power))[0]
        is_normal = np.abs(plain) >= np.finfo(float).tiny  # below, ldexp rounds
        assert is_normal.sum() > 180
        np.testing.assert_array_equal(scaled[is_normal], plain[is_normal])


def test_the_proof_can_fail():
    row, odds = CASES["normal"](300, np.random.default_rng(11))
    peaks = vocabulary_peaks(row[None, :], odds)[0]
    token = int(np.argsort(odds)[100])
    assert_proved(row, odds, peaks, [token])
    with pytest.raises(AssertionError):
        assert_proved(row, odds, peaks * (1 + 3e-12), [token])
    with pytest.raises(AssertionError):
        assert_ordered(odds[::-1], peaks)


def test_a_vocabulary_of_fifty_thousand():
    """V = 50,257: the ends, the peak nearest to 0 and a few more, proved; the order of all."""
    rng = np.random.default_rng(2)
    row, odds = CASES["normal"](50_257, rng)
    peaks = np.asarray(ufm.peak_strengths(ufm.ExponentialTilt(row[None, :], odds)))[0]
    assert_ordered(odds, peaks)
    order = np.argsort(odds)
    nearest = int(np.argmin(np.abs(peaks)))
    row = np.asarray(ufm.ExponentialTilt(row[None, :], odds).log_probs)[0]
    assert_proved(row, odds, peaks, [*order[[1, 2, -3, -2]], nearest, *rng.choice(order[3:-3], 3)])


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("way", ["by octaves", "by nodes"])
def test_a_large_vocabulary_over_fifty_decades(sign, way, monkeypatch):
    """Pareto(0.05): tokens at every scale of α, which octaves serve, and nodes where they do not."""
    rng = np.random.default_rng(7)
    row, odds = zipf(8000, rng), sign * rng.pareto(0.05, 8000)
    sizes, solved = [], []

    def seen(log_odds, *rest):
        found = gathered(log_odds, *rest)
        sizes.append((log_odds.size, found[0].size))
        return found

    def counted(*given):
        solved.append(peaks_by_octaves(*given))
        return solved[-1]

    gathered = _vocabulary_peaks.gathered
    peaks_by_octaves = _vocabulary_peaks.peaks_by_octaves
    monkeypatch.setattr(_vocabulary_peaks, "gathered", seen)
    monkeypatch.setattr(_vocabulary_peaks, "peaks_by_octaves", counted)
    if way == "by nodes":
        monkeypatch.setattr(_vocabulary_peaks, "_WIDE", np.inf)
    peaks = vocabulary_peaks(row[None, :], odds)[0]
    if way == "by nodes":
        assert max(before / max(after, 1) for before, after in sizes) > 20
    else:
        assert np.isfinite(solved[0]).sum() > 7900
    assert_ordered(odds, peaks)
    order, nearest = np.argsort(odds), int(np.argmin(np.abs(peaks)))
    assert_proved(row, odds, peaks, [*order[[1, 2, -3, -2]], nearest, *rng.choice(order[3:-3], 8)])


@pytest.mark.parametrize("name", ["steep geometric", "p to e^-690"])
def test_octaves_that_would_lose_digits_are_left_out(name, monkeypatch):
    """A planted fault: with none left out, peaks are wrong that otherwise are proved."""
    monkeypatch.setattr(octaves, "_LEAST", 0.0)
    monkeypatch.setattr(octaves, "_LEAST_SPREAD", 0.0)
    with pytest.raises(AssertionError):
        test_adversarial_cases(name, "by octaves", monkeypatch)


@st.composite
def laws(draw):
    """Up to 24 tokens, p down to e^-690, M of any kind: clusters, ties, ulps, sizes e^±60."""
    v = draw(st.sampled_from([3, 4, 6, 9, 24]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    depth = draw(st.sampled_from([0.0, 3.0, 50.0, 690.0]))
    odds = rng.normal(size=v)
    kind = draw(st.sampled_from(["plain", "ties", "ulps", "sizes", "cluster", "skew"]))
    if kind == "ties":
        odds = np.round(2 * odds) / 2
    elif kind == "ulps":
        odds = 1 + rng.integers(0, 2 * v, v) * 2.0**-52
    elif kind == "sizes":
        odds *= np.exp(rng.uniform(-60, 60, v))
    elif kind == "cluster":
        odds = np.where(rng.random(v) < 0.7, 0.5 + 1e-12 * odds, odds)
    elif kind == "skew":
        odds = np.exp(4 * odds)
    odds[:2] = odds.min() - 1.0, odds.max() + 1.0  # not constant
    return normalised(rng.uniform(-depth, 0.0, v)), odds


@pytest.mark.parametrize("direct", [0, 1 << 13], ids=["by anchors", "as it comes"])
@settings(max_examples=EXAMPLES // 2)
@given(law=laws())
def test_peaks_of_any_law(direct, law):
    row, odds = law
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_vocabulary_peaks, "_DIRECT", direct)
        peaks = vocabulary_peaks(row[None, :], odds)[0]
    assert_ordered(odds, peaks)
    finite = np.flatnonzero(np.isfinite(peaks))
    if finite.size:
        assert_proved(row, odds, peaks, {finite[0], finite[np.argmin(np.abs(peaks[finite]))]})


def test_peaks_closer_than_the_smallest_float_stay_in_order():
    odds = np.array([-1.0, 1.0, 5e-23, -9e-23])
    assert_ordered(odds, vocabulary_peaks(np.full((1, 4), np.log(0.25)), odds)[0])


def wide_tilt(v=150):
    rng = np.random.default_rng(4)
    rows = np.stack([zipf(v, rng), normalised(rng.uniform(-30, 0, v))])
    return ufm.ExponentialTilt(rows, np.round(rng.normal(size=v), 2))


def test_contexts_ties_and_tracing_give_the_same_numbers():
    tilt = wide_tilt()
    peaks = np.asarray(ufm.peak_strengths(tilt))
    odds = np.asarray(tilt.log_odds)
    assert np.unique(odds).size < odds.size
    for row, found in zip(np.asarray(tilt.log_probs), peaks, strict=True):
        assert_ordered(odds, found)
        assert_proved(row, odds, found, np.flatnonzero(np.isfinite(found))[::20])
    np.testing.assert_array_equal(jax.jit(ufm.peak_strengths)(tilt), peaks)
    scaled = jax.vmap(
        lambda s: ufm.peak_strengths(ufm.ExponentialTilt(tilt.log_probs, s * tilt.log_odds))
    )(jnp.array([0.5, 2.0]))
    np.testing.assert_allclose(scaled, np.stack([2 * peaks, peaks / 2]), rtol=1e-11)


def test_both_ways_to_the_peaks_agree():
    """128 tokens go through JAX, token by token; the same law on the host."""
    tilt = wide_tilt(128)
    host = vocabulary_peaks(np.asarray(tilt.log_probs), np.asarray(tilt.log_odds))
    finite = np.isfinite(host)
    np.testing.assert_array_equal(finite, np.isfinite(ufm.peak_strengths(tilt)))
    np.testing.assert_allclose(
        np.asarray(ufm.peak_strengths(tilt))[finite], host[finite], rtol=1e-10, atol=1e-12
    )


@pytest.mark.parametrize("wanted", [0, 1])
def test_derivatives_match_finite_differences(wanted):
    tilt = wide_tilt()
    point = [tilt.log_probs, tilt.log_odds]

    def finite_peaks(log_probs, odds):
        peaks = ufm.peak_strengths(ufm.ExponentialTilt(jax.nn.log_softmax(log_probs), odds))
        return jnp.where(jnp.isfinite(peaks), peaks, 0.0)

    # equal entries of M move together, or the ties would break
    random = np.random.default_rng(3).normal(size=point[wanted].shape)
    direction = [jnp.zeros_like(x) for x in point]
    direction[wanted] = jnp.asarray(np.sin(5 * point[1]) if wanted else random)
    _, ours = jax.jvp(finite_peaks, tuple(point), tuple(direction))
    h = 1e-6
    ahead, behind = (
        [x + s * h * d for x, d in zip(point, direction, strict=True)] for s in (1, -1)
    )
    difference = (finite_peaks(*ahead) - finite_peaks(*behind)) / (2 * h)
    assert np.abs(difference).max() > 0.1
    # Rounding leaves 1e-15 |α| / h; the third derivative h² / R⁴ and the like.
    scale = np.abs(difference).max()
    np.testing.assert_allclose(ours, difference, rtol=1e-5, atol=1e-7 * scale)


FEW = {
    "two tokens": ([0.9, 0.1], [1.0, 0.0], [np.inf, -np.inf]),
    "two values": ([0.5, 0.3, 0.2], [1.0, 0.0, 1.0], [np.inf, -np.inf, np.inf]),
}


@pytest.mark.parametrize("name", FEW)
def test_few_tokens(name):
    probs, odds, expected = FEW[name]
    assert vocabulary_peaks(np.log([probs]), np.array(odds)).tolist() == [expected]
    assert ufm.peak_strengths(ufm.ExponentialTilt(np.log([probs]), odds)).tolist() == [expected]


@pytest.mark.parametrize("v", [1, 2, 200])
def test_equal_log_odds_have_no_peak(v):
    with pytest.raises(ValueError, match="log_odds are constant"):
        ufm.peak_strengths(ufm.ExponentialTilt(np.full((1, v), -np.log(v)), np.zeros(v)))


def test_neighbours_closer_than_rounding_keep_their_order():
    odds = np.concatenate([[-1.0, 2.0], 1 + np.arange(5) * 2.0**-52])
    peaks = ufm.peak_strengths(ufm.ExponentialTilt(np.full((1, 7), -np.log(7.0)), odds))
    assert_ordered(odds, np.asarray(peaks)[0])
    raised = strictly_ordered(np.array([-1.0, 0.0, 0.0, -0.0, 3.0, 3.0]))
    assert raised.tolist() == [-1.0, 0.0, 5e-324, 1e-323, 3.0, np.nextafter(3.0, 4.0)]

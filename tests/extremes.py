"""Tilts at the ends of what floats hold, and what each quantity of the library makes of them, judged by balls.

An instance has two contexts. Judged is the relative error; where an answer's terms cancel (`tests.balls`) an
error of some units in the last place of the terms' sum without signs is allowed, as the docstrings say.
"""

from collections.abc import Iterable
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb
from jaxtyping import Array

import ufm
from tests import balls

TOLERANCE = 1e-10
# Units in the last place of the sum without signs: a few roundings in each of up to five terms.
_ULPS = 100 * np.finfo(float).eps
# XLA takes what is below the smallest normal float for 0, in each of the terms of a sum.
_SMALLEST = 4 * np.finfo(float).tiny

CONFIDENCE = {
    "mild": [[-1.2, -0.4, -2.0, -3.1, -2.2], [-2.5, -1.5, -0.7, -1.1, -4.0]],
    "spread": [[-1.0, -35.0, 0.0, -60.0, -12.0], [-90.0, -3.0, -250.0, 0.0, -0.3]],
    "rare": [[0.0, -690.0, -691.0, -700.0, -695.0], [-300.0, -690.0, 0.0, -310.0, -1e-9]],
    "certain": [[-690.0, -2000.0, 0.0, -5000.0, -900.0], [0.0, -5000.0, -5000.0, -690.0, -3000.0]],
    "two": [[0.0, 0.0, -690.0, -720.0, -1200.0], [-650.0, 0.0, -500.0, -1e-3, -5000.0]],
}
LOG_ODDS = {
    "apart": [1.0, -0.4, 0.3, 0.0, -0.9],
    "ties": [1.0, -0.5, 1.0, -0.5, 0.25],
    "near ties": [1.0, 1.0 - 1e-9, 0.0, 1e-12, -1.0],
    "two values": [1.0, 0.0, 0.0, 1.0, 0.0],
}
OFFSETS = [0.0, 1e4, -1e8, 1e12]
SCALES = [1.0, 1e-150, 1e150, 1e-30]
WEIGHTS = [[0.25, 0.75], [1.0, 0.0], [1e-300, 1.0]]
TIMES_RANGE = [1e-12, -1e-6, 0.3, -1.0, 30.0, -400.0, 700.0, -5100.0, 1e8]


class Instance(NamedTuple):
    """What a tilt, and all that is asked about it, is made of; two contexts, V tokens."""

    tilt: ufm.ExponentialTilt
    weights: np.ndarray
    data_probs: np.ndarray
    tokens: np.ndarray
    alphas: np.ndarray


class Miss(NamedTuple):
    """An answer of the library that is wrong beyond its bound, and by how much of it."""

    quantity: str
    share: float
    index: int
    alpha: float
    found: float
    exact: float


def normalised(logs: np.ndarray) -> np.ndarray:
    return logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)


def instance(logs, odds, weights, times_range, rng: np.random.Generator) -> Instance:
    """With an arbitrary law of the data and concept; the concept is separated half of the time."""
    logs, odds = normalised(np.asarray(logs)), np.asarray(odds)
    laws = rng.choice([1.0, 30.0, 300.0]) * rng.normal(size=logs.shape)
    data = np.exp(normalised(laws if rng.random() < 0.5 else logs * rng.choice([0.9, 1.1])))
    tokens = odds >= rng.choice(odds) if rng.random() < 0.5 else rng.random(odds.size) < 0.5
    if tokens.all() or not tokens.any():
        tokens = np.arange(odds.size) == rng.integers(odds.size)
    with np.errstate(over="ignore"):
        alphas = np.asarray(times_range) / (np.ptp(odds) or 1.0)
    tilt = ufm.ExponentialTilt(logs, odds)
    return Instance(tilt, np.asarray(weights), data / data.sum(1, keepdims=True), tokens, alphas)


def table() -> list[Instance]:
    """Every confidence with every shape of M and every offset; scales and weights take turns."""
    rng = np.random.default_rng(0)
    found = []
    for logs in CONFIDENCE.values():
        for shape in LOG_ODDS.values():
            for offset in OFFSETS:
                scale, weights = SCALES[len(found) % 4], WEIGHTS[len(found) % 3]
                odds = scale * (np.array(shape) + offset)
                times = rng.choice(TIMES_RANGE, 3, replace=False)
                found.append(instance(logs, odds, weights, times, rng))
    return found


def two_tokens() -> list[Instance]:
    """V = 2: the same ends of confidence, offset and scale."""
    rng = np.random.default_rng(1)
    found = []
    for rare in (-0.7, -40.0, -690.0, -5000.0):
        for offset in OFFSETS:
            for scale in SCALES:
                logs, odds = [[0.0, rare], [rare, 0.0]], scale * (np.array([0.0, 1.0]) + offset)
                times = rng.choice(TIMES_RANGE, 3, replace=False)
                found.append(instance(logs, odds, WEIGHTS[len(found) % 3], times, rng))
    return found


def drawn(rng: np.random.Generator, vocabulary: int = 5) -> Instance:
    """A random instance: any confidence, shape, offset, scale and weights."""
    logs = rng.normal(size=(2, vocabulary)) * rng.choice([0.1, 1.0, 10.0, 100.0, 1000.0])
    for row in logs:
        confident = rng.choice(4)
        if confident:  # one to three tokens near the top, the others rare or very rare
            top = rng.permutation(vocabulary)[:confident]
            row[:] = -rng.uniform(*[(10, 700), (600, 800), (690, 5000)][rng.choice(3)], vocabulary)
            row[top] = rng.choice([0.0, 1e-12, 1e-3, 1.0]) * rng.normal(size=top.size)
    odds = rng.normal(size=vocabulary)
    shape = rng.choice(4)
    if shape == 1:
        odds = rng.choice(odds[:2], vocabulary)
        odds[:2] = [odds[0], odds[0] + 1.0]
    elif shape == 2:
        odds[1] = odds[0] + 10 ** rng.uniform(-14, -3)
    elif shape == 3:
        odds[0] *= 10 ** rng.uniform(0, 6)
    if rng.random() < 0.5:
        odds += rng.choice([-1, 1]) * 10 ** rng.uniform(0, 12) * np.ptp(odds)
    if rng.random() < 0.7:
        odds *= 10 ** rng.uniform(-150, 150 - np.log10(np.abs(odds).max()))
    share = rng.choice([0.0, 1e-300, rng.random()])
    times = rng.choice([-1, 1], 2) * 10 ** rng.uniform(-12, 8, 2)
    times[0] = rng.choice([-1, 1]) * rng.uniform(0, 6000) if rng.random() < 0.7 else times[0]
    return instance(logs, odds, [share, 1 - share], times, rng)


def stacked(instances: Iterable[Instance]) -> Instance:
    return cast(Instance, jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *instances))


@jax.jit
def _of_tilts(batch: Instance) -> dict[str, Array]:
    """Every quantity of one strength [n, A, 2, ...], and those without one [n, 2, ...]."""

    def at(one: Instance, alpha: Array) -> dict[str, Array]:
        tilt, tokens = one.tilt, one.tokens
        return {
            "probs": tilt.probs(alpha),
            "log_probs_at": tilt.log_probs_at(alpha),
            "mean": tilt.mean(alpha),
            "centred": tilt.centred(alpha),
            "variance": tilt.variance(alpha),
            "third cumulant": tilt.cumulants(alpha, 3)[:, 2],
            "second derivative": tilt.derivative(alpha, 2),
            "probability_increase": ufm.probability_increase(tilt, alpha),
            "forward_kl": ufm.forward_kl(tilt, alpha),
            "reverse_kl": ufm.reverse_kl(tilt, alpha),
            "concept_log_odds": ufm.concept_log_odds(tilt, alpha, tokens),
            "concept_probability": ufm.concept_probability(tilt, alpha, tokens),
            "concept_log_odds_increase": ufm.concept_log_odds_increase(tilt, alpha, tokens),
            "concept_increase": ufm.concept_increase(tilt, alpha, tokens),
            "cross_entropy_increase": ufm.cross_entropy_increase(tilt, alpha, one.weights),
            "cross_entropy_increase, data": ufm.cross_entropy_increase(
                tilt, alpha, one.weights, one.data_probs
            ),
        }

    def one_instance(one: Instance) -> dict[str, Array]:
        found = jax.vmap(lambda alpha: at(one, alpha))(one.alphas)
        return found | {"peaks": ufm.peak_strengths(one.tilt)}

    return jax.vmap(one_instance)(batch)


def misses(instances: list[Instance], worst: dict[str, float] | None = None) -> list[Miss]:
    """Every answer beyond its bound; `worst` takes each quantity's largest error, in bounds."""
    whole = {name: np.asarray(found) for name, found in _of_tilts(stacked(instances)).items()}
    found: list[Miss] = []
    for n, one in enumerate(instances):
        mine = {name: array[n] for name, array in whole.items()}
        swept = ufm.sweep_aggregates(
            one.tilt, one.alphas, concepts=one.tokens[None, :], weights=one.weights
        )
        for name in ("log_partition", "mean", "variance", "entropy", "forward_kl"):
            mine[f"sweep {name}"] = np.asarray(getattr(swept, name))
        mine["sweep cross_entropy_increase"] = np.asarray(swept.cross_entropy_increase)
        mine["sweep concept_masses"] = np.asarray(swept.concept_masses)[..., 0]
        for a, alpha in enumerate(one.alphas):
            exact, terms = _exact(one, float(alpha))
            for name, answers in mine.items():
                if name != "peaks":
                    found += _compared(n, name, float(alpha), answers[a], exact, terms, worst)
        found += _peaks_missed(n, one, mine["peaks"], worst)
    return found


def _exact(one: Instance, alpha: float) -> tuple[dict[str, list[arb]], dict[str, np.ndarray]]:
    """By name: the balls, in the order of the library's array, and the sizes of the sums without signs."""
    log_probs, odds = np.asarray(one.tilt.log_probs), np.asarray(one.tilt.log_odds).tolist()
    tokens = one.tokens.tolist()
    rows = []
    for row, data in zip(log_probs, one.data_probs, strict=True):
        case = balls.Case(row.tolist(), odds, alpha, tokens, data.tolist())
        rows.append(balls.proved(balls.effects, case))
    exact = {name: [ball for row in rows for ball in row[name]] for name in rows[0]}
    shares = [
        arb(w) / sum(map(arb, one.weights.tolist()), start=arb(0)) for w in one.weights.tolist()
    ]
    for name, of in (
        ("cross_entropy_increase", "forward_kl"),
        ("cross_entropy_increase, data", "data"),
    ):
        exact[name] = [sum((s * row[of][0] for s, row in zip(shares, rows)), start=arb(0))]
    exact["cross_entropy_increase, data terms"] = [
        sum((s * row["data terms"][0] for s, row in zip(shares, rows)), start=arb(0))
    ]
    # what αM and log p are rounded to, which no formula gets back
    depth = arb(float(np.abs(log_probs).max()))
    size = [depth + abs(arb(alpha)) * abs(arb(max(odds, key=abs)))]
    exact["log_partition terms"] = size * 2
    exact["concept_log_odds terms"] = [depth] * 2
    for name in (
        "log_partition",
        "mean",
        "variance",
        "entropy",
        "forward_kl",
        "cross_entropy_increase",
    ):
        for kind in ("", " terms"):
            if name + kind in exact:
                exact[f"sweep {name}{kind}"] = exact[name + kind]
    # its anchors hold p, not its logarithm, in units of R: what is below 1e-308 counts for nothing there
    span = arb(max(odds)) - arb(min(odds))
    lost = arb(_SMALLEST / _ULPS)
    beyond_roots = arb(2) ** -2040 / _ULPS
    exact["third cumulant terms"] = [
        t + beyond_roots * span**3 for t in exact["third cumulant terms"]
    ]
    exact["sweep variance terms"] = [lost * span * span] * 2
    for name in ("forward_kl", "cross_entropy_increase"):
        exact[f"sweep {name} terms"] = [lost * abs(arb(alpha)) * span] * len(exact[name])
    exact["sweep concept_masses"] = exact["concept_probability"]
    terms = {
        n[: -len(" terms")]: np.array([float(b) for b in v])
        for n, v in exact.items()
        if n.endswith(" terms")
    }
    return exact, terms


def _compared(n, name, alpha, answers, exact, terms, worst) -> list[Miss]:
    want = exact[name]
    got = np.asarray(answers).reshape(-1)
    allowed = terms.get(name, np.zeros(len(want)))
    found = []
    for value, ball, size in zip(got.tolist(), want, allowed.tolist(), strict=True):
        true = float(ball)
        bound = TOLERANCE * abs(true) + _ULPS * size + _SMALLEST
        if np.isinf(true):  # no float holds the answer
            share = 0.0 if not np.isfinite(value) else np.inf
        else:
            share = abs(float(arb(value) - ball)) / bound if np.isfinite(value) else np.inf
        if worst is not None:
            worst[name] = max(worst.get(name, 0.0), share)
        if not share <= 1:
            found.append(Miss(name, share, n, alpha, value, true))
    return found


def _peaks_missed(n: int, one: Instance, peaks: np.ndarray, worst) -> list[Miss]:
    found = []
    odds = np.asarray(one.tilt.log_odds)
    for row, own in zip(np.asarray(one.tilt.log_probs), peaks, strict=True):
        for z, peak in enumerate(own.tolist()):
            if odds[z] in (odds.max(), odds.min()):
                is_right = peak == (np.inf if odds[z] == odds.max() else -np.inf)
            else:
                width = TOLERANCE * abs(peak) + _ULPS * (1 + np.abs(row).max()) / _slope(odds, z)
                terms = balls.mean_from(row.tolist(), odds.tolist(), z)
                is_right = balls.signs(terms, peak, width) == (-1, 1)
            if worst is not None:
                worst["peaks"] = max(worst.get("peaks", 0.0), 0.0 if is_right else np.inf)
            if not is_right:
                found.append(Miss("peaks", np.inf, n, z, peak, np.nan))
    return found


def _slope(odds: np.ndarray, z: int) -> float:
    """The least slope of the log-balance of which the peak is the root."""
    return float((odds[odds > odds[z]] - odds[z]).min() + (odds[z] - odds[odds < odds[z]]).min())

"""Tilts at the ends of what floats hold, and what every quantity of the library makes of them, by balls.

    python -m tests.extremes 100000

judges so many random instances and prints how many answers disagree. An instance has two contexts and three
strengths. The relative error is judged; where an answer's terms cancel, an error of some units in the last
place of the terms' sum without signs (`tests.balls`) is allowed, as the docstrings say.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from flint import arb
from jaxtyping import Array

import ufm
from tests import balls

TOLERANCE = 1e-10
_ULPS = 100 * np.finfo(float).eps  # a few roundings in each of up to ten terms
# XLA takes what is below the smallest normal float for 0, in each of the terms of a sum.
_SMALLEST = 4 * np.finfo(float).tiny
_LARGEST = np.finfo(float).max / 8
_BATCH = 80  # instances that go through one compiled program
_SWEPT = ("log_partition", "mean", "variance", "entropy", "forward_kl")

_CONFIDENCE = (
    [[-1.2, -0.4, -2.0, -3.1, -2.2], [-2.5, -1.5, -0.7, -1.1, -4.0]],
    [[-1.0, -35.0, 0.0, -60.0, -12.0], [-90.0, -3.0, -250.0, 0.0, -0.3]],
    [[0.0, -690.0, -691.0, -700.0, -695.0], [-300.0, -690.0, 0.0, -310.0, -1e-9]],
    [[-690.0, -2000.0, 0.0, -5000.0, -900.0], [0.0, -5000.0, -5000.0, -690.0, -3000.0]],
    [[0.0, 0.0, -690.0, -720.0, -1200.0], [-650.0, 0.0, -500.0, -1e-3, -5000.0]],
)
_LOG_ODDS = (
    [1.0, -0.4, 0.3, 0.0, -0.9],
    [1.0, -0.5, 1.0, -0.5, 0.25],  # ties
    [1.0, 1.0 - 1e-9, 0.0, 1e-12, -1.0],  # nearly so
    [1.0, 0.0, 0.0, 1.0, 0.0],
)
_OFFSETS = (0.0, 1e4, -1e8, 1e12)
_SCALES = (1.0, 1e-150, 1e150, 1e-30)
_WEIGHTS = ([0.25, 0.75], [1.0, 0.0], [1e-300, 1.0])
_TIMES_RANGE = (1e-12, -1e-6, 0.3, -1.0, 30.0, -400.0, 700.0, -5100.0, 1e8)

Worst = dict[str, float]


class Instance(NamedTuple):
    """What a tilt, and all that is asked about it, is made of; two contexts, V tokens, three strengths."""

    tilt: ufm.ExponentialTilt
    weights: np.ndarray
    data_probs: np.ndarray
    tokens: np.ndarray
    alphas: np.ndarray


class Miss(NamedTuple):
    """An answer of the library that is wrong: by `share` times what is allowed."""

    quantity: str
    share: float
    instance: int
    alpha: float
    found: float
    exact: float


def table() -> list[Instance]:
    """Every confidence with every shape of M and every offset; scales and weights take turns."""
    rng = np.random.default_rng(0)
    found: list[Instance] = []
    for logs in _CONFIDENCE:
        for shape in _LOG_ODDS:
            for offset in _OFFSETS:
                odds = _SCALES[len(found) % 4] * (np.array(shape) + offset)
                times = rng.choice(_TIMES_RANGE, 3, replace=False)
                found.append(_instance(logs, odds, _WEIGHTS[len(found) % 3], times, rng))
    return found


def two_tokens() -> list[Instance]:
    """V = 2, at the same ends of confidence, offset and scale."""
    rng = np.random.default_rng(1)
    found: list[Instance] = []
    for rare in (-0.7, -40.0, -690.0, -800.0, -5000.0):
        for offset in _OFFSETS:
            for scale in _SCALES:
                odds = scale * (np.array([0.0, 1.0]) + offset)
                times = rng.choice(_TIMES_RANGE, 3, replace=False)
                weights = _WEIGHTS[len(found) % 3]
                found.append(_instance([[0.0, rare], [rare, 0.0]], odds, weights, times, rng))
    return found


def drawn(seed: int, vocabulary: int = 5) -> Instance:
    """A random instance: any confidence, shape, offset, scale and weights."""
    rng = np.random.default_rng([2602, seed])
    share = rng.choice([0.0, 1e-300, rng.random()])
    times = rng.choice([-1, 1], 3) * 10 ** rng.uniform(-12, 8, 3)
    times[0] = rng.uniform(-6000, 6000)
    weights, odds = np.array([share, 1 - share]), _drawn_odds(rng, vocabulary)
    return _instance(_drawn_logs(rng, vocabulary), odds, weights, times, rng)


def _drawn_logs(rng: np.random.Generator, vocabulary: int) -> np.ndarray:
    logs = rng.normal(size=(2, vocabulary)) * rng.choice([0.1, 1.0, 10.0, 100.0, 1000.0])
    for row in logs:
        likely = rng.choice(4)
        if likely:  # one to three tokens near the top, the others rare or very rare
            top = rng.permutation(vocabulary)[:likely]
            row[:] = -rng.uniform(*[(10, 700), (600, 800), (690, 5000)][rng.choice(3)], vocabulary)
            row[top] = rng.choice([0.0, 1e-12, 1e-3, 1.0]) * rng.normal(size=top.size)
    return logs


def _drawn_odds(rng: np.random.Generator, vocabulary: int) -> np.ndarray:
    odds = rng.normal(size=vocabulary)
    shape = rng.choice(4)
    if shape == 1:  # two values, and one of them anew
        odds = rng.choice(odds[:2], vocabulary)
        odds[1] = odds[0] + 1.0
    elif shape == 2:
        odds[1] = odds[0] + 10 ** rng.uniform(-14, -3)
    elif shape == 3:
        odds[0] *= 10 ** rng.uniform(0, 6)
    if rng.random() < 0.5:
        odds += rng.choice([-1, 1]) * 10 ** rng.uniform(0, 12) * np.ptp(odds)
    if rng.random() < 0.7:
        odds *= 10 ** rng.uniform(-150, 150 - np.log10(np.abs(odds).max()))
    return odds


def _instance(
    logs: Sequence[Sequence[float]] | np.ndarray,
    odds: np.ndarray,
    weights: Sequence[float] | np.ndarray,
    times_range: np.ndarray,
    rng: np.random.Generator,
) -> Instance:
    """Log-probabilities are normalised, strengths in units of 1/R; data and concept are arbitrary."""
    log_probs = _normalised(np.asarray(logs))
    near, far = log_probs * rng.choice([0.9, 1.1]), rng.normal(size=log_probs.shape)
    data = np.exp(_normalised(near if rng.random() < 0.5 else far * rng.choice([1.0, 30.0, 300.0])))
    tokens = odds >= rng.choice(odds) if rng.random() < 0.5 else rng.random(odds.size) < 0.5
    if tokens.all() or not tokens.any():
        tokens = np.arange(odds.size) == rng.integers(odds.size)
    tilt = ufm.ExponentialTilt(log_probs, odds)
    return Instance(tilt, np.asarray(weights), data, tokens, times_range / (np.ptp(odds) or 1.0))


def _normalised(logs: np.ndarray) -> np.ndarray:
    return logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)


@jax.jit
def _answers(batch: Instance) -> dict[str, Array]:
    """Every quantity at each strength, [n, 3, ...], and the peaks [n, 2, V]."""

    def at(one: Instance, alpha: Array) -> dict[str, Array]:
        tilt, tokens, weights = one.tilt, one.tokens, one.weights
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
            "cross_entropy_increase": ufm.cross_entropy_increase(tilt, alpha, weights),
            "cross_entropy_increase, data": ufm.cross_entropy_increase(
                tilt, alpha, weights, one.data_probs
            ),
        }

    def of(one: Instance) -> dict[str, Array]:
        found = jax.vmap(lambda alpha: at(one, alpha))(jnp.asarray(one.alphas))
        return found | {"peaks": ufm.peak_strengths(one.tilt)}

    return jax.vmap(of)(batch)


def misses(instances: Sequence[Instance], worst: Worst | None = None) -> Iterator[Miss]:
    """Every answer beyond its bound; `worst` takes each quantity's largest share of the bound."""
    worst = {} if worst is None else worst
    for start in range(0, len(instances), _BATCH):
        batch = list(instances[start : start + _BATCH])
        padded = batch + [batch[0]] * (_BATCH - len(batch))
        stacked = jax.tree.map(lambda *leaves: jnp.asarray(np.stack(leaves)), *padded)
        whole = {k: np.asarray(v) for k, v in _answers(cast(Instance, stacked)).items()}
        for n, one in enumerate(batch):
            answers = {name: found[n] for name, found in whole.items()}
            yield from _judged(start + n, one, answers, worst)


def _judged(n: int, one: Instance, answers: dict[str, np.ndarray], worst: Worst) -> Iterator[Miss]:
    yield from _peaks_missed(n, one, answers.pop("peaks"), worst)
    swept = ufm.sweep_aggregates(
        one.tilt, one.alphas, concepts=one.tokens[None, :], weights=one.weights
    )
    answers |= {f"sweep {name}": np.asarray(getattr(swept, name)) for name in _SWEPT}
    answers["sweep cross_entropy_increase"] = np.asarray(swept.cross_entropy_increase)
    answers["sweep concept_masses"] = np.asarray(swept.concept_masses)
    for i, alpha in enumerate(one.alphas.tolist()):
        exact = _exact(one, alpha)
        for name, found in answers.items():
            sizes = exact.get(f"{name} terms", [arb(0)] * len(exact[name]))
            for value, ball, size in zip(
                found[i].ravel().tolist(), exact[name], sizes, strict=True
            ):
                share = _share_of_bound(value, ball, float(size))
                worst[name] = max(worst.get(name, 0.0), share)
                if share > 1:
                    yield Miss(name, share, n, alpha, value, float(ball))


def _share_of_bound(value: float, exact: arb, size: float) -> float:
    true = float(exact)
    if not np.isfinite(value):  # right where no float holds the sum of the terms
        return 0.0 if max(abs(true), size) > _LARGEST else np.inf
    if np.isinf(true):
        return np.inf
    return abs(float(arb(value) - exact)) / (TOLERANCE * abs(true) + _ULPS * size + _SMALLEST)


def _exact(one: Instance, alpha: float) -> balls.Answer:
    """By name: balls in the order of the library's arrays; "… terms" are sums without signs."""
    log_probs, odds = np.asarray(one.tilt.log_probs), np.asarray(one.tilt.log_odds).tolist()
    rows = [
        balls.proved(
            balls.effects, balls.Case(row.tolist(), odds, alpha, one.tokens.tolist(), data.tolist())
        )
        for row, data in zip(log_probs, one.data_probs, strict=True)
    ]
    exact = {name: [ball for row in rows for ball in row[name]] for name in rows[0]}
    shares = [arb(share) for share in (one.weights / one.weights.sum()).tolist()]

    def mean(name: str) -> list[arb]:
        pairs = zip(shares, exact[name], strict=True)
        return [sum((share * ball for share, ball in pairs), start=arb(0))]

    exact["cross_entropy_increase"] = mean("forward_kl")
    exact["cross_entropy_increase, data"] = mean("data")
    span, size = arb(max(odds)) - arb(min(odds)), abs(arb(alpha))
    depth, lost = arb(float(np.abs(log_probs).max())), arb(_SMALLEST / _ULPS)
    # a data_probs below 1e-308 counts for nothing
    exact["cross_entropy_increase, data terms"] = [mean("data terms")[0] + lost * size * span]
    # log p and αM are rounded, and no formula gets that back
    exact["log_partition terms"] = [depth + size * abs(arb(max(odds, key=abs)))] * 2
    exact["concept_log_odds terms"] = [depth] * 2
    beyond_roots = arb(2) ** -2040 / _ULPS * span**3  # √p has underflowed
    exact["third cumulant terms"] = [t + beyond_roots for t in exact["third cumulant terms"]]
    for name in (*_SWEPT, "cross_entropy_increase"):
        for kind in ("", " terms"):
            if name + kind in exact:
                exact[f"sweep {name}{kind}"] = exact[name + kind]
    # a sweep's anchors hold p, not its logarithm, in units of R: what is below 1e-308 there is lost
    exact["sweep mean terms"] = [size + lost * span for size in exact["mean terms"]]
    exact["sweep variance terms"] = [lost * span * span] * 2
    exact["sweep forward_kl terms"] = [lost * size * span] * 2
    exact["sweep cross_entropy_increase terms"] = [lost * size * span]
    exact["sweep concept_masses"] = exact["concept_probability"]
    return exact


def _peaks_missed(n: int, one: Instance, peaks: np.ndarray, worst: Worst) -> Iterator[Miss]:
    """A peak is proved where E_α[M] - M(z) has its two signs on either side."""
    odds = np.asarray(one.tilt.log_odds)
    worst.setdefault("peaks", 0.0)
    for row, own in zip(np.asarray(one.tilt.log_probs), peaks, strict=True):
        for z, peak in enumerate(own.tolist()):
            if odds[z] in (odds.max(), odds.min()):
                is_right = peak == (np.inf if odds[z] == odds.max() else -np.inf)
            else:
                width = TOLERANCE * abs(peak) + _ULPS * (1 + np.abs(row).max()) / _slope(odds, z)
                terms = balls.mean_from(row.tolist(), odds.tolist(), z)
                is_right = balls.signs(terms, peak, width) == (-1, 1)
            if not is_right:
                worst["peaks"] = np.inf
                yield Miss("peaks", np.inf, n, np.nan, peak, np.nan)


def _slope(odds: np.ndarray, z: int) -> float:
    """The least slope of the log-balance whose root the peak is: the distances to M's two neighbours."""
    gaps = odds - odds[z]
    return float(gaps[gaps > 0].min() - gaps[gaps < 0].max())


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge random instances; exit status 1 where one disagrees."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("instances", type=int)
    count = parser.parse_args(arguments).instances
    began, worst, missed = time.perf_counter(), {}, 0
    for start in range(0, count, 10 * _BATCH):
        part = range(start, min(count, start + 10 * _BATCH))
        for miss in misses([drawn(seed) for seed in part], worst):
            missed += 1
            print(miss._replace(instance=start + miss.instance))
        elapsed = time.perf_counter() - began
        print(f"{part.stop} of {count}, {missed} disagree, {elapsed:.0f} s", file=sys.stderr)
    for name, share in worst.items():
        print(f"{name:34s} at worst {share:.2g} of its bound")
    elapsed = time.perf_counter() - began
    print(f"{count} instances, {missed} disagreements beyond their bounds, {elapsed:.0f} s")
    return int(missed > 0)


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    sys.exit(main())

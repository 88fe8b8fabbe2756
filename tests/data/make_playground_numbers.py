"""Makes tests/data/playground_numbers.json: what the library says, for the playground's own numbers.

Run from the root of the repository: python -m tests.data.make_playground_numbers
"""

import json
from pathlib import Path

import jax
import numpy as np
from jaxtyping import Array, ArrayLike

import ufm
from ufm._json import JSON
from ufm.tilt.cross_entropy_bounds import cross_entropy_enclosure

FILE = Path(__file__).parent / "playground_numbers.json"
ALPHAS = (-1e3, -2.5, -1e-3, -1e-12, 0.0, 1e-12, 1e-5, 0.37, 1.0, 8.0, 1e8)


def plain(value: object) -> JSON:
    """Numbers as JSON, which knows no ∞: as the texts "inf" and "-inf"."""
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    listed = np.asarray(value, object).tolist() if not np.isscalar(value) else value
    if isinstance(listed, list):
        return [plain(entry) for entry in listed]
    number = float(listed)
    return number if np.isfinite(number) else str(number)


def cases() -> dict[str, dict[str, JSON]]:
    """Every case by its name: the tilt, the target and the weights, and what is true of them."""
    jax.config.update("jax_enable_x64", True)
    return {name: plain(numbers_of(*made)) for name, made in instances().items()}


def instances() -> dict[str, tuple[ufm.ExponentialTilt, np.ndarray, np.ndarray, np.ndarray]]:
    """Tilt, target [V], weights [m] and strengths: datasets of the paper, tables, and extremes."""
    alphas = np.array(ALPHAS)

    def of(data: ufm.ConceptDataset, positive: list[int], negative: list[int]):
        tilt = ufm.ExponentialTilt.from_dataset(data, positive, negative)
        return tilt, np.asarray(data.concept_tokens(0)), np.asarray(data.context_weights), alphas

    concept = np.repeat(np.arange(3), 3)
    laws = ufm.ConceptDataset.from_concept_laws(
        np.tile(np.array([4, 2, 1]) / 7, 3), np.tile(np.array([25, 30, 36]) / 91, 3), 0.05, concept
    )
    random = np.random.default_rng(16)
    # of two shapes in all, each of which compiles once
    table = np.log(random.dirichlet(np.full(9, 0.5), 6) * (1 - 9e-6) + 1e-6)
    few, first = table[:3, :4], np.arange(9) < 3

    def made(log_probs, log_odds, target, scale=1.0):
        rows = np.asarray(log_probs, float)
        rows = rows - np.logaddexp.reduce(rows, axis=1, keepdims=True)
        tilt = ufm.ExponentialTilt(rows, np.asarray(log_odds, float))
        weights = np.arange(1.0, tilt.log_probs.shape[0] + 1)
        return tilt, np.asarray(target, bool), weights / weights.sum(), alphas / scale

    sorted_odds = np.sort(random.normal(size=9))[::-1].copy()
    rare = [[-690.0, -1.0, -3.0, -2.0], [-1.0, -300.0, -500.0, -2.0], [-200.0, -1.0, -1.0, -600.0]]
    certain = [[0.0, -30.0, -35.0, -40.0], [-60.0, 0.0, -30.0, -28.0], [-40.0, -30.0, -50.0, 0.0]]
    odds = [3.0, 1.0, 0.5, -2.0]
    return {
        "uniform": of(ufm.ConceptDataset.smoothed(epsilon=0.05), [0, 1], [2, 3]),
        "gamma and omega": of(laws, [0, 1], [2, 3]),
        "random N": of(laws, [0, 1], [2, 3, 4, 5]),
        "overlapping P": of(laws, [0, 4], [2, 3]),
        "table": made(table, table[0] - table[1:].mean(axis=0), first),
        "table, separated": made(table, sorted_odds, first),
        "rare tokens": made(rare, odds, [1, 1, 0, 0]),
        "certain contexts": made(certain, odds, [1, 0, 0, 0]),
        "close log-odds": made(few, [1 + 1e-12, 1.0, 1 - 1e-9, -1.0], [1, 1, 0, 0]),
        "large log-odds": made(few, np.array(odds) * 1e100, [1, 1, 0, 0], 1e100),
        "small log-odds": made(few, np.array(odds) * 1e-100, [1, 1, 0, 0], 1e-100),
    }


def numbers_of(
    tilt: ufm.ExponentialTilt, target: np.ndarray, weights: np.ndarray, alphas: np.ndarray
) -> dict[str, object]:
    """All that the playground computes, at each strength and for each context."""
    each = [_at(tilt, alpha, weights, target) for alpha in alphas]
    found: dict[str, object] = {
        "log_probs": tilt.log_probs,
        "log_odds": tilt.log_odds,
        "target": target,
        "weights": weights,
        "alphas": alphas,
        **{key: [numbers[key] for numbers in each] for key in each[0]},
        "peaks": ufm.peak_strengths(tilt),
        "limits": [tilt.limit(-1), tilt.limit(+1)],
        "margin": ufm.separation_margin(tilt, target),
    }
    bounds = cross_entropy_enclosure(tilt, weights, target, alphas)
    found["bounds"] = {
        "quadratic": bounds.quadratic,
        "upper": bounds.hoeffding,
        "lower": bounds.lower,
        "asymptote": bounds.asymptote,
    }
    before = ufm.concept_probability(tilt, 0.0, target)
    second = np.asarray(tilt.log_odds)[::-1].copy()
    spread = weights @ ufm.ExponentialTilt(tilt.log_probs, second).variance(0.0)
    # where one token has nearly all, 1 - F and a mean of M₂ keep few digits
    is_told = spread > 1e-6 * np.ptp(second) ** 2
    prices = (1e-6, 0.1, 3.0) if is_told else (0.1, 3.0)
    undone_at = alphas[[1, 7, 8] if is_told else []]
    found |= {
        "prices": prices,
        "ceilings": [ufm.mass_ceiling(before, weights, price).gain for price in prices],
        "undone_at": undone_at,
        "undoing": [ufm.undoing_strength(tilt, second, alpha, weights) for alpha in undone_at],
    }
    if found["margin"] > 0:
        budgets = (1e-3, 0.3, 5.0)
        choices = [
            ufm.choose_strength(tilt, weights, target=target, budget=budget) for budget in budgets
        ]
        found |= {
            "sweet_spots": ufm.sweet_spot(tilt, target),
            "half_saturation": ufm.half_saturation(tilt, target),
            "budgets": budgets,
            "choices": [choice.alpha for choice in choices],
        }
    return found


@jax.jit
def _at(
    tilt: ufm.ExponentialTilt, alpha: ArrayLike, weights: ArrayLike, target: ArrayLike
) -> dict[str, Array]:
    return {
        "probs": tilt.probs(alpha)[0],
        "mean": tilt.mean(alpha),
        "variance": tilt.variance(alpha),
        "forward_kl": ufm.forward_kl(tilt, alpha),
        "reverse_kl": ufm.reverse_kl(tilt, alpha),
        "cost": ufm.cross_entropy_increase(tilt, alpha, weights),
        "target_mass": weights @ ufm.concept_probability(tilt, alpha, target),
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(cases(), indent=1, ensure_ascii=False) + "\n")

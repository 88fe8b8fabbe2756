"""The strengths at which the curves of an instance are looked at: drawn afresh for each, finer at a bend."""

import numpy as np

# Strengths on one side of 0: those that are dense around it, and those out to the last tie.
_NEAR, _FAR = 78, 17
_MORE = 64


def strengths(
    rng: np.random.Generator, log_probs: np.ndarray, log_odds: np.ndarray, unit: float
) -> np.ndarray:
    """191 strengths: 0, and on either side 78 dense around 0 and 17 out to the last tie.

    In units of 1/R (`unit`) up to 40 + 2 max|log p|, beyond which only near ties still move. Neighbours
    differ there by less than a fifth of themselves, or .02, while max|log p| <= 5,000. From there in
    powers, up to where the smallest gap of M has been resolved as well. The whole grid of a side is
    shifted by a random share of one step, so that no place lies between the strengths of every instance.
    """
    reach = 40 + 2 * float(np.abs(log_probs).max())
    gaps = np.diff(np.unique(log_odds))
    last = max(reach / (min(float(gaps.min()) * unit, 1.0) if gaps.size else 1.0), 2 * reach)
    step = np.arcsinh(50 * reach) / _NEAR
    sides = []
    for shift in rng.uniform(0.02, 1.0, size=2):
        near = np.sinh((np.arange(_NEAR) + shift) * step) / 50
        far = reach * (last / reach) ** ((np.arange(_FAR) + shift) / _FAR)
        far[-1] = last
        sides.append(np.concatenate([near, far]) * unit)
    below, above = sides
    return np.concatenate([-below[::-1], [0.0], above])


def at_bends(alphas: np.ndarray, is_bent: np.ndarray) -> np.ndarray:
    """64 more strengths, spread evenly over the intervals of `alphas` that touch a bend.

    `is_bent` [A]: where the path is seen not to be the tilt. No strengths where it is nowhere bent, for a
    tilt is known between two strengths from what it is at them.
    """
    start = np.flatnonzero(is_bent[1:] | is_bent[:-1])
    if start.size == 0:
        return alphas[:0]
    if start.size > _MORE:
        start = start[np.linspace(0, start.size - 1, _MORE).round().astype(int)]
    each = _MORE // start.size
    shares = np.arange(1, each + 1) / (each + 1)
    low, high = alphas[start, None], alphas[start + 1, None]
    return np.sort((low + shares * (high - low)).ravel())

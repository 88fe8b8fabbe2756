"""log Σ e^logit at many places of a path, by Chebyshev interpolation of the sum from a few of them.

    Z(s) = Σ_z e^{l_z(s)},   l(s) = Σ_k f_k(s) L_k

Along a tilt l is α M + log p, on an arc cos t · a + sin t · b + c. Z is entire and positive. Over a stretch
on which no logit moves by more than some nats, Z over its own exponential trend is known to rounding from 36
nodes. Whether it is, the last coefficients tell: where they are above rounding the stretch is halved. Along
a tilt that is proof, as Z is a mixture of e^{dx} there, whose coefficients are 2 I_k(d): those of even order
are positive, each below the last, and those of odd order are no larger than their neighbours below.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebvander
from numpy.typing import NDArray

Reals = NDArray[np.floating]

_NODES = 36
_ANGLES = (np.arange(_NODES) + 0.5) * (np.pi / _NODES)
_PLACES = np.cos(_ANGLES)
_TO_COEFFICIENTS = (2 / _NODES) * np.cos(np.arange(_NODES)[:, None] * _ANGLES)
_TO_COEFFICIENTS[0] /= 2
_MOST_MOVED = 12.0  # nats that a logit may move from a stretch's middle to its end
_MOST_HALVED = 6  # times; then M or the logits are of a kind that wants each row summed by itself
# Of the smallest value on the stretch: what the last coefficients may be. Those beyond them are less, and
# logits of up to 40 are themselves rounded by 5e-15.
_ROUNDING = 2e-14
# Places and tokens worked on together: in the second-level cache, and, times four factors, below the size
# at which OpenBLAS starts threads for a product.
TOGETHER, TOKENS = 16, 4000


class Logits(NamedTuple):
    """`factors` f(s), of places [A] the factors [A, K]; `parts` L [K, n]; `speed`: the most of |dl/ds|.

    No e^logit may overflow, nor all of them vanish.
    """

    factors: Callable[[Reals], Reals]
    parts: Reals
    speed: float


def log_totals(
    logits: Logits, places: Reals, most: int, threads: ThreadPoolExecutor
) -> Reals | None:
    """Log Z at `places` [A], in any order, to some units in the last place of the logits.

    None where more than `most` nodes would be needed to begin with.
    """
    low, high = float(places.min()), float(places.max())
    count = max(1, int(np.ceil((high - low) * logits.speed / (2 * _MOST_MOVED))))
    if count * _NODES > most:
        return None
    found = np.empty(places.size)
    order = np.argsort(places, kind="stable")
    ascending, result = places[order], np.empty(places.size)
    left = list(pairwise(np.linspace(low, high, count + 1).tolist()))
    for _ in range(_MOST_HALVED):
        middles, halves = (np.array([0.5 * (b + s * a) for a, b in left]) for s in (1, -1))
        at = middles[:, None] + halves[:, None] * _PLACES
        sums = _sums(logits, at.reshape(-1), threads).reshape(at.shape)
        halved: list[tuple[float, float]] = []
        for (a, b), middle, half, values in zip(left, middles, halves, sums, strict=True):
            first, last = np.searchsorted(ascending, a), np.searchsorted(ascending, b, side="right")
            x = (ascending[first:last] - middle) / (half or 1.0)
            served = _interpolated(values, np.clip(x, -1, 1))
            if served is None:
                halved += [(a, middle), (middle, b)]
            else:
                found[first:last] = served
        if not halved:
            result[order] = found
            return result
        left = halved
    return None


def _interpolated(values: Reals, x: Reals) -> Reals | None:
    """Log of the function that is `values` at the Chebyshev nodes, at `x`; None where it is not resolved."""
    trend = (np.log(values[-1]) - np.log(values[0])) / (_PLACES[-1] - _PLACES[0])
    level = values[_NODES // 2]
    rest = values / level * np.exp(-trend * _PLACES)
    coefficients = _TO_COEFFICIENTS @ rest
    if not np.abs(coefficients[-3:]).max() <= _ROUNDING * rest.min():
        return None
    return np.log(level) + trend * x + np.log(chebvander(x, _NODES - 1) @ coefficients)


def _sums(logits: Logits, places: Reals, threads: ThreadPoolExecutor) -> Reals:
    """Z at each of `places`, by an exponential for each token."""
    factors, parts = logits.factors(places), logits.parts
    found, ones = np.zeros(places.size), np.ones(TOKENS)

    def add(start: int) -> None:
        some = factors[start : start + TOGETHER]
        room = np.empty((len(some), TOKENS))
        for s in blocks(parts.shape[1]):
            terms = np.matmul(some, parts[:, s], out=room[:, : s.stop - s.start])
            found[start : start + TOGETHER] += np.vecdot(
                np.exp(terms, out=terms), ones[: terms.shape[1]]
            )

    list(threads.map(add, range(0, places.size, TOGETHER)))
    return found


def blocks(vocabulary: int) -> list[slice]:
    """All tokens, so many together as stay in the cache."""
    return [slice(i, min(i + TOKENS, vocabulary)) for i in range(0, vocabulary, TOKENS)]

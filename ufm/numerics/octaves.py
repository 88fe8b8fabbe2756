"""Peaks where M spans many scales: tokens by octaves of their distance from the least M, and strengths too.

With x = M - min M >= 0 and a = -α > 0,

    Z(a) = Σ w e^{-ax},   N(a) = Σ w x e^{-ax},   N / Z = E_α[x]

The tokens of an octave [2^j, 2^{j+1}) act on every strength through 20 numbers, Σ w T_k of their places, and
over an octave of a, Z and N are polynomials of degree 19: what is cut off is below 1e-16 of the weight of the
tokens with ax < 32. So all strengths together cost as much as some passes over the tokens. Where N is far
below that weight, and M hardly spreads about E_α[M], digits would be lost: such octaves are left out.
"""

from collections.abc import Iterator

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebvander
from numpy.typing import NDArray

Reals = NDArray[np.floating]

_NODES = 20
_ANGLES = (np.arange(_NODES) + 0.5) * (np.pi / _NODES)
_PLACES = 1.5 + 0.5 * np.cos(_ANGLES)  # in an octave [1, 2]
_ENDS_AND_NODES = np.concatenate([[1.0], np.cos(_ANGLES), [-1.0]])
_TO_COEFFICIENTS = (2 / _NODES) * np.cos(np.arange(_NODES)[:, None] * _ANGLES)
_TO_COEFFICIENTS[0] /= 2
# Where ax is 2^6 or more e^{-ax} is nothing, from 2^5 on next to nothing, and below 2^-60 it is 1.
_NOTHING, _ONE = 6, -60
_APART = np.ldexp(1.0, np.arange(_ONE, _NOTHING))
_EXPONENTIALS = np.exp(-np.multiply.outer(_APART, np.outer(_PLACES, _PLACES)))
# a Var / E, by which the relative error of E is divided, and that times N's share of what could add to it:
# peaks keep their digits to 1e-16 over the second
_LEAST_SPREAD, _LEAST = 0.03, 3e-4
_LAST = 996  # 2^996 is 1e300: beyond, a itself might be no float
_STEPS = 3  # of Newton's method, from a table of 20 strengths an octave


def peaks_by_octaves(x: Reals, log_weights: Reals) -> Reals:
    """The a > 0 [n] at which E[x] is each of `x` [n], ascending from 0; NaN where left out."""
    found = np.full(x.size, np.nan)
    for octave, z, n, share in _polynomials(x, np.exp(log_weights - log_weights.max())):
        z_slope, n_slope = (np.append(chebder(of), 0.0) for of in (z, n))
        all_four = np.stack([z, n, z_slope, n_slope], axis=1)
        at = chebvander(_ENDS_AND_NODES, _NODES - 1) @ all_four
        mean = at[:, 1] / at[:, 0]
        # of log E along the place y, where a = 2^i (3 + y) / 2
        slope = at[:, 3] / at[:, 1] - at[:, 2] / at[:, 0]
        spread = float((-slope * (3 + _ENDS_AND_NODES)).min())
        if not (spread >= _LEAST_SPREAD and share * spread >= _LEAST):
            continue
        first, last = np.searchsorted(x, np.ldexp(mean[[0, -1]], -octave)).tolist()
        aim = np.ldexp(x[first:last], octave)
        y = np.interp(aim, mean, _ENDS_AND_NODES)
        for _ in range(_STEPS):
            z_y, n_y, z_slope_y, n_slope_y = (chebvander(y, _NODES - 1) @ all_four).T
            y = np.clip(y - (n_y - aim * z_y) / (n_slope_y - aim * z_slope_y), -1.0, 1.0)
        found[first:last] = np.ldexp(1.5 + 0.5 * y, octave)
    return found


def _polynomials(x: Reals, weights: Reals) -> Iterator[tuple[int, Reals, Reals, float]]:
    """Octaves 2^i [1, 2] of a: i, coefficients of Z and of 2^i N, and N's share of what could add to it."""
    octaves, sums, held = _by_octave(x[1:], weights[1:])
    below = np.cumsum(np.append(weights[0], sums[0])), np.cumsum(np.append(0.0, sums[1]))
    for i in range(-int(octaves[-1]) - _NOTHING, min(_LAST, -int(octaves[0]) + _NOTHING)):
        one, next_to_nothing, nothing = np.searchsorted(octaves + i, [_ONE, _NOTHING - 1, _NOTHING])
        most = np.ldexp(below[1][next_to_nothing], i)
        if not most > 0:
            continue
        apart = octaves[one:nothing] + i
        some = (
            held[:, one:nothing] * np.stack([np.ones(apart.size), np.ldexp(1.0, apart)])[..., None]
        )
        z, n = np.einsum("kon,oan->ka", some, _EXPONENTIALS[apart - _ONE])
        z, n = z + below[0][one], n + np.ldexp(below[1][one], i)
        if n.min() >= _LEAST * most:
            yield i, _TO_COEFFICIENTS @ z, _TO_COEFFICIENTS @ n, float(n.min() / most)


def _by_octave(x: Reals, weights: Reals) -> tuple[NDArray[np.integer], Reals, Reals]:
    """Octaves j of the ascending `x` > 0; Σ w and Σ w x [2, octaves]; what 20 nodes of each hold.

    Σ w f(x / 2^j) over an octave is Σ_n held[0, j, n] f(node n), and Σ w x / 2^j f that of held[1].
    """
    mantissas, exponents = np.frexp(x)
    starts = np.flatnonzero(np.append(True, np.diff(exponents) > 0))
    octaves = exponents[starts] - 1
    moments = np.empty((2, _NODES, starts.size))
    places = 2 * mantissas
    y = 2 * places - 3
    before, now = weights * y, weights  # w T_{-1} and w T_0
    for k in range(_NODES):
        moments[0, k] = np.add.reduceat(now, starts)
        moments[1, k] = np.add.reduceat(now * places, starts)
        before, now = now, 2 * y * now - before
    sums = np.stack([moments[0, 0], np.ldexp(moments[1, 0], octaves)])
    return octaves, sums, np.einsum("kn,iko->ion", _TO_COEFFICIENTS, moments)

"""Cumulants of centred values, and the polynomials that make derivatives of them."""

# pyright: reportUnknownMemberType=false

import math
from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array


def cumulants(root: Array, total: Array, centred: Array, order: int) -> list[Array]:
    """0, κ_2, …, κ_order, each [m], from √w [m, V], Σ w [m] and M - E[M] [m, V]."""
    moments = [jnp.ones_like(root[:, 0]), jnp.zeros_like(root[:, 0])]
    powers = [root]
    while len(powers) <= (order + 1) // 2:
        powers.append(powers[-1] * centred)
    for n in range(2, order + 1):
        moments.append((powers[n // 2] * powers[n - n // 2]).sum(axis=1) / total)
    # Of the centred variable: κ_n = μ_n - Σ_{k<n} C(n-1, k-1) κ_k μ_{n-k}, with κ_1 = 0.
    kappa = [moments[1]]
    for n in range(2, order + 1):
        lower = [choose(n - 1, k - 1) * kappa[k - 1] * moments[n - k] for k in range(2, n)]
        kappa.append(moments[n] - sum(lower, start=moments[1]))
    return kappa


def bell(arguments: Sequence[Array]) -> list[Array]:
    """The complete Bell polynomials of orders 0 to n = len(arguments): B_{k+1} = Σ_i C(k,i) B_{k-i} x_{i+1}.

    >>> import jax.numpy as jnp
    >>> from ufm.numerics.cumulants import bell
    >>> print(bell([jnp.asarray(2.0), jnp.asarray(3.0)])[2])
    7.0
    """
    values = [jnp.ones_like(arguments[0])]
    for k in range(len(arguments)):
        terms = [choose(k, i) * values[k - i] * arguments[i] for i in range(k + 1)]
        values.append(sum(terms[1:], start=terms[0]))
    return values


def choose(n: int, k: int) -> float:
    """The binomial coefficient as a float, since from n = 67 on it is no int64."""
    return float(math.comb(n, k))

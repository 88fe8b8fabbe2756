"""A quantity of a tilt along many strengths."""

from collections.abc import Callable

import jax
from jaxtyping import Array, Float

from ._checks import Numbers, finite, floating
from ._effects import probability_increase
from ._tilt import ExponentialTilt


def sweep(
    tilt: ExponentialTilt,
    alphas: Numbers,
    quantity: Callable[[ExponentialTilt, Array], Array] = probability_increase,
    *,
    batch_size: int = 64,
) -> Float[Array, "strengths ..."]:
    """`quantity(tilt, α)` for each α of `alphas` [A], stacked along a first axis of length A.

    The default gives Δp [A, m, V] (Definition 3.1); pass e.g. `ExponentialTilt.probs`, or
    `lambda tilt, alpha: ufm.concept_increase(tilt, alpha, tokens)`. At most `batch_size` strengths
    are worked on at once, which bounds the memory beyond the result itself.

    >>> import jax.numpy as jnp, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(ufm.sweep(tilt, jnp.linspace(-4, 4, 9)).shape)
    (9, 6, 9)
    """
    strengths = floating("alphas", alphas, 1)
    finite("alphas", strengths)
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1; got {batch_size}")
    return jax.lax.map(lambda alpha: quantity(tilt, alpha), strengths, batch_size=batch_size)

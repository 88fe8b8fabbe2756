"""What sampling leaves out: tokens below the k-th, and those beyond a share p of the probability."""

import math
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def check_likeliest(top_k: int | None, top_p: float) -> None:
    """Raise `ValueError` unless some token is left by both."""
    if top_k is not None and top_k < 1:
        raise ValueError(f"top_k must be at least 1, or None for all tokens; got {top_k}")
    if not (math.isfinite(top_p) and 0 < top_p <= 1):
        raise ValueError(f"top_p must be more than 0 and at most 1; got {top_p}")


@partial(jax.jit, static_argnames=("top_k", "top_p"))
def keep_likeliest(
    logits: Float[Array, "texts vocab"],
    temperature: ArrayLike,
    *,
    top_k: int | None = None,
    top_p: float = 1.0,
) -> Float[Array, "texts vocab"]:
    """The logits, -inf for tokens that are not to be drawn.

    First the `top_k` largest are kept; then, of softmax(logits / temperature) over these, each token of
    which those likelier than it have less than `top_p` together. So does transformers, in this order. A
    token as likely as the last one kept is kept as well; of such ties for `top_p` transformers keeps those
    that its sort puts last.

    >>> import jax.numpy as jnp
    >>> from ufm.llm.steering.likeliest import keep_likeliest
    >>> print(keep_likeliest(jnp.log(jnp.array([[0.5, 0.3, 0.2]])), 1.0, top_p=0.6).round(2))
    [[-0.69 -1.2   -inf]]
    """
    size = min(top_k or logits.shape[-1], logits.shape[-1])
    ordered = jax.lax.top_k(logits, size)[0]  # from the largest on
    kept = jnp.where(logits < ordered[:, -1:], -jnp.inf, logits)
    if top_p < 1:
        # a difference of logits first, so that a small temperature makes no overflow
        shares = jnp.exp((ordered - ordered[:, :1]) / temperature)
        total = jnp.exp((kept - ordered[:, :1]) / temperature).sum(axis=-1, keepdims=True)
        likelier = (jnp.cumsum(shares, axis=-1) - shares) / total
        last = (likelier < top_p).sum(axis=-1, keepdims=True) - 1
        kept = jnp.where(logits < jnp.take_along_axis(ordered, last, axis=-1), -jnp.inf, logits)
    return kept

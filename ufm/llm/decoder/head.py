"""The final norm and the head, which make logits of the last hidden states."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from .config import Config
from .params import PRECISE, Norm, Params, at_least_float32

# These hand their compiled part the few weights that it needs: looking through those of all blocks takes a
# millisecond a call.


def normalise(
    params: Params, config: Config, x: Float[Array, "*rows d"]
) -> Float[Array, "*rows d"]:
    """The final norm, if there is one."""
    norm = params.final_norm
    return x if norm is None else _normalise(norm, x, config.blocks[0].norm_eps)


_normalise = partial(jax.jit, static_argnums=2)(Norm.__call__)


def unembed(
    params: Params, config: Config, x: Float[Array, "*rows d"]
) -> Float[Array, "*rows vocab"]:
    """Logits of the (post-norm) hidden states `x`, at least in float32."""
    head = params.unembedding
    return _unembed(head, x, at_least_float32(head.dtype), config.final_softcap)


def product_with_head(
    head: Float[Array, "vocab d"], x: Float[Array, "*rows d"], dtype: np.dtype
) -> Float[Array, "*rows vocab"]:
    """Logits of the (post-norm) hidden states `x` before any softcap, in this dtype."""
    return jnp.einsum("...d,vd->...v", x, head, precision=PRECISE).astype(dtype)


@partial(jax.jit, static_argnums=(2, 3))
def _unembed(head: Array, x: Array, dtype: np.dtype, softcap: float | None) -> Array:
    return capped(product_with_head(head, x, dtype), softcap)


def capped(x: Array, cap: float | None) -> Array:
    """The softcap: cap · tanh(x / cap)."""
    return x if cap is None else cap * jnp.tanh(x / cap)

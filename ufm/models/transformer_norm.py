"""The two norms of transformers, and what is known of their outputs."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


@jax.jit
def rms_norm(
    x: Float[Array, "*rows d"], scale: Float[Array, " d"], eps: ArrayLike = 1e-5
) -> Float[Array, "*rows d"]:
    """γ x / √(mean(x²) + eps) on the last axis, γ = `scale`.

    `eps=0` is allowed; the value at x = 0 is then 0/0, NaN. No square overflows or underflows.

    >>> import jax.numpy as jnp, ufm
    >>> print(ufm.rms_norm(jnp.array([3.0, 4.0]), jnp.ones(2), eps=0.0) ** 2)
    [0.72 1.28]
    """
    # 1e200² and 1e-200² leave float64, so divide by the largest entry first. The value does not
    # depend on that divisor, so neither need its derivative.
    largest = jax.lax.stop_gradient(jnp.max(jnp.abs(x), axis=-1, keepdims=True))
    largest = jnp.where(largest > 0, largest, 1)
    unit = x / largest
    mean_square = jnp.mean(unit**2, axis=-1, keepdims=True)
    return last_axis(scale, x) * unit / jnp.sqrt(mean_square + (jnp.sqrt(eps) / largest) ** 2)


@jax.jit
def layer_norm(
    x: Float[Array, "*rows d"],
    scale: Float[Array, " d"],
    bias: Float[Array, " d"],
    eps: ArrayLike = 1e-5,
) -> Float[Array, "*rows d"]:
    """β + γ y / √(mean(y²) + eps), y = x - mean(x), on the last axis; γ = `scale`, β = `bias`.

    `eps=0` is allowed; the value at a constant x is then 0/0, NaN.

    >>> import jax.numpy as jnp, ufm
    >>> print(ufm.layer_norm(jnp.array([1.0, 3.0]), jnp.ones(2), jnp.full(2, 0.5), eps=0.0))
    [-0.5  1.5]
    """
    return rms_norm(_centre(x), scale, eps) + last_axis(bias, x)


def _centre(x):
    return x - jnp.mean(x, axis=-1, keepdims=True)


def last_axis(vector, x):
    """`vector` [d] with the axes of `x` [..., d]: explicit, for numpy_rank_promotion="raise"."""
    return jnp.expand_dims(vector, tuple(range(x.ndim - 1)))


class Norm(eqx.Module):
    """`layer_norm` if kind is "layernorm", `rms_norm` (bias None) if it is "rmsnorm"."""

    scale: Float[Array, " d"]
    bias: Float[Array, " d"] | None
    eps: float = eqx.field(static=True)
    kind: str = eqx.field(static=True)

    def __check_init__(self):
        if self.kind not in ("layernorm", "rmsnorm"):
            raise ValueError(f"norm must be 'layernorm' or 'rmsnorm'; got {self.kind!r}")
        if not 0 <= self.eps < math.inf:
            raise ValueError(f"eps must be finite and at least 0 (eps-free); got {self.eps}")
        bias = None if self.bias is None else self.bias.shape
        if bias != (self.scale.shape if self.kind == "layernorm" else None):
            raise ValueError(
                "a layernorm has a bias of its scale's shape, a rmsnorm has None; "
                f"got a {self.kind} with scale {self.scale.shape} and bias {bias}"
            )

    def __call__(self, x: Float[Array, "*rows d"]) -> Float[Array, "*rows d"]:
        """RMSNorm of x, or LayerNorm where there is a bias."""
        if self.bias is None:
            return rms_norm(x, self.scale, self.eps)
        return layer_norm(x, self.scale, self.bias, self.eps)

    def centre(self, x: Float[Array, "*rows d"]) -> Float[Array, "*rows d"]:
        """The part of x that the norm sees: x - mean(x) for a layernorm, x for a rmsnorm."""
        return x if self.kind == "rmsnorm" else _centre(x)

    def largest_image(self, matrix: Float[Array, "*n k d"], offset: ArrayLike = 0.0) -> Array:
        """Upper bound of |matrix n + offset| over all outputs n of the norm and their averages."""
        # Outputs lie in {√d γ u + β : |u| <= 1}. That set is convex, so averages lie in it too.
        reach = jnp.linalg.norm(matrix * last_axis(self.scale, matrix), 2, axis=(-2, -1))
        bias = jnp.zeros_like(self.scale) if self.bias is None else self.bias
        return math.sqrt(bias.size) * reach + jnp.linalg.norm(matrix @ bias + offset, axis=-1)


def random_norm(draw: Float[Array, "2 d"], norm: str, eps: float) -> Norm:
    """A norm away from the identity, from two rows of Gaussians."""
    scale, bias = 0.3 * draw
    return Norm(1 + scale, None if norm == "rmsnorm" else bias, eps, norm)

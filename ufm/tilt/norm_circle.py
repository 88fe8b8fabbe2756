"""Next-token distributions steered before the final norm: the logits run along half an ellipse."""

# pyright: reportUnknownMemberType=false

from functools import partial
from typing import cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from .._checks import Numbers, finite, floating, is_concrete, strength

_PRECISE = jax.lax.Precision.HIGHEST
# A difference below so many units in the last place of what it was taken from is rounding alone.
_ROUNDING = 8


class NormCircle(eqx.Module):
    r"""Next-token distributions on the line h_j + αv, followed by RMSNorm or LayerNorm and a head W.

        logits_j(α) = W(γ ⊙ (h_j + αv)) / √(|h_j + αv|²/d + eps) + Wβ = cos t · a_j + sin t · b + c

    t in [-π/2, π/2] is the angle with tan t = (α - α*_j) / w_j, so that a sweep over any number of
    strengths takes one product with the head for each state and one for v:

    - α*_j = -h_j·v / |v|²: where the line is closest to 0; h⊥_j = h_j + α*_j v is the state there;
    - w_j = √(|h⊥_j|² + d·eps) / |v|: how far beyond α*_j the angle is π/4, in units of α;
    - a_j = √d W(γ ⊙ h⊥_j) / √(|h⊥_j|² + d·eps), b = √d W(γ ⊙ v) / |v|, c = Wβ.

    This is exact, eps included, which does nothing but shorten a and widen w. A LayerNorm takes the mean of
    h and of v away first. What follows from it:

    - As α → ±∞ all contexts tend to softmax(c ± b) (`limit`; Proposition 4.1 of arXiv:2602.02712), and
      log p_α(z) = log p_∞(z) + (g(z) - E_∞[g]) / |α| + O(α⁻²), g = w a, which does not depend on eps
      (`approach`): a token ends above its plateau iff g(z) > E_∞[g].
    - log p_α(z) differs from log p_∞(z) + (a(z) - E_∞[a]) cos t by at most C cos²t from α* on, where
      C = R_b + (R_a + R_b)²/8 and R is the range over the tokens: the claim `norm-circle.approach`.
    - The log-odds of two tokens turn once, at tan t = (b(y) - b(z)) / (a(y) - a(z)), or not at all where
      a(y) = a(z): a sinusoid has one extremum on an open half circle.
    - A probability may turn 2V - 3 times: 1/p(z) is 1 + Σ_y exp(r_y cos(t - φ_y) + c(y) - c(z)), in which
      every y ≠ z may have a peak of its own, as where all r_y are large and equal. That is not the most:
      with V = 3 and an offset c it may turn 4 times.

    **Arguments** (m states, V tokens, d dimensions): `unembedding` W [V, d], `states` [m, d] before the
    norm, `vector` v [d], `weight` γ [d] (Gemma's 1 + w), `bias` β [d] or None, `eps` >= 0, and whether the
    norm is `centred` (LayerNorm). `eps` is added to the mean square, as in `ufm.rms_norm`.
    **Fields**, in nats and units of α: `across` a [m, V], `along` b [V], `offset` c [V], `closest` α*
    [m], `width` w [m].

    Raises `ValueError` where the norm sees nothing of v (v = 0; a LayerNorm: equal entries), or v is so
    short that α* overflows. Works under `jit`, `vmap`, `grad` and `jvp`. Finite at every α: with eps = 0 and
    h⊥_j = 0 the logits are c - b before α*_j and c + b after it; at α*_j itself, where the norm is 0/0,
    they are c, the limit as eps → 0. An h⊥ of less than eight units in the last place of h counts as 0. The
    error is some units in the last place of |a| + |b| + |c|, where h + αv is not much shorter than h;
    closer to 0 than that, h itself is not known well enough for more.

    >>> import jax.numpy as jnp, ufm
    >>> head = jnp.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]])
    >>> state, v, ones = jnp.array([[3.0, 4.0]]), jnp.array([1.0, 0.0]), jnp.ones(2)
    >>> circle = ufm.NormCircle(head, state, v, ones, eps=1e-5)
    >>> direct = head @ ufm.rms_norm(state[0] + 7.0 * v, ones, eps=1e-5)
    >>> print(f"{abs(circle.logits(7.0)[0] - direct).max() < 1e-15} {circle.closest[0]:.1f}")
    True -3.0
    """

    across: Float[Array, "contexts vocab"]
    along: Float[Array, " vocab"]
    offset: Float[Array, " vocab"]
    closest: Float[Array, " contexts"]
    width: Float[Array, " contexts"]

    def __init__(
        self,
        unembedding: Numbers,
        states: Numbers,
        vector: Numbers,
        weight: Numbers,
        bias: Numbers | None = None,
        eps: ArrayLike = 1e-5,
        *,
        centred: bool = False,
    ):
        head, h = floating("unembedding", unembedding, 2), floating("states", states, 2)
        v, scale = floating("vector", vector, 1), floating("weight", weight, 1)
        shift = jnp.zeros_like(scale) if bias is None else floating("bias", bias, 1)
        _check(head, states=h, vector=v, weight=scale, bias=shift)
        if is_concrete(eps) and not 0 <= np.asarray(eps) < np.inf:
            raise ValueError(f"eps must be finite and at least 0; got {eps}")
        _check_seen(v, centred)
        found = cast(tuple[Array, ...], arc(h, v, jnp.asarray(eps, head.dtype), centred))
        across, along, self.closest, self.width = found
        if is_concrete(self.closest, self.width):
            finite("closest = -h.v / |v|²", self.closest)
            finite("width = √(|h⊥|² + d eps) / |v|", self.width)
        self.across = jnp.einsum("md,vd->mv", across * scale[None], head, precision=_PRECISE)
        self.along = jnp.einsum("d,vd->v", along * scale, head, precision=_PRECISE)
        self.offset = jnp.einsum("d,vd->v", shift, head, precision=_PRECISE)

    def weights(self, alpha: Float[Array, ""]) -> tuple[Array, Array]:
        """Cos t and sin t, shape [m] each, at strength `alpha`: how much of a and of b is in the logits."""
        return cos_sin(alpha - self.closest, self.width)

    def angle(self, alpha: ArrayLike) -> Float[Array, " contexts"]:
        """t, shape [m], in radians, from -π/2 (α = -∞) over 0 (α = α*) to π/2 (α = ∞)."""
        cos, sin = self.weights(strength(alpha, self.along.dtype))
        return jnp.arctan2(sin, cos)

    def logits(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """cos t · a + sin t · b + c, [m, V], in nats; `alpha` is a finite scalar."""
        cos, sin = self.weights(strength(alpha, self.along.dtype))
        turned = cos[:, None] * self.across + sin[:, None] * self.along[None]
        return turned + self.offset[None]

    def log_probs_at(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """Log p_{j,α}(z), shape [m, V], in nats."""
        return jax.nn.log_softmax(self.logits(alpha))

    def probs(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """p_{j,α}(z), shape [m, V]."""
        return jax.nn.softmax(self.logits(alpha))

    def log_derivative(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """d log p_{j,α}(z) / dα, shape [m, V], exact: l'(z) - E_α[l'], l' = (cos t · b - sin t · a) dt/dα.

        dt/dα = w / (w² + (α - α*)²). It is 0, not infinite, where eps = 0 and h⊥ = 0.
        """
        at = strength(alpha, self.along.dtype)
        (cos, sin), rate = self.weights(at), _rate(at - self.closest, self.width)
        slope = cos[:, None] * self.along[None] - sin[:, None] * self.across
        mean = (self.probs(at) * slope).sum(axis=1, keepdims=True)
        return (slope - mean) * rate[:, None]

    def derivative(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """dp_{j,α}(z) / dα, shape [m, V], exact; zero at the turns of p(z)."""
        return self.probs(alpha) * self.log_derivative(alpha)

    def limit(self, sign: int) -> Float[Array, " vocab"]:
        """The limit of p_α(z), shape [V], as α → +∞ (`sign` = +1) or -∞ (-1): softmax(c ± b).

        It is the same after any context.
        """
        return jax.nn.softmax(self._far(sign))

    def approach(self, sign: int) -> Float[Array, "contexts vocab"]:
        """g(z) - E_∞[g], shape [m, V]: log p_α(z) = log p_∞(z) + approach / |α| + O(α⁻²), in nats times α.

        Positive where the token ends above its plateau, and so comes down to it.
        """
        g = self.width[:, None] * self.across
        return g - (self.limit(sign)[None] * g).sum(axis=1, keepdims=True)

    def plateau(self, sign: int) -> Float[Array, " contexts"]:
        """KL(p_{j,0} || p_±∞), shape [m], in nats: what ΔCE tends to.

        A budget above it allows all α far enough out.
        """
        before, after = self.log_probs_at(0.0), jax.nn.log_softmax(self._far(sign))
        return (jnp.exp(before) * (before - after[None])).sum(axis=1)

    def _far(self, sign: int) -> Float[Array, " vocab"]:
        if sign not in (1, -1):
            raise ValueError(f"sign must be +1 or -1; got {sign}")
        return self.offset + sign * self.along


def _check(head: Array, **arrays: Array) -> None:
    for name, array in {"unembedding": head, **arrays}.items():
        if array.shape[-1] != head.shape[1]:
            raise ValueError(
                f"{name} must be {head.shape[1]} wide, as the unembedding is; got shape {array.shape}"
            )
        if array.dtype != head.dtype:
            raise TypeError(
                f"{name} must share the unembedding's dtype {head.dtype}; got {array.dtype}"
            )
        finite(name, array)


def _check_seen(v: Array, centred: bool) -> None:
    """Raise where the norm sees nothing of v, or nothing but its rounding."""
    if not is_concrete(v):
        return
    exact = np.asarray(v, np.float64)
    largest = np.abs(exact).max()
    if largest == 0:
        raise ValueError("vector is zero: it steers nothing")
    unit = exact / largest  # no square of it overflows
    seen = np.linalg.norm(unit - unit.mean()) if centred else np.inf
    if seen <= _rounding(v) * np.linalg.norm(unit):
        raise ValueError("the vector's entries are all equal: a centred norm is blind to it")


def _rounding(x: Array) -> float:
    """The length, in that of x, of a difference that is rounding alone."""
    return _ROUNDING * float(cast(np.floating, jnp.finfo(x.dtype).eps))


def _length(x: Float[Array, "*rows d"]) -> Float[Array, "*rows"]:
    """|x|, whose squares neither overflow nor underflow; 0, with slope 0, at x = 0."""
    largest = jax.lax.stop_gradient(jnp.abs(x).max(axis=-1, keepdims=True))
    square = ((x / jnp.where(largest > 0, largest, 1)) ** 2).sum(axis=-1)
    return largest[..., 0] * jnp.sqrt(jnp.where(square > 0, square, 1))


@partial(jax.jit, static_argnums=3)
def arc(
    h: Float[Array, "m d"], v: Float[Array, " d"], eps: Array, centred: bool
) -> tuple[Array, Array, Array, Array]:
    """√d h⊥/√(|h⊥|² + d·eps) [m, d], √d v/|v| [d], α* [m] and w [m]."""
    if centred:
        h, v = h - h.mean(axis=1, keepdims=True), v - v.mean()
    unit = v / jnp.abs(v).max()
    unit, length = unit / _length(unit), _length(v)
    # twice, so that what is left along v is rounding of h⊥, not of h
    first = jnp.dot(h, unit, precision=_PRECISE)
    rest = h - first[:, None] * unit[None]
    second = jnp.dot(rest, unit, precision=_PRECISE)
    rest = rest - second[:, None] * unit[None]
    rest = jnp.where((_length(rest) > _rounding(h) * _length(h))[:, None], rest, 0)
    root = jnp.sqrt(jnp.asarray(h.shape[1], h.dtype))
    radius = jnp.hypot(_length(rest), root * jnp.sqrt(eps))
    across = root * (rest / jnp.where(radius > 0, radius, 1)[:, None])
    return across, root * unit, -(first + second) / length, radius / length


@jax.custom_jvp
def cos_sin(beyond: Array, width: Array) -> tuple[Array, Array]:
    """Cos t and sin t for tan t = beyond / width; both 0 where both are 0."""
    x, y = width / _larger(beyond, width), beyond / _larger(beyond, width)
    long = jnp.sqrt(jnp.where(x * x + y * y > 0, x * x + y * y, 1))
    return x / long, y / long


@cos_sin.defjvp
def _slope_of_cos_sin(
    primals: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    # by hand: the derivative of y / √(x² + y²) would cancel where x is tiny
    (beyond, width), (d_beyond, d_width) = primals, tangents
    cos, sin = cos_sin(beyond, width)
    turn = (cos * d_beyond - sin * d_width) / (_larger(beyond, width) * _spread(beyond, width))
    return (cos, sin), (-sin * turn, cos * turn)


def _rate(beyond: Array, width: Array) -> Array:
    """dt/dα = w / (w² + beyond²), without a square that overflows; 0 where both are 0."""
    cos, _ = cos_sin(beyond, width)
    return cos / (_larger(beyond, width) * _spread(beyond, width))


def _larger(beyond: Array, width: Array) -> Array:
    size = jnp.maximum(jnp.abs(beyond), width)
    return jax.lax.stop_gradient(jnp.where(size > 0, size, 1))


def _spread(beyond: Array, width: Array) -> Array:
    """√(w² + beyond²) over the larger of the two, in [1, √2]."""
    size = _larger(beyond, width)
    square = (width / size) ** 2 + (beyond / size) ** 2
    return jnp.sqrt(jnp.where(square > 0, square, 1))

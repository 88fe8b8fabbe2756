"""The exponential tilt of next-token distributions, of which every quantity of the paper is made."""

# pyright: reportUnknownMemberType=false

from functools import cached_property
from typing import TYPE_CHECKING, cast

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from .._checks import Numbers, finite, floating, is_concrete, strength
from ..numerics.cumulants import bell, choose, cumulants
from ..numerics.plain_sums import PlainWeights
from .log_odds import log_odds
from .pivot import from_pivot, is_token

if TYPE_CHECKING:
    from ..models.dataset import ConceptDataset
    from ..models.unconstrained import UFM

_KEPT = 1 << 18  # entries of log_probs up to which four numbers for each are kept, 8 MB in all


class ExponentialTilt(eqx.Module):
    r"""Next-token distributions p_j tilted by the log-odds M of a steering vector (Lemma B.3).

        p_{j,α}(z) = p_j(z) exp(α M(z)) / Σ_y p_j(y) exp(α M(y)),   K_j(α) = log Σ_y p_j(y) e^{αM(y)}

    **Fields** (m contexts, V tokens):

    - `log_probs` [m, V]: log p(z|c_j) in nats, finite; rows off by rounding are normalised.
    - `log_odds` [V]: M(z), the rate at which the logit of z grows with α, in nats per unit of α;
      a constant added to M changes nothing.

    A steered UFM, and a language model steered at its last hidden state (after the final norm), are
    exactly of this form. Equal entries of `log_odds` are ties; values that differ, however little,
    are not (see `ufm.log_odds` for rounding). Works under `jit`, `vmap`, `grad` and
    `jvp` (not `jet`, which knows no argmax: `derivative` gives every order).

    Numbers: with r the most likely token at α, u(z) = (log p(z) - log p(r)) + α(M(z) - M(r)) is
    formed by subtracting before multiplying. The relative error of p_α is a few units in the last
    place of log p, at any α, whatever the scale of M and a constant added to it: where log p + αM
    has lost eight digits, too. What is below 1e-308 may come out as 0.

    >>> import ufm
    >>> dataset = ufm.ConceptDataset.smoothed(concepts=3, size=3, epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(dataset, positive=[0, 1], negative=[2, 3])
    >>> print(f"{tilt.probs(1.0)[4, 0]:.6f}")
    0.166609
    """

    log_probs: Float[Array, "contexts vocab"]
    log_odds: Float[Array, " vocab"]

    def __init__(self, log_probs: Numbers, log_odds: Numbers):
        rows = floating("log_probs", log_probs, 2)
        self.log_odds = floating("log_odds", log_odds, 1)
        if rows.dtype != self.log_odds.dtype:
            raise TypeError(
                f"log_probs and log_odds must share a dtype; got {rows.dtype} and {self.log_odds.dtype}"
            )
        if is_concrete(rows, self.log_odds):
            # on the host, where the values are looked at anyway: nothing to compile for a new shape
            self.log_probs = jnp.asarray(_normalised(np.asarray(rows), np.asarray(self.log_odds)))
        else:
            self.log_probs = rows - jax.nn.logsumexp(rows, axis=1, keepdims=True)

    def __check_init__(self):
        if self.log_odds.shape != self.log_probs.shape[1:]:
            raise ValueError(
                f"log_odds must have shape {self.log_probs.shape[1:]}, one entry per token; "
                f"got {self.log_odds.shape}"
            )

    @classmethod
    def from_dataset(
        cls, dataset: "ConceptDataset", positive: Numbers, negative: Numbers
    ) -> "ExponentialTilt":
        """The tilt of a perfectly trained UFM (Assumption 2) steered by v = mean_P h - mean_N h.

        `positive` and `negative` are disjoint sets of context indices (P and N of Eq 3). Values of
        M that differ by rounding alone are merged (`ufm.log_odds`).

        >>> import ufm
        >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
        >>> print(f"{ufm.ExponentialTilt.from_dataset(data, [0], [2]).log_odds[0]:.6f}")
        3.637586
        """
        probs = dataset.next_token_probs
        if is_concrete(probs):
            for j, z in np.argwhere(np.asarray(probs) == 0):
                raise ValueError(
                    f"p(token {z}|context {j}) = 0 has no log-odds: count with smoothing > 0"
                )
            log_probs = jnp.asarray(np.log(np.asarray(probs)))
        else:
            log_probs = jnp.log(probs)
        return cls(log_probs, log_odds(log_probs, positive, negative))

    @classmethod
    def from_model(cls, model: "UFM", positive: Numbers, negative: Numbers) -> "ExponentialTilt":
        """The tilt of any UFM (trained or not): softmax(W h_j) tilted by M = Wv up to a constant.

        >>> import ufm
        >>> model = ufm.UFM.fit(ufm.ConceptDataset.smoothed(epsilon=0.05))
        >>> print(f"{ufm.ExponentialTilt.from_model(model, [0], [2]).log_odds[0]:.6f}")
        3.637586
        """
        log_probs = jax.nn.log_softmax(model.logits())
        # W and H come out of a factorisation, so M carries more rounding than a table's; in float32 so
        # much more slack would merge tokens that differ.
        eps = float(cast(np.floating, jnp.finfo(log_probs.dtype).eps))
        slack = min(1e4 * eps, 1e-5)
        return cls(log_probs, log_odds(log_probs, positive, negative, tie_tolerance=slack))

    def from_pivot(self, alpha: ArrayLike) -> tuple[Array, Int[Array, " contexts"], Array]:
        """u(z) = log p_α(z) - log p_α(r), shape [m, V], the likeliest token r, and M(r), shape [m] each.

        All that a tilt says at α is formed from these: a subclass that gives others follows another path.

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0], [2])
        >>> u, r, _ = tilt.from_pivot(0.5)
        >>> print(r[2], f"{u[2, 6]:.6f}")
        0 -1.818793
        """
        return from_pivot(self.log_probs, self.log_odds, strength(alpha, self.log_odds.dtype))

    def log_probs_at(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """Log p_{j,α}(z), shape [m, V], in nats; `alpha` is a finite scalar."""
        u, r, _ = self.from_pivot(alpha)
        # The pivot's own weight is exactly 1: log1p keeps log p_α(pivot) when it is as small as -1e-300.
        rest = jnp.where(is_token(r, u.shape[1]), 0.0, jnp.exp(u)).sum(axis=1, keepdims=True)
        return u - jnp.log1p(rest)

    def probs(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """p_{j,α}(z), shape [m, V]: the next-token probabilities at strength `alpha` (Lemma B.3)."""
        return jnp.exp(self.log_probs_at(alpha))

    def mean(self, alpha: ArrayLike) -> Float[Array, " contexts"]:
        """E_{j,α}[M] = K_j'(α), shape [m], in nats per unit of α; it rises strictly unless M is constant."""
        *_, pivot_log_odds, excess = self._about_pivot(alpha)
        return pivot_log_odds + excess

    def centred(self, alpha: ArrayLike) -> Float[Array, "contexts vocab"]:
        """M(z) - E_{j,α}[M] = d log p_{j,α}(z) / dα, shape [m, V], exact also where it is tiny.

        Formed from the gaps M(z) - M(r): near α = ±∞ the difference of E_α[M] and M(z) themselves
        would be all rounding. The error is some units in the last place of Σ_y p_α(y) |M(z) - M(y)|.
        """
        return self._weighted(alpha)[2]

    def variance(self, alpha: ArrayLike) -> Float[Array, " contexts"]:
        """Var_{j,α}(M) = K_j''(α), shape [m]; positive unless M is constant."""
        root, total, centred = self._weighted(alpha)
        return ((root * centred) ** 2).sum(axis=1) / total

    def cumulants(self, alpha: ArrayLike, order: int) -> Float[Array, "contexts order"]:
        """κ_1..κ_order of M under p_{j,α}, [m, order]: κ_n = K_j^{(n)}(α).

        From order 3 on terms of both signs may cancel: the error is some units in the last place of
        E_α|M - E_α[M]|^n. A p below 1e-600 counts for nothing.

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0], [2])
        >>> print(f"{tilt.cumulants(0.5, 3)[2, 1]:.6f}")
        12.239295
        """
        if order < 1:
            raise ValueError(f"order must be at least 1; got {order}")
        kappa = cumulants(*self._weighted(alpha), order)
        return jnp.stack([self.mean(alpha), *kappa[1:]], axis=1)

    def derivative(self, alpha: ArrayLike, order: int = 1) -> Float[Array, "contexts vocab"]:
        """d^n p_{j,α}(z) / dα^n, shape [m, V], for n = `order` >= 0, exactly (Lemma B.5 and all orders).

            p_α^{(n)}(z) = p_α(z) · Bell_n(M(z) - κ_1, -κ_2, …, -κ_n)     (complete Bell polynomial)

        The error is some units in the last place of the polynomial's terms without their signs.

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0], [2])
        >>> print(f"{tilt.derivative(0.5, order=2)[2, 0]:.6f}")
        0.153043
        """
        if order < 0:
            raise ValueError(f"order must be at least 0; got {order}")
        if order == 0:
            return self.probs(alpha)
        root, total, centred = self._weighted(alpha)
        # Bell_n(x, a, b, …) = Σ_d C(n,d) Bell_{n-d}(0, a, b, …) x^d
        rest = bell([-kappa for kappa in cumulants(root, total, centred, order)])
        factors = jnp.stack([choose(order, d) * rest[order - d] for d in range(order + 1)])
        # without a barrier XLA works them out anew for each token
        factors = jax.lax.optimization_barrier(factors / total[None, :])[:, :, None]
        polynomial = factors[order]
        for d in range(order - 1, -1, -1):
            polynomial = polynomial * centred + factors[d]
        # √w twice: w may underflow where its product with a large polynomial does not
        return root * (root * polynomial)

    def combined(self, alpha: ArrayLike, log_odds: Numbers, beta: ArrayLike) -> "ExponentialTilt":
        """The tilt by αM + βM₂ of two vectors: at strength 1 its distribution is ∝ p_j e^{αM + βM₂}.

        `log_odds` is M₂ [V] of the second vector, in nats per unit of β. Strengths t of what is returned are
        t times both α and β, and all that is asked of a tilt can be asked of it: the price of both is
        `cross_entropy_increase(tilt.combined(alpha, log_odds, beta), 1.0, weights)`, jointly convex in (α, β)
        with the Hessian Σπ Cov_{j,α,β} (`ufm.cross_talk`). M is that of this tilt, whatever its own path is.

        >>> import ufm
        >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
        >>> first = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
        >>> second = ufm.ExponentialTilt.from_dataset(data, [2, 3], [4, 5])
        >>> both = first.combined(0.5, second.log_odds, 0.25)
        >>> print(f"{ufm.cross_entropy_increase(both, 1.0, data.context_weights):.6f}")
        0.187873
        """
        other, dtype = second_log_odds(self, log_odds), self.log_odds.dtype
        # a constant in either would drown the other: both are counted from the first token
        own, theirs = (values - values[0] for values in (self.log_odds, other))
        sums = strength(alpha, dtype) * own + strength(beta, dtype) * theirs
        return ExponentialTilt(self.log_probs, sums)

    def limit(self, sign: int) -> Float[Array, "contexts vocab"]:
        """Lim p_{j,α}(z), shape [m, V], as α → +∞ (`sign` = +1) or -∞ (-1) (Prop B.1).

        The distribution conditioned on Mtop = argmax M (or Mbot = argmin M): p_j(z) / Σ_{Mtop} p_j there,
        0 elsewhere.

        >>> import ufm
        >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0], [2])
        >>> print(f"{tilt.limit(+1)[2, 0]:.6f}")
        0.333333
        """
        kept = jnp.where(self.extremal_tokens(sign)[None, :], self.log_probs, -jnp.inf)
        return jax.nn.softmax(kept, axis=1)

    def extremal_tokens(self, sign: int) -> Bool[Array, " vocab"]:
        """Mask [V] of Mtop = argmax M (`sign` = +1) or Mbot = argmin M (`sign` = -1)."""
        if sign not in (1, -1):
            raise ValueError(f"sign must be +1 or -1; got {sign}")
        signed = sign * self.log_odds
        return signed == signed.max()

    def odds_range(self) -> Float[Array, ""]:
        """R = max M - min M, the natural unit of 1/α."""
        return self.log_odds.max() - self.log_odds.min()

    @cached_property
    def plain_weights(self) -> list[PlainWeights]:
        """Each context's weights for sums at few strengths, made once, as a tilt never changes."""
        rows, log_odds = np.asarray(self.log_probs), np.asarray(self.log_odds)
        return [PlainWeights(log_odds, row, keep=rows.size <= _KEPT) for row in rows]

    def _about_pivot(self, alpha: ArrayLike) -> tuple[Array, Array, Array, Array]:
        """√w [m, V] and Σ w [m] of the weights w = p_α / p_α(r), M(r) [m] and E_α[M] - M(r) [m].

        √w does not underflow where w does, and nothing small is lost in the sum of E_α[M]'s two parts.
        """
        u, _, pivot_log_odds = self.from_pivot(alpha)
        root = jnp.exp(0.5 * u)
        total = (root * root).sum(axis=1)
        gaps = self.log_odds[None, :] - pivot_log_odds[:, None]
        return root, total, pivot_log_odds, (root * (root * gaps)).sum(axis=1) / total

    def _weighted(self, alpha: ArrayLike) -> tuple[Array, Array, Array]:
        """√w [m, V], Σ w [m] and M - E_α[M] [m, V]."""
        root, total, pivot_log_odds, excess = self._about_pivot(alpha)
        return root, total, (self.log_odds[None, :] - pivot_log_odds[:, None]) - excess[:, None]


def second_log_odds(tilt: ExponentialTilt, log_odds: Numbers) -> Float[Array, " vocab"]:
    """M₂ [V] of a second vector: one finite number per token, in the dtype of `tilt`."""
    finite("log_odds", other := floating("log_odds", log_odds, 1))
    if other.shape != tilt.log_odds.shape:
        raise ValueError(
            f"log_odds must have shape {tilt.log_odds.shape}, one entry per token; got {other.shape}"
        )
    return other.astype(tilt.log_odds.dtype)


def _normalised(rows: np.ndarray, log_odds: np.ndarray) -> np.ndarray:
    """`rows` less the logarithm of their sums, which must be next to 0 already."""
    for j, z in np.argwhere(~np.isfinite(rows)):
        raise ValueError(
            f"log_probs[{j}, {z}] = {rows[j, z]}: the tilt needs p > 0 for every token; "
            "smooth the counts"
        )
    finite("log_odds", log_odds)
    if rows.size == 0:
        raise ValueError(f"log_probs must hold a context and a token; got shape {rows.shape}")
    largest = rows.max(axis=1, keepdims=True)
    excess = np.log(np.exp(rows - largest).sum(axis=1)) + largest[:, 0]
    j = int(np.argmax(np.abs(excess)))
    rounding = 64 * rows.shape[1] * np.finfo(rows.dtype).eps
    if abs(excess[j]) > max(1e-6, min(rounding, 1e-3)):
        raise ValueError(
            f"row {j} of log_probs sums to {np.exp(excess[j]):.6g} in probability, not 1: pass "
            "normalised log-probabilities, e.g. jax.nn.log_softmax(logits)"
        )
    return rows - excess[:, None]

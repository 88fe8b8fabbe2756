"""Runs the library on an instance, compiled once for a few padded shapes."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.typing import ArrayLike

import ufm

from .compiled import compiled, in_slices, unpadded
from .padding import SMALLEST, bucket, pad, pad_rows, pad_target, padded_sizes


class Curves(NamedTuple):
    """Token curves at A strengths, [A, m, V]; `forward_kl` is [A, m].

    `log_probs` is the path itself, log p_α, and `slope` its derivative in α by autodiff: all else must
    agree with these two. `scale` is |M(z) - M(r)| + E_α|M - M(r)|, r the likeliest token: what `slope` is
    a difference of, so that `slope`/`scale` says how many of its digits are left. The library says of
    them: `increase` Δp, `forward_kl`, and `cross_entropy` [A], ΔCE of the perfectly trained model, in nats.
    """

    log_probs: np.ndarray
    slope: np.ndarray
    scale: np.ndarray
    increase: np.ndarray
    forward_kl: np.ndarray
    cross_entropy: np.ndarray


class ConceptCurves(NamedTuple):
    """Δp(C) and ν of one set of tokens at A strengths, [A, m]."""

    increase: np.ndarray
    log_odds_increase: np.ndarray


def curves(tilt: ufm.ExponentialTilt, alphas: np.ndarray, weights: np.ndarray) -> Curves:
    """Every token curve of `tilt` at `alphas`, and ΔCE under the context weights."""
    m, vocabulary = tilt.log_probs.shape
    padded = pad(tilt)
    out = in_slices(partial(_curves, padded, pad_rows(weights, padded)), alphas)
    kept = {1: (), 2: (slice(m),), 3: (slice(m), slice(vocabulary))}
    return Curves._make(a[(slice(None), *kept[a.ndim])] for a in out)


@compiled()
def _curves(tilt: ufm.ExponentialTilt, weights: ArrayLike, alphas: ArrayLike) -> tuple[Array, ...]:
    def at(alpha):
        return (
            *_path(tilt, alpha),
            ufm.probability_increase(tilt, alpha),
            ufm.forward_kl(tilt, alpha),
            ufm.cross_entropy_increase(tilt, alpha, weights),
        )

    return jax.vmap(at)(alphas)


def _path(tilt: ufm.ExponentialTilt, alpha: Array) -> tuple[Array, Array, Array]:
    """log p_α, its derivative in α, and the cancellation scale of that, each [m, V]."""
    log_p, slope = jax.jvp(tilt.log_probs_at, (alpha,), (jnp.ones_like(alpha),))
    pivot = tilt.log_odds[jnp.argmax(log_p, axis=1)]
    gaps = jnp.abs(tilt.log_odds[None, :] - pivot[:, None])
    return log_p, slope, gaps + (jnp.exp(log_p) * gaps).sum(axis=1, keepdims=True)


def concept_curves(
    tilt: ufm.ExponentialTilt, alphas: np.ndarray, masks: dict[int, np.ndarray]
) -> dict[int, ConceptCurves]:
    """Mass curves at `alphas` of each set of tokens in `masks`."""
    m, vocabulary = tilt.log_probs.shape
    padded, found = pad(tilt), {}
    for k, mask in masks.items():
        full = np.pad(mask, (0, padded.log_odds.size - vocabulary))
        pair = in_slices(lambda part, full=full: _concept_curves(padded, full, part), alphas)
        found[k] = ConceptCurves(*(a[:, :m] for a in pair))
    return found


@compiled()
def _concept_curves(
    tilt: ufm.ExponentialTilt, mask: ArrayLike, alphas: ArrayLike
) -> tuple[Array, ...]:
    def at(alpha):
        increase = ufm.concept_increase(tilt, alpha, mask)
        return increase, ufm.concept_log_odds_increase(tilt, alpha, mask)

    return jax.vmap(at)(alphas)


class ChainCurves(NamedTuple):
    """What the library says of L tokens in a row at A strengths, [A] each."""

    divergence: np.ndarray
    presence: np.ndarray
    least_presence: np.ndarray
    most_presence: np.ndarray
    expected_count: np.ndarray
    least_count: np.ndarray
    most_count: np.ndarray


def chain_curves(
    chain: ufm.ContextChain, alphas: np.ndarray, target: np.ndarray, length: int
) -> ChainCurves:
    """The divergence of `length` tokens, and presence and number of those of the target, with bounds."""
    m, vocabulary = chain.tilt.log_probs.shape
    padded = pad(chain.tilt)
    contexts, tokens = padded.log_probs.shape
    following = np.zeros((contexts, tokens), int)
    following[:m, :vocabulary] = chain.following
    following[:m, vocabulary:] = chain.following[:, :1]  # of padding, which has the probability 0
    mask = pad_target(chain.tilt, target)
    start = pad_rows(np.asarray(chain.start), padded)
    run = partial(_chain_curves, padded, following, start, mask, length)
    return ChainCurves(*in_slices(run, alphas))


@compiled(static=4)
def _chain_curves(
    tilt: ufm.ExponentialTilt,
    following: ArrayLike,
    start: ArrayLike,
    mask: ArrayLike,
    length: int,
    alphas: ArrayLike,
) -> tuple[Array, ...]:
    chain = ufm.ContextChain(tilt, following, start)

    def at(alpha):
        return (
            chain.divergence(alpha, length),
            chain.presence(alpha, mask, length),
            *chain.presence_bounds(alpha, mask, length),
            chain.expected_count(alpha, mask, length),
            *chain.count_bounds(alpha, mask, length),
        )

    return jax.vmap(at)(alphas)


def peaks(tilt: ufm.ExponentialTilt) -> np.ndarray:
    """α(j,z) [m, V]."""
    return unpadded(tilt, ufm.peak_strengths(pad(tilt)))[0]


def slope_at(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """d log p_α(z)/dα at α = alphas[k, j, z], and its cancellation scale, each [K, m, V]."""
    pairs = [_at_each(tilt, layer)[1:] for layer in alphas]
    slope, scale = (np.stack(parts) for parts in zip(*pairs, strict=True))
    return slope, scale


def laws_at_each(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> np.ndarray:
    """log p_{j,α}(z) [m, V] at α = alphas[j, z]."""
    return _at_each(tilt, alphas)[0]


def _at_each(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> list[np.ndarray]:
    m, vocabulary = tilt.log_probs.shape
    padded = pad(tilt)
    full = np.zeros(padded.log_probs.shape)
    full[:m, :vocabulary] = alphas
    return unpadded(tilt, *_each(padded, full))


@compiled()
def _each(tilt: ufm.ExponentialTilt, alphas: ArrayLike) -> tuple[Array, ...]:
    """`_path`, with each token at a strength of its own."""

    def of_context(row, strengths):
        alone = eqx.tree_at(lambda t: t.log_probs, tilt, row[None, :])

        def of_token(alpha, token):
            return tuple(array[0, token] for array in _path(alone, alpha))

        return jax.vmap(of_token)(strengths, jnp.arange(strengths.size))

    return jax.vmap(of_context)(tilt.log_probs, alphas)


def cross_entropy_increase(
    tilt: ufm.ExponentialTilt,
    alphas: np.ndarray,
    weights: np.ndarray,
    data_probs: np.ndarray | None,
) -> np.ndarray:
    """ΔCE at `alphas`, [A] nats."""
    if data_probs is None:
        return curves(tilt, alphas, weights).cross_entropy
    padded = pad(tilt)
    law = pad_rows(data_probs, padded)
    law = np.pad(law, ((0, 0), (0, padded.log_odds.size - data_probs.shape[1])))
    increase = partial(_cross_entropy, padded, pad_rows(weights, padded), law)
    return in_slices(increase, alphas)[0]


@compiled()
def _cross_entropy(
    tilt: ufm.ExponentialTilt, weights: ArrayLike, law: ArrayLike, alphas: ArrayLike
) -> Array:
    return jax.vmap(lambda alpha: ufm.cross_entropy_increase(tilt, alpha, weights, law))(alphas)


def limits(tilt: ufm.ExponentialTilt) -> dict[int, np.ndarray]:
    """The limit laws [m, V] for sign +1 and -1."""
    return dict(zip((1, -1), unpadded(tilt, *_limits(pad(tilt))), strict=True))


@compiled()
def _limits(tilt: ufm.ExponentialTilt) -> tuple[Array, ...]:
    return tilt.limit(1), tilt.limit(-1)


def laws_at(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> np.ndarray:
    """log p_α [A, m, V] at a few strengths."""
    return unpadded(tilt, *in_slices(partial(_laws, pad(tilt)), alphas))[0]


@compiled()
def _laws(tilt: ufm.ExponentialTilt, alphas: ArrayLike) -> Array:
    return jax.vmap(tilt.log_probs_at)(alphas)


def steered_logits(
    model: ufm.UFM, vector: jax.Array, alphas: np.ndarray, shape: tuple[int, int]
) -> np.ndarray:
    """Logits [A, m, V] of a UFM with all-zero contexts, tokens and dimensions added up to `pad`'s sizes."""
    contexts, tokens = padded_sizes(*shape)
    width = bucket(vector.size, (SMALLEST,))
    rows = ((0, tokens - shape[1]), (0, width - vector.size))
    padded = ufm.UFM(
        np.pad(np.asarray(model.decoder), rows),
        np.pad(np.asarray(model.embeddings), ((0, contexts - shape[0]), rows[1])),
    )
    along = np.pad(np.asarray(vector), rows[1])
    logits = _steered_logits(padded, along, alphas)
    return np.asarray(logits)[:, : shape[0], : shape[1]]


@jax.jit
def _steered_logits(model: ufm.UFM, vector: ArrayLike, alphas: ArrayLike) -> Array:
    return jax.vmap(lambda alpha: model.steer(vector, alpha))(alphas)


def orders_at(tilt: ufm.ExponentialTilt, alphas: np.ndarray, orders: int) -> list[np.ndarray]:
    """p^{(n)} [..., m, V, n], n = 0..`orders`, and κ_n [..., m, n], n = 1..`orders`, at `alphas` [...]."""
    padded = pad(tilt)
    flat = in_slices(lambda part: _orders(padded, part, orders), alphas.reshape(-1))
    m, vocabulary = tilt.log_probs.shape
    derivatives, cumulants = (a.reshape(*alphas.shape, *a.shape[1:]) for a in flat)
    return [derivatives[..., :m, :vocabulary, :], cumulants[..., :m, :]]


@compiled(static=2)
def _orders(tilt: ufm.ExponentialTilt, alphas: ArrayLike, orders: int) -> tuple[Array, ...]:
    def at(alpha):
        derivatives = [tilt.derivative(alpha, n) for n in range(orders + 1)]
        return jnp.stack(derivatives, axis=-1), tilt.cumulants(alpha, orders)

    return jax.vmap(at)(alphas)


def along_both(
    tilt: ufm.ExponentialTilt,
    weights: np.ndarray,
    second: np.ndarray,
    line: tuple[float, float],
    alphas: np.ndarray,
) -> list[np.ndarray]:
    """Cov_{α,β}(M, M₂) [A, m] and ΔCE(α, β) [A] by the library.

    At `alphas` and β = start + rate·α, where `line` is (start, rate).
    """
    m, vocabulary = tilt.log_probs.shape
    padded = pad(tilt)
    other = np.pad(second, (0, padded.log_odds.size - vocabulary))
    both = partial(_along_both, padded, pad_rows(weights, padded), other, jnp.asarray(line))
    covariance, price = in_slices(both, alphas)
    return [covariance[:, :m], price]


def first_order_effect(tilt: ufm.ExponentialTilt, tokens: np.ndarray) -> np.ndarray:
    """F_C'(0) [m] of the `tokens` C by the library."""
    found = ufm.first_order_effect(pad(tilt), pad_target(tilt, tokens))
    return np.asarray(found)[: tilt.log_probs.shape[0]]


def undoing_strengths(
    tilt: ufm.ExponentialTilt, weights: np.ndarray, second: np.ndarray, alphas: np.ndarray
) -> np.ndarray:
    """Strengths β [A] of the second vector M₂ that take back what `alphas` did to it, by the library."""
    padded = pad(tilt)
    other = np.pad(second, (0, padded.log_odds.size - second.size), mode="edge")
    pi = pad_rows(weights, padded)
    return np.array([ufm.undoing_strength(padded, other, alpha, pi) for alpha in alphas])


@compiled()
def _along_both(
    tilt: ufm.ExponentialTilt, weights: ArrayLike, second: ArrayLike, line: Array, alphas: ArrayLike
) -> tuple[Array, ...]:
    def at(alpha):
        beta = line[0] + line[1] * alpha
        price = ufm.cross_entropy_increase(tilt.combined(alpha, second, beta), 1.0, weights)
        return ufm.cross_talk(tilt, second, alpha, beta), price

    return jax.vmap(at)(alphas)

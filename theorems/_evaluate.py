"""Runs the library on an instance, compiled once for a few padded shapes.

JAX compiles anew for every shape, which takes seconds, and instances come in hundreds of shapes. So a
tilt is padded to one of a few sizes: tokens of probability e^(-1e300) = 0 that share the first token's
log-odds, and copies of the first context. Neither changes any number of the others.
"""

import threading
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import ufm

_NOTHING = -1e300
_SLICE = 64
_memory = threading.local()


def _compiled(static: int | tuple[int, ...] = ()) -> Callable[[Callable], Callable]:
    """`jax.jit`; of a tilt that is no plain one, a control that is run once, compiled in haste."""

    def decorate(function: Callable) -> Callable:
        fast = jax.jit(function, static_argnums=static)
        options = {"xla_backend_optimization_level": 0}
        hasty = jax.jit(function, static_argnums=static, compiler_options=options)

        @wraps(function)
        def run(tilt: ufm.ExponentialTilt, *rest: Any) -> Any:
            return (fast if type(tilt) is ufm.ExponentialTilt else hasty)(tilt, *rest)

        return run

    return decorate


class Curves(NamedTuple):
    """Token curves at A strengths, [A, m, V]; `forward_kl` is [A, m].

    `scale` is |M(z) - M(r)| + E_α|M - M(r)|, r the likeliest token: what `centred` is a difference of,
    so that `centred`/`scale` says how many of its digits are left.
    """

    log_probs: np.ndarray
    increase: np.ndarray
    centred: np.ndarray
    scale: np.ndarray
    forward_kl: np.ndarray


class ConceptCurves(NamedTuple):
    """Of one set of tokens at A strengths: Δp(C) and ν, [A, m]."""

    increase: np.ndarray
    log_odds_increase: np.ndarray


def _bucket(size: int, sizes: tuple[int, ...]) -> int:
    return next((s for s in sizes if s >= size), 1 << (size - 1).bit_length())


def pad(tilt: ufm.ExponentialTilt) -> ufm.ExponentialTilt:
    """The tilt with its contexts and tokens padded to one of a few shapes."""
    # Many claims in a row ask for the same one.
    if getattr(_memory, "tilt", None) is not tilt:
        _memory.tilt, _memory.padded = tilt, _pad(tilt)
    return _memory.padded


def _pad(tilt: ufm.ExponentialTilt) -> ufm.ExponentialTilt:
    log_probs, odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    m, vocabulary = log_probs.shape
    contexts, tokens = _bucket(m, (12,)), _bucket(vocabulary, (12, 60))
    log_probs = np.pad(log_probs, ((0, 0), (0, tokens - vocabulary)), constant_values=_NOTHING)
    log_probs = np.concatenate([log_probs, np.repeat(log_probs[:1], contexts - m, axis=0)])
    odds = np.concatenate([odds, np.full(tokens - vocabulary, odds[0])])
    arrays = (jnp.asarray(log_probs), jnp.asarray(odds))
    return eqx.tree_at(lambda t: (t.log_probs, t.log_odds), tilt, arrays)


def pad_target(tilt: ufm.ExponentialTilt, target: np.ndarray) -> jax.Array:
    """The target of `pad(tilt)`: padding tokens side with the first token, whose log-odds they have."""
    extra = pad(tilt).log_odds.size - target.size
    return jnp.asarray(np.pad(target, (0, extra), constant_values=target[0]))


def _in_slices(compiled: Callable[..., Any], alphas: np.ndarray) -> Any:
    """`compiled`(64 strengths at a time), stacked: one shape to compile, and bounded memory."""
    padded = np.concatenate([alphas, np.full(-len(alphas) % _SLICE, alphas[-1])])
    slices = [compiled(jnp.asarray(part)) for part in padded.reshape(-1, _SLICE)]
    stacked = jax.tree.map(lambda *parts: np.concatenate([np.asarray(p) for p in parts]), *slices)
    return jax.tree.map(lambda array: array[: len(alphas)], stacked)


def curves(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> Curves:
    """Every token curve of `tilt` at `alphas`."""
    m, vocabulary = tilt.log_probs.shape
    out = _in_slices(partial(_curves, pad(tilt)), alphas)
    return Curves(*(a[:, :m, :vocabulary] if a.ndim == 3 else a[:, :m] for a in out))


@_compiled()
def _curves(tilt: ufm.ExponentialTilt, alphas: Any) -> tuple:
    def at(alpha):
        return (
            tilt.log_probs_at(alpha),
            ufm.probability_increase(tilt, alpha),
            tilt.centred(alpha),
            _cancellation_scale(tilt, alpha),
            ufm.forward_kl(tilt, alpha),
        )

    return jax.vmap(at)(alphas)


def _cancellation_scale(tilt: ufm.ExponentialTilt, alpha: Any) -> Any:
    p = tilt.probs(alpha)
    pivot = tilt.log_odds[jnp.argmax(p, axis=1)]
    gaps = jnp.abs(tilt.log_odds[None, :] - pivot[:, None])
    return gaps + (p * gaps).sum(axis=1, keepdims=True)


def concept_curves(
    tilt: ufm.ExponentialTilt, alphas: np.ndarray, masks: dict[int, np.ndarray]
) -> dict[int, ConceptCurves]:
    """Mass curves at `alphas` of each set of tokens in `masks`."""
    m, vocabulary = tilt.log_probs.shape
    padded, found = pad(tilt), {}
    for k, mask in masks.items():
        full = jnp.asarray(np.pad(mask, (0, padded.log_odds.size - vocabulary)))
        pair = _in_slices(lambda part, full=full: _concept_curves(padded, full, part), alphas)
        found[k] = ConceptCurves(*(a[:, :m] for a in pair))
    return found


@_compiled()
def _concept_curves(tilt: ufm.ExponentialTilt, mask: Any, alphas: Any) -> tuple:
    def at(alpha):
        increase = ufm.concept_increase(tilt, alpha, mask)
        return increase, ufm.concept_log_odds_increase(tilt, alpha, mask)

    return jax.vmap(at)(alphas)


def peaks(tilt: ufm.ExponentialTilt) -> np.ndarray:
    """α(j,z) [m, V]."""
    m, vocabulary = tilt.log_probs.shape
    return np.asarray(ufm.peak_strengths(pad(tilt)))[:m, :vocabulary]


def centred_at(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """M(z) - E_α[M] at α = alphas[k, j, z], and its cancellation scale, each [K, m, V]."""
    m, vocabulary = tilt.log_probs.shape
    padded = pad(tilt)
    full = np.zeros((len(alphas), *padded.log_probs.shape))
    full[:, :m, :vocabulary] = alphas
    pairs = [_centred_at(padded, jnp.asarray(layer)) for layer in full]
    centred, scale = (
        np.stack([np.asarray(a)[:m, :vocabulary] for a in parts])
        for parts in zip(*pairs, strict=True)
    )
    return centred, scale


@_compiled()
def _centred_at(tilt: ufm.ExponentialTilt, alphas: Any) -> tuple:
    def of_context(row, strengths):
        alone = eqx.tree_at(lambda t: t.log_probs, tilt, row[None, :])

        def of_token(alpha, token):
            return alone.centred(alpha)[0, token], _cancellation_scale(alone, alpha)[0, token]

        return jax.vmap(of_token)(strengths, jnp.arange(strengths.size))

    return jax.vmap(of_context)(tilt.log_probs, alphas)


def cross_entropy_increase(
    tilt: ufm.ExponentialTilt,
    alphas: np.ndarray,
    weights: np.ndarray,
    data_probs: np.ndarray | None,
) -> np.ndarray:
    """ΔCE at `alphas`, [A] nats."""
    padded = pad(tilt)
    m, vocabulary = tilt.log_probs.shape
    full_weights = np.zeros(padded.log_probs.shape[0])
    full_weights[:m] = weights
    law = None
    if data_probs is not None:
        law = np.zeros(padded.log_probs.shape)
        law[:m, :vocabulary] = data_probs
    steered = partial(_cross_entropy, padded, jnp.asarray(full_weights), law)
    return _in_slices(steered, alphas)


@_compiled()
def _cross_entropy(tilt: ufm.ExponentialTilt, weights: Any, law: Any, alphas: Any) -> Any:
    at = lambda alpha: ufm.cross_entropy_increase(tilt, alpha, weights, law)  # noqa: E731
    return jax.vmap(at)(alphas)


def limits(tilt: ufm.ExponentialTilt) -> dict[int, np.ndarray]:
    """The limit laws [m, V] for sign +1 and -1."""
    m, vocabulary = tilt.log_probs.shape
    found = _limits(pad(tilt))
    return {sign: np.asarray(a)[:m, :vocabulary] for sign, a in zip((1, -1), found, strict=True)}


@_compiled()
def _limits(tilt: ufm.ExponentialTilt) -> tuple:
    return tilt.limit(1), tilt.limit(-1)


def laws_at(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> np.ndarray:
    """log p_α [A, m, V] at a few strengths."""
    m, vocabulary = tilt.log_probs.shape
    return _in_slices(partial(_laws, pad(tilt)), alphas)[:, :m, :vocabulary]


@_compiled()
def _laws(tilt: ufm.ExponentialTilt, alphas: Any) -> Any:
    return jax.vmap(tilt.log_probs_at)(alphas)


def orders_at(
    tilt: ufm.ExponentialTilt, alphas: np.ndarray, centres: np.ndarray, orders: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """log p_α [K, C, m, V] at `alphas` [K, C]; p^{(n)} [n, C, m, V] and κ [C, m, n] at `centres`."""
    m, vocabulary = tilt.log_probs.shape
    padded = pad(tilt)
    laws = _in_slices(partial(_laws, padded), alphas.reshape(-1))
    laws = laws.reshape(*alphas.shape, *laws.shape[1:])
    derivatives, cumulants = _orders(padded, jnp.asarray(centres), orders)
    return (
        laws[..., :m, :vocabulary],
        np.asarray(derivatives)[..., :m, :vocabulary],
        np.asarray(cumulants)[:, :m],
    )


@_compiled(static=2)
def _orders(tilt: ufm.ExponentialTilt, centres: Any, orders: int) -> tuple:
    def at(alpha):
        return jnp.stack([tilt.derivative(alpha, n) for n in range(1, orders + 1)])

    cumulants = jax.vmap(lambda alpha: tilt.cumulants(alpha, orders))(centres)
    return jnp.moveaxis(jax.vmap(at)(centres), 1, 0), cumulants


def laws_at_each(tilt: ufm.ExponentialTilt, alphas: np.ndarray) -> np.ndarray:
    """log p_{j,α}(z) [m, V] at α = alphas[j, z]."""
    m, vocabulary = tilt.log_probs.shape
    padded = pad(tilt)
    full = np.zeros(padded.log_probs.shape)
    full[:m, :vocabulary] = alphas
    return np.asarray(_laws_at_each(padded, jnp.asarray(full)))[:m, :vocabulary]


@_compiled()
def _laws_at_each(tilt: ufm.ExponentialTilt, alphas: Any) -> Any:
    def of_context(row, strengths):
        alone = eqx.tree_at(lambda t: t.log_probs, tilt, row[None, :])
        at = jax.vmap(lambda alpha, token: alone.log_probs_at(alpha)[0, token])
        return at(strengths, jnp.arange(strengths.size))

    return jax.vmap(of_context)(tilt.log_probs, alphas)

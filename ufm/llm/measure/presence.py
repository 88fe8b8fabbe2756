"""Whether a concept appears in generated text: predicted from unsteered continuations, and as sampled."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from ufm._progress import Progress, silent

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.batches import at_once, within_blocks
from ..steering.generate import NOTHING
from ..steering.strengths import check_strengths
from .continuations import ROWS, Continuations
from .token_curves import token_set

_RESAMPLES = 2000
_NORMAL_95 = 1.959963984540054
_PREDICTED, _SAMPLED = 0, 1  # streams of random numbers


@dataclass(frozen=True, eq=False)
class Presence:
    """What continuations of `length` tokens say of a token set T at A strengths.

    - `alphas` [A]. `presence` [A]: the probability that a token of T is among the tokens of a
      continuation. `expected_count` [A]: of how many. `presence_interval`, `count_interval` [A, 2]: 95 %.
    - `texts`: how many continuations were written, in all, or at each strength.
    - `effective` [A]: so many texts at α itself would say about as much, (Σw)²/Σw² of the weights w that
      each unsteered text has at α; all of them where texts were written at α.
    - `divergence` [A]: KL(P_0||P_α) of continuations in nats, by which one expects about e^-KL of the texts
      to be effective; NaN where texts were written at α.
    """

    length: int
    texts: int
    alphas: np.ndarray
    presence: np.ndarray
    presence_interval: np.ndarray
    expected_count: np.ndarray
    count_interval: np.ndarray
    effective: np.ndarray
    divergence: np.ndarray


def predicted_presence(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    *,
    target: np.ndarray,
    length: int = 32,
    samples: int = 8,
    ends: Sequence[int] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Presence:
    """How likely T appears, and the expected number of its tokens, without a steered text.

    After each prompt `samples` unsteered continuations z_1, …, z_L are drawn, L = `length`. v is added at
    the post-norm site, so that M = Wv is the same at every step, and a text has the weight

        w_t = Π_{s <= t} exp(α M(z_s) - K_s(α)),   K_s(α) = log Σ_z p_s(z) e^{αM(z)}

    at strength α. With F_t(α) the mass of T that p_t has when tilted, of `target` [V] bool,

        P_α(T appears) = E_0 Σ_t w_{t-1} F_t(α) 1[no z_s in T, s < t],   count = E_0 Σ_t w_{t-1} F_t(α),

    and the means over texts are unbiased. They can be trusted while `effective` is large: α small, or few
    tokens. Intervals resample the texts of each prompt. A text ends with the first of the tokens `ends`.
    `progress` is called with the texts done, and their number.

    Raises `ValueError` at another site, where logits are capped, and for fewer than 2 samples.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=1, site="post-norm")
    >>> T = np.arange(64) < 4
    >>> found = ufm.llm.predicted_presence(model, [[3, 4]], steering, [0.0, 1.0], target=T, length=8)
    >>> print(found.effective.round(1)[0], found.texts, found.presence.shape)
    8.0 8 (2,)
    """
    strengths = _checked(model, steering, alphas)
    if samples < 2:
        raise ValueError(f"samples must be at least 2, for an interval; got {samples}")
    mask, show = token_set(target, model.vocabulary), progress or silent
    texts = Continuations(model, prompts, length, samples, tuple(ends), seed, _PREDICTED)
    made = texts.write(None, np.zeros(1), silent)[:, 0]
    log_odds = model.unembed(model.place(steering).vector[None])[0]
    steps = _steps(texts, made, log_odds, mask, strengths, show)
    values = contributions(steps, _in_target(made, mask))
    by_prompt = [x.reshape(len(prompts), samples, -1) for x in values]
    presence, count, weight = (x.mean(axis=(0, 1)) for x in by_prompt)
    paid = steps.divergence.sum(axis=1).mean(axis=0)
    return Presence(
        length=length,
        texts=len(made),
        alphas=strengths,
        presence=presence,
        presence_interval=np.clip(_resampled(by_prompt[0], seed), 0, 1),
        expected_count=count,
        count_interval=_resampled(by_prompt[1], seed),
        effective=len(made) * weight**2 / (by_prompt[2] ** 2).mean(axis=(0, 1)),
        divergence=np.maximum(paid, 0.0),  # at α = 0 there is rounding alone
    )


def sampled_presence(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    *,
    target: np.ndarray,
    length: int = 32,
    samples: int = 8,
    ends: Sequence[int] = (),
    seed: int = 0,
    progress: Progress | None = None,
) -> Presence:
    """How often T appears in continuations that are steered, at any site, and counted one by one.

    The random numbers are others than those of `predicted_presence` with the same seed; strengths share them.
    Intervals are Wilson's for the presence and normal for the count.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=1, site="post-norm")
    >>> T = np.arange(64) < 4
    >>> found = ufm.llm.sampled_presence(model, [[3, 4]], steering, [0.0, 1.0], target=T, length=8)
    >>> print(found.texts, bool((found.presence_interval[:, 0] <= found.presence).all()))
    8 True
    """
    strengths = check_strengths(alphas, model, steering)
    mask = token_set(target, model.vocabulary)
    texts = Continuations(model, prompts, length, samples, tuple(ends), seed, _SAMPLED)
    made = texts.write(steering, strengths, progress or silent)
    number = _in_target(made, mask).sum(axis=2)
    presence, count = (number > 0).mean(axis=0), number.mean(axis=0)
    half = _NORMAL_95 * number.std(axis=0, ddof=1) / math.sqrt(len(made))
    return Presence(
        length=length,
        texts=len(made),
        alphas=strengths,
        presence=presence,
        presence_interval=wilson(presence, len(made)),
        expected_count=count,
        count_interval=np.stack([count - half, count + half], axis=1),
        effective=np.full(strengths.size, float(len(made))),
        divergence=np.full(strengths.size, np.nan),
    )


class Steps(NamedTuple):
    """What a text says at each of its tokens and at each strength, [N, L, A].

    `log_ratio`: log p_{t,α}(z_t)/p_t(z_t). `mass`: F_t(α). `divergence`: KL(p_t||p_{t,α}). All are 0
    after the end of the text.
    """

    log_ratio: np.ndarray
    mass: np.ndarray
    divergence: np.ndarray


def contributions(
    steps: Steps, is_target: Bool[np.ndarray, "texts length"]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What each unsteered text adds to presence and to count, and its weight w_L, [N, A] each."""
    log_weight = np.cumsum(steps.log_ratio, axis=1)
    before = np.exp(np.concatenate([np.zeros_like(log_weight[:, :1]), log_weight[:, :-1]], axis=1))
    expected = before * steps.mass
    is_first = np.cumsum(is_target, axis=1) - is_target == 0
    presence = (expected * is_first[:, :, None]).sum(axis=1)
    return presence, expected.sum(axis=1), np.exp(log_weight[:, -1])


def wilson(share: np.ndarray, number: int) -> np.ndarray:
    """The 95 % interval of Wilson for a share of `number` independent trials, [..., 2].

    >>> import numpy as np
    >>> from ufm.llm.measure.presence import wilson
    >>> print(wilson(np.array([0.0, 0.5]), 100).round(4).tolist())
    [[0.0, 0.037], [0.4038, 0.5962]]
    """
    squared = _NORMAL_95**2 / number
    centre = (share + squared / 2) / (1 + squared)
    half = np.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared)
    return np.stack([np.maximum(centre - half, 0.0), np.minimum(centre + half, 1.0)], axis=-1)


def _resampled(values: Float[np.ndarray, "prompts samples A"], seed: int) -> np.ndarray:
    """The 95 % interval of the mean, [A, 2]: the texts of each prompt are drawn anew, with replacement."""
    generator = np.random.default_rng(seed)
    prompts, samples, _ = values.shape
    means = np.empty((_RESAMPLES, values.shape[2]))
    for k in range(_RESAMPLES):
        drawn = generator.integers(samples, size=(prompts, samples))
        means[k] = np.take_along_axis(values, drawn[:, :, None], axis=1).mean(axis=(0, 1))
    return np.quantile(means, [0.025, 0.975], axis=0).T


def _checked(
    model: LanguageModel, steering: Steering, alphas: Sequence[float] | np.ndarray
) -> np.ndarray:
    if steering.site != "post-norm":
        raise ValueError(
            f"the prediction needs v at the post-norm site, where M is the same at every step; got "
            f"{steering.site!r}: sampled_presence works at any site"
        )
    if model.not_affine is not None:
        raise ValueError(f"{model.not_affine}, so that M is not the same at every step")
    return check_strengths(alphas, model, steering)


def _in_target(
    tokens: Int[np.ndarray, "*texts length"], mask: Bool[np.ndarray, " vocab"]
) -> Bool[np.ndarray, "*texts length"]:
    """Whether each token is one of T; what follows the end of a text is none."""
    return mask[np.maximum(tokens, 0)] & (tokens != NOTHING)


def _steps(
    texts: Continuations,
    made: Int[np.ndarray, "texts length"],
    log_odds: Float[Array, " vocab"],
    mask: Bool[np.ndarray, " vocab"],
    alphas: np.ndarray,
    progress: Progress,
) -> Steps:
    """What each of the unsteered texts `made` says at each of its tokens and at each strength."""
    model, target = texts.model, jnp.asarray(mask)
    strengths = jnp.asarray(alphas, model.wide)
    found = np.zeros((3, len(made), texts.length, alphas.size))
    rows = max(1, at_once(model, within_blocks(model, 1, texts.longest + texts.length), ROWS))
    for start in range(0, len(made), rows):
        some = slice(start, start + rows)
        states = texts.states(made[some], some)
        for j, (state, tokens) in enumerate(zip(states, made[some], strict=True), start):
            given = model, state, log_odds, jnp.asarray(tokens), target
            found[:, j] = np.asarray(_each_step(*given, strengths))
            progress(j + 1, len(made))
    return Steps._make(found)


@jax.jit
def _each_step(
    model: LanguageModel,
    states: Float[Array, "length d"],
    log_odds: Float[Array, " vocab"],
    tokens: Int[Array, " length"],
    mask: Bool[Array, " vocab"],
    alphas: Float[Array, " A"],
) -> Float[Array, "3 length A"]:
    """The fields of `Steps` of one text."""
    before = jax.nn.log_softmax(model.unembed(states))
    is_real = tokens != NOTHING
    chosen = log_odds[jnp.maximum(tokens, 0)]
    mean = jnp.exp(before) @ log_odds

    def at(alpha: Array) -> Array:
        steered = before + alpha * log_odds[None, :]
        log_partition = jax.nn.logsumexp(steered, axis=1)
        mass = jnp.where(mask[None, :], jnp.exp(steered - log_partition[:, None]), 0.0).sum(axis=1)
        found = alpha * chosen - log_partition, mass, log_partition - alpha * mean
        return jnp.where(is_real[None, :], jnp.stack(found), 0.0)

    return jnp.moveaxis(jax.lax.map(at, alphas), 0, -1)

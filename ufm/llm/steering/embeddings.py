"""The door to the theory: hidden states of prompts, and the UFM they make with the unembedding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np

from ufm import UFM, ExponentialTilt, separation_margin
from ufm._checks import Numbers

from ..decoder.adapted import Model
from ..decoder.arguments import SITES, block_number, one_of
from ..text.tokenizer import pad
from .batches import at_once, within_blocks

POOLINGS = ("last", "mean")
_MOST = 16  # prompts in a batch
# An attention sink's state is longer than this many times its prompt's median: 130 times on SmolLM2, where no
# other token's is 1.3 times.
_SINK = 10.0


@dataclass(frozen=True)
class Embeddings:
    """Hidden states of m prompts at several blocks.

    - `states` [blocks asked for, m, d]: one state a prompt, pooled over its real tokens.
    - `mean_norms` [blocks asked for]: mean of |h| over all real tokens of all prompts.
    - `median_norms` [blocks asked for]: median of |h| over the tokens after each prompt's first, which in
      most pretrained models is an attention sink, tens of times longer than the others. The first
      counts where a prompt has no other.
    - `sinks` [blocks asked for]: how many tokens are sinks, ten times as long as the median of their prompt.
    """

    states: np.ndarray
    mean_norms: np.ndarray
    median_norms: np.ndarray
    sinks: np.ndarray


def embed_prompts(
    model: Model,
    prompts: Sequence[Sequence[int]],
    layers: Sequence[int],
    *,
    pooling: str = "last",
    site: str = "residual",
    batch_size: int | None = None,
) -> Embeddings:
    """Hidden states of prompts (lists of tokens) after each block of `layers`, in one pass.

    `pooling`: the "last" real token's state, or the "mean" over the real tokens that are no attention
    sinks (`Embeddings.sinks`), one of which would outweigh all others; padding never enters.
    `site`: "residual", or "post-norm" (the last block's state after the final norm). `batch_size`: 16,
    or as many prompts as `model.memory` holds.

    >>> import ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> found = ufm.llm.embed_prompts(model, [[3, 4], [5, 6, 7]], [0, 1])
    >>> print(found.states.shape)
    (2, 2, 16)
    """
    one_of("pooling", pooling, POOLINGS)
    one_of("site", site, SITES)
    if not prompts:
        raise ValueError("there is no prompt: pass at least one list of tokens")
    wanted = [block_number(layer, model.blocks) for layer in layers]
    if site == "post-norm" and wanted != [model.blocks - 1]:
        raise ValueError(
            f'site "post-norm" follows the last block: layers must be [{model.blocks - 1}]'
        )
    states = np.zeros((len(wanted), len(prompts), model.dimension), model.dtype)
    lengths, after_first = [], []
    sinks = np.zeros(len(wanted), int)
    for chosen, tokens, mask in _batches(model, prompts, batch_size):
        real = mask[: len(chosen)]
        later = _without_first(real)
        norms = np.zeros((len(wanted), *real.shape))
        for layer, found in model.states_at(tokens, mask, wanted, site):
            x = np.asarray(found)[: len(chosen)]
            long = np.linalg.norm(x.astype(np.float64), axis=2)
            sink = _sinks(long, real, later)
            pooled = _pool(x, real, real & ~sink, pooling)
            for at in (k for k, asked in enumerate(wanted) if asked == layer):
                norms[at], states[at, chosen] = long, pooled
                sinks[at] += sink.sum()
        lengths.append(norms[:, real])
        after_first.append(norms[:, later])
    every, most = np.concatenate(lengths, axis=1), np.concatenate(after_first, axis=1)
    return Embeddings(states, every.mean(axis=1), np.median(most, axis=1), sinks)


def _batches(
    model: Model, prompts: Sequence[Sequence[int]], batch_size: int | None
) -> Iterator[tuple[list[int], np.ndarray, np.ndarray]]:
    """The numbers of the prompts of each batch, and their tokens and mask [size, T], padded.

    By length, so that little is padded; a few shapes, as each is compiled anew.
    """
    order = sorted(range(len(prompts)), key=lambda j: len(prompts[j]))
    while order:
        # the longest of as many as there may be
        longest = max(map(len, (prompts[j] for j in order[: batch_size or _MOST])))
        length = round_up(longest, model.config.positions)
        size = batch_size or at_once(model, within_blocks(model, length, length), _MOST)
        chosen, order = order[:size], order[size:]
        rows = [prompts[j] for j in chosen]
        rows += [rows[-1]] * (size - len(rows) if len(prompts) > size else 0)
        yield chosen, *pad(rows, length)


def round_up(length: int, longest: int | None) -> int:
    """8, 16, 32, 64, then in steps of an eighth of the power of 2 below, within the model's positions.

    Few lengths to compile; attention on 2,048 positions would take three times the memory of that on 1,152.
    """
    power = max(8, 1 << (length - 1).bit_length())
    step = power if power <= 64 else power // 16
    rounded = -(-length // step) * step
    return rounded if longest is None else max(length, min(rounded, longest))


def _without_first(mask: np.ndarray) -> np.ndarray:
    """The real tokens [m, T] after the first of each prompt; all of a prompt that has only one."""
    first = np.arange(mask.shape[1]) == mask.argmax(axis=1, keepdims=True)
    return mask & ~(first & (mask.sum(axis=1, keepdims=True) > 1))


def _sinks(norms: np.ndarray, mask: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Which real tokens [m, T] are attention sinks, by the lengths of the states."""
    median = np.nanmedian(np.where(later, norms, np.nan), axis=1, keepdims=True)
    return mask & (norms > _SINK * median)


def _pool(states: np.ndarray, mask: np.ndarray, kept: np.ndarray, pooling: str) -> np.ndarray:
    if pooling == "last":
        last = mask.shape[1] - 1 - mask[:, ::-1].argmax(axis=1)
        return states[np.arange(len(states)), last]
    weight = kept / kept.sum(axis=1, keepdims=True)
    return np.einsum("bt,btd->bd", weight, states.astype(np.float64)).astype(states.dtype)


def features(model: Model, prompts: Sequence[Sequence[int]], **options) -> UFM:
    """The UFM that the model is at its last hidden state: W, and one h_j a prompt.

    h_j is the state of the prompt's last token after the final norm, so that softmax(W h_j) is the
    model's own next-token distribution, exactly. Steering there by αv is `ufm.ExponentialTilt`:

        tilt = ufm.ExponentialTilt.from_model(features(model, prompts), positive, negative)

    `options` are those of `embed_prompts`. A model with a softcap on its logits is not a UFM and
    raises `ValueError`.

    >>> import ufm, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> last = ufm.llm.features(model, [[3, 4], [5, 6, 7]])
    >>> print(abs(last.logits()[1] - model.logits([5, 6, 7])).max() < 1e-12)
    True
    """
    if model.not_affine is not None:
        raise ValueError(
            f"{model.not_affine}: they are not affine in the last "
            "hidden state, so steering it is not an exponential tilt"
        )
    found = embed_prompts(model, prompts, [model.blocks - 1], site="post-norm", **options)
    return UFM(model.unembedding, jnp.asarray(found.states[0]))


def tilt(model: Model, prompts: Sequence[Sequence[int]], vector: Numbers) -> ExponentialTilt:
    """The exponential tilt of the prompts' next-token distributions by a vector added after the final norm.

    p_{j,α}(z) ∝ p_j(z) e^{αM(z)} with M = W v [V] for `vector` v [d], and log p_j [m, V] from the logits of
    m prompts (lists of tokens): at `site="post-norm"` this *is* the steered model.

    >>> import jax, numpy as np, ufm.llm
    >>> model, v = ufm.llm.load("tests/data/llm/gpt2", "float64"), np.linspace(-1, 1, 16)
    >>> found = ufm.llm.tilt(model, [[1, 2], [3]], v).log_probs_at(2.0)[1]
    >>> steered = model.logits([3], 2.0, ufm.llm.Steering(v, layer=1, site="post-norm"))
    >>> print(abs(found - jax.nn.log_softmax(steered)).max() < 1e-12)
    True
    """
    logits = np.asarray(features(model, prompts).logits())
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    log_odds = np.asarray(model.unembedding) @ np.asarray(vector, logits.dtype)
    return ExponentialTilt(log_probs, log_odds)


@dataclass(frozen=True)
class Separation:
    """What Assumption 1 implies and a real model need not obey, measured.

    - `margin`: δ = min_T M - max_{not T} M, positive iff the target is separated, in nats.
    - `target_positive`: share of target tokens with M > 0. `other_negative`: of others with M < 0.
    """

    margin: float
    target_positive: float
    other_negative: float


def measure_separation(tilt: ExponentialTilt, target: np.ndarray) -> Separation:
    """How far log-odds M separate the tokens `target` [V] (Lemma B.4, Theorem 3.3).

    The signs mean something where M is a difference of mean log-probabilities
    (`ExponentialTilt.from_model`), not W v, which is so up to a constant only.

    >>> import numpy as np, ufm, ufm.llm
    >>> found = ufm.llm.measure_separation(
    ...     ufm.ExponentialTilt(np.log([[0.5, 0.25, 0.25]]), [2.0, 0.5, -1.0]), np.array([1, 0, 0], bool)
    ... )
    >>> print(found)
    Separation(margin=1.5, target_positive=1.0, other_negative=0.5)
    """
    log_odds, members = np.asarray(tilt.log_odds), np.asarray(target)
    return Separation(
        margin=float(separation_margin(tilt, jnp.asarray(members))),
        target_positive=float((log_odds[members] > 0).mean()),
        other_negative=float((log_odds[~members] < 0).mean()),
    )

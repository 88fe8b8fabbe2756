"""How far a toy model is from what the UFM supposes: perfect training, and one law for each concept."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import tokenizers
from jaxtyping import Array, Float, Int

from ..decoder.config import Config
from ..decoder.params import Params
from ._train import logits_of

_KNOWN = 8  # tokens of a window after which the form of its words can be known


@dataclass(frozen=True)
class Assumptions:
    """What is measured on held-out text; nats and shares, means over tokens with 8 or more before them.

    Perfect training (Assumption 2), where the law of the data is known: the next word has the form of the
    last one with chance 1 - switch.
    - `form_loss`: -log of the share that the model gives to the form of the next word; `form_loss_known`: of
      the share 1 - switch or switch. Of words whose first token belongs to one form.
    - `mass_on`, `share_on`: the concept's mass, and how often its tokens come, after a word of the concept;
      `mass_off`, `share_off`: after another one.

    One law for each concept (Assumption 1: p(z|c) depends on c through its concept alone):
    - `told_by_context`: mean KL(p_c||p̄), what contexts tell of the next token; `told_by_concept`: the part
      that remains if each p_c is replaced by the mean of its concept. They are equal under Assumption 1.
    """

    form_loss: float
    form_loss_known: float
    mass_on: float
    share_on: float
    mass_off: float
    share_off: float
    told_by_context: float
    told_by_concept: float


@dataclass(frozen=True)
class Labelled:
    """Tokens of a text [N], `turned` [N]: whether their word is, and `opens` [N]: whether they begin one."""

    tokens: np.ndarray
    turned: np.ndarray
    opens: np.ndarray


def labelled(tokenizer: tokenizers.Tokenizer, words: list[str], is_turned: np.ndarray) -> Labelled:
    """The tokens of the words in a row, each with the form of the word that its last letter is in."""
    tokens = np.array(tokenizer.encode("".join(words)).ids, np.int32)
    ends = np.cumsum([len(tokenizer.decode([int(z)])) for z in tokens])
    starts = np.cumsum([0, *(len(word) for word in words)])[:-1]
    word = np.searchsorted(starts, ends - 1, side="right") - 1
    return Labelled(tokens, is_turned[word], np.diff(word, prepend=-1) > 0)


def measure_assumptions(
    params: Params,
    config: Config,
    text: Labelled,
    sides: tuple[np.ndarray, np.ndarray],
    switch: float,
) -> Assumptions:
    """Over windows of the model's full length; `sides` are the tokens [V] of either form."""
    length = config.positions or 0
    rows = (text.tokens.size - 1) // length
    starts = length * np.arange(rows)[:, None]
    windows = text.tokens[starts + np.arange(length)[None, :]]
    with jax.enable_x64(False):
        found = [_probs(params, config, jnp.asarray(window)[None]) for window in windows]
    probs = np.concatenate([np.asarray(p)[_KNOWN:] for p in found])
    return compare(
        probs, text, (starts + np.arange(_KNOWN, length)[None, :]).ravel(), sides, switch
    )


def compare(
    probs: np.ndarray,
    text: Labelled,
    places: np.ndarray,
    sides: tuple[np.ndarray, np.ndarray],
    switch: float,
) -> Assumptions:
    """`Assumptions` of laws [N, V] of the tokens after these `places` [N] of the text."""
    p = probs.astype(np.float64)
    p /= p.sum(axis=1, keepdims=True)
    is_on, target = text.turned[places], text.tokens[places + 1]
    mass, hit = p[:, sides[0]].sum(axis=1), sides[0][target]
    both = sides[0] | sides[1]
    opens = text.opens[places + 1] & both[target]
    ours = np.where(hit, mass, p[:, sides[1]].sum(axis=1)) / p[:, both].sum(axis=1)
    known = np.where(hit == is_on, 1 - switch, switch)
    told, by_concept = _told(p, is_on)
    return Assumptions(
        form_loss=float(-np.log(ours[opens]).mean()),
        form_loss_known=float(-np.log(known[opens]).mean()),
        mass_on=float(mass[is_on].mean()),
        share_on=float(hit[is_on].mean()),
        mass_off=float(mass[~is_on].mean()),
        share_off=float(hit[~is_on].mean()),
        told_by_context=told,
        told_by_concept=by_concept,
    )


def _told(p: Float[np.ndarray, "contexts vocab"], is_on: np.ndarray) -> tuple[float, float]:
    """H(p̄) - mean H(p_c), and H(p̄) - mean H(p̄ of the concept of c), in nats."""
    of_all = _mean_entropy(p.mean(axis=0)[None])
    concepts = [side for side in (is_on, ~is_on) if side.any()]
    of_concepts = sum(_mean_entropy(p[c].mean(axis=0)[None]) * c.mean() for c in concepts)
    return of_all - _mean_entropy(p), float(of_all - of_concepts)


def _mean_entropy(p: Float[np.ndarray, "contexts vocab"]) -> float:
    return float(-(p * np.log(np.maximum(p, 1e-300))).sum(axis=1).mean())


@partial(jax.jit, static_argnums=1)
def _probs(
    params: Params, config: Config, window: Int[Array, "1 length"]
) -> Float[Array, "length vocab"]:
    """The law of the token after each one."""
    return jax.nn.softmax(logits_of(params, config, window))[0]

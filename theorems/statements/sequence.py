"""Generations of several tokens, each steered: their divergence, and the target's presence among them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

import ufm

from ..hypotheses import EVERY_STEP, EXPONENTIAL_PATH, IF_POSITIVE
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.divergence import kullback_leibler
from ..judging.evaluate import ChainCurves, chain_curves
from ..judging.instance import Instance, log_masses
from ..judging.sequences import Chain, all_sequences, chain_of, reachable
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "this project"
STRENGTHS = 17
# Rounding errors, in units of what the sum of L logarithms of p_α is off by.
_ROUNDINGS = 1.0
_TINY = 1e-280


def sequence_strengths(instance: Instance) -> np.ndarray:
    """Some of the instance's strengths, both ends and 0 among them, in order."""
    chosen = np.linspace(0, instance.alphas.size - 1, STRENGTHS).round().astype(int)
    return np.unique(np.append(instance.alphas[chosen], 0.0))


def _library(instance: Instance, chain: Chain, alphas: np.ndarray) -> ChainCurves:
    """What the library says of the tilt by M, whatever path the instance takes."""
    tilt = ufm.ExponentialTilt(instance.log_probs, instance.odds)
    steered = ufm.ContextChain(tilt, chain.following, chain.start)
    return chain_curves(steered, alphas, instance.target, chain.length)


def _divergence(instance: Instance, *, is_every_step: bool = True) -> Verdict:
    chain, alphas = chain_of(instance), sequence_strengths(instance)
    found = all_sequences(instance, chain, alphas, is_every_step)
    price = kullback_leibler(found.log_before, found.log_after - found.log_before)
    # An error of t in log P_α/P_0 changes the divergence by t Σ|P_α - P_0| <= t √(2 KL) (Pinsker).
    moved = np.minimum(2.0, np.sqrt(2 * price))
    rounding = chain.length * (instance.rounding(alphas) * moved + instance.tolerance * price)
    rounding += _TINY
    error = price - _library(instance, chain, alphas).divergence
    most = chain.length * (alphas / instance.unit) ** 2 / 8
    of_length = f"KL(P_0||P_α) of all sequences of {chain.length} tokens"
    return worst(
        identity(error / rounding, _ROUNDINGS, f"{of_length} against E_0 Σ[K(α) - αK'(0)]"),
        bound((most - price) / rounding, _ROUNDINGS, f"{of_length} against Lα²R²/8"),
        bound(_below_chords(alphas, price, rounding), _ROUNDINGS, f"{of_length} below its chords"),
    )


def _below_chords(alphas: np.ndarray, curve: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """By how many rounding errors each point of a curve is below the chord between its neighbours."""
    gaps, whole = np.diff(alphas), alphas[2:] - alphas[:-2]
    chord, error = ((gaps[1:] * x[:-2] + gaps[:-1] * x[2:]) / whole for x in (curve, rounding))
    return (chord - curve[1:-1]) / (error + rounding[1:-1])


class _Quantity(NamedTuple):
    """What is expected of a sequence, and its bounds.

    - `of_sequences(is_target)`: its value for each sequence, from which of the tokens are of T [N, L].
    - `of_log_odds(x, L)`: its value if at every step the target has the log-odds x.
    - `of_library(curves)`: its value and its two bounds as the library finds them.
    """

    name: str
    of_sequences: Callable[[np.ndarray], np.ndarray]
    of_log_odds: Callable[[np.ndarray, int], np.ndarray]
    of_library: Callable[[ChainCurves], tuple[np.ndarray, np.ndarray, np.ndarray]]


_PRESENCE = _Quantity(
    "P_α(T appears)",
    lambda is_target: is_target.max(axis=1),
    lambda x, length: -np.expm1(-length * np.logaddexp(0, x)),
    lambda curves: (curves.presence, curves.least_presence, curves.most_presence),
)
_COUNT = _Quantity(
    "the expected number of target tokens",
    lambda is_target: is_target.sum(axis=1),
    lambda x, length: length * np.exp(-np.logaddexp(0, -x)),
    lambda curves: (curves.expected_count, curves.least_count, curves.most_count),
)


def _enclosed(quantity: _Quantity, instance: Instance, *, is_every_step: bool = True) -> Verdict:
    """All three numbers of the library against those of all sequences, and the first between the others."""
    chain, alphas = chain_of(instance), sequence_strengths(instance)
    found = all_sequences(instance, chain, alphas, is_every_step)
    value = np.exp(found.log_after) @ quantity.of_sequences(found.is_target)
    least, most = (
        quantity.of_log_odds(x, chain.length) for x in _log_odds(instance, chain, alphas)
    )
    rounding = chain.length * instance.rounding(alphas)
    name, of_length = quantity.name, f"{quantity.name}, {chain.length} tokens"
    names = (f"{name} of the library", f"its lower bound of {name}", f"its upper bound of {name}")
    own = zip(
        names,
        (value, least, most),
        quantity.of_library(_library(instance, chain, alphas)),
        strict=True,
    )
    return worst(
        *(identity((y - x) / (rounding * x + _TINY), _ROUNDINGS, text) for text, x, y in own),
        bound(
            (value - least) / (rounding * value + _TINY),
            _ROUNDINGS,
            f"{of_length}, above the lower bound",
        ),
        bound(
            (most - value) / (rounding * most + _TINY),
            _ROUNDINGS,
            f"{of_length}, below the upper bound",
        ),
    )


def _log_odds(
    instance: Instance, chain: Chain, alphas: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The least and the largest log-odds of F_T(α) that contexts on the way can have, [A] each."""
    on, off = log_masses(instance.log_probs[reachable(chain)], instance.target)
    widest = instance.odds[instance.target].max() - instance.odds[~instance.target].min()
    moves = np.sort([alphas * instance.margin, alphas * widest], axis=0)
    return (on - off).min() + moves[0], (on - off).max() + moves[1]


FIRST_ALONE = "steered at the first step alone"
_HOW = "For all α, all L and every way through the contexts of the instance by the Coq theorem"
_WITH_BOUNDS = Certified(f"{_HOW}; the masses at 0 are exact, δ and R̄ enclosed.")
_BOUNDS = r"""l(\alpha) = \min_j r_j + \min(\delta\alpha, \bar{R}\alpha),\ u(\alpha) = \max_j r_j +
    \max(\delta\alpha, \bar{R}\alpha), \quad \bar{R} = \max_T M - \min_{[V] \setminus T} M"""

STATEMENT = Statement(
    id="sequence",
    title="Sequences of tokens",
    in_short="""the price adds up token by token, to at most α²R²/8 each; bounds on whether, and
        how often, the target appears""",
    source=SOURCE,
    idea=r"""
        At each step the context reached so far decides the distribution, and the same $M = Wv$ tilts it:
        $P_\alpha(z_1 \dots z_L) = \prod_t p_{c_t,\alpha}(z_t)$. The logarithm of $P_0/P_\alpha$ is a sum
        over the steps; its mean given the way so far is $K_{c_t}(\alpha) - \alpha K_{c_t}'(0)$ (the chain
        rule of the divergence), which is convex in $\alpha$ and at most $\alpha^2R^2/8$.

        At every step the logit of $F_T$ has moved from $r_{c_t}$ by between $\delta\alpha$ and
        $\bar{R}\alpha$, since it moves at the rate $\mathbb{E}_\alpha[M \mid T] - \mathbb{E}_\alpha[M
        \mid [V] \setminus T]$. So $T$ is missed at each step with a probability between $1 - \sigma(u)$
        and $1 - \sigma(l)$, whatever came before; multiply. The bounds rise with $\alpha$ where
        $\delta > 0$, and tend to 1. $P_\alpha(T \text{ appears})$ itself *can fall*: off $T$ steering
        prefers some tokens to others, and these can lead into contexts in which $T$ is less likely.
        On a language model the same product of ratios weights unsteered continuations
        (`ufm.llm.predicted_presence`).
    """,
    claims=(
        Claim(
            id="sequence.divergence",
            title="divergence",
            text="""The divergence of the distributions of L tokens is the expected sum of the steps' own, on
                the unsteered way: it is convex in α and at most Lα²R²/8.""",
            formula=r"""\mathrm{KL}(P_0 \Vert P_\alpha) = \mathbb{E}_{P_0} \sum_{t=1}^{L}
                \bigl[K_{c_t}(\alpha) - \alpha K_{c_t}'(0)\bigr] \le \frac{L\alpha^2R^2}{8},
                \quad \text{convex in } \alpha"""
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH, EVERY_STEP),
            conclusion=_divergence,
            families=("rates", "tilts"),
            control=Control(
                "every-step",
                FIRST_ALONE,
                controls.standard,
                partial(_divergence, is_every_step=False),
            ),
            figures=("sequence",),
            certificate=Certified(f"{_HOW}; R is enclosed."),
        ),
        Claim(
            id="sequence.presence",
            title="presence",
            text="""The probability that the target appears among L tokens is between 1 - (1 - F)^L for the
                least and for the largest mass F that the target can have in a context on the way.""",
            formula=r"""1 - (1 - \sigma(l(\alpha)))^L \le P_\alpha(z_t \in T \text{ for some } t \le L)
                \le 1 - (1 - \sigma(u(\alpha)))^L, \qquad """
            + _BOUNDS
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH, EVERY_STEP),
            conclusion=partial(_enclosed, _PRESENCE),
            families=("rates", "tilts"),
            control=Control(
                "every-step",
                FIRST_ALONE,
                controls.standard,
                partial(_enclosed, _PRESENCE, is_every_step=False),
            ),
            figures=("sequence",),
            certificate=_WITH_BOUNDS,
        ),
        Claim(
            id="sequence.count",
            title="number of target tokens",
            text="""The expected number of target tokens among L is between L times the least and L times the
                largest mass that the target can have in a context on the way.""",
            formula=r"""L\,\sigma(l(\alpha)) \le \mathbb{E}_{P_\alpha} \sum_{t=1}^{L} 1_T(z_t) \le
                L\,\sigma(u(\alpha)), \qquad """
            + _BOUNDS
            + IF_POSITIVE,
            source=SOURCE,
            hypotheses=(EXPONENTIAL_PATH, EVERY_STEP),
            conclusion=partial(_enclosed, _COUNT),
            families=("rates", "tilts"),
            control=controls.rescaled("half", 0.5),
            figures=("sequence",),
            certificate=_WITH_BOUNDS,
        ),
    ),
)

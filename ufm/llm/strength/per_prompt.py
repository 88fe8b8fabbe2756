"""A strength for each prompt: by equal spending, by an equal marginal rate, or one for all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from scipy.interpolate import CubicHermiteSpline

from ufm._progress import Progress, silent

from ..decoder.adapted import Model
from ..decoder.steering import Steering
from ..measure.token_curves import token_set
from ..steering.embeddings import round_up
from ..steering.steered_prompt import Prompt, steered_prompt
from ..steering.strengths import chunks

# Strengths at which a prompt's curves are looked at: first these multiples of the furthest, then equal steps.
_OUTWARD = 0.5 ** np.arange(16, -1, -1)
_STEPS = 64
# Between two of them the curves are cubics through exact values and slopes, looked at so finely.
_FINE = 64


@dataclass(frozen=True, eq=False)
class PromptStrengths:
    """Strengths of m prompts, what each spends on the next token and what it brings, measured there.

    `alphas`, `spent` KL(p_0||p_α) in nats, `mass` and `unsteered_mass` of the target: [m] each.
    """

    alphas: np.ndarray
    spent: np.ndarray
    mass: np.ndarray
    unsteered_mass: np.ndarray

    @property
    def gain(self) -> float:
        """The mean gain of the target's mass."""
        return float((self.mass - self.unsteered_mass).mean())


class Rules(NamedTuple):
    """Strengths by three rules that spend the same on average.

    - `one`: the same α for all. `equal_spend`: each prompt spends the budget. `equal_rate`: the largest mean
      mass: what one more nat would bring is the same at every prompt that is steered. It spends up to a
      thousandth less than the budget, as strengths are told so finely, and less still where no prompt would
      gain by more.
    """

    one: PromptStrengths
    equal_spend: PromptStrengths
    equal_rate: PromptStrengths


def prompt_strengths(
    model: Model,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    target: np.ndarray,
    *,
    budget: float,
    furthest: float,
    progress: Progress = silent,
) -> Rules:
    r"""Strengths α_j >= 0 of prompts (lists of tokens) whose mean KL(p_j||p_{j,α_j}) is the `budget` in nats.

    p_j is the next-token distribution after prompt j; `target` is T [V] bool. Where the mean mass of T is
    largest at that price, F_j'(α_j) = λ KL_j'(α_j) with one λ at all prompts that are steered (Lagrange):
    it is the marginal rate that is equal, not the spending. For an `ufm.ExponentialTilt` and a small
    budget κ, with c_j = Cov_j(1_T, M) and σ_j² = Var_j(M), the mean gains are

        equal rate   √(2κ mean(c_j²/σ_j²)),   α_j in proportion to c_j/σ_j²,
        equal spend  √(2κ) mean(c_j/σ_j),      α_j = √(2κ)/σ_j,
        one α        √(2κ) mean(c_j)/√mean(σ_j²);

    by Cauchy and Schwarz the first is the largest. The claim `ceiling.mean-log-odds` that one α is best is
    about the mean of M at a price of KL(p_α||p), of which a nat buys 1/α more at every prompt.

    Strengths are looked for up to `furthest`, by cubics through 65 exact values and slopes a prompt. Raises
    `ValueError` where a prompt cannot spend the budget there.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering, T = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0), np.arange(64) < 9
    >>> found = ufm.llm.prompt_strengths(model, [[3, 4], [7]], steering, T, budget=0.02, furthest=30.0)
    >>> print([f"{rule.gain:.5f}" for rule in found])
    ['0.02895', '0.02884', '0.02895']
    """
    if not (math.isfinite(budget) and budget > 0):
        raise ValueError(f"budget must be positive and finite, in nats; got {budget}")
    if not (math.isfinite(furthest) and furthest > 0):
        raise ValueError(f"furthest must be positive and finite; got {furthest}")
    if not prompts:
        raise ValueError("there is no prompt: pass at least one list of tokens")
    members = jnp.asarray(token_set(target, model.vocabulary))
    curves = []
    for j, row in enumerate(prompts):
        length = round_up(len(row), model.config.positions)
        prompt = steered_prompt(model, row, steering, length)
        curves.append(_Curves(partial(_measured, prompt, members), len(prompts) * budget, furthest))
        if curves[-1].most < budget:
            raise ValueError(
                f"up to α = {furthest:.6g} prompt {j} spends at most {curves[-1].most:.3g} nats, not "
                f"{budget:g}: lower the budget or look further"
            )
        progress(j + 1, len(prompts))
    spend = [curve.first(budget) for curve in curves]
    return Rules(
        _at(curves, np.full(len(curves), _one(curves, budget))),
        _at(curves, np.array(spend)),
        _at(curves, _equal_rate(curves, budget)),
    )


class _Curves:
    """What a prompt spends and has of the target, as functions of α in [0, end].

    `measure(alphas)` [A, 4]: KL, F_T and their slopes. `end` is where `most_spent` is spent, or `furthest`.
    """

    def __init__(self, measure: "partial[np.ndarray]", most_spent: float, furthest: float):
        self.measure = measure
        outward = furthest * _OUTWARD
        enough = np.flatnonzero(measure(outward)[:, 0] >= most_spent)
        end = float(outward[enough[0]]) if enough.size else furthest
        alphas = np.linspace(0, end, _STEPS + 1)
        values = measure(alphas)
        self.spent = CubicHermiteSpline(alphas, values[:, 0], values[:, 2])
        self.mass = CubicHermiteSpline(alphas, values[:, 1], values[:, 3])
        self.fine = np.linspace(0, end, _STEPS * _FINE + 1)
        self.on_fine = np.maximum(self.spent(self.fine), 0), self.mass(self.fine)

    @property
    def most(self) -> float:
        """The most that it spends."""
        return float(self.on_fine[0].max())

    def first(self, budget: float) -> float:
        """The first strength that spends the budget."""
        return _first(self.fine, self.on_fine[0], budget)

    def best(self, rate: float) -> int:
        """Which of the fine strengths is best where a nat costs so much mass."""
        spent, mass = self.on_fine
        return int((mass - rate * spent).argmax())


def _first(alphas: np.ndarray, spent: np.ndarray, budget: float) -> float:
    """Where `spent` first reaches the budget, by a straight line; it does."""
    k = max(1, int((spent >= budget).argmax()))
    share = (budget - spent[k - 1]) / (spent[k] - spent[k - 1])
    return float(alphas[k - 1] + share * (alphas[k] - alphas[k - 1]))


def _one(curves: list[_Curves], budget: float) -> float:
    """The first common strength at which the mean spending is the budget: no prompt is past its end there."""
    end = min(float(curve.fine[-1]) for curve in curves)
    alphas = np.linspace(0, end, _STEPS * _FINE + 1)
    return _first(alphas, np.mean([curve.spent(alphas) for curve in curves], axis=0), budget)


def _equal_rate(curves: list[_Curves], budget: float) -> np.ndarray:
    """The strengths of the largest mean mass: λ by bisection, the spending falling as λ rises."""
    spent = lambda rate: np.mean([c.on_fine[0][c.best(rate)] for c in curves])  # noqa: E731
    low, high = 1e-12, 1.0
    while spent(high) > budget:
        high *= 4
    for _ in range(100):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if spent(middle) > budget else (low, middle)
    return np.array([curve.fine[curve.best(high)] for curve in curves])


def _at(curves: list[_Curves], alphas: np.ndarray) -> PromptStrengths:
    """What these strengths spend and bring, measured."""
    pairs = [c.measure(np.array([0.0, a])) for c, a in zip(curves, alphas, strict=True)]
    values = np.stack(pairs)
    return PromptStrengths(alphas, values[:, 1, 0], values[:, 1, 1], values[:, 0, 1])


def _measured(prompt: Prompt, members: Array, alphas: np.ndarray) -> np.ndarray:
    """KL(p_0||p_α), F_T and their slopes in α, [A, 4]."""
    found = []
    for where, chunk in chunks(alphas, min(16, prompt.batch_size()), prompt.model.wide):
        values = np.asarray(_values(*prompt.slopes(chunk), prompt.base, members), np.float64)
        found.append(values[: where.stop - where.start])
    return np.concatenate(found)


@jax.jit
def _values(
    logits: Float[Array, "A vocab"],
    slopes: Float[Array, "A vocab"],
    base: Float[Array, " vocab"],
    members: Bool[Array, " vocab"],
) -> Float[Array, "A 4"]:
    before, after = jax.nn.log_softmax(base)[None], jax.nn.log_softmax(logits, axis=1)
    p, q = jnp.exp(before), jnp.exp(after)
    mean = (q * slopes).sum(axis=1)
    on_target = members[None]
    values = [
        (p * (before - after)).sum(axis=1),
        jnp.where(on_target, q, 0).sum(axis=1),
        mean - (p * slopes).sum(axis=1),
        jnp.where(on_target, q * (slopes - mean[:, None]), 0).sum(axis=1),
    ]
    return jnp.stack(values, axis=1)

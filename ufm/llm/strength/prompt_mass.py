"""The target's mass after each prompt, on the way to a strength and beyond it."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ufm.numerics.bracket import Bracket

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.embeddings import round_up
from ..steering.steered_prompt import steered_logits
from ..steering.steered_run import SteeredRun

# Equal steps from 0 to the chosen strength.
_STEPS = 8


@dataclass(frozen=True, eq=False)
class PromptMass:
    """The target's mass F_T after each of m prompts, at strengths from 0 to the chosen one and beyond.

    - `alphas` [A]: equal steps from 0 to the chosen strength, then √2 and 2 times that. `mass` [m, A].
    """

    alphas: np.ndarray
    mass: np.ndarray

    def at(self, alpha: float) -> float:
        """The mean over prompts at the strength looked at that is nearest to `alpha`."""
        return float(self.mass[:, np.abs(self.alphas - alpha).argmin()].mean())

    @property
    def windows(self) -> tuple[Bracket[float] | None, ...]:
        """The strengths that are of use after each prompt, None if its mass has not grown.

        From where F_T has first gained half of what it gains at the chosen strength, by
        straight lines between the steps, to the chosen strength, where the budget ends.
        """
        return tuple(map(self._window, self.mass[:, : _STEPS + 1]))

    def _window(self, mass: np.ndarray) -> Bracket[float] | None:
        middle = 0.5 * (mass[0] + mass[-1])
        if mass[-1] <= mass[0]:
            return None
        k = int((mass >= middle).argmax())
        share = (middle - mass[k - 1]) / (mass[k] - mass[k - 1])
        start = self.alphas[k - 1] + share * (self.alphas[k] - self.alphas[k - 1])
        ends = sorted([float(start), float(self.alphas[_STEPS])], key=abs)
        return Bracket(*ends)


class MeanMass:
    """The mean of F_T after the prompts at a strength, and its gradient in the shift."""

    def __init__(
        self,
        model: LanguageModel,
        prompts: Sequence[Sequence[int]],
        steering: Steering,
        target: np.ndarray,
    ):
        self.model, self.target = model, jnp.asarray(target)
        self.runs = [
            SteeredRun(model, row, steering, round_up(len(row), model.config.positions), True)
            for row in prompts
        ]

    def at(self, alpha: float) -> float:
        """The mean of F_T at α."""
        return float(np.mean([_mass(*self._last(run, alpha)) for run in self.runs]))

    def gradient(self, alpha: float) -> np.ndarray:
        """Its gradient [d] in the shift αv, at α, exact."""
        found = []
        for run in self.runs:
            slopes = _mass_slopes(*self._last(run, alpha))
            found.append(np.asarray(run.shift_gradient(alpha, slopes), np.float64))
        return np.mean(found, axis=0)

    def along(self, vector: np.ndarray) -> "MeanMass":
        """These prompts, steered along another v [d] at the same place."""
        other = copy(self)
        other.runs = [run.along(vector) for run in self.runs]
        return other

    def _last(self, run: SteeredRun, alpha: float) -> tuple[LanguageModel, Array, Array]:
        return self.model, run.states(jnp.full(1, alpha, self.model.wide)), self.target


@jax.jit
def _mass(
    model: LanguageModel, hidden: Float[Array, "1 1 d"], target: Bool[Array, " vocab"]
) -> Array:
    """F_T of a last hidden state."""
    return jnp.where(target, jax.nn.softmax(model.unembed(hidden)[0, 0]), 0).sum()


_mass_slopes = jax.jit(jax.grad(_mass, argnums=1))


def measure_prompt_mass(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    target: np.ndarray,
    alpha: float | None,
    beyond: Sequence[float],
) -> PromptMass:
    """F_T after the prompts for the token set `target` [V]: up to `alpha`, and at its multiples `beyond`.

    With `alpha` None, at 0 alone.
    """
    alphas = np.zeros(1)
    if alpha is not None:
        alphas = np.array(
            [*np.linspace(0, alpha, _STEPS + 1), *(alpha * share for share in beyond)]
        )
    mass = [_mass_after(model, row, steering, alphas, target) for row in prompts]
    return PromptMass(alphas, np.stack(mass))


def _mass_after(
    model: LanguageModel,
    row: Sequence[int],
    steering: Steering,
    alphas: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    """F_T [A] after a prompt."""
    length = round_up(len(row), model.config.positions)
    logits = steered_logits(model, row, steering, alphas, length=length).astype(np.float64)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p[:, target].sum(axis=1) / p.sum(axis=1)

"""Token curves at all strengths after the last block: what their two ends allow, and what they do."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.last_block import LastBlock
from ..steering.steered_prompt import SteeredPrompt
from .bumps import SHAPES, curve_shapes, known_signs

_STEPS = 512  # lead from one end of the half circle to the other


@dataclass(frozen=True)
class CircleShapes:
    """Shapes of curves over all strengths from -∞ to ∞, of a prompt's tokens each once.

    - `ends`: the simplest shape that is possible with the sides from which a curve comes to its two
      plateaus, above where a(z) > E_±∞[a] (claim `norm-circle.approach`): above both "bump", below both
      "dip", above at -∞ alone "increasing", above at +∞ alone "decreasing".
    - `shapes`: what the curves do, by exact slopes at 513 angles. `as_ends`: how many have the simplest
      shape; all others turn two times more, or four, …
    """

    ends: dict[str, int]
    shapes: dict[str, int]
    as_ends: int

    @property
    def words(self) -> str:
        """One line for a reader."""
        done, allowed = (
            ", ".join(f"{count} {shape}" for shape, count in found.items() if count)
            for found in (self.shapes, self.ends)
        )
        return (
            f"over all strengths from -∞ to ∞ {done}; by the sides from which they come to their plateaus "
            f"{allowed}, and {self.as_ends} turn no more than that"
        )


def circle_shapes(
    model: LanguageModel,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    tokens: Int[np.ndarray, "m K"],
) -> CircleShapes | None:
    """The shapes of p(z) of each prompt's `tokens`; None where logits do not run on a circle.

    They do at the site "residual" after the last block, without a softcap (`ufm.NormCircle`).

    >>> import numpy as np, ufm.llm
    >>> from ufm.llm.laws.circle import circle_shapes
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=model.blocks - 1)
    >>> found = circle_shapes(model, [[3, 4, 5]], steering, np.arange(20)[None])
    >>> print(sum(found.shapes.values()), sum(found.ends.values()))
    20 20
    """
    if steering.layer != model.blocks - 1 or steering.site != "residual":
        return None
    ends, shapes, as_ends = Counter[str](), Counter[str](), 0
    for prompt, row in zip(prompts, tokens, strict=True):
        block = SteeredPrompt(model, prompt, steering).last_block
        if block is None or block.circle is None or block.softcap is not None:
            return None
        values, slopes = curves_along(block, np.unique(row))
        found = curve_shapes(values, known_signs(slopes), np.zeros(slopes.shape[1]))
        allowed = [_simplest(bool(s[0] > 0), bool(s[-1] < 0)) for s in slopes.T]
        shapes.update(found)
        ends.update(allowed)
        as_ends += sum(x == y for x, y in zip(found, allowed, strict=True))
    return CircleShapes(
        {s: ends[s] for s in SHAPES if s != "several"}, {s: shapes[s] for s in SHAPES}, as_ends
    )


def curves_along(
    block: LastBlock, tokens: Int[np.ndarray, " K"]
) -> tuple[Float[np.ndarray, "angles K"], Float[np.ndarray, "angles K"]]:
    """p(z) of the first row, and d log p(z)/dt, at 513 angles t from -π/2 to π/2, both ends exact."""
    angles = np.pi * np.arange(1 - _STEPS // 2, _STEPS // 2) / _STEPS
    cos = np.concatenate([[0.0], np.cos(angles), [0.0]])
    sin = np.concatenate([[-1.0], np.sin(angles), [1.0]])
    dtype = block.along.dtype
    both = _along(block, jnp.asarray(tokens), jnp.asarray(cos, dtype), jnp.asarray(sin, dtype))
    values, slopes = map(np.asarray, both)
    return values.astype(np.float64), slopes


@jax.jit
def _along(
    block: LastBlock, tokens: Int[Array, " K"], cos: Float[Array, " T"], sin: Float[Array, " T"]
) -> tuple[Array, Array]:
    across, along = block.across[0], block.along

    def at(point: tuple[Array, Array]) -> tuple[Array, Array]:
        x, y = point
        law = jax.nn.softmax(x * across + y * along + block.offset)
        slope = x * along - y * across
        return law[tokens], slope[tokens] - law @ slope

    return jax.lax.map(at, (cos, sin), batch_size=8)


def _simplest(rises: bool, falls: bool) -> str:
    if rises:
        return "bump" if falls else "increasing"
    return "decreasing" if falls else "dip"

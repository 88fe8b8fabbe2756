"""Sweet spots: the strengths at which the target's tokens rise and the others fall."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm._progress import Progress, silent
from ufm.numerics.bracket import Bracket

from ..decoder.adapted import Model
from ..decoder.steering import Steering
from ..steering.embeddings import round_up
from ..steering.steered_prompt import Prompt, steered_prompt
from ..steering.strengths import check_strengths, chunks
from .token_curves import token_set

# Each end of a window is closed in on in so many rounds of so many strengths.
_ROUNDS, _POINTS = 3, 16


@dataclass(frozen=True, eq=False)
class SweetSpots:
    """Where steering does what is wanted, for each of m prompts.

    - `alphas` [A], increasing. `target_falling` [m, A]: share of the target's mass F_T that lies on
      target tokens whose probability falls as α grows. `rest_rising` [m, A]: share of 1 - F_T on
      other tokens that rise. Both from exact derivatives.
    - `tolerance`: a strength is in the sweet spot if neither share exceeds it. With 0 it is W_j of
      the theory: no target token is past its peak, all others are.
    - `windows`: the longest window of each prompt, None if no strength of `alphas`
      is in one; an end that is an end of `alphas` may lie further out.
    - `common`: the strengths in all those windows, None if there are none.
    - `served` [A]: how many prompts each strength serves.
    """

    alphas: np.ndarray
    target_falling: np.ndarray
    rest_rising: np.ndarray
    tolerance: float
    windows: tuple[Bracket[float] | None, ...]
    common: Bracket[float] | None
    served: np.ndarray

    @property
    def best(self) -> tuple[float, int]:
        """The middle one of the strengths that serve most prompts, and how many it serves."""
        if self.common is not None:
            return self.common.middle, len(self.windows)
        most = np.flatnonzero(self.served == self.served.max())
        return float(self.alphas[most[most.size // 2]]), int(self.served.max())

    def serves(self, alpha: float) -> int:
        """How many prompts' windows hold this strength."""
        return sum(w is not None and w.low <= alpha <= w.high for w in self.windows)


def sweet_spots(
    model: Model,
    prompts: Sequence[Sequence[int]],
    steering: Steering,
    target: np.ndarray,
    alphas: Sequence[float] | np.ndarray,
    *,
    tolerance: float = 0.1,
    progress: Progress | None = None,
) -> SweetSpots:
    """The sweet spot of the next token after each prompt (a list of tokens).

    A strength is in it if at most `tolerance` of the target's mass is on falling tokens and at
    most `tolerance` of the other mass on rising ones. A real model seldom separates all V tokens
    (δ > 0), so that the window of the theory, `tolerance` 0, is mostly empty there. Looked for on
    `alphas`, whose windows' ends are then closed in on to 1/4913 of a step. Raises `ValueError` where
    `alphas` do not increase, or `tolerance` is not in [0, 1).

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> found = ufm.llm.sweet_spots(
    ...     model, [[3, 4], [7]], steering, np.arange(64) < 9, np.linspace(-9, 9, 19), tolerance=0.5
    ... )
    >>> print(found.served.shape)
    (19,)
    """
    strengths = check_strengths(alphas, model, steering)
    if (np.diff(strengths) <= 0).any():
        raise ValueError("alphas must increase")
    if not 0 <= tolerance < 1:
        raise ValueError(f"tolerance must be in [0, 1); got {tolerance}")
    if not prompts:
        raise ValueError("there is no prompt: pass at least one list of tokens")
    members = jnp.asarray(token_set(target, model.vocabulary))
    shares, windows, show = [], [], progress or silent
    for j, row in enumerate(prompts):
        length = round_up(len(row), model.config.positions)
        measure = partial(_shares, steered_prompt(model, row, steering, length), members)
        found = measure(strengths)
        shares.append(found)
        windows.append(_window(measure, strengths, np.all(found <= tolerance, axis=1), tolerance))
        show(j + 1, len(prompts))
    stacked = np.stack(shares)
    return SweetSpots(
        alphas=strengths,
        target_falling=stacked[..., 0],
        rest_rising=stacked[..., 1],
        tolerance=tolerance,
        windows=tuple(windows),
        common=_common(windows),
        served=(stacked <= tolerance).all(axis=2).sum(axis=0),
    )


def _shares(prompt: Prompt, members: Array, alphas: np.ndarray) -> np.ndarray:
    """Share of the target's mass that falls, and of the other mass that rises, [A, 2]."""
    filled = np.pad(alphas, (0, -alphas.size % _POINTS), "edge")
    found = []
    for _, chunk in chunks(filled, _POINTS, prompt.model.wide):
        found.append(np.asarray(_going_wrong(*prompt.slopes(chunk), members)))
    return np.concatenate(found)[: alphas.size]


@jax.jit
def _going_wrong(logits: Array, slopes: Array, members: Array) -> Array:
    p = jax.nn.softmax(logits)
    # dp/dα = p (l' - E l'): its sign is that of the bracket
    tilt = slopes - (p * slopes).sum(axis=1, keepdims=True)
    shares = []
    for is_inside, is_wrong in ((members, tilt < 0), (~members, tilt > 0)):
        # within the set, so that a set of little mass has shares too
        inside = jax.nn.softmax(jnp.where(is_inside[None], logits, -jnp.inf))
        shares.append(jnp.where(is_inside[None] & is_wrong, inside, 0).sum(axis=1))
    return jnp.stack(shares, axis=1)


def _window(
    measure: Callable[[np.ndarray], np.ndarray],
    alphas: np.ndarray,
    is_inside: np.ndarray,
    tolerance: float,
) -> Bracket[float] | None:
    """The longest run of strengths inside, its ends closed in on."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], is_inside, [False]])))
    runs = edges.reshape(-1, 2)
    if not runs.size:
        return None
    first, stop = max(runs.tolist(), key=lambda run: alphas[run[1] - 1] - alphas[run[0]])
    lower, upper = float(alphas[first]), float(alphas[stop - 1])
    if first > 0:
        lower = _end(measure, lower, float(alphas[first - 1]), tolerance)
    if stop < alphas.size:
        upper = _end(measure, upper, float(alphas[stop]), tolerance)
    return Bracket(lower, upper)


def _end(
    measure: Callable[[np.ndarray], np.ndarray], inside: float, outside: float, tolerance: float
) -> float:
    """The last strength still inside on the way from `inside` to `outside`."""
    for _ in range(_ROUNDS):
        points = np.linspace(inside, outside, _POINTS + 2)
        is_out = ~(measure(points[1:-1]) <= tolerance).all(axis=1)
        k = int(np.argmax(is_out)) if is_out.any() else _POINTS
        inside, outside = float(points[k]), float(points[k + 1])
    return inside


def _common(windows: Sequence[Bracket[float] | None]) -> Bracket[float] | None:
    known = [window for window in windows if window is not None]
    if len(known) < len(windows):
        return None
    common = Bracket(max(w.low for w in known), min(w.high for w in known))
    return common if common.low <= common.high else None

"""One sequence in torch under many strengths: what comes before the steered block runs once."""

from collections.abc import Callable
from functools import partial

import torch
from jaxtyping import Array, Float

from ..decoder.adapted import RowSeries
from ..decoder.steering import Placed
from .arrays import to_jax, to_torch
from .derivatives import series
from .forward import Edit
from .program import Program


def add(
    x: torch.Tensor, v: torch.Tensor, alphas: torch.Tensor, last: torch.Tensor | None
) -> torch.Tensor:
    """h + αv, one α for each row of `x` [B, T, d], in the dtype of v; at row `last` [B] alone, if given."""
    step = alphas[:, None, None] * v
    if last is not None:
        here = torch.arange(x.shape[1], device=x.device)[None] == last[:, None]
        step = step * here[:, :, None]
    return (x.to(v.dtype) + step).to(x.dtype)


def last_rows(x: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
    """Row `last[b]` of x[b], its axis kept: [B, 1, d]."""
    return x[torch.arange(len(x), device=x.device), last][:, None]


class TorchRun:
    """Tokens [1, T] up to the steered block; `before` [1, rows, d] are the states to which v is added.

    `check` raises for an order of derivatives that torch does not get right through this model.
    """

    def __init__(
        self,
        program: Program,
        ids: torch.Tensor,
        steering: Placed,
        only_last: bool,
        check: Callable[[int], None],
    ):
        self.program, self.ids, self.steering, self.only_last = program, ids, steering, only_last
        self.check = check
        self.vectors = {
            part.layers[0]: to_torch(part.vector, program.weight) for part in steering.parts
        }
        self.first = steering.layers[0]
        self.is_normed = steering.site == "post-norm"
        with torch.no_grad():
            stop = program.blocks if self.is_normed else self.first
            self.kept = program.forward.until(ids, {}, stop)
        if self.is_normed and only_last:
            self.kept = self.kept[:, -1:]

    @property
    def before(self) -> Float[Array, "1 rows d"]:
        """The states to which v is added."""
        return to_jax(self.kept)

    def states(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths rows d"]:
        """The inputs of the head at each strength."""
        a = to_torch(alphas, self.program.weight)
        with torch.no_grad():
            x = self._steered(a)
            if not self.is_normed:
                enter = (self.first, x)
                ids = self.ids.expand(len(a), -1)
                stop = self.program.blocks
                x = self._rows(self.program.forward.until(ids, self._later(a), stop, enter))
        return to_jax(x)

    def logits(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths rows vocab"]:
        """The logits at each strength."""
        with torch.no_grad():
            return to_jax(self.curve(to_torch(alphas, self.program.weight)))

    def logit_series(self, alphas: Float[Array, " strengths"], order: int) -> RowSeries:
        """The logits at each strength and their derivatives in it, up to `order`, of the rows asked for."""
        self.check(order)
        found = series(self.curve, to_torch(alphas, self.program.weight), order)
        return lambda rows: [to_jax(x[:, rows]) for x in found]

    def curve(self, alphas: torch.Tensor) -> torch.Tensor:
        """Logits [A, rows, V] as a function that torch differentiates."""
        x, program = self._steered(alphas), self.program
        if self.is_normed:
            return program.logits_of(x)
        ids = self.ids.expand(len(alphas), -1)
        edits = {**self._later(alphas), program.blocks: self._rows}
        wide = self.vectors[self.first].dtype
        return program.forward(ids, edits, (self.first, x)).to(wide)

    def _steered(self, alphas: torch.Tensor) -> torch.Tensor:
        return self._adding(self.first, alphas)(self.kept.expand(len(alphas), -1, -1))

    def _later(self, alphas: torch.Tensor) -> dict[int, Edit]:
        """What is added after the blocks that follow the first."""
        return {i: self._adding(i, alphas) for i in self.vectors if i != self.first}

    def _adding(self, layer: int, alphas: torch.Tensor) -> Edit:
        last = None
        if self.steering.positions == "last":
            last = torch.full_like(alphas, self.kept.shape[1] - 1, dtype=torch.int64)
        return partial(add, v=self.vectors[layer], alphas=alphas, last=last)

    def _rows(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, -1:] if self.only_last else x

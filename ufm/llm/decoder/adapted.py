"""What the rest of `ufm.llm` needs of a model that is not the JAX decoder: the smallest protocol."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from jaxtyping import Array, Float

from ufm._checks import Numbers

from .arguments import Sizes
from .model import LanguageModel
from .source import Source
from .steering import Placed, Steering

# Gives the logits of the rows asked for and the derivatives of these, [strengths, rows, V] each.
RowSeries: TypeAlias = Callable[[slice], list[Array]]


@runtime_checkable
class Run(Protocol):
    """One sequence of T tokens up to the steered block, and what follows it at any strengths.

    `rows` is T, or 1 where only the last token was asked for.
    """

    @property
    def before(self) -> Float[Array, "1 rows d"]:
        """The states to which v is added."""
        ...

    def states(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths rows d"]:
        """The last hidden states, after the final norm, at each strength."""
        ...

    def logits(self, alphas: Float[Array, " strengths"]) -> Float[Array, "strengths rows vocab"]:
        """The logits at each strength."""
        ...

    def logit_series(self, alphas: Float[Array, " strengths"], order: int) -> RowSeries:
        """The logits at each strength and their derivatives in it, up to `order`, of the rows asked for."""
        ...


@runtime_checkable
class AdaptedModel(Protocol):
    """A model that another library runs: `states_at`, `unembed` and `run` are all that is asked of it."""

    @property
    def blocks(self) -> int: ...  # noqa: D102
    @property
    def dimension(self) -> int: ...  # noqa: D102
    @property
    def vocabulary(self) -> int: ...  # noqa: D102
    @property
    def dtype(self) -> np.dtype: ...  # noqa: D102
    @property
    def wide(self) -> np.dtype: ...  # noqa: D102
    @property
    def config(self) -> Sizes: ...  # noqa: D102
    @property
    def source(self) -> Source: ...  # noqa: D102
    @property
    def memory(self) -> int: ...  # noqa: D102
    @property
    def unembedding(self) -> Float[Array, "vocab d"]: ...  # noqa: D102
    @property
    def not_affine(self) -> str | None:
        """Why logits are not the unembedding times the last hidden state; None where they are."""
        ...

    def place(self, steering: Steering) -> Placed:
        """The steering, checked against this model."""
        ...

    def states_at(
        self, tokens: Numbers, mask: Numbers | None, layers: list[int], site: str
    ) -> Iterable[tuple[int, Float[Array, "batch length d"]]]:
        """Each of these blocks, from the first on, with the hidden states [B, T, d] after it, in one pass."""
        ...

    def unembed(self, hidden: Float[Array, "batch rows d"]) -> Float[Array, "batch rows vocab"]:
        """Logits of states after the final norm."""
        ...

    def logits(
        self, tokens: Numbers, *, mask: Numbers | None = None
    ) -> Float[Array, "*batch vocab"]:
        """Logits of the token after the last real one."""
        ...

    def derivatives(
        self, tokens: Numbers, vector: Steering, *, order: int
    ) -> Float[Array, "orders *batch vocab"]:
        """p, dp/dα, … of the next-token distribution at α = 0."""
        ...

    def run(self, tokens: Numbers, steering: Steering, only_last: bool) -> Run:
        """One sequence, run up to the steered block."""
        ...

    def limit_states(self, steering: Steering) -> Float[Array, "2 d"] | None:
        """The last hidden states to which α → ∓∞ leads; None where there is no limit."""
        ...


Model: TypeAlias = LanguageModel | AdaptedModel

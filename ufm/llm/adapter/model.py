"""A model that torch runs, under the interface of `LanguageModel`."""

import hashlib
from functools import cached_property, partial
from typing import TYPE_CHECKING, Unpack

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jaxtyping import Array, ArrayLike, Float

from ufm._checks import Numbers

from ..decoder.arguments import SITES, one_of, scalar, steered_block, token_batch
from ..decoder.limits import added_in_all
from ..decoder.params import at_least_float32
from ..decoder.source import Source
from ..decoder.steering import (
    Blocks,
    Placed,
    Steering,
    Where,
    asked,
    asked_derivatives,
    check_strength,
    place,
)
from ..text.tokenizer import Tokenizer
from .arrays import DTYPES, to_jax, to_numpy, to_torch
from .derivatives import check_series, series
from .forward import Edit
from .parts import text_config
from .program import Program
from .rows import Rows, left_aligned
from .run import TorchRun, add, last_rows
from .sizes import TorchSizes

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class TorchModel:
    r"""A Hugging Face causal language model of any architecture, steered by hooks in torch.

    Made by `ufm.llm.from_transformers`; the interface is that of `ufm.llm.LanguageModel`, whose
    docstring explains `tokens`, `mask`, `positions` and `site`. Arrays come out as JAX arrays of the
    model's dtype (logits: float32 at least). Rows of a padded batch are moved to the left edge, where no
    causal model can see the padding. Functions of it cannot be traced by JAX. "post-norm" is the
    input of the head. `tokenizer` is a `ufm.llm.Tokenizer`, or None.
    """

    def __init__(
        self,
        model: "PreTrainedModel",
        tokenizer: Tokenizer | None = None,
        *,
        blocks: str | None = None,
        head: str | None = None,
    ):
        if model.training:
            raise ValueError("the model is in training mode, with dropout: call model.eval() first")
        if model.dtype not in DTYPES:
            raise ValueError(f"the model's dtype {model.dtype} is not known: {[*map(str, DTYPES)]}")
        self.dtype = DTYPES[model.dtype]
        if self.dtype == np.float64 and not jax.config.read("jax_enable_x64"):
            raise ValueError('float64 needs jax.config.update("jax_enable_x64", True)')
        self.inner, self.tokenizer, self.wide = model, tokenizer, at_least_float32(self.dtype)
        self.program = Program(model, blocks, head)
        self.forward, self.blocks = self.program.forward, self.program.blocks
        self.vocabulary, self.dimension = self.program.weight.shape[0], self.program.dimension
        self.not_affine = self.program.not_affine
        self.config = TorchSizes.read(text_config(model), self.vocabulary, self.dimension)
        self.memory = 1 << 30
        self._checked = 0  # the order up to which derivatives were found right

    @property
    def unembedding(self) -> Float[Array, "vocab d"]:
        """W [V, d]: logits are W times the input of the head, unless `not_affine` says otherwise."""
        return to_jax(self.program.weight / self.program.divisor)

    @property
    def params(self) -> None:
        """None: what works with weights themselves, such as `generate`, wants the JAX decoder."""
        raise TypeError("this wants the weights of the JAX decoder: a model from ufm.llm.load")

    @cached_property
    def source(self) -> Source:
        """The model's name and a digest of its weights."""
        digest = hashlib.sha256()
        for name, tensor in self.inner.state_dict().items():
            digest.update(name.encode())
            digest.update(to_numpy(tensor).tobytes())
        name = self.inner.config.name_or_path or type(self.inner).__name__
        return Source(
            str(name), getattr(self.inner.config, "_commit_hash", None), digest.hexdigest()
        )

    def logits(
        self,
        tokens: Numbers,
        alpha: ArrayLike = 0.0,
        steering: Steering | None = None,
        *,
        mask: Numbers | None = None,
        **where: Unpack[Where],
    ) -> Float[Array, "*batch vocab"]:
        """Logits [V] of the token after the last real one, at strength α."""
        found, rows = self._steered(tokens, alpha, steering, mask, True, where)
        return to_jax(found[0, 0] if rows.is_single else found[:, 0])

    def all_logits(
        self,
        tokens: Numbers,
        alpha: ArrayLike = 0.0,
        steering: Steering | None = None,
        *,
        mask: Numbers | None = None,
        **where: Unpack[Where],
    ) -> Float[Array, "*batch length vocab"]:
        """Logits [T, V] of the token after each; rows of padding are 0."""
        found, rows = self._steered(tokens, alpha, steering, mask, False, where)
        return rows.back(found)

    def hidden_states(
        self, tokens: Numbers, layer: int, *, site: str = "residual", mask: Numbers | None = None
    ) -> Float[Array, "*batch length d"]:
        """The residual stream [T, d] after block `layer`, or the input of the head; 0 at padding."""
        one_of("site", site, SITES)
        (found,) = self.states_at(tokens, mask, [steered_block(layer, site, self.blocks)], site)
        return found[1]

    def derivative(
        self,
        tokens: Numbers,
        vector: Steering | Numbers,
        layer: Blocks | None = None,
        alpha: ArrayLike = 0.0,
        order: int = 1,
        positions: str = "all",
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "*batch vocab"]:
        """d^n p_α(z) / dα^n [V] of the next-token distribution, n = `order` >= 0."""
        where = vector, layer, alpha, order, positions
        return self.derivatives(tokens, *where, site=site, mask=mask)[-1]

    def derivatives(
        self,
        tokens: Numbers,
        vector: Steering | Numbers,
        layer: Blocks | None = None,
        alpha: ArrayLike = 0.0,
        order: int = 1,
        positions: str = "all",
        *,
        site: str = "residual",
        mask: Numbers | None = None,
    ) -> Float[Array, "orders *batch vocab"]:
        """All of p_α, dp_α/dα, …, d^n p_α/dα^n, stacked: [n + 1, V], n = `order`.

        By reverse mode twice an order. The first time that an order is asked for, it is held
        against central differences on this model; where they disagree, `ValueError`.
        """
        placed = asked_derivatives(order, self._place, vector, layer, positions, site)
        strength = check_strength(scalar(alpha, self.wide), placed, self.wide)
        self.check_derivatives(order)
        rows = self._rows(tokens, mask)

        def probabilities(alphas: torch.Tensor) -> torch.Tensor:
            return self._forward(rows, placed, alphas, True)[:, 0].softmax(dim=-1)

        alphas = torch.full((len(rows.lengths),), float(strength), dtype=self.program.wide)
        found = series(probabilities, alphas.to(self.inner.device), order)
        stack = torch.stack(found)
        return to_jax(stack[:, 0] if rows.is_single else stack)

    # What follows is what `ufm.llm.decoder.adapted` asks for.

    def place(self, steering: Steering) -> Placed:
        """The steering, checked against this model, with v as an array of the dtype `wide`."""
        return self._place(**vars(steering))

    def states_at(
        self, tokens: Numbers, mask: Numbers | None, layers: list[int], site: str
    ) -> list[tuple[int, Float[Array, "*batch length d"]]]:
        """Each of these blocks, from the first on, with the states [B, T, d] after it; 0 at padding."""
        rows, layers = self._rows(tokens, mask), sorted(set(layers))
        wanted = [self._stop(site, layer) for layer in layers]
        found: dict[int, torch.Tensor] = {}
        edits: dict[int, Edit] = {i: _kept(found, i) for i in wanted}
        with torch.no_grad():
            self.forward.until(rows.ids, edits, max(wanted))
        return [(layer, rows.back(found[i])) for layer, i in zip(layers, wanted, strict=True)]

    def unembed(self, hidden: Float[Array, "batch rows d"]) -> Float[Array, "batch rows vocab"]:
        """Logits of states that are put into the head."""
        with torch.no_grad():
            weight = self.program.weight
            x = to_torch(hidden, weight).to(weight.dtype)
            return to_jax(self.program.logits_of(x))

    def run(self, tokens: Numbers, steering: Steering, only_last: bool) -> TorchRun:
        """One sequence up to the steered block, which later strengths need not run again."""
        ids = self._rows(tokens, None).ids[:1]
        return TorchRun(self.program, ids, self.place(steering), only_last, self.check_derivatives)

    def limit_states(self, steering: Steering) -> Float[Array, "2 d"] | None:
        """What the head reads for α → -∞ and +∞; None where there is no limit, or it is blind to v."""
        found = self.program.limits(added_in_all(self.place(steering)))
        return None if found is None else jnp.asarray(found.astype(self.dtype))

    def check_derivatives(self, order: int) -> None:
        """Raise where derivatives up to `order` are not to be had, or disagree with central differences."""
        if order <= self._checked:
            return
        if self.dtype not in (np.float32, np.float64):
            raise ValueError(
                f"derivatives need float32 or float64, not {self.dtype}: model.float()"
            )
        v = np.random.default_rng(0).normal(size=self.dimension)
        v *= 0.3 * self.program.usual_length / np.linalg.norm(v)
        placed = self._place(v, 0, "all", "residual")
        run = TorchRun(self.program, self.program.probe_ids, placed, True, self.check_derivatives)
        zero = torch.zeros(1, dtype=self.program.wide, device=self.inner.device)
        check_series(run.curve, zero, order)
        self._checked = order

    def _rows(self, tokens: Numbers, mask: Numbers | None) -> Rows:
        ids, real, is_single = token_batch(tokens, mask, self.config)
        return left_aligned(np.asarray(ids), np.asarray(real), is_single, self.inner.device)

    def _place(
        self,
        vector: Numbers,
        layer: Blocks | None = None,
        positions: str = "all",
        site: str = "residual",
    ) -> Placed:
        self._stop(site, 0)
        sizes = {"count": self.blocks, "width": self.dimension}
        return place(vector, layer, positions, site, **sizes, dtype=self.wide)

    def _stop(self, site: str, layer: int) -> int:
        """The number, for `Forward`, of the states at this site."""
        if site != "post-norm":
            return layer
        if self.program.head_width != self.dimension:
            raise ValueError(
                f'site "post-norm": the head reads {self.program.head_width} numbers, and blocks have '
                f"{self.dimension}"
            )
        return self.blocks

    def _steered(
        self,
        tokens: Numbers,
        alpha: ArrayLike,
        steering: Steering | None,
        mask: Numbers | None,
        only_last: bool,
        where: Where,
    ) -> tuple[torch.Tensor, Rows]:
        fields = {} if steering is None else vars(steering)
        placed = asked(alpha, self._place, **fields, **where)
        strength = float(check_strength(scalar(alpha, self.wide), placed, self.wide))
        rows = self._rows(tokens, mask)
        alphas = torch.full((len(rows.lengths),), strength, dtype=self.program.wide)
        with torch.no_grad():
            return self._forward(rows, placed, alphas.to(self.inner.device), only_last), rows

    def _forward(
        self, rows: Rows, placed: Placed | None, alphas: torch.Tensor, only_last: bool
    ) -> torch.Tensor:
        """Logits [B, rows, V] at one strength a row."""
        last = rows.last.to(alphas.device)
        edits: dict[int, Edit] = {}
        if placed is not None:
            at = last if placed.positions == "last" else None
            for part in placed.parts:
                v = to_torch(part.vector, self.program.weight)
                steer = partial(add, v=v, alphas=alphas, last=at)
                edits[self._stop(part.site, part.layers[0])] = steer
        if only_last:
            before = edits.get(self.blocks)
            edits[self.blocks] = lambda x: last_rows(before(x) if before else x, last)
        return self.forward(rows.ids, edits).to(self.program.wide)


def _kept(found: dict[int, torch.Tensor], i: int) -> Edit:
    def edit(x: torch.Tensor) -> torch.Tensor:
        found[i] = x
        return x

    return edit

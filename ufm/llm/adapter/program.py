"""A torch model as it was found when tried: its blocks, its head, and what the head makes of states."""

from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from ..decoder.limits import is_rounding
from ..decoder.params import at_least_float32
from .arrays import DTYPES
from .forward import Forward
from .parts import find_blocks, find_head

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PROBED = 6  # tokens on which a model is tried when it is adapted


class Program:
    """A causal model of torch, from tokens or from states between its blocks to logits.

    - `weight` [V, w]: of the head, which reads states of width w = `head_width`; blocks have `dimension`.
    - `divisor`: logits are the weight times these states over it, unless `not_affine` says why not.
    - `usual_length`: the mean |h| after the first block.
    """

    def __init__(self, model: "PreTrainedModel", blocks: str | None, head: str | None):
        self.inner, self.head = model, find_head(model, head)
        self.weight = cast(torch.Tensor, self.head.weight)
        self.forward = Forward(model, find_blocks(model, blocks), self.head)
        self.blocks = self.forward.end
        logits, states = self.forward.probe(self.probe_ids)
        self.dimension, self.head_width = states[0].shape[-1], states[-1].shape[-1]
        self.divisor, self.not_affine = self._affine(logits, states[-1])
        self.usual_length = float(states[0].float().norm(dim=-1).mean())

    @property
    def wide(self) -> torch.dtype:
        """The dtype of logits: float32 at least."""
        return torch.promote_types(self.inner.dtype, torch.float32)

    @property
    def probe_ids(self) -> torch.Tensor:
        """The tokens [1, 6] on which the model is tried."""
        return self.ids(np.arange(1, PROBED + 1)[None])

    def ids(self, tokens: np.ndarray) -> torch.Tensor:
        """Tokens where the model is, taken into its vocabulary."""
        rows = np.asarray(tokens, np.int64) % self.weight.shape[0]
        return torch.from_numpy(rows).to(self.inner.device)

    def logits_of(self, x: torch.Tensor) -> torch.Tensor:
        """Logits of the head's inputs [B, rows, d]."""
        ids = torch.zeros(x.shape[:2], dtype=torch.int64, device=x.device)
        nothing = torch.zeros(*x.shape[:2], self.dimension, dtype=self.inner.dtype, device=x.device)
        enter = (self.blocks - 1, nothing)
        return self.forward(ids, {self.blocks: lambda _: x}, enter).to(self.wide)

    def limits(self, v: np.ndarray) -> np.ndarray | None:
        """What the head reads [2, w] for α → -∞ and +∞: after a last block that returns a very long ∓v.

        None where twice the length changes it (no norm follows, or it is blind to v).
        """
        unit = v / np.linalg.norm(v) * np.sqrt(v.size)
        dtype = self.inner.dtype
        ids = self.ids(np.zeros((2, 1), np.int64))
        ends = []
        for length in (1e4, 2.3e4):
            both = torch.from_numpy(np.stack([-unit, unit])[:, None] * length).to(ids.device, dtype)
            with torch.no_grad():
                enter = (self.blocks - 1, both)
                ends.append(self.forward.until(ids, {}, self.blocks, enter)[:, 0].float())
        near, far = (x.cpu().numpy() for x in ends)
        wide = at_least_float32(DTYPES[dtype])
        is_moving = np.linalg.norm(far - near) > 1e-2 * np.linalg.norm(near)
        return None if is_moving or is_rounding(near[0], 1.0, wide) else far

    def _affine(self, logits: torch.Tensor, hidden: torch.Tensor) -> tuple[float, str | None]:
        """The number that W is divided by, and why logits are no multiple of W h; or None."""
        bias = getattr(self.head, "bias", None)
        if bias is not None and bool(bias.any()):
            return 1.0, "the head has a bias"
        with torch.no_grad():
            plain = (hidden.to(self.weight.dtype) @ self.weight.T).double()
        given = logits.double()
        divisor = float((plain * plain).sum() / (plain * given).sum())
        if abs(divisor - 1) < 1e-3 * float(torch.finfo(self.inner.dtype).eps) ** 0.25:
            divisor = 1.0
        error = float((given - plain / divisor).abs().max() / given.abs().max())
        is_affine = error <= 64 * float(torch.finfo(self.inner.dtype).eps)
        return divisor, None if is_affine else "the logits are no multiple of W h (a softcap?)"

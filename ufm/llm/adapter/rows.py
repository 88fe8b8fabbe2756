"""Rows of a batch moved to the left edge, where a causal model cannot see the padding."""

from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Array

from .arrays import to_jax


class Rows(NamedTuple):
    """Tokens [B, T'] from the first real one on, and where they were among `length` columns.

    No mask and no positions are passed to the model: architectures differ in what they do with them.
    """

    ids: torch.Tensor
    starts: np.ndarray
    lengths: np.ndarray
    length: int
    is_single: bool

    @property
    def last(self) -> torch.Tensor:
        """Index [B] of the last real token in `ids`."""
        return torch.from_numpy(self.lengths - 1)

    def back(self, x: torch.Tensor) -> Array:
        """What was found for `ids` [B, T', …] where the tokens were, [B, T, …]; 0 at padding."""
        out = torch.zeros(x.shape[0], self.length, *x.shape[2:], dtype=x.dtype, device=x.device)
        for b, (start, count) in enumerate(zip(self.starts, self.lengths, strict=True)):
            out[b, start : start + count] = x[b, :count]
        return to_jax(out[0] if self.is_single else out)


def left_aligned(
    tokens: np.ndarray, real: np.ndarray, is_single: bool, device: torch.device
) -> Rows:
    """The rows of tokens [B, T] whose real ones are `real`."""
    starts, lengths = real.argmax(axis=1), real.sum(axis=1)
    index = starts[:, None] + np.arange(lengths.max())
    moved = np.take_along_axis(tokens, np.minimum(index, tokens.shape[1] - 1), axis=1)
    moved = np.where(np.arange(lengths.max()) < lengths[:, None], moved, 0).astype(np.int64)
    return Rows(torch.from_numpy(moved).to(device), starts, lengths, tokens.shape[1], is_single)

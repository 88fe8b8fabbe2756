"""Arrays between torch and JAX, by way of the host."""

import jax.numpy as jnp
import numpy as np
import torch
from jaxtyping import Array, ArrayLike

DTYPES = {
    torch.float64: np.dtype(np.float64),
    torch.float32: np.dtype(np.float32),
    torch.bfloat16: np.dtype(jnp.bfloat16),
    torch.float16: np.dtype(np.float16),
}


def to_numpy(x: torch.Tensor) -> np.ndarray:
    """The tensor's numbers, in its dtype."""
    x = x.detach().cpu()
    is_narrow = x.dtype in (torch.bfloat16, torch.float16)  # numpy has no bfloat16 of its own
    return x.float().numpy().astype(DTYPES[x.dtype]) if is_narrow else x.numpy()


def to_jax(x: torch.Tensor) -> Array:
    """The tensor as an array of JAX."""
    return jnp.asarray(to_numpy(x))


def to_torch(x: ArrayLike, like: torch.Tensor) -> torch.Tensor:
    """The array on the device of `like`, in float64 where `like` is, else in float32."""
    dtype = torch.promote_types(like.dtype, torch.float32)
    wide = np.array(np.asarray(x), DTYPES[dtype])
    return torch.from_numpy(wide).to(like.device)

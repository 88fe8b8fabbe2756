"""Derivatives of any order in one strength a row, by reverse mode twice over."""

from collections.abc import Callable, Sequence

import torch
from torch.overrides import TorchFunctionMode

# Half the widths of the central differences that derivatives are held against; how far off they may be.
_STEPS = (1e-2, 1e-3)
_TOLERANCE = 0.02

Curve = Callable[[torch.Tensor], torch.Tensor]


class _PlainLayerNorm(TorchFunctionMode):
    """Layer norms as their formula: third derivatives of torch's own are silently wrong (2.13)."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        chosen = _layer_norm if func is torch.nn.functional.layer_norm else func
        return chosen(*args, **(kwargs or {}))


def _layer_norm(
    x: torch.Tensor,
    normalized_shape: Sequence[int],
    weight: torch.Tensor | None = None,
    bias: torch.Tensor | None = None,
    eps: float = 1e-5,
) -> torch.Tensor:
    axes = tuple(range(-len(normalized_shape), 0))
    centred = x - x.mean(dim=axes, keepdim=True)
    y = centred * (centred.square().mean(dim=axes, keepdim=True) + eps).rsqrt()
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def series(curve: Curve, alphas: torch.Tensor, order: int) -> list[torch.Tensor]:
    """Value and derivatives up to `order` of `curve`, whose row i depends on alphas[i] alone.

    The derivative of uᵀy in α, taken again in u, is that of y: reverse mode alone, as forward mode is
    not there for every function of torch.
    """
    a = alphas.detach().clone().requires_grad_()
    try:
        with torch.enable_grad(), _PlainLayerNorm():
            found = [curve(a)]
            for n in range(order):
                u = torch.zeros_like(found[-1], requires_grad=True)
                (slope,) = torch.autograd.grad(found[-1], a, u, create_graph=True)
                one = torch.ones_like(slope)
                found += torch.autograd.grad(slope, u, one, create_graph=n + 1 < order)
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        raise ValueError(
            f"torch has no derivative of order {order} through this model: {reason}"
        ) from error
    return [x.detach() for x in found]


def check_series(curve: Curve, zero: torch.Tensor, order: int) -> None:
    """Raise unless the derivatives of `curve` at 0, up to `order`, are those of central differences."""
    exact = series(curve, zero, order)
    off = [float("inf")] * order
    for step in _STEPS:
        ahead, behind = (series(curve, zero + h, order - 1) for h in (step, -step))
        for n in range(order):
            measured = (ahead[n] - behind[n]) / (2 * step)
            size = float(exact[n + 1].abs().max().clamp_min(torch.finfo(zero.dtype).tiny))
            off[n] = min(off[n], float((measured - exact[n + 1]).abs().max()) / size)
    for n, error in enumerate(off):
        if not error <= _TOLERANCE:
            raise ValueError(
                f"derivatives of order {n + 1} by torch are wrong for this model: they are {error:.0%} off "
                "central differences; sweep strengths instead"
            )

"""Derivatives of any order along one direction: Taylor arithmetic, block by block."""

from collections.abc import Callable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
from jax.experimental.jet import jet
from jaxtyping import Array

from .blocks import apply_block
from .config import BlockConfig, Config
from .head import normalise, unembed
from .layout import Layout, Rotation, arranger
from .params import Block, Params

# Value and derivatives x, x', x'', … along a direction.
Series = list[Array]


def straight(x: Array, step: Array, order: int) -> Series:
    """The series of x + t·step at t = 0 up to `order`."""
    zero = jnp.zeros_like(x)
    return [x, zero + step, *[zero] * (order - 1)]


def through(function: Callable[[Array], Array], series: Sequence[Array]) -> Series:
    """The series of function(x(t)) from that of x(t)."""
    value, derivatives = jet(function, (series[0],), (list(series[1:]),))
    return [value, *derivatives]


def run_blocks_series(
    params: Params,
    config: Config,
    series: Series,
    layout: Layout,
    start: int,
    stop: int,
    only_last: bool = True,
) -> Series:
    """`run_blocks` on a series."""
    arranged = arranger(layout, series[0].dtype)
    for i in range(start, stop):
        settings = config.blocks[i]
        rotation, visible = arranged(settings)
        rows = layout.last if only_last and i == stop - 1 else None
        series = _block_series(settings, params.blocks[i], series, rotation, visible, rows)
    return series


@partial(jax.jit, static_argnums=0)
def _block_series(
    settings: BlockConfig,
    block: Block,
    series: Series,
    rotation: Rotation,
    visible: Array,
    rows: Array | None,
) -> Series:
    # compiled once a kind of block, whatever the depth
    return through(lambda x: apply_block(settings, block, x, rotation, visible, rows)[0], series)


@partial(jax.jit, static_argnums=(1, 3))
def logit_series(params: Params, config: Config, series: Series, has_norm: bool) -> Series:
    """The series of logits from that of hidden states before (or after) the final norm."""

    def logits(x: Array) -> Array:
        return unembed(params, config, x if has_norm else normalise(params, config, x))

    return through(logits, series)


@partial(jax.jit, static_argnums=(1, 3))
def probs_series(params: Params, config: Config, series: Series, has_norm: bool) -> Series:
    """The series of softmax(logits) from that of hidden states before (or after) the final norm."""

    def probs(x: Array) -> Array:
        hidden = x if has_norm else normalise(params, config, x)
        return jax.nn.softmax(unembed(params, config, hidden))

    return through(probs, series)

"""Several devices of one process: each has a copy of the weights, and they share what runs side by side."""

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Shaped

from ufm._checks import is_concrete

from .blocks import Params

_AXIS = "rows"


def on_each_device(params: Params) -> Params:
    """The weights with a copy on each device of this process; with one device, as they are.

    The strengths of a sweep and the texts of a batch are then shared out over the devices, where their
    number divides.

    >>> from dataclasses import replace
    >>> import ufm.llm
    >>> from ufm.llm.decoder.devices import on_each_device
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> model = replace(model, params=on_each_device(model.params))
    >>> print(model.logits([3, 4, 5]).shape)
    (64,)
    """
    devices = jax.local_devices()
    if len(devices) == 1:
        return params
    mesh = Mesh(np.array(devices), (_AXIS,), axis_types=(AxisType.Auto,))
    return jax.device_put(params, NamedSharding(mesh, PartitionSpec()))


def shared_out(params: Params, rows: Shaped[Array, "rows *rest"]) -> Shaped[Array, "rows *rest"]:
    """The rows over the devices that have a copy of the weights each, if they divide; else as they are."""
    if not is_concrete(params.embedding, rows):
        return rows
    sharding = params.embedding.sharding
    if not isinstance(sharding, NamedSharding) or sharding.mesh.axis_names != (_AXIS,):
        return rows
    if rows.shape[0] % sharding.mesh.size:
        return rows
    return jax.device_put(rows, NamedSharding(sharding.mesh, PartitionSpec(_AXIS)))

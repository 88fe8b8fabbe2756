"""Several devices of one process: each has a copy of the weights, and they share the strengths of a batch."""

from dataclasses import replace

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float

from ufm._checks import is_concrete

from ..decoder.adapted import Model
from ..decoder.model import LanguageModel

_AXIS = "strengths"


def on_each_device(model: LanguageModel) -> LanguageModel:
    """The model with a copy of its weights on each device of this process; with one device, as it is.

    Its sweeps then share the strengths of a batch out over the devices, where their number divides.

    >>> import ufm.llm
    >>> from ufm.llm.steering.devices import on_each_device
    >>> model = on_each_device(ufm.llm.load("tests/data/llm/gpt2", "float64"))
    >>> print(model.logits([3, 4, 5]).shape)
    (64,)
    """
    devices = jax.local_devices()
    if len(devices) == 1:
        return model
    mesh = Mesh(np.array(devices), (_AXIS,), axis_types=(AxisType.Auto,))
    return replace(model, params=jax.device_put(model.params, NamedSharding(mesh, PartitionSpec())))


def shared_out(model: Model, alphas: Float[Array, " A"]) -> Float[Array, " A"]:
    """The strengths of a batch over the devices that have a copy of the weights each, if they divide."""
    if not isinstance(model, LanguageModel) or not is_concrete(alphas):
        return alphas
    sharding = model.params.embedding.sharding
    if not isinstance(sharding, NamedSharding) or sharding.mesh.axis_names != (_AXIS,):
        return alphas
    if alphas.size % sharding.mesh.size:
        return alphas
    return jax.device_put(alphas, NamedSharding(sharding.mesh, PartitionSpec(_AXIS)))

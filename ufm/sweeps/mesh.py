"""Sweeps and peaks over the devices of a mesh, in one process or several."""

from functools import cache

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import Array, Float

from .._checks import Numbers, needs_float64
from ..numerics.vocabulary_peaks import vocabulary_peaks
from ..tilt.effects import probability_increase
from ..tilt.tilt import ExponentialTilt
from .sweep import Quantity, strength_row


def sweep_on_mesh(
    tilt: ExponentialTilt,
    alphas: Numbers,
    mesh: Mesh,
    quantity: Quantity = probability_increase,
    *,
    strengths: str | None = None,
    contexts: str | None = None,
    vocabulary: str | None = None,
) -> Float[Array, "strengths ..."]:
    """`quantity(tilt, α)` for each α of `alphas` [A], as `ufm.sweep`, shared out over `mesh`.

    `strengths`, `contexts`, `vocabulary` name the mesh axes along which α, contexts and tokens are
    split (None: not split); A, m and V must be multiples of the sizes of these axes. Sums over a split
    vocabulary run across devices. The result lies on the mesh, its first axis split like α and the
    others as XLA finds best; the numbers are those of one device to 1e-12. With several processes
    (`jax.distributed`) each calls this with the same arguments. All strengths of a device are worked on
    at once: call it with parts of `alphas` where memory is short.

    >>> import jax, numpy as np, ufm
    >>> mesh = jax.make_mesh((1,), ("strengths",))
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(ufm.sweep_on_mesh(tilt, np.linspace(-4, 4, 8), mesh, strengths="strengths").shape)
    (8, 6, 9)
    """
    points = np.asarray(strength_row(alphas, tilt))
    m, tokens = tilt.log_probs.shape
    split = {"alphas": (points.size, strengths), "contexts": (m, contexts)}
    for name, (size, axis) in (split | {"tokens": (tokens, vocabulary)}).items():
        if axis is not None and axis not in mesh.shape:
            raise ValueError(f"the mesh has no axis {axis!r}; it has {', '.join(mesh.axis_names)}")
        if axis is not None and size % mesh.shape[axis]:
            raise ValueError(
                f"{size} {name} cannot be split evenly over the {mesh.shape[axis]} devices of "
                f"mesh axis {axis!r}: pad or cut them"
            )
    # XLA is to place what lies between: the tilt's own gathers leave that open
    mesh = Mesh(mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names))
    rows = _placed(np.asarray(tilt.log_probs), mesh, contexts, vocabulary)
    log_odds = _placed(np.asarray(tilt.log_odds), mesh, vocabulary)
    placed = eqx.tree_at(lambda t: (t.log_probs, t.log_odds), tilt, (rows, log_odds))
    run = jax.jit(
        lambda t, a: jax.vmap(lambda alpha: quantity(t, alpha))(a),
        out_shardings=None if strengths is None else NamedSharding(mesh, PartitionSpec(strengths)),
    )
    return run(placed, _placed(points, mesh, strengths))


def peaks_on_mesh(
    tilt: ExponentialTilt, mesh: Mesh, contexts: str
) -> Float[Array, "contexts vocab"]:
    """`ufm.peak_strengths(tilt)` [m, V], contexts split along the mesh axis `contexts`.

    Peaks are found on hosts, in numpy: each process works out the contexts of its own devices, and no
    others. m must be a multiple of the size of the axis, or `ValueError` is raised. Needs float64 and M
    not constant.

    >>> import jax, ufm
    >>> tilt = ufm.ExponentialTilt.from_dataset(ufm.ConceptDataset.smoothed(), [0, 1], [2, 3])
    >>> print(ufm.peaks_on_mesh(tilt, jax.make_mesh((1,), ("contexts",)), "contexts").shape)
    (6, 9)
    """
    needs_float64("peaks_on_mesh", tilt.log_probs, tilt.log_odds)
    rows, log_odds = np.asarray(tilt.log_probs), np.asarray(tilt.log_odds)
    if contexts not in mesh.shape or rows.shape[0] % mesh.shape[contexts]:
        raise ValueError(
            f"{rows.shape[0]} contexts cannot be split evenly over axis {contexts!r} of a mesh of "
            f"{dict(mesh.shape)}"
        )
    if not np.ptp(log_odds) > 0:
        raise ValueError(f"log_odds are constant (all {log_odds[0]}): no peak exists")
    sharding = NamedSharding(mesh, PartitionSpec(contexts))

    @cache  # replicas along other axes of the mesh ask for the same contexts
    def between(start: int | None, stop: int | None) -> np.ndarray:
        return vocabulary_peaks(rows[start:stop], log_odds)

    def of_shard(index: tuple[slice, ...] | None) -> np.ndarray:
        own = slice(None) if index is None else index[0]
        return between(own.start, own.stop)

    return jax.make_array_from_callback(rows.shape, sharding, of_shard)


def _placed(array: np.ndarray, mesh: Mesh, *axes: str | None) -> Array:
    """`array`, of which every process has a copy, split over the mesh."""
    sharding = NamedSharding(mesh, PartitionSpec(*axes))
    return jax.make_array_from_callback(array.shape, sharding, lambda i: jnp.asarray(array[i]))

"""Run by tests/ufm/sweeps/test_mesh.py: compares sweeps and peaks on meshes of 8 devices with one device.

    python -m tests.mesh_worker PROCESSES NUMBER PORT [all]

prints the largest relative differences and the seconds taken, as JSON, for each mesh; without `all` for
two meshes and two quantities, as compiling for 8 devices takes a while.
"""

import json
import os
import sys
import time

PROCESSES, NUMBER, PORT = (int(word) for word in sys.argv[1:4])
EVERY = "all" in sys.argv
devices = f"--xla_force_host_platform_device_count={8 // PROCESSES}"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} {devices}"
os.environ["JAX_PLATFORMS"] = "cpu"

import jax  # noqa: E402

jax.config.update("jax_enable_x64", True)
if PROCESSES > 1:
    jax.config.update("jax_cpu_collectives_implementation", "gloo")
    jax.distributed.initialize(f"127.0.0.1:{PORT}", PROCESSES, NUMBER)

import numpy as np  # noqa: E402

import ufm  # noqa: E402

MESHES = {
    "one device": ((1,), ("strengths",)),
    "strengths": ((8,), ("strengths",)),
    "contexts": ((8,), ("contexts",)),
    "vocabulary": ((8,), ("vocabulary",)),
    "contexts x vocabulary": ((2, 4), ("contexts", "vocabulary")),
    "all three": ((2, 2, 2), ("strengths", "contexts", "vocabulary")),
}
QUANTITIES = {
    "probs": ufm.ExponentialTilt.probs,
    "increase": ufm.probability_increase,
    "mean": ufm.ExponentialTilt.mean,
    "forward_kl": ufm.forward_kl,
}
if not EVERY:
    MESHES = {name: MESHES[name] for name in ("strengths", "all three")}
    QUANTITIES = {name: QUANTITIES[name] for name in ("probs", "mean")}


def tilt() -> ufm.ExponentialTilt:
    rng = np.random.default_rng(0)
    logs = -np.log(np.stack([rng.permutation(800) + 1.0 for _ in range(8)]))
    rows = logs - np.logaddexp.reduce(logs, axis=1, keepdims=True)
    return ufm.ExponentialTilt(rows, rng.normal(size=800))


def largest_difference(found: jax.Array, expected: np.ndarray, scale: np.ndarray) -> float:
    """Over the shards that this process holds, against `scale`, with infinities in the same places."""
    worst = 0.0
    for shard in found.addressable_shards:
        ours, theirs = np.asarray(shard.data), expected[shard.index]
        is_finite = np.isfinite(theirs)
        if (ours[~is_finite] != theirs[~is_finite]).any():
            return float("inf")
        size = np.maximum(np.abs(scale[shard.index][is_finite]), 1e-280)
        worst = max(worst, float((np.abs(ours[is_finite] - theirs[is_finite]) / size).max()))
    return worst


def main() -> None:
    law, alphas = tilt(), np.linspace(-3, 3, 16)
    expected = {
        name: np.asarray(ufm.sweep(law, alphas, q, batch_size=16)) for name, q in QUANTITIES.items()
    }
    # Δp is a difference of two probabilities, E[M] a sum of both signs: errors count against the terms
    scales = expected | {"increase": expected["probs"], "mean": 1 + np.abs(expected["mean"])}
    peaks = np.asarray(ufm.peak_strengths(law))
    found = {}
    for mesh_name, (shape, axes) in MESHES.items():
        if PROCESSES > 1 and mesh_name == "one device":
            continue
        mesh = jax.make_mesh(shape, axes)
        split = {axis: axis for axis in axes}
        worst, seconds = {}, {}
        for name, quantity in QUANTITIES.items():
            for _ in range(1 + EVERY):  # the second time it is compiled
                start = time.perf_counter()
                swept = ufm.sweep_on_mesh(law, alphas, mesh, quantity, **split).block_until_ready()
                seconds[name] = time.perf_counter() - start
            worst[name] = largest_difference(swept, expected[name], scales[name])
        if "contexts" in axes:
            start = time.perf_counter()
            on_mesh = ufm.peaks_on_mesh(law, mesh, "contexts")
            worst["peaks"] = largest_difference(on_mesh, peaks, peaks)
            seconds["peaks"] = time.perf_counter() - start
        found[mesh_name] = {"worst": worst, "seconds": seconds, "devices": jax.device_count()}
    print(json.dumps(found))


main()

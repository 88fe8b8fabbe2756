"""The same numbers on 8 virtual devices, and in 2 processes that talk over loopback, as on one device."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import ufm

ROOT = Path(__file__).parents[3]


def workers(processes):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.ufm.sweeps.mesh_worker", str(processes)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    running = [
        subprocess.Popen(
            [*command, str(number), str(port)],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    try:
        outputs = [worker.communicate(timeout=300) for worker in running]
    finally:
        for worker in running:
            worker.kill()
    for worker, (_, errors) in zip(running, outputs, strict=True):
        assert worker.returncode == 0, errors[-2000:]
    return [json.loads(out.splitlines()[-1]) for out, _ in outputs]


@pytest.mark.parametrize("processes", [1, 2])
def test_any_mesh_gives_the_numbers_of_one_device(processes):
    for report in workers(processes):
        assert set(report) == {"strengths", "all three"}
        for name, figures in report.items():
            assert figures["devices"] == 8
            assert set(figures["worst"]) >= {"probs", "mean"}
            for quantity, worst in figures["worst"].items():
                assert worst <= 1e-12, (name, quantity)


def test_bad_meshes():
    mesh = jax.make_mesh((1,), ("x",))
    tilt = ufm.ExponentialTilt(np.log([[0.5, 0.3, 0.2]]), [1.0, 0.5, 0.0])
    with pytest.raises(ValueError, match="the mesh has no axis 'y'; it has x"):
        ufm.sweep_on_mesh(tilt, [0.0], mesh, strengths="y")
    with pytest.raises(ValueError, match="1 contexts cannot be split evenly over axis 'y'"):
        ufm.peaks_on_mesh(tilt, mesh, "y")
    with pytest.raises(ValueError, match="log_odds are constant"):
        ufm.peaks_on_mesh(ufm.ExponentialTilt(tilt.log_probs, [1.0] * 3), mesh, "x")

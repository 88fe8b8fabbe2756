"""A sweep in a process of its own, for tests that kill it: python -m tests.ufm.killed_sweep OUT."""

import sys
from pathlib import Path

import jax
import numpy as np

import ufm.llm
from ufm.app.commands.compilation_cache import keep_programs

PROMPTS = [[3 + j, 10 + j, 5] for j in range(12)]
WINDOWS = [[4 + j, 9, 3, 20 + j, 7, 8, 5, 6] for j in range(12)]
STEERING = ufm.llm.Steering(np.linspace(-2, 2, 16), layer=0)
ALPHAS = np.linspace(-3, 3, 24)


def run(directory: Path, progress=None) -> None:
    jax.config.update("jax_enable_x64", True)
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    how = dict(order=0, progress=progress)  # derivatives are slow to compile, here three times
    concept = np.arange(64) < 9
    ufm.llm.sweep_curves(
        model, PROMPTS, STEERING, ALPHAS, directory / "curves", concept=concept, top=5, **how
    )
    ufm.llm.sweep_cost(
        model, WINDOWS, STEERING, ALPHAS, directory / "cost", length=8, windows_per_file=2, **how
    )


if __name__ == "__main__":
    keep_programs()
    run(Path(sys.argv[1]), lambda done, of: print(done, flush=True))

"""Settings for every test and doctest: float64, strict promotion, fixed seeds, no silent skips."""

import gc
import itertools
import os
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import jax
import pytest
from beartype import BeartypeConf, beartype
from hypothesis import HealthCheck, settings

# Programs: one that sets the number of devices before JAX starts, one that needs torch.
collect_ignore = ["tests/ufm/sweeps/mesh_worker.py", "tests/data/make_llm.py"]
# Modules that import torch; tests/oracle tests them.
_TORCH = ("arrays", "derivatives", "forward", "model", "parts", "program", "rows", "run")
collect_ignore += [f"ufm/llm/adapter/{name}.py" for name in _TORCH]
# these import lm_eval, or torch for it; tests/oracle tests them
collect_ignore += [f"ufm/llm/harness/{name}.py" for name in ("continuation", "model")]

# Tests that may be skipped when CI=true: the start of the node id, and why.
ALLOWED_SKIPS: dict[str, str] = {}

# The run-time type checker (pyproject.toml, --jaxtyping-packages). Of a container it checks the
# first item: one drawn with the module random, its default, hypothesis refuses in strategies.
typecheck = beartype(conf=BeartypeConf(is_random=False))

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")

# Compiling takes seconds and counts as drawing or running: no deadline, no health check for time.
_PATIENT = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow], "print_blob": True}
settings.register_profile("ci", derandomize=True, **_PATIENT)
settings.register_profile("nightly", max_examples=2000, **_PATIENT)
settings.load_profile("ci")  # pytest --hypothesis-profile=nightly overrides


def pytest_configure(config: pytest.Config) -> None:
    """Compile in haste; share compiled programs between workers, their child processes, and the next run.

    Half of the tests' time was compiling thousands of tiny programs, each run a few times.
    """
    from ufm.app.commands import (  # not above: ufm is checked by `typecheck`
        compilation_cache,
        start,
    )
    from ufm.app.printing import stages

    stages.QUIET = (
        1e6  # seconds: however busy the machine, no line about the time on standard error
    )
    os.environ.setdefault("XLA_FLAGS", start.COMPILE_IN_HASTE)
    if config.pluginmanager.hasplugin("cacheprovider"):  # not under -p no:cacheprovider
        os.environ.setdefault(compilation_cache.VARIABLE, str(config.cache.mkdir("compiled")))
    compilation_cache.keep_programs()
    # what is collected, and what JAX keeps, is live until the end: to look through it often took a tenth
    gc.set_threshold(200_000)


# Linux maps a process's memory in at most so many pieces; each compiled program takes three or more.
_MOST_MAPS = Path("/proc/sys/vm/max_map_count")
_MAPS = Path("/proc/self/maps")
_TESTS_BETWEEN_LOOKS = 50
_tests_run = itertools.count(1)


def pytest_runtest_teardown() -> None:
    """Drop what JAX compiled once half of the maps are in use: with none left, compiling ends the process."""
    if next(_tests_run) % _TESTS_BETWEEN_LOOKS or not _MAPS.exists():
        return
    with _MAPS.open("rb") as pieces:
        if sum(1 for _ in pieces) > int(_MOST_MAPS.read_text()) // 2:
            jax.clear_caches()


Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _refuse_skip((yield))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _refuse_skip((yield))


def _refuse_skip(report: Report) -> Report:
    """In CI, make a skip that is not in ALLOWED_SKIPS a failure; an expected failure is no skip."""
    allowed = hasattr(report, "wasxfail") or report.nodeid.startswith(tuple(ALLOWED_SKIPS))
    if os.environ.get("CI") == "true" and report.skipped and not allowed:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"skipped in CI ({reason}); see ALLOWED_SKIPS in conftest.py"
    return report

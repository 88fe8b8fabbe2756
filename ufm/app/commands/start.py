"""JAX starts, which takes seconds: the terminal says so, and float64 is switched on."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from .bad_input import BadInput

# For what compiles much and runs each program a few hundred times: LLVM's optimisations and XLA's newer
# emitters of loops cost more than they save.
COMPILE_IN_HASTE = "--xla_backend_optimization_level=0 --xla_cpu_use_fusion_emitters=false"


@contextmanager
def starting_jax(errors: Console, flags: str = "") -> Iterator[None]:
    """Import in this block what needs JAX; `errors` shows meanwhile what is waited for.

    `flags` are for XLA, unless the user's XLA_FLAGS say otherwise; it reads them once, as JAX starts.
    """
    with errors.status("starting JAX …"):
        if flags and "jax" not in sys.modules:
            os.environ["XLA_FLAGS"] = f"{flags} {os.environ.get('XLA_FLAGS', '')}".strip()
        import jax

        jax.config.update("jax_enable_x64", True)
        from .compilation_cache import keep_programs

        keep_programs()
        need_device()
        yield


def need_device() -> None:
    """Start JAX's devices; `BadInput` where JAX_PLATFORMS names a kind that is not there."""
    import jax

    try:
        jax.devices()
    except (RuntimeError, AssertionError) as error:  # in many lines, or in none
        asked = os.environ.get("JAX_PLATFORMS", "")
        reason = str(error).partition("\n")[0].partition(" (set JAX_PLATFORMS")[0].rstrip(". ")
        raise BadInput(
            f"JAX_PLATFORMS={asked}: JAX finds no such device here{reason and f' ({reason})'}: unset "
            "JAX_PLATFORMS, or set it to cpu"
        ) from error

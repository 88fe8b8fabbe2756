"""JAX starts, which takes seconds: the terminal says so, and float64 is switched on."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def starting_jax(errors: Console) -> Iterator[None]:
    """Import in this block what needs JAX; `errors` shows meanwhile what is waited for."""
    with errors.status("starting JAX …"):
        import jax

        jax.config.update("jax_enable_x64", True)
        from .compilation_cache import keep_programs

        keep_programs()
        yield

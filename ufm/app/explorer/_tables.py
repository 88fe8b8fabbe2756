"""The table of verdicts as it fills: while programs compile, before the slow claim, and whole."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from ._scene import Scene
from ._verdicts import judge, verdict_table
from ._warm import pending


def tables(scene: Scene, is_wanted: Callable[[], bool] = lambda: True) -> Iterator[str]:
    """Each state of the table of `scene`, as HTML; the last one holds every claim.

    While programs compile a line says so; the claim that trains a model comes in a table of its own.
    `is_wanted()` is asked before each claim and each table: once it is False, for the settings have
    changed, there is nothing more.

    >>> import jax; jax.config.update("jax_enable_x64", True)
    >>> from ufm.app import explorer
    >>> *_, last = explorer.tables(explorer.build(explorer.Settings()))
    >>> print(last[last.index("<strong>"):last.index("</strong>")])
    <strong>67 claims: 55 holds, 12 hypotheses unmet.
    """

    def refuse_unwanted(
        done: int | float, total: int | float | None = 1.0, stage: str = ""
    ) -> None:
        if not is_wanted():
            raise InterruptedError

    with suppress(InterruptedError):
        while words := pending(scene):
            refuse_unwanted(0)
            yield f'<p class="count" data-mark="compiling">{words}</p>'
            time.sleep(0.2)
        for count, rows in enumerate(judge(scene.instance, refuse_unwanted)):
            refuse_unwanted(0)
            yield verdict_table(rows, scene.settings, is_final=count == 1)

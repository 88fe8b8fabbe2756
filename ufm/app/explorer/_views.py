"""The explorer's views side by side, and what is above them."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import urlencode

from . import _pictures as pictures
from ._scene import Scene
from ._settings import BREAKS, Settings, to_query

_PICTURES = (
    ("tokens", "Tokens after context {context}", pictures.token_picture),
    ("concepts", "Concepts after context {context}", pictures.concept_picture),
    ("cost", "The cost, over all contexts", pictures.cost_picture),
    ("windows", "Sweet spots, of each context", pictures.window_picture),
)


def views(
    settings: Settings, scene: Scene | None, wrong: Sequence[str], clock: tuple[float, float]
) -> str:
    """All pictures as HTML, under `wrong`, a line on each setting that is no good.

    `scene` None: the settings make no instance. `clock`: `time.perf_counter()` and
    `time.thread_time()` when the change was seen; data-ms and data-cpu in the result say how long it took,
    and how much of that the processor worked.
    """
    alerts = [f"<p class='alert' data-mark='wrong'>{escape(line)}</p>" for line in wrong]
    if settings.broken:
        hypothesis, how = escape(BREAKS[settings.broken]).split(": ")
        alerts.append(
            f"<p class='alert' data-mark='broken'><strong>Broken on purpose:</strong> “{hypothesis}” "
            f"no longer holds ({how}). The table below says which claims lose their hypothesis, and "
            "which are false here.</p>"
        )
    body = ""
    if scene is not None:
        name = scene.settings.context_names[scene.settings.shown_context]
        sections = "".join(
            f'<section data-mark="{mark}">{heading(title.format(context=name))}{draw(scene)}</section>'
            for mark, title, draw in _PICTURES
        )
        body = f'{pictures.reading(scene)}<div class="views">{sections}</div>'
    wall, work = 1000 * (time.perf_counter() - clock[0]), 1000 * (time.thread_time() - clock[1])
    query = escape(urlencode(to_query(settings)))
    return (
        f'<div class="ufm" data-mark="views" data-query="{query}" data-ms="{wall:.1f}" '
        f'data-cpu="{work:.1f}">{"".join(alerts)}{body}</div>'
    )


def controls(groups: Mapping[str, tuple[object, ...]]) -> str:
    """The controls under headings, as HTML: each group's first entry is a line of explanation."""
    parts = [
        heading(name)
        + (f'<p class="hint">{hint}</p>' if hint else "")
        + "".join(f"<div>{element}</div>" for element in elements)
        for name, (hint, *elements) in groups.items()
    ]
    title = heading("Steering strength", level=1)
    return f'<div class="ufm ufm-controls">{title}{"".join(parts)}</div>'


def titled(title: str, html: str) -> str:
    """HTML under a heading."""
    return f'<div class="ufm">{heading(title)}{html}</div>'


def heading(text: str, level: int = 2) -> str:
    """A heading that marimo's floating outline, which would cover the pictures, does not list."""
    return f'<div class="heading" role="heading" aria-level="{level}">{escape(text)}</div>'

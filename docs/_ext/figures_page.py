"""The page of figures: the gallery of `ufm.plots`, and those of a notebook.

They are drawn anew when the code that draws them has changed.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import jax
from narrow_figure import narrowed, png_of
from notebook_pages import digest_of, load_notebook, unless_stamped
from pages import picture, write_page
from sphinx.application import Sphinx

from ufm import plots

_TALL = "-tall"  # ends the name of a picture's form for narrow pages


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _write_page)
    return {"parallel_read_safe": True}


def _write_page(app: Sphinx) -> None:
    folder = Path(app.srcdir, "_generated", "figures")
    folder.mkdir(parents=True, exist_ok=True)
    unless_stamped(folder / "stamp", digest_of("statements"), partial(_draw, folder))
    write_page(app, "figures", list(_figures()))


def _draw(folder: Path) -> None:
    jax.config.update("jax_enable_x64", True)  # peaks need it
    _write(plots.GALLERY, folder)
    every = load_notebook("statements").figures()
    drawn = [
        plots.Picture(name, "", "notebooks/statements.py", "", draw) for name, draw in every.items()
    ]
    _write(drawn, folder / "statements")


def _write(drawn: Sequence[plots.Picture], folder: Path) -> None:
    """Each picture as PNG and SVG, and narrow, for a phone."""
    plots.write_pictures(drawn, folder)
    for figure in drawn:
        narrow = png_of(narrowed(figure.draw()))
        (folder / f"{figure.name}-narrow.png").write_bytes(narrow)


def _figures() -> Iterator[str]:
    yield "(figures)=\n# Figures"
    yield (
        "\n`ufm figures --out DIR` writes these figures as PNG and SVG, the same bytes every time; "
        "`ufm figures fig-3 price` only those named. The first five are those of "
        "{cite:t}`taimeskhanov2026`, with parameters of ours that reproduce them, as its first version "
        "prints none; the others are of what it has no figure of. Nearly all are drawn by "
        "functions of {py:mod}`ufm.plots` that take a matplotlib `Axes` and any tilt, "
        "dataset or strengths of yours.\n"
    )
    # every picture has a narrow form here
    figures = [figure for figure in plots.GALLERY if not figure.name.endswith(_TALL)]
    yield from (f"- {{ref}}`{figure.title} <figure-{figure.name}>`" for figure in figures)
    yield ""
    for figure in figures:
        yield f"(figure-{figure.name})=\n## {figure.title}\n"
        # an image, no figure: Sphinx would number it, against the paper's own numbers
        yield f"{picture(f'figures/{figure.name}', figure.title)}\n"
        yield f"{figure.caption} (`{figure.name}`, {figure.source})\n"

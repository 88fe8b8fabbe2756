"""Puts the playground, one HTML file, beside the pages of the site as play.html, with a link to the notation.

The page about it links to the file in the package, which readers of the repository have.
"""

from pathlib import Path

from sphinx.application import Sphinx

from ufm.app.playground.page import PAGE


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _link)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True}


def _link(app: Sphinx, name: str, source: list[str]) -> None:
    if name == "playground":
        source[0] = source[0].replace("../ufm/app/playground/index.html", "play.html")


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        page = PAGE.read_text(encoding="utf-8")
        linked = page.replace("<html ", '<html data-letters="notation.html" ', 1)
        Path(app.outdir, "play.html").write_text(linked, encoding="utf-8")

"""Puts the playground, one HTML file, beside the pages of the site as play.html."""

import shutil
from pathlib import Path

from sphinx.application import Sphinx

from ufm.app.playground.page import PAGE


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True}


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        shutil.copyfile(PAGE, Path(app.outdir, "play.html"))

"""Formulas without a network: MathJax out of an installed package, as one file with its glyphs."""

import shutil
from importlib.metadata import distribution
from pathlib import Path

from sphinx.application import Sphinx

# TeX in, SVG out: the only bundle that needs no font files, which browsers refuse from file://
BUNDLE = "tex-svg.js"


def setup(app: Sphinx) -> dict[str, bool]:
    app.setup_extension("sphinx.ext.mathjax")
    app.connect("config-inited", lambda app, config: setattr(config, "mathjax_path", BUNDLE))
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True}


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        # the package's folder has hyphens in its name, so it cannot be imported
        folder = distribution("sphinx-mathjax-offline").locate_file("sphinx-mathjax-offline")
        source = Path(str(folder), "static", "mathjax", BUNDLE)
        shutil.copyfile(source, Path(app.outdir, "_static", BUNDLE))

import sys
from importlib.metadata import version as installed_version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "ufm"
author = "the ufm authors"
copyright = f"2026, {author}"
version = release = installed_version("ufm")

extensions = [
    "myst_parser",
    "sphinx.ext.mathjax",
    "sphinx_proof",
    "sphinxcontrib.bibtex",
    "registry_pages",
    "api_page",
    "figures_page",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
html_theme = "furo"
html_title = f"ufm {release}"
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # signatures show types as they stand in the source

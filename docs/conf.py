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
    "sphinx_proof",
    "sphinxcontrib.bibtex",
    "sphinx_copybutton",
    "github_markdown",
    "narrow_screens",
    "offline_math",
    "prose_math",
    "coq_page",
    "coq_graph_page",
    "results_page",
    "statement_pages",
    "findings_page",
    "literature_page",
    "figures_page",
    "notebook_pages",
    "command_page",
    "api_page",
    "playground_page",
    "pages",
    "build_stamp",
    "site_check",
]
exclude_patterns = ["_build", "_templates", "playground"]  # the sources of a page of their own
myst_enable_extensions = ["dollarmath", "amsmath", "colon_fence"]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
smartquotes = False  # they would make one dash of the two before an option
html_theme = "furo"
html_title = f"ufm {release}"
html_static_path = ["_static"]
templates_path = ["_templates"]
copybutton_prompt_text = r">>> |\.\.\. |\$ "  # a copied example runs without its prompts
copybutton_prompt_is_regexp = True
html_css_files = ["site.css"]
nitpicky = True
nitpick_ignore_regex = [("py:class", ".*")]  # signatures show types as they stand in the source

"""The pages of docs/ are Markdown that GitHub shows too; here it becomes what the site alone can do.

- A comment that begins with the name of a directive, `<!-- {toctree} ... -->`, is that directive.
- A `<picture>` with a tall source for phones is two images, of which the page shows the one that fits.
- A link to a file of the project, `[a claim](../theorems/statements/ceiling.py#claim-ceiling.forward-kl)`,
  leads to the page that this site makes of it.
- Inline code that is a public name leads to its place in the API.
"""

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.nodes import make_refnode

_DIRECTIVE = re.compile(r"^<!-- (\{\w+\}.*?)\n?-->$", re.MULTILINE | re.DOTALL)
_PICTURE = re.compile(
    r'<picture>\s*<source media="\(max-width: 600px\)" srcset="([^"]+)">\s*'
    r'<img alt="([^"]+)" src="([^"]+)">\s*</picture>'
)
_TWO_IMAGES = """```{image} \\3
:alt: \\2
:class: wide-page
```
```{image} \\1
:alt: \\2
:class: narrow-page
```"""
_LINK = re.compile(r"\[([^][]+)\]\(\.\./([^()#\s]+)(?:#([^()\s]+))?\)")
# What the site makes of a file or folder: the label of its page.
_PAGES = {
    "README.md": "results",
    "notebooks": "notebooks",
    "theorems/coq/README.md": "coq-graph",
    "theorems/findings": "findings",
    "theorems/literature.py": "literature",
    "theorems/statements": "statements",
    "ufm/__init__.pyi": "api",
    "ufm/app/commands": "commands",
}


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", _read, priority=400)  # before formulas are looked for
    app.connect("doctree-resolved", _link_names)
    return {"parallel_read_safe": True}


def _read(app: Sphinx, name: str, source: list[str]) -> None:
    if not name.startswith("_generated/"):
        source[0] = for_the_site(source[0], Path(app.srcdir).parent)


def for_the_site(markdown: str, root: Path) -> str:
    """The page with its directives, and with links to the site's own pages."""
    markdown = _DIRECTIVE.sub(lambda found: f"```{found[1]}\n```", markdown)

    markdown = _PICTURE.sub(_TWO_IMAGES, markdown)

    def led(found: re.Match[str]) -> str:
        words, path, place = found.groups()
        if not (root / path).exists():
            raise ExtensionError(f"a page links to {path}: there is no such file")
        return f"{{ref}}`{words} <{_label(path, place or '')}>`"

    return _LINK.sub(led, markdown)


def _label(path: str, place: str) -> str:
    if re.match(r"(claim|statement|finding)-", place):
        return place
    if notebook := re.fullmatch(r"notebooks/(\w+)\.py", path):
        return f"notebook-{notebook[1]}"
    if path not in _PAGES:
        raise ExtensionError(f"docs/_ext/github_markdown.py does not know the page of {path}")
    return _PAGES[path]


def _link_names(app: Sphinx, tree: nodes.document, page: str) -> None:
    if page.startswith("_generated/api"):  # whose own links are made by its directives
        return
    known = app.env.domains["py"].data["objects"]
    for code in list(tree.findall(nodes.literal)):
        name = code.astext().removesuffix("()")
        if (
            name in known
            and "." in name
            and not isinstance(code.parent, nodes.reference | nodes.title)
        ):
            place = known[name]
            code.replace_self(
                make_refnode(
                    app.builder, page, place.docname, place.node_id, [code.deepcopy()], name
                )
            )

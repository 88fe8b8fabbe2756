"""Fails the build on a page that links to what is not there, or needs the network to be read.

Places inside the site are followed to the very heading. Addresses outside of it are fetched by nobody here:
external_links.txt beside the pages lists them, each with the pages that name it, for whoever has a network.
"""

from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
# What a browser fetches by itself, unlike a link, which a reader may follow or not.
_FETCHED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}


def setup(app: Sphinx) -> dict[str, bool]:
    # after everything that copies files when the build is finished
    app.connect("build-finished", _check, priority=900)
    return {"parallel_read_safe": True}


class _Page(HTMLParser):
    """The ids, links and fetched addresses of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.ids |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.add(values["href"])
        if values.get(_FETCHED.get(tag, "")) and values.get("rel") != "canonical":
            self.fetched.add(values[_FETCHED[tag]])


def _check(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    root = Path(app.outdir).resolve()
    files = [f for f in root.rglob("*.html") if root / "_static" not in f.parents]
    pages = {file: _Page(file.read_text(encoding="utf-8")) for file in files}
    for file, page in pages.items():
        for address in sorted(page.fetched):
            if urlsplit(address).netloc:
                logger.warning("%s fetches %s from the network", file.relative_to(root), address)
        for address in sorted(page.links | page.fetched):
            reason = _broken(file, address, pages)
            if reason:
                logger.warning("%s links to %s: %s", file.relative_to(root), address, reason)
    (root / "external_links.txt").write_text("".join(_external(root, pages)), encoding="utf-8")


def _external(root: Path, pages: dict[Path, _Page]) -> Iterator[str]:
    """A line for each address outside the site: the address, and the pages that link to it."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for file, page in sorted(pages.items()):
        for address in page.links:
            if urlsplit(address).netloc:
                named[address].append(str(file.relative_to(root)))
    for address in sorted(named):
        yield f"{address}\t{', '.join(named[address])}\n"


def _broken(file: Path, address: str, pages: dict[Path, _Page]) -> str | None:
    """Why a link inside the site leads nowhere."""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.exists():
        return "there is no such file"
    fragment = unquote(parts.fragment)
    if fragment and target in pages and fragment not in pages[target].ids:
        return "there is no such place on that page"
    return None

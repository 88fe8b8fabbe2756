"""Pages written at build time, under docs/_generated, and their pictures in two shapes."""

from pathlib import Path

from sphinx.application import Sphinx

_WRITTEN: set[Path] = set()


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", drop_stale, priority=900)  # after all pages are written
    return {"parallel_read_safe": True}


def drop_stale(app: Sphinx) -> None:
    """Remove what an earlier build, of another division, wrote beside the pages of this one."""
    for folder in {page.parent for page in _WRITTEN} - {Path(app.srcdir, "_generated")}:
        for page in {*folder.glob("*.md")} - _WRITTEN:
            page.unlink()


def write_page(app: Sphinx, name: str, lines: list[str]) -> None:
    """Write docs/_generated/NAME.md, leaving it alone if it would not change."""
    page = Path(app.srcdir, "_generated", f"{name}.md")
    page.parent.mkdir(parents=True, exist_ok=True)
    _WRITTEN.add(page)
    text = "\n".join(lines) + "\n"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def picture(file: str, alt: str) -> str:
    """FILE.svg, and on a phone FILE-narrow.png in its place."""
    shapes = ((f"{file}.svg", "wide-page"), (f"{file}-narrow.png", "narrow-page"))
    return "\n".join(
        f"```{{image}} {name}\n:alt: {alt}\n:class: {shape}\n```" for name, shape in shapes
    )

"""Pages written at build time, under docs/_generated, and their pictures in two shapes."""

from pathlib import Path

from sphinx.application import Sphinx


def write_page(app: Sphinx, name: str, lines: list[str]) -> None:
    """Write docs/_generated/NAME.md, leaving it alone if it would not change."""
    page = Path(app.srcdir, "_generated", f"{name}.md")
    page.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def picture(file: str, alt: str) -> str:
    """FILE.svg, and on a phone FILE-narrow.png in its place."""
    shapes = ((f"{file}.svg", "wide-page"), (f"{file}-narrow.png", "narrow-page"))
    return "\n".join(
        f"```{{image}} {name}\n:alt: {alt}\n:class: {shape}\n```" for name, shape in shapes
    )

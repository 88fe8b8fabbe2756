"""Pages written at build time, under docs/_generated."""

from pathlib import Path

from sphinx.application import Sphinx


def write_page(app: Sphinx, name: str, lines: list[str]) -> None:
    """Write docs/_generated/NAME.md, leaving it alone if it would not change."""
    page = Path(app.srcdir, "_generated", f"{name}.md")
    page.parent.mkdir(parents=True, exist_ok=True)
    text = "\n".join(lines) + "\n"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")

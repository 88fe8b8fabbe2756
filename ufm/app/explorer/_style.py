"""The explorer's looks: `style.css`, and the palette of `ufm.plots`."""

from pathlib import Path

from ufm.plots._style import PALETTE

# Black on white, and the other way round: the last ink follows the page.
_INKS = "\n".join(
    f".ufm .ink{i} {{ --ink: {'currentColor' if ink == '#000000' else ink}; }}"
    for i, ink in enumerate(PALETTE)
)

STYLE = (
    f"<style>{_INKS}\n{(Path(__file__).parent / 'style.css').read_text(encoding='utf-8')}</style>"
)

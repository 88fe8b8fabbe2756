"""What the page begins with: its looks, its name, and what can be done here, in a sentence."""

from pathlib import Path

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
TITLE = "Which theorems hold on your instance?"
HEAD = (
    f'<style>{_STYLE}</style><div class="ufm">'
    f'<div class="heading" role="heading" aria-level="1">{TITLE}</div>'
    "<p>An instance is a table: how likely each token is after each context. On one such table this page "
    "judges the paper’s claims on steering strength, this project’s, and sentences of others. <b>Break a "
    "hypothesis</b> with a button, or open a table of yours, and see which claims fall. Click a claim for "
    "its formula and its numbers.</p></div>"
)

"""What the page begins with: its looks, its name, and what can be done here, in a sentence."""

from pathlib import Path

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")
TITLE = "Which theorems hold on your instance?"
HEAD = (
    f'<style>{_STYLE}</style><div class="ufm">'
    f'<div class="heading" role="heading" aria-level="1">{TITLE}</div>'
    "<p>The paper’s claims on steering strength, this project’s, and sentences of others are judged on one "
    "instance: <b>break a hypothesis</b>, or put in an instance of yours, and see what falls.</p></div>"
)

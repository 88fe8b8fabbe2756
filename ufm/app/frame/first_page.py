"""The page that is served at once: it shows verdicts as they come, and gives way to marimo's own.

marimo's front end is some megabytes in 300 files, of which the browser makes a page in seconds. The verdicts
need none of it.
"""

import re
from functools import cache
from pathlib import Path

from .head import HEAD

_SCRIPT = (Path(__file__).parent / "first_page.js").read_text(encoding="utf-8")
_PRELOAD = re.compile(r'<link rel="modulepreload"[^>]*>')


@cache
def first_page(front_end: Path) -> str:
    """The beginning of the HTML, up to where marimo's own page goes on.

    `front_end` is marimo's folder of static files: the browser fetches its scripts while JAX starts.
    """
    index = (front_end / "index.html").read_text(encoding="utf-8")
    preloads = "".join(_PRELOAD.findall(index))
    faces = _face(front_end, "KaTeX_Main-Regular", "normal") + _face(
        front_end, "KaTeX_Math-Italic", "italic"
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Steering strength: explorer</title>\n{preloads}\n<style>{faces}</style>\n</head>\n"
        f'<body>\n<main id="first">{HEAD}<div class="ufm" id="first-verdicts">'
        '<p role="status">JAX starts; the first verdicts are here in a moment.</p></div></main>\n'
        f"<script>{_SCRIPT}</script>\n"
    )


def _face(front_end: Path, name: str, style: str) -> str:
    """The font of that name, as marimo brings it along."""
    family = name.partition("-")[0]
    return "".join(
        f'@font-face {{ font-family: {family}; font-style: {style}; src: url("assets/{path.name}"); }}'
        for path in front_end.glob(f"assets/{name}-*.woff2")
    )

"""Standard output and standard error that can show every text, in whatever encoding they have."""

import codecs
import io
import os
import sys

from rich.console import Console

from ..commands.bad_input import BadInput

# How a sign is written where the encoding lacks it; any other one is escaped, as \u03b5.
SPELT = {
    "α": "alpha", "δ": "delta", "Δ": "Delta", "κ": "kappa", "π": "pi", "σ": "sigma", "Σ": "Sum", "θ": "theta",
    "√": "sqrt", "∞": "inf", "²": "^2", "½": "1/2", "±": "+/-", "×": "x", "·": "*", "≤": "<=", "≥": ">=",
    "→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "‖": "||", "″": "''",
    "′": "'", "─": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "━": "-", "•": "*",
}  # fmt: skip
_HANDLER = "ufm.spell"


def open_streams() -> None:
    """Let standard output and error show signs that their encoding (cp1252, ASCII) lacks, spelt or escaped.

    Raises `BadInput` where standard output is closed, before any work is done for it.
    """
    codecs.register_error(_HANDLER, _spell)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (until the process ends)
    if sys.stdout is None:
        raise BadInput("standard output is closed: send it to a file, or to /dev/null")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)


def _spell(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SPELT.get(sign) or ascii(sign)[1:-1] for sign in signs), error.end


class Output(Console):
    """Standard output; a reader that goes away (`| head`) is left to `main`, not rich's exit status 1."""

    def on_broken_pipe(self) -> None:
        """Raise."""
        raise BrokenPipeError

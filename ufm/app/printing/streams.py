"""Standard output and standard error that can show every text, in whatever encoding they have."""

import codecs
import io
import os
import sys

from rich.console import Console

# How a sign is written where the encoding lacks it; any other one is escaped, as \u03b5.
SPELT = {
    "α": "alpha", "δ": "delta", "Δ": "Delta", "κ": "kappa", "π": "pi", "σ": "sigma", "Σ": "Sum", "θ": "theta",
    "√": "sqrt", "∞": "inf", "²": "^2", "½": "1/2", "±": "+/-", "×": "x", "·": "*", "≤": "<=", "≥": ">=",
    "→": "->", "←": "<-", "…": "...", "–": "-", "—": "-", "−": "-", "“": '"', "”": '"', "‖": "||", "″": "''",
    "′": "'", "─": "-", "│": "|", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "━": "-", "•": "*",
}  # fmt: skip
_HANDLER = "ufm.spell"


def open_streams() -> bool:
    """Let standard output and error show signs that their encoding (cp1252, ASCII) lacks, spelt or escaped.

    False where standard output is closed.
    """
    codecs.register_error(_HANDLER, _spell)
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  (until the process ends)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_HANDLER)
    return sys.stdout is not None


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

"""JSON on standard output."""

import json
import sys


def print_json(data: object) -> None:
    r"""Print data as JSON on standard output, where no text in it can act on a terminal.

    What is not printable, or not of the output's encoding, is escaped, as \u202e, which JSON reads back as it
    was.

    >>> from ufm.app.printing.json_output import print_json
    >>> print_json({"α": "\x9b31m"})
    {
     "α": "\u009b31m"
    }
    """
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(data, ensure_ascii=not is_unicode, allow_nan=False, indent=1)
    sys.stdout.write("".join(map(_printable, text)) + "\n")
    sys.stdout.flush()


def _printable(sign: str) -> str:
    return sign if sign.isprintable() or sign == "\n" else json.dumps(sign)[1:-1]

"""The command line: `ufm verify` and its kin. Data on standard output, all else on standard error.

Exit status: 0 everything holds or is done, 1 a claim fails, 2 bad input (one line, no traceback), 130 stopped
by Ctrl-C, 141 the reader of standard output went away (`ufm … | head`).
"""

import os
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stderr
from io import StringIO
from itertools import groupby
from typing import get_args

import tyro

from .commands.bad_input import BadInput
from .commands.certify import Certify
from .commands.explore import Explore
from .commands.falsify import Falsify
from .commands.figures import Figures
from .commands.laws import Laws
from .commands.llm import Llm
from .commands.out_of_memory import memory_shortage
from .commands.rules import check_rules
from .commands.strength import Strength
from .commands.toy import Toy
from .commands.vector import Vector
from .commands.verify import Verify
from .commands.version import Version
from .printing.streams import open_streams

# Each is a record of its options; called, it does the work and returns the exit status.
Command = (
    Verify | Certify | Falsify | Figures | Explore | Strength | Vector | Llm | Laws | Toy | Version
)


def main() -> None:
    """Entry point of the `ufm` command."""
    try:
        if not open_streams():  # now, not after all the work
            raise BadInput("standard output is closed: send it to a file, or to /dev/null")
        with warnings.catch_warnings():
            warnings.showwarning = _say_once()
            command = _parse()
            check_rules(command)
            status = command()
            sys.stdout.flush()
    except BrokenPipeError:
        status = 141  # 128 + SIGPIPE, as of any program whose reader has read enough: there is nothing to say
        _drop_output()
    except (BadInput, OSError) as error:
        _say(str(error))
        status = 2
        if isinstance(error, OSError):
            _drop_output()
    except (MemoryError, RuntimeError) as error:
        shortage = memory_shortage(error)
        if shortage is None:
            raise
        _say(shortage)
        status = 2
    except KeyboardInterrupt:
        sys.stderr.write("ufm: interrupted\n")
        status = 130
    sys.exit(status)


def _say(line: str) -> None:
    sys.stderr.write(f"ufm: {' '.join(line.split())}\n")


def _say_once() -> Callable[..., None]:
    """In place of `warnings.showwarning`: each warning is one line, and is said once."""
    said: set[str] = set()

    def show(message: Warning | str, *_: object) -> None:
        if str(message) not in said:
            said.add(str(message))
            _say(f"warning: {message}")

    return show


def _drop_output() -> None:
    """After a full disk or a closed pipe: let Python's own last flush not complain once more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _parse() -> Command:
    """The command that the arguments ask for, as its record; a bad argument becomes one line."""
    complaint = StringIO()
    try:
        with redirect_stderr(complaint):
            return tyro.extras.subcommand_cli_from_dict(
                {command.__name__.lower(): command for command in get_args(Command)},
                prog="ufm",
                description="Steering strength, claim by claim: checks the theory of arXiv:2602.02712.",
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
    raise BadInput(_out_of_its_box(complaint.getvalue()))


def _out_of_its_box(complaint: str) -> str:
    """What tyro complains of, as one line: without the box around it and the help of each option."""
    lines = [line.strip("│╭╮╰╯") for line in complaint.splitlines()[1:]]
    # a rule is between parts; the help of an option begins eight columns in from the edge
    kept = [line.strip(" ─") for line in lines if not line.startswith(" " * 9)]
    parts = [" ".join(part).strip() for is_text, part in groupby(kept, bool) if is_text]
    return "; ".join(part for part in parts if not part.startswith("Argument helptext"))

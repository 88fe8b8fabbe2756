"""The command line: `ufm verify` and its kin. Data on standard output, all else on standard error.

Exit status: 0 everything holds or is done, 1 a claim fails, 2 bad input (one line, no traceback), 130 stopped
by Ctrl-C, 141 the reader of standard output went away (`ufm … | head`).
"""

import os
import sys
import warnings
from collections.abc import Callable

from .commands.bad_input import BadInput
from .commands.certify import Certify
from .commands.compare import Compare
from .commands.explore import Explore
from .commands.falsify import Falsify
from .commands.figures import Figures
from .commands.judge import Judge
from .commands.laws import Laws
from .commands.llm import Llm
from .commands.out_of_memory import memory_shortage
from .commands.prompts import Prompts
from .commands.reproduce import Reproduce
from .commands.rules import check_rules
from .commands.strength import Strength
from .commands.toy import Toy
from .commands.vector import Vector
from .commands.verify import Verify
from .commands.version import Version
from .help import listed
from .parser import parse
from .printing.streams import open_streams

# Each command is a record of its options; called, it does the work and returns the exit status.
_COMMANDS = {
    title: {command.__name__.lower(): command for command in commands}
    for title, commands in {
        "the theory": (Verify, Certify, Falsify, Figures, Explore),
        "a language model": (
            Strength,
            Compare,
            Prompts,
            Vector,
            Llm,
            Laws,
            Reproduce,
            Judge,
            Toy,
        ),
        "this program": (Version,),
    }.items()
}
COMMANDS = {name: command for group in _COMMANDS.values() for name, command in group.items()}

_USAGE = """usage: ufm COMMAND [OPTIONS]

How far a language model can be steered, and what it costs: the theory of
arXiv:2602.02712, checked claim by claim, and put to use."""
_EXAMPLES = """examples:
  ufm verify thm-3.3        check one theorem of the paper
  ufm explore               play with the strength in the browser
  ufm strength smollm2 --positive joy --negative joy --text essays

ufm COMMAND --help shows the options of a command."""


def main() -> None:
    """Entry point of the `ufm` command."""
    try:
        if not open_streams():  # now, not after all the work
            raise BadInput("standard output is closed: send it to a file, or to /dev/null")
        with warnings.catch_warnings():
            warnings.showwarning = _say_once()
            command = parse(COMMANDS, _overview, sys.argv[1:])
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


def _overview() -> str:
    """What `ufm` alone prints."""
    groups = (listed(commands, title) for title, commands in _COMMANDS.items())
    return "\n\n".join([_USAGE, *groups, _EXAMPLES])

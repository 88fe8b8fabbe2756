"""What `--help` prints: usage, the options with their help, examples."""

import inspect
import re
import shutil
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import MISSING
from itertools import groupby
from typing import TYPE_CHECKING

import docstring_parser

from .commands.option import Option, options_of, parts_of

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from .commands.option import Commands

HELP = ("-h", "--help")
HELP_ALL = "--help-all"

_LEFT = 24  # columns of the options; their help is to the right


def command_help(command: "type[DataclassInstance]", called: str, is_whole: bool) -> str:
    """The help of one command; with its rare options only if `is_whole`."""
    parts = parts_of(command)
    text = docstring_parser.parse(inspect.getdoc(command) or "")
    options = [] if parts else list(options_of(command))
    places = ["COMMAND"] if parts else _places(options)
    blocks = [" ".join(["usage:", called, *places, *(["[OPTIONS]"] if parts or options else [])])]
    shown = [option for option in options if is_whole or not option.is_rare]
    paragraphs = [text.short_description or ""]
    if len(shown) == len(options):
        paragraphs += (text.long_description or "").split("\n\n")
    blocks += [textwrap.fill(paragraph, _width()) for paragraph in paragraphs if paragraph]
    if parts:
        blocks.append(listed(parts, "commands"))
    for title, members in groupby(sorted(shown, key=_rank), _title):
        blocks.append("\n".join([f"{title}:", *(_row(_left(o), _says(o)) for o in members)]))
    if lines := examples_of(command):
        blocks.append("examples:\n" + textwrap.indent(lines, "  "))
    if len(shown) < len(options):
        blocks.append(f"{called} {HELP_ALL} shows {len(options) - len(shown)} more options.")
    return "\n\n".join(blocks)


def examples_of(command: "type[DataclassInstance]") -> str:
    """The lines of the command's examples; docstring_parser takes the blanks from a second line."""
    written = inspect.getdoc(command) or ""
    found = re.search(r"^Examples:\n((?: +\S.*\n?)+)", written, re.MULTILINE)
    return textwrap.dedent(found[1]).rstrip() if found else ""


def listed(commands: "Commands", title: str) -> str:
    """The commands under a title, each with the first sentence of its help."""
    texts = {
        name: docstring_parser.parse(inspect.getdoc(command) or "").short_description or ""
        for name, command in commands.items()
    }
    return "\n".join([f"{title}:", *(_row(name, says, 13) for name, says in texts.items())])


def _width() -> int:
    """The terminal's columns, at most as many as are easily read."""
    return min(shutil.get_terminal_size().columns, 100)


def _row(left: str, right: str, column: int = _LEFT) -> str:
    """Two columns; where the left one is too long, the right one begins on the next line."""
    indent = " " * column
    lines = textwrap.wrap(right, _width(), initial_indent=indent, subsequent_indent=indent)
    start = f"  {left}"
    if len(start) > column - 2 or not lines:
        return "\n".join([start, *lines])
    return "\n".join([f"{start:<{column}}{lines[0][column:]}", *lines[1:]])


def _places(options: Iterable[Option]) -> Iterator[str]:
    for option in options:
        if option.is_positional:
            shown = f"{option.metavar} ..." if option.count == "*" else option.metavar
            yield shown if option.default is MISSING else f"[{shown}]"


def _left(option: Option) -> str:
    if option.is_positional:
        return option.metavar
    if option.kind is bool:
        return option.flag if option.default is False else f"{option.flag}, --no-{option.flag[2:]}"
    more = " ..." if option.count == "*" else ""
    repeats = 1 if option.count == "*" else option.count
    return " ".join([option.flag, *[option.metavar] * repeats]) + more


def _says(option: Option) -> str:
    default = option.default_as_typed
    return f"{option.says} (default: {default})" if default else option.says


def _rank(option: Option) -> tuple[bool, bool, bool]:
    """Arguments first, then what commands share, then the command's own, then the rare."""
    return not option.is_positional, option.is_rare, not option.group


def _title(option: Option) -> str:
    if option.is_positional:
        return "arguments"
    return "more options" if option.is_rare else option.group or "options"

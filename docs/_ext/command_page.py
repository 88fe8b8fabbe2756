"""The command-line reference: every command and option, from signatures, docstrings and `--help`.

The build fails on a command or an option without help, and on one that the help does not show.
"""

import inspect
from collections.abc import Iterator
from dataclasses import MISSING
from pathlib import Path

import docstring_parser
from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from ufm.app import main
from ufm.app.commands.option import Option, options_of, parts_of
from ufm.app.help import command_help, examples_of


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", lambda app: write_page(app, "commands", list(_page())))
    return {"parallel_read_safe": True}


def _page() -> Iterator[str]:
    yield "(commands)=\n# Commands\n"
    yield (
        "`ufm COMMAND --help-all` prints the same, and `--help` the options that matter first. Data go to "
        "standard output, progress and errors to standard error. Exit status: 0 where everything holds or "
        "is done, 1 where a claim fails (or "
        "as said below), 2 for bad input, which is answered in one line; 130 when interrupted.\n"
    )
    for command in main.COMMANDS.values():
        yield from _command(command)


def _command(command: type, above: str = "") -> Iterator[str]:
    name = f"{above}{command.__name__.lower()}"
    text = docstring_parser.parse(inspect.getdoc(command) or "")
    if not text.short_description:
        raise ExtensionError(f"ufm {name} has no help: write a docstring")
    shown = _letters(command_help(command, f"ufm {name}", is_whole=True))
    yield f"(command-{name.replace(' ', '-')})=\n## `ufm {name}`\n"
    yield f"{text.short_description}\n"
    if text.long_description:
        yield f"{text.long_description}\n"
    if examples := examples_of(command):
        yield f"```console\n{examples}\n```\n"
    parts = parts_of(command)
    if parts:
        for part in parts.values():
            yield from _command(part, f"{name} ")
        return
    rows = []
    for option in options_of(command):
        if not option.says:
            raise ExtensionError(f"ufm {name}: {option.name} has no help: add it under Args:")
        typed = option.metavar if option.is_positional else option.flag
        if typed not in shown or _letters(option.says) not in shown:
            raise ExtensionError(f"ufm {name} --help-all does not show {typed} with its help")
        rows.append(
            f"| {_typed(option)} | {_kind(option)} | {_default(option)} | {_cell(option.says)} |"
        )
    if rows:
        yield "| argument | takes | default | |\n| --- | --- | --- | --- |"
        yield from rows
        yield ""


def _letters(text: str) -> str:
    """The text without its blanks: the help breaks lines at them, and after hyphens."""
    return "".join(text.split())


def _typed(option: Option) -> str:
    if option.is_positional:
        needed = option.default is MISSING
        return f"`{option.metavar}`" if needed else f"`[{option.metavar}]`"
    flag = option.flag
    return f"`{flag}`, `--no-{flag[2:]}`" if option.default is True else f"`{flag}`"


def _kind(option: Option) -> str:
    """The type in a reader's words."""
    if option.choices:
        return " or ".join(f"`{choice}`" for choice in option.choices)
    words = {str: "text", int: "whole number", float: "number", Path: "path", bool: ""}
    one = words[option.kind]
    if option.count == "*":
        return f"{one}, any number"
    return one if option.count == 1 else f"{option.count} numbers"


def _default(option: Option) -> str:
    if option.default is MISSING:
        return "required"
    default = option.default_as_typed
    return default if default in ("", "yes") else f"`{default}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

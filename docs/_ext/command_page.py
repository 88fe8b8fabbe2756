"""The command-line reference: every command and option, from signatures, docstrings and `--help`.

The build fails on a command or an option without help, and on one that the help does not show.
"""

import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from dataclasses import is_dataclass
from io import StringIO
from types import NoneType, UnionType
from typing import Annotated, Literal, Union, get_args, get_origin, get_type_hints

import docstring_parser
import tyro
from pages import write_page
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from ufm.app import main


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", lambda app: write_page(app, "commands", list(_page())))
    return {"parallel_read_safe": True}


def _page() -> Iterator[str]:
    yield "(commands)=\n# Commands\n"
    yield (
        "`ufm COMMAND --help` prints the same. Data go to standard output, progress and errors "
        "to standard error. Exit status: 0 where everything holds or is done, 1 where a claim fails (or "
        "as said below), 2 for bad input, which is answered in one line; 130 when interrupted.\n"
    )
    for command in get_args(main.Command):
        yield from _command(command)


def _command(command: Callable[..., int], above: str = "") -> Iterator[str]:
    name = f"{above}{command.__name__.lower()}"
    text = docstring_parser.parse(inspect.getdoc(command) or "")
    if not text.short_description:
        raise ExtensionError(f"ufm {name} has no help: write a docstring")
    shown = _help(command, name)
    yield f"(command-{name.replace(' ', '-')})=\n## `ufm {name}`\n"
    yield f"{text.short_description}\n"
    if text.long_description:
        yield f"{text.long_description}\n"
    parts = _parts(command)
    if parts:
        for part in parts:
            yield from _command(part, f"{name} ")
        return
    rows = []
    for parameter, hint, says in _parameters(command):
        if not says:
            raise ExtensionError(f"ufm {name}: {parameter.name} has no help: add it under Args:")
        option = _option(parameter)
        is_flag = option.startswith("`--")
        if (is_flag and option.split("`")[1] not in shown) or says not in shown:
            raise ExtensionError(f"ufm {name} --help does not show {option} with its help")
        rows.append(f"| {option} | {_kind(hint)} | {_default(parameter)} | {_cell(says)} |")
    if rows:
        yield "| argument | takes | default | |\n| --- | --- | --- | --- |"
        yield from rows
        yield ""


def _parts(command: Callable[..., int]) -> list[Callable[..., int]]:
    """The commands below a command, such as `ufm vector show`."""
    hints = get_type_hints(command)
    return [part for hint in hints.values() for part in get_args(hint) if is_dataclass(part)]


def _parameters(of: Callable[..., object]) -> Iterator[tuple[inspect.Parameter, object, str]]:
    """Each parameter, its type and its help; a record of options that commands share is taken apart."""
    # a dataclass's own hints: those of its __init__ lack the annotations' extras
    hints = get_type_hints(of, include_extras=True)
    text = docstring_parser.parse(inspect.getdoc(of) or "")
    says = {p.arg_name: " ".join((p.description or "").split()) for p in text.params}
    for name, parameter in inspect.signature(of).parameters.items():
        hint, extras = hints[name], ()
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
        if is_dataclass(hint):
            yield from _parameters(hint)
            continue
        if tyro.conf.Positional in extras:
            parameter = parameter.replace(kind=inspect.Parameter.POSITIONAL_ONLY)
        yield parameter, hint, says.get(name, "")


def _help(command: Callable[..., int], name: str) -> str:
    """What `--help` prints, as one line without its boxes."""
    out = StringIO()
    with redirect_stdout(out), suppress(SystemExit):
        tyro.cli(command, prog=f"ufm {name}", args=["--help"])
    return " ".join(re.sub("[│╭╮╰╯─]", " ", out.getvalue()).split())


def _option(parameter: inspect.Parameter) -> str:
    flag = parameter.name.replace("_", "-")
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        is_needed = parameter.default is inspect.Parameter.empty
        return f"`{flag.upper()}`" if is_needed else f"`[{flag.upper()}]`"
    return f"`--{flag}`, `--no-{flag}`" if parameter.default is True else f"`--{flag}`"


def _kind(hint: object) -> str:
    """The type in a reader's words."""
    if isinstance(hint, UnionType) or get_origin(hint) is Union:  # of a Literal and None
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(hint))
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        return (
            f"{_kind(inner[0])}, any number" if inner[-1] is Ellipsis else f"{len(inner)} numbers"
        )
    words = {"str": "text", "int": "whole number", "float": "number", "Path": "path", "bool": ""}
    return words[hint.__name__]


def _default(parameter: inspect.Parameter) -> str:
    value = parameter.default
    if value is inspect.Parameter.empty:
        return "required"
    if isinstance(value, bool):
        return "yes" if value else ""
    if value is None or value == ():
        return ""
    return " ".join(f"`{v}`" for v in value) if isinstance(value, tuple) else f"`{value}`"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")

"""Reads the arguments of the command line into a command's record, or says in one line what is wrong."""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields
from functools import partial
from typing import TYPE_CHECKING, NoReturn

from ufm._names import did_you_mean

from .commands.bad_input import BadInput
from .commands.option import Option, filled, options_of, parts_of
from .help import HELP, HELP_ALL, command_help

if TYPE_CHECKING:
    from .commands.option import Command, Commands


def parse(
    commands: "Commands", overview: Callable[[], str], arguments: Sequence[str], above: str = "ufm"
) -> "Command":
    """The record of the command that the arguments name.

    Asked for help, or for nothing, it prints help and ends the process: `overview()`, or the command's own.
    """
    name, *rest = arguments or HELP
    if name in (*HELP, HELP_ALL):
        _print(overview())
    if name == "--version" and "version" in commands:
        name = "version"
    if name not in commands:
        is_option = name.startswith("-")
        what = f"option {name}" if is_option else f"command {name!r}"
        meant = did_you_mean(name, ["--help", "--version"] if is_option else commands)
        raise BadInput(f"{above} has no {what}{meant or '.'} See {above} --help")
    command, called = commands[name], f"{above} {name}"
    parts = parts_of(command)
    if parts:
        part = parse(parts, partial(command_help, command, called, True), rest, called)
        return filled(command, {fields(command)[0].name: part})
    options = _before_dashes(rest)
    if not {*HELP, HELP_ALL}.isdisjoint(options):
        _print(command_help(command, called, HELP_ALL in options))
    return filled(command, _values(list(options_of(command)), rest, called))


def _before_dashes(arguments: Sequence[str]) -> list[str]:
    """The arguments before `--`, after which nothing is an option."""
    arguments = list(arguments)
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _print(text: str) -> NoReturn:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    sys.exit(0)


def _values(options: list[Option], arguments: Sequence[str], called: str) -> dict[str, object]:
    """The values of the options that are given, by the options' names."""
    see = f"See {called} --help"
    flags = [flag for option in options for flag in _flags(option)]
    written = list(arguments)
    for place, argument in enumerate(_before_dashes(arguments)):
        name, is_set, value = argument.partition("=")
        if _is_negative_number(argument):
            # argparse takes -1e9 for an option, unless a space is before it
            written[place] = f" {argument}"
        elif argument.startswith("-") and argument != "-":
            name = name.replace("_", "-")
            if name not in flags:
                meant = did_you_mean(name, [*flags, "--help"])
                raise BadInput(f"{called} has no option {name}{meant or '.'} {see}")
            written[place] = f"{name}{is_set}{value}"
    try:
        given, rest = _parser(options).parse_known_intermixed_args(written)
    except argparse.ArgumentError as error:
        named = {o.metavar if o.is_positional else o.flag: o for o in options}
        typed = str(error.argument_name).partition("/")[0]  # --json/--no-json
        raise BadInput(f"{typed} {_complaint(named[typed], error)}. {see}") from None
    if rest:
        raise BadInput(f"{called} takes no further argument: {' '.join(rest)!r}. {see}")
    values: dict[str, object] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in vars(given).items()
        if value is not None
    }
    for option in options:
        if option.default is MISSING and not values.get(option.name):
            named = option.metavar if option.is_positional else option.flag
            raise BadInput(f"{called} needs {named}: {option.says} {see}")
    return values


def _complaint(option: Option, error: argparse.ArgumentError) -> str:
    if option.kind is bool:
        return "takes no value"
    if error.message.startswith("expected"):  # … one argument, or some other number
        return "needs a value" if option.count in (1, "*") else f"needs {option.count} values"
    return error.message


def _flags(option: Option) -> list[str]:
    if option.is_positional:
        return []
    return [option.flag, *([f"--no-{option.flag[2:]}"] if option.kind is bool else [])]


def _is_negative_number(text: str) -> bool:
    try:
        return text.startswith("-") and bool(float(text) or True)
    except ValueError:
        return False


def _parser(options: Sequence[Option]) -> argparse.ArgumentParser:
    """Matches arguments with options; what is not given is left out of its answer."""
    parser = argparse.ArgumentParser(
        add_help=False,
        allow_abbrev=False,
        exit_on_error=False,
        argument_default=argparse.SUPPRESS,
    )
    for option in options:
        if option.kind is bool:
            parser.add_argument(
                option.flag, dest=option.name, action=argparse.BooleanOptionalAction
            )
        elif option.is_positional:
            # a missing one becomes None, and the caller says so
            parser.add_argument(
                option.name,
                metavar=option.metavar,
                nargs="*" if option.count == "*" else "?",
                type=_converter(option),
                default=None,
            )
        else:
            nargs = None if option.count == 1 else option.count
            parser.add_argument(option.flag, dest=option.name, nargs=nargs, type=_converter(option))
    return parser


def _converter(option: Option) -> Callable[[str], object]:
    """Makes a value of the option's kind from its text."""
    wanted = {int: "a whole number", float: "a number"}.get(option.kind, "")

    def convert(text: str) -> object:
        if option.choices and text not in option.choices:
            *most, last = option.choices
            wrong = f"must be {', '.join(most)} or {last}"
            raise argparse.ArgumentTypeError(f"{wrong}; got {text!r}")
        try:
            return option.kind(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be {wanted}; got {text!r}") from None

    return convert

"""The options of a command, read from its record: their names, the values they take, their help."""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Literal,
    Protocol,
    TypeVar,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import docstring_parser

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    class Command(DataclassInstance, Protocol):
        """A record of options that does the work when it is called, and returns the exit status."""

        def __call__(self) -> int:
            """Do the work."""
            ...

    Commands = Mapping[str, type[Command]]
    Record = TypeVar("Record", bound=DataclassInstance)
Kind = type[str] | type[int] | type[float] | type[bool] | type[Path]

_METAVARS: dict[Kind, str] = {Path: "FILE", int: "NUMBER", float: "NUMBER", str: "NAME", bool: ""}


@dataclass(frozen=True)
class Metavar:
    """In an option's annotation: what help calls its value, where the type alone says too little."""

    name: str


@dataclass(frozen=True)
class Positional(Metavar):
    """In an annotation: the argument is given without a name, by its place."""


@dataclass(frozen=True)
class Rare:
    """In an option's annotation: `--help-all` shows it, `--help` does not."""


@dataclass(frozen=True)
class Option:
    """One option of a command.

    - `name`: that of the field. `says`: its help. `default`: `MISSING` where it must be given.
    - `group`: what help writes above it; empty for the command's own.
    - `kind`, `choices`: the type of one value, and the values it may have, if they are few.
    - `count`: how many values it takes: a number, or "*" for any.
    """

    name: str
    says: str
    default: object
    group: str
    kind: Kind
    choices: tuple[str, ...]
    count: int | Literal["*"]
    metavar: str
    is_positional: bool
    is_rare: bool

    @property
    def flag(self) -> str:
        """What is typed: `--text-tokens`."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def default_as_typed(self) -> str:
        """The default as one would type it, such as `0.05 0.1`; empty where there is none, or it is no."""
        if isinstance(self.default, bool):
            return "yes" if self.default else ""
        if self.default is MISSING or self.default is None:
            return ""
        values = self.default if isinstance(self.default, tuple) else (self.default,)
        return " ".join(
            f"{value:g}" if isinstance(value, float) else str(value) for value in values
        )


def options_of(command: "type[DataclassInstance]", group: str = "") -> Iterator[Option]:
    """Every option of the record; those of a record inside it form a group."""
    hints = get_type_hints(command, include_extras=True)
    text = docstring_parser.parse(inspect.getdoc(command) or "")
    says = {p.arg_name: " ".join((p.description or "").split()) for p in text.params}
    for field in fields(command):
        hint, extras = hints[field.name], ()
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
        if isinstance(hint, type) and is_dataclass(hint):
            yield from options_of(hint, says[field.name])
            continue
        kind, choices, count = _values(hint)
        called = [extra for extra in extras if isinstance(extra, Metavar)]
        yield Option(
            name=field.name,
            says=says.get(field.name, ""),
            default=field.default,
            group=group,
            kind=kind,
            choices=choices,
            count=count,
            metavar=called[0].name if called else "|".join(choices) or _METAVARS[kind],
            is_positional=any(isinstance(extra, Positional) for extra in extras),
            is_rare=any(isinstance(extra, Rare) for extra in extras),
        )


def parts_of(command: "type[DataclassInstance]") -> "Commands":
    """The commands below a command, by name, such as show and convert of `ufm vector`."""
    hints = get_type_hints(command).values()
    parts = [part for hint in hints for part in get_args(hint) if isinstance(part, type)]
    return {
        part.__name__.lower(): cast("type[Command]", part) for part in parts if is_dataclass(part)
    }


def filled(command: "type[Record]", given: Mapping[str, object]) -> "Record":
    """The record with the values `given`, by name of the field, those of records inside it too."""
    hints = get_type_hints(command)
    values = {}
    for field in fields(command):
        inner = hints[field.name]
        if isinstance(inner, type) and is_dataclass(inner):
            values[field.name] = filled(inner, given)
        elif field.name in given:
            values[field.name] = given[field.name]
    return command(**values)


def _values(hint: object) -> tuple[Kind, tuple[str, ...], int | Literal["*"]]:
    """Kind, choices and number of the values that a type says."""
    if isinstance(hint, UnionType) or get_origin(hint) is Union:  # the latter: a Literal and None
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if get_origin(hint) is Literal:
        return str, get_args(hint), 1
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        return inner[0], (), "*" if inner[-1] is Ellipsis else len(inner)
    for kind in _METAVARS:
        if hint is kind:
            return kind, (), 1
    raise TypeError(f"no option can be of type {hint}")

"""What the value of an option must be: a rule is written once, in the option's annotation."""

import math
import os
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, get_type_hints

from ufm._files import already_there
from ufm._names import did_you_mean
from ufm._random import LARGEST_SEED

from .bad_input import BadInput
from .option import Positional

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True)
class Rule:
    """`complaint(value)`: what is wrong with a value of the option, or None."""

    complaint: Callable[..., str | None]


def check_rules(options: "DataclassInstance") -> None:
    """Raise `BadInput` for the first option that breaks a rule in its annotation; None breaks none."""
    annotations = get_type_hints(type(options), include_extras=True)
    for field in fields(options):
        value = getattr(options, field.name)
        if is_dataclass(value) and not isinstance(value, type):
            check_rules(value)
        rules = getattr(annotations[field.name], "__metadata__", ())
        for rule in rules if value is not None else ():
            complaint = rule.complaint(value) if isinstance(rule, Rule) else None
            if complaint is not None:
                place = [extra.name for extra in rules if isinstance(extra, Positional)]
                named = f"{place[0]}:" if place else f"--{field.name.replace('_', '-')}"
                raise BadInput(f"{named} {complaint}")


def number(is_good: Callable[[float], bool], wanted: str) -> Rule:
    """A number that `is_good`, which the message says in the words `wanted`."""
    return Rule(lambda value: None if is_good(value) else f"must be {wanted}; got {value}")


def at_least(least: int, most: int = 2**31 - 1) -> Rule:
    """A whole number from `least` to `most`: without the latter, a size that an array may have."""

    def complaint(value: int) -> str | None:
        if least <= value <= most:
            return None
        bound = f"at least {least}" if value < least else f"at most {most}"
        return f"must be {bound}; got {value}"

    return Rule(complaint)


SEED = at_least(0, LARGEST_SEED)
POSITIVE = number(lambda value: 0 < value < math.inf, "positive and finite")
NOT_NEGATIVE = number(lambda value: 0 <= value < math.inf, "at least 0 and finite")


def existing(*examples: str) -> Rule:
    """A file that exists; a single word is answered with the nearest of the `examples` of ufm, or all."""

    def complaint(path: Path) -> str | None:
        if path.is_file():
            return None
        if path.is_dir():
            return f"{path} is a folder, not a file"
        is_word = path.name == str(path) and not path.suffix
        known = ""
        if examples and is_word:
            known = did_you_mean(path.name, examples) or f"; ufm comes with {', '.join(examples)}"
        return f"{path} does not exist{known}"

    return Rule(complaint)


def _new(path: Path) -> str | None:
    if path.absolute().parent.is_dir() and not path.is_dir():
        return None
    return f"{path} is no place for a file: name a file in a folder that exists"


def _absent(path: Path) -> str | None:
    return _new(path) or (already_there(path) if path.exists() else None)


def _folder(path: Path) -> str | None:
    # unlike Path.exists, os.path.exists does not raise on a name that is too long
    is_file = os.path.exists(path) and not path.is_dir()
    return f"{path} is a file: name a folder, or one that is to be made" if is_file else None


EXISTING_FILE, NEW_FILE, FOLDER = existing(), Rule(_new), Rule(_folder)
ABSENT_FILE = Rule(_absent)  # a file that must not be there yet

"""Fields of a certificate, read with their exact types: anything else is refused in one line."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
else:  # checkers of types at run time know no recursive alias
    JSON = object


# What to do about a certificate of an older version, or one that is not as certificates are written.
ANEW = "make the certificate anew with `ufm certify FILE --out`"


class Refused(ValueError):
    """The certificate does not prove what it says: one line that says where."""


@contextmanager
def refusing_other_formats() -> Generator[None]:
    """Raise `Refused` for whatever a record of another format breaks."""
    try:
        yield
    except Refused:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise Refused(f"the record is not of the format of a certificate ({reason})") from None


def require(condition: bool, reason: str) -> None:
    """Raise `Refused` unless the condition holds."""
    if not condition:
        raise Refused(reason)


def same(value: JSON, expected: JSON) -> bool:
    """Whether two values are the same JSON: true is not 1, as it is to Python."""
    return json.dumps(value, sort_keys=True) == json.dumps(expected, sort_keys=True)


def shown(value: JSON) -> str:
    """A value as JSON, cut to what an error line holds."""
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:56]} ..."


class Interval(NamedTuple):
    """The real numbers from `low` to `high`."""

    low: Fraction
    high: Fraction


def mapping(value: JSON, where: str) -> dict[str, JSON]:
    """A JSON object."""
    if isinstance(value, dict):
        return value
    raise Refused(f"{where} is {shown(value)}, not a JSON object")


def record(value: JSON, keys: Sequence[str], where: str) -> dict[str, JSON]:
    """A JSON object with these keys, in any order, and no others."""
    found = mapping(value, where)
    given = f"{where} needs the keys {', '.join(keys)}; it has {', '.join(found) or 'none'}"
    require(set(found) == set(keys), given)
    return found


def items(value: JSON, where: str) -> Sequence[JSON]:
    """A list."""
    if isinstance(value, list | tuple):
        return value
    raise Refused(f"{where} is {shown(value)}, not a list")


def whole(value: JSON, where: str) -> int:
    """A whole number from 0 to 999,999; true and false are none."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**6:
        return value
    raise Refused(f"{where} is not a whole number from 0 below a million: {shown(value)}")


def wholes(value: JSON, where: str) -> list[int]:
    """A list of whole numbers from 0."""
    return [whole(item, where) for item in items(value, where)]


def groups(value: JSON, count: int, where: str) -> list[list[int]]:
    """A partition of 0, …, count - 1 into groups, none of which is empty."""
    found = [wholes(group, where) for group in items(value, where)]
    every = sorted(number for group in found for number in group)
    is_partition = every == list(range(count)) and all(found)
    require(is_partition, f"{where} is not a partition of 0, ..., {count - 1} into groups")
    return found


def rational(value: JSON, where: str, longest: int = 4999) -> Fraction:
    """A fraction in lowest terms, as text of so many characters at most; nothing else."""
    if not isinstance(value, str) or len(value) > longest:
        raise Refused(f'{where} is {shown(value)}, not an exact fraction such as "3/5"')
    digits = value.removeprefix("-")
    over, slash, under = digits.partition("/")
    is_plain = all(part.isascii() and part.isdigit() for part in (over, under if slash else over))
    is_fraction = is_plain and int(under or 1) > 0
    require(
        is_fraction, f"{where} = {value[:40]!r} is not an exact fraction in lowest terms; {ANEW}"
    )
    found = Fraction(value)
    require(str(found) == value, f"{where} = {value[:40]!r} is not in lowest terms; {ANEW}")
    return found


def interval(value: JSON, where: str) -> Interval:
    """Two exact fractions, the first no larger than the second."""
    ends = items(value, where)
    require(len(ends) == 2, f"{where} has {len(ends)} ends; an interval has two")
    found = Interval(rational(ends[0], where), rational(ends[1], where))
    require(found.low <= found.high, f"{where} is turned around")
    return found


def refuse_floats(value: JSON, where: str) -> None:
    """Refuse rounded numbers, however deep they lie."""
    require(not isinstance(value, float), f"{where} holds the rounded number {value}")
    if isinstance(value, dict):
        for key, item in value.items():
            refuse_floats(item, key)
    elif isinstance(value, list | tuple):
        for item in value:
            refuse_floats(item, where)


def require_witness(name: str, witness: JSON, right: dict[str, JSON]) -> None:
    """Raise `Refused` unless the witness of a claim is the right one."""
    is_right = same(witness, right)
    require(is_right, f"{name}: the witness is {shown(right)}, not {shown(witness)}")

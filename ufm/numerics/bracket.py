"""An interval that is known to hold a root, a peak or a strength."""

from fractions import Fraction
from typing import TypeVar

Number = TypeVar("Number", float, Fraction)
Value = TypeVar("Value")


class Bracket(tuple[Value, Value]):
    """`low` <= x <= `high`, in the unit of x; an x at infinity has both ends there.

    The ends are floats or fractions, or arrays of them: then there is one interval an entry. It is a
    named pair (`typing.NamedTuple` can't be generic where the run-time type checker looks).

    >>> from ufm.numerics.bracket import Bracket
    >>> low, high = Bracket(1.0, 1.5)
    >>> print(low, Bracket(1.0, 1.5).width, Bracket(1.0, 1.5).middle)
    1.0 0.5 1.25
    """

    __slots__ = ()
    _fields = ("low", "high")  # by which JAX knows a named tuple, and maps over its entries

    def __new__(cls, low: Value, high: Value) -> "Bracket[Value]":
        """The interval from `low` to `high`."""
        return super().__new__(cls, (low, high))

    @property
    def low(self) -> Value:
        """The lower end."""
        return self[0]

    @property
    def high(self) -> Value:
        """The upper end."""
        return self[1]

    @property
    def width(self: "Bracket[Number]") -> Number:
        """`high` - `low`; 0 where both are the same infinity."""
        return self.high - self.low if self.low != self.high else type(self.low)(0)

    @property
    def middle(self: "Bracket[Number]") -> Number:
        """The midpoint."""
        return self.low + (self.high - self.low) / 2

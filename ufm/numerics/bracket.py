"""An interval that is known to hold a root, a peak or a strength."""

from fractions import Fraction
from typing import Generic, NamedTuple, TypeVar

Number = TypeVar("Number", float, Fraction)


class Bracket(NamedTuple, Generic[Number]):
    """`low` <= x <= `high`, in the unit of x; an x at infinity has both ends there.

    >>> from ufm.numerics.bracket import Bracket
    >>> print(Bracket(1.0, 1.5).width, Bracket(1.0, 1.5).middle)
    0.5 1.25
    """

    low: Number
    high: Number

    @property
    def width(self) -> Number:
        """`high` - `low`; 0 where both are the same infinity."""
        return self.high - self.low if self.low != self.high else type(self.low)(0)

    @property
    def middle(self) -> Number:
        """The midpoint."""
        return self.low + (self.high - self.low) / 2

"""The spending near α = 0 as a parabola."""

import math
from typing import NamedTuple


class Parabola(NamedTuple):
    """`value` + `slope` α + ½ `curvature` α²: a spending near α = 0, by its exact derivatives there.

    >>> from ufm.llm.strength.parabola import Parabola
    >>> print(Parabola(0.0, 1.0, 2.0)(0.5), Parabola(0.0, 1.0, 2.0).crossing(0.75))
    0.75 0.5
    """

    value: float
    slope: float
    curvature: float

    def __call__(self, alpha: float) -> float:
        """The parabola at α."""
        return self.value + self.slope * alpha + 0.5 * self.curvature * alpha**2

    def crossing(self, level: float) -> float:
        """Where it first reaches `level`: for α > 0 if the level is higher than the value, else for α < 0.

        NaN if it never does.
        """
        sign = -1.0 if self.value > level else 1.0
        # sign (parabola(sign a) - level) = c + b a + q a², with c <= 0
        c, b, q = sign * (self.value - level), self.slope, 0.5 * sign * self.curvature
        inside = b * b - 4 * q * c
        if inside < 0 or b + math.sqrt(inside) <= 0:
            return math.nan
        return sign * -2 * c / (b + math.sqrt(inside))

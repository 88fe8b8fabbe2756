"""Where a model came from, and what was done to its weights."""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Where a model came from: its name, its revision on the Hub, a digest of its files.

    `rounding`: the types to which quantisation rounded the weights, such as "Q4_1, Q8_0", or None.
    """

    name: str
    revision: str | None = None
    fingerprint: str = ""
    rounding: str | None = None

    @property
    def caveat(self) -> str | None:
        """A sentence for wherever the model's numbers are shown, if its weights were rounded."""
        if self.rounding is None:
            return None
        bits = re.search(r"\d", self.rounding)
        return (
            f"the published weights rounded to {bits.group() if bits else 'few'} bits (GGUF types "
            f"{self.rounding}): these are the numbers of the rounded model"
        )

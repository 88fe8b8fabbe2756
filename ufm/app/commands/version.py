"""`ufm version`."""

import sys
from dataclasses import dataclass

from ufm import __version__


@dataclass(frozen=True)
class Version:
    """Print the version of ufm."""

    def __call__(self) -> int:
        """Print it."""
        sys.stdout.write(f"{__version__}\n")
        return 0

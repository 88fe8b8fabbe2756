"""JSON on standard output."""

import json
import sys
from typing import Any


def print_json(data: Any) -> None:
    """Print data as JSON on standard output."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1) + "\n")
    sys.stdout.flush()

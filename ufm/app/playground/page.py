"""Where the playground is."""

from pathlib import Path

PAGE = Path(__file__).parent / "index.html"

"""The playground: one HTML file, built from docs/playground, that needs neither server nor network."""

from pathlib import Path

PAGE = Path(__file__).parent / "index.html"

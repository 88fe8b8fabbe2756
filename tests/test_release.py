"""What a tag needs: one version, in one place, with its own part of the changelog."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def test_the_changelog_begins_with_what_is_not_released_and_then_this_version():
    headings = re.findall(r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[:2] == ["Unreleased", VERSION]
    assert len(headings) == len(set(headings))


def test_no_other_file_states_the_version():
    for name in ("CITATION.cff", "README.md", "docs/conf.py", "paper.md", "Dockerfile"):
        assert VERSION not in (ROOT / name).read_text(), name

"""What a page was built from and with, in its footer: version, commit and tools."""

import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[2]
TOOLS = ("jax", "sympy", "matplotlib", "marimo", "sphinx")


def setup(app: Sphinx) -> dict[str, bool]:
    stamp = build_stamp(ROOT)
    app.connect(
        "html-page-context",
        lambda app, page, template, context, tree: context.update(build_stamp=stamp),
    )
    return {"parallel_read_safe": True}


def build_stamp(root: Path) -> str:
    """One line about the tree at `root` and the tools that are installed."""
    tools = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in TOOLS)]
    coq = _said(["coqc", "--print-version"]) if shutil.which("coqc") else None
    tools.append(f"Coq {coq.split()[0]}" if coq else "no Coq")
    return f"ufm {version('ufm')}, {commit(root)}. Built with {', '.join(tools)}."


def commit(root: Path) -> str:
    """The commit of the tree at `root`, and whether files differ from it; a copy of a tree knows none."""
    git = ["git", "-C", str(root)]
    top = _said([*git, "rev-parse", "--show-toplevel"]) if shutil.which("git") else None
    if (
        top is None or Path(top).resolve() != root.resolve()
    ):  # it may lie in the repository of another
        return "no commit known"
    changed = _said([*git, "status", "--porcelain", "--untracked-files=no"])
    return f"commit {_said([*git, 'rev-parse', '--short=12', 'HEAD'])}{', changed since' if changed else ''}"


def _said(command: list[str]) -> str | None:
    """What a command prints; None where it fails."""
    run = subprocess.run(command, capture_output=True, text=True)
    return None if run.returncode else run.stdout.strip()

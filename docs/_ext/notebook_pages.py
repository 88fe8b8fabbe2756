"""The notebooks with their outputs, exported by marimo and made to work without a network.

An export is kept under docs/_generated/notebooks and made anew when the notebook or the code that it
shows has changed. The build fails where a notebook does, assertions included.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import marimo
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

ROOT = Path(__file__).parents[2]
NOTEBOOKS = ("tour", "statements", "what_the_paper_says", "choosing_a_strength")
NOTEBOOKS += ("from_language_model",)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", _export_all)
    app.connect("build-finished", _copy)
    return {"parallel_read_safe": True}


def load_notebook(name: str) -> ModuleType:
    """The notebook as a module, without running its cells."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "notebooks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def unless_stamped(stamp: Path, digest: str, make: Callable[[], None]) -> None:
    """Make something anew, unless the stamp says that it was made from what has this digest."""
    if not stamp.exists() or stamp.read_text() != digest:
        stamp.unlink(missing_ok=True)
        make()
        stamp.write_text(digest)


def _folder(app: Sphinx) -> Path:
    return Path(app.srcdir, "_generated", "notebooks")


def _export_all(app: Sphinx) -> None:
    folder = _folder(app)
    folder.mkdir(parents=True, exist_ok=True)
    for name in NOTEBOOKS:
        page = folder / f"{name}.html"
        unless_stamped(folder / f"{name}.stamp", digest_of(name), partial(_export, name, page))


def digest_of(name: str) -> str:
    """A digest of the notebook, both packages and marimo's version."""
    digest = hashlib.sha256(marimo.__version__.encode())
    code = sorted([*ROOT.glob("ufm/**/*.py"), *ROOT.glob("theorems/**/*.py")])
    for file in (ROOT / "notebooks" / f"{name}.py", Path(__file__), *code):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _export(name: str, page: Path) -> None:
    command = [sys.executable, "-m", "marimo", "export", "html", f"notebooks/{name}.py"]
    command += ["--force", "--output", str(page)]
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths)}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if run.returncode:
        raise ExtensionError(f"notebooks/{name}.py: {run.stdout}{run.stderr}")
    text = page.read_text(encoding="utf-8")
    # marimo's own front end lies in its package, the same files as on the network
    local, count = re.subn(
        r"https://[^\"'\s]*/@marimo-team/frontend@[^/]+/dist", "../_static/marimo", text
    )
    if not count:
        raise ExtensionError(f"notebooks/{name}.py: marimo {marimo.__version__} exports otherwise")
    page.write_text(local, encoding="utf-8")


def _copy(app: Sphinx, error: Exception | None) -> None:
    if error is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, "notebooks")
    target.mkdir(exist_ok=True)
    for name in NOTEBOOKS:
        shutil.copyfile(_folder(app) / f"{name}.html", target / f"{name}.html")
    shipped = Path(marimo.__file__).parent / "_static"
    shutil.copytree(
        shipped / "assets", Path(app.outdir, "_static/marimo/assets"), dirs_exist_ok=True
    )
    for file in ("favicon.ico", "apple-touch-icon.png", "manifest.json"):
        shutil.copyfile(shipped / file, Path(app.outdir, "_static/marimo", file))

"""`ufm figures`: the paper's figures and ours, as PNG and SVG."""

import os
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from ufm._progress import bar_on

from ..printing.json_output import print_json
from .bad_input import BadInput


def figures(
    names: tyro.conf.Positional[tuple[str, ...]] = (),
    /,
    out: Path = Path("figures"),
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Draw the figures of arXiv:2602.02712 and those it lacks, each as PNG and SVG.

    Args:
        names: Names of figures, such as fig-3 or sweet-spot; all if none.
        out: Folder to write them to; made if it is not there.
        json: Print name, title, source, caption and files of each as JSON, in place of the paths.
    """
    if os.path.exists(out) and not out.is_dir():  # Path.exists raises on a name that is too long
        raise BadInput(f"--out {out} is a file: name a folder")
    errors = Console(stderr=True)
    with errors.status("starting JAX …"):
        import jax

        jax.config.update("jax_enable_x64", True)
        from ufm import plots

    chosen = _choose(plots.GALLERY, names)
    records = []
    with bar_on(errors) as bar:
        task = bar.add_task("drawing", total=len(chosen))
        for picture in chosen:
            bar.update(task, description=picture.name)
            try:
                written = [str(path) for path in plots.write_pictures([picture], out)]
            except OSError as error:
                raise BadInput(f"--out {out} cannot be written: {error}") from error
            records.append({**picture.as_json(), "files": written})
            bar.advance(task)
    if json:
        print_json(records)
    else:
        print("\n".join(path for record in records for path in record["files"]))
    return 0


def _choose(every: tuple[Any, ...], wanted: tuple[str, ...]) -> list[Any]:
    """The figures named, in the gallery's order."""
    known = [picture.name for picture in every]
    for name in wanted:
        if name not in known:
            raise BadInput(f"there is no figure {name!r}; the figures are {', '.join(known)}")
    return [picture for picture in every if not wanted or picture.name in wanted]

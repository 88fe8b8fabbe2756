"""Writes what came of the experiments: reproduce.json, figures, one page; each file whole or not at all."""

from pathlib import Path

import matplotlib

from ufm._files import delete_half_written, write_json, write_whole
from ufm._progress import Progress, silent

from ..report.figures import STYLE, as_bytes
from .make import Reproduction
from .page import page


def write_reproduction(
    reproduction: Reproduction, directory: str | Path, progress: Progress = silent
) -> list[Path]:
    """Write reproduce.json, index.html and figures/*.png and *.svg; the paths, reproduce.json first."""
    folder = Path(directory)
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    delete_half_written(folder, figures)
    pictures, written = {}, []
    experiments = reproduction.plan.experiments
    for k, each in enumerate(experiments):
        progress(k, len(experiments), "figures")
        with matplotlib.rc_context(STYLE):
            figure = each.draw(reproduction.laboratory)
        for kind in ("png", "svg"):
            data = as_bytes(figure, kind)
            written.append(figures / f"{each.name}.{kind}")
            write_whole(written[-1], data)
            if kind == "png":
                pictures[each.name] = data
    html, record = folder / "index.html", folder / "reproduce.json"
    write_whole(html, page(reproduction, pictures).encode())
    # last, so that a folder with this file holds all the others
    write_json(record, reproduction.as_json())
    return [record, html, *written]

"""Writes a report: report.json, figures, one page, a recording; each file whole or not at all."""

from pathlib import Path

from ufm._files import write_json, write_whole

from .figures import as_bytes, draw_figures
from .page import page
from .recording import recording
from .request import Report


def write_report(report: Report, directory: str | Path) -> list[Path]:
    """Write report.json, index.html, recording.json and figures/*.png and *.svg; the paths, report first.

    recording.json is what the playground opens (`ufm explore`, "Real model").
    """
    folder = Path(directory)
    figures = folder / "figures"
    figures.mkdir(parents=True, exist_ok=True)
    pictures, written = {}, []
    for name, figure in draw_figures(report).items():
        for kind in ("png", "svg"):
            data = as_bytes(figure, kind)
            written.append(figures / f"{name}.{kind}")
            write_whole(written[-1], data)
            if kind == "png":
                pictures[name] = data
    html, record = folder / "index.html", folder / "report.json"
    write_whole(html, page(report, pictures).encode())
    recorded = folder / "recording.json"
    write_json(recorded, recording(report))
    # last, so that a folder with this file holds all the others
    write_json(record, report.as_json())
    return [record, html, recorded, *written]

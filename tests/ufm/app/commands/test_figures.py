"""`ufm figures`: what it writes and prints, the same bytes every time, and what it refuses."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import matplotlib
import pytest

from tests.ufm.app.test_main import run
from ufm import plots

matplotlib.use("Agg")
NAMES = [picture.name for picture in plots.GALLERY]
SOME = ["fig-2", "fig-4", "two-humps"]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Path:
    """All figures, written once."""
    folder = tmp_path_factory.mktemp("figures")
    plots.write_pictures(plots.GALLERY, folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_every_figure_is_written_as_png_and_svg(written):
    assert set(contents(written)) == {f"{n}.{kind}" for n in NAMES for kind in ("png", "svg")}
    for name, data in contents(written).items():
        if name.endswith("png"):
            assert data.startswith(b"\x89PNG")
            assert b"tEXt" not in data  # no Software, no date
        else:
            root = ET.fromstring(data)
            assert root.tag.endswith("svg")
            assert b"<dc:date>" not in data
            assert matplotlib.__version__.encode() not in data


def test_the_same_bytes_in_another_process_with_other_settings(written, tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 20\nlines.linewidth: 5\nsavefig.dpi: 37\n")
    settings = {"MATPLOTLIBRC": str(tmp_path), "PYTHONHASHSEED": "1", "MPLBACKEND": "svg"}
    code = "import sys; sys.argv = ['ufm', *sys.argv[1:]]; from ufm.app.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "figures", *SOME, "--out", "deep/folder"],
        env={**os.environ, **settings, "PYTHONPATH": str(Path(__file__).parents[4])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = [f"{name}.{kind}" for name in SOME for kind in ("png", "svg")]
    names += ["captions.md"]
    assert done.stdout.splitlines() == [f"deep/folder/{name}" for name in names]
    again, first = contents(tmp_path / "deep" / "folder"), contents(written)
    assert set(again) == set(names)
    assert [name for name in first if name in again and again[name] != first[name]] == []
    captions = again["captions.md"].decode()
    assert [line[3:] for line in captions.splitlines() if line.startswith("## ")] == [
        picture.title for picture in plots.GALLERY if picture.name in SOME
    ]
    chosen = [picture for picture in plots.GALLERY if picture.name in SOME]
    assert all(f"\n{picture.caption} ({picture.source})\n" in captions for picture in chosen)


def test_figures_are_replaced_and_nothing_else_is_left(monkeypatch, capsys, tmp_path, written):
    (tmp_path / "fig-2.png").write_text("an old one")
    (tmp_path / "mine.txt").write_text("kept")
    status, out, err = run(
        monkeypatch, capsys, "figures", "fig-2", "--json", "--out", str(tmp_path)
    )
    assert (status, err) == (0, "")
    (record,) = json.loads(out)
    assert set(record) == {"name", "title", "source", "caption", "files"}
    assert record["files"] == [str(tmp_path / "fig-2.png"), str(tmp_path / "fig-2.svg")]
    found = contents(tmp_path)
    assert set(found) == {"fig-2.png", "fig-2.svg", "captions.md", "mine.txt"}
    assert found["fig-2.png"] == (written / "fig-2.png").read_bytes()


@pytest.fixture
def place(tmp_path) -> Path:
    (tmp_path / "file").write_text("")
    (tmp_path / "taken" / "fig-2.svg").mkdir(parents=True)
    return tmp_path


BAD = {
    "unknown figure": (["9"], "there is no figure '9'; there are fig-2, fig-3"),
    "one of two unknown": (["fig-2", "Fig-3"], "there is no figure 'Fig-3'"),
    "a figure that is nearly named": (["fig3"], "there is no figure 'fig3'; did you mean fig-3"),
    "empty name": ([""], "there is no figure ''"),
    "file in place of the folder": (["fig-2", "--out", "{}/file"], "is a file: name a folder"),
    "folder under a file": (["fig-2", "--out", "{}/file/sub"], "cannot be written"),
    "folder that cannot be made": (["fig-2", "--out", "/proc/figures"], "cannot be written"),
    "too long a name": (["fig-2", "--out", "{}/" + "x" * 300], "cannot be written"),
    "folder in place of a file": (["fig-2", "--out", "{}/taken"], "cannot be written"),
    "no folder named": (["--out"], "--out"),
    "unknown option": (["--format", "pdf"], "format"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys, place, case):
    arguments, message = BAD[case]
    monkeypatch.chdir(place)
    status, out, err = run(
        monkeypatch, capsys, "figures", *(a.replace("{}", str(place)) for a in arguments)
    )
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("ufm: ")
    assert len(err.splitlines()) == 1
    assert not list(place.rglob(".*"))  # no half-written file
    assert not (place / "figures").exists()


def test_a_failed_write_keeps_the_old_figure(monkeypatch, tmp_path):
    (tmp_path / "fig-2.png").write_text("an old one")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        plots.write_pictures(plots.GALLERY[:1], tmp_path)
    assert contents(tmp_path) == {"fig-2.png": b"an old one"}

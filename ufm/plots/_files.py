"""Pictures as files: PNG and SVG, the same bytes every time, whole or not at all."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from .._files import write_whole
from ._picture import Picture, gallery_style

# What would tell one run from another: the date, and matplotlib's version.
FORMATS: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


def picture_paths(picture: Picture, folder: Path) -> list[Path]:
    """The files that `write_pictures` writes for a picture: NAME.png and NAME.svg in `folder`."""
    return [folder / f"{picture.name}.{kind}" for kind in FORMATS]


def write_pictures(pictures: Iterable[Picture], folder: Path) -> list[Path]:
    """Write NAME.png and NAME.svg for each picture into `folder`, which is made; their paths.

    A file appears whole or not at all, and an older one is replaced. Its bytes depend on
    the picture and on the versions of matplotlib and JAX alone. Raises `OSError` where the
    folder cannot be made or written.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from ufm import plots
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     files = plots.write_pictures(plots.GALLERY[:1], Path(folder))
    ...     print(*(file.name for file in files))
    fig-2.png fig-2.svg
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for picture in pictures:
        figure, paths = picture.draw(), picture_paths(picture, folder)
        for path, (kind, metadata) in zip(paths, FORMATS.items(), strict=True):
            buffer = BytesIO()
            with gallery_style():
                figure.savefig(buffer, format=kind, metadata=metadata)
            write_whole(path, buffer.getvalue())
        written += paths
    return written

"""Pictures as files: PNG and SVG, the same bytes every time, whole or not at all."""

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import cast

import numpy as np
from matplotlib.image import imread, imsave

from .._files import write_whole
from ._picture import Picture, gallery_style

# What would tell one run from another: the date, and matplotlib's version.
FORMATS: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}
# On a dark page lightness is turned round and hues are kept, by the filters that browsers have.
_DARK_FILTER = "invert(0.93) hue-rotate(180deg)"
_INVERT = 0.93
_TURN_HUES = np.array(  # hue-rotate(180deg) of the Filter Effects Module, on (red, green, blue)
    [[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]]
)


def picture_paths(picture: Picture, folder: Path, *, is_dark: bool = False) -> list[Path]:
    """The files that `write_pictures` writes for a picture: NAME.png and NAME.svg in `folder`."""
    return [folder / f"{picture.name}{'-dark' * is_dark}.{kind}" for kind in FORMATS]


def write_pictures(
    pictures: Iterable[Picture], folder: Path, *, is_dark: bool = False
) -> list[Path]:
    """Write NAME.png and NAME.svg for each picture into `folder`, which is made; their paths.

    With `is_dark` they are NAME-dark.png and NAME-dark.svg, for dark pages: lightness is turned
    round (white becomes (1 - 0.93) of white), hues are kept.

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
        figure, paths = picture.draw(), picture_paths(picture, folder, is_dark=is_dark)
        for path, (kind, metadata) in zip(paths, FORMATS.items(), strict=True):
            buffer = BytesIO()
            with gallery_style():
                figure.savefig(buffer, format=kind, metadata=metadata)
            drawn = buffer.getvalue()
            write_whole(path, _DARKEN[kind](drawn) if is_dark else drawn)
        written += paths
    return written


def _dark_png(drawn: bytes) -> bytes:
    pixels = imread(BytesIO(drawn), format="png")[..., :3]
    turned = (_INVERT + (1 - 2 * _INVERT) * pixels) @ _TURN_HUES.T
    buffer = BytesIO()
    # matplotlib's types say str; None leaves the entry out
    metadata = cast(dict[str, str], FORMATS["png"])
    imsave(buffer, np.clip(turned, 0.0, 1.0), format="png", metadata=metadata)
    return buffer.getvalue()


def _dark_svg(drawn: bytes) -> bytes:
    return drawn.replace(b"<svg ", f'<svg style="filter: {_DARK_FILTER}" '.encode(), 1)


_DARKEN = {"png": _dark_png, "svg": _dark_svg}

"""`ufm figures`: the paper's figures and ours, as PNG and SVG."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console

from ufm._files import write_whole
from ufm._names import no_such
from ufm._progress import progress_bar

from ..printing.json_output import print_json
from .bad_input import BadInput, as_bad_input
from .option import Metavar, Positional
from .rules import FOLDER
from .start import starting_jax

if TYPE_CHECKING:
    from ufm.plots import Picture


@dataclass(frozen=True)
class Figures:
    """Draw figures after those of arXiv:2602.02712, and others, with a page of captions.

    Examples:
        ufm figures fig-3 --out pictures

    Args:
        names: Names of figures, such as fig-3 or sweet-spot; all if none.
        out: Folder to write them to, each as PNG and SVG; made if it is not there.
        dark: Draw for dark pages: NAME-dark.png and NAME-dark.svg.
        json: Print name, title, source, caption and files of each as JSON, in place of the paths.
    """

    names: Annotated[tuple[str, ...], Positional("NAME")] = ()
    out: Annotated[Path, FOLDER, Metavar("FOLDER")] = Path("figures")
    dark: bool = False
    json: bool = False

    def __call__(self) -> int:
        """Write the figures and print their paths."""
        errors = Console(stderr=True)
        with starting_jax(errors):
            from ufm import plots
        gallery = {picture.name: picture for picture in plots.GALLERY}
        for name in self.names:
            if name not in gallery:
                raise BadInput(no_such("figure", name, gallery))
        chosen = [gallery[name] for name in gallery if name in (self.names or gallery)]
        records = []
        with (
            progress_bar("drawing", errors) as show,
            as_bad_input((OSError,), about=f"--out {self.out} cannot be written"),
        ):
            for done, picture in enumerate(chosen):
                show(done, len(chosen), picture.name)
                files = [
                    str(path)
                    for path in plots.write_pictures([picture], self.out, is_dark=self.dark)
                ]
                records.append({**picture.as_json(), "files": files})
            captions = _write_captions(plots.GALLERY, self.out, self.dark)
        if self.json:
            print_json(records)
        else:
            sys.stdout.writelines(f"{path}\n" for record in records for path in record["files"])
            print(captions)
        return 0


def _write_captions(gallery: "Iterable[Picture]", folder: Path, is_dark: bool) -> Path:
    """What each picture in the folder shows, and of which dataset, as one page beside them."""
    from ufm.plots import picture_paths

    path = folder / f"captions{'-dark' * is_dark}.md"
    parts = [
        f"## {picture.title}\n\n![]({png.name})\n\n{picture.caption} ({picture.source})\n"
        for picture in gallery
        if (png := picture_paths(picture, folder, is_dark=is_dark)[0]).is_file()
    ]
    write_whole(path, "\n".join(["# Figures\n", *parts]).encode())
    return path

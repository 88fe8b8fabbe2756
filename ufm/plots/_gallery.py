"""The figures that `ufm figures` writes: the paper's, and those of what goes beyond it."""

from ._front_figure import FRONT
from ._own_figures import OWN
from ._paper_figures import PAPER
from ._picture import Picture

GALLERY: tuple[Picture, ...] = (*PAPER, *OWN, *FRONT)

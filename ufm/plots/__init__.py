"""Pictures of steering: the paper's figures, and others.

Import it by name (`from ufm import plots`): `import ufm` alone does not load matplotlib. Each
function draws into the `Axes` it is given, or into a new figure, and returns the `Axes`; none shows
or saves. What shows token, concept or context z carries a gid such as "curve z", "peak z" or
"limit z" ("limit z left" as α → -∞), by which it can be found and restyled. Colours are Okabe and
Ito's, which colour-blind readers tell apart; no two curves differ by colour alone where dashes can.

`GALLERY` holds the figures that `ufm figures` writes, each a `Picture`; `write_pictures` writes
them, the same bytes every time.
"""

from ._bound_figures import BOUNDS, SEQUENCE, SIDE_EFFECT, TWO_VECTORS
from ._ceiling import mass_against_cost
from ._concepts import concept_across_contexts, concept_curves
from ._cross_entropy import cross_entropy_bounds, cross_entropy_curve
from ._estimates import estimated_cost
from ._files import picture_paths, write_pictures
from ._finding_figures import TWO_HUMPS, VANISHING
from ._front_figure import FRONT
from ._laws import next_token_bars
from ._paper_figures import PAPER
from ._picture import Picture
from ._price import cost_against_mass
from ._separable_figures import SEPARABLE, TANH
from ._sequences import sequence_curve
from ._side_effects import side_effects
from ._strength_figures import CEILING, ESTIMATED, PEAK_MAP, PRICE, SWEET_SPOT
from ._tokens import token_curves
from ._two_vectors import two_vectors
from ._windows import peak_map, sweet_spot_windows
from .style import PALETTE, new_axes

# In the order in which the pages show them.
GALLERY: tuple[Picture, ...] = (
    *PAPER,
    SWEET_SPOT,
    BOUNDS,
    PEAK_MAP,
    VANISHING,
    TWO_HUMPS,
    TANH,
    SEPARABLE,
    PRICE,
    CEILING,
    ESTIMATED,
    SIDE_EFFECT,
    SEQUENCE,
    TWO_VECTORS,
    *FRONT,
)

__all__ = [
    "GALLERY",
    "PALETTE",
    "Picture",
    "concept_across_contexts",
    "concept_curves",
    "cost_against_mass",
    "cross_entropy_bounds",
    "cross_entropy_curve",
    "estimated_cost",
    "mass_against_cost",
    "new_axes",
    "next_token_bars",
    "peak_map",
    "picture_paths",
    "sequence_curve",
    "side_effects",
    "sweet_spot_windows",
    "token_curves",
    "two_vectors",
    "write_pictures",
]

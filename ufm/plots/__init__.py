"""Pictures of steering: the paper's figures, and those it lacks.

Import it by name (`from ufm import plots`): `import ufm` alone does not load matplotlib. Each
function draws into the `Axes` it is given, or into a new figure, and returns the `Axes`; none shows
or saves. What stands for token, concept or context z carries a gid such as "curve z", "peak z" or
"limit z" ("limit z left" as α → -∞), by which it can be found and restyled. Colours are Okabe and
Ito's, which colour-blind readers tell apart; no two curves differ by colour alone where dashes can.

`GALLERY` holds the figures that `ufm figures` writes, each a `Picture`; `write_pictures` writes
them, the same bytes every time.
"""

from ._concepts import concept_across_contexts as concept_across_contexts
from ._concepts import concept_curves as concept_curves
from ._cross_entropy import cross_entropy_bounds as cross_entropy_bounds
from ._cross_entropy import cross_entropy_curve as cross_entropy_curve
from ._files import picture_paths as picture_paths
from ._files import write_pictures as write_pictures
from ._gallery import GALLERY as GALLERY
from ._laws import next_token_bars as next_token_bars
from ._picture import Picture as Picture
from ._price import cost_against_mass as cost_against_mass
from ._style import PALETTE as PALETTE
from ._style import new_axes as new_axes
from ._tokens import token_curves as token_curves
from ._windows import peak_map as peak_map
from ._windows import sweet_spot_windows as sweet_spot_windows

__all__ = [
    "GALLERY",
    "PALETTE",
    "Picture",
    "concept_across_contexts",
    "concept_curves",
    "cost_against_mass",
    "cross_entropy_bounds",
    "cross_entropy_curve",
    "new_axes",
    "next_token_bars",
    "peak_map",
    "picture_paths",
    "sweet_spot_windows",
    "token_curves",
    "write_pictures",
]

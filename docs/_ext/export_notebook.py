"""marimo's command line, with every picture in two shapes: as it is drawn, and narrow, for a phone.

Run by `notebook_pages`, in a process of its own, as `python docs/_ext/export_notebook.py export html …`.
"""

import base64
import json

from marimo._cli.cli import main
from marimo._output import mpl
from matplotlib.backend_bases import FigureCanvasBase
from narrow_figure import narrowed, png_of

_RENDERER = "_render_figure_mimebundle"  # by which marimo makes a picture of a figure
_as_drawn = getattr(mpl, _RENDERER)


def _in_two_shapes(canvas: FigureCanvasBase) -> tuple[str, str]:
    """What marimo's front end is given for a figure, and with it the narrow picture."""
    kind, bundle = _as_drawn(canvas)
    narrow = base64.b64encode(png_of(narrowed(canvas.figure))).decode()
    shapes = json.loads(bundle) | {"narrow": f"data:image/png;base64,{narrow}"}
    return kind, json.dumps(shapes)


# Also where this file is imported by the process that runs the notebook.
setattr(mpl, _RENDERER, _in_two_shapes)
if __name__ == "__main__":
    main()

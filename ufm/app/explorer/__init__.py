"""The explorer: every claim's verdict on an instance of yours, in the browser. `ufm explore --verdicts`.

The notebook holds the controls alone; what is worked out from them is here, in plain functions: a choice
(also as the query of a link) → an exact instance → verdicts, HTML and JSON. Like the command line this
package is a front end, and sees both `ufm` and `theorems`.

>>> import jax; jax.config.update("jax_enable_x64", True)
>>> from ufm.app import explorer
>>> choice, complaints = explorer.from_query({"broken": "separation"})
>>> rows = explorer.judgement(choice).rows()
>>> print(next(row.lost["separation"] for row in rows if "separation" in row.lost))
δ = -0.693147
"""

from ..frame import HEAD as HEAD
from ._choice import BREAKS as BREAKS
from ._choice import HOW_BROKEN as HOW_BROKEN
from ._choice import SEEDS as SEEDS
from ._choice import SOURCES as SOURCES
from ._choice import Choice as Choice
from ._choice import from_query as from_query
from ._choice import to_query as to_query
from ._page import about as about
from ._page import as_json as as_json
from ._page import breaking as breaking
from ._page import page as page
from ._page import row as row
from ._page import source as source
from ._record import json_text as json_text
from ._record import read_record as read_record
from ._record import record_of as record_of
from ._record import table_text as table_text
from ._scene import Scene as Scene
from ._scene import build as build
from ._verdicts import FALSE as FALSE
from ._verdicts import Judgement as Judgement
from ._verdicts import Row as Row
from ._verdicts import judgement as judgement

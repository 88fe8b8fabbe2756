"""The explorer: a toy regime of steering in the browser. `ufm explore`, or `notebooks/explore.py`.

The notebook holds sliders and layout alone; what is worked out from them is here, in plain
functions: settings (also as the query of a link) → an exact instance → pictures, verdicts and JSON.
Like the command line this package is a front end, and sees both `ufm` and `theorems`.

>>> import jax; jax.config.update("jax_enable_x64", True)
>>> from ufm.app import explorer
>>> settings, complaints = explorer.from_query({"concepts": "4", "epsilon": "0.1"})
>>> scene = explorer.build(settings)
>>> print(scene.instance.log_probs.shape, f"{scene.choice.alpha:.4f}")
(8, 12) 0.5449
"""

from ._pictures import concept_picture as concept_picture
from ._pictures import cost_picture as cost_picture
from ._pictures import reading as reading
from ._pictures import token_picture as token_picture
from ._pictures import window_picture as window_picture
from ._record import json_text as json_text
from ._scene import Scene as Scene
from ._scene import build as build
from ._settings import BREAKS as BREAKS
from ._settings import CHOICES as CHOICES
from ._settings import LAWS as LAWS
from ._settings import SETS as SETS
from ._settings import Settings as Settings
from ._settings import from_query as from_query
from ._settings import picks as picks
from ._settings import to_query as to_query
from ._style import STYLE as STYLE
from ._tables import tables as tables
from ._verdicts import Row as Row
from ._verdicts import judge as judge
from ._verdicts import verdict_table as verdict_table
from ._views import controls as controls
from ._views import titled as titled
from ._views import views as views
from ._warm import pending as pending
from ._warm import trains as trains
from ._warm import warm_up as warm_up

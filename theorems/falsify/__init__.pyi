from ._map import MAP as MAP
from ._search import Falsification as Falsification
from ._search import falsify as falsify

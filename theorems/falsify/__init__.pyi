from .map import MAP as MAP
from .search import Falsification as Falsification
from .search import falsify as falsify

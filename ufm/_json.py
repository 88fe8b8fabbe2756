"""Data as JSON can hold it."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    JSON: TypeAlias = "bool | int | float | str | Sequence[JSON] | Mapping[str, JSON] | None"
else:  # checkers of types at run time know no recursive alias
    JSON = object


def finite_or_null(value: object) -> Any:  # entries of arrays are of any type
    """`value` for JSON, which knows neither NaN nor ∞: numbers that are not finite become None.

    Arrays and tuples become lists, numbers of an array plain ones, keys texts; so to any depth.

    >>> import numpy as np
    >>> from ufm._json import finite_or_null
    >>> print(finite_or_null({"alpha": np.float64("inf"), "curve": np.array([1.5, np.nan])}))
    {'alpha': None, 'curve': [1.5, None]}
    """
    as_list = getattr(value, "tolist", None)
    if as_list is not None:  # an array of numpy or JAX, or one number of it
        value = as_list()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite_or_null(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite_or_null(entry) for entry in value]
    return value

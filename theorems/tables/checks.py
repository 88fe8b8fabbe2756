"""The checks of a next-token table: each returns its field as an array, or says what is wrong."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

SUM_TOLERANCE = 1e-6  # a file's decimals are rounded: sums this close to one are made exact
_LAYOUTS = {1: "a list with one entry each", 2: "one row per context and one column per token"}


def numbers(field: str, raw: object, ndim: int) -> np.ndarray:
    """`raw` as a numeric array of `ndim` axes, none of them empty."""
    if ndim == 2 and isinstance(raw, Sequence):
        for j, row in enumerate(raw):
            if not isinstance(row, Sequence | np.ndarray) or len(row) != len(raw[0]):
                size = len(row) if hasattr(row, "__len__") else repr(row)
                raise ValueError(f"{field}: row {j} has size {size}; give rows of one size")
    try:
        array = np.asarray(raw)
    except ValueError:
        raise ValueError(f"{field}: the lists are nested unevenly; give {ndim} even axes") from None
    if array.ndim != ndim or array.size == 0:
        raise ValueError(f"{field}: has shape {list(array.shape)}; give {_LAYOUTS[ndim]}")
    if array.dtype.kind not in "iuf":
        for index, value in np.ndenumerate(np.asarray(raw, dtype=object)):
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ValueError(f"{field}: entry {list(index)} is {value!r}; give a number")
        raise ValueError(f"{field}: holds an integer of more than 64 bits; give a smaller one")
    return array


def _vector(field: str, raw: object, count: int) -> np.ndarray:
    array = numbers(field, raw, 1)
    if len(array) != count:
        raise ValueError(f"{field}: {len(array)} entries; next_token_probs asks for {count}")
    return array


def labels(field: str, raw: object, count: int) -> tuple[str, ...]:
    """Names without repeats, one for each of `count`; "0", "1", … where `raw` is None."""
    if raw is None:
        return tuple(str(i) for i in range(count))
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise ValueError(f"{field}: {raw!r} is not a list; give a list of {count} names")
    if len(raw) != count:
        raise ValueError(f"{field}: {len(raw)} names; next_token_probs asks for {count}")
    first: dict[str, int] = {}
    for i, name in enumerate(raw):
        if not isinstance(name, str) or not name:
            raise ValueError(f"{field}: name {i} is {name!r}; give a text that is not empty")
        if first.setdefault(name, i) != i:
            raise ValueError(
                f"{field}: {name!r} is a duplicate, at {first[name]} and {i}; keep one of them"
            )
    return tuple(raw)


def laws(
    array: np.ndarray, contexts: tuple[str, ...], tokens: tuple[str, ...]
) -> Float[np.ndarray, "contexts vocab"]:
    """Rows of p(z|c_j): finite, positive, normalised."""
    probs = array.astype(np.float64)
    for j, z in np.argwhere(~(np.isfinite(probs) & (probs > 0)))[:1]:
        remedy = "give a probability"
        if probs[j, z] == 0:
            remedy = "log-odds need p > 0: smooth the counts, for example add 1/2 to each"
        raise ValueError(
            f"next_token_probs: context {j} ({contexts[j]!r}), token {z} ({tokens[z]!r}) "
            f"is {probs[j, z]}; {remedy}"
        )
    total = probs.sum(axis=1)
    for j in np.flatnonzero(np.abs(total - 1) > SUM_TOLERANCE)[:1]:
        raise ValueError(
            f"next_token_probs: context {j} ({contexts[j]!r}) sums to {total[j]:.9g}; "
            "divide the row by its sum"
        )
    return probs / total[:, None]


def weights(raw: object, contexts: tuple[str, ...]) -> Float[np.ndarray, " contexts"]:
    """Context weights π_j: finite, positive, normalised; all the same where `raw` is None."""
    if raw is None:
        return np.full(len(contexts), 1 / len(contexts))
    weights = _vector("context_weights", raw, len(contexts)).astype(np.float64)
    for j in np.flatnonzero(~(np.isfinite(weights) & (weights > 0)))[:1]:
        raise ValueError(
            f"context_weights: context {j} ({contexts[j]!r}) has weight {weights[j]}; "
            "give a share above 0, or leave the context out"
        )
    total = weights.sum()
    if abs(total - 1) > SUM_TOLERANCE:
        raise ValueError(f"context_weights: they sum to {total:.9g}; divide them by their sum")
    return weights / total


def concepts(field: str, raw: object, names: tuple[str, ...]) -> Int[np.ndarray, " names"]:
    """Concept numbers, one per name."""
    array = _vector(field, raw, len(names))
    whole = (array >= 0) & (array < 2**31) & (array == np.floor(array))
    for i in np.flatnonzero(~whole)[:1]:
        raise ValueError(
            f"{field}: entry {i} ({names[i]!r}) is {array[i]}; give a concept number 0, 1, …"
        )
    return array.astype(np.int64)


def numbering(
    token_concept: np.ndarray, context_concept: np.ndarray, contexts: tuple[str, ...]
) -> None:
    """Concepts are numbered without gaps, and a context's concept has tokens."""
    numbers = np.unique(token_concept)
    for gap in np.setdiff1d(np.arange(max(2, len(numbers))), numbers)[:1]:
        raise ValueError(
            f"token_concept: no token has concept {gap}; number two or more concepts 0, 1, …"
        )
    for j in np.flatnonzero(context_concept >= len(numbers))[:1]:
        raise ValueError(
            f"context_concept: context {j} ({contexts[j]!r}) has concept {context_concept[j]}, "
            f"which no token has; use 0 to {len(numbers) - 1}"
        )


def context_set(field: str, raw: object, contexts: tuple[str, ...]) -> tuple[int, ...]:
    """The indices of P or N: not empty, in range, without repeats."""
    if isinstance(raw, Sequence) and not raw:
        raise ValueError(f"{field}: is empty; give the index of one context or more")
    array = numbers(field, raw, 1)
    inside = (array >= 0) & (array < len(contexts)) & (array == np.floor(array))
    for index in array[~inside][:1]:
        raise ValueError(
            f"{field}: {index} is not the index of a context; use 0 to {len(contexts) - 1}"
        )
    values, counts = np.unique(array, return_counts=True)
    for index in values[counts > 1][:1]:
        raise ValueError(
            f"{field}: context {index} is given more than once; give each context once"
        )
    return tuple(int(index) for index in array)


def target(
    raw: object, token_concept: np.ndarray, positive_concepts: np.ndarray
) -> Bool[np.ndarray, " vocab"]:
    """T as a mask: from a mask, a concept's number, or the one concept of the positive contexts."""
    if raw is None:
        shared = sorted(set(positive_concepts.tolist()))
        if len(shared) > 1:
            raise ValueError(
                f"target: missing, and the positive contexts have concepts {shared}; name one"
            )
        raw = shared[0]
    if isinstance(raw, int | np.integer) and not isinstance(raw, bool):
        if raw not in token_concept:
            raise ValueError(f"target: no token has concept {raw}; use 0 to {token_concept.max()}")
        return token_concept == raw
    mask = np.asarray(raw, dtype=object)
    if mask.shape != token_concept.shape or not all(isinstance(flag, bool) for flag in mask):
        raise ValueError(
            f"target: {str(raw)[:60]!r} is neither a concept's number nor true or false for each "
            f"of {len(token_concept)} tokens; give one of the two"
        )
    if mask.all() or not mask.any():
        raise ValueError(f"target: holds {mask.sum()} of {len(mask)} tokens; name some, not all")
    return mask.astype(bool)

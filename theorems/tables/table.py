"""A next-token table of the user's own, checked field by field."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from . import checks as check


@dataclass(frozen=True, eq=False)
class Table:
    """A checked next-token table: m contexts, V tokens, G >= 2 concepts numbered 0, 1, …

    - `next_token_probs` [m, V]: p(z|c_j) > 0; rows sum to one.
    - `token_concept` [V], `context_concept` [m]: the concept of each token and of each context.
    - `context_weights` [m]: π_j > 0; they sum to one. All are 1/m where none were given.
    - `positive`, `negative`: the contexts P and N of the steering vector, disjoint, not empty.
    - `target` [V]: the target concept T as a mask, neither empty nor full.
    - `tokens`, `contexts`: names without repeats; "0", "1", … where none were given.
    - `about`: where the numbers come from, in words; may be empty.
    - `is_weighted`: whether weights were given; no field of a file.

    Made by `read_table` and `table_from_fields`, which check all of this.
    """

    next_token_probs: Float[np.ndarray, "contexts vocab"]
    token_concept: Int[np.ndarray, " vocab"]
    context_concept: Int[np.ndarray, " contexts"]
    context_weights: Float[np.ndarray, " contexts"]
    positive: tuple[int, ...]
    negative: tuple[int, ...]
    target: Bool[np.ndarray, " vocab"]
    tokens: tuple[str, ...]
    contexts: tuple[str, ...]
    about: str = ""
    is_weighted: bool = True


OPTIONAL = ("context_weights", "target", "tokens", "contexts", "about")  # may be left out of a file
FIELDS = tuple(f.name for f in dataclasses.fields(Table) if f.name != "is_weighted")
_REQUIRED = tuple(name for name in FIELDS if name not in OPTIONAL)


def table_from_fields(fields: Mapping[str, object]) -> Table:
    """Check the raw fields of a table (see `read_table`): numbers in lists or numpy arrays.

    Sums within 1e-6 of one are made exact. Raises `ValueError` with the field, the first offending
    entry, its value and the remedy.

    >>> table_from_fields({"next_token_probs": [[1.0]]})
    Traceback (most recent call last):
    ValueError: token_concept: missing; give each of next_token_probs, token_concept, ...
    """
    for name in fields:
        if name not in FIELDS:
            raise ValueError(f"{name}: unknown field; use {', '.join(FIELDS)}")
    for name in _REQUIRED:
        if name not in fields:
            raise ValueError(f"{name}: missing; give each of {', '.join(_REQUIRED)}")
    array = check.numbers("next_token_probs", fields["next_token_probs"], 2)
    contexts = check.labels("contexts", fields.get("contexts"), array.shape[0])
    tokens = check.labels("tokens", fields.get("tokens"), array.shape[1])
    probs = check.laws(array, contexts, tokens)
    token_concept = check.concepts("token_concept", fields["token_concept"], tokens)
    context_concept = check.concepts("context_concept", fields["context_concept"], contexts)
    check.numbering(token_concept, context_concept, contexts)
    positive = check.context_set("positive", fields["positive"], contexts)
    negative = check.context_set("negative", fields["negative"], contexts)
    for j in sorted(set(positive) & set(negative)):
        raise ValueError(f"negative: context {j} ({contexts[j]!r}) is positive too; keep it in one")
    about = fields.get("about", "")
    if not isinstance(about, str):
        raise ValueError(
            f"about: {about!r} is not a text; say in words where the numbers come from"
        )
    return Table(
        next_token_probs=probs,
        token_concept=token_concept,
        context_concept=context_concept,
        context_weights=check.weights(fields.get("context_weights"), contexts),
        positive=positive,
        negative=negative,
        target=check.target(fields.get("target"), token_concept, context_concept[list(positive)]),
        tokens=tokens,
        contexts=contexts,
        about=about,
        is_weighted=fields.get("context_weights") is not None,
    )

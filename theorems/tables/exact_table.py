"""A next-token table of decimals as an exact record."""

from fractions import Fraction

import numpy as np

from ufm._json import JSON

from .table import Table


def exact_record(table: Table) -> dict[str, JSON]:
    """The record that `read_exact` takes: the target's too, which a table may leave to its concepts.

    Decimals stay as they are, but for the largest of each row, which makes it sum to one. Weights that were
    not given are left out: `read_exact` takes them as equal, exactly.

    >>> from theorems.tables.exact_table import exact_record
    >>> from theorems.tables.table import table_from_fields
    >>> fields = {"token_concept": [0, 1, 1], "context_concept": [0, 1], "context_weights": [0.5, 0.5]}
    >>> fields |= {"next_token_probs": [[0.8, 0.1, 0.1], [0.25, 0.25, 0.5]]}
    >>> record = exact_record(table_from_fields(fields | {"positive": [0], "negative": [1]}))
    >>> print(record["next_token_probs"][0], record["target"])
    ['4/5', '1/10', '1/10'] [True, False, False]
    """
    weights = {"context_weights": _exact(table.context_weights)} if table.is_weighted else {}
    return {
        "next_token_probs": [_exact(row) for row in table.next_token_probs],
        "target": table.target.tolist(),
        "token_concept": table.token_concept.tolist(),
        "contexts": table.context_concept.tolist(),
        **weights,
        "positive": list(table.positive),
        "negative": list(table.negative),
    }


def _exact(row: np.ndarray) -> list[JSON]:
    shares = [Fraction(repr(p)) for p in row.tolist()]
    shares[int(row.argmax())] += 1 - sum(shares)
    return [str(p) for p in shares]

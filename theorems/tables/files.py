"""Next-token tables in files: read and written."""

import os
from pathlib import Path

from .formats import read_fields, write_fields
from .table import Table, table_from_fields


def read_table(path: str | os.PathLike[str]) -> Table:
    r"""Read a next-token table from a .json, .npz or .csv file.

    JSON is one object, .npz one array a key (no pickles); the keys are the fields of `Table`, of
    which `context_weights`, `target`, `tokens`, `contexts` and `about` may be left out. Without weights
    all contexts have the same. `target` is a concept's number or one true/false per token; left out, it
    is the concept that all positive contexts share.

    CSV has a header `context,concept,weight,set,<token>,<token>,…`, a row `concept,,,,0,0,1,1` with
    each token's concept, if wanted a row `target,,,,1,1,0,0`, then one row per context: its name,
    concept, weight (in every row or in none), `positive`, `negative` or `-`, and probabilities.

    Raises `ValueError`, in one line, with the file, the field, the first offending entry, its value
    and the remedy.

    >>> import pathlib, tempfile
    >>> text = "context,concept,weight,set,A,a\nconcept,,,,0,1\n"
    >>> text += "A,0,0.5,positive,0.75,0.25\na,1,0.5,negative,0.125,0.875\n"
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "case.csv")
    ...     _ = file.write_text(text)
    ...     table = read_table(file)
    >>> print(table.next_token_probs[1], table.target)
    [0.125 0.875] [ True False]
    """
    file = Path(path)
    try:
        return table_from_fields(read_fields(file))
    except FileNotFoundError:
        raise ValueError(
            f"{file}: no such file; give the path of a .json, .npz or .csv table"
        ) from None
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}; name a file that can be read") from None
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None


def write_table(path: str | os.PathLike[str], table: Table) -> None:
    """Write `table` as .json, .npz or .csv, so that `read_table` gives it back (CSV: no `about`).

    The file appears whole or not at all. Raises `ValueError` on another suffix and `OSError` if the
    file cannot be written.

    >>> import pathlib, tempfile
    >>> table = table_from_fields({
    ...     "next_token_probs": [[0.75, 0.25], [0.125, 0.875]], "context_weights": [0.5, 0.5],
    ...     "token_concept": [0, 1], "context_concept": [0, 1], "positive": [0], "negative": [1],
    ... })
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_table(pathlib.Path(folder, "case.npz"), table)
    ...     print(read_table(pathlib.Path(folder, "case.npz")).context_weights)
    [0.5 0.5]
    """
    write_fields(Path(path), table)

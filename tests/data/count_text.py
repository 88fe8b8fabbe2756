"""Count a next-token table from the English text that ships with CPython.

The text is that of `pydoc_data.topics` (what `help("topics")` shows). Tokens are letters; a pair is
two letters that stand side by side in a word. The two concepts are letter cases: upper case, the
target, and lower case. The 12 most frequent letters of each case are the vocabulary, the 8 most
frequent of each are contexts, and of these the first 6 are positive (upper) and negative (lower);
the other contexts are steered too, but have no part in the steering vector. Pairs that end outside
the vocabulary are left out, and 1/2 is added to each count.

    python tests/data/count_text.py TABLE        TABLE ends in .json, .npz or .csv

The text changes from one Python release to the next, so the tests use the table that is kept beside
this file: letter_case.json, counted by Python 3.11.7.
"""

import argparse
import platform
import re
from collections import Counter
from itertools import pairwise
from pydoc_data.topics import topics

import numpy as np

from theorems.table import Table, table_from_fields, write_table

TOKENS_PER_CASE, CONTEXTS_PER_CASE, STEERING_CONTEXTS = 12, 8, 6
ADDED_COUNT = 0.5


def count_table(text: str, about: str = "") -> Table:
    """The table of `text`: p(next letter | letter), weights the share of the pairs counted."""
    words = re.findall(r"[A-Za-z]+", text)
    frequency = Counter("".join(words))
    pairs = Counter(pair for word in words for pair in pairwise(word))
    by_frequency = sorted(frequency, key=lambda letter: (-frequency[letter], letter))
    cases = [list(filter(str.isupper, by_frequency)), list(filter(str.islower, by_frequency))]
    tokens = [letter for case in cases for letter in case[:TOKENS_PER_CASE]]
    contexts = [letter for case in cases for letter in case[:CONTEXTS_PER_CASE]]
    counts = np.array([[pairs[first, then] for then in tokens] for first in contexts])
    smoothed = counts + ADDED_COUNT
    return table_from_fields(
        {
            "about": about,
            "next_token_probs": smoothed / smoothed.sum(axis=1, keepdims=True),
            "token_concept": [int(letter.islower()) for letter in tokens],
            "context_concept": [int(letter.islower()) for letter in contexts],
            "context_weights": counts.sum(axis=1) / counts.sum(),
            "positive": list(range(STEERING_CONTEXTS)),
            "negative": list(range(CONTEXTS_PER_CASE, CONTEXTS_PER_CASE + STEERING_CONTEXTS)),
            "target": 0,
            "tokens": tokens,
            "contexts": contexts,
        }
    )


def main() -> None:
    """Count the table and write it to the file named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", help="file to write: .json, .npz or .csv")
    about = (
        f"Adjacent letters in pydoc_data.topics of Python {platform.python_version()}, concepts by "
        f"letter case, {ADDED_COUNT} added to each count; by tests/data/count_text.py"
    )
    text = "\n".join(topics[name] for name in sorted(topics))
    write_table(parser.parse_args().table, count_table(text, about))


if __name__ == "__main__":
    main()

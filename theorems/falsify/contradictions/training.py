"""Contradictions of Assumption 2: embeddings of a width below the rank of the centred log-probabilities."""

from itertools import combinations

from ...certificates._balls import ball
from ..steered import Steered
from .contradiction import Contradiction


def too_narrow(s: Steered) -> Contradiction | None:
    """A two by two minor of centred log P that is not 0: d = 1 cannot train to these laws."""
    centred = []
    for row in s.logs:
        mean = sum(row, ball(0)) / len(row)
        centred.append([q - mean for q in row])
    for i, j in combinations(range(len(centred)), 2):
        for y, z in combinations(range(len(centred[0])), 2):
            minor = centred[i][y] * centred[j][z] - centred[i][z] * centred[j][y]
            if minor > 0 or minor < 0:
                text = (
                    "d = 1 reaches the entropy; here log P less its means has rank 2 or more, by the "
                    f"minor of contexts {i}, {j} and tokens {y}, {z}"
                )
                return Contradiction(text, (("minor", minor),))
    return None

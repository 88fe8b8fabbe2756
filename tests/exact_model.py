"""A 50-digit model of a record of exact rationals, sharing nothing with the library.

To be used under `mpmath.workdps(50)`.
"""

from fractions import Fraction

import mpmath as mp


class Exact:
    """Laws and log-odds of a record of exact rationals."""

    def __init__(self, record):
        self.rows = rows(record)
        self.log_p = [[mp.log(q.numerator) - mp.log(q.denominator) for q in r] for r in self.rows]
        means = [
            [mp.fsum(self.log_p[j][z] for j in indices) / len(indices) for z in self.tokens]
            for indices in (record["positive"], record["negative"])
        ]
        self.odds = [p - n for p, n in zip(*means, strict=True)]
        self.concept = record["token_concept"]
        self.context_concept = record["contexts"]

    @property
    def tokens(self):
        return range(len(self.rows[0]))

    def law(self, j, alpha):
        terms = [mp.exp(self.log_p[j][z] + alpha * self.odds[z]) for z in self.tokens]
        total = mp.fsum(terms)
        return [t / total for t in terms]

    def growth(self, j, alpha):
        """K_j(α)."""
        return mp.log(mp.fsum(mp.exp(self.log_p[j][z] + alpha * self.odds[z]) for z in self.tokens))

    def mean(self, j, alpha):
        return mp.fsum(p * m for p, m in zip(self.law(j, alpha), self.odds, strict=True))

    def mass(self, j, alpha, concept):
        return mp.fsum(
            p for p, k in zip(self.law(j, alpha), self.concept, strict=True) if k == concept
        )

    def peak(self, j, z):
        """α(j,z) by bisection of the increasing E_α[M] - M(z)."""
        lower, upper = mp.mpf(-100), mp.mpf(100)
        assert self.mean(j, lower) < self.odds[z] < self.mean(j, upper)
        for _ in range(170):
            middle = (lower + upper) / 2
            if self.mean(j, middle) < self.odds[z]:
                lower = middle
            else:
                upper = middle
        return (lower + upper) / 2

    def extremes(self):
        """Mtop and Mbot; ties are equal to 45 digits."""
        close = mp.mpf(10) ** -45
        top = {z for z in self.tokens if max(self.odds) - self.odds[z] < close}
        return top, {z for z in self.tokens if self.odds[z] - min(self.odds) < close}


def rows(record):
    a, b = ([Fraction(v) for v in record[key]] for key in ("in_concept", "off_concept"))
    own = record["token_concept"]
    return [[a[z] if own[z] == k else b[z] for z in range(len(own))] for k in record["contexts"]]


def record(a, b):
    """V = 4, G = 2, two contexts a concept, steered from concept 1 to concept 0."""
    return {
        "in_concept": a,
        "off_concept": b,
        "token_concept": [0, 0, 1, 1],
        "contexts": [0, 0, 1, 1],
        "positive": [0, 1],
        "negative": [2, 3],
    }

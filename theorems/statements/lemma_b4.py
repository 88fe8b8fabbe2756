"""Lemma B.4: the log-odds are positive exactly on the target."""

import numpy as np

import ufm

from ..hypotheses import ASSUMPTION_1, DIFFERENCE_OF_MEANS, TARGET_CONTEXTS
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.instance import Instance
from ..judging.verdict import Verdict, strict


def _sign(instance: Instance) -> Verdict:
    """Relative to R. Off the target M <= 0 is enough: M = 0 where a concept has no context in N."""
    log_p = instance.log_probs
    library = np.asarray(ufm.log_odds(log_p, instance.positive or (), instance.negative or ()))
    log_odds = np.stack([instance.odds, library])
    on, off = log_odds[:, instance.target].ravel(), log_odds[:, ~instance.target].ravel()
    # M is a difference of logarithms: its rounding error is that of log p
    tolerance = 1e-15 * np.abs(log_p).max() * instance.unit
    is_zero = np.abs(off) * instance.unit <= tolerance
    slack = np.concatenate([on, -off[~is_zero]]) * instance.unit
    return strict(slack, tolerance, "M/R on the target, and -M/R off it where M is not 0")


STATEMENT = Statement(
    id="lemma-b4",
    title="Sign of the log-odds",
    in_short="M is positive on the target alone",
    source="Lemma B.4",
    idea=r"""
        Under Assumption 1, $\log p(z|c_i)$ is $\log a_z$ or $\log b_z$ according to whether $c_i$
        and $z$ share a concept. Averaging over $P$ and over $N$ and subtracting leaves

        $$ M(z) = w_k \log\frac{a_z}{b_z} \quad (z \in C_k), \qquad w_k = \frac{\lvert P \cap C_k
        \rvert}{\lvert P \rvert} - \frac{\lvert N \cap C_k \rvert}{\lvert N \rvert}. $$

        The logarithm is positive since $a_z > b_z$, so $M$ has the sign of $w_k$: positive for the
        target, and at most 0 for all others when $P$ lies inside it. $N \cap T = \emptyset$ and
        $\lvert P \rvert = \lvert N \rvert = q$ are in the paper (Section 2.2) and are not used; nor is it
        that all concepts have $s = V/G$ tokens.

        The rate $a_{j,z}$ may depend on the context, "assuming $a_{j,z} > b_z$", but not $b_z$ (App. B.1).
        Then, for $P \subset T$ and $N \cap T =
        \emptyset$, $M(z)$ is the mean of $\log(a_{i,z}/b_z) > 0$ over $P$ for $z$ in the target, and minus
        a sum of such terms over the $c_i$ in $N$ of $z$'s own concept for any other.
    """,
    claims=(
        Claim(
            id="lemma-b4.sign",
            title="sign",
            text="M(z) > 0 if and only if z is in the target T.",
            formula=r"""M(z) > 0 \iff z \in T \quad \text{if } M(z) = w_k \log\frac{a_z}{b_z} \text{ on }
                C_k,\ a_z > b_z > 0 \text{ for every } z,\ w_T > 0,\ w_k \le 0 \text{ for } C_k \ne
                T, \quad w_k = \frac{\lvert P \cap C_k \rvert}{\lvert P \rvert} - \frac{\lvert N \cap C_k
                \rvert}{\lvert N \rvert}; \quad \text{if } a \text{ depends on } j: P \subset T,\ N \cap T =
                \emptyset""",
            source="Lemma B.4",
            hypotheses=(DIFFERENCE_OF_MEANS, ASSUMPTION_1, TARGET_CONTEXTS),
            conclusion=_sign,
            families=("rates", "varying", "laws"),
            control=Control(
                "assumption-1",
                "a < b at one token of the target, whose log-odds are then negative",
                controls.smaller_rates,
            ),
            figures=("statements/log-odds",),
            certificate=Certified(
                "Exactly: M against 0 as products of integer powers of rationals."
            ),
        ),
    ),
)

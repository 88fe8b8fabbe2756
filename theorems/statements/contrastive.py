"""With contrastive P and N, steering walks the geometric path from one law to the other."""

import numpy as np

from ufm import ConceptDataset

from ..hypotheses import DIFFERENCE_OF_MEANS, EXPONENTIAL_PATH, MOVING, ONE_LAW_EACH
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.evaluate import laws_at
from ..judging.instance import Instance
from ..judging.shape import peaks_are_maxima
from ..judging.verdict import Verdict, identity, supported, worst

SOURCE = "this project; extends Lemma B.3"


def _path(instance: Instance) -> Verdict:
    positive, negative = list(instance.positive or ()), list(instance.negative or ())
    shares = np.append(
        instance.alphas[np.abs(instance.alphas) * instance.odds_range <= 40], [0.5, 1.0]
    )
    steered = laws_at(instance.tilt, shares)[:, negative]
    goal, start = instance.log_probs[positive[0]], instance.log_probs[negative[0]]
    mixed = np.outer(1 - shares, start) + np.outer(shares, goal)
    mixed = mixed - np.logaddexp.reduce(mixed, axis=1, keepdims=True)
    size = 1 + np.abs(instance.log_probs).max()
    reach = size + np.abs(shares).max() * instance.odds_range
    interior = np.isfinite(instance.maxima[positive[0]])
    from_negative = instance.maxima[negative[0]][interior]
    from_positive = instance.maxima[positive[0]][interior]
    shift = (from_negative - from_positive - 1) / (1 + np.abs(from_positive) + instance.unit)
    errors = (steered - mixed[:, None]) / reach
    path = worst(
        identity(errors, instance.tolerance, "p_α against p_N^{1-α} p_T^α"),
        identity(np.append(shift, 0.0), 4 * instance.tolerance * size, "α(neg, z) - α(T, z) - 1"),
    )
    return supported(path, peaks_are_maxima(instance))


def _mixed_negatives() -> Instance:
    data = ConceptDataset.smoothed(concepts=3, size=2, epsilon=0.1)
    return Instance.from_dataset(data, [0], [2, 4])


STATEMENT = Statement(
    id="contrastive",
    title="Contrastive path",
    in_short="""with one distribution in P and one in N, α = 1 leads from that of N to that of P
        exactly""",
    source=SOURCE,
    idea=r"""
        If all of $P$ share one law $p_T$ and all of $N$ another, $p_N$, then
        $M = \log p_T - \log p_N$, and tilting $p_N$ by it gives
        $p_N\,(p_T/p_N)^\alpha = p_N^{1-\alpha} p_T^{\alpha}$ up to the normaliser. At $\alpha = 1$
        that is $p_T$. From there the context of $N$ follows the path of a context of $T$, one unit
        behind.
    """,
    claims=(
        Claim(
            id="contrastive.geometric-path",
            title="geometric path",
            text="""For c_j in N, p_{j,α} ∝ p_N^{1-α} p_T^α: α = 1 gives p_T exactly, and α(N,z) = α(T,z) + 1
                for contexts of N and of T.""",
            formula=r"""p_{j,\alpha}(z) = \frac{p_N(z)^{1-\alpha}\, p_T(z)^{\alpha}}
                {\sum_{y=1}^{V} p_N(y)^{1-\alpha}\, p_T(y)^{\alpha}}, \quad p_{j,1} = p_T, \quad
                \alpha(N,z) = \alpha(T,z) + 1 \quad \text{if } c_j \in N,\ p_i = p_T \ (i \in P)
                \text{ and } p_i = p_N \ (i \in N)""",
            source=SOURCE,
            hypotheses=(DIFFERENCE_OF_MEANS, ONE_LAW_EACH, EXPONENTIAL_PATH, MOVING),
            conclusion=_path,
            families=("contrastive",),
            control=Control("one-law-each", "N drawn from two concepts", _mixed_negatives),
            figures=("statements/path",),
            certificate=Certified(
                "Exactly: p_N e^M is proportional to p_T, in powers of rationals."
            ),
        ),
    ),
)

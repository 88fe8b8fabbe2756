"""How high a token's probability can be steered."""

import numpy as np

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Claim, NotCertified, Statement
from ..judging.evaluate import laws_at_each
from ..judging.instance import Instance
from ..judging.verdict import Verdict, bound, identity, worst
from .thm_3_6 import conditional_cumulant

SOURCE = "this project; extends Theorem 3.3"


def _height(instance: Instance) -> Verdict:
    """log of the height, relative to 1 + |log p|, for tokens with a finite peak."""
    finite = np.isfinite(instance.peaks)
    peaks = np.where(finite, instance.peaks, 0.0)
    highest = instance.log_probs + _legendre(instance, peaks)
    size = 1 + np.abs(instance.log_probs)
    at_peak = laws_at_each(instance.tilt, peaks)
    over = (highest - instance.curves.log_probs) / (size + np.abs(instance.curves.log_probs))
    return worst(
        identity(((at_peak - highest) / size)[finite], 4 * instance.tolerance, "log p at the peak"),
        bound(over[:, finite], 4 * instance.tolerance, "log p(z) + I(M(z)) above the whole curve"),
    )


def _legendre(instance: Instance, peaks: np.ndarray) -> np.ndarray:
    """I_j(M(z)) = sup_α (αM(z) - K_j(α)), the best of the grid and the peaks themselves, [m, V]."""
    everything = np.ones(instance.odds.size, bool)
    best = np.full(peaks.shape, -np.inf)
    centre = instance.odds.mean()  # αM(z) - K(α) does not change with the origin of M
    # further out αM is too large to be subtracted, and no sup but that of near ties is found there
    near = np.abs(instance.alphas) * instance.odds_range <= 1500
    for alpha in instance.alphas[near]:
        growth = conditional_cumulant(instance, np.array([alpha]), everything)[0] - alpha * centre
        best = np.maximum(best, alpha * (instance.odds - centre) - growth[:, None])
    gaps = instance.odds[None, :] - instance.odds[:, None]  # M(y) - M(z)
    terms = instance.log_probs[:, None, :] + peaks[:, :, None] * gaps
    return np.maximum(best, -np.logaddexp.reduce(terms, axis=2))


STATEMENT = Statement(
    id="peak",
    title="Peak height",
    in_short="a token's peak is p_j e^{I_j(M)} high, I_j the Legendre transform of K_j",
    source=SOURCE,
    idea=r"""
        $p_\alpha(z) = p(z) \exp(\alpha M(z) - K(\alpha))$. The supremum over $\alpha$ of the
        exponent is by definition the Legendre transform of $K$ at $M(z)$, and by Theorem 3.3 it is
        attained at the peak.
    """,
    claims=(
        Claim(
            id="peak.height",
            title="peak height",
            text="""For z outside Mtop and Mbot max_α p_{j,α}(z) = p_j(z) exp(I_j(M(z))), I_j the Legendre
                transform of K_j.""",
            formula=r"""\sup_{\alpha \in \mathbb{R}} p_{j,\alpha}(z) = p_j(z)\, e^{I_j(M(z))}, \qquad
                I_j(x) = \sup_{\alpha \in \mathbb{R}} \bigl(\alpha x - K_j(\alpha)\bigr)""",
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING, hypotheses.INTERIOR_TOKEN),
            conclusion=_height,
            families=("rates", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("statements/height",),
            certificate=NotCertified("an identity, proved for all tilts"),
        ),
    ),
)

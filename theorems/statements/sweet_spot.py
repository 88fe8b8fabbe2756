"""The window in which every off-target token is past its peak and no target token is."""

import numpy as np

import ufm

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.evaluate import slope_at
from ..judging.instance import Instance
from ..judging.padding import pad, pad_target
from ..judging.shape import peaks_are_maxima
from ..judging.verdict import Verdict, bound, identity, strict, supported

SOURCE = "this project; extends Theorem 3.3"


def _nonempty(instance: Instance) -> Verdict:
    lower = instance.maxima[:, ~instance.target].max(axis=1)
    upper = instance.maxima[:, instance.target].min(axis=1)
    least = 4 * (instance.margin * instance.unit) * instance.unit
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(lower) & np.isfinite(upper)
        size = np.where(finite, np.abs(lower) + np.abs(upper), 0.0) + np.abs(least)
        endless = np.where(upper > lower, 1.0, -1.0)
        length = np.where(finite, (upper - lower - least) / size, endless)
    parts = [
        bound(length, instance.tolerance, "length - 4δ/R², relative to the window's ends"),
        peaks_are_maxima(instance),
    ]
    if (upper > lower).all():
        parts.append(_inside(instance, lower, upper))
        if instance.margin > 0:
            mask = pad_target(instance.tilt, instance.target)
            window = np.asarray(ufm.sweet_spot(pad(instance.tilt), mask))[: len(lower)]
            same = (window == np.stack([lower, upper], axis=1)).all()
            parts.append(identity([0.0 if same else 1.0], instance.tolerance, "ufm.sweet_spot"))
    return supported(*parts)


def _inside(instance: Instance, lower: np.ndarray, upper: np.ndarray) -> Verdict:
    """Signs of the derivatives at a tenth, a half and nine tenths of each window."""
    before = np.where(np.isfinite(upper), upper, 0.0) - instance.unit
    start = np.where(np.isfinite(lower), lower, before)
    end = np.where(np.isfinite(upper), upper, start + instance.unit)
    shares = np.array([0.1, 0.5, 0.9])[:, None]
    alphas = start + shares * (end - start)
    full = np.broadcast_to(alphas[:, :, None], (*alphas.shape, instance.odds.size))
    slope, scale = slope_at(instance.tilt, full)
    resolved = scale > 1e-280 * instance.odds_range
    slack = np.where(instance.target, slope, -slope)[resolved] / scale[resolved]
    return strict(slack, instance.tolerance, "target rises and all else falls inside the window")


STATEMENT = Statement(
    id="sweet-spot",
    title="Sweet spot",
    source=SOURCE,
    idea=r"""
        The window is where the mean $\mathbb{E}_\alpha[M]$ lies strictly between
        $\max_{\notin T} M$ and $\min_T M$, a gap of width $\delta$. The mean increases continuously
        from $\min M$ to $\max M$, so it passes there. Its speed is a variance of a variable in an
        interval of length $R$, at most $R^2/4$ (Popoviciu), so it needs at least $\delta/(R^2/4)$
        to cross. Inside the window the sign of $M(z) - \mathbb{E}_\alpha[M]$ is positive on $T$ and
        negative off it.

        Each context has its own window. Nothing makes them overlap: see
        {ref}`the figure <figure-sweet-spot>`.
    """,
    claims=(
        Claim(
            id="sweet-spot.nonempty",
            title="sweet spot",
            text="""W_j = {α : max_{not T} M < E_{j,α}[M] < min_T M} is never empty: its length
                is at least 4δ/R², and in it every target token rises while every other falls.""",
            formula=r"""W_j = \Bigl\{\alpha : \max_{[V] \setminus T} M < \mathbb{E}_{j,\alpha}[M]
                < \min_{T} M\Bigr\} \text{ is an open interval of length at least }
                \frac{4\delta}{R^2}"""
            + hypotheses.IF_SEPARATED,
            source=SOURCE,
            hypotheses=(hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            conclusion=_nonempty,
            families=("rates", "tilts"),
            control=Control("separation", "P and N exchanged: δ < 0", controls.steered_away),
            figures=("sweet-spot",),
            certificate=Certified(
                "From the last bracket off the target to the first on it, at least 4δ/R² long."
            ),
        ),
    ),
)

"""The window in which every off-target token is past its peak and no target token is."""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np

import ufm

from .. import hypotheses
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, NotCertified, Statement
from ..judging.evaluate import slope_at
from ..judging.instance import Instance
from ..judging.padding import pad, pad_target
from ..judging.shape import peaks_are_maxima
from ..judging.verdict import Verdict, bound, identity, strict, supported

SOURCE = "this project; extends Theorem 3.3"
# How far apart the contexts are moved, as a share of what one common window allows.
SHARE = 0.9


def _windows(instance: Instance) -> tuple[np.ndarray, np.ndarray]:
    """Where the last token off the target and the first on it peak, in each context [m]."""
    lower = instance.maxima[:, ~instance.target].max(axis=1)
    return lower, instance.maxima[:, instance.target].min(axis=1)


def _excess(lower: np.ndarray, upper: np.ndarray, least: float) -> np.ndarray:
    """upper - lower - least, relative to the window's ends; ±1 by the order where one is infinite."""
    with np.errstate(invalid="ignore"):
        finite = np.isfinite(lower) & np.isfinite(upper)
        size = np.where(finite, np.abs(lower) + np.abs(upper), 0.0) + np.abs(least)
        return np.where(finite, (upper - lower - least) / size, np.where(upper > lower, 1.0, -1.0))


def _nonempty(instance: Instance) -> Verdict:
    lower, upper = _windows(instance)
    least = 4 * (instance.margin * instance.unit) * instance.unit
    length = _excess(lower, upper, least)
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


def _log_cross_ratio(instance: Instance) -> float:
    """log χ, χ = (b - min M)(max M - a) / ((a - min M)(max M - b)), a = max off T, b = min on T."""
    odds, target = instance.odds, instance.target
    a, b = odds[~target].max(), odds[target].min()
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.log([b - odds.min(), odds.max() - a]) - np.log([a - odds.min(), odds.max() - b])
    return float(steps.sum()) if b > a else float("nan")


def _width(instance: Instance) -> Verdict:
    log_ratio = _log_cross_ratio(instance)
    lower, upper = _windows(instance)
    is_infinite = np.isinf(log_ratio)
    length = _excess(lower, upper, 0.0 if is_infinite else log_ratio * instance.unit)
    evidence = "length - log χ / R, relative to the window's ends"
    endless = np.isinf(lower) | np.isinf(upper)
    return supported(
        bound(length, instance.tolerance, evidence),
        identity(endless != is_infinite, 0.0, "the window is endless iff χ is infinite"),
        peaks_are_maxima(instance),
    )


def distance(log_probs: np.ndarray) -> float:
    """The largest D_ij: how far log p_i - log p_j ranges over the tokens, for any two rows [m, V]."""
    apart = log_probs[:, None] - log_probs[None]
    return float(np.ptp(apart, axis=2).max())


def _moved_together(instance: Instance, most: float) -> Instance:
    """Its contexts, moved along geometric paths towards the first until any two are `most` apart."""
    apart = distance(instance.log_probs)
    share = min(1.0, most / apart) if apart else 1.0
    first = instance.log_probs[:1]
    rows = first + share * (instance.log_probs - first)
    rows -= np.logaddexp.reduce(rows, axis=1, keepdims=True)
    tilt = eqx.tree_at(lambda t: t.log_probs, instance.tilt, jnp.asarray(rows))
    return replace(instance, tilt=tilt)


def _shared(instance: Instance) -> Verdict:
    """One window for the contexts, once they are close."""
    log_ratio = _log_cross_ratio(instance)
    return _one_window(_moved_together(instance, SHARE * log_ratio), log_ratio)


def _one_window(instance: Instance, log_ratio: float) -> Verdict:
    lower, upper = _windows(instance)
    start, end = lower.max(keepdims=True), upper.min(keepdims=True)
    most = max(log_ratio - distance(instance.log_probs), 0.0)
    length = _excess(start, end, most * instance.unit if np.isfinite(most) else 0.0)
    evidence = "common length - (log χ - D) / R, relative to the window's ends"
    # where log p is large, D is a difference of large numbers
    tolerance = instance.tolerance * (1 + np.abs(instance.log_probs).max())
    parts = [bound(length, tolerance, evidence), peaks_are_maxima(instance)]
    if end > start:
        every = np.ones(len(lower))
        parts.append(_inside(instance, every * start, every * end))
    return supported(*parts)


def _at_its_own_distance(instance: Instance) -> Verdict:
    """The same without moving the contexts together, for the control."""
    return _one_window(instance, _log_cross_ratio(instance))


STATEMENT = Statement(
    id="sweet-spot",
    title="Sweet spot",
    in_short="""in each context some strengths raise every target token while every other falls;
        one serves all contexts that are alike""",
    source=SOURCE,
    idea=r"""
        v1 speaks of a "sweet spot" after Theorem 3.3, "a range of $\alpha$ where target tokens are favored by
        the model while the next-token distribution has not yet collapsed onto a few tokens", says that
        $\alpha$ "should be chosen adaptively w.r.t. the input prompt", and leaves rules for that to future
        work (Section 6). It does not define the range; the window here is one way to.

        The window is where the mean $\mathbb{E}_\alpha[M]$ lies strictly between
        $\max_{\notin T} M$ and $\min_T M$, a gap of width $\delta$. The mean increases continuously
        from $\min M$ to $\max M$, so it passes there. Its speed is a variance of a variable in an
        interval of length $R$, at most $R^2/4$ (Popoviciu), so it needs at least $\delta/(R^2/4)$
        to cross. Inside the window the sign of $M(z) - \mathbb{E}_\alpha[M]$ is positive on $T$ and
        negative off it.

        Near an end of $M$ the speed is less: at most
        $(\mathbb{E} - \min M)(\max M - \mathbb{E})$. So the window is wider still. Its width is
        measured by the cross-ratio $\chi$ of four numbers, whose logarithm puts both ends of $M$ infinitely
        far away. One inequality gives both claims: if $\log p_i - \log p_j$ varies by $D$ between tokens
        (Hilbert's distance of two distributions), then, term by term in the double sum,
        $\frac{\mathbb{E}_i - \min M}{\max M - \mathbb{E}_i} \le e^{D}
        \frac{\mathbb{E}_j - \min M}{\max M - \mathbb{E}_j}$.
        The distributions of one context at strengths $\alpha$ and $\beta$ are $\lvert\alpha - \beta\rvert R$
        apart, which gives the width. Two contexts at one strength are as far apart as at strength 0, which
        gives the rest. As $\log \chi \ge 4\delta/R$, the first bound follows from the second. Neither can be
        improved: where nearly all mass is on the two ends of $M$, both are nearly attained.

        Each context has its own window. Two contexts whose distance exceeds $\log \chi$, by however little,
        may have no strength in common: see {ref}`the figure <figure-sweet-spot>`.
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
        Claim(
            id="sweet-spot.width",
            title="width",
            text="""W_j is at least log χ / R long, where χ is the cross-ratio of max_{not T} M and min_T M
                with the ends of M; it is endless if and only if χ is infinite, as one of them is an end.""",
            formula=r"""\lvert W_j \rvert \ge \frac{\log \chi}{R} \ge \frac{4\delta}{R^2}, \quad \chi =
                \frac{(\min_T M - \min M)(\max M - \max_{[V] \setminus T} M)}
                {(\max_{[V] \setminus T} M - \min M)(\max M - \min_T M)}"""
            + hypotheses.IF_SEPARATED,
            source=SOURCE,
            hypotheses=(hypotheses.SEPARATION, hypotheses.EXPONENTIAL_PATH),
            conclusion=_width,
            families=("rates", "tilts"),
            control=controls.rescaled("thrice", 3.0),
            figures=("sweet-spot",),
            certificate=NotCertified(
                "proved for all tilts; the window itself is in every certificate (`sweet-spot.nonempty`)"
            ),
        ),
        Claim(
            id="sweet-spot.shared",
            title="one strength for all contexts",
            text="""If log p_i - log p_j varies by at most D < log χ between tokens, for any two contexts,
                then one α lies in all windows W_j, and so does an interval that is (log χ - D)/R long.""",
            formula=r"""\Bigl\lvert \bigcap_j W_j \Bigr\rvert \ge \frac{\log \chi - D}{R} > 0 \quad
                \text{if } D = \max_{i, j, y, z} \log \frac{p_i(y)\, p_j(z)}{p_j(y)\, p_i(z)} < \log \chi
                \text{ and } \delta > 0""",
            source=SOURCE,
            hypotheses=(
                hypotheses.SEPARATION,
                hypotheses.CLOSE_CONTEXTS,
                hypotheses.EXPONENTIAL_PATH,
            ),
            conclusion=_shared,
            families=("rates", "tilts"),
            control=Control(
                "close-contexts",
                "two concepts that are log 36 apart, where log χ is log 5.12",
                controls.standard,
                _at_its_own_distance,
            ),
            figures=("sweet-spot",),
            certificate=NotCertified(
                "proved for all tilts; the common window itself is in every certificate, close or not"
            ),
        ),
    ),
)

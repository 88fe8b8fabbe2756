"""No law of the paper: steered before a norm, the concept's mass is a hump, with a place and a height."""

import numpy as np

from .law import Law, Statement, judge_prompts

_LOST = 0.5
STATEMENT = Statement(
    "hump",
    "The concept's mass is a hump of α: too much steering loses it (no law of the paper)",
    "share of the highest mass that is lost at the better of the range's two ends, at least 0.5 in the mean "
    "over prompts, two standard errors away: half is lost on either side. A target's mass in Theorem 3.6 "
    "loses nothing; before a norm the mass tends to that of Proposition 4.1's limits, which may hold little "
    "of the concept",
)


def hump_law(alphas: np.ndarray, mass: np.ndarray) -> Law:
    """Where the concept's mass [m, A] is highest, how high, and how much of that the ends lose.

    `evidence` has the place α and the height of each prompt's peak and of the mean over prompts.

    >>> import numpy as np
    >>> from ufm.llm.laws.hump import hump_law
    >>> a = np.linspace(-5, 5, 101)
    >>> law = hump_law(a, np.stack([0.3 * np.exp(-((a - c) ** 2)) for c in (0.9, 1.0, 1.1)]))
    >>> print(law.verdict, f"{law.number:.2f}", law.evidence["place"], f"{law.evidence['height']:.2f}")
    holds 1.00 1.0 0.30
    """
    mass = mass.astype(np.float64)
    order = np.argsort(alphas)
    alphas, mass = alphas[order], mass[:, order]
    at = mass.argmax(axis=1)
    heights = mass[np.arange(len(mass)), at]
    ends = np.maximum(mass[:, 0], mass[:, -1])
    lost = 1 - ends / np.maximum(heights, np.finfo(np.float64).tiny)
    verdict, why = judge_prompts(lost, _LOST)
    mean = mass.mean(axis=0)
    top = int(mean.argmax())
    start = float(mean[np.abs(alphas).argmin()])
    evidence = {
        "place": float(alphas[top]),
        "height": float(mean[top]),
        "unsteered": start,
        "places": alphas[at],
        "heights": heights,
        "lost": lost,
        "ends": [float(mean[0]), float(mean[-1])],
    }
    low, high = np.quantile(alphas[at], [0.25, 0.75])
    why = (
        f"{why}; the mean over prompts peaks at {mean[top]:.3g} near α = {alphas[top]:.4g} "
        f"(unsteered {start:.3g}, at the ends {mean[0]:.2g} and {mean[-1]:.2g}); half of the prompts peak "
        f"between α = {low:.3g} and {high:.3g}, the highest at {heights.max():.3g}"
    )
    return STATEMENT.judged(verdict, float(lost.mean()), why, evidence)

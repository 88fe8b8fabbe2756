"""Law: the mass of the concept follows a tanh of the strength itself.

The paper cites von Rütte et al. (2024) for that. Its own Theorem 3.6 has a tanh of (ν(α) + r)/2, "up to a
reparametrization of α"; of language models it reports "a mostly sigmoidal trend" (Section 5).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from .law import Law, Statement, judge_prompts

STATEMENT = Statement(
    "tanh",
    "The concept's mass is a tanh of α",
    "R² of m + h tanh(s(α - c)) at least 0.95 in the mean over prompts, two standard errors away: less "
    "leaves one part in twenty of the variation unexplained, which shows in a picture; prompts whose "
    "range shows less than half of the fitted tanh's height do not count, for any smooth curve fits then",
)
_R_SQUARED = 0.95
_SEEN = 0.5
# Changes of the sum of squares or of a parameter that float64 hardly tells from none.
_ROUNDING = 1e-15
# Bounds of (m, h, log s, c) on [0, 1]: beyond them a tanh is a line or a step, and nothing changes.
_LIMITS = ([-np.inf, -np.inf, np.log(1e-2), -5.0], [np.inf, np.inf, np.log(1e4), 6.0])


@dataclass(frozen=True)
class TanhFit:
    """m + h tanh(s(α - c)), s > 0, fitted to a curve by least squares.

    - `middle`, `height`, `rate`, `centre`: m, h, s, c. `r_squared`: share of variance explained.
    - `seen`: share of the whole height 2|h| that lies within the range of the strengths.
    - `residual`, `residual_at`: the largest difference, curve less fit, and its α.
    """

    middle: float
    height: float
    rate: float
    centre: float
    r_squared: float
    seen: float
    residual: float
    residual_at: float

    def __call__(self, alphas: np.ndarray) -> np.ndarray:
        """The fitted curve."""
        return self.middle + self.height * np.tanh(self.rate * (alphas - self.centre))


def fit_tanh(alphas: np.ndarray, values: np.ndarray) -> TanhFit | None:
    """The tanh nearest to `values` [A] at `alphas` [A] in least squares; None for a constant.

    Starts from the best three of a grid of s and c, for the sum of squares has several minima.

    >>> import numpy as np
    >>> from ufm.llm import fit_tanh
    >>> a = np.linspace(-5, 5, 101)
    >>> fit = fit_tanh(a, 0.4 + 0.3 * np.tanh(0.8 * (a - 1)))
    >>> print(f"{fit.height:.4f} {fit.rate:.4f} {fit.centre:.4f} {fit.r_squared:.6f}")
    0.3000 0.8000 1.0000 1.000000
    """
    x, y = np.asarray(alphas, np.float64), np.asarray(values, np.float64)
    spread = float(np.square(y - y.mean()).sum())
    # values this near to each other differ by rounding alone
    rounding = 1000 * np.finfo(np.asarray(values).dtype).eps * np.abs(y).max()
    if x.size < 5 or np.ptp(y) <= rounding:
        return None
    # in units of both ranges, so that one grid of starts and one set of limits suit all curves
    unit, scale = np.ptp(x), np.ptp(y)
    t, level = (x - x.min()) / unit, (y - y.mean()) / scale
    fits = (_fit_from(start, t, level) for start in _starts(t, level))
    middle, height, log_rate, centre = min(fits, key=lambda fit: fit.cost).x
    middle, height = y.mean() + scale * middle, scale * height
    rate, centre = np.exp(log_rate) / unit, x.min() + unit * centre
    fitted = middle + height * np.tanh(rate * (x - centre))
    worst = int(np.abs(y - fitted).argmax())
    return TanhFit(
        middle=float(middle),
        height=float(height),
        rate=float(rate),
        centre=float(centre),
        r_squared=1 - float(np.square(y - fitted).sum()) / spread,
        seen=float(abs(fitted[x.argmax()] - fitted[x.argmin()]) / (2 * abs(height))),
        residual=float(y[worst] - fitted[worst]),
        residual_at=float(x[worst]),
    )


def _starts(t: np.ndarray, y: np.ndarray, count: int = 3) -> list[np.ndarray]:
    """The (m, h, log s, c) on a grid of s and c that explain most of `y`, whose mean is 0."""
    logs, centres = np.linspace(np.log(0.5), np.log(200.0), 13), np.linspace(-0.3, 1.3, 33)
    shapes = np.tanh(np.exp(logs)[:, None, None] * (t - centres[:, None])[None])
    means = shapes.mean(axis=2)
    shapes = shapes - means[..., None]
    power = np.square(shapes).sum(axis=2)
    heights = shapes @ y / np.where(power > 1e-12, power, np.inf)
    best = np.argsort(-(heights**2 * power), axis=None, kind="stable")[:count]
    return [
        np.array([-heights[i, k] * means[i, k], heights[i, k], logs[i], centres[k]])
        for i, k in zip(*np.unravel_index(best, power.shape), strict=True)
    ]


def _fit_from(start: np.ndarray, t: np.ndarray, y: np.ndarray) -> OptimizeResult:
    """The least squares in (m, h, log s, c) that are reached from `start`, for t in [0, 1]."""

    def gaps(point: np.ndarray) -> np.ndarray:
        middle, height, log_rate, centre = point
        return middle + height * np.tanh(np.exp(log_rate) * (t - centre)) - y

    def jacobian(point: np.ndarray) -> np.ndarray:
        _, height, log_rate, centre = point
        rate = np.exp(log_rate)
        shape = np.tanh(rate * (t - centre))
        bend = height * rate * (1 - shape**2)
        return np.stack([np.ones_like(t), shape, bend * (t - centre), -bend], axis=1)

    until = dict.fromkeys(("ftol", "xtol", "gtol"), _ROUNDING)
    return least_squares(
        gaps,
        start,
        jacobian,  # pyright: ignore[reportArgumentType] (scipy has no types; the default is a string)
        bounds=_LIMITS,
        x_scale="jac",
        **until,
    )


def tanh_law(alphas: np.ndarray, mass: np.ndarray) -> Law:
    """Whether the concept's mass [m, A] at the strengths [A] is a tanh, prompt by prompt.

    >>> import numpy as np
    >>> from ufm.llm import tanh_law
    >>> a = np.linspace(-5, 5, 101)
    >>> law = tanh_law(a, np.stack([0.5 + 0.4 * np.tanh(a - c) for c in (-1, 0, 1)]))
    >>> print(law.verdict, f"{law.number:.4f}")
    holds 1.0000
    """
    fits = [fit_tanh(alphas, row) for row in mass]
    tested = [(j, f) for j, f in enumerate(fits) if f is not None and f.seen >= _SEEN]
    evidence = {
        "fits": [None if f is None else dict(vars(f)) for f in fits],
        "flat_prompts": sum(f is None for f in fits),
        "half_unseen_prompts": sum(f is not None and f.seen < _SEEN for f in fits),
        "tested_prompts": len(tested),
    }
    if not tested:
        why = "no prompt shows half of a tanh within the range: widen it"
        return STATEMENT.judged("undecided", None, why, evidence)
    found = [f.r_squared for _, f in tested]
    verdict, why = judge_prompts(found, _R_SQUARED)
    where, worst = max(tested, key=lambda item: abs(item[1].residual))
    evidence |= {
        "least_r_squared": min(found),
        "share_above": float(np.mean(np.array(found) >= _R_SQUARED)),
        "worst": {"prompt": where, "alpha": worst.residual_at, "residual": worst.residual},
    }
    why = (
        f"{why}; least R² {min(found):.3g}; largest residual {worst.residual:+.3g} at α = "
        f"{worst.residual_at:.4g} (prompt {where})"
    )
    return STATEMENT.judged(verdict, float(np.mean(found)), why, evidence)

"""Law: the mass of the concept follows a tanh of the strength (Theorem 3.6, von Rütte 2024)."""

from dataclasses import dataclass

import numpy as np

from .law import Law, judge_prompts

TITLE = "The concept's mass is a tanh of α"
CRITERION = (
    "R² of m + h tanh(s(α - c)) at least 0.95 in the mean over prompts, two standard errors away: less "
    "leaves one part in twenty of the variation unexplained, which shows in a picture; prompts whose "
    "range shows less than half of the fitted tanh's height do not count, for any smooth curve fits then"
)
_R_SQUARED = 0.95
_SEEN = 0.5
_STEPS = 200


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

    Starts from the best of a grid of s and c (m and h are linear), then Levenberg and Marquardt.

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
    unit = np.ptp(x)
    # in units of the range, so that one set of steps suits all
    t = (x - x.min()) / unit
    scale = np.ptp(y)
    best = min(
        (_refine(t, (y - y.mean()) / scale, *start) for start in _starts(t, y)), key=lambda f: f[1]
    )[0]
    middle, height, log_rate, centre = best
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


def _starts(t: np.ndarray, y: np.ndarray, count: int = 3) -> list[tuple[float, float]]:
    """The pairs (log s, c) of a grid that explain most, by the squared correlation."""
    logs, centres = np.linspace(np.log(0.5), np.log(200.0), 13), np.linspace(-0.3, 1.3, 33)
    shapes = np.tanh(np.exp(logs)[:, None, None] * (t - centres[:, None])[None])
    shapes = shapes - shapes.mean(axis=2, keepdims=True)
    power = np.square(shapes).sum(axis=2)
    explained = np.square(shapes @ (y - y.mean())) / np.where(power > 1e-12, power, np.inf)
    order = np.argsort(-explained, axis=None, kind="stable")[:count]
    return [
        (float(logs[i]), float(centres[k]))
        for i, k in zip(*np.unravel_index(order, explained.shape), strict=True)
    ]


def _refine(
    t: np.ndarray, y: np.ndarray, log_rate: float, centre: float
) -> tuple[np.ndarray, float]:
    """Least squares in (m, h, log s, c) by damped Gauss-Newton steps; and the sum of squares."""
    shape = np.tanh(np.exp(log_rate) * (t - centre))
    columns = np.stack([np.ones_like(t), shape], axis=1)
    point = np.array([*np.linalg.lstsq(columns, y, rcond=None)[0], log_rate, centre])
    loss, damping = _loss(t, y, point), 1e-3
    for _ in range(_STEPS):
        _, height, log_rate, centre = point
        rate = np.exp(log_rate)
        shape = np.tanh(rate * (t - centre))
        bend = height * (1 - shape**2)
        jacobian = np.stack([np.ones_like(t), shape, bend * rate * (t - centre), -bend * rate], 1)
        gap = y - point[0] - height * shape
        square = jacobian.T @ jacobian
        damped = square + damping * np.diag(np.maximum(np.diag(square), 1e-12))
        trial = point + np.linalg.solve(damped, jacobian.T @ gap)
        # beyond these a tanh on [0, 1] is a line or a step, and nothing changes any more
        trial[2:] = np.clip(trial[2:], [np.log(1e-2), -5.0], [np.log(1e4), 6.0])
        after = _loss(t, y, trial)
        if after < loss:
            is_done = loss - after <= 1e-14 * loss
            point, loss, damping = trial, after, damping / 5
            if is_done:
                break
        else:
            damping *= 4
            if damping > 1e12:
                break
    return point, loss


def _loss(t: np.ndarray, y: np.ndarray, point: np.ndarray) -> float:
    middle, height, log_rate, centre = point
    gap = y - middle - height * np.tanh(np.exp(log_rate) * (t - centre))
    return float(gap @ gap)


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
        return Law("tanh", TITLE, "undecided", None, CRITERION, why, evidence)
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
    return Law("tanh", TITLE, verdict, float(np.mean(found)), CRITERION, why, evidence)

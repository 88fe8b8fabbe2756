"""Law: the cross-entropy grows like a square, ΔCE ≈ ½ CE'' α², near α = 0.

Theorem 3.8 says so of α → 0 ("only locally", Section 5), and of language models the paper reports "the local
U-shape". How far the parabola reaches is looked at here: up to 0.05 nats.
"""

import math

import numpy as np

from .law import Law, Statement

# ΔCE of 0.05 nats is 5 % more perplexity: small, and the least that anybody would look at.
NATS = 0.05
_CLOSE, _FAR = 0.25, 0.5
STATEMENT = Statement(
    "quadratic",
    "ΔCE is ½ CE'' α² near α = 0",
    "largest relative error of ½ CE'' α² where it says 0.05 nats, on both sides: at most 0.25 holds (the "
    "strength for a budget is then right to 12 %), above 0.5 fails (off by half or more), as does "
    "CE'' <= 0; a linear term counts as error",
)
# The strengths go in eighths; the sixteenth measures the curvature at 0.
_MULTIPLES = np.union1d(np.linspace(-1.5, 1.5, 25), [-1 / 16, 1 / 16])


def near_strengths(curvature: float) -> np.ndarray:
    """Strengths around 0, up to 1.5 times that at which ½|CE''|α² is 0.05 nats; 0 among them.

    >>> from ufm.llm.laws.quadratic import near_strengths
    >>> print(near_strengths(0.1)[[0, 13, -1]])
    [-1.5 0. 1.5]
    """
    if curvature == 0 or not math.isfinite(curvature):
        raise ValueError(f"the curvature of CE at 0 must not be zero; got {curvature}")
    return _MULTIPLES * math.sqrt(2 * NATS / abs(curvature))


def cost_law(
    derivatives: np.ndarray, near: np.ndarray, near_increase: np.ndarray, tokens: int
) -> Law:
    """The exact quadratic against the measured curve.

    - `derivatives` [3]: CE, CE', CE'' at α = 0, exact, in nats a token.
    - `near` [A]: `near_strengths(CE'')`; `near_increase` [A]: ΔCE measured there.
    - `tokens`: how many tokens were predicted.

    The number is the largest relative error of ½ CE'' α² at the two strengths where it is 0.05
    nats. `evidence` has the linear term and its size there (|CE'| α / 0.05 nats), the minimum of
    the parabola with both terms, and the quadratic and linear coefficients of the measured curve
    at 0, by symmetric differences, which know nothing of the derivatives.

    >>> import numpy as np
    >>> from ufm.llm import cost_law
    >>> near = np.linspace(-1.5, 1.5, 25)
    >>> law = cost_law(np.array([3.0, 0.0, 0.1]), near, 0.05 * near**2 + 0.005 * near**3, 100)
    >>> print(law.verdict, f"{law.number:.3f}")
    holds 0.100
    """
    value, slope, curvature = map(float, derivatives)
    fitted = _at_zero(near, near_increase)
    strength = math.sqrt(2 * NATS / abs(curvature))
    ends = [int(np.abs(near - sign * strength).argmin()) for sign in (-1, 1)]
    measured = [float(near_increase[k]) for k in ends]
    half = curvature / 2
    errors = [abs(half * near[k] ** 2 - near_increase[k]) / NATS for k in ends]
    number = float(max(errors))
    evidence = {
        "cross_entropy": value,
        "linear": slope,
        "quadratic": half,
        "measured_linear": float(fitted[0]),
        "measured_quadratic": float(fitted[1]),
        "strengths": [float(near[k]) for k in ends],
        "measured_nats": measured,
        "predicted_nats": math.copysign(NATS, curvature),
        "linear_share": abs(slope) * strength / NATS,
        "tokens": tokens,
    }
    if curvature <= 0:
        why = f"CE'' = {curvature:.4g} is not positive: no valley at 0; CE' = {slope:.3g}"
        return STATEMENT.judged("fails", number, why, evidence)
    evidence |= {"lowest_at": -slope / curvature, "lowest_nats": -(slope**2) / (2 * curvature)}
    verdict = "holds" if number <= _CLOSE else "fails" if number > _FAR else "undecided"
    why = (
        f"½CE'' = {half:.4g} (measured {fitted[1]:.4g}); where it says 0.05 nats, at α = ±{strength:.4g}, "
        f"measured {measured[0]:.4g} and {measured[1]:.4g}; the linear term CE' = {slope:.3g} is "
        f"{evidence['linear_share']:.1%} of that"
    )
    return STATEMENT.judged(verdict, number, why, evidence)


def _at_zero(alphas: np.ndarray, values: np.ndarray) -> tuple[float, float]:
    """Linear and quadratic coefficient of a curve at 0: differences at ±a and ±b, extrapolated to 0."""
    steps = np.unique(np.abs(alphas[alphas != 0]))[:2]
    up, down = (
        np.array([values[np.abs(alphas - sign * step).argmin()] for step in steps])
        for sign in (1, -1)
    )
    # both errors are of the order step²
    ratio = float((steps[1] / steps[0]) ** 2)
    odd, even = (up - down) / (2 * steps), (up + down) / (2 * steps**2)
    linear, quadratic = ((ratio * x[0] - x[1]) / (ratio - 1) for x in (odd, even))
    return float(linear), float(quadratic)

"""Law: the probability of most tokens bumps: it rises to one peak, then falls (Theorem 3.3)."""

from collections import Counter

import numpy as np

from .law import Law, Statement, judge_prompts

SHAPES = ("bump", "increasing", "decreasing", "dip", "several")
_SHARE = 0.5
STATEMENT = Statement(
    "bumps",
    "Most tokens bump: p(z) rises to one peak, then falls",
    "share of tokens with a bump above 0.5, as the claim is about most tokens; the mean over prompts, "
    "two standard errors away from it",
)
# Rounding of d log p/dα, in units of the dtype times the prompt's largest slope. Logits are sums of d
# products, whose rounding adds up to about √d units: 128 at d = 16,384, and as much again for the norm
# and the mean. On the trained toy model, d = 192, float32 is at most 8.4 units from float64.
_UNITS = 256
# What an eye sees in a picture: one percent of the curve's range.
_VISIBLE = 0.01


def curve_shapes(increase: np.ndarray, slopes: np.ndarray, resolution: np.ndarray) -> list[str]:
    """What each of K curves does on the range: one of "bump", "increasing", "decreasing", "dip", "several".

    - `increase` [A, K]: Δp at increasing α; `slopes` [A, K]: a derivative there whose sign is Δp's, 0
      where it is not known.
    - `resolution` [K]: a rise or fall by less than this is passed over; 0 passes over none.

    A bump is exactly one change of the derivative's sign, + to -; a dip is one from - to +;
    "several" is all else. The signs are the slopes'; the values say only how far a run goes.

    >>> import numpy as np
    >>> from ufm.llm.laws.bumps import curve_shapes
    >>> a = np.linspace(-2, 2, 9)[:, None]
    >>> curves, slopes = [-a * a, a, a**3 - a], [-2 * a, 1 + 0 * a, 3 * a * a - 1]
    >>> print(curve_shapes(np.hstack(curves), np.hstack(slopes), np.zeros(3)))
    ['bump', 'increasing', 'several']
    """
    columns = zip(increase.T, slopes.T, resolution, strict=True)
    return [_shape(values, slope, float(least)) for values, slope, least in columns]


def _shape(values: np.ndarray, slope: np.ndarray, least: float) -> str:
    runs = _runs(values, slope)
    while len(runs) > 1:
        k = min(range(len(runs)), key=lambda i: runs[i][1])
        if runs[k][1] >= least:
            break
        # a run too small to count goes, and its neighbours, of one sign, become one
        sides = runs[max(k - 1, 0) : k] + runs[k + 1 : k + 2]
        size = sum(run[1] for run in sides) - (runs[k][1] if len(sides) == 2 else 0.0)
        runs[max(k - 1, 0) : k + 2] = [(sides[0][0], size)]
    signs = [sign for sign, _ in runs]
    if len(signs) == 1:
        return "increasing" if signs[0] > 0 else "decreasing"
    if len(signs) == 2:
        return "bump" if signs[0] > 0 else "dip"
    return "several"


def _runs(values: np.ndarray, slope: np.ndarray) -> list[tuple[float, float]]:
    """Stretches on which the slope keeps its sign: that sign, and by how much the curve moves."""
    where = np.flatnonzero(slope)
    if not where.size:
        return [(1.0 if values[-1] >= values[0] else -1.0, 0.0)]
    signs = np.sign(slope[where])
    changes = np.flatnonzero(np.diff(signs))
    turns = [float(values[0])]
    for k in changes:
        near = values[where[k] : where[k + 1] + 1]
        turns.append(float(near.max() if signs[k] > 0 else near.min()))
    turns.append(float(values[-1]))
    kept = [*signs[changes], signs[-1]]
    return [(float(s), abs(d)) for s, d in zip(kept, np.diff(turns).tolist(), strict=True)]


def bump_law(
    tokens: np.ndarray, unsteered: np.ndarray, increase: np.ndarray, slopes: np.ndarray
) -> Law:
    """Share of tokens with a bump over the sweep's range, by the exact derivative.

    - `tokens` [m, K] of each prompt, where repeats count once; `unsteered` [m, K]: their p_0.
    - `increase` [m, A, K]: Δp at increasing strengths; `slopes` [m, A, K]: d log p/dα there.

    A slope within rounding of 0, 256 units of its dtype relative to the prompt's largest, has no
    sign. The verdict is about exact signs, however small a rise or fall, which p itself may be too
    small to show; `evidence["visible"]` counts again without rises and falls below 1 % of the range.
    A peak beyond the range makes a token monotone here, so the share is a lower bound on the real line:
    the law fails only if it would do so with every monotone curve counted as a bump.

    >>> import numpy as np
    >>> from ufm.llm import bump_law
    >>> a = np.linspace(-2, 2, 9)[None, :, None] * np.ones((3, 1, 1))
    >>> law = bump_law(np.zeros((3, 1), int), np.full((3, 1), 0.5), -0.1 * a * a, -0.2 * a)
    >>> print(law.verdict, law.number)
    holds 1.0
    """
    exact, visible, shares, at_most = Counter(), Counter(), [], []
    for row, before, values, slope in zip(tokens, unsteered, increase, slopes, strict=True):
        once = np.unique(row, return_index=True)[1]
        values, slope = values[:, once].astype(np.float64), known_signs(slope)[:, once]
        found = curve_shapes(values, slope, np.zeros(once.size))
        shown = _VISIBLE * (values.max(axis=0) - values.min(axis=0))
        # a constant curve moves by rounding alone
        least = np.finfo(increase.dtype).eps * before[once].astype(np.float64)
        visible.update(curve_shapes(values, slope, np.maximum(shown, least)))
        exact.update(found)
        shares.append(found.count("bump") / len(found))
        could_turn = found.count("increasing") + found.count("decreasing")
        at_most.append(shares[-1] + could_turn / len(found))
    verdict, why = judge_prompts(shares, _SHARE)
    if verdict == "fails" and judge_prompts(at_most, _SHARE)[0] != "fails":
        verdict, why = "undecided", f"{why}; monotone curves may turn beyond the range: widen it"
    total = exact.total()
    counted = ", ".join(f"{exact[s]} {s}" for s in SHAPES if exact[s])
    why += f"; of {total} curves {counted}; {visible['bump']} bump by over {_VISIBLE:.0%} of their range"
    evidence = {
        "curves": total,
        "exact": {s: exact[s] for s in SHAPES},
        "visible": {s: visible[s] for s in SHAPES},
        "visible_share": visible["bump"] / total,
        "share_by_prompt": shares,
    }
    return STATEMENT.judged(verdict, float(np.mean(shares)), why, evidence)


def known_signs(slopes: np.ndarray) -> np.ndarray:
    """Slopes [A, K] of one prompt, 0 where rounding may have set the sign."""
    size = np.abs(slopes)
    return np.where(size > _UNITS * np.finfo(slopes.dtype).eps * size.max(), slopes, 0)

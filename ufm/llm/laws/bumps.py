"""Law: the probability of most tokens bumps: it rises to one peak, then falls.

Theorem 3.3 says so of every token whose log-odds are not extremal; "most tokens" is the text after it, and of
the eight likeliest tokens at the far end the captions of the paper's figures.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from ..measure.token_curves import Curves
from .law import Law, Statement, judge_prompts

SHAPES = ("bump", "increasing", "decreasing", "dip", "several")
_SHARE = 0.5
STATEMENT = Statement(
    "bumps",
    "Most tokens bump: p(z) rises to one peak, then falls",
    "share of tokens with a bump above 0.5, as the claim is about most tokens; the mean over prompts, "
    "two standard errors away from it; of an exponential tilt, where the theorem is about every token, at "
    "most one curve in a thousand may do anything else than bump or be monotone on the range",
)
# Rounding of d log p/dα, in units of the dtype times the prompt's largest slope. Logits are sums of d
# products, whose rounding adds up to about √d units: 128 at d = 16,384, and as much again for the norm
# and the mean. On the trained toy model, d = 192, float32 is at most 8.4 units from float64.
_UNITS = 256
# Where the theorem holds of every token, rounding makes at most this share of the curves contradict it.
_CONTRADICT = 1e-3
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
    return [_shape(_runs(values, slope), float(least)) for values, slope, least in columns]


def extra_turns(increase: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """How much each of K curves moves the wrong way: 0 for a bump and for a monotone curve.

    The size [K] of the largest rise or fall that has to be passed over, the smallest ones first,
    before the curve is a bump or monotone; in the units of `increase` [A, K], with `slopes` as in
    `curve_shapes`.

    >>> import numpy as np
    >>> from ufm.llm.laws.bumps import extra_turns
    >>> a = np.linspace(-2, 2, 401)[:, None]
    >>> curves, slopes = [-a * a, a**3 - a], [-2 * a, 3 * a * a - 1]
    >>> print(extra_turns(np.hstack(curves), np.hstack(slopes)).round(2))
    [0.   0.77]
    """
    columns = zip(increase.T, slopes.T, strict=True)
    return np.array([_extra(_runs(values, slope)) for values, slope in columns])


def _extra(runs: list[tuple[float, float]]) -> float:
    removed = 0.0
    while _shape(runs, 0.0) in ("dip", "several"):
        removed = max(removed, min(size for _, size in runs))
        runs = _without_smallest(runs)
    return removed


def _without_smallest(runs: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The smallest run goes, and its neighbours, which have one sign, become one."""
    k = min(range(len(runs)), key=lambda i: runs[i][1])
    sides = runs[max(k - 1, 0) : k] + runs[k + 1 : k + 2]
    size = sum(run[1] for run in sides) - (runs[k][1] if len(sides) == 2 else 0.0)
    return [*runs[: max(k - 1, 0)], (sides[0][0], size), *runs[k + 2 :]]


def _shape(runs: list[tuple[float, float]], least: float) -> str:
    while len(runs) > 1 and min(size for _, size in runs) < least:
        runs = _without_smallest(runs)
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


@dataclass(frozen=True)
class Protocol:
    """Curves counted in one way.

    - `name`; `tokens`: how many are followed in each prompt, and of which end. `least`, `largest`, `steps`:
      the strengths. `shapes`: how many curves of each shape.
    - `extra_shares`: of the dips and those with several turns, by how much they move the wrong way
      (`extra_turns`) as a share of the curve's range: the median, the 90 % quantile and the
      largest; `extra_probabilities`: the same in probability. Empty without such curves.
    """

    name: str
    tokens: str
    least: float
    largest: float
    steps: int
    shapes: dict[str, int]
    extra_shares: tuple[float, ...]
    extra_probabilities: tuple[float, ...]


class _Count:
    """Shapes of curves counted over prompts, and the sizes of their extra turns."""

    def __init__(self):
        self.shapes: Counter[str] = Counter()
        self.shares: list[float] = []
        self.probabilities: list[float] = []

    def add(self, values: np.ndarray, slopes: np.ndarray, least: np.ndarray) -> list[str]:
        """Count the curves of one prompt, values and slopes [A, K], as `curve_shapes` has them."""
        found = curve_shapes(values, slopes, least)
        self.shapes.update(found)
        turned = np.isin(found, ("dip", "several"))
        extra, span = (
            extra_turns(values[:, turned], slopes[:, turned]),
            np.ptp(values, axis=0)[turned],
        )
        self.probabilities += extra.tolist()
        # a curve may be too flat for p to show what its slope does
        self.shares += np.divide(extra, span, out=np.zeros_like(extra), where=span > 0).tolist()
        return found

    def protocol(self, name: str, tokens: str, alphas: np.ndarray) -> Protocol:
        """The count, with the name of its protocol, its tokens and its strengths."""
        return Protocol(
            name,
            tokens,
            float(alphas[0]),
            float(alphas[-1]),
            alphas.size,
            {shape: self.shapes[shape] for shape in SHAPES},
            _quantiles(self.shares),
            _quantiles(self.probabilities),
        )


def _quantiles(values: list[float]) -> tuple[float, ...]:
    return tuple(np.quantile(values, [0.5, 0.9, 1]).tolist()) if values else ()


def paper_protocol(curves: Curves) -> Protocol:
    """The curves counted as the paper's figures show them.

    Of `curves`, each prompt's most likely tokens at the largest α alone; rises and falls from one strength
    to the next, by the values; a turn counts if it is more than 1 % of the curve's range.
    """
    count = _Count()
    kept = curves.tokens.shape[1] // 2
    for values, before in zip(curves.increase, curves.unsteered, strict=True):
        count.add(*_as_seen(values[:, :kept], before[:kept]))
    return count.protocol("the paper", f"{kept} of α > 0", curves.alphas)


def shapes_by_eye(increase: np.ndarray, unsteered: np.ndarray) -> list[str]:
    """What each of K curves does as a picture shows it, in the words of `curve_shapes`.

    `increase` [A, K]: Δp at increasing α; `unsteered` [K]: p_0. Rises and falls go from one strength to the
    next, and a turn counts if it is more than 1 % of the curve's range.

    >>> import numpy as np
    >>> from ufm.llm.laws.bumps import shapes_by_eye
    >>> a = np.linspace(0, 1, 101)[:, None]
    >>> print(shapes_by_eye(np.hstack([a * (1 - a), a, a + 1e-3 * np.sin(40 * a)]), np.ones(3)))
    ['bump', 'increasing', 'increasing']
    """
    return curve_shapes(*_as_seen(increase, unsteered))


def _as_seen(
    increase: np.ndarray, unsteered: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curves, differences in place of slopes, and the least turn that an eye sees."""
    values, before = increase.astype(np.float64), unsteered.astype(np.float64)
    steps = np.diff(values, axis=0)
    rounding = np.finfo(increase.dtype).eps * before
    return values, np.vstack([steps, steps[-1:]]), _seen(values, rounding)


def _seen(values: np.ndarray, rounding: np.ndarray) -> np.ndarray:
    """The least rise or fall that an eye sees; a constant curve moves by `rounding` alone."""
    return np.maximum(_VISIBLE * np.ptp(values, axis=0), rounding)


def protocols_of(law: Law) -> tuple[Protocol, ...]:
    """The counts in the evidence of `bump_law`."""
    rows = law.evidence["protocols"]
    assert isinstance(rows, list)
    return tuple(Protocol(**row) for row in rows)


def bump_law(
    tokens: np.ndarray,
    unsteered: np.ndarray,
    increase: np.ndarray,
    slopes: np.ndarray,
    *,
    alphas: np.ndarray | None = None,
    is_tilt: bool = False,
    beside: tuple[Protocol, ...] = (),
) -> Law:
    """Share of tokens with a bump over the sweep's range, by the exact derivative.

    - `tokens` [m, K] of each prompt, where repeats count once; `unsteered` [m, K]: their p_0.
    - `increase` [m, A, K]: Δp at increasing strengths; `slopes` [m, A, K]: d log p/dα there.
    - `alphas` [A]: the strengths; 0, 1, … if not given. `is_tilt`: the model is the theorem's exponential
      tilt, where every token but the extreme ones bumps, some of them beyond the range.
    - `beside`: other counts, kept in the evidence before those here (`paper_protocol`).

    A slope within rounding of 0, 256 units of its dtype relative to the prompt's largest, has no
    sign. The verdict is about exact signs, however small a rise or fall, which p itself may be too
    small to show; `evidence["visible"]` counts again without rises and falls below 1 % of the range, and
    `evidence["protocols"]` says how large the extra turns are, of curves that neither bump
    nor are monotone.
    A peak beyond the range makes a token monotone here, so the share is a lower bound on the real line:
    the law fails only if it would do so with every monotone curve counted as a bump.

    >>> import numpy as np
    >>> from ufm.llm import bump_law
    >>> a = np.linspace(-2, 2, 9)[None, :, None] * np.ones((3, 1, 1))
    >>> law = bump_law(np.zeros((3, 1), int), np.full((3, 1), 0.5), -0.1 * a * a, -0.2 * a)
    >>> print(law.verdict, law.number)
    holds 1.0
    """
    strict, by_eye, shares, at_most = _Count(), _Count(), [], []
    for row, before, values, slope in zip(tokens, unsteered, increase, slopes, strict=True):
        once = np.unique(row, return_index=True)[1]
        values, slope = values[:, once].astype(np.float64), known_signs(slope)[:, once]
        found = strict.add(values, slope, np.zeros(once.size))
        rounding = np.finfo(increase.dtype).eps * before[once].astype(np.float64)
        by_eye.add(values, slope, _seen(values, rounding))
        shares.append(found.count("bump") / len(found))
        could_turn = found.count("increasing") + found.count("decreasing")
        at_most.append(shares[-1] + could_turn / len(found))
    verdict, why = judge_prompts(shares, _SHARE)
    if is_tilt:
        verdict = "holds" if np.mean(at_most) >= 1 - _CONTRADICT else "fails"
        why = f"{np.mean(at_most):.2%} of the curves bump or are monotone on the range"
    elif verdict == "fails" and judge_prompts(at_most, _SHARE)[0] != "fails":
        verdict, why = "undecided", f"{why}; monotone curves may turn beyond the range: widen it"
    grid = np.arange(increase.shape[1]) if alphas is None else alphas
    ends = f"{tokens.shape[1] // 2} a side"
    counts = by_eye.protocol("by eye", ends, grid), strict.protocol("exact signs", ends, grid)
    evidence = _evidence(strict.shapes, by_eye.shapes, shares, (*beside, *counts))
    exact, seen = strict.shapes, by_eye.shapes["bump"]
    shown = ", ".join(f"{exact[s]} {s}" for s in SHAPES if exact[s])
    why += f"; of {exact.total()} curves {shown}; {seen} bump by over {_VISIBLE:.0%} of their range"
    return STATEMENT.judged(verdict, float(np.mean(shares)), why, evidence)


def _evidence(
    exact: Counter[str], visible: Counter[str], shares: list[float], counts: tuple[Protocol, ...]
) -> dict[str, object]:
    """What the verdict rests on, of which the last of `counts` is that of the exact signs."""
    return {
        "curves": exact.total(),
        "exact": {s: exact[s] for s in SHAPES},
        "visible": {s: visible[s] for s in SHAPES},
        "visible_share": visible["bump"] / exact.total(),
        "share_by_prompt": shares,
        "largest_extra_turn": max(counts[-1].extra_shares, default=0.0),
        "protocols": [dict(vars(count)) for count in counts],
    }


def known_signs(slopes: np.ndarray) -> np.ndarray:
    """Slopes [A, K] of one prompt, 0 where rounding may have set the sign."""
    size = np.abs(slopes)
    return np.where(size > _UNITS * np.finfo(slopes.dtype).eps * size.max(), slopes, 0)

"""Choosing the steering strength of a language model: the first α that spends a budget on text."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ufm.numerics.roots import bracketed_root

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.text_cost import KINDS, TextSpend
from ..text.tokenizer import pad

# The scan goes from an eighth of the quadratic's guess in steps of this ratio, four a pass.
_RATIO = math.sqrt(2.0)
_PER_PASS = 4
# A plateau: the last doubling of α moved the spending by less than this share of it.
_FLAT = 0.01


@dataclass(frozen=True, eq=False)
class ModelStrength:
    """A chosen strength, what it spends, and what was seen on the way.

    - `alpha`: the first strength, going out from 0, at which the spending crosses `budget`; ±∞ where
      none was found. `bracket`: (lower, upper) around it, as close as the model's numbers can tell.
    - `reachable`: False if no strength up to `furthest` crosses the budget; `largest` is then the
      nearest that the spending came to it, at `largest_alpha` (0 if steering only lowers it);
      `is_plateau` says whether the last
      doubling of α moved it by under 1 %; `limit` is its limit for α → ±∞ (Proposition 4.1; None at
      the post-norm site).
    - `scale`: |v| / mean |h|; `relative` is α in that unit.
    - `predicted`: spending at `alpha` by the exact first and second `derivatives` [3, 4] at 0;
      `quadratic_alpha`: where that parabola crosses the budget (NaN if nowhere).
    - `spent` [4]: at `alpha`, in the order of `ufm.llm.KINDS` (NaN where not reachable).
    - `scanned` [S], `costs` [S]: strengths looked at on the way, and their spending.
      `is_monotone`: it never turned back between them.
    - `tokens`, `passes`: predicted tokens of the text, and runs over it.
    """

    kind: str
    budget: float
    layer: int
    site: str
    alpha: float
    bracket: tuple[float, float]
    reachable: bool
    scale: float
    predicted: float
    quadratic_alpha: float
    derivatives: np.ndarray
    spent: np.ndarray
    scanned: np.ndarray
    costs: np.ndarray
    is_monotone: bool
    largest: float
    largest_alpha: float
    is_plateau: bool
    limit: float | None
    furthest: float
    tokens: int
    passes: int

    @property
    def relative(self) -> float:
        """α |v| / mean |h|: the shift as a share of the mean hidden state."""
        return self.alpha * self.scale

    @property
    def unsteered_target_mass(self) -> float:
        """Mean of F_T at α = 0; NaN without a target."""
        return float(self.derivatives[0, KINDS.index("target_mass")])


def check_budget(budget: float, kind: str) -> None:
    """Raise `ValueError` unless `budget` can be one of this kind."""
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}")
    if not (math.isfinite(budget) and budget > 0 and (kind != "target_mass" or budget < 1)):
        wanted = "in (0, 1)" if kind == "target_mass" else "positive and finite, in nats"
        raise ValueError(f"budget must be {wanted} for kind {kind!r}; got {budget}")


def choose_strength(
    spend: TextSpend,
    *,
    budget: float,
    kind: str = "cross_entropy",
    hidden_norm: float,
    furthest: float = 256.0,
) -> ModelStrength:
    """The first strength at which steering spends `budget` on a text.

    `kind` is one of `ufm.llm.KINDS`; a target mass wants a `spend` with a target, and α < 0 if
    the target holds more already. `hidden_norm` is mean |h| where v is added
    (`SteeringVector.mean_hidden_norm`).

    On a real model the spending need not grow with α, and levels off where a final norm follows
    (Proposition 4.1). So strengths are scanned outward from 0, each √2 times the last, up to
    `furthest` hidden-state norms; the first two between which the budget is crossed are closed in
    on. A crossing and its return between two scanned strengths go unseen. An unreachable budget is
    reported in the result, not raised.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> spend = ufm.llm.TextSpend(model, [[3, 4, 5, 6], [7, 8]], steering, length=8)
    >>> found = ufm.llm.choose_strength(spend, budget=0.01, kind="forward_kl", hidden_norm=1.0)
    >>> print(f"{found.alpha:.4f} {found.spent[1]:.4f} {found.predicted:.4f}")
    0.3643 0.0100 0.0099
    """
    check_budget(budget, kind)
    if kind == "target_mass" and spend.target is None:
        raise ValueError("a budget of target mass needs a target: name its tokens")
    if not (math.isfinite(hidden_norm) and hidden_norm > 0):
        raise ValueError(f"hidden_norm must be positive and finite; got {hidden_norm}")
    if not (math.isfinite(furthest) and furthest > 0):
        raise ValueError(f"furthest must be positive and finite; got {furthest}")
    scale = float(np.linalg.norm(np.asarray(spend.steering.vector, np.float64))) / hidden_norm
    derivatives = spend.derivatives()
    search = _Search(spend, budget, KINDS.index(kind), derivatives)
    start = 1 / scale
    if math.isfinite(search.quadratic):
        start = min(start, search.quadratic)
    inside, outside = search.scan(start / 8, furthest / scale)
    reachable = outside is not None
    bracket = search.close_in(inside, outside) if reachable else (math.inf, math.inf)
    signed = sorted(search.sign * end for end in bracket)
    alpha = search.sign * bracket[1]
    return ModelStrength(
        kind=kind,
        budget=float(budget),
        layer=spend.steering.layer,
        site=spend.steering.site,
        alpha=alpha,
        bracket=(signed[0], signed[1]),
        reachable=reachable,
        scale=scale,
        predicted=search.parabola(alpha) if reachable else math.nan,
        quadratic_alpha=search.sign * search.quadratic,
        derivatives=derivatives,
        spent=spend.at([alpha])[0] if reachable else np.full(len(KINDS), math.nan),
        furthest=search.sign * furthest / scale,
        tokens=int(spend.predicted.sum()),
        limit=None if reachable else search.limit(),
        passes=spend.passes,
        **search.seen(),
    )


class _Search:
    """The search outward from 0, where f(a) = ±(spending(±a) - budget) starts below 0."""

    def __init__(self, spend: TextSpend, budget: float, column: int, derivatives: np.ndarray):
        self.spend, self.budget, self.column = spend, budget, column
        self.at_zero, self.slope, self.curvature = (float(d) for d in derivatives[:, column])
        self.sign = -1.0 if self.at_zero > budget else 1.0
        self.quadratic = self._quadratic()
        self.scanned: list[float] = []

    def gap(self, a: float) -> float:
        return self.sign * (float(self.spend.at([self.sign * a])[0, self.column]) - self.budget)

    def parabola(self, alpha: float) -> float:
        return self.at_zero + self.slope * alpha + 0.5 * self.curvature * alpha**2

    def scan(self, start: float, end: float) -> tuple[float, float | None]:
        """The first scanned pair between which f changes sign; (end, None) if there is none."""
        grid = start * _RATIO ** np.arange(max(0, math.ceil(math.log(end / start, _RATIO))))
        grid = np.append(grid, end)
        last = 0.0
        for k in range(0, grid.size, _PER_PASS):
            part = grid[k : k + _PER_PASS].tolist()
            self.spend.at([self.sign * a for a in part])  # in one pass
            for a in part:
                self.scanned.append(a)
                if self.gap(a) >= 0:
                    return last, a
                last = a
        return last, None

    def close_in(self, inside: float, outside: float | None) -> tuple[float, float]:
        assert outside is not None
        found = bracketed_root(lambda x: self.gap(inside + x), outside - inside)
        return (
            abs(self.spend.rounded(inside + found[0])),
            abs(self.spend.rounded(inside + found[1])),
        )

    def limit(self) -> float | None:
        """Of the spending at ±∞; the text is run once more."""
        found = self.spend.limit(self.sign)
        return None if found is None else float(found[self.column])

    def seen(self) -> dict:
        alphas = self.sign * np.array(self.scanned)
        costs = self.spend.at(alphas)[:, self.column]
        reached = np.concatenate([[self.at_zero], costs])
        steps = self.sign * np.diff(reached)
        best = int(np.argmax(self.sign * reached))
        half = costs[np.argmin(np.abs(alphas - alphas[-1] / 2))]
        return {
            "scanned": alphas,
            "costs": costs,
            "is_monotone": bool((steps >= 0).all()),
            "largest": float(reached[best]),
            "largest_alpha": float(np.concatenate([[0.0], alphas])[best]),
            "is_plateau": bool(abs(costs[-1] - half) <= _FLAT * abs(costs[-1])),
        }

    def _quadratic(self) -> float:
        """The least a > 0 at which the parabola through 0 crosses the budget; NaN if none."""
        c = self.sign * (self.at_zero - self.budget)
        a, b = 0.5 * self.sign * self.curvature, self.slope
        inside = b * b - 4 * a * c
        if inside < 0 or b + math.sqrt(inside) <= 0:
            return math.nan
        return -2 * c / (b + math.sqrt(inside))


def differs_at_zero(
    model: LanguageModel,
    steering: Steering,
    rows: list[list[int]],
    progress: Callable[[int, int], None] | None = None,
) -> int | None:
    """The first of `rows` (lists of tokens) whose logits at α = 0 are not the unsteered model's.

    Compared bit for bit at every position; None if all are equal.
    """
    longest = max(map(len, rows))
    for k, row in enumerate(rows):
        tokens, mask = pad([row], longest)
        plain = np.asarray(model.all_logits(tokens, mask=mask))
        at_zero = np.asarray(model.all_logits(tokens, 0.0, steering, mask=mask))
        if plain[mask].tobytes() != at_zero[mask].tobytes():
            return k
        if progress is not None:
            progress(k + 1, len(rows))
    return None

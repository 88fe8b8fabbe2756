"""Choosing the steering strength of a language model: the first α that spends a budget on text."""

import math

import jax.numpy as jnp
import numpy as np

from ufm.tilt.strength import check_budget

from ..decoder.arguments import check_shift
from ..measure.budgets import KINDS
from ..measure.text_cost import TextSpend
from .choice import ModelStrength
from .parabola import Parabola
from .search import Search

# A budget so many times the rounding unit is far above what rounding does to a mean of log-probabilities …
_SAFE = 1e4
# … and one must be so many times what it was seen to do.
_CLEAR = 20.0


def choose_strength(
    spend: TextSpend,
    *,
    budget: float,
    kind: str = "cross_entropy",
    hidden_norm: float,
    furthest: float = 256.0,
    digits: int | None = 17,
) -> ModelStrength:
    """The first strength at which steering spends `budget` on a text.

    `kind` is one of `ufm.llm.KINDS`; a target mass wants a `spend` with a target, and α < 0 if
    the target holds more already. `hidden_norm` is a usual |h| where v is added
    (`SteeringVector.hidden_norm`).

    On a real model the spending need not grow with α, and levels off where a final norm follows
    (Proposition 4.1). So strengths are scanned outward from 0: a quarter, half, √½ and all of where the
    parabola of the exact derivatives at 0 crosses the budget, then each √2 times the last, up to
    `furthest` hidden-state norms. The first two between which the budget is crossed are closed in on. A
    crossing and its return between two scanned strengths go unseen: before the first of them, that
    would take a spending that rises to the budget where the parabola says a quarter of it, and falls again.

    `digits`: how many of α are wanted, at most what the model's numbers tell. None: until the spending at
    the two ends of the bracket differs by about a tenth of its standard error over windows
    (`TextSpend.standard_error`), as no text tells more. An unreachable budget is reported in the result,
    not raised; one that the model's rounding hides raises `ValueError`.

    >>> import numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0)
    >>> spend = ufm.llm.TextSpend(model, [[3, 4, 5, 6], [7, 8]], steering, length=8)
    >>> found = ufm.llm.choose_strength(spend, budget=0.01, kind="forward_kl", hidden_norm=1.0)
    >>> print(f"{found.alpha:.4f} {found.spent[1]:.4f} {found.predicted:.4f}")
    0.3643 0.0100 0.0099
    """
    _check_arguments(spend, budget, kind, digits, hidden_norm=hidden_norm, furthest=furthest)
    scale = float(np.linalg.norm(np.asarray(spend.steering.vector, np.float64))) / hidden_norm
    check_shift([furthest / scale], spend.steering.vector, spend.model.wide)
    derivatives, column = spend.derivatives(), KINDS.index(kind)
    near_zero = Parabola(*derivatives[:, column].tolist())
    _check_resolution(spend, budget, kind, near_zero, scale)
    search = Search(spend, budget, column, near_zero.value)
    guess = abs(near_zero.crossing(budget))
    start = min(1 / scale, guess if guess > 0 else math.inf)  # NaN is not above 0
    found = search.outcome(start, furthest / scale, digits)
    # for the limit the text is run over once more
    limit = None if found.is_crossed else spend.limit(search.sign)
    return ModelStrength(
        kind=kind,
        budget=float(budget),
        layer=spend.steering.layer,
        site=spend.steering.site,
        alpha=found.alpha,
        bracket=found.bracket,
        scale=scale,
        derivatives=derivatives,
        spent=spend.at([found.alpha])[0] if found.is_crossed else np.full(len(KINDS), math.nan),
        scanned=found.scanned,
        costs=spend.at(found.scanned)[:, column],
        looked_at=np.stack([found.looked_at, spend.at(found.looked_at)[:, column]], axis=1),
        furthest=search.sign * furthest / scale,
        limit=None if limit is None else float(limit[column]),
        tokens=int(spend.predicted.sum()),
        passes=spend.passes,
    )


def _check_arguments(
    spend: TextSpend, budget: float, kind: str, digits: int | None, **lengths: float
) -> None:
    check_budget(budget, kind, KINDS)
    if kind == "target_mass" and spend.target is None:
        raise ValueError("a budget of target mass needs a target: name its tokens")
    if digits is not None and digits < 1:
        raise ValueError(f"digits must be at least 1; got {digits}")
    for name, value in lengths.items():
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"{name} must be positive and finite; got {value}")


def _check_resolution(
    spend: TextSpend, budget: float, kind: str, near_zero: Parabola, scale: float
) -> None:
    """Raise where a budget of cost is lost in the rounding of the model's logits.

    What the spending is at strengths that only just change the states' last digits, less the exact parabola
    there, is rounding alone. It is measured where a budget is so small that it may matter.
    """
    eps = float(jnp.finfo(spend.model.dtype).eps)
    if kind == "target_mass" or budget > _SAFE * eps:  # a mass is a level, missed by rounding alone
        return
    alphas = np.geomspace(4, 32, 8) * eps / scale
    found = spend.at(alphas)[:, KINDS.index(kind)]
    rounding = float(np.abs(found - [near_zero(spend.rounded(a)) for a in alphas]).max())
    if budget < _CLEAR * rounding:
        dtype = "float32" if spend.model.dtype == jnp.bfloat16 else "float64"
        wider = "" if spend.model.dtype == np.float64 else f", or load the model in {dtype}"
        raise ValueError(
            f"budget {budget:g} of {kind} cannot be told from rounding: on this text {spend.model.dtype} "
            f"resolves {_CLEAR * rounding:.2g} and more: raise it{wider}"
        )

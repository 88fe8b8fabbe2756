"""What steering does to sequences of tokens, between its bounds."""

from typing import Literal, get_args

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from matplotlib.axes import Axes

from .._checks import Numbers, token_set
from ..tilt.sequence import ContextChain
from .style import PALETTE, checked_strengths, draw_legend, prepared

Quantity = Literal["presence", "count", "divergence"]
_NAMES = {
    "presence": "$P_α$(T among {} tokens)",
    "count": "expected tokens of T among {}",
    "divergence": "KL($P_0$ ‖ $P_α$) of {} tokens (nats)",
}


def sequence_curve(
    chain: ContextChain,
    *,
    target: Numbers,
    length: int,
    alphas: Numbers,
    quantity: Quantity | str = "presence",
    axes: Axes | None = None,
) -> Axes:
    """A number about `length` tokens, each steered, against the strength, and what encloses it.

    - `quantity`: "presence", the probability that a token of the target is among them; "count", the
      expected number of these; "divergence" from the unsteered distribution, for which `target` counts
      for nothing.
    - `target` [V]: T, a boolean mask, neither empty nor full.
    - `alphas` [A]: increasing, in multiples of v.

    The curve has the gid "curve", the bounds "least" (not of the divergence) and "most".

    >>> import numpy as np, ufm
    >>> from ufm import plots
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, positive=[0, 1], negative=[2, 3])
    >>> chain = ufm.ContextChain(tilt, np.tile(2 * data.token_concept, (6, 1)), data.context_weights)
    >>> T = data.concept_tokens(0)
    >>> axes = plots.sequence_curve(chain, target=T, length=8, alphas=np.linspace(0, 1, 3))
    >>> print(" ".join(f"{line.get_gid()} {line.get_ydata()[-1]:.4f}" for line in axes.lines))
    least 0.9957 most 1.0000 curve 0.9986
    """
    if quantity not in get_args(Quantity):
        raise ValueError(f"quantity must be one of {', '.join(_NAMES)}; got {quantity!r}")
    mask = token_set(target, chain.tilt.log_odds.size)
    strengths = checked_strengths(alphas)

    def at(alpha: Array) -> tuple[Array, ...]:
        if quantity == "divergence":
            return chain.divergence(alpha, length), chain.divergence_bound(alpha, length)
        if quantity == "count":
            bounds = chain.count_bounds(alpha, mask, length)
            return chain.expected_count(alpha, mask, length), *bounds
        return chain.presence(alpha, mask, length), *chain.presence_bounds(alpha, mask, length)

    curve, *bounds = (np.asarray(x) for x in jax.jit(jax.vmap(at))(jnp.asarray(strengths)))
    axes = prepared(axes, _NAMES[quantity].format(length), strengths)
    names = ("least", "most")[-len(bounds) :]
    for name, bound in zip(names, bounds, strict=True):
        axes.plot(strengths, bound, color=PALETTE[1], linestyle="--", gid=name)
    axes.lines[-1].set_label("bounds" if len(bounds) > 1 else "Lα²R²/8")
    axes.plot(strengths, curve, color=PALETTE[0], label="exact", gid="curve")
    if len(bounds) > 1:
        axes.fill_between(
            strengths, bounds[0], bounds[1], color=PALETTE[1], alpha=0.12, linewidth=0
        )
    else:
        axes.set_ylim(-0.03 * curve.max(), 1.05 * curve.max())
    draw_legend(axes, None, axes.get_legend_handles_labels()[0])
    return axes

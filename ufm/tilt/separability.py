"""How far a steering vector is from moving its target and nothing else."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from .._checks import Numbers, is_concrete, token_set
from .tilt import ExponentialTilt


def inseparability(tilt: ExponentialTilt, target: Numbers) -> Float[Array, " contexts"]:
    """Var_j(M|not T)/Var_j(M), shape [m]: how much M still varies among the tokens off the target.

    Between 0 and 1/(1 - F_T). It is 0 iff M is constant off T; only then is the distribution given "not T"
    the same at every strength: all other concepts fall together, as 1 - F_T(α). Otherwise F_C(α)/(1 - F_T(α))
    moves by a factor of at most e^{|α| R_off} for any C off T, where R_off is the range of M off T. It is
    1/(1 - F_T) where M is constant on T, and there equal to its mean off T.

    `target` is T, a boolean mask [V], neither empty nor full. Raises `ValueError` for a constant M.
    Source: this project, after Park et al. (arXiv:2311.03658); claims `park.separable`, `park.together`.

    >>> import ufm
    >>> data = ufm.ConceptDataset.smoothed(epsilon=0.05)
    >>> tilt = ufm.ExponentialTilt.from_dataset(data, [0, 1], [2, 3])
    >>> print(f"{ufm.inseparability(tilt, data.concept_tokens(0))[4]:.4f}")
    0.4997
    """
    off = ~token_set(target, tilt.log_odds.size)
    # in units of the range, so that no square overflows
    reach = tilt.odds_range()
    if is_concrete(reach) and float(reach) == 0:
        raise ValueError("M is the same for every token: no strength moves anything")
    scaled = (tilt.log_odds - tilt.log_odds.min()) / reach

    def variance(log_probs: Array) -> Array:
        law = jax.nn.softmax(log_probs, axis=1)
        centred = scaled[None, :] - (law @ scaled)[:, None]
        return (law * centred**2).sum(axis=1)

    given = variance(jnp.where(off[None, :], tilt.log_probs, -jnp.inf))
    is_flat = jnp.where(off, scaled, -jnp.inf).max() == jnp.where(off, scaled, jnp.inf).min()
    return jnp.where(is_flat, 0.0, given) / variance(tilt.log_probs)

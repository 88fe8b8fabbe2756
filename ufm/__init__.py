"""Steering strength, exactly: the Unconstrained Features Model of arXiv:2602.02712 in JAX.

Names load on first use, so that `import ufm` and `ufm --help` cost nothing.
"""

from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

from ._lazy import on_first_use

if TYPE_CHECKING:
    from ._progress import progress_bar as progress_bar
    from .models.dataset import ConceptDataset as ConceptDataset
    from .models.transformer import Transformer as Transformer
    from .models.transformer_norm import layer_norm as layer_norm
    from .models.transformer_norm import rms_norm as rms_norm
    from .models.unconstrained import UFM as UFM
    from .sweeps.aggregates import Aggregates as Aggregates
    from .sweeps.aggregates import sweep_aggregates as sweep_aggregates
    from .sweeps.mesh import peaks_on_mesh as peaks_on_mesh
    from .sweeps.mesh import sweep_on_mesh as sweep_on_mesh
    from .sweeps.sweep import sweep as sweep
    from .sweeps.sweep import sweep_blocks as sweep_blocks
    from .sweeps.top_tokens import TopTokens as TopTokens
    from .sweeps.top_tokens import sweep_top as sweep_top
    from .tilt.divergences import cross_entropy_increase as cross_entropy_increase
    from .tilt.divergences import forward_kl as forward_kl
    from .tilt.divergences import reverse_kl as reverse_kl
    from .tilt.effects import concept_increase as concept_increase
    from .tilt.effects import concept_log_odds as concept_log_odds
    from .tilt.effects import concept_log_odds_increase as concept_log_odds_increase
    from .tilt.effects import concept_probability as concept_probability
    from .tilt.effects import probability_increase as probability_increase
    from .tilt.log_odds import difference_of_means as difference_of_means
    from .tilt.log_odds import log_odds as log_odds
    from .tilt.peaks import peak_strengths as peak_strengths
    from .tilt.peaks import separation_margin as separation_margin
    from .tilt.peaks import sweet_spot as sweet_spot
    from .tilt.strength import StrengthChoice as StrengthChoice
    from .tilt.strength import choose_strength as choose_strength
    from .tilt.strength import half_saturation as half_saturation
    from .tilt.tilt import ExponentialTilt as ExponentialTilt

_HOME = {
    "Aggregates": "sweeps.aggregates",
    "sweep_aggregates": "sweeps.aggregates",
    "ConceptDataset": "models.dataset",
    "peaks_on_mesh": "sweeps.mesh",
    "sweep_on_mesh": "sweeps.mesh",
    "UFM": "models.unconstrained",
    "difference_of_means": "tilt.log_odds",
    "log_odds": "tilt.log_odds",
    "ExponentialTilt": "tilt.tilt",
    "probability_increase": "tilt.effects",
    "concept_probability": "tilt.effects",
    "concept_increase": "tilt.effects",
    "concept_log_odds": "tilt.effects",
    "concept_log_odds_increase": "tilt.effects",
    "cross_entropy_increase": "tilt.divergences",
    "forward_kl": "tilt.divergences",
    "reverse_kl": "tilt.divergences",
    "peak_strengths": "tilt.peaks",
    "separation_margin": "tilt.peaks",
    "sweet_spot": "tilt.peaks",
    "half_saturation": "tilt.strength",
    "choose_strength": "tilt.strength",
    "StrengthChoice": "tilt.strength",
    "progress_bar": "_progress",
    "sweep": "sweeps.sweep",
    "sweep_blocks": "sweeps.sweep",
    "TopTokens": "sweeps.top_tokens",
    "sweep_top": "sweeps.top_tokens",
    "Transformer": "models.transformer",
    "layer_norm": "models.transformer_norm",
    "rms_norm": "models.transformer_norm",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]
__version__ = _version("ufm")
_load, _ = on_first_use(__name__, _HOME)


def __getattr__(name: str) -> Any:
    return _load(name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

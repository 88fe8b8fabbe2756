"""Steering strength, exactly: the Unconstrained Features Model of arXiv:2602.02712 in JAX.

Names load on first use, so that `import ufm` and `ufm --help` cost nothing.
"""

import importlib
from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

from ._lazy import on_first_use

if TYPE_CHECKING:
    from ._aggregates import Aggregates as Aggregates
    from ._aggregates import sweep_aggregates as sweep_aggregates
    from ._dataset import ConceptDataset as ConceptDataset
    from ._divergences import cross_entropy_increase as cross_entropy_increase
    from ._divergences import forward_kl as forward_kl
    from ._divergences import reverse_kl as reverse_kl
    from ._effects import concept_increase as concept_increase
    from ._effects import concept_log_odds as concept_log_odds
    from ._effects import concept_log_odds_increase as concept_log_odds_increase
    from ._effects import concept_probability as concept_probability
    from ._effects import probability_increase as probability_increase
    from ._mesh import peaks_on_mesh as peaks_on_mesh
    from ._mesh import sweep_on_mesh as sweep_on_mesh
    from ._model import UFM as UFM
    from ._norm import layer_norm as layer_norm
    from ._norm import rms_norm as rms_norm
    from ._peaks import peak_strengths as peak_strengths
    from ._peaks import separation_margin as separation_margin
    from ._peaks import sweet_spot as sweet_spot
    from ._progress import progress_bar as progress_bar
    from ._steering import difference_of_means as difference_of_means
    from ._steering import log_odds as log_odds
    from ._strength import StrengthChoice as StrengthChoice
    from ._strength import choose_strength as choose_strength
    from ._strength import half_saturation as half_saturation
    from ._sweep import sweep as sweep
    from ._sweep import sweep_blocks as sweep_blocks
    from ._tilt import ExponentialTilt as ExponentialTilt
    from ._top import TopTokens as TopTokens
    from ._top import sweep_top as sweep_top
    from ._transformer import Transformer as Transformer

_HOME = {
    "Aggregates": "_aggregates",
    "sweep_aggregates": "_aggregates",
    "ConceptDataset": "_dataset",
    "peaks_on_mesh": "_mesh",
    "sweep_on_mesh": "_mesh",
    "UFM": "_model",
    "difference_of_means": "_steering",
    "log_odds": "_steering",
    "ExponentialTilt": "_tilt",
    "probability_increase": "_effects",
    "concept_probability": "_effects",
    "concept_increase": "_effects",
    "concept_log_odds": "_effects",
    "concept_log_odds_increase": "_effects",
    "cross_entropy_increase": "_divergences",
    "forward_kl": "_divergences",
    "reverse_kl": "_divergences",
    "peak_strengths": "_peaks",
    "separation_margin": "_peaks",
    "sweet_spot": "_peaks",
    "half_saturation": "_strength",
    "choose_strength": "_strength",
    "StrengthChoice": "_strength",
    "progress_bar": "_progress",
    "sweep": "_sweep",
    "sweep_blocks": "_sweep",
    "TopTokens": "_top",
    "sweep_top": "_top",
    "Transformer": "_transformer",
    "layer_norm": "_norm",
    "rms_norm": "_norm",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]
__version__ = _version("ufm")
_load, _ = on_first_use(__name__, _HOME)


def __getattr__(name: str) -> Any:
    if name == "llm":  # a package of its own, with the extra [llm]
        return importlib.import_module(".llm", __name__)
    return _load(name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

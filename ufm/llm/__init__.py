"""Language models, steered: a JAX decoder for Hugging Face checkpoints, and what to ask of it.

Needs the extra `[llm]`. No torch: weights are read from safetensors. Names load on first use.
"""

from typing import TYPE_CHECKING

from .._lazy import on_first_use

if TYPE_CHECKING:
    from ._cost import sweep_cost as sweep_cost
    from ._curves import sweep_curves as sweep_curves
    from ._embeddings import Embeddings as Embeddings
    from ._embeddings import Separation as Separation
    from ._embeddings import embed_prompts as embed_prompts
    from ._embeddings import features as features
    from ._embeddings import measure_separation as measure_separation
    from ._embeddings import tilt as tilt
    from ._generate import generate as generate
    from ._laws import Law as Law
    from ._laws_bumps import bump_law as bump_law
    from ._laws_cost import cost_law as cost_law
    from ._laws_odds import measure_agreement as measure_agreement
    from ._laws_odds import measure_log_odds as measure_log_odds
    from ._laws_odds import odds_law as odds_law
    from ._laws_plateau import plateau_law as plateau_law
    from ._laws_plateau import plateau_limits as plateau_limits
    from ._laws_slopes import sweep_slopes as sweep_slopes
    from ._laws_tanh import fit_tanh as fit_tanh
    from ._laws_tanh import tanh_law as tanh_law
    from ._load import load as load
    from ._loops import LoopVerdict as LoopVerdict
    from ._loops import find_loop as find_loop
    from ._model import LanguageModel as LanguageModel
    from ._prompts import Prompt as Prompt
    from ._prompts import read_prompts as read_prompts
    from ._prompts import split_prompts as split_prompts
    from ._spend import KINDS as KINDS
    from ._spend import TextSpend as TextSpend
    from ._steered import Steering as Steering
    from ._steered import steered_logits as steered_logits
    from ._strength import ModelStrength as ModelStrength
    from ._strength import choose_strength as choose_strength
    from ._sweet_spots import SweetSpots as SweetSpots
    from ._sweet_spots import sweet_spots as sweet_spots
    from ._text import windows as windows
    from ._tokens import Tokenizer as Tokenizer
    from ._tokens import load_tokenizer as load_tokenizer
    from ._vector import SteeringVector as SteeringVector
    from ._vector import steering_vectors as steering_vectors

_HOME = {
    "load": "_load",
    "LanguageModel": "_model",
    "load_tokenizer": "_tokens",
    "Tokenizer": "_tokens",
    "Prompt": "_prompts",
    "read_prompts": "_prompts",
    "split_prompts": "_prompts",
    "embed_prompts": "_embeddings",
    "Embeddings": "_embeddings",
    "features": "_embeddings",
    "tilt": "_embeddings",
    "measure_separation": "_embeddings",
    "Separation": "_embeddings",
    "SteeringVector": "_vector",
    "steering_vectors": "_vector",
    "Steering": "_steered",
    "steered_logits": "_steered",
    "sweep_curves": "_curves",
    "windows": "_text",
    "sweep_cost": "_cost",
    "KINDS": "_spend",
    "TextSpend": "_spend",
    "choose_strength": "_strength",
    "ModelStrength": "_strength",
    "sweet_spots": "_sweet_spots",
    "SweetSpots": "_sweet_spots",
    "generate": "_generate",
    "find_loop": "_loops",
    "LoopVerdict": "_loops",
    "sweep_slopes": "_laws_slopes",
    "plateau_limits": "_laws_plateau",
    "measure_log_odds": "_laws_odds",
    "measure_agreement": "_laws_odds",
    "fit_tanh": "_laws_tanh",
    "bump_law": "_laws_bumps",
    "tanh_law": "_laws_tanh",
    "cost_law": "_laws_cost",
    "plateau_law": "_laws_plateau",
    "odds_law": "_laws_odds",
    "Law": "_laws",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = on_first_use(__name__, _HOME, extra="llm")

"""Language models, steered: a JAX decoder for Hugging Face checkpoints, and what to ask of it.

Needs the extra `[llm]`. No torch: weights are read from safetensors. Names load on first use.
"""

from typing import TYPE_CHECKING

from .._lazy import on_first_use

if TYPE_CHECKING:
    from .checkpoint.load import load as load
    from .decoder.model import LanguageModel as LanguageModel
    from .decoder.steering import Steering as Steering
    from .laws.bumps import bump_law as bump_law
    from .laws.law import Law as Law
    from .laws.log_odds import measure_agreement as measure_agreement
    from .laws.log_odds import measure_log_odds as measure_log_odds
    from .laws.log_odds import odds_law as odds_law
    from .laws.plateau import plateau_law as plateau_law
    from .laws.plateau import plateau_limits as plateau_limits
    from .laws.quadratic import cost_law as cost_law
    from .laws.tanh import fit_tanh as fit_tanh
    from .laws.tanh import tanh_law as tanh_law
    from .measure.cost_sweep import sweep_cost as sweep_cost
    from .measure.slopes import sweep_slopes as sweep_slopes
    from .measure.sweet_spots import SweetSpots as SweetSpots
    from .measure.sweet_spots import sweet_spots as sweet_spots
    from .measure.text_cost import TextSpend as TextSpend
    from .measure.token_curves import sweep_curves as sweep_curves
    from .measure.window_cost import KINDS as KINDS
    from .steering.embeddings import Embeddings as Embeddings
    from .steering.embeddings import Separation as Separation
    from .steering.embeddings import embed_prompts as embed_prompts
    from .steering.embeddings import features as features
    from .steering.embeddings import measure_separation as measure_separation
    from .steering.embeddings import tilt as tilt
    from .steering.generate import generate as generate
    from .steering.steered_prompt import steered_logits as steered_logits
    from .steering.vector import SteeringVector as SteeringVector
    from .steering.vector import steering_vectors as steering_vectors
    from .strength.choose import ModelStrength as ModelStrength
    from .strength.choose import choose_strength as choose_strength
    from .text.loops import LoopVerdict as LoopVerdict
    from .text.loops import find_loop as find_loop
    from .text.prompts import Prompt as Prompt
    from .text.prompts import read_prompts as read_prompts
    from .text.prompts import split_prompts as split_prompts
    from .text.tokenizer import Tokenizer as Tokenizer
    from .text.tokenizer import load_tokenizer as load_tokenizer
    from .text.windows import windows as windows

_HOME = {
    "load": "checkpoint.load",
    "LanguageModel": "decoder.model",
    "load_tokenizer": "text.tokenizer",
    "Tokenizer": "text.tokenizer",
    "Prompt": "text.prompts",
    "read_prompts": "text.prompts",
    "split_prompts": "text.prompts",
    "embed_prompts": "steering.embeddings",
    "Embeddings": "steering.embeddings",
    "features": "steering.embeddings",
    "tilt": "steering.embeddings",
    "measure_separation": "steering.embeddings",
    "Separation": "steering.embeddings",
    "SteeringVector": "steering.vector",
    "steering_vectors": "steering.vector",
    "Steering": "decoder.steering",
    "steered_logits": "steering.steered_prompt",
    "sweep_curves": "measure.token_curves",
    "windows": "text.windows",
    "sweep_cost": "measure.cost_sweep",
    "KINDS": "measure.window_cost",
    "TextSpend": "measure.text_cost",
    "choose_strength": "strength.choose",
    "ModelStrength": "strength.choose",
    "sweet_spots": "measure.sweet_spots",
    "SweetSpots": "measure.sweet_spots",
    "generate": "steering.generate",
    "find_loop": "text.loops",
    "LoopVerdict": "text.loops",
    "sweep_slopes": "measure.slopes",
    "plateau_limits": "laws.plateau",
    "measure_log_odds": "laws.log_odds",
    "measure_agreement": "laws.log_odds",
    "fit_tanh": "laws.tanh",
    "bump_law": "laws.bumps",
    "tanh_law": "laws.tanh",
    "cost_law": "laws.quadratic",
    "plateau_law": "laws.plateau",
    "odds_law": "laws.log_odds",
    "Law": "laws.law",
}

__all__ = list(_HOME)  # pyright: ignore[reportUnsupportedDunderAll]

__getattr__, __dir__ = on_first_use(__name__, _HOME, extra="llm")

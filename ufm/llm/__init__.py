"""Language models, steered: a JAX decoder for Hugging Face checkpoints, and what to ask of it.

Needs the extra `[llm]`. No torch: weights are read from safetensors.
"""

from ._load import load as load
from ._model import LanguageModel as LanguageModel

__all__ = ["LanguageModel", "load"]

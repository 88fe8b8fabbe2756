"""Language models, steered: a JAX decoder for Hugging Face checkpoints, and what to ask of it.

Needs the extra `[llm]`. No torch: weights are read from safetensors. Names load on first use.
"""

from ufm._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__, extra="llm")

"""Steered models under lm-evaluation-harness, so that each of its tasks runs on them.

`python -m ufm.llm.harness` is its program `lm_eval`, which then also knows `--model ufm`. Needs the extra
`[harness]`; no torch.
"""

from ufm._lazy import attach_stub

__getattr__, __dir__, __all__ = attach_stub(__name__, __file__, extra="harness")

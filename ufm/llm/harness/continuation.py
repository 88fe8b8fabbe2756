"""How a text of a task goes on, as the harness's request says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from lm_eval.models.utils import handle_stop_sequences, normalize_gen_kwargs

from ..text.tokenizer import Tokenizer

_NEW_TOKENS = 256  # the harness's own, where a task does not say how many to generate
# Settings of sampling, which change nothing where the most likely token is taken.
_OF_SAMPLING = {"top_k", "top_p", "min_p", "typical_p"}
_READ = {"do_sample", "temperature", "until", "max_gen_toks"}


@dataclass(frozen=True)
class Continuation:
    """Up to the first of the stops `until`, or `count` new tokens, each drawn at a `temperature`."""

    until: list[str]
    count: int
    temperature: float

    @classmethod
    def read(cls, given: Mapping[str, object], tokenizer: Tokenizer) -> "Continuation":
        """What the `generation_kwargs` of a request say; `ValueError` for one that is not known here."""
        kwargs = dict(normalize_gen_kwargs(dict(given), _NEW_TOKENS))
        temperature = float(str(kwargs.get("temperature", 1.0))) if kwargs["do_sample"] else 0.0
        for name, value in kwargs.items():
            if name not in _READ | (set() if temperature else _OF_SAMPLING):
                raise ValueError(
                    f"generation_kwargs: {name} = {value!r} is unknown; known are {', '.join(sorted(_READ))}"
                )
        until = handle_stop_sequences(cast(list[str], kwargs["until"]), eos=None)
        ends = [tokenizer.decode([z]) for z in tokenizer.ends]
        return cls([*until, *ends], int(str(kwargs["max_gen_toks"])), temperature)

    def has_stop(self, text: str) -> bool:
        """Whether a stop is in the text."""
        return any(stop and stop in text for stop in self.until)

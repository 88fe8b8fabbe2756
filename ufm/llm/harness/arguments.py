"""The arguments of `--model_args`: which model is steered, along which vector, how strongly."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..checkpoint.load import load
from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..steering.files.read_write import read_vector
from ..text.tokenizer import Tokenizer, load_tokenizer

# What the harness passes of its own options besides: JAX chooses the device, and there is one size of batch.
_NOT_OURS = ("device", "max_batch_size")


_TEXT, _COUNT = ((str,), "a text"), ((int,), "a whole number")
# For each argument: the types that the harness may read its text as, and their name in a message.
_KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "pretrained": _TEXT,
    "vector": _TEXT,
    "alpha": ((int, float), "a number"),
    "layer": _COUNT,
    "dtype": _TEXT,
    "revision": _TEXT,
    "batch_size": ((int, str), "a whole number, or auto"),
    "max_length": _COUNT,
    "prefix_token_id": _COUNT,
}


class ArgumentError(ValueError):
    """What is wrong with the arguments, in one line."""


@dataclass(frozen=True)
class Loaded:
    """What the arguments name, and what is left of them for `HarnessModel`."""

    model: LanguageModel
    tokenizer: Tokenizer
    steering: Steering | None
    alpha: float


@dataclass(frozen=True, kw_only=True)
class Arguments:
    """The arguments of `--model_args`, and of `--batch_size`.

    - `pretrained`: a directory, a GGUF file, an id on the Hub, or smollm2; `revision`, `dtype`: of `load`.
    - `vector`: a file of any format of `ufm vector`; `layer`: its block to take, where it has several or
      none. `alpha`: the strength, in place of the file's own.
    - `batch_size`: texts at once, or "auto" by memory; `max_length`: the most tokens of a text, the model's
      if None; `prefix_token_id`: the token before a text that nothing precedes, the checkpoint's if None.
    """

    pretrained: str
    vector: str | None = None
    alpha: float | None = None
    layer: int | None = None
    dtype: str = "float32"
    revision: str | None = None
    batch_size: int | str = 1
    max_length: int | None = None
    prefix_token_id: int | None = None

    @classmethod
    def read(cls, given: Mapping[str, object]) -> "Arguments":
        """The arguments as the harness passes them, with its own options; what is wrong is refused."""
        kept: dict[str, object] = {}
        for name, value in given.items():
            if value is None or name in _NOT_OURS:
                continue
            if name not in _KINDS:
                known = ", ".join(_KINDS)
                raise ArgumentError(f"model_args: {name} is unknown; known are {known}")
            kinds, what = _KINDS[name]
            if isinstance(value, bool) or not isinstance(value, kinds):
                raise ArgumentError(f"model_args: {name} must be {what}; got {value!r}")
            kept[name] = float(value) if name == "alpha" and isinstance(value, int) else value
        if "pretrained" not in kept:
            raise ArgumentError("model_args: name the model, such as pretrained=smollm2")
        for name in ("alpha", "layer"):
            if name in kept and "vector" not in kept:
                raise ArgumentError(
                    f"model_args: {name} steers nothing without a vector: name its file, vector=FILE"
                )
        return cls(**kept)  # pyright: ignore[reportArgumentType]  # checked above, by name

    def load(self) -> Loaded:
        """Read the files; what does not fit raises `ArgumentError`. The small file goes first."""
        try:
            steering, alpha, of = self._steering()
            tokenizer = load_tokenizer(self.pretrained, self.revision)
            model = load(self.pretrained, self.dtype, revision=self.revision)
            if of is not None and of != model.source.fingerprint:
                raise ValueError(
                    f"{self.vector} was made from a model of fingerprint {of}, not from "
                    f"{self.pretrained} ({model.source.fingerprint})"
                )
            if steering is not None:
                model.place(steering)
        except (ValueError, OSError) as error:
            raise ArgumentError(str(error)) from error
        return Loaded(model, tokenizer, steering, alpha)

    def _steering(self) -> tuple[Steering | None, float, str | None]:
        """What is added, how strongly, and the fingerprint of the model it was measured on, where known."""
        if self.vector is None:
            return None, 0.0, None
        found = read_vector(Path(self.vector), None if self.layer is None else [self.layer])
        if len(found.layers) > 1:
            raise ValueError(
                f"{self.vector} has directions of blocks {', '.join(map(str, found.layers))}: choose one "
                "with layer="
            )
        of = found.about.get("fingerprint")
        alpha = found.alpha if self.alpha is None else float(self.alpha)
        return found.steering(), alpha, of if isinstance(of, str) else None

"""The sizes of a model that torch runs, from its config."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TorchSizes:
    """How long a text may be, and how large the arrays of a block are.

    Whether positions are learned is not known: `positions` is None.
    """

    vocabulary: int
    inner: int
    heads: int
    context: int | None
    positions: None = None

    @property
    def longest(self) -> int | None:
        """The most tokens that the model knows to read at once."""
        return self.context

    @classmethod
    def read(cls, settings: object, vocabulary: int, dimension: int) -> "TorchSizes":
        """What transformers' config says; where it uses other names, what is usual."""

        def number(name: str, usual: int) -> int:
            found = getattr(settings, name, None)
            return found if isinstance(found, int) else usual

        context = getattr(settings, "max_position_embeddings", None)
        return cls(
            vocabulary,
            number("intermediate_size", 4 * dimension),
            number("num_attention_heads", max(1, dimension // 64)),
            context if isinstance(context, int) else None,
        )

"""What a format can hold, and what becomes of the rest: an error, or a sentence for the user."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ..control_vector import ControlVector

_FEW = 3  # entries that a note names one by one


@dataclass(frozen=True)
class Content:
    """What a format holds beside directions by block; all else of a vector has a default there.

    - `alpha`: the strength apart from v. `float64`: directions to 53 bits. `several`: more than one block.
    - `site`, `model`, `about`: these fields of a `ControlVector`.
    - `positions`: the field; where None, its readers add at all positions.
    - `first_layer`: the first block that it can name.
    """

    alpha: bool = False
    float64: bool = True
    several: bool = True
    site: bool = False
    positions: bool | None = False
    model: bool = False
    about: frozenset[str] | None = frozenset()  # None: all of it
    first_layer: int = 0

    def fit(self, vector: ControlVector, name: str) -> tuple[ControlVector, tuple[str, ...]]:
        """The vector as the format of this name holds it; a sentence for each thing that it does not hold.

        Raises `ValueError` where what the file would say is another intervention.
        """
        if not self.site and vector.site != "residual":
            raise ValueError(
                f"the format {name} holds vectors of the residual stream; this one is added after the final "
                "norm"
            )
        if self.positions is None and vector.positions != "all":
            raise ValueError(
                f"the format {name} is read to add at all positions; this vector is meant for the last: "
                "ask for positions all if that is what you want"
            )
        if vector.layers[0] < self.first_layer:
            raise ValueError(
                f"the format {name} cannot name block {vector.layers[0]}: its first is {self.first_layer}; "
                "choose later blocks with layers"
            )
        if not self.several and len(vector.layers) > 1:
            raise ValueError(
                f"the format {name} holds one block; choose one of {vector.layers} with layers"
            )
        held = vector if self.alpha else vector.folded()
        held = held if self.float64 else held.rounded()
        kept = {k: v for k, v in vector.about.items() if self.about is None or k in self.about}
        return replace(held, about=kept), tuple(self._notes(vector, held, name))

    def _notes(self, vector: ControlVector, held: ControlVector, name: str) -> Iterator[str]:
        if not self.alpha and vector.alpha != 1:
            yield (
                f"α = {vector.alpha:g} is multiplied into the directions: the strength to apply is 1"
            )
        wide = vector.folded() if not self.alpha else vector
        if any((held.directions[k] != v).any() for k, v in wide.directions.items()):
            yield "directions are rounded to float32"
        if self.positions is False and vector.positions != "all":
            yield (
                f"the format {name} does not say at which positions to add: tell its reader the "
                f"{vector.positions}"
            )
        if vector.model and not self.model:
            yield f"the format {name} does not name the model, {vector.model}"
        lost = sorted(set(vector.about) - (self.about or set()) if self.about is not None else ())
        if len(lost) > _FEW:
            yield (
                f"the format {name} keeps neither how v was measured nor what it costs ({len(lost)} entries, "
                "which ufm vector show prints): keep the first file too"
            )
        elif lost:
            yield f"the format {name} does not hold {', '.join(lost)}"

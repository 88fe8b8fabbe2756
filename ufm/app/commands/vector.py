"""`ufm vector`: files of steering vectors, shown, and converted from one tool's format to another's."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ..printing.json_output import print_json
from ..printing.lines import say
from ..printing.vector import print_vector, vector_json
from .bad_input import as_bad_input
from .option import Positional
from .rules import ABSENT_FILE, EXISTING_FILE, Rule, at_least
from .start import starting_jax

if TYPE_CHECKING:
    from ufm.llm.steering.control_vector import ControlVector
    from ufm.llm.steering.files.read_write import Format


def _blocks(layers: tuple[int, ...]) -> str | None:
    wrong = [layer for layer in layers if layer < 0]
    return f"are counted from 0; got {wrong[0]}" if wrong else None


_Layers = Annotated[tuple[int, ...], Rule(_blocks)]


@dataclass(frozen=True)
class Show:
    """Show which blocks a file of steering vectors steers, and how.

    Examples:
        ufm vector show joy.safetensors

    Args:
        file: ufm's safetensors, GGUF, .svec, .pt of lm-eval or of the paper's code, or an array [blocks, d].
        layers: The blocks to take, from 0; one gives an array [d] its block.
        hidden_states: Row l of an array is the hidden state l, after block l - 1, as in persona vectors.
        json: Print it as JSON on standard output.
    """

    file: Annotated[Path, Positional("FILE"), EXISTING_FILE]
    layers: _Layers = ()
    hidden_states: bool = False
    json: bool = False

    def __call__(self) -> int:
        """Print what the file holds."""
        found, vector = _read(self.file, self.layers, self.hidden_states)
        if self.json:
            print_json(vector_json(found, vector))
        else:
            print_vector(found, vector, Console())
        return 0


@dataclass(frozen=True)
class Convert:
    """Convert a file of steering vectors for another tool.

    What the new format does not hold is said, or is an error.

    Examples:
        ufm vector convert joy.safetensors joy.gguf

    Args:
        file: ufm's safetensors, GGUF, .svec, .pt of lm-eval or of the paper's code, or an array [blocks, d].
        out: The new file; its end says the format: .safetensors, .gguf, .svec or .json, .pt or .pth
            (lm-eval), .npy.
        to: The format, where the end leaves a choice; rows is a plain array [blocks, d].
        layers: The blocks to take, from 0; one gives an array [d] its block.
        hidden_states: Row l of an array is the hidden state l, after block l - 1, as in persona vectors.
        alpha: The strength, in place of the file's; formats without one get α times the vector.
        positions: The positions to steer at, in place of the file's.
        blocks: How many blocks the model has: the rows of a plain array.
        hook: What lm-eval calls the model's blocks: layers, or h for GPT-2.
    """

    file: Annotated[Path, Positional("FILE"), EXISTING_FILE]
    out: Annotated[Path, Positional("NEW_FILE"), ABSENT_FILE]
    to: Literal["ufm", "gguf", "svec", "lm-eval", "paper", "rows"] | None = None
    layers: _Layers = ()
    hidden_states: bool = False
    alpha: float | None = None
    positions: Literal["all", "last"] | None = None
    blocks: Annotated[int | None, at_least(1)] = None
    hook: str | None = None

    def __call__(self) -> int:
        """Write the new file and print what it holds."""
        _, vector = _read(self.file, self.layers, self.hidden_states)
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ImportError)):
            from ufm.llm.steering.files.read_write import open_vector, write_vector

            if self.alpha is not None:
                vector = replace(vector, alpha=self.alpha)
            if self.positions is not None:
                vector = replace(vector, positions=self.positions)
            notes = write_vector(vector, self.out, self.to, blocks=self.blocks, hook=self.hook)
            # read again, so that what is shown is what the file says
            found, written = open_vector(self.out)
        for note in notes:
            say(errors, f"note: {note}")
        print_vector(found, written, Console())
        return 0


def _read(
    file: Path, layers: tuple[int, ...], hidden_states: bool
) -> "tuple[Format, ControlVector]":
    with as_bad_input((ValueError, ImportError)):
        with starting_jax(Console(stderr=True)):
            from ufm.llm.steering.files.read_write import open_vector
        return open_vector(file, layers or None, hidden_states)


@dataclass(frozen=True)
class Vector:
    """Show files of steering vectors, or convert them for other tools.

    Examples:
        ufm vector show joy.safetensors
        ufm vector convert joy.safetensors joy.gguf

    Args:
        action: What to do with the file.
    """

    action: Show | Convert

    def __call__(self) -> int:
        """Do it."""
        return self.action()

"""`ufm llm`: the laws of steering on a language model, as one report directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ufm._progress import progress_bar

from ..printing.json_output import print_json
from ..printing.laws import print_laws
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .rules import FOLDER, Rule, at_least
from .steering_options import Loaded, Shared

if TYPE_CHECKING:
    from ufm.llm.report.request import Report


def _range(alphas: tuple[float, float]) -> str | None:
    # the comparison is false of NaN as well
    if -1e9 <= alphas[0] < alphas[1] <= 1e9:
        return None
    return f"must be two strengths, the lesser first, within ±1e9; got {alphas[0]:g} {alphas[1]:g}"


@dataclass(frozen=True)
class Llm:
    """Steer a language model over a range of strengths and judge which laws of the paper hold on it.

    Exit status 1: a law fails.

    Args:
        shared: The model, its prompts and its text.
        out: Directory of the report; an interrupted run goes on from what is there.
        positions: Steer all positions or the last alone (text: always all).
        alphas: Least and largest strength, in multiples of the vector.
        steps: Number of strengths.
        top: How many of the most likely tokens to follow at each end.
        json: Print the report as JSON on standard output.
    """

    shared: Shared
    out: Annotated[Path, FOLDER] = Path("ufm-llm")
    positions: Literal["all", "last"] = "all"
    alphas: Annotated[tuple[float, float], Rule(_range)] = (-200.0, 200.0)
    steps: Annotated[int, at_least(5)] = 1024
    top: Annotated[int, at_least(1)] = 100
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where a law fails."""
        if self.shared.dtype == "bfloat16":
            raise BadInput(
                "--dtype bfloat16 is too coarse for the signs of slopes that ufm llm counts: take float32 "
                "or float64"
            )
        errors = Console(stderr=True)
        with as_bad_input((ValueError, ModuleNotFoundError)):
            loaded = self.shared.load(errors)
            report = self._report(loaded, errors)
        if self.json:
            print_json(report.as_json())
        else:
            print_laws(report, self.out, Output())
        return 1 if report.fails else 0

    def _report(self, loaded: Loaded, errors: Console) -> "Report":
        """The report, made and written, with a bar that starts anew at each stage."""
        import numpy as np

        from ufm.llm.decoder.arguments import block_number
        from ufm.llm.report.files import write_report
        from ufm.llm.report.make import make_report
        from ufm.llm.report.request import Request

        shared, blocks = self.shared, loaded.model.blocks
        request = Request(
            positive=loaded.positive,
            negative=loaded.negative,
            contexts=loaded.contexts,
            alphas=np.linspace(*self.alphas, self.steps),
            layer=blocks // 2 if shared.layer is None else block_number(shared.layer, blocks),
            top=self.top,
            positions=self.positions,
            pooling=shared.pooling,
            normalise=shared.normalise,
            text=shared.text,
            text_tokens=shared.text_tokens,
            length=loaded.length,
            concept=loaded.target,
        )
        with progress_bar("starting", errors) as bar:
            report = make_report(loaded.model, loaded.tokenizer, request, self.out / "runs", bar)
            bar(0, 1, "pictures")
            write_report(report, self.out)
        return report

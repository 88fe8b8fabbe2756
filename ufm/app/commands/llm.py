"""`ufm llm`: the laws of steering on a language model, as one report directory."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ..printing.json_output import print_json
from ..printing.laws import print_laws
from ..printing.stages import told
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .option import Metavar, Rare
from .rules import FOLDER, Rule, at_least
from .steering_options import Loaded, SteeringOptions

if TYPE_CHECKING:
    from ufm.llm.report.request import Report


# The default range in usual hidden states: most of what α does happens within one, then comes the plateau.
_HIDDEN_STATES = (-2.0, 2.0)


def _range(alphas: tuple[float, float] | None) -> str | None:
    # the comparison is false of NaN as well
    if alphas is None or -1e9 <= alphas[0] < alphas[1] <= 1e9:
        return None
    return f"must be two strengths, the lesser first, within ±1e9; got {alphas[0]:g} {alphas[1]:g}"


@dataclass(frozen=True)
class Llm:
    """Judge which laws of the paper hold on a language model.

    The model is steered over a range of strengths. Exit status 1: a law fails.

    Examples:
        ufm llm smollm2 --positive joy --negative joy --text essays --out report

    Args:
        shared: the model and what it reads
        out: Folder of the report; an interrupted run goes on from what is there.
        positions: Steer all positions or the last alone (text: always all).
        site: The stream after the block, or the last hidden state after the final norm.
        alphas: Least and largest strength, in multiples of the vector or in --unit; if not given, -2 and 2
            usual hidden states (their median length).
        unit: What --alphas are: multiples of the vector; usual hidden states; or nats of KL(p_0||p_α),
            a mean over prompts, that the range reaches on either side.
        steps: Number of strengths.
        top: How many of the most likely tokens to follow at each end.
        json: Print the report as JSON on standard output.
    """

    shared: SteeringOptions
    out: Annotated[Path, FOLDER, Metavar("FOLDER")] = Path("ufm-llm")
    positions: Annotated[Literal["all", "last"], Rare()] = "all"
    site: Annotated[Literal["residual", "post-norm"], Rare()] = "residual"
    alphas: Annotated[tuple[float, float] | None, Rule(_range)] = None
    unit: Annotated[Literal["vector", "hidden", "nats"] | None, Rare()] = None
    steps: Annotated[int, at_least(5)] = 1024
    top: Annotated[int, at_least(1), Rare()] = 100
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where a law fails."""
        self.shared.require("ufm llm", "positive", "negative")
        if self.unit == "vector" and self.alphas is None:
            raise BadInput("--unit vector needs --alphas: the range depends on the vector")
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
        """The report, made and written, with a bar for all of it but the pictures."""
        import numpy as np

        from ufm.llm.decoder.arguments import block_number, steered_block
        from ufm.llm.report.files import write_report
        from ufm.llm.report.make import make_report
        from ufm.llm.report.request import Request

        shared, blocks = self.shared, loaded.model.blocks
        layer = blocks // 2 if shared.layer is None else block_number(shared.layer, blocks)
        if self.site == "post-norm":
            layer = steered_block(shared.layer, self.site, blocks)
        unit = self.unit or ("hidden" if self.alphas is None else "vector")
        request = Request(
            positive=loaded.positive,
            negative=loaded.negative,
            contexts=loaded.contexts,
            alphas=np.linspace(*(self.alphas or _HIDDEN_STATES), self.steps),
            layer=layer,
            top=self.top,
            positions=self.positions,
            pooling=shared.pooling,
            normalise=shared.normalise,
            text=shared.text,
            text_tokens=shared.text_tokens,
            length=loaded.length,
            concept=loaded.target,
            site=self.site,
            unit=unit,
        )
        with told("starting", errors, is_whole=True) as bar:
            report = make_report(loaded.model, loaded.tokenizer, request, self.out / "runs", bar)
            bar(1, None, "pictures")
            write_report(report, self.out)
        return report

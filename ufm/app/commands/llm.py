"""`ufm llm`: the laws of steering on a language model, as one report directory."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from ufm._progress import bar_on

from ..printing.json_output import print_json
from .bad_input import BadInput
from .steering_options import Loaded, Shared, SteeringOptions, at_least, load_shared


def llm(
    shared: Shared,
    out: Path = Path("ufm-llm"),
    positions: Literal["all", "last"] = "all",
    alphas: tuple[float, float] = (-200.0, 200.0),
    steps: int = 1024,
    top: int = 100,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
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
    shared.check()
    _check(shared, out, alphas, steps, top)
    errors = Console(stderr=True)
    try:
        loaded = load_shared(shared, errors)
        request = _request(loaded, shared, positions, (*alphas, steps), top)
        report = _run(loaded, request, out, errors)
    except ModuleNotFoundError as error:
        raise BadInput(f"ufm llm needs {error.name}: pip install 'ufm[llm]'") from error
    except ValueError as error:
        raise BadInput(str(error)) from error
    if json:
        print_json(report.as_json())
    else:
        from ..printing.laws import print_laws

        print_laws(report, out, Console())
    return 1 if report.fails else 0


def _check(
    shared: SteeringOptions, out: Path, alphas: tuple[float, float], steps: int, top: int
) -> None:
    """What can be refused before anything is loaded."""
    if shared.dtype == "bfloat16":
        raise BadInput(
            "--dtype bfloat16 is too coarse for the signs of slopes that ufm llm counts: take float32 or "
            "float64"
        )
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file: name a folder, or one that is to be made")
    # the comparison is false of NaN as well
    if not -1e9 <= alphas[0] < alphas[1] <= 1e9:
        raise BadInput(
            f"--alphas must be two strengths, the lesser first, within ±1e9; got {alphas[0]:g} {alphas[1]:g}"
        )
    at_least("steps", steps, 5)
    at_least("top", top, 1)


def _request(
    loaded: Loaded,
    shared: SteeringOptions,
    positions: str,
    grid: tuple[float, float, int],
    top: int,
) -> Any:
    import numpy as np

    from ufm.llm.decoder.arguments import block_number
    from ufm.llm.report.request import Request

    blocks = loaded.model.blocks
    return Request(
        positive=loaded.positive,
        negative=loaded.negative,
        contexts=loaded.contexts,
        alphas=np.linspace(*grid),
        layer=blocks // 2 if shared.layer is None else block_number(shared.layer, blocks),
        top=top,
        positions=positions,
        pooling=shared.pooling,
        normalise=shared.normalise,
        text=shared.text,
        text_tokens=shared.text_tokens,
        length=loaded.length,
        concept=loaded.target,
    )


def _run(loaded: Loaded, request: Any, out: Path, errors: Console) -> Any:
    """The report, made and written, with a bar a stage."""
    from ufm.llm.report.files import write_report
    from ufm.llm.report.make import make_report

    with bar_on(errors) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, of: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=of)
            bar.update(tasks[stage], completed=done, total=of)

        report = make_report(loaded.model, loaded.tokenizer, request, out / "runs", show)
        show("pictures", 0, 1)
        write_report(report, out)
        show("pictures", 1, 1)
    return report

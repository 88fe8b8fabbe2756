"""`ufm strength`: the steering strength that a language model can bear, and what it costs."""

from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from ufm import __version__
from ufm._progress import bar_on

from .bad_input import BadInput
from .steering_options import Shared, load_shared
from .strength_request import check_budget, check_options, prepare


def strength(
    shared: Shared,
    budget: float = 0.1,
    kind: Literal["cross_entropy", "forward_kl", "reverse_kl", "target_mass"] = "cross_entropy",
    layers: tuple[int, ...] = (),
    site: Literal["residual", "post-norm"] = "residual",
    furthest: float = 256.0,
    tolerance: float = 0.1,
    samples: int = 4,
    new_tokens: int = 48,
    temperature: float = 0.0,
    seed: int = 0,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Choose the steering strength of a language model under a budget, and show what it buys and costs.

    The vector is mean(positive) - mean(negative), added at every position after a block. Exit status 1:
    no block reaches the budget, or α = 0 is not the unsteered model bit for bit.

    Args:
        shared: The model, its prompts and its text; every second window of it is held out from the choice.
        budget: Nats a token, or the wanted target mass in (0, 1).
        kind: What the budget is of, averaged over the text's tokens.
        layers: Several blocks in place of --layer, one report each.
        site: The stream after the block, or the last hidden state after the final norm.
        furthest: How far to look for a strength, in mean hidden-state norms.
        tolerance: Share of the mass that may move the wrong way in a sweet spot; 0 is the theory's.
        samples: Contexts to continue at 0, α/2, α and 2α.
        new_tokens: Tokens of each continuation.
        temperature: Of the continuations; 0 takes the most likely token.
        seed: Of the continuations.
        json: Print the report as JSON on standard output.
    """
    asked = {name: value for name, value in locals().items() if name not in ("shared", "json")}
    check_options(shared, asked)
    errors = Console(stderr=True)
    try:
        check_budget(budget, kind)
        loaded = load_shared(shared, errors)
        vectors, request = prepare(loaded, shared, asked, errors)
        reports = _run(loaded.model, vectors, request, errors)
    except (ValueError, TypeError, ImportError) as error:
        raise BadInput(str(error)) from error
    (_print_json if json else _print)(reports, request, loaded, shared.text)
    return _status(reports, request)


def _run(model: Any, vectors: Any, request: Any, errors: Console) -> list[Any]:
    from ufm.llm.strength.report import strength_report

    reports = []
    with bar_on(errors) as bar:
        task = bar.add_task("starting", total=None)
        for vector in vectors:
            reports.append(
                strength_report(model, vector, request, _shower(bar, task, vector.layer))
            )
    return reports


def _shower(bar: Any, task: Any, layer: int) -> Any:
    """Moves the bar: anew for each stage of a block."""
    stage_now, calls = "", 0

    def show(stage: str, done: int, of: int) -> None:
        nonlocal stage_now, calls
        if stage != stage_now:
            stage_now, calls = stage, 0
            bar.reset(task, description=f"block {layer}: {stage}"[:28])
        calls += 1
        if stage == "choosing":
            # it runs over the text about 20 times: derivatives, the scan, closing in
            done, of = calls, max(calls, 20 * of)
        bar.update(task, completed=done, total=of)

    return show


def _print(reports: list[Any], request: Any, loaded: Any, text: Any) -> None:
    from ..printing.strength import print_strength

    print_strength(reports, request, loaded.tokenizer, loaded.model, text, Console())


def _print_json(reports: list[Any], request: Any, loaded: Any, text: Any) -> None:
    import json
    import sys

    from ufm.llm.strength.as_json import as_json

    model = loaded.model
    data = {
        "version": __version__,
        "model": model.source.name,
        "fingerprint": model.source.fingerprint,
        "dtype": str(model.dtype),
        "kind": request.kind,
        "budget": request.budget,
        "target_tokens": None if request.target is None else int(request.target.sum()),
        "windows": len(request.windows),
        "length": request.length,
        "seed": request.seed,
        "temperature": request.temperature,
        "positions": "all",
        "blocks": [as_json(report, loaded.tokenizer.decode) for report in reports],
    }
    # ASCII alone: a token may hold what a terminal takes for a command
    sys.stdout.write(json.dumps(data, allow_nan=False, indent=1) + "\n")
    sys.stdout.flush()


def _status(reports: list[Any], request: Any) -> int:
    import sys

    status = 0
    for report in reports:
        if report.differs_at_zero is not None:
            sys.stderr.write(
                f"ufm: block {report.choice.layer}: α = 0 is not the unsteered model: "
                f"{report.differs_at_zero} differ\n"
            )
            status = 1
    if not any(report.choice.reachable for report in reports):
        worst = max(reports, key=lambda r: r.choice.largest).choice
        sys.stderr.write(
            f"ufm: no strength up to {request.furthest:g} hidden-state norms reaches the budget "
            f"{request.budget:g}; the nearest was {worst.largest:.6g}\n"
        )
        status = 1
    return status

"""`ufm strength`: the steering strength that a language model can bear, and what it costs."""

from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from . import __version__
from ._bad_input import BadInput
from ._strength_input import check_options, prepare


def strength(
    model: tyro.conf.Positional[str],
    /,
    positive: Path,
    negative: Path,
    text: Path,
    budget: float = 0.1,
    kind: str = "cross_entropy",
    layer: int | None = None,
    layers: tuple[int, ...] = (),
    target: str | None = None,
    target_file: Path | None = None,
    prompts: Path | None = None,
    site: str = "residual",
    pooling: str = "last",
    normalise: bool = False,
    dtype: str = "float32",
    revision: str | None = None,
    length: int = 128,
    windows: int = 64,
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
        model: A model's directory, or its id on the Hugging Face Hub.
        positive: Prompts of the concept: JSON lines, or .txt with a prompt a line.
        negative: Prompts of its opposite; may be the same JSON lines, told apart by "kind".
        text: Text (UTF-8) to measure on; every second window is held out from the choice.
        budget: Nats a token, or the wanted target mass in (0, 1).
        kind: cross_entropy, forward_kl, reverse_kl or target_mass, each averaged over the text's tokens.
        layer: Block after which v is added, from 0; the middle one if neither this nor --layers is given.
        layers: Several blocks, one report each.
        target: Regular expression; the target is the tokens whose text, stripped, matches it as a whole.
        target_file: File with the target's tokens, one a line, each as the tokenizer writes it.
        prompts: Prompts for sweet spots and continuations; the negative ones if not given.
        site: residual, or post-norm (the last hidden state after the final norm).
        pooling: Of the prompts' hidden states: last or mean.
        normalise: Scale v to length 1.
        dtype: float32, bfloat16 or float64.
        revision: Of a model on the Hub.
        length: Tokens a window; at most the model's positions.
        windows: Windows of the text to use at most.
        furthest: How far to look for a strength, in mean hidden-state norms.
        tolerance: Share of the mass that may move the wrong way in a sweet spot; 0 is the theory's.
        samples: Prompts to continue at 0, α/2, α and 2α.
        new_tokens: Tokens of each continuation.
        temperature: Of the continuations; 0 takes the most likely token.
        seed: Of the continuations.
        json: Print the report as JSON on standard output.
    """
    options = {k: v for k, v in locals().items() if k != "json"}
    check_options(options)
    errors = Console(stderr=True)
    with errors.status("starting JAX …"):
        import jax

        jax.config.update("jax_enable_x64", True)
    try:
        found = prepare(options, errors)
        reports = _run(*found, errors)
    except (ValueError, TypeError, ImportError) as error:
        raise BadInput(str(error)) from error
    _show(reports, found, options, json)
    return _status(reports, options)


def _run(model: Any, tokenizer: Any, vectors: Any, request: Any, errors: Console) -> list[Any]:
    from .cli import progress_bar
    from .llm._strength_report import strength_report

    reports = []
    with progress_bar(errors) as bar:
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


def _show(reports: list[Any], found: Any, options: dict[str, Any], json: bool) -> None:
    from .llm._strength_json import as_json

    model, tokenizer, _, request = found
    if json:
        import json as codec
        import sys

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
            "blocks": [as_json(report, tokenizer.decode) for report in reports],
        }
        # ASCII alone: a token may hold what a terminal takes for a command
        sys.stdout.write(codec.dumps(data, allow_nan=False, indent=1) + "\n")
        sys.stdout.flush()
    else:
        from ._strength_tables import print_strength

        print_strength(reports, request, tokenizer, model, options["text"], Console())


def _status(reports: list[Any], options: dict[str, Any]) -> int:
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
            f"ufm: no strength up to {options['furthest']:g} hidden-state norms reaches the budget "
            f"{options['budget']:g}; the nearest was {worst.largest:.6g}\n"
        )
        status = 1
    return status

"""`ufm llm`: the laws of steering on a language model, as one report directory."""

from pathlib import Path
from typing import Annotated, Any, Literal

import tyro
from rich.console import Console

from ._bad_input import BadInput


def llm(
    model: tyro.conf.Positional[str],
    /,
    positive: Path,
    negative: Path,
    layer: int | None = None,
    contexts: Path | None = None,
    text: Path | None = None,
    tokens: Path | None = None,
    out: Path = Path("ufm-llm"),
    concept: str | None = None,
    revision: str | None = None,
    dtype: Literal["float32", "float64"] = "float32",
    positions: Literal["all", "last"] = "all",
    pooling: Literal["last", "mean"] = "last",
    normalise: bool = True,
    alphas: tuple[float, float] = (-200.0, 200.0),
    steps: int = 1024,
    top: int = 100,
    text_tokens: int = 8192,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Steer a language model over a range of strengths and judge which laws of the paper hold on it.

    Args:
        model: A directory with config.json, safetensors and tokenizer.json, or an id on the Hub.
        positive: Prompts of the concept: JSON lines in the paper's formats, or .txt, one a line.
        negative: Prompts of the opposite; may be the same file, where it marks them.
        layer: Block after which the vector is added; the middle one if not given.
        contexts: Prompts whose next token is looked at; those of the vector if not given.
        text: Text on which the cross-entropy is measured; best not seen in training.
        tokens: The concept's tokens: a JSON list of texts or numbers, or {"regex": "…"}.
        out: Directory of the report; an interrupted run goes on from what is there.
        concept: Which concept of the prompt files, where they hold several.
        revision: Revision of the model on the Hub.
        dtype: In which to compute.
        positions: Steer all positions or the last alone (text: always all).
        pooling: Hidden state of a prompt: of its last token, or the mean over all.
        normalise: Scale the vector to length 1.
        alphas: Least and largest strength, in multiples of the vector.
        steps: Number of strengths.
        top: How many of the most likely tokens to follow at each end.
        text_tokens: Read about as many tokens of the text; 0 for all.
        json: Print the report as JSON on standard output.
    """
    _check(positive, negative, contexts, text, tokens, out, alphas, steps, top, text_tokens)
    errors = Console(stderr=True)
    try:
        with errors.status("starting JAX …"):
            import jax

            jax.config.update("jax_enable_x64", True)
            from .llm._load import load
            from .llm._tokens import load_tokenizer
        with errors.status("loading the model …"):
            request, loaded, tokenizer = _request(
                load(model, dtype, revision=revision),
                load_tokenizer(model, revision),
                (positive, negative, contexts, concept),
                tokens,
                layer,
                dict(positions=positions, pooling=pooling, normalise=normalise, top=top)
                | dict(text=text, text_tokens=text_tokens),
                (*alphas, steps),
            )
        report = _run(loaded, tokenizer, request, out, errors)
    except ModuleNotFoundError as error:
        raise BadInput(f"ufm llm needs {error.name}: pip install 'ufm[llm]'") from error
    except ValueError as error:
        raise BadInput(str(error)) from error
    if json:
        from .cli import print_json

        print_json(report.as_json())
    else:
        from ._llm_report import print_laws

        print_laws(report, out, Console())
    return 1 if report.fails else 0


def _check(
    positive: Path,
    negative: Path,
    contexts: Path | None,
    text: Path | None,
    tokens: Path | None,
    out: Path,
    alphas: tuple[float, float],
    steps: int,
    top: int,
    text_tokens: int,
) -> None:
    """What can be refused before anything is loaded."""
    files = dict(positive=positive, negative=negative, contexts=contexts, text=text, tokens=tokens)
    for name, path in files.items():
        if path is not None and not path.is_file():
            what = "is a folder, not a file" if path.is_dir() else "does not exist"
            raise BadInput(f"--{name} {path} {what}")
    if out.exists() and not out.is_dir():
        raise BadInput(f"--out {out} is a file: name a folder, or one that is to be made")
    # the comparison is false of NaN as well
    if not -1e9 <= alphas[0] < alphas[1] <= 1e9:
        raise BadInput(
            f"--alphas must be two strengths, the lesser first, within ±1e9; got {alphas[0]:g} {alphas[1]:g}"
        )
    for name, value, least in (("steps", steps, 5), ("top", top, 1)):
        if value < least:
            raise BadInput(f"--{name} must be at least {least}; got {value}")
    if text_tokens < 0:
        raise BadInput(f"--text-tokens must be 0 (all) or more; got {text_tokens}")


def _request(
    model: Any,
    tokenizer: Any,
    files: tuple[Path, Path, Path | None, str | None],
    tokens: Path | None,
    layer: int | None,
    how: dict[str, Any],
    grid: tuple[float, float, int],
) -> tuple[Any, Any, Any]:
    """The request, with the model and its tokenizer."""
    import numpy as np

    from .llm._arguments import block_number
    from .llm._prompts import read_prompts
    from .llm._report import Request
    from .llm._report_inputs import read_sides, read_token_set

    positive, negative, contexts, concept = files
    p, n = read_sides(positive, negative, concept)
    rows = (*p, *n) if contexts is None else tuple(x.text for x in read_prompts(contexts))
    members = None if tokens is None else read_token_set(tokens, tokenizer, model.vocabulary)
    chosen = model.blocks // 2 if layer is None else block_number(layer, model.blocks)
    request = Request(
        positive=p,
        negative=n,
        contexts=rows,
        alphas=np.linspace(*grid),
        layer=chosen,
        concept=members,
        **how,
    )
    return request, model, tokenizer


def _run(model: Any, tokenizer: Any, request: Any, out: Path, errors: Console) -> Any:
    """The report, made and written, with a bar a stage."""
    from .cli import progress_bar
    from .llm._report import make_report
    from .llm._report_files import write_report

    with progress_bar(errors) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, of: int | None) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=of)
            bar.update(tasks[stage], completed=done, total=of)

        report = make_report(model, tokenizer, request, out / "runs", show)
        show("pictures", 0, 1)
        write_report(report, out)
        show("pictures", 1, 1)
    return report

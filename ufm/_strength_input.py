"""What `ufm strength` is given: checked, read, and put together before the long work begins."""

import math
import re
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console

from ._bad_input import BadInput


def check_options(options: dict[str, Any]) -> None:
    """Raise on options that are wrong whatever the model."""
    for name, least in (
        ("length", 2),
        ("windows", 1),
        ("samples", 1),
        ("new_tokens", 1),
        ("seed", 0),
    ):
        if options[name] < least:
            flag = name.replace("_", "-")
            raise BadInput(f"--{flag} must be at least {least}; got {options[name]}")
    for name, allowed, wanted in (
        ("temperature", lambda x: 0 <= x < math.inf, "at least 0 and finite"),
        ("tolerance", lambda x: 0 <= x < 1, "in [0, 1)"),
        ("furthest", lambda x: 0 < x < math.inf, "positive and finite"),
    ):
        if not allowed(options[name]):
            raise BadInput(f"--{name} must be {wanted}; got {options[name]}")
    _check_names(options)


def _check_names(options: dict[str, Any]) -> None:
    if options["layer"] is not None and options["layers"]:
        raise BadInput("name --layer or --layers, not both")
    if options["target"] is not None and options["target_file"] is not None:
        raise BadInput("name --target or --target-file, not both")
    if options["kind"] == "target_mass" and not (options["target"] or options["target_file"]):
        raise BadInput("--kind target_mass needs --target or --target-file: whose mass?")
    for name in ("positive", "negative", "text", "prompts", "target_file"):
        path = options[name]
        if path is not None and not path.is_file():
            raise BadInput(f"--{name.replace('_', '-')} {path}: there is no such file")


def prepare(options: dict[str, Any], errors: Console) -> tuple[Any, Any, Any, Any]:
    """The model, its tokenizer, the vectors and what is asked of them."""
    with errors.status("loading the model …"):
        from . import llm
        from .llm._strength import check_budget
        from .llm._strength_report import Request

        check_budget(options["budget"], options["kind"])
        tokenizer = llm.load_tokenizer(options["model"], options["revision"])
        p, n = _examples(options["positive"], options["negative"])
        pattern = _pattern(options, tokenizer)
        model = llm.load(options["model"], options["dtype"], revision=options["revision"])
        target = None if pattern is None else tokenizer.token_mask(pattern, model.vocabulary)
        length = min(options["length"], model.config.positions or options["length"])
        pieces = list(islice(llm.windows(tokenizer, options["text"], length), options["windows"]))
        contexts = n
        if options["prompts"] is not None:
            contexts = [x.text for x in llm.read_prompts(options["prompts"])]
    rows = [tokenizer.encode(x) for x in contexts]
    _check_room(options, rows, model.config.positions)
    with errors.status("measuring the steering vectors …"):
        made = llm.steering_vectors(
            model,
            [tokenizer.encode(x) for x in p],
            [tokenizer.encode(x) for x in n],
            _blocks(options, model.blocks),
            pooling=options["pooling"],
            site=options["site"],
            normalise=options["normalise"],
        )
    same = ("kind", "budget", "furthest", "tolerance", "samples", "new_tokens", "temperature")
    request = Request(
        windows=pieces,
        prompts=rows,
        length=length,
        target=target,
        seed=options["seed"],
        **{name: options[name] for name in same},
    )
    return model, tokenizer, made, request


def _check_room(options: dict[str, Any], rows: list[list[int]], positions: int | None) -> None:
    """Raise now, not after the search, if a text to be written will not fit."""
    longest = max(map(len, rows[: options["samples"]]))
    if positions is not None and longest + options["new_tokens"] > positions:
        raise BadInput(
            f"{longest} tokens of a prompt and {options['new_tokens']} new ones are more than the model's "
            f"{positions} positions: lower --new-tokens"
        )


def _examples(positive: Path, negative: Path) -> tuple[list[str], list[str]]:
    """The texts of P and N.

    Negative entries never make P. Of a file with both kinds N gets the negative ones; of a file
    with one kind all, as positive prompts of another concept are negative ones here.
    """
    from .llm import read_prompts

    p = [x.text for x in read_prompts(positive) if x.kind != "negative"]
    if not p:
        raise BadInput(f"--positive {positive} holds no positive prompt")
    entries = read_prompts(negative)
    n = [x.text for x in entries if x.kind == "negative"] or [x.text for x in entries]
    return p, n


def _pattern(options: dict[str, Any], tokenizer: Any) -> Any:
    """The rule that says which tokens are the target's, or None."""
    if options["target"] is not None:
        try:
            rule = re.compile(options["target"])
        except re.error as error:
            raise BadInput(f"--target {options['target']!r} is no pattern: {error}") from error
        return lambda text: rule.fullmatch(text.strip()) is not None
    if options["target_file"] is None:
        return None
    path = options["target_file"]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} is not UTF-8 text: {error}") from error
    wanted = {line for line in lines if line}
    known = {tokenizer.text(z) for z in range(tokenizer.vocabulary)}
    for number, line in enumerate(lines, 1):
        if line and line not in known:
            raise BadInput(f"{path}, line {number}: {line!r} is no single token of this tokenizer")
    return wanted.__contains__


def _blocks(options: dict[str, Any], blocks: int) -> list[int]:
    chosen = list(options["layers"])
    if options["layer"] is not None:
        chosen = [options["layer"]]
    if options["site"] == "post-norm":
        if chosen not in ([], [blocks - 1]):
            raise BadInput(f"--site post-norm follows the last block, {blocks - 1}")
        return [blocks - 1]
    if not chosen:
        return [blocks // 2]
    if len(set(chosen)) < len(chosen):
        raise BadInput(f"--layers names a block twice: {' '.join(map(str, chosen))}")
    return chosen

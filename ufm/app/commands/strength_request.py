"""What `ufm strength` is asked: checked, and put together before the long work begins."""

import math
from itertools import islice
from typing import Any

from rich.console import Console

from .bad_input import BadInput
from .steering_options import Loaded, SteeringOptions, at_least


def check_options(shared: SteeringOptions, asked: dict[str, Any]) -> None:
    """Raise on options that are wrong whatever the model."""
    shared.check()
    if shared.text is None:
        raise BadInput("ufm strength needs --text: name text to measure the cost on")
    for name, least in (("samples", 1), ("new_tokens", 1), ("seed", 0)):
        at_least(name, asked[name], least)
    for name, allowed, wanted in (
        ("temperature", lambda x: 0 <= x < math.inf, "at least 0 and finite"),
        ("tolerance", lambda x: 0 <= x < 1, "in [0, 1)"),
        ("furthest", lambda x: 0 < x < math.inf, "positive and finite"),
    ):
        if not allowed(asked[name]):
            raise BadInput(f"--{name} must be {wanted}; got {asked[name]}")
    if shared.layer is not None and asked["layers"]:
        raise BadInput("name --layer or --layers, not both")
    if asked["kind"] == "target_mass" and shared.tokens is None:
        raise BadInput("--kind target_mass needs --tokens: whose mass?")


def check_budget(budget: float, kind: str) -> None:
    """Raise on a budget that no strength could be chosen for."""
    from ufm.llm.strength import choose

    choose.check_budget(budget, kind)


def prepare(
    loaded: Loaded, shared: SteeringOptions, asked: dict[str, Any], errors: Console
) -> tuple[Any, Any]:
    """The vectors, and what is asked of them."""
    from ufm import llm
    from ufm.llm.strength.report import Request

    model, tokenizer = loaded.model, loaded.tokenizer
    most = -(-shared.text_tokens // loaded.length) if shared.text_tokens else None
    assert shared.text is not None
    pieces = list(islice(llm.windows(tokenizer, shared.text, loaded.length), most))
    rows = [tokenizer.encode(x) for x in loaded.contexts]
    _check_room(asked, rows, model.config.positions)
    with errors.status("measuring the steering vectors …"):
        made = llm.steering_vectors(
            model,
            [tokenizer.encode(x) for x in loaded.positive],
            [tokenizer.encode(x) for x in loaded.negative],
            _blocks(shared, asked, model.blocks),
            pooling=shared.pooling,
            site=asked["site"],
            normalise=shared.normalise,
        )
    same = ("kind", "budget", "furthest", "tolerance", "samples", "new_tokens", "temperature")
    request = Request(
        windows=pieces,
        prompts=rows,
        length=loaded.length,
        target=loaded.target,
        seed=asked["seed"],
        **{name: asked[name] for name in same},
    )
    return made, request


def _check_room(asked: dict[str, Any], rows: list[list[int]], positions: int | None) -> None:
    """Raise now, not after the search, if a text to be written will not fit."""
    longest = max(map(len, rows[: asked["samples"]]))
    if positions is not None and longest + asked["new_tokens"] > positions:
        raise BadInput(
            f"{longest} tokens of a prompt and {asked['new_tokens']} new ones are more than the model's "
            f"{positions} positions: lower --new-tokens"
        )


def _blocks(shared: SteeringOptions, asked: dict[str, Any], blocks: int) -> list[int]:
    chosen = list(asked["layers"]) if shared.layer is None else [shared.layer]
    if asked["site"] == "post-norm":
        if chosen not in ([], [blocks - 1]):
            raise BadInput(f"--site post-norm follows the last block, {blocks - 1}")
        return [blocks - 1]
    if not chosen:
        return [blocks // 2]
    if len(set(chosen)) < len(chosen):
        raise BadInput(f"--layers names a block twice: {' '.join(map(str, chosen))}")
    return chosen

"""A torch model as a function that can be entered after any block and left before any."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# What is done to a block's hidden states on their way to the next.
Edit = Callable[[torch.Tensor], torch.Tensor]


class _Left(Exception):
    """Nothing further on is asked for."""


class Forward:
    """The model, its `blocks` and its `head`; block number `len(blocks)` is the head's input.

    `can_enter`: blocks can be left out, as each hands on its hidden states alone. Checked on the
    model itself; where a block hands on more (keys shared between layers), all blocks are run.
    """

    def __init__(self, model: "PreTrainedModel", blocks: tuple[nn.Module, ...], head: nn.Module):
        self.model, self.blocks, self.head = model, blocks, head
        self.end = len(blocks)
        accepted = inspect.signature(model.forward).parameters
        self.options = {"use_cache": False} if "use_cache" in accepted else {}
        self.has_mask = "attention_mask" in accepted
        self.sizes: dict[
            int, int | None
        ] = {}  # lengths of the tuples that blocks return; None: a tensor
        self.can_enter = False

    def probe(self, tokens: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """The logits, and the states after each block and before the head; learns how to enter."""
        found: dict[int, torch.Tensor] = {}
        with ExitStack() as stack, torch.no_grad():
            for i, block in enumerate(self.blocks):
                stack.enter_context(_hooked(block.register_forward_hook(self._learn(i))))
            logits = self(tokens, {i: _keep(found, i) for i in range(self.end + 1)})
            missing = sorted({*range(self.end + 1)} - {*found})
            if missing:
                raise ValueError(
                    f"{type(self.model).__name__} does not call block {missing[0]} of {self.end} (the last "
                    "is the head) as a module: name other parts by blocks= or head="
                )
            self.can_enter = True
            middle = self.end // 2
            try:
                entered = self(tokens, {}, enter=(middle, found[middle]))
                self.can_enter = bool(torch.equal(entered, logits))
            except (AttributeError, IndexError, RuntimeError, TypeError, ValueError):
                self.can_enter = False
        return logits, [found[i] for i in range(self.end + 1)]

    def __call__(
        self,
        tokens: torch.Tensor,
        edits: Mapping[int, Edit],
        enter: tuple[int, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """Logits [B, rows, V] of tokens [B, T], with the states after each block of `edits` replaced.

        `enter` = (i, x): x is what block i returned, and blocks 0..i need not be run.
        """
        with ExitStack() as stack:
            if enter is not None:
                self._enter(stack, *enter)
            for i, edit in edits.items():
                if i == self.end:
                    handle = self.head.register_forward_pre_hook(_on_input(edit))
                else:
                    handle = self.blocks[i].register_forward_hook(_on_output(edit))
                stack.enter_context(_hooked(handle))
            stack.enter_context(
                sdpa_kernel(SDPBackend.MATH)
            )  # whose derivatives of any order exist
            inputs = {"input_ids": tokens, **self.options}
            if self.has_mask:  # all tokens, said aloud: some models warn of token 0
                inputs["attention_mask"] = torch.ones_like(tokens)
            return self.model(**inputs).logits

    def until(
        self,
        tokens: torch.Tensor,
        edits: Mapping[int, Edit],
        stop: int,
        enter: tuple[int, torch.Tensor] | None = None,
    ) -> torch.Tensor:
        """The states after block `stop` [B, T, d], and nothing further on."""
        found: dict[int, torch.Tensor] = {}

        def leave(x: torch.Tensor) -> torch.Tensor:
            found[stop] = edits[stop](x) if stop in edits else x
            raise _Left

        with suppress(_Left):
            self(tokens, {**edits, stop: leave}, enter)
        return found[stop]

    def _enter(self, stack: ExitStack, last: int, x: torch.Tensor) -> None:
        if self.can_enter:
            for i in range(last + 1):
                stack.enter_context(_replaced(self.blocks[i], self._shaped(i, x)))
        else:
            handle = self.blocks[last].register_forward_hook(_on_output(lambda _: x))
            stack.enter_context(_hooked(handle))

    def _shaped(self, i: int, x: torch.Tensor) -> torch.Tensor | tuple[torch.Tensor | None, ...]:
        size = self.sizes[i]
        return x if size is None else (x, *[None] * (size - 1))

    def _learn(self, i: int):
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            self.sizes[i] = len(output) if isinstance(output, tuple) else None

        return hook


def _keep(found: dict[int, torch.Tensor], i: int) -> Edit:
    def edit(x: torch.Tensor) -> torch.Tensor:
        found[i] = x
        return x

    return edit


def _on_output(edit: Edit):
    def hook(module: nn.Module, inputs: object, output):
        if isinstance(output, tuple):
            return (edit(output[0]), *output[1:])
        return edit(output)

    return hook


def _on_input(edit: Edit):
    def hook(module: nn.Module, inputs: tuple[torch.Tensor, ...]):
        return (edit(inputs[0]), *inputs[1:])

    return hook


@contextmanager
def _hooked(handle: torch.utils.hooks.RemovableHandle) -> Iterator[None]:
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _replaced(block: nn.Module, output: object) -> Iterator[None]:
    """The block returns `output` at once."""
    before = vars(block).get("forward")
    block.forward = lambda *inputs, **options: output
    try:
        yield
    finally:
        if before is None:
            del block.forward
        else:
            block.forward = before

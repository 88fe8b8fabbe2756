"""Where a function of the registry is written, and its source as a block that unfolds."""

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Source(NamedTuple):
    """A function's name, the file (from the root of the project) and line it begins on, its text."""

    name: str
    file: str
    line: int
    text: str


def source_of(function: Callable[..., object]) -> Source:
    """The source of a function; of a lambda, that of what it calls."""
    called = _called(function)
    lines, first = inspect.getsourcelines(called)
    file = Path(inspect.getsourcefile(called) or "").resolve().relative_to(ROOT)
    return Source(f"{called.__module__}.{called.__qualname__}", str(file), first, "".join(lines))


def unfolded(source: Source) -> Iterator[str]:
    """The source, folded away until it is asked for."""
    code = (
        f"```{{code-block}} python\n:lineno-start: {source.line}\n\n{source.text.rstrip()}\n```\n"
    )
    yield from folded(f"{source.file}, line {source.line}", code)


def folded(summary: str, markdown: str) -> Iterator[str]:
    """Markdown that unfolds below its summary."""
    yield f"<details><summary>{summary}</summary>\n"
    yield markdown
    yield "</details>\n"


def text_of(function: Callable[..., object]) -> str:
    """A lambda as it is written; of a partial function, which it is and what is given to it."""
    if isinstance(function, partial):
        given = [f"{name}={value!r}" for name, value in function.keywords.items()]
        return f"{function.func.__name__}({', '.join(['instance', *given])})"
    return inspect.getsource(function).strip().rstrip(",")


def _called(function: Callable[..., object]) -> FunctionType:
    if isinstance(function, partial):
        return _called(function.func)
    function = inspect.unwrap(function)
    if function.__name__ != "<lambda>":
        return function
    value: object = None
    for name in function.__code__.co_names:
        if name in function.__globals__:
            value = function.__globals__[name]
        elif value is not None and hasattr(value, name):
            value = getattr(value, name)
        if isinstance(value, FunctionType):
            return inspect.unwrap(value)
    # it only looks something up: show the function that made it
    return inspect.unwrap(function.__globals__[function.__qualname__.split(".")[0]])

"""The error that the command line reports in one line, with status 2."""

from collections.abc import Iterator
from contextlib import contextmanager


class BadInput(Exception):
    """What the user gave cannot be used; anything else that is raised is a fault of ours."""


@contextmanager
def as_bad_input(
    kinds: tuple[type[Exception], ...] = (ValueError,), about: object = None
) -> Iterator[None]:
    """Errors of these kinds become `BadInput`, with `about` before their text."""
    try:
        yield
    except kinds as error:
        text = str(error) if about is None else f"{about}: {error}"
        if isinstance(error, ModuleNotFoundError):
            text = f"language models need {error.name}: pip install 'ufm[llm]'"
        raise BadInput(text) from error

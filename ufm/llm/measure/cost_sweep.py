"""What steering costs on text: the increase of cross-entropy, streamed, with exact derivatives."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from ufm._files import Arrays, digest
from ufm._progress import Progress, silent

from ..decoder.adapted import Model
from ..decoder.steering import Steering
from ..steering.strengths import check_strengths
from .journal import Journal
from .token_curves import identity
from .window_cost import CostWindow, check_text


@dataclass(frozen=True, eq=False)
class Cost:
    """ΔCE(α) (Definition 3.7) on a text, in nats a token.

    - `alphas`, `increase` [A]: ΔCE at each strength, 0 at α = 0.
    - `derivatives` [n + 1]: CE, CE', …, CE^(n) at α = 0, exact; ΔCE ≈ ½ CE'' α² + CE' α.
    - `tokens`: how many tokens were predicted, in how many `windows`.
    """

    alphas: np.ndarray
    increase: np.ndarray
    derivatives: np.ndarray
    tokens: int
    windows: int


def sweep_cost(
    model: Model,
    windows: Iterable[Sequence[int]],
    steering: Steering,
    alphas: Sequence[float] | np.ndarray,
    directory: str | Path,
    *,
    length: int,
    order: int = 2,
    windows_per_file: int = 8,
    progress: Progress | None = None,
) -> Cost:
    """ΔCE over windows of tokens (`ufm.llm.windows`), each of at most `length`, at each strength.

    In a window each token but the first is predicted from those before it; all positions are
    steered. Written as it comes, and resumed, as `sweep_curves` is; a window that changed since
    raises `ValueError`. Only one window is held at a time.

    >>> import tempfile, numpy as np, ufm.llm
    >>> model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    >>> given = model, [[1, 2, 3, 4]], ufm.llm.Steering(np.linspace(-1, 1, 16), layer=0), [0.0, 1.0]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     found = ufm.llm.sweep_cost(*given, folder, length=8)
    >>> print(found.tokens, found.increase.round(4))
    3 [ 0.     -0.2371]
    """
    strengths = check_strengths(alphas, model, steering)
    check_text([], length, steering)
    settings = {
        "kind": "cost",
        **identity(model, steering, strengths, order),
        "length": length,
        "windows_per_file": windows_per_file,
    }
    journal = Journal(directory, settings)
    total: Arrays = {}
    count, show = 0, progress or silent
    for k, group in enumerate(_groups(windows, windows_per_file)):
        part = journal.part(
            f"text-{k:06d}",
            lambda group=group: _sum(
                [measure_window(model, row, steering, strengths, length, order) for row in group]
            ),
            {"windows": digest(group)},
        )
        total = _sum([total, part]) if total else part
        count += len(group)
        show(count, None)
    if not count:
        raise ValueError("the text holds no token to predict")
    predicted = int(total["predicted"][0])
    results = {
        "alphas": strengths,
        "increase": total["increase"] / predicted,
        "derivatives": total["derivatives"] / predicted,
    }
    journal.finish(results, {**settings, "tokens": predicted, "windows": count})
    return Cost(**results, tokens=predicted, windows=count)


def _groups(windows: Iterable[Sequence[int]], size: int) -> Iterator[list[list[int]]]:
    rows = iter(windows)
    while group := [list(map(int, row)) for row in islice(rows, size)]:
        yield group


def measure_window(
    model: Model,
    row: list[int],
    steering: Steering,
    alphas: np.ndarray,
    length: int,
    order: int,
) -> Arrays:
    """Sums over the window's tokens: of Δ(-log p) at each α, and of the derivatives of -log p at 0."""
    window = CostWindow(model, row, steering, length, kinds=("cross_entropy",))
    derivatives = window.derivatives(order)[:, 0]
    derivatives[0] = window.cross_entropy()
    return {
        "increase": window.sums(alphas, window.batch_size())[:, 0],
        "derivatives": derivatives,
        "predicted": np.array([window.predicted]),
    }


def _sum(parts: list[Arrays]) -> Arrays:
    return {key: np.sum([part[key] for part in parts], axis=0) for key in parts[0]}

"""One table of the laws over several reports of `ufm llm`: seeds of a model, or models."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.markup import escape
from rich.table import Table

from ufm._json import finite_or_null
from ufm._text import read_json
from ufm._visible import visible

from .tables import coloured, figure, fitting, worst

Record = dict[str, Any]  # a report.json, of which only what `_is_law` has looked at is used

_ABSENT: Record = {"number": None, "verdict": "absent", "evidence": {}}

# Figures of a law's evidence that are shown beside its number: law, key of the evidence, name.
_ALSO = (
    ("bumps", "visible_share", "bump by over 1 % of their range"),
    ("bumps", "largest_extra_turn", "largest extra turn, of the range"),
    ("tanh", "least_r_squared", "least R² of a prompt"),
    ("quadratic", "quadratic", "½ CE'', nats"),
    ("quadratic", "measured_quadratic", "… measured"),
    ("quadratic", "linear_share", "linear term, of 0.05 nats"),
    ("hump", "place", "α of the peak"),
    ("hump", "height", "mass at the peak"),
    ("hump", "unsteered", "… unsteered"),
)


@dataclass(frozen=True)
class Row:
    """One law, or a figure of its evidence, over the reports.

    - `law`, `measure`: which, and what the numbers are. `numbers`: one a report, None where a report
      has none. `verdicts`: one a report; none for a figure of the evidence.
    """

    law: str
    measure: str
    numbers: tuple[float | None, ...]
    verdicts: tuple[str, ...] = ()

    @property
    def known(self) -> list[float]:
        """The numbers there are."""
        return [x for x in self.numbers if x is not None]

    @property
    def mean(self) -> float:
        """Their mean; NaN if there are none."""
        return mean(self.known) if self.known else math.nan

    @property
    def spread(self) -> float:
        """Their standard deviation (n - 1); NaN for fewer than two."""
        return stdev(self.known) if len(self.known) > 1 else math.nan

    @property
    def judged(self) -> str:
        """The verdicts, counted, those that fail first.

        >>> from ufm.app.printing.laws_over_reports import Row
        >>> row = Row("bumps", "share", (0.5, 0.25, None), ("holds", "fails", "holds"))
        >>> print(row.judged, f"{row.mean:.3f} ± {row.spread:.3f}")
        fails 1, holds 2 0.375 ± 0.177
        """
        counts = Counter(self.verdicts)
        return ", ".join(f"{name} {counts[name]}" for name in sorted(counts))

    def as_json(self) -> dict[str, object]:
        """The row as JSON; where there is no number, null."""
        names = ("law", "measure", "mean", "spread", "numbers", "verdicts")
        return finite_or_null({name: getattr(self, name) for name in names})


def read_report(path: Path) -> Record:
    """The report.json of a report's directory; anything else raises `ValueError`."""
    file = path / "report.json" if path.is_dir() else path
    if not file.exists():
        raise ValueError(f"{file} does not exist: name what `ufm llm --out` was given")
    found = read_json(file)
    if isinstance(found, dict):
        laws = found.get("laws")
        if isinstance(laws, list) and laws and all(map(_is_law, laws)):
            return found
    raise ValueError(f"{file} is no report of ufm llm")


def _is_law(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("id"), str)
        and isinstance(entry.get("measure"), str)
        and entry.get("verdict") in ("holds", "fails", "undecided", "hypotheses unmet")
        and isinstance(entry.get("number", ""), float | int | None)
        and isinstance(entry.get("evidence"), dict)
    )


def caveat_of(report: Record) -> str | None:
    """What the report says against its model's numbers: the weights were rounded; or None."""
    model = report.get("model")
    caveat = model.get("caveat") if isinstance(model, dict) else None
    return caveat if isinstance(caveat, str) else None


def rows_of(reports: Sequence[Record]) -> list[Row]:
    """A row a law, in the first report's order, with figures of its evidence below it."""
    laws = [{law["id"]: law for law in report["laws"]} for report in reports]
    rows = []
    for id, first in laws[0].items():
        held = [found.get(id, _ABSENT) for found in laws]
        numbers, verdicts = (tuple(law[key] for law in held) for key in ("number", "verdict"))
        rows.append(Row(id, first["measure"], numbers, verdicts))
        for law, key, name in _ALSO:
            numbers = tuple(found["evidence"].get(key) for found in held)
            if law == id and any(x is not None for x in numbers):
                rows.append(Row(id, name, numbers))
    return rows


def laws_table(rows: Sequence[Row], width: int | None) -> Table:
    """The rows as a table: the columns that fit `width`, or all."""
    reports = [f"report {k}" for k in range(len(rows[0].numbers))]
    cells = [
        {
            # a file from elsewhere may hold anything
            "law": escape(visible(row.law)) if row.verdicts else "",
            "measure": escape(visible(row.measure)),
            "mean": figure(row.mean, ".4g"),
            "± spread": figure(row.spread, ".4g"),
            "verdicts": coloured(worst(row.verdicts), row.judged),
            **{name: figure(x, ".4g") for name, x in zip(reports, row.numbers, strict=True)},
        }
        for row in rows
    ]
    first = list(cells[0]) if width is None else ("law", "measure", "mean", "verdicts")
    right = ("mean", "± spread", *reports)
    return fitting(cells, width or 0, first, right, wraps=("measure",) if width else ())

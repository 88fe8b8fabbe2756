"""`ufm laws`: the laws of several reports of `ufm llm`, side by side."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ..printing.json_output import print_json
from ..printing.laws_over_reports import caveat_of, laws_table, read_report, rows_of
from ..printing.lines import paragraph, print_table
from ..printing.streams import Output
from .bad_input import as_bad_input
from .option import Positional


@dataclass(frozen=True)
class Laws:
    """Put reports of ufm llm into one table: mean ± spread, verdicts.

    Exit status 1: a law fails in one of them.

    Examples:
        ufm laws report-1 report-2

    Args:
        reports: Folders that ufm llm wrote.
        wide: Print a column per report too, however wide the table.
        json: Print the table as JSON on standard output.
    """

    reports: Annotated[tuple[Path, ...], Positional("FOLDER")]
    wide: bool = False
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where a law fails in a report."""
        with as_bad_input():
            reports = [read_report(path) for path in self.reports]
        rows, caveats = rows_of(reports), list(map(caveat_of, reports))
        if self.json:
            names = list(map(str, self.reports))
            shown = [row.as_json() for row in rows]
            print_json({"reports": names, "rows": shown, "caveats": caveats})
        else:
            console = Output()
            table = laws_table(rows, None if self.wide else console.width)
            print_table(console, table, self.wide)
            for k, caveat in enumerate(caveats):
                if caveat is not None:
                    paragraph(console, f"report {k}: {caveat}")
        return 1 if any("fails" in row.verdicts for row in rows) else 0

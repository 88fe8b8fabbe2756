"""Prints a verification report as tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from theorems.findings import FINDINGS
from theorems.literature import InModel
from theorems.proofs import PROVED_BY, UNPROVED

from .lines import entry, paragraph, print_table, readable_width
from .tables import coloured, counted, figure, fitting, plural, table

if TYPE_CHECKING:
    from theorems import Claim, Statement
    from theorems.table import Table as OwnTable
    from theorems.verify import Report

_FIRST = ("claim", "verdict", "unmet", "proof", "certificate")
_LEGEND = "ufm verify --help says what the columns mean."

# How many claims of others do what, as they were quoted: of one, of several.
_AS_SAID = {
    "holds": ("holds", "hold"),
    "holds under a hypothesis": ("holds under a hypothesis", "hold under a hypothesis"),
    "fails": ("fails", "fail"),
    "not about the model": ("is not about the model", "are not about the model"),
}

# A table says the same in fewer words, and names the hypothesis in its next column.
_IN_MODEL: dict[InModel, str] = {
    InModel.CONDITIONAL: "conditional",
    InModel.SILENT: "not about it",
}


def print_report(
    report: "Report",
    console: Console,
    own_table: "OwnTable | None" = None,
    is_wide: bool = False,
    is_selection: bool = False,
) -> None:
    """One table of claims, then the findings, then a line that adds up.

    `own_table` is that of a user. The table has the columns that fit, or all of them if `is_wide`. Of a
    selection it also says what each claim says, what it is checked under, and which findings are about its
    statements.
    """
    own = [s for s in report.statements if not s.is_of_others]
    if own:
        _print_claims(report, own, console, own_table is not None, is_wide)
    others = [s for s in report.statements if s.is_of_others]
    if others:
        _print_others(report, console)
        if is_wide:
            _print_claims(report, others, console, own_table is not None, is_wide)
    console.print()
    if is_selection:
        _print_texts(report, console)
        _print_hypotheses(report, console)
        _print_known_findings(report, console)
    if own:
        paragraph(console, _LEGEND, style="dim")
    _print_proofs(report, console)
    _print_reasons(report, console)
    if own_table is not None and not own_table.is_weighted:
        contexts = plural(len(own_table.contexts), "context")
        paragraph(console, f"context_weights: none given, so the {contexts} count equally")
    if report.findings:
        _print_findings(report, console)
    if others:
        paragraph(
            console, f"Claims of others, as quoted: {_counted_others(report, own_table is None)}."
        )
    parts = _parts(report, False, own_table is None)
    if report.findings:
        confirmed = sum(confirmation.confirmed for _, confirmation in report.findings)
        parts.append(f"{confirmed} of {len(report.findings)} findings confirmed")
    if own or report.findings:
        count = sum(len(statement.claims) for statement in own)
        paragraph(console, f"{plural(count, 'claim')}: {'; '.join(parts)}.")


def _parts(report: "Report", is_of_others: bool, has_controls: bool) -> list[str]:
    """How many of the claims hold, and how many of their controls were found."""
    tallies = [t for t in report.tallies.values() if t.claim.is_of_others is is_of_others]
    parts = [counted(str(tally.verdict) for tally in tallies)]
    if has_controls:
        found = sum(bool(t.control and t.control[0]) for t in tallies)
        parts.append(f"{found} of {plural(len(tallies), 'control')} found")
    return parts


def _counted_others(report: "Report", has_controls: bool) -> str:
    """What becomes of the sentences as they were quoted; and of the checks, each under its hypotheses."""
    said = Counter(found.in_model for found in report.of_others())
    as_said = ", ".join(
        f"{count} {_AS_SAID[verdict][count > 1]}" for verdict, count in said.items()
    )
    return f"{as_said}; under the hypotheses of their checks {'; '.join(_parts(report, True, has_controls))}"


def _print_others(report: "Report", console: Console) -> None:
    """A line per claim of others: as it was quoted, what its check assumes, and the check under that."""
    console.print()
    paragraph(console, "Claims of others: as quoted, and checked under what their text may supply:")
    console.print()
    said = table("claim", "as quoted", "checked under", "check", "real model")
    for found in report.of_others():
        tally = report.tallies.get(found.id)
        said.add_row(
            found.id,
            coloured(str(found.in_model), _IN_MODEL.get(found.in_model)),
            ", ".join(found.needs),
            coloured(str(tally.verdict), str(tally.verdict).split()[-1]) if tally else "",
            coloured(str(found.on_real), str(found.on_real).removeprefix("holds ")),
        )
    print_table(console, said, False)
    for found in report.of_others():
        if found.repair:
            paragraph(console, f"The check of {found.id} is of {found.repair}.", style="dim")


def _print_claims(
    report: "Report",
    statements: "Sequence[Statement]",
    console: Console,
    is_table: bool,
    is_wide: bool,
) -> None:
    """A line per claim; the columns are those of which the report knows something, and that fit."""
    is_unmet = any(report.tallies[c.id].worst is None for s in statements for c in s.claims)
    rows = [
        dict(_cells(report, claim, is_table, is_unmet))
        for statement in statements
        for claim in statement.claims
    ]
    first = [name for name in rows[0] if is_wide or name in _FIRST]
    claims = fitting(rows, console.width, first, right=("worst margin", "tolerance", "instances"))
    print_table(console, claims, is_wide)
    headers = [str(column.header) for column in claims.columns]
    hidden = [name for name in rows[0] if name not in headers]
    if hidden:
        paragraph(console, f"--wide adds: {', '.join(hidden)}.", style="dim")


def _cells(
    report: "Report", claim: "Claim", is_table: bool, is_unmet: bool
) -> Iterator[tuple[str, str]]:
    """Name and content of each cell of a claim's line; with the hypothesis unmet, if one `is_unmet`."""
    tally = report.tallies[claim.id]
    worst = tally.worst
    yield "claim", claim.id
    yield "what", claim.title
    yield "verdict", coloured(str(tally.verdict))
    if is_unmet:
        yield "unmet", escape(tally.reason.partition(":")[0] if worst is None else "")
    if report.proofs is not None:
        yield "proof", coloured(report.proofs.outcome if claim.id in PROVED_BY else "none")
    if report.certificates is not None:
        verdict = report.certificates[claim.id].verdict
        yield "certificate", coloured(verdict, "every α" if verdict == "holds" else verdict)
    yield "worst margin", figure(worst.margin if worst else None, ".1e")
    yield "tolerance", figure(worst.tolerance if worst else None, ".1e")
    if not is_table:
        is_found = tally.control is not None and tally.control[0]
        yield "instances", str(tally.instances)
        mark = coloured("found" if is_found else "NOT FOUND")
        yield "control drops", f"{claim.control.dropped}: {mark}"


def _print_proofs(report: "Report", console: Console) -> None:
    """Who accepted the proofs, or why nobody was asked; and which claims have none."""
    proofs = report.proofs
    if proofs is None:
        return
    line = f"proof: {proofs.outcome}; {proofs.detail}"
    if proofs.outcome == "proved":
        remembered = " (remembered)" if proofs.is_remembered else ""
        line = (
            f"proof: {proofs.detail} accepts all {proofs.theorems} theorems of theorems/coq/Statements.v"
            f"{remembered}."
        )
    paragraph(console, line, style="dim")
    for name in report.tallies:
        if name in UNPROVED:
            paragraph(console, f"no proof of {name}: {UNPROVED[name]}", style="dim")


def _print_texts(report: "Report", console: Console) -> None:
    """What each claim says, in one sentence."""
    console.print("What each claim says:")
    for name, tally in report.tallies.items():
        entry(console, f"  {name}: {tally.claim.text}")
    console.print()


def _print_hypotheses(report: "Report", console: Console) -> None:
    """The hypotheses of each claim by name, then what each of them says, once."""
    says: dict[str, str] = {}
    console.print("Checked under:")
    for name, tally in report.tallies.items():
        assumed = {hypothesis.id: hypothesis.text for hypothesis in tally.claim.hypotheses}
        says |= assumed
        entry(console, f"  {name}: {', '.join(assumed)}")
    console.print("where")
    for name, text in says.items():
        entry(console, f"  {name}: {text}")
    console.print()


def _print_known_findings(report: "Report", console: Console) -> None:
    """The findings about the statements by title; they are not recomputed here."""
    about = [f for f in FINDINGS if any(f.is_about(s) for s in report.statements)]
    if not about:
        return
    paragraph(
        console, "Findings about this text of the paper, which a run without names recomputes:"
    )
    for finding in about:
        entry(console, f"  {finding.id} ({finding.severity}; {finding.source}): {finding.title}")
    console.print()


def _print_reasons(report: "Report", console: Console) -> None:
    """Which hypothesis is unmet, and where a claim fails: once each, with the claims it concerns."""
    reasons: dict[str, list[str]] = {}
    for name, tally in report.tallies.items():
        if tally.worst is None:
            reasons.setdefault(f"unmet, {tally.reason}", []).append(name)
        elif str(tally.verdict) != "holds":
            reasons.setdefault(f"{tally.verdict}, {tally.worst.evidence}", []).append(name)
        if tally.control is not None and not tally.control[0]:
            dropped = tally.claim.control.dropped
            reasons.setdefault(f"no counterexample found without {dropped}", []).append(name)
    for reason, names in reasons.items():
        paragraph(console, f"{reason}: {', '.join(names)}")


def _print_findings(report: "Report", console: Console) -> None:
    """A headline for each finding; under it what the paper says, what is true, an example, how grave."""
    console.print("Findings about the first version of the paper, arXiv:2602.02712v1:\n")
    columns = [f"[bold]{name}[/]" for name in ("the paper says", "what is true", "counterexample")]
    _print_finding_row(console, *columns, "[bold]severity[/]")
    for finding, confirmation in report.findings:
        mark = coloured("confirmed" if confirmation.confirmed else "NOT CONFIRMED")
        console.print(f"[bold]{finding.id}[/]  [dim]{escape(finding.source)}[/]")
        _print_finding_row(
            console,
            escape(finding.says),
            escape(finding.truth),
            f"{escape(finding.witness)}: {escape(confirmation.numbers)}",
            f"{finding.severity}\n{mark}",
        )
        console.print()


def _print_finding_row(console: Console, *cells: str) -> None:
    """Three columns of one width and a narrow one: the headlines between are wider than a column."""
    row = Table.grid(padding=(0, 2, 0, 0), expand=True)
    for _ in cells[:-1]:
        row.add_column(ratio=1)
    row.add_column(width=len("statement"))
    row.add_row(*cells)
    console.print(row, width=readable_width())

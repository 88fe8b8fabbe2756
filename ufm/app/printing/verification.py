"""Prints a verification report as tables."""

from collections import Counter
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from theorems.proofs import PROVED_BY, UNPROVED

_STYLE = {
    "holds": "green",
    "fails": "bold red",
    "undecided": "yellow",
    "hypotheses unmet": "dim",
}

_PROOF_STYLE = {"proved": "green", "refused": "bold red", "not run": "dim"}

_LEGEND = (
    "margin: minus the largest error of an identity, or the least slack of an inequality; "
    "it fails below -tolerance."
)


_CERTIFICATES = (
    "certificate: on the paper's datasets, in exact rationals and ball arithmetic, for every strength; "
    "identities and what is not about one instance have none."
)


def print_report(report: Any, console: Console, source: str | None = None) -> None:
    """One table of claims, then the findings, then a line that adds up; `source` names a user's table."""
    console.print(_claims(report, is_table=source is not None))
    console.print(_LEGEND, style="dim", soft_wrap=True)
    if report.proofs is not None:
        _print_proofs(report, console)
    if report.certificates is not None:
        console.print(_CERTIFICATES, style="dim", soft_wrap=True)
    console.print()
    if source is not None:
        _print_reasons(report, console)
    if report.findings:
        console.print(_findings(report))
    counts = Counter(str(tally.verdict) for tally in report.tallies.values())
    parts = [f"{counts[name]} {name}" for name in _STYLE if counts[name]]
    if source is None:
        controls = sum(bool(t.control and t.control[0]) for t in report.tallies.values())
        parts.append(f"{controls} of {len(report.tallies)} controls found")
        confirmed = sum(confirmation.confirmed for _, confirmation in report.findings)
        if report.findings:
            parts.append(f"{confirmed} of {len(report.findings)} findings confirmed")
    console.print(f"{len(report.tallies)} claims: {', '.join(parts)}.")


def _claims(report: Any, is_table: bool) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("claim", no_wrap=True)
    table.add_column("what", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    if report.proofs is not None:
        table.add_column("proof", no_wrap=True)
    if report.certificates is not None:
        table.add_column("certificate", no_wrap=True)
    table.add_column("worst margin", justify="right", no_wrap=True)
    table.add_column("tolerance", justify="right", no_wrap=True)
    if not is_table:
        table.add_column("instances", justify="right", no_wrap=True)
        table.add_column("control drops", no_wrap=True)
    for statement in report.statements:
        for claim in statement.claims:
            tally = report.tallies[claim.id]
            verdict, worst = str(tally.verdict), tally.worst
            row = [
                claim.id,
                claim.title,
                f"[{_STYLE[verdict]}]{verdict}[/]",
                *_proof(claim.id, report.proofs),
                *_certificate(claim.id, report.certificates),
                _number(worst.margin) if worst else "",
                _number(worst.tolerance) if worst else "",
            ]
            if not is_table:
                found = tally.control is not None and tally.control[0]
                mark = "[green]found[/]" if found else "[bold red]NOT FOUND[/]"
                row += [str(tally.instances), f"{claim.control.dropped}: {mark}"]
            table.add_row(*row)
    return table


def _proof(claim: str, proofs: Any) -> list[str]:
    """The cell of the column "proof", if there is one."""
    if proofs is None:
        return []
    if claim not in PROVED_BY:
        return ["[dim]none[/]"]
    return [f"[{_PROOF_STYLE[proofs.outcome]}]{proofs.outcome}[/]"]


def _certificate(claim: str, certificates: Any) -> list[str]:
    """The cell of the column "certificate", if there is one."""
    if certificates is None:
        return []
    verdict = certificates[claim].verdict
    style = "dim" if verdict == "none" else _STYLE[verdict]
    return [f"[{style}]{'every α' if verdict == 'holds' else verdict}[/]"]


def _print_proofs(report: Any, console: Console) -> None:
    """Who accepted the proofs, or why nobody was asked; and which claims have none."""
    proofs, missing = report.proofs, [name for name in report.tallies if name in UNPROVED]
    if proofs.outcome == "proved":
        line = (
            f"proof: {proofs.detail} accepts all {proofs.theorems} theorems of theorems/coq/Statements.v; "
            "that of claim x-1.y is x_1_y."
        )
    else:
        line = f"proof: {proofs.outcome}; {proofs.detail}"
    console.print(escape(line), style="dim", soft_wrap=True)
    for name in missing:
        console.print(f"no proof of {name}: {UNPROVED[name]}", style="dim", soft_wrap=True)


def _number(value: float) -> str:
    return "" if value != value else f"{value:.1e}"


def _print_reasons(report: Any, console: Console) -> None:
    """Which hypothesis is unmet, and where a claim fails: once each, with the claims it concerns."""
    reasons: dict[str, list[str]] = {}
    for name, tally in report.tallies.items():
        if tally.worst is None:
            reasons.setdefault(f"unmet, {tally.reason}", []).append(name)
        elif str(tally.verdict) != "holds":
            reasons.setdefault(f"{tally.verdict}, {tally.worst.evidence}", []).append(name)
    for reason, names in reasons.items():
        console.print(f"[dim]{escape(reason)}[/]: {', '.join(names)}", soft_wrap=True)


def _findings(report: Any) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("finding", no_wrap=True)
    table.add_column("against")
    table.add_column("recomputed")
    table.add_column("", no_wrap=True)
    for finding, confirmation in report.findings:
        mark = "[green]confirmed[/]" if confirmation.confirmed else "[bold red]NOT CONFIRMED[/]"
        table.add_row(finding.id, finding.source, escape(confirmation.numbers), mark)
    return table

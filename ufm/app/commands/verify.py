"""`ufm verify`: every claim on the suite of instances, or on a table of the user's."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console

from ufm import __version__

from ..printing.json_output import print_json
from ..printing.stages import told
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .option import Positional
from .rules import SEED, at_least
from .start import COMPILE_IN_HASTE, starting_jax

if TYPE_CHECKING:
    from theorems import Instance, Statement
    from theorems.table import Table
    from theorems.verify import Report


# Words before the numbers of the paper's results, as they are shortened.
_SHORT = {"theorem": "thm", "proposition": "prop"}
_CERTIFYING = "certifying the claims on the paper's datasets"
_KINDS = ("assumption", "lemma", "remark", *_SHORT, *_SHORT.values())


@dataclass(frozen=True)
class Verify:
    """Check every claim: the paper's, this project's, and others'.

    proof: what Coq says of the claim, for all instances. certificate: it is decided for every strength, in
    exact rationals, on the paper's datasets or two small heads. worst margin: minus the largest error of an
    identity, or the least slack of an inequality; below -tolerance the claim fails. docs/checks.md has more.

    Examples:
        ufm verify thm-3.3                  one theorem: 20 seconds
        ufm verify literature               what others say, and when it holds
        ufm verify --table my_table.json    every claim on a table of yours

    Args:
        statements: Statements or claims, such as thm-3.3, 'Theorem 3.3' or ce.convex; all if none.
        table: A .npz, .csv or .json next-token table of your own to check instead of the suite.
        instances: Random instances for each claim, on top of the paper's own datasets.
        seed: Seed of the random instances.
        proofs: Have coqc, where there is one, check the proofs too: a minute the first time, then remembered.
        wide: Print all columns, however wide the table: what each claim is about, margins, tolerances,
            instances and controls.
        json: Print the report as JSON on standard output.
    """

    statements: Annotated[tuple[str, ...], Positional("STATEMENT")] = ()
    table: Path | None = None
    instances: Annotated[int, at_least(1)] = 200
    seed: Annotated[int, SEED] = 0
    proofs: bool = True
    wide: bool = False
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 unless all holds."""
        errors = Console(stderr=True)
        with starting_jax(errors, COMPILE_IN_HASTE):
            import theorems
            from theorems.verify import as_json

            from ..printing.verification import print_report
        chosen = _choose(theorems.STATEMENTS, self.statements)
        table = None if self.table is None else _table(self.table)
        report = self._run(chosen, table, errors)
        if self.json:
            print_json(as_json(report, __version__))
        else:
            print_report(report, Output(), table, self.wide, bool(self.statements))
        return 0 if report.ok else 1

    def _run(self, chosen: "list[Statement]", table: "Table | None", errors: Console) -> "Report":
        import theorems
        from theorems.certificates import certify_paper
        from theorems.proofs import run_proofs
        from theorems.verify import verify_instance, verify_suite

        instance = None if table is None else _instance(table)
        with told("checking", errors, in_short=_stage) as show:
            if instance is not None:
                return verify_instance(chosen, instance, progress=show)
            findings = () if self.statements else theorems.FINDINGS
            report = verify_suite(
                chosen, instances=self.instances, seed=self.seed, findings=findings, progress=show
            )
            show(0.0, None, _CERTIFYING)
            report.certificates = certify_paper()
            if self.proofs:
                report.proofs = run_proofs(progress=show)
            return report


def _stage(words: str) -> str:
    """What a line of a piped run calls the stage, which a bar tells in full: claim by claim, file by file."""
    kinds = {
        "compiling": "compiling, and running the controls",
        "control of": "compiling, and running the controls",
        "finding": "confirming the findings",
        "coqc": "having coqc check the proofs",
        "done": _CERTIFYING,
        _CERTIFYING: _CERTIFYING,
    }
    known = (shown for start, shown in kinds.items() if words.startswith(start))
    return next(known, "judging the claims")


def _choose(every: "Iterable[Statement]", wanted: tuple[str, ...]) -> "list[Statement]":
    """The statements that are named, cut down to single claims where a claim is named."""
    statements = list(every)
    named = {_id(name, statements) for name in _joined(wanted)}
    chosen = []
    for statement in statements:
        is_whole = not named or statement.id in named
        claims = tuple(c for c in statement.claims if is_whole or c.id in named)
        if claims:
            chosen.append(replace(statement, claims=claims))
    return chosen


def _joined(words: Iterable[str]) -> list[str]:
    """The names, where Theorem 3.3 may be two words."""
    names: list[str] = []
    for word in words:
        if names and _plain(names[-1]) in _KINDS:
            word = f"{names.pop()} {word}"
        names.append(word)
    return names


def _id(name: str, statements: "list[Statement]") -> str:
    """The id of the statement or claim of this name: the id, the number in the paper, or the title."""
    from ufm._names import did_you_mean, no_such

    known = [*(s.id for s in statements), *(c.id for s in statements for c in s.claims)]
    if name in known:
        return name
    if name.startswith("finding"):
        raise BadInput(f"{name} is a finding: ufm verify without names recomputes all of them")
    meant = [s.id for s in statements if _plain(name) in _also_called(s)]
    if not meant:
        numbers = [s.source.split(",")[0] for s in statements if s.is_of_paper]
        is_like_a_number = did_you_mean(name, numbers) and not did_you_mean(name, known)
        raise BadInput(no_such("statement or claim", name, numbers if is_like_a_number else known))
    return meant[0]


def _also_called(statement: "Statement") -> set[str]:
    """The statement's title; of the paper's, the number too, as in "theorem 3.3", "thm 3.3" and "3.3"."""
    names = {_plain(statement.title)}
    if statement.is_of_paper:
        kind, number = _plain(statement.source.split(",")[0]).split()
        names |= {number, f"{kind} {number}", f"{_SHORT.get(kind, kind)} {number}"}
    return names


def _plain(name: str) -> str:
    """In small letters, without hyphens and without the full stop of an abbreviation."""
    words = name.lower().replace("-", " ").split()
    return " ".join(word.rstrip(".") for word in words)


def _table(path: Path) -> "Table":
    from theorems.table import read_table

    with as_bad_input():
        return read_table(path)


def _instance(table: "Table") -> "Instance":
    import numpy as np

    from theorems import Instance
    from ufm import ExponentialTilt, log_odds

    log_probs = np.log(table.next_token_probs)
    log_ratio = log_odds(log_probs, table.positive, table.negative)
    return Instance(
        ExponentialTilt(log_probs, log_ratio),
        table.target,
        table.token_concept,
        table.context_concept,
        table.context_weights,
        tuple(int(j) for j in table.positive),
        tuple(int(j) for j in table.negative),
    )

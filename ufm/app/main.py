"""The command line: `ufm verify` and its kin. Data on standard output, all else on standard error.

Exit status: 0 everything holds or is done, 1 a claim fails, 2 bad input (one line, no traceback).
"""

import os
import sys
from collections.abc import Callable
from contextlib import redirect_stderr
from functools import partial, wraps
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from .. import __version__
from .._progress import bar_on
from .commands.bad_input import BadInput
from .commands.certify import certify
from .commands.explore import explore
from .commands.falsify import falsify
from .commands.figures import figures
from .commands.laws import laws
from .commands.llm import llm
from .commands.strength import strength
from .commands.toy import toy
from .printing.json_output import print_json


def verify(
    statements: tyro.conf.Positional[tuple[str, ...]] = (),
    /,
    table: Path | None = None,
    instances: int = 200,
    seed: int = 0,
    proofs: bool = True,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Check every statement of arXiv:2602.02712, claim by claim, and print what holds.

    Args:
        statements: Ids of statements or claims, such as thm-3.3 or ce.convex; all if none.
        table: A .npz, .csv or .json next-token table of your own to check instead of the suite.
        instances: Random instances a claim, on top of the paper's own datasets.
        seed: Seed of the random instances.
        proofs: Have coqc, where there is one, check the proofs too: a minute the first time, then remembered.
        json: Print the report as JSON on standard output.
    """
    if instances < 1:
        raise BadInput(f"--instances must be at least 1; got {instances}")
    if seed < 0:
        raise BadInput(f"--seed must be at least 0; got {seed}")
    errors = Console(stderr=True)
    with errors.status("starting JAX …"):
        import jax

        jax.config.update("jax_enable_x64", True)
        import theorems
        from theorems import verify as run
        from theorems.certificates import certify_paper
        from theorems.proofs import run_proofs

    chosen = _choose(theorems.STATEMENTS, statements)
    instance = None if table is None else _instance(table)
    with bar_on(errors) as bar:
        task = bar.add_task("checking", total=1.0)

        def show(share: float, what: str) -> None:
            bar.update(task, completed=share, description=what)

        if instance is None:
            findings = () if statements else theorems.FINDINGS
            report = run.verify_suite(
                chosen, instances=instances, seed=seed, findings=findings, progress=show
            )
            report.certificates = certify_paper()
            if proofs:
                report.proofs = run_proofs(progress=show)
        else:
            report = run.verify_instance(chosen, instance, progress=show)
    if json:
        print_json(run.as_json(report, __version__))
    else:
        from .printing.verification import print_report

        console = Console()
        # below this a column would be cut short; a line that wraps still says everything
        console = Console(width=max(console.width, 139))
        print_report(report, console, source=None if table is None else str(table))
    return 0 if report.ok else 1


def _choose(every: tuple[Any, ...], wanted: tuple[str, ...]) -> list[Any]:
    """The statements named by id, cut down to single claims where a claim is named."""
    from dataclasses import replace

    from theorems._names import no_such

    known = [*(s.id for s in every), *(c.id for s in every for c in s.claims)]
    for name in wanted:
        if name not in known:
            if name.startswith("finding"):
                raise BadInput(
                    f"{name} is a finding: ufm verify without names recomputes all of them"
                )
            raise BadInput(no_such("statement or claim", name, known))
    chosen = []
    for statement in every:
        is_whole = not wanted or statement.id in wanted
        claims = tuple(c for c in statement.claims if is_whole or c.id in wanted)
        if claims:
            chosen.append(replace(statement, claims=claims))
    return chosen


def _instance(path: Path) -> Any:
    import numpy as np

    from theorems import Instance
    from theorems.tables.table import read_table

    from .. import ExponentialTilt, log_odds

    try:
        table = read_table(path)
        log_probs = np.log(table.next_token_probs)
        odds = log_odds(log_probs, table.positive, table.negative)
        return Instance(
            ExponentialTilt(log_probs, odds),
            table.target,
            table.token_concept,
            table.context_concept,
            table.context_weights,
            tuple(int(j) for j in table.positive),
            tuple(int(j) for j in table.negative),
        )
    except ValueError as error:
        raise BadInput(str(error)) from error


def version() -> int:
    """Print the version of ufm."""
    sys.stdout.write(f"{__version__}\n")
    return 0


_COMMANDS = (
    verify,
    certify,
    falsify,
    figures,
    explore,
    strength,
    llm,
    laws,
    toy,
    version,
)


def main() -> None:
    """Entry point of the `ufm` command."""
    try:
        status = _parse({command.__name__: command for command in _COMMANDS})()
        sys.stdout.flush()
    except (BadInput, OSError) as error:
        sys.stderr.write(f"ufm: {' '.join(str(error).split())}\n")
        status = 2
        if isinstance(error, OSError):
            # a full disk or a closed pipe: let Python's own last flush not complain once more
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except KeyboardInterrupt:
        sys.stderr.write("ufm: interrupted\n")
        status = 130
    sys.exit(status)


def _parse(commands: dict[str, Callable[..., int]]) -> Callable[[], int]:
    """The command that the arguments ask for, ready to run; a bad argument becomes one line."""

    def deferred(function: Callable[..., int]) -> Callable[..., Callable[[], int]]:
        @wraps(function)
        def parsed(*arguments: Any, **options: Any) -> Callable[[], int]:
            return partial(function, *arguments, **options)

        return parsed

    complaint = StringIO()
    try:
        with redirect_stderr(complaint):
            return tyro.extras.subcommand_cli_from_dict(
                {name: deferred(function) for name, function in commands.items()},
                prog="ufm",
                description="Steering strength, claim by claim: checks the theory of arXiv:2602.02712.",
            )
    except SystemExit as stop:
        if stop.code in (0, None):
            raise
    raise BadInput(_out_of_its_box(complaint.getvalue()))


def _out_of_its_box(complaint: str) -> str:
    """What tyro complains of, as one line: without the box around it and the help of each option."""
    lines = [line.strip("│╭╮╰╯") for line in complaint.splitlines()[1:]]
    # a rule is between parts; the help of an option stands eight in from the edge
    kept = [line.strip(" ─") for line in lines if not line.startswith(" " * 9)]
    parts = [" ".join(part).strip() for is_text, part in groupby(kept, bool) if is_text]
    return "; ".join(part for part in parts if not part.startswith("Argument helptext"))

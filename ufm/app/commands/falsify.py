"""`ufm falsify`: the counterexample of a claim without a hypothesis, or the map of them all."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from rich.console import Console

from ufm._progress import progress_bar

from ..printing.json_output import print_json
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .certify import need_flint
from .option import Metavar, Positional
from .rules import NEW_FILE, SEED, number

if TYPE_CHECKING:
    from theorems.falsify import Falsification


@dataclass(frozen=True)
class Falsify:
    """Look for a small counterexample to a claim without a hypothesis.

    What is found is proved, in ball arithmetic; a smaller one may exist.

    Examples:
        ufm falsify thm-3.3.peak-order --without separation
        ufm falsify --all

    Args:
        claim: Id of a claim, such as lemma-b4.sign.
        without: Id of the hypothesis to break, such as assumption-1.
        all: Print the map: every claim and its hypotheses, needed (with a counterexample), needed only for
            another that the claim assumes in its place, not needed, vacuous without it or not known (with the
            reason).
        seed: Seed of the search.
        seconds: Time allowed for one search.
        out: Write the certificate of the counterexample to this file, for `ufm certify --check`.
        wide: With --all, print the counterexample or the reason of each, however wide the table.
        json: Print the result as JSON on standard output.
    """

    claim: Annotated[str | None, Positional("CLAIM")] = None
    without: Annotated[str | None, Metavar("HYPOTHESIS")] = None
    all: bool = False
    seed: Annotated[int, SEED] = 0
    seconds: Annotated[
        float, number(lambda value: 0 < value <= 86_400, "above 0 and at most 86400")
    ] = 60.0
    out: Annotated[Path | None, NEW_FILE] = None
    wide: bool = False
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where no counterexample was found in time."""
        pairs = self._pairs()
        from theorems.falsify import falsify

        results = []
        with progress_bar("searching", Console(stderr=True)) as show, as_bad_input():
            for done, (claim, without) in enumerate(pairs):
                show(done, len(pairs), f"{claim}, {without}")
                results.append(falsify(claim, without, self.seed, self.seconds))
        written = None if self.out is None else _write_certificate(results[0], self.out)
        self._print(results, written)
        return 1 if any(result.outcome == "not found" for result in results) else 0

    def _pairs(self) -> list[tuple[str, str]]:
        """The pairs of claim and hypothesis to search for."""
        is_named = self.claim is not None or self.without is not None
        if self.all and (is_named or self.out is not None):
            raise BadInput(
                "--all searches for every pair: leave out the claim, --without and --out"
            )
        if not self.all and (self.claim is None or self.without is None):
            raise BadInput(
                f"name a claim and --without HYPOTHESIS, or ask for --all{_choices(self.claim)}"
            )
        with Console(stderr=True).status("starting …"):
            need_flint()
            from theorems.falsify import MAP
        if self.all:
            return _by_claim(MAP)
        _refuse_other(str(self.claim))
        return [(str(self.claim), str(self.without))]

    def _print(self, results: "list[Falsification]", written: dict[str, Any] | None) -> None:
        from ..printing.falsification import (
            print_certificate_entry,
            print_falsification,
            print_map,
        )

        records = [result.as_json() for result in results]
        if self.json:
            print_json({"pairs": records} if self.all else records[0])
        elif self.all:
            print_map(results, Output(), self.wide)
        else:
            print_falsification(results[0], Output())
            if written is not None and self.out is not None:
                print_certificate_entry(results[0], written, self.out, Output())


def _choices(claim: str | None) -> str:
    """The hypotheses of a claim, for a user who named it alone."""
    if claim is None:
        return ""
    need_flint()
    _refuse_other(claim)
    from theorems.falsify import MAP

    return f"; {claim} has {', '.join(name for owner, name in MAP if owner == claim)}"


def _by_claim(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of each claim together, in the order of the claims."""
    from theorems import CLAIMS

    place = {claim: k for k, claim in enumerate(CLAIMS)}
    return sorted(pairs, key=lambda pair: place[pair[0]])


def _refuse_other(name: str) -> None:
    """A statement is not a claim: say which claims it has; and of another name, which claim is near it."""
    from theorems import CLAIMS, STATEMENTS
    from ufm._names import no_such

    for statement in STATEMENTS:
        if statement.id == name and name not in CLAIMS:
            claims = ", ".join(claim.id for claim in statement.claims)
            raise BadInput(f"{name} is a statement, not a claim: name one of its claims: {claims}")
    if name not in CLAIMS:
        raise BadInput(no_such("claim", name, CLAIMS, listed="ufm falsify --all lists the claims"))


def _write_certificate(result: "Falsification", out: Path) -> dict[str, Any]:
    """The record that was written."""
    from theorems.certificates import certify, write_certificate
    from theorems.tables.exact import read_exact

    if result.counterexample is None:
        raise BadInput(f"--out: there is no counterexample to write ({result.outcome})")
    try:
        instance = read_exact(result.counterexample)
    except ValueError as error:
        raise BadInput(
            f"--out: a certificate is of a plain tilt, which this counterexample is not ({error}): "
            "leave out --out, and take --json"
        ) from error
    record = certify(instance).record
    write_certificate(record, out)
    return record

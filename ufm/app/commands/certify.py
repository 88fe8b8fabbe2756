"""`ufm certify`: a certificate of one instance in exact rationals, or the check of one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from rich.console import Console

from ufm._json import JSON
from ufm._progress import progress_bar

from ..printing.json_output import print_json
from .bad_input import BadInput, as_bad_input
from .rules import NEW_FILE


@dataclass(frozen=True)
class Certify:
    """Certify the claims on one instance in exact rationals, for every strength, by ball arithmetic.

    Args:
        file: JSON of an instance ({"in_concept": ["3/5", …], …}), or of a certificate with --check.
        check: Re-verify the certificate in FILE with separate code.
        out: Write the certificate to this file.
        json: Print the certificate (with --check: the verdicts) as JSON on standard output.
    """

    file: tyro.conf.Positional[Path]
    check: bool = False
    out: Annotated[Path | None, NEW_FILE] = None
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where a claim fails or is undecided, or the certificate is refused."""
        if self.check and self.out is not None:
            raise BadInput("--check writes nothing: leave out --out")
        if self.out is not None and self.out.resolve() == self.file.resolve():
            raise BadInput(f"--out {self.out} is the file that is read: name another")
        errors = Console(stderr=True)
        with errors.status("starting …"):
            need_flint()
            from theorems.tables.exact_fields import load_json
        with as_bad_input(about=self.file):
            record = load_json(self.file)
        return self._check(record, errors) if self.check else self._certify(record, errors)

    def _certify(self, record: JSON, errors: Console) -> int:
        from theorems.certificates import certify, write_certificate
        from theorems.tables.exact import read_exact

        from ..printing.certificate import print_certificate

        if isinstance(record, dict) and "sha256" in record:
            raise BadInput(
                f"{self.file} is a certificate, not an instance: re-verify it with --check"
            )
        with as_bad_input(about=self.file):
            instance = read_exact(record)
        with progress_bar("certifying", errors) as show:
            certificate = certify(instance, show)
        if self.out is not None:
            write_certificate(certificate.record, self.out)
        if self.json:
            print_json(certificate.record)
        else:
            print_certificate(certificate.record, Console())
        return 0 if _is_fine(certificate.verdicts) else 1

    def _check(self, record: JSON, errors: Console) -> int:
        from theorems.certificates import check_certificate

        from ..printing.certificate import counts
        from ..printing.lines import say

        try:
            with progress_bar("checking", errors) as show:
                verdicts = check_certificate(record, show)
            reason = None
        except ValueError as error:
            verdicts, reason = {}, str(error)
        if self.json:
            print_json({"accepted": reason is None, "reason": reason, "verdicts": verdicts})
        elif reason is None:
            say(Console(), f"{self.file}: confirmed. {counts(verdicts)}")
        if reason is not None:
            say(errors, f"ufm: {self.file}: refused: {reason}")
        return 0 if reason is None and _is_fine(verdicts) else 1


def need_flint() -> None:
    """Raise `BadInput` with the remedy where python-flint is not installed."""
    try:
        import flint  # noqa: F401
    except ImportError as error:
        raise BadInput("ball arithmetic needs python-flint: pip install python-flint") from error


def _is_fine(verdicts: dict[str, str]) -> bool:
    """Whether no claim fails or is left undecided while its hypotheses are met."""
    return set(verdicts.values()) <= {"holds", "hypotheses unmet"}

"""`ufm certify`: a certificate of one instance in exact rationals, or the check of one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from rich.console import Console

from ufm._json import JSON
from ufm._progress import Progress, progress_bar

from ..printing.json_output import print_json
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .option import Positional
from .rules import NEW_FILE

if TYPE_CHECKING:
    from theorems.certificates.check.certificate import Confirmed
    from theorems.certificates.check.heads.certificate import ConfirmedHead
    from theorems.certificates.check.heads.head import Head
    from theorems.certificates.check.instance import Instance
    from theorems.tables.exact import ExactInstance
    from theorems.tables.exact_head import ExactHead


@dataclass(frozen=True)
class Certify:
    """Certify the claims on one instance, for every strength.

    The instance is in exact rationals: rates, a table of next-token probabilities, or a head behind a norm.
    Each claim is decided exactly, in ball arithmetic, or by a Coq theorem whose hypotheses are checked
    exactly.

    Examples:
        ufm certify instance.json --out certificate.json
        ufm certify certificate.json --check --instance instance.json

    Args:
        file: JSON of an instance ({"in_concept": ["3/5", …], …}, or {"head": [["1", …], …], …}), or of a
            table, as `ufm verify --table` reads it; with --check of a certificate.
        check: Re-verify the certificate in FILE with separate code, and print what it certifies.
        instance: With --check, require that the certificate is of the instance in this file.
        out: Write the certificate to this file.
        json: Print the certificate (with --check: the verdicts) as JSON on standard output.
    """

    file: Annotated[Path, Positional("FILE")]
    check: bool = False
    instance: Path | None = None
    out: Annotated[Path | None, NEW_FILE] = None
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where a claim fails or is undecided, or the certificate is refused."""
        if self.check and self.out is not None:
            raise BadInput("--check writes nothing: leave out --out")
        if self.instance is not None and not self.check:
            raise BadInput("--instance is compared with a certificate: add --check")
        if self.out is not None and self.out.resolve() == self.file.resolve():
            raise BadInput(f"--out {self.out} is the file that is read: name another")
        errors = Console(stderr=True)
        with errors.status("starting …"):
            need_flint()
            record = _load(self.file)
        if not self.check:
            return self._certify(_read_instance(self.file, record), errors)
        given = None
        if self.instance is not None:
            given = _read_instance(self.instance, _load(self.instance))
        return self._check(record, given, errors)

    def _certify(self, instance: "ExactInstance | ExactHead", errors: Console) -> int:
        from theorems.certificates import certify, certify_head, write_certificate
        from theorems.tables.exact_head import ExactHead

        from ..printing.certificate import print_certificate
        from ..printing.head_certificate import print_head_certificate

        with progress_bar("certifying", errors) as show, as_bad_input(about=self.file):
            if isinstance(instance, ExactHead):
                certificate = certify_head(instance, show)
                is_whole = certificate.undecided == 0
            else:
                certificate, is_whole = certify(instance, show), True
        if self.out is not None:
            write_certificate(certificate.record, self.out)
        if self.json:
            print_json(certificate.record)
        elif isinstance(instance, ExactHead):
            print_head_certificate(certificate.record, instance.sha256, Output())
        else:
            print_certificate(certificate.record, instance.sha256, Output())
        return 0 if is_whole and _is_fine(certificate.verdicts) else 1

    def _check(
        self, record: JSON, given: "ExactInstance | ExactHead | None", errors: Console
    ) -> int:
        from theorems.certificates.check.heads.certificate import ConfirmedHead

        from ..printing.certificate import confirmed_as_json, print_confirmed
        from ..printing.head_certificate import confirmed_head_as_json, print_confirmed_head
        from ..printing.lines import say

        try:
            with progress_bar("checking", errors) as show:
                confirmed = _confirm(record, show)
            if given is not None:
                _require_same(confirmed, given, self.instance)
        except ValueError as error:
            if self.json:
                print_json({"accepted": False, "reason": str(error), "verdicts": {}})
            say(errors, f"ufm: {self.file}: refused: {error}")
            return 1
        if isinstance(confirmed, ConfirmedHead):
            if self.json:
                print_json(confirmed_head_as_json(confirmed))
            else:
                print_confirmed_head(self.file, confirmed, Output())
            return 0 if confirmed.undecided == 0 and _is_fine(confirmed.verdicts) else 1
        if self.json:
            print_json(confirmed_as_json(confirmed))
        else:
            print_confirmed(self.file, confirmed, Output())
        return 0 if _is_fine(confirmed.verdicts) else 1


def _load(path: Path) -> JSON:
    """The JSON in a file; of a table, in any of its formats, that of its instance."""
    from theorems.tables.exact_fields import load_json
    from theorems.tables.exact_table import exact_record
    from theorems.tables.files import read_table

    if path.suffix.lower() not in (".csv", ".npz"):
        with as_bad_input(about=path):
            record = load_json(path)
        if not (isinstance(record, dict) and "context_concept" in record):
            return record
    with as_bad_input():  # the messages of a table name its file
        return exact_record(read_table(path))


def _read_instance(path: Path, record: JSON) -> "ExactInstance | ExactHead":
    from theorems.tables.exact import read_exact
    from theorems.tables.exact_head import is_head, read_exact_head

    if isinstance(record, dict) and "sha256" in record:
        raise BadInput(f"{path} is a certificate, not an instance: re-verify it with --check")
    with as_bad_input(about=path):
        return read_exact_head(record) if is_head(record) else read_exact(record)


def _confirm(record: JSON, show: Progress) -> "Confirmed | ConfirmedHead":
    """What a certificate of either kind proves; raises `ValueError` for what is none, or is wrong."""
    from theorems.certificates.check.certificate import confirm_certificate
    from theorems.certificates.check.heads.certificate import FORMAT, confirm_head_certificate

    is_of_head = isinstance(record, dict) and ("head" in record or record.get("format") == FORMAT)
    return (confirm_head_certificate if is_of_head else confirm_certificate)(record, show)


def _require_same(
    confirmed: "Confirmed | ConfirmedHead", given: "ExactInstance | ExactHead", path: Path | None
) -> None:
    """Raise `ValueError`, in one line that says in what they differ, if the instances are not the same."""
    from theorems.certificates.check.heads.certificate import ConfirmedHead
    from theorems.tables.exact_head import ExactHead

    if isinstance(confirmed, ConfirmedHead) and isinstance(given, ExactHead):
        certified, pairs = confirmed.head, _parts_of_heads(confirmed.head, given)
    elif not isinstance(confirmed, ConfirmedHead) and not isinstance(given, ExactHead):
        certified, pairs = confirmed.instance, _parts_of_laws(confirmed.instance, given)
    else:
        raise ValueError(f"it certifies another kind of instance than {path}: certify {path} anew")
    differing = [name for name, (ours, its) in pairs.items() if ours != its]
    if differing or certified.sha256 != given.sha256:
        raise ValueError(
            f"it certifies another instance than {path}: {', '.join(differing) or 'nothing'} differ; "
            f"SHA-256 {certified.sha256} against {given.sha256}; certify {path} anew"
        )


def _parts_of_laws(
    certified: "Instance", given: "ExactInstance"
) -> dict[str, tuple[object, object]]:
    return {
        "laws": (certified.rows, [list(row) for row in given.rows]),
        "target": (certified.target, list(given.target)),
        "P": (sorted(certified.positive), sorted(given.positive)),
        "N": (sorted(certified.negative), sorted(given.negative)),
        "context weights": (certified.weights, list(given.weights)),
        "concepts of tokens": (certified.token_concept, _listed(given.token_concept)),
        "concepts of contexts": (certified.context_concept, _listed(given.context_concept)),
    }


def _parts_of_heads(certified: "Head", given: "ExactHead") -> dict[str, tuple[object, object]]:
    return {
        "head": (certified.rows, [list(row) for row in given.rows]),
        "gain": (certified.gain, list(given.gain)),
        "bias": (certified.bias, list(given.bias)),
        "norm": (certified.norm == "layernorm", given.is_centred),
        "eps": (certified.eps, given.eps),
        "hidden": (certified.hidden, [list(row) for row in given.hidden]),
        "vector": (certified.vector, list(given.vector)),
        "context weights": (certified.weights, list(given.weights)),
        "target": (certified.target, None if given.target is None else list(given.target)),
        "P": (sorted(certified.positive), sorted(given.positive)),
        "N": (sorted(certified.negative), sorted(given.negative)),
    }


def _listed(numbers: tuple[int, ...] | None) -> list[int] | None:
    return None if numbers is None else list(numbers)


def need_flint() -> None:
    """Raise `BadInput` with the remedy where python-flint is not installed."""
    try:
        import flint  # noqa: F401
    except ImportError as error:
        raise BadInput("ball arithmetic needs python-flint: pip install python-flint") from error


def _is_fine(verdicts: dict[str, str]) -> bool:
    """Whether no claim fails or is left undecided while its hypotheses are met."""
    return set(verdicts.values()) <= {"holds", "hypotheses unmet"}

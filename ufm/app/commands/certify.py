"""`ufm certify`: a certificate of one instance in exact rationals, or the check of one."""

from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from ufm._progress import bar_on

from ..printing.json_output import print_json
from .bad_input import BadInput


def certify(
    file: tyro.conf.Positional[Path],
    /,
    check: bool = False,
    out: Path | None = None,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Certify the claims on one instance in exact rationals, for every strength, by ball arithmetic.

    Args:
        file: JSON of an instance ({"in_concept": ["3/5", …], …}), or of a certificate with --check.
        check: Re-verify the certificate in FILE with separate code.
        out: Write the certificate to this file.
        json: Print the certificate (with --check: the verdicts) as JSON on standard output.
    """
    if check and out is not None:
        raise BadInput("--check writes nothing: leave out --out")
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise BadInput(f"--out {out} is no place for a file: name a file in a folder that exists")
    if out is not None and out.resolve() == file.resolve():
        raise BadInput(f"--out {out} is the file that is read: name another")
    errors = Console(stderr=True)
    with errors.status("starting …"):
        need_flint()
        from theorems.tables.exact_fields import load_json
    try:
        record = load_json(file)
    except ValueError as error:
        raise BadInput(f"{file}: {error}") from error
    return (
        _check(file, record, errors, json) if check else _certify(file, record, out, errors, json)
    )


def need_flint() -> None:
    """Raise `BadInput` with the remedy where python-flint is not installed."""
    try:
        import flint  # noqa: F401
    except ImportError as error:
        raise BadInput("ball arithmetic needs python-flint: pip install python-flint") from error


def _certify(file: Path, record: Any, out: Path | None, errors: Console, json: bool) -> int:
    from theorems.certificates import certify as make
    from theorems.certificates import write_certificate
    from theorems.tables.exact import read_exact

    if isinstance(record, dict) and "sha256" in record:
        raise BadInput(f"{file} is a certificate, not an instance: re-verify it with --check")
    try:
        instance = read_exact(record)
    except ValueError as error:
        raise BadInput(f"{file}: {error}") from error
    with bar_on(errors) as bar:
        task = bar.add_task("certifying", total=1.0)
        certificate = make(
            instance, lambda share, what: bar.update(task, completed=share, description=what)
        )
    if out is not None:
        write_certificate(certificate.record, out)
    if json:
        print_json(certificate.record)
    else:
        from ..printing.certificate import print_certificate

        print_certificate(certificate.record, Console())
    return 0 if _is_fine(certificate.verdicts) else 1


def _check(file: Path, record: Any, errors: Console, json: bool) -> int:
    from theorems.certificates import check_certificate

    try:
        with bar_on(errors) as bar:
            task = bar.add_task("checking", total=1.0)
            verdicts = check_certificate(
                record, lambda share, what: bar.update(task, completed=share, description=what)
            )
        reason = None
    except ValueError as error:
        verdicts, reason = {}, str(error)
    if json:
        print_json({"accepted": reason is None, "reason": reason, "verdicts": verdicts})
    elif reason is None:
        from ..printing.certificate import counts

        Console().print(f"{file}: confirmed. {counts(verdicts)}", soft_wrap=True, highlight=False)
    if reason is not None:
        errors.print(
            f"ufm: {file}: refused: {reason}", soft_wrap=True, markup=False, highlight=False
        )
    return 0 if reason is None and _is_fine(verdicts) else 1


def _is_fine(verdicts: dict[str, str]) -> bool:
    """Whether no claim fails or is left undecided while its hypotheses are met."""
    return set(verdicts.values()) <= {"holds", "hypotheses unmet"}

"""`ufm falsify`: the counterexample of a claim without a hypothesis, or the map of them all."""

from pathlib import Path
from typing import Annotated, Any

import tyro
from rich.console import Console

from ufm._progress import bar_on

from ..printing.json_output import print_json
from .bad_input import BadInput


def falsify(
    claim: tyro.conf.Positional[str | None] = None,
    /,
    without: str | None = None,
    all: Annotated[bool, tyro.conf.arg(name="all")] = False,
    seed: int = 0,
    seconds: float = 60.0,
    out: Path | None = None,
    json: Annotated[bool, tyro.conf.arg(name="json")] = False,
) -> int:
    """Search for the smallest counterexample to a claim without one of its hypotheses.

    Args:
        claim: Id of a claim, such as lemma-b4.sign.
        without: Id of the hypothesis to break, such as assumption-1.
        all: Print the map: every claim and hypothesis, needed (counterexample) or not (why).
        seed: Seed of the search.
        seconds: Time allowed for one search.
        out: Write the certificate of the counterexample to this file, for `ufm certify --check`.
        json: Print the result as JSON on standard output.
    """
    if all and (claim is not None or without is not None or out is not None):
        raise BadInput("--all stands alone: leave out the claim, --without and --out")
    if not all and (claim is None or without is None):
        raise BadInput(f"name a claim and --without HYPOTHESIS, or ask for --all{_choices(claim)}")
    if seed < 0:
        raise BadInput(f"--seed must be at least 0; got {seed}")
    if not 0 < seconds <= 86_400:
        raise BadInput(f"--seconds must be above 0 and at most 86400; got {seconds}")
    if out is not None and (out.is_dir() or not out.absolute().parent.is_dir()):
        raise BadInput(f"--out {out} is no place for a file: name a file in a folder that exists")
    errors = Console(stderr=True)
    with errors.status("starting …"):
        from .certify import need_flint

        need_flint()
        from theorems.falsify import MAP
    pairs = list(MAP) if all else [(str(claim), str(without))]
    results = _search(pairs, seed, seconds, errors)
    if out is not None:
        _write_certificate(results[0], out)
    _show(results, is_map=all, json=json)
    return 1 if any(result.outcome == "not found" for result in results) else 0


def _choices(claim: str | None) -> str:
    """The hypotheses of a claim, or what may have been meant, for who named that alone."""
    if claim is None:
        return ""
    from .certify import need_flint

    need_flint()
    from theorems import CLAIMS
    from theorems._names import no_such
    from theorems.falsify import MAP

    if claim not in CLAIMS:
        return f"; {no_such('claim', claim, CLAIMS)}"
    return f"; {claim} has {', '.join(name for owner, name in MAP if owner == claim)}"


def _search(pairs: list[tuple[str, str]], seed: int, seconds: float, errors: Console) -> list[Any]:
    from theorems.falsify import falsify as search

    results = []
    with bar_on(errors) as bar:
        task = bar.add_task("searching", total=len(pairs))
        for claim, without in pairs:
            bar.update(task, description=f"{claim}, {without}"[:28])
            try:
                results.append(search(claim, without, seed, seconds))
            except ValueError as error:
                raise BadInput(str(error)) from error
            bar.advance(task)
    return results


def _write_certificate(result: Any, out: Path) -> None:
    from theorems.certificates import certify, write_certificate
    from theorems.tables.exact import read_exact

    if result.counterexample is None:
        raise BadInput(f"--out: there is no counterexample to write ({result.outcome})")
    try:
        instance = read_exact(result.counterexample)
    except ValueError as error:
        raise BadInput(
            f"--out: certificates are of plain tilts, which this counterexample is not ({error}): "
            "leave out --out, and take --json"
        ) from error
    write_certificate(certify(instance).record, out)


def _show(results: list[Any], is_map: bool, json: bool) -> None:
    from ..printing.falsification import print_falsification, print_map

    if json:
        records = [result.as_json() for result in results]
        print_json({"pairs": records} if is_map else records[0])
    elif is_map:
        console = Console()
        print_map(results, Console(width=max(console.width, 126)))
    else:
        print_falsification(results[0], Console())

"""The command line, run in this process: what it prints, and how it refuses."""

import sys

import pytest

from ufm.app import main


def run(monkeypatch, capsys, *arguments: object, columns: int = 1000) -> tuple[int, str, str]:
    """Exit status, standard output and standard error of `ufm ARGUMENTS`, in lines of so many columns."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys, "argv", ["ufm", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        main.main()
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out, captured.err


def refused(monkeypatch, capsys, message: str, *arguments: object) -> None:
    """The command ends with status 2, this message in one line, and nothing on standard output."""
    status, out, err = run(monkeypatch, capsys, *arguments)
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("ufm: ")
    assert len(err.splitlines()) == 1

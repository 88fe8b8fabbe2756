"""`ufm reproduce --distributed`: two processes that find each other over loopback, killed and not."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import pytest

from tests.ufm.llm.report import killed_report

SCRIPT = "from ufm.app.main import main; main()"
FIGURES = ["6", "A.8", "A.11", "A.13"]


@pytest.fixture
def folder(tmp_path):
    """A tiny model, and files for it."""
    shutil.copytree("tests/data/llm/gpt2", tmp_path / "model")
    sides = (("positive", killed_report.POSITIVE), ("negative", killed_report.NEGATIVE))
    lines = [{"concept": "joy", "kind": kind, "text": x} for kind, side in sides for x in side]
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (tmp_path / "c.txt").write_text("\n".join(["A", "the", "B of"]))
    (tmp_path / "text.txt").write_text(killed_report.TEXT)
    return tmp_path


def start(folder, out, *more, **environment):
    files = ["--prompts", "p.jsonl", "--contexts", "c.txt", "--text", "text.txt"]
    given = ["model", "--out", out, *files, "--figures", *FIGURES, "--dtype", "float64", *more]
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "reproduce", *map(str, given)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.getcwd(), "JAX_PLATFORMS": "cpu", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def start_two(folder, out):
    """Both processes, the first first."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    joined = {"JAX_COORDINATOR_ADDRESS": address, "JAX_NUM_PROCESSES": "2"}
    numbers = ({**joined, "JAX_PROCESS_ID": str(k)} for k in range(2))
    return [start(folder, out, "--distributed", **each) for each in numbers]


def ended(process):
    out, err = process.communicate(timeout=600)
    assert process.returncode in (0, 1), err
    return out


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_two_processes_end_with_the_bytes_of_one_killed_or_not(folder):
    said = ended(start(folder, "one"))
    first, second = start_two(folder, "two")
    assert ended(first) == said.replace("one", "two")
    assert ended(second) == ""
    assert contents(folder / "two") == contents(folder / "one")
    # one is killed at work, and whoever started them ends the other
    first, second = start_two(folder, "killed")
    runs = folder / "killed" / "runs"
    while not list(runs.glob("*/results.json")):
        time.sleep(0.01)
    second.send_signal(signal.SIGKILL)
    second.communicate()
    first.kill()
    first.communicate()
    assert second.returncode == -signal.SIGKILL
    assert not (folder / "killed" / "index.html").exists()
    for process in start_two(folder, "killed"):
        ended(process)
    assert contents(folder / "killed") == contents(folder / "one")


def test_what_stops_the_first_process_stops_the_other_in_one_line(folder):
    (folder / "p.jsonl").write_text("")
    for process, begins in zip(
        start_two(folder, "none"), ("ufm: ", "ufm: the first process stopped: "), strict=True
    ):
        out, err = process.communicate(timeout=300)
        assert (process.returncode, out) == (2, "")
        assert err.startswith(begins)
        assert len(err.splitlines()) == 1

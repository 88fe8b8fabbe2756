"""The paper's experiments, killed by a signal: too slow for the plain test command, which only raises."""

import os
import random
import signal
import subprocess
import sys

from tests.ufm.llm.reproduce import tiny_study

FIGURES = ["A.2", "A.13", "A.11"]


def start(folder):
    command = [sys.executable, "-m", tiny_study.__name__, str(folder), *FIGURES]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_killed_at_any_moment_the_next_run_ends_with_the_same_bytes(tmp_path):
    tiny_study.measure(tmp_path / "whole", FIGURES)
    moments, at_work = random.Random(4), 0
    for _ in range(4):
        process = start(tmp_path / "killed")
        assert process.stdout is not None
        for _ in range(moments.randrange(2, 25)):  # it prints a line after each part
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        at_work += process.wait() == -signal.SIGKILL
        process.stdout.close()
    assert at_work >= 2
    process = start(tmp_path / "killed")
    process.communicate()
    assert process.returncode == 0
    left = [name for name in contents(tmp_path / "killed") if name.endswith(".part")]
    assert left == []
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")

"""Ten kills at random moments: too slow for the plain test command, which kills once."""

import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tests.ufm.llm.concepts.chat_model import CHAT, make_chat_model
from tests.ufm.llm.judge import killed_presence
from tests.ufm.llm.measure import killed_sweep
from tests.ufm.llm.measure.test_token_curves import kill_at_random_moments, outputs
from tests.ufm.llm.report import killed_report
from tests.ufm.llm.toy import killed_toy

COMMAND = ["-c", "from ufm.app.main import main; main()"]


@pytest.mark.parametrize("program", [killed_sweep, killed_presence])
def test_ten_kills_change_nothing(tmp_path, program):
    program.run(tmp_path / "whole")
    assert kill_at_random_moments(tmp_path / "killed", 10, seed=2, program=program) >= 5
    assert outputs(tmp_path / "killed") == outputs(tmp_path / "whole")


def start(folder, out):
    """`ufm llm` as a user runs it, once its first stage has begun."""
    (folder / "p.txt").write_text("\n".join(killed_report.POSITIVE))
    (folder / "n.txt").write_text("\n".join(killed_report.NEGATIVE))
    (folder / "tokens.txt").write_text("A\nB\nC")
    (folder / "text.txt").write_text(killed_report.TEXT)
    files = {"positive": "p", "negative": "n", "tokens": "tokens", "text": "text"}
    given = [word for k, v in files.items() for word in (f"--{k}", str(folder / f"{v}.txt"))]
    how = ["--dtype", "float64", "--alphas", "-40", "40", "--steps", "64", "--top", "20"]
    process = subprocess.Popen(
        [sys.executable, *COMMAND, "llm", "tests/data/llm/gpt2", *given, *how, "--out", out],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
        text=True,
    )
    while process.poll() is None and not (out / "runs").exists():
        time.sleep(0.01)
    return process


def test_ten_kills_leave_the_whole_report_as_it_was(tmp_path):
    """report.json, the page, the figures and all runs below them, byte for byte."""
    process = start(tmp_path, tmp_path / "whole")
    begun = time.monotonic()
    out, err = process.communicate()
    work = time.monotonic() - begun
    assert process.returncode in (0, 1), err
    moment, at_work = random.Random(3), 0
    for _ in range(10):
        process = start(tmp_path, tmp_path / "killed")
        time.sleep(moment.uniform(0.0, work))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        at_work += process.returncode == -signal.SIGKILL
    # later starts find more done, and may end before they are killed
    assert at_work >= 5
    process = start(tmp_path, tmp_path / "killed")
    again, err = process.communicate()
    assert process.returncode in (0, 1), err
    assert again == out.replace(str(tmp_path / "whole"), str(tmp_path / "killed"))
    whole = outputs(tmp_path / "whole")
    assert outputs(tmp_path / "killed") == whole
    assert {"report.json", "index.html", "figures/plateau.svg"} <= set(whole)
    assert len(whole) > 30


def killed_and_whole(folder, command, seed):
    """`python COMMAND` left alone, and killed ten times and then left to end; what files either wrote."""

    def written(out):
        return {path.name: path.stat().st_mtime_ns for path in out.glob("*.safetensors")} | {
            path.name: 0 for path in out.glob("*.drafts/parts/*.safetensors")
        }

    def start(out):
        process = subprocess.Popen(
            [sys.executable, *map(str, command(out))],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"PYTHONPATH": os.getcwd()},
        )
        before = written(out)
        while process.poll() is None and written(out) == before:
            time.sleep(0.01)
        return process

    (folder / "whole").mkdir()
    (folder / "killed").mkdir()
    process, begun = start(folder / "whole"), time.monotonic()
    assert process.wait() == 0
    work, moment = time.monotonic() - begun, random.Random(seed)
    ends = []
    while ends.count(-signal.SIGKILL) < 10 and 0 not in ends:
        process = start(folder / "killed")
        time.sleep(moment.uniform(0.0, work / 20))
        process.send_signal(signal.SIGKILL)
        ends.append(process.wait())
    # later starts find more done, and may end before they are killed
    assert ends.count(-signal.SIGKILL) >= 5
    assert 0 in ends or start(folder / "killed").wait() == 0
    return outputs(folder / "killed"), outputs(folder / "whole")


def test_ten_kills_change_no_prompt(tmp_path):
    chat = make_chat_model(tmp_path / "chat", chat_template=CHAT)
    (tmp_path / "template.txt").write_text("what {shows}")
    how = ["--count", 300, "--length", 60, "--memory", 0.001, "--dtype", "float64"]
    how += ["--concept", "joy", "--template", tmp_path / "template.txt", "--temperature", 2]
    killed, whole = killed_and_whole(
        tmp_path, lambda out: [*COMMAND, "prompts", chat, "--out", out / "joy.jsonl", *how], seed=4
    )
    assert killed == whole
    assert set(whole) == {"joy.jsonl", "joy_random.jsonl", "joy_contexts.jsonl"}


def test_ten_kills_change_no_toy(tmp_path):
    """On few words: to read Python's own text takes longer than all else (test_toy.py kills such a run)."""
    killed, whole = killed_and_whole(tmp_path, lambda out: ["-m", killed_toy.__name__, out], seed=5)
    assert killed == whole
    assert "toy/model.safetensors" in whole

"""The bar is drawn on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys

import pytest

from ufm._progress import Stages

CODE = """
import ufm
with ufm.progress_bar("a long sweep") as show:
    for share in (0.25, 1.0):
        show(share)
print("done")
"""


def test_a_terminal_shows_the_bar_and_a_file_does_not(tmp_path):
    reader, writer = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        stderr=writer,
        stdout=subprocess.PIPE,
        env=environment,
        check=True,
    )
    os.close(writer)
    shown = os.read(reader, 1 << 16).decode()
    os.close(reader)
    assert "a long sweep" in shown
    assert "left" in shown
    assert done.stdout == b"done\n"
    quiet = subprocess.run([sys.executable, "-c", CODE], capture_output=True, check=True)
    assert (quiet.stdout, quiet.stderr) == (b"done\n", b"")


def test_stages_tell_one_share_that_only_grows():
    told = []
    stages = Stages(lambda *state: told.append(state), {"vectors": 1.0, "curves": 4.0, "text": 5.0})
    for done, total, stage in ((0, 1, "vectors"), (1, 4, "curves"), (4, 4, "curves")):
        stages(done, total, stage)
    stages(3, None, "text")  # how much there is to read is not known
    stages(9, 5, "text")  # more than was thought
    assert [share for share, _, _ in told] == pytest.approx([0.0, 0.2, 0.5, 0.5, 1.0])
    assert {total for _, total, _ in told} == {1.0}
    assert [stage for _, _, stage in told] == ["vectors", "curves", "curves", "text", "text"]

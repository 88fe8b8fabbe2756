"""The bar is drawn on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys

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

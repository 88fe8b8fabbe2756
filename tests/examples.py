"""Examples of docstrings, run as a user copies them: elsewhere, with no settings of this repository."""

import doctest
import os
import subprocess
import sys


def run_elsewhere(folder, *documented) -> None:
    """The examples of these objects as one script in `folder`: silent, and not a warning on the way.

    Hypothesis has its own settings there, JAX has compiled nothing and knows float32 alone.
    """
    parser = doctest.DocTestParser()
    scripts = [
        "".join(example.source for example in parser.get_examples(each.__doc__ or ""))
        for each in documented
    ]
    assert all(scripts)
    (folder / "example.py").write_text("\n".join(scripts))
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "JAX_ENABLE_X64": "0"}
    command = [sys.executable, "-W", "error", "example.py"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")

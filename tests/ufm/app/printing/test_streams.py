"""What is printed where the output knows few signs, is closed, or is read no further."""

import io
import json
import os
import subprocess
import sys
import unicodedata

import jax.numpy as jnp
import pytest

from tests.command_line import refused
from ufm.app import main
from ufm.app.printing.json_output import print_json
from ufm.app.printing.lines import say
from ufm.app.printing.streams import SPELT, Output, open_streams

START = "from ufm.app.main import main; main()"
INSTANCE = "docs/smallest_instance.json"


ENCODINGS = pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])


def redirect(monkeypatch, encoding):
    """Standard output in an encoding that may lack signs of ours, as Windows gives it to a pipe."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def written(stream) -> str:
    return stream.buffer.getvalue().decode(stream.encoding)


@ENCODINGS
def test_a_command_prints_in_any_encoding(monkeypatch, encoding):
    output = redirect(monkeypatch, encoding)
    monkeypatch.setattr(sys, "argv", ["ufm", "certify", INSTANCE])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert stop.value.code == 0
    assert (" α " if encoding == "utf-8" else " alpha ") in written(output)


@ENCODINGS
def test_signs_that_the_encoding_lacks_are_spelt_or_escaped(monkeypatch, encoding):
    output = redirect(monkeypatch, encoding)
    open_streams()
    say(Output(), "α = 2.5 ± 1 → 😀 ы \ud800")
    expected = {
        "utf-8": "α = 2.5 ± 1 → 😀 ы \\ud800",
        "cp1252": "alpha = 2.5 ± 1 -> \\U0001f600 \\u044b \\ud800",
        "ascii": "alpha = 2.5 +/- 1 -> \\U0001f600 \\u044b \\ud800",
    }
    assert written(output).splitlines() == [expected[encoding]]


@ENCODINGS
def test_json_reads_back_from_any_encoding(monkeypatch, encoding):
    output = redirect(monkeypatch, encoding)
    open_streams()
    data = {"α": "é 😀 \x9b \u2028", "half": "\ud800"}
    print_json(data)
    assert json.loads(written(output)) == data


def test_signs_are_spelt_in_what_every_encoding_has():
    for sign, spelt in SPELT.items():
        assert spelt.isascii(), unicodedata.name(sign)


def test_a_reader_that_goes_away_ends_the_command_quietly():
    """As in `ufm … | true`; rich would exit with 1, which says that a claim fails."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", START, "certify", INSTANCE]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_closed_output_is_refused_before_the_work(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "argv", ["ufm", "certify", "no-such-file"])
    with pytest.raises(SystemExit) as stop:
        main.main()
    assert stop.value.code == 2
    assert capsys.readouterr().err.startswith("ufm: standard output is closed: send it to a file")


@pytest.mark.parametrize("command", ["verify", "falsify", "strength", "toy"])
def test_a_seed_that_no_generator_takes_is_refused(monkeypatch, capsys, command):
    steered = ["m", "--positive", INSTANCE, "--negative", INSTANCE]
    needed = {"strength": steered, "toy": ["new"], "verify": [], "falsify": []}
    arguments = [command, *needed[command], "--seed", 2**70]
    refused(monkeypatch, capsys, f"--seed must be at most 4294967295; got {2**70}", *arguments)


def test_a_platform_that_is_not_there_is_one_line():
    environment = os.environ | {"JAX_PLATFORMS": "cuda"}
    command = [sys.executable, "-c", START, "verify", "lemma-b4"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("ufm: JAX_PLATFORMS=cuda: JAX finds no such device here")
    assert len(done.stderr.splitlines()) == 1


def test_what_memory_cannot_hold_is_one_line(monkeypatch, capsys):
    def starve(_):
        raise MemoryError("Unable to allocate 16.0 GiB")

    monkeypatch.setattr(main.Version, "__call__", starve)
    message = "out of memory, ask for less at once: Unable to allocate 16.0 GiB"
    refused(monkeypatch, capsys, message, "version")


def test_memory_that_xla_cannot_have_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(main.Version, "__call__", lambda _: jnp.zeros(1 << 47, "float64"))
    message = "out of memory (1.05e+06 GiB more were asked for): ask for fewer prompts or strengths"
    refused(monkeypatch, capsys, message, "version")


def test_an_error_of_ours_is_not_taken_for_a_lack_of_memory(monkeypatch):
    def breaks(_):
        raise RuntimeError("memory is fine")

    monkeypatch.setattr(main.Version, "__call__", breaks)
    monkeypatch.setattr(sys, "argv", ["ufm", "version"])
    with pytest.raises(RuntimeError, match="memory is fine"):
        main.main()

"""Compiled programs are kept for the next process, and no damaged one is ever run."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import jax
import pytest

from ufm.app.commands.compilation_cache import VARIABLE, CheckedPrograms, _own_folder, keep_programs

VALUE = bytes(range(256)) * 8


@pytest.fixture
def programs(tmp_path):
    kept = CheckedPrograms(tmp_path)
    kept.put("a", VALUE)
    return kept


def test_what_was_put_is_found_and_nothing_else(programs, tmp_path):
    assert programs.get("a") == VALUE
    assert programs.get("b") is None
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("length", [0, 1, 31, 32, 33, 1000, 32 + len(VALUE) - 1])
def test_an_entry_cut_short_is_dropped_and_can_be_put_again(programs, tmp_path, length):
    entry = tmp_path / "a"
    entry.write_bytes(entry.read_bytes()[:length])
    assert programs.get("a") is None
    assert not entry.exists()
    programs.put("a", VALUE)
    assert programs.get("a") == VALUE


@pytest.mark.parametrize("place", [0, 31, 32, 700, -1])
def test_an_entry_with_a_flipped_bit_is_dropped(programs, tmp_path, place):
    entry = tmp_path / "a"
    damaged = bytearray(entry.read_bytes())
    damaged[place] ^= 1
    entry.write_bytes(damaged)
    assert programs.get("a") is None
    assert not entry.exists()


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_raised(tmp_path):
    programs = CheckedPrograms(tmp_path / "missing")
    programs.put("a", VALUE)
    assert programs.get("a") is None


def test_a_kill_while_writing_leaves_only_whole_entries(tmp_path):
    program = """
        import sys
        from pathlib import Path
        from ufm.app.commands.compilation_cache import CheckedPrograms

        programs = CheckedPrograms(Path(sys.argv[1]))
        for key in range(10**6):
            programs.put(str(key), bytes(2**22))
    """
    writer = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), str(tmp_path)])
    while len(list(tmp_path.glob("[0-9]*"))) < 3:
        assert writer.poll() is None
        time.sleep(0.001)
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    programs = CheckedPrograms(tmp_path)
    assert all(programs.get(entry.name) == bytes(2**22) for entry in tmp_path.glob("[0-9]*"))


# what a command does, with a program of its own
COMMAND = """
    import jax, jax.numpy as jnp
    from ufm.app.commands.compilation_cache import keep_programs

    folder = keep_programs()
    heard = []
    jax.monitoring.register_event_listener(lambda name, **_: heard.append(name.split("/")[-1]))
    print(jax.jit(lambda x: jnp.sin(x) @ jnp.cos(x))(jnp.arange(1.0, 5.0)))
    print(heard.count("cache_hits"), heard.count("cache_misses"), folder)
"""


def _run(folder) -> list[str]:
    given = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    program = [sys.executable, "-c", textwrap.dedent(COMMAND)]
    done = subprocess.run(
        program, env=given | {VARIABLE: str(folder)}, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


def test_a_second_process_compiles_only_what_was_damaged(tmp_path):
    number, hits, misses, folder = _run(tmp_path)
    assert (int(hits), int(misses) > 1) == (0, True)
    entries = {entry.name: Path(entry).read_bytes() for entry in os.scandir(folder)}
    assert len(entries) == int(misses)
    damaged = min(entries)
    os.truncate(Path(folder, damaged), 100)
    assert _run(tmp_path) == [number, str(int(misses) - 1), "1", folder]
    assert all(CheckedPrograms(Path(folder)).get(key) is not None for key in entries)


def test_it_can_be_switched_off(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "off")
    assert keep_programs() is None
    assert list(tmp_path.iterdir()) == []


def test_it_gives_way_to_a_cache_that_is_on(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "ours"))
    before = jax.config.jax_compilation_cache_dir
    jax.config.update("jax_compilation_cache_dir", str(tmp_path / "theirs"))
    try:
        assert keep_programs() is None
        assert jax.config.jax_compilation_cache_dir == str(tmp_path / "theirs")
    finally:
        jax.config.update("jax_compilation_cache_dir", before)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_others_can_write_into_is_not_used(tmp_path):
    tmp_path.chmod(0o777)
    with pytest.raises(PermissionError, match="open to others"):
        _own_folder(tmp_path)

"""Who waits for whom, with a store of words in place of JAX's; two real processes are in tests/oracle."""

import threading
from concurrent.futures import ThreadPoolExecutor

import jax
import pytest

from ufm.llm.reproduce import processes
from ufm.llm.reproduce.plan import Share
from ufm.llm.reproduce.processes import Processes


class Store:
    """Words by key, which others wait for."""

    def __init__(self):
        self.words, self.changed = {}, threading.Condition()

    def key_value_set(self, key: str, value: str) -> None:
        with self.changed:
            self.words[key] = value
            self.changed.notify_all()

    def blocking_key_value_get(self, key: str, timeout_in_ms: int) -> str:
        with self.changed:
            if not self.changed.wait_for(lambda: key in self.words, timeout=20):
                raise jax.errors.JaxRuntimeError("UNAVAILABLE")
            return self.words[key]


@pytest.fixture
def together(monkeypatch):
    """`act(processes)` in three processes at once: what each returns, or the error it raises."""
    store = Store()
    monkeypatch.setattr(processes, "_service", lambda: store)
    monkeypatch.setattr(jax.distributed, "shutdown", lambda: None)

    def run(act):
        def outcome(one):
            try:
                return act(one)
            except Exception as error:
                return error

        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(outcome, [Processes(k, 3) for k in range(3)]))

    return run


def test_the_first_prepares_what_the_others_read(together, tmp_path):
    order, file = [], tmp_path / "run.json"

    def work(one):
        order.append(one.index)
        if one.is_first:
            file.write_text("{}")
        return file.read_text()

    assert together(lambda one: one.prepare(lambda: work(one), file)) == ["{}"] * 3
    assert order[0] == 0
    assert sorted(order) == [0, 1, 2]
    assert [Processes(k, 3).share for k in range(3)] == [Share(k, 3) for k in (1, 2, 3)]


def test_what_stops_the_first_stops_the_others(together, tmp_path):
    def work():
        raise ValueError("no prompt")

    found = together(lambda one: one.prepare(work, tmp_path / "run.json"))
    assert list(map(str, found)) == ["no prompt", *["the first process stopped: no prompt"] * 2]


def test_a_folder_that_is_not_shared_is_noticed(together, tmp_path):
    found = together(lambda one: one.prepare(lambda: one.index, tmp_path / "run.json"))
    assert found[0] == 0
    assert all("--out must be a folder that all processes share" in str(x) for x in found[1:])


def test_all_end_their_work_though_one_is_stopped(together):
    done = []

    def work(one):
        if one.index == 1:
            raise OSError("the disk is full")
        done.append(one.index)

    found = together(lambda one: one.finish(lambda: work(one)))
    assert sorted(done) == [0, 2]
    assert isinstance(found[1], OSError)
    for k in (0, 2):
        assert isinstance(found[k], ValueError)
        assert str(found[k]).startswith("process 1 stopped, and the others kept")
    alone = []
    Processes().finish(lambda: alone.append(1))
    assert alone == [1]


def test_what_jax_cannot_know_is_asked_for_in_one_line(monkeypatch):
    monkeypatch.setenv("JAX_NUM_PROCESSES", "two")
    with pytest.raises(ValueError, match="JAX_NUM_PROCESSES must be a whole number; got 'two'"):
        Processes.join()

    def refuse(**given):
        raise ValueError("coordinator_address should be defined.")

    monkeypatch.setattr(jax.distributed, "initialize", refuse)
    monkeypatch.delenv("JAX_NUM_PROCESSES")
    with pytest.raises(ValueError, match=r"do not find each other \(coordinator_address should"):
        Processes.join()

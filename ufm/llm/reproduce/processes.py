"""The processes of one run, on one host or several, by `jax.distributed`: who waits for whom."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar, runtime_checkable

import jax

from .plan import Share

Result = TypeVar("Result")
# What a process needs to know where JAX does not find out by itself; the first name is JAX's own.
_ADDRESS, _COUNT, _INDEX = "JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"
_LONGEST = 30 * 24 * 3600 * 1000  # milliseconds: a share may take days
_PREPARED, _MEASURED = "ufm/prepared", "ufm/measured"
_WELL = "well"  # in place of a message


@dataclass(frozen=True)
class Processes:
    """The `count` processes of a run, of which this one is number `index`; they share a folder.

    They exchange words through JAX's coordination service and results as files; no array goes between them.
    """

    index: int = 0
    count: int = 1

    @classmethod
    def join(cls) -> "Processes":
        """The processes that were started with this one; to be called before JAX computes anything.

        On Slurm, Open MPI, Kubernetes and TPUs JAX finds them; elsewhere environment variables say where the
        first one listens, how many there are, and which one this is. `ValueError` where neither does.
        """
        where = f"{_ADDRESS} (host:port of the first), {_COUNT} and {_INDEX} (from 0)"
        numbers = {name: os.environ.get(name) for name in (_COUNT, _INDEX)}
        for name, text in numbers.items():
            if text is not None and not text.isdecimal():
                raise ValueError(f"{name} must be a whole number; got {text!r}")
        count, index = (None if text is None else int(text) for text in numbers.values())
        try:
            jax.distributed.initialize(num_processes=count, process_id=index)
        except (ValueError, RuntimeError) as error:
            reason = str(error).partition("\n")[0].rstrip(".")
            raise ValueError(
                f"the processes do not find each other ({reason}): start them with srun or mpirun, or set "
                f"{where} for each"
            ) from error
        return cls(jax.process_index(), jax.process_count())

    @property
    def is_first(self) -> bool:
        """Whether this one writes what all read, and the page."""
        return self.index == 0

    @property
    def share(self) -> Share:
        """The part of the plan that falls to this one."""
        return Share(self.index + 1, self.count)

    def prepare(self, work: Callable[[], Result], written: Path) -> Result:
        """What `work` gives, which the first process does alone; then the others, who read what it wrote.

        `ValueError` in the others where it raised in the first, or where the file `written` is not there.
        """
        if self.count == 1:
            return work()
        if not self.is_first:
            said = _heard(_PREPARED)
            if said != _WELL:
                raise ValueError(f"the first process stopped: {said}")
            if not written.is_file():
                raise ValueError(
                    f"{written} is not there, though the first process wrote it: --out must be a folder that "
                    "all processes share; or give each its part of the plan with --share"
                )
            return work()
        said = "it was interrupted"
        try:
            found = work()
            said = _WELL
        except Exception as error:
            said = str(error) or type(error).__name__
            raise
        finally:
            _service().key_value_set(_PREPARED, said)
        return found

    def finish(self, work: Callable[[], None]) -> None:
        """Do `work` in each process and wait until all are through; then they are no longer joined.

        What stops one does not stop the others. It is raised in the end, in the others as `ValueError`.
        """
        if self.count == 1:
            work()
            return
        stopped: Exception | None = None
        try:
            work()
        except Exception as error:
            stopped = error
        said = _WELL if stopped is None else str(stopped) or type(stopped).__name__
        _service().key_value_set(f"{_MEASURED}/{self.index}", said)
        heard = [_heard(f"{_MEASURED}/{k}") for k in range(self.count)]
        jax.distributed.shutdown()
        if stopped is not None:
            raise stopped
        for k, said in enumerate(heard):
            if said != _WELL:
                raise ValueError(
                    f"process {k} stopped, and the others kept what they measured: {said}"
                )


def _heard(key: str) -> str:
    """What a process says under this key, once it does; `ValueError` where one of them is gone."""
    try:
        return _service().blocking_key_value_get(key, _LONGEST)
    except jax.errors.JaxRuntimeError as error:
        raise ValueError(
            "another process is gone; all that was measured is kept: start the same again"
        ) from error


@runtime_checkable
class _Service(Protocol):
    """What is used of JAX's coordination service; times are in milliseconds."""

    def key_value_set(self, key: str, value: str) -> None: ...
    def blocking_key_value_get(self, key: str, timeout_in_ms: int) -> str: ...


def _service() -> _Service:
    """JAX's coordination service: collectives would have devices wait for each other."""
    from jax._src import distributed

    client = distributed.global_state.client
    assert client is not None
    return client

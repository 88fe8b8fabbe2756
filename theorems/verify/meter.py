"""How far several threads have come together."""

from threading import Lock

from ufm._progress import Progress


class Meter:
    """Adds up the progress of several threads, each part by about the time that it takes."""

    def __init__(self, tell: Progress, parts: float | None):
        self.tell, self.parts, self.done, self.lock = tell, parts, 0.0, Lock()

    def add(self, amount: float, what: str) -> None:
        """So much more is done, the last of it `what`."""
        with self.lock:
            self.done += amount
            if self.parts is None:
                self.tell(self.done, None, what)
            else:
                self.tell(min(self.done / self.parts, 1.0), 1.0, what)

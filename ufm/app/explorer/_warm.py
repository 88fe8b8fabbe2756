"""Compiles, once a process, what the explorer's claims need for every size that it can show."""

import threading

from theorems.hypotheses import SMOOTHED
from theorems.judging.padding import padded_sizes

from ._pictures import cost_picture, token_picture
from ._scene import Scene, build
from ._settings import Settings
from ._verdicts import judge

# An instance of either padded size: at most 12 tokens, and at most 60.
_SIZES = {12: Settings(), 60: Settings(concepts=4, size=8)}


class _Warming:
    """What is compiled so far, and in which words to say what is not."""

    def __init__(self):
        self.lock = threading.Lock()
        self.thread: threading.Thread | None = None
        self.ready: set[tuple[str, int]] = set()
        self.trained: set[tuple[int, int]] = set()
        self.progress = "starting"

    def run(self) -> None:
        try:
            for tokens, settings in _SIZES.items():
                self.compile(tokens, settings)
        finally:  # an error here comes again, and is reported, where the claims are asked for
            self.ready |= {(what, tokens) for what in ("pictures", "claims") for tokens in _SIZES}

    def compile(self, tokens: int, settings: Settings) -> None:
        scene = build(settings)
        assert scene.choice is not None  # compiles the choice of a strength
        token_picture(scene)
        cost_picture(scene)
        self.ready.add(("pictures", tokens))

        def show(done: int | float, total: int | float | None = 1.0, stage: str = "") -> None:
            self.progress = f"for up to {tokens} tokens: {done / (total or 1):.0%}, {stage}"

        # without the slow claim, which compiles for each size anew where it is asked for
        next(judge(scene.instance, show))
        self.ready.add(("claims", tokens))


_warming = _Warming()


def warm_up(wait: bool = True) -> None:
    """Judge every claim on a small and a large instance, and draw them, in a thread of its own.

    Takes 20 to 40 s on two cores the first time, and nothing after it; `wait`: until it is done.
    """
    with _warming.lock:
        if _warming.thread is None:
            _warming.thread = threading.Thread(target=_warming.run, name="warm-up", daemon=True)
            _warming.thread.start()
    if wait:
        _warming.thread.join()


def pending(scene: Scene, what: str = "claims") -> str:
    """What is still being compiled before the claims (or the "pictures") of `scene`; "" if nothing.

    Nothing is where `warm_up` was not called: what is not compiled then compiles where it is used.
    """
    tokens = padded_sizes(*scene.instance.log_probs.shape)[1]
    is_ready = _warming.thread is None or (what, tokens) in _warming.ready
    return "" if is_ready else f"Compiling, once, {_warming.progress} …"


def trains(scene: Scene) -> bool:
    """Whether the slow claim is about to compile: on ε-smoothed data of a size not seen before."""
    shape = scene.instance.log_probs.shape
    if SMOOTHED.unmet(scene.instance) is not None or shape in _warming.trained:
        return False
    _warming.trained.add(shape)
    return True

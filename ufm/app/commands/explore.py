"""`ufm explore`: the explorer in the browser."""

import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from rich.console import Console

from .bad_input import BadInput
from .rules import number
from .start import starting_jax

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Explore:
    """Explore toy regimes of steering in the browser: curves, costs, and every claim's verdict.

    Args:
        port: Port on this machine to serve it at; 0 for any that is free.
        browser: Open it in the browser; with --no-browser only its address is printed.
    """

    port: Annotated[int, number(lambda value: 0 <= value <= 65535, "in 0..65535")] = 2718
    browser: bool = True

    def __call__(self) -> int:
        """Serve the explorer until Ctrl-C; this does not return."""
        try:
            import marimo
            import uvicorn
        except ImportError as error:
            raise BadInput("the explorer needs marimo: pip install 'ufm[notebooks]'") from error
        listening = _listen(self.port)
        with starting_jax(Console(stderr=True)):
            from .. import explorer

            explorer.warm_up(wait=False)  # while the browser starts
        address = f"http://{_HOST}:{listening.getsockname()[1]}"
        app = marimo.create_asgi_app(quiet=True).with_app(path="", root=str(notebook())).build()
        # what is still open when Ctrl-C comes is a page of ours: it is not waited for
        config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stderr.write("ufm: the explorer runs at this address; stop it with Ctrl-C\n")
        if self.browser:
            threading.Timer(1.0, webbrowser.open, [address]).start()
        with suppress(KeyboardInterrupt):  # the way to stop it
            server.run(sockets=[listening])
        sys.stdout.flush()
        sys.stderr.flush()
        # a thread may be compiling: nothing stops it, and Python's own way out aborts in it
        os._exit(0)


def _listen(port: int) -> socket.socket:
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((_HOST, port))
        listening.listen()  # a browser that comes before the server waits
    except OSError as error:
        listening.close()
        raise BadInput(
            f"port {port} is taken ({error.strerror}): name another with --port"
        ) from error
    return listening


def notebook() -> Path:
    """The explorer's notebook: beside this file in a wheel, in `notebooks` of a working tree."""
    places = (
        Path(__file__).parents[1] / "explorer" / "notebook.py",
        Path(__file__).parents[3] / "notebooks" / "explore.py",
    )
    for place in places:
        if place.is_file():
            return place
    raise BadInput(
        f"explore.py is missing: neither {places[0]} nor {places[1]} is there; reinstall ufm"
    )

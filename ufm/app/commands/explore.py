"""`ufm explore`: the playground in the browser, or the explorer with every claim's verdict."""

import os
import socket
import sys
import threading
import webbrowser
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Annotated, NoReturn

from rich.console import Console

from ..playground.page import PAGE
from .bad_input import BadInput
from .rules import number
from .start import COMPILE_IN_HASTE, starting_jax

_HOST = "127.0.0.1"
_A_SCREEN = 12  # claims
_LONGEST_ADDRESS = 2**22  # bytes: the address holds the table, and Chromium takes half as many


@dataclass(frozen=True)
class Explore:
    """Play with the strength of steering in the browser.

    The playground has a slider for α, a guided tour and a real model. It needs neither server nor network: it
    may be kept and opened as a file. With --verdicts the explorer comes instead, in which the library judges
    the claims on an instance of yours.

    Examples:
        ufm explore
        ufm explore --verdicts

    Args:
        verdicts: Open the explorer, with the verdicts on an instance (needs the extra [notebooks]).
        port: Port on this machine to serve it at; 0 for any that is free.
        browser: Open it in the browser; with --no-browser only its address is printed.
    """

    verdicts: bool = False
    port: Annotated[int, number(lambda value: 0 <= value <= 65535, "in 0..65535")] = 2718
    browser: bool = True

    def __call__(self) -> int:
        """Serve the page until Ctrl-C."""
        if self.verdicts:
            self._serve_explorer()
        return self._serve_playground()

    def _announce(self, listening: socket.socket, what: str, delay: float) -> None:
        """Print the address, and open it in the browser after `delay` seconds."""
        address = f"http://{_HOST}:{listening.getsockname()[1]}"
        sys.stdout.write(f"{address}\n")
        sys.stdout.flush()
        sys.stderr.write(f"ufm: {what}; stop it with Ctrl-C\n")
        if self.browser:
            threading.Timer(delay, webbrowser.open, [address]).start()

    def _serve_playground(self) -> int:
        listening = _listen(self.port)
        address: tuple[str, int] = listening.getsockname()
        with ThreadingHTTPServer(address, _Playground, bind_and_activate=False) as server:
            server.socket.close()
            server.socket = listening
            where = (
                f"the playground runs at this address, and is a file that opens by itself: {PAGE}"
            )
            self._announce(listening, where, delay=0.0)
            with suppress(KeyboardInterrupt):  # the way to stop it
                server.serve_forever()
        return 0

    def _serve_explorer(self) -> NoReturn:
        is_loaded, is_judging = threading.Event(), threading.Event()
        try:
            import uvicorn

            from .explorer_server import explorer_server

            app = explorer_server(notebook(), is_loaded, is_judging)
        except ImportError as error:
            raise BadInput(
                "explore --verdicts needs marimo: pip install 'ufm[notebooks]'"
            ) from error
        listening = _listen(self.port)
        # what is still open when Ctrl-C comes is a page of ours: it is not waited for
        config = uvicorn.Config(
            app,
            log_level="warning",
            timeout_graceful_shutdown=1,
            http="h11",
            h11_max_incomplete_event_size=_LONGEST_ADDRESS,
        )
        server = uvicorn.Server(config)
        # the first page is shown, and marimo's scripts load, while JAX starts
        serving = threading.Thread(target=server.run, args=([listening],), daemon=True)
        serving.start()
        self._announce(listening, "the explorer runs at this address", delay=0.0)
        with suppress(KeyboardInterrupt):  # the way to stop it
            with starting_jax(Console(stderr=True), COMPILE_IN_HASTE):
                from ..explorer import Choice, judgement
            judging = judgement(Choice())  # most pages ask for it
            is_loaded.set()
            for known in judging.watch():
                if known > _A_SCREEN:
                    is_judging.set()
            is_judging.set()
            serving.join()
        sys.stdout.flush()
        sys.stderr.flush()
        # a thread may be compiling: nothing stops it, and Python's own way out aborts in it
        os._exit(0)


class _Playground(BaseHTTPRequestHandler):
    """Serves the one page, and nothing else of this machine."""

    def do_GET(self) -> None:
        """The page at /, 404 elsewhere."""
        if self.path.split("?")[0] not in ("/", "/index.html"):
            self.send_error(HTTPStatus.NOT_FOUND)
            return
        body = PAGE.read_bytes()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged."""


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

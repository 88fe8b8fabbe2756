"""The server of `ufm explore --verdicts`: first a page with the verdicts alone, behind it marimo's."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from concurrent.futures import Future
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from threading import Event, Thread

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..frame import first_page
from ..playground.page import PAGE
from ..playground.served import SERVED

_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".png": "image/png"}
_PATIENCE = 0.1  # seconds between two looks at what is known
_HEAD_AND_BODY = re.compile(r"<head>(.*)</head>.*?<body[^>]*>(.*)</body>", re.S)


def explorer_server(notebook: Path, is_loaded: Event, is_judging: Event) -> Starlette:
    """The explorer, with the playground beside it, and the documentation where it was built.

    `is_loaded` is set by whoever imported `ufm.app.explorer`, and what needs that waits for it; `is_judging`
    once there is a screen of verdicts, for which marimo waits: its import would hold them up.
    """
    found = find_spec("marimo")
    if found is None or found.origin is None:
        raise ImportError("marimo")
    front_end = Path(found.origin).parent / "_static"
    marimo = _Marimo(notebook, is_judging)

    async def start(request: Request) -> Response:
        return StreamingResponse(_page(front_end, marimo, request), media_type="text/html")

    def verdicts(request: Request) -> Response:
        is_loaded.wait()
        return _verdicts(request)

    SERVED.playground = "play.html"
    routes: list[BaseRoute] = [
        Route("/", start),
        Route("/first", verdicts),
        Route("/play.html", lambda request: FileResponse(PAGE)),
        Mount("/assets", _assets(front_end / "assets")),
    ]
    site = Path(__file__).parents[3] / "site"
    if (site / "index.html").is_file():
        SERVED.site = "site"
        routes.append(Mount("/site", StaticFiles(directory=site, html=True)))
    return Starlette(routes=[*routes, Mount("/", marimo)])


class _Marimo:
    """marimo's app, imported once it is time; whoever asks for it waits till then."""

    def __init__(self, notebook: Path, is_time: Event):
        self._app: Future[ASGIApp] = Future()
        Thread(target=self._load, args=(notebook, is_time), daemon=True).start()

    def _load(self, notebook: Path, is_time: Event) -> None:
        is_time.wait()
        try:
            import marimo

            app = marimo.create_asgi_app(quiet=True).with_app(path="", root=str(notebook))
            self._app.set_result(app.build())
        except BaseException as error:
            self._app.set_exception(error)  # whoever waits for it raises it
            raise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = await asyncio.wrap_future(self._app)
        await app(scope, receive, send)


async def _page(front_end: Path, marimo: ASGIApp, request: Request) -> AsyncIterator[str]:
    """The first page, and once marimo is there the head and the body of its page, in one stream."""
    yield first_page(front_end)
    body = bytearray()

    async def send(message: Message) -> None:
        body.extend(message.get("body", b""))

    # of the headers none that asks for less than the whole page, as it is
    scope = {**request.scope, "headers": [(b"host", request.headers["host"].encode())]}
    await marimo(scope, request.receive, send)
    parts = _HEAD_AND_BODY.search(body.decode())
    assert parts is not None, "marimo's page has a head and a body"
    yield f"{parts[1]}{parts[2]}</body>\n</html>\n"


def _verdicts(request: Request) -> Response:
    """What is known of the claims, as soon as it is more than the page has."""
    from ..explorer import about, breaking, from_query, judgement, page, source

    asked = dict(request.query_params)
    known = int(asked.pop("known", "-1"))
    choice, complaints = from_query(asked)
    try:
        found = judgement(choice)
    except ValueError as error:
        complaints.append(str(error))
        return HTMLResponse(about(None, complaints), headers={"X-Known": "0", "X-Final": "true"})
    _judge(choice)
    while found.known <= known and not found.is_final:
        time.sleep(_PATIENCE)
    headers = {"X-Known": str(found.known), "X-Final": str(found.is_final).lower()}
    html = source(choice) + breaking(choice) + about(found, complaints) + page(found)
    return HTMLResponse(html, headers=headers)


@cache
def _judge(choice: object) -> None:
    """Have the claims judged in a thread, once for each choice."""
    from ..explorer import Choice, judgement

    assert isinstance(choice, Choice)
    watching = judgement(choice).watch()
    Thread(target=lambda: list(watching), daemon=True).start()


def _assets(folder: Path) -> ASGIApp:
    """marimo's scripts, from memory, and for good: a file that changes gets another name."""
    files = {f"/{path.name}": path for path in folder.iterdir() if path.is_file()}

    @cache
    def answer(name: str) -> Response:
        path = files[name]
        kind = _TYPES.get(path.suffix, "application/octet-stream")
        return Response(path.read_bytes(), media_type=kind, headers=_FOREVER)

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].removeprefix(scope.get("root_path", ""))
        await (answer(name) if name in files else Response(status_code=404))(scope, receive, send)

    return serve

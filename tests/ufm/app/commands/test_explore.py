"""`ufm explore`: that it serves its pages, stops at Ctrl-C, and what it refuses."""

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

import pytest

from tests.ufm.app.test_main import run
from ufm.app.commands.explore import notebook
from ufm.app.playground.page import PAGE

ROOT = Path(__file__).parents[4]


@pytest.mark.parametrize(
    ("options", "title", "told"),
    [
        (
            [],
            b"<title>How hard should you steer? A playground</title>",
            f"ufm: the playground runs at this address, and is a file that opens by itself: {PAGE}; "
            "stop it with Ctrl-C\n",
        ),
        (
            ["--verdicts"],
            b"Steering strength: explorer",
            "ufm: the explorer runs at this address; stop it with Ctrl-C\n",
        ),
    ],
    ids=["playground", "explorer"],
)
def test_serves_the_page_and_stops_at_ctrl_c(options, title, told):
    process = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from ufm.app.main import main; main()",
            *("explore", "--port", "0", "--no-browser", *options),
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://127.0.0.1:")
        with urllib.request.urlopen(address) as page:
            assert page.status == 200
            assert title in page.read()
        if options:
            the_explorer_answers(address)
        else:
            with pytest.raises(urllib.error.HTTPError, match="404") as refused:
                urllib.request.urlopen(f"{address}/../../../../etc/passwd")
            refused.value.close()
        process.send_signal(signal.SIGINT)
        out, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert out == ""
    assert errors == told


def the_explorer_answers(address):
    """The first page goes on with marimo's; verdicts come when asked for, scripts may be kept for good."""
    with urllib.request.urlopen(address) as page:
        html = page.read().decode()
    assert html.index('id="first"') < html.index('<div id="root">')
    assert html.count("</body>") == html.count("</html>") == 1
    with urllib.request.urlopen(f"{address}/first?known=-1&broken=separation") as first:
        assert int(first.headers["X-Known"]) >= 0
        assert (
            'data-claim="thm-3.3.peak-order" data-verdict="hypotheses unmet"'
            in first.read().decode()
        )
    with urllib.request.urlopen(f"{address}/first?own=%5B1%5D") as wrong:
        assert (wrong.headers["X-Final"], wrong.status) == ("true", 200)
        assert "This is no instance: " in wrong.read().decode()
    script = re.findall(r'src="./(assets/index-[^"]*)"', html)[0]
    with urllib.request.urlopen(f"{address}/{script}") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"].startswith("text/javascript")
    for path in ("assets/index.js", "assets/../../../pyproject.toml"):
        with pytest.raises(urllib.error.HTTPError, match="404") as refused:
            urllib.request.urlopen(f"{address}/{path}")
        refused.value.close()


@pytest.fixture
def no_browser(monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda address: pytest.fail(f"opened {address}"))


def test_a_port_that_is_taken(monkeypatch, capsys, no_browser):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        status, out, errors = run(monkeypatch, capsys, "explore", "--port", str(port))
    assert (status, out) == (2, "")
    assert (
        errors == f"ufm: port {port} is taken (Address already in use): name another with --port\n"
    )


@pytest.mark.parametrize("port", ["-1", "65536"])
def test_a_port_that_is_none(monkeypatch, capsys, no_browser, port):
    status, out, errors = run(monkeypatch, capsys, "explore", "--port", port)
    assert (status, out, errors) == (2, "", f"ufm: --port must be in 0..65535; got {port}\n")


def test_without_marimo(monkeypatch, capsys, no_browser):
    monkeypatch.setitem(sys.modules, "marimo", None)
    status, out, errors = run(monkeypatch, capsys, "explore", "--verdicts")
    assert (status, out) == (2, "")
    assert errors == "ufm: explore --verdicts needs marimo: pip install 'ufm[notebooks]'\n"


def test_the_notebook_is_found():
    assert notebook() == ROOT / "notebooks" / "explore.py"

"""The explorer as a user starts it, and a headless Chromium that looks at it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.browser.explorer_page import ExplorerPage

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-c", "from ufm.app.main import main; main()"]


@pytest.fixture(scope="session")
def address():
    """The address of `ufm explore --verdicts`, started as a process of its own on a free port."""
    process = subprocess.Popen(
        [*COMMAND, "explore", "--verdicts", "--port", "0", "--no-browser"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.terminate()
    process.wait(timeout=30)
    process.stdout.close()


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "these tests need Chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        # root, as whom containers run, has no sandbox
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        # one context for all pages: marimo's own scripts, several megabytes, are fetched once
        context = browser.new_context(accept_downloads=True)
        yield context
        context.close()
        browser.close()


@pytest.fixture(scope="module")
def explorer_page(chromium, address):
    """One page for the tests of a module, at its default settings, with all claims judged."""
    page = ExplorerPage(chromium, address)
    yield page
    page.close()


@pytest.fixture
def open_page(chromium, address):
    """Opens pages of their own: `open_page(query, width=…, scheme=…)`."""
    pages = []

    def open_one(query: str = "", **options) -> ExplorerPage:
        pages.append(ExplorerPage(chromium, address, query, **options))
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()

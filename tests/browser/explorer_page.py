"""The explorer's page, read and used as a user would."""

import json
import re
from dataclasses import replace
from urllib.parse import urlencode

from ufm.app.explorer import BREAKS, SOURCES, Choice, to_query

# Compiling takes ten seconds on two idle cores; CI's are neither.
PATIENCE = 240_000


class ExplorerPage:
    """A page of the explorer, with what it complained of since it was opened."""

    def __init__(self, chromium, address: str, query: str = "", width: int = 1280, scheme="light"):
        self.address = address
        self.page = chromium.new_page()
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=scheme)
        self.page.set_default_timeout(30_000)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page: {error}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(f"{address}/{query}")
        self.choice = Choice()
        self.framed()

    def framed(self) -> None:
        """Wait until marimo's page has all verdicts, and the first page is gone."""
        self.page.wait_for_selector("#first", state="detached", timeout=PATIENCE)
        self.page.wait_for_selector("[data-mark=verdicts][data-final=true]", timeout=PATIENCE)

    def _heard(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def close(self) -> None:
        self.page.close()

    def shows(self, **changes) -> None:
        """Wait until all claims are judged on the choice with `changes`."""
        self.choice = replace(self.choice, **changes)
        query = urlencode(to_query(self.choice)).replace('"', '\\"')
        self.page.wait_for_selector(
            f'[data-mark=verdicts][data-query="{query}"][data-final=true]', timeout=PATIENCE
        )

    # what is moved

    def choose(self, label: str, option: str) -> None:
        control = self.page.locator("marimo-dropdown").filter(
            has=self.page.locator(f"text='{label}'")
        )
        control.locator("select").select_option(label=option)

    def source(self, name: str) -> None:
        self.choose("Instance", SOURCES[name])
        self.shows(source=name)

    def break_(self, name: str) -> None:
        self.page.get_by_role("button", name=BREAKS.get(name, "none"), exact=True).click()
        self.shows(broken=name)

    def open_file(self, path) -> None:
        self.page.locator("input[type=file]").set_input_files(path)

    def edit(self, text: str) -> None:
        self._unfold("marimo-text-area")
        field = self.page.locator("textarea")
        field.fill(text)
        field.press("Tab")

    def _unfold(self, holding: str) -> None:
        self.page.locator(f"details:has({holding})").evaluate("details => { details.open = true }")

    def claim(self, name: str):
        return self.page.locator(f'[data-claim="{name}"]')

    def show(self, words: str) -> None:
        """A filter, by its words."""
        self.page.get_by_label(words, exact=True).check()

    # what is read

    def verdicts(self) -> dict[str, tuple[str, str]]:
        """Of each claim: the verdict, and what becomes of it where a hypothesis is unmet."""
        rows = self.page.locator("[data-claim]").evaluate_all(
            "all => all.map(e => [e.dataset.claim, e.dataset.verdict, e.dataset.anyway])"
        )
        return {claim: (verdict, anyway) for claim, verdict, anyway in rows}

    def visible(self) -> set[str]:
        shown = self.page.locator("[data-claim]:visible")
        return {*shown.evaluate_all("all => all.map(e => e.dataset.claim)")}

    def download(self, name: str, path):
        """Save the file that a button offers."""
        self._unfold("marimo-download")
        with self.page.expect_download() as download:
            self.page.locator("marimo-download").get_by_text(name).click()
        assert download.value.suggested_filename == name
        download.value.save_as(path)
        return json.loads(path.read_text())

    def query(self) -> dict[str, str]:
        return dict(re.findall(r"[?&](\w+)=([^&]*)", self.page.url))

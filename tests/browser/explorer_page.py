"""What stands on the explorer's page, read and moved as a user would."""

import json
import re
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np

import ufm
from theorems import Instance
from theorems.tables.exact import exact_instance
from ufm.app.explorer import Settings, to_query

# Compiling for both sizes takes 30 s on two idle cores; CI's are neither.
PATIENCE = 240_000


class ExplorerPage:
    """A page of the explorer, with what it complained of since it was opened."""

    def __init__(self, chromium, address: str, query: str = "", width: int = 1280, scheme="light"):
        self.address = address
        chromium.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
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
        self.settings = Settings()
        self.page.wait_for_selector("[data-mark=views]", timeout=PATIENCE)
        self.judged()

    def _heard(self, message) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def close(self) -> None:
        self.page.close()

    def judged(self) -> None:
        """Wait until all claims are judged."""
        self.page.wait_for_selector("[data-mark=count][data-final=true]", timeout=PATIENCE)

    def shows(self, **changes) -> None:
        """Wait until all that the page shows is of the settings with `changes`."""
        self.settings = replace(self.settings, **changes)
        query = urlencode(to_query(self.settings))
        self.page.wait_for_selector(f'[data-mark=views][data-query="{query}"]')
        self.page.wait_for_selector(
            f'[data-mark=count][data-query="{query}"][data-final=true]', timeout=PATIENCE
        )
        # Each part of the page comes when it is ready, and where a setting was no good all but one are gone.
        self.page.wait_for_function(
            "P => { const shown = document.querySelector('pre');"
            " return shown && JSON.stringify(JSON.parse(shown.innerText)) === P }",
            arg=json.dumps(self.record_of_settings(), separators=(",", ":")),
        )

    def record_of_settings(self) -> dict:
        from ufm.app.explorer import build

        return build(self.settings).record

    # what is moved

    def control(self, kind: str, label: str):
        return self.page.locator(f"marimo-{kind}").filter(has=self.page.locator(f"text='{label}'"))

    def press(self, label: str, key: str, times: int = 1) -> None:
        """Focus a slider and press a key."""
        knob = self.control("slider", label).locator("[role=slider]")
        for _ in range(times):
            knob.press(key)

    def choose(self, label: str, option: str) -> None:
        self.control("dropdown", label).locator("select").select_option(label=option)

    def type(self, label: str, text: str) -> None:
        field = self.control("text", label).locator("input")
        field.fill(text)
        field.press("Tab")

    def click_break(self) -> None:
        self.page.locator("marimo-button button").click()

    # what is read

    def reading(self) -> dict[str, float]:
        """Numbers of the line above the pictures."""
        attributes = self.page.locator("[data-mark=reading]").evaluate("e => ({...e.dataset})")
        return {name: float(value) for name, value in attributes.items() if name != "mark"}

    def marks(self, section: str, *names: str) -> dict[str, tuple[float, ...]]:
        """Numbers of the marks of a picture, by mark: the data attributes `names`."""
        found = self.page.locator(
            f"section[data-mark={section}] svg.chart [data-mark]"
        ).evaluate_all(
            "(all, names) => all.map(e => [e.dataset.mark, ...names.map(n => e.dataset[n])])",
            list(names),
        )
        return {mark: tuple(map(float, values)) for mark, *values in found if all(values)}

    def verdicts(self) -> dict[str, tuple[str, str, str]]:
        """Of each claim: the verdict, whether it is false here, and what was seen."""
        rows = self.page.locator("tr[data-claim]").evaluate_all(
            "all => all.map(e => [e.dataset.claim, e.dataset.verdict, e.dataset.anyway,"
            " e.cells[3].innerText])"
        )
        return {claim: tuple(rest) for claim, *rest in rows}

    def record(self) -> dict:
        """The instance that the page shows as JSON."""
        return json.loads(self.page.locator("pre").inner_text())

    def query(self) -> dict[str, str]:
        return dict(re.findall(r"[?&](\w+)=([^&]*)", self.page.url))


class Expected:
    """What the library says of the instance on a page, with none of the explorer's code."""

    def __init__(self, record: dict, settings: Settings):
        self.instance: Instance = exact_instance(record)
        self.tilt, self.target = self.instance.tilt, self.instance.target
        self.settings = settings

    def compare(self, page: ExplorerPage) -> None:
        """The page shows the library's numbers: readings, peaks, windows, curves' ends and cost."""
        read, instance = page.reading(), self.instance
        odds = np.asarray(self.tilt.log_odds)
        assert read["margin"] == odds[self.target].min() - odds[~self.target].max()
        assert read["range"] == np.ptp(odds)
        context, reach = self.settings.shown_context, self.settings.reach
        tokens = page.marks("tokens", "last")
        change = np.asarray(ufm.probability_increase(self.tilt, reach))[context]
        for mark, (last,) in tokens.items():
            # rounding of a law of at most 60 tokens, log p + αM of size 500
            np.testing.assert_allclose(last, change[int(mark.split()[1])], atol=1e-12)
        masses = page.marks("concepts", "last")
        law = np.asarray(self.tilt.probs(reach))[context]
        for k, tokens_of_k in instance.concepts.items():
            np.testing.assert_allclose(masses[f"curve {k}"], law[tokens_of_k].sum(), atol=1e-12)
        cost = float(ufm.cross_entropy_increase(self.tilt, reach, instance.context_weights))
        np.testing.assert_allclose(page.marks("cost", "last")["curve"], cost, rtol=1e-11)
        self._compare_peaks(page, context, reach)
        if read["margin"] > 0:
            self._compare_choice(page, read)

    def _compare_peaks(self, page: ExplorerPage, context: int, reach: float) -> None:
        peaks = np.asarray(ufm.peak_strengths(self.tilt))[context]
        drawn = {m: x for m, (x,) in page.marks("tokens", "x").items() if m.startswith("peak")}
        for mark, x in drawn.items():
            # bisection to the last float, in another padded shape: the last digits may differ
            np.testing.assert_allclose(x, peaks[int(mark.split()[1])], rtol=1e-10, atol=1e-12)
        inside = {round(float(x), 9) for x in peaks if abs(x) < reach - 1e-9}
        assert {round(x, 9) for x in drawn.values()} == inside

    def _compare_choice(self, page: ExplorerPage, read: dict[str, float]) -> None:
        weights = self.instance.context_weights
        choice = ufm.choose_strength(
            self.tilt, weights, target=self.target, budget=self.settings.budget
        )
        for name, value in (
            ("alpha", choice.alpha),
            ("cost", choice.cross_entropy),
            ("mass", choice.target_mass),
        ):
            np.testing.assert_allclose(read[name], value, rtol=1e-10)
        spots = np.asarray(ufm.sweet_spot(self.tilt, self.target))
        windows = page.marks("windows", "low", "high")
        assert len([mark for mark in windows if mark.startswith("window")]) == len(spots)
        for j, spot in enumerate(spots):
            np.testing.assert_allclose(windows[f"window {j}"], spot, rtol=1e-10, atol=1e-12)

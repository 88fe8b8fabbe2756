"""The explorer by keyboard, at two widths, light and dark, and how fast it is."""

import re
import statistics

import pytest

from ufm.explorer import SETS

DEEP_FOCUS = """() => {
  let e = document.activeElement, host = null;
  while (e && e.shadowRoot && e.shadowRoot.activeElement) { host = e; e = e.shadowRoot.activeElement; }
  const label = (host || e)?.closest('[data-label]')?.dataset.label || '';
  return label.replace(/.*paragraph[^>]*>([^<]*)<.*/s, '$1').replace(/^"|"$/g, '')
    || (e ? e.getAttribute('aria-label') || e.innerText || '' : '');
}"""

CONTROLS = [
    "rates", "concepts G", "tokens s", "taper", "contexts", "mass off ε", "ratio in γ",
    "ratio in ω", "P and N", "P: contexts", "N: contexts", "context shown", "range of α", "budget κ",
    "break a hypothesis", "Break it / mend it", "verdicts",
]  # fmt: skip


def test_tab_reaches_every_control_in_order(open_page):
    page = open_page("?sets=picked").page
    page.locator("marimo-dropdown select").first.focus()
    seen = [page.evaluate(DEEP_FOCUS)]
    for _ in range(len(CONTROLS) + 4):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(DEEP_FOCUS))
    places = [next((i for i, text in enumerate(seen) if name in text), None) for name in CONTROLS]
    assert None not in places, (list(zip(CONTROLS, places, strict=True)), seen)
    assert places == sorted(places)


def test_keys_alone_break_a_hypothesis_and_mend_it(open_page):
    page = open_page()
    button = page.page.locator("marimo-button button")
    button.focus()
    page.page.keyboard.press("Enter")
    page.shows(broken="separation")
    page.page.keyboard.press("Space")
    page.shows(broken="")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_fits_the_width_in_light_and_dark(open_page, width, scheme):
    page = open_page("?concepts=4", width=width, scheme=scheme).page
    boxes = page.locator("svg.chart, .reading, marimo-slider, marimo-dropdown").evaluate_all(
        "all => all.map(e => { const r = e.getBoundingClientRect(); return [r.left, r.right]; })"
    )
    assert len(boxes) > 15
    assert all(0 <= left <= right <= width for left, right in boxes)
    charts = page.locator("svg.chart").evaluate_all(
        "all => all.map(e => { const r = e.getBoundingClientRect(); return [r.left, r.width]; })"
    )
    assert len({round(left) for left, _ in charts}) == (2 if width == 1280 else 1)  # columns
    assert all(wide > 380 for _, wide in charts)
    ink, paper = page.evaluate(
        "[getComputedStyle(document.querySelector('[data-mark=curve]')).stroke,"
        " getComputedStyle(document.querySelector('#App')).backgroundColor]"
    )
    lightness = [_lightness(colour) for colour in (ink, paper)]
    assert abs(lightness[0] - lightness[1]) > 0.6  # the black curve is white on black
    assert (lightness[1] > 0.5) == (scheme == "light")


def _lightness(colour: str) -> float:
    """Of "rgb(12, 13, 14)" or "color(srgb 0.1 0.1 0.1)", from 0 to 1."""
    numbers = [float(n) for n in re.findall(r"[0-9.]+", colour)][:3]
    return sum(numbers) / 3 / (255 if colour.startswith("rgb") else 1)


WATCH = """() => {
  window.redraws = []; let start = null;
  document.addEventListener('keydown', () => { start = performance.now(); }, true);
  const shown = () => document.querySelector('[data-mark=views]')?.dataset.query;
  let last = shown();
  new MutationObserver(() => {
    const now = shown();
    if (start !== null && now !== undefined && now !== last) {
      last = now; const from = start; start = null;
      // two frames on, what changed has been painted
      requestAnimationFrame(() => requestAnimationFrame(() => redraws.push(performance.now() - from)));
    }
  }).observe(document.body, {subtree: true, childList: true, attributes: true});
}"""


@pytest.mark.parametrize(("query", "tokens"), [("", 9), ("?concepts=5&size=12", 60)])
def test_redraws_within_300_ms(open_page, query, tokens, capsys):
    """By the processor's time, on the server and in the page, which other work does not lengthen."""
    page = open_page(query)
    page.page.wait_for_function("document.querySelector('[data-mark=views]').dataset.cpu")
    page.press("mass off ε", "ArrowRight")  # warm
    page.page.evaluate(WATCH)
    session = page.page.context.new_cdp_session(page.page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def busy() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return next(1000 * m["value"] for m in metrics if m["name"] == "TaskDuration")

    server, browser, moves = [], [], 20
    for count in range(moves):
        before = busy()
        page.press("mass off ε", "ArrowRight")
        page.page.wait_for_function("n => redraws.length > n", arg=count)
        views = page.page.locator("[data-mark=views]")
        server.append(float(views.get_attribute("data-cpu")))
        browser.append(busy() - before)
    seen = page.page.evaluate("redraws")
    middle = [statistics.median(values) for values in (server, browser, seen)]
    with capsys.disabled():
        print(
            f"\nV = {tokens}, a key to a painted picture: {middle[0]:.0f} ms of the processor on the "
            f"server and {middle[1]:.0f} ms in the page ({max(server):.0f} and {max(browser):.0f} at "
            f"worst); by the clock, on this machine now, {middle[2]:.0f} ms, {max(seen):.0f} at worst"
        )
    assert middle[0] + middle[1] <= 300


def test_sets_are_told_by_name(open_page):
    page = open_page()
    page.choose("P and N", SETS["random"])
    page.shows(sets="random")
    words = page.page.locator("[data-mark=reading]").inner_text()
    assert "P: 0: aaa, 1: aab. N: " in words

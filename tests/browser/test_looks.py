"""The explorer by keyboard, at two widths, light and dark."""

import re

import pytest

from ufm.app.explorer import SETS

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


def test_sets_are_told_by_name(open_page):
    page = open_page()
    page.choose("P and N", SETS["random"])
    page.shows(sets="random")
    words = page.page.locator("[data-mark=reading]").inner_text()
    assert "P: 0: aaa, 1: aab. N: " in words

"""The explorer by keyboard, at three widths, light and dark."""

import re
from io import BytesIO

import pytest
from PIL import Image

CONTROLS = [
    "Figure 3 of the paper",
    "Open an instance",
    "none",
    "M not constant",
    "Play with it",
    "Edit the instance",
    "Take it along",
    "are met",
    "are about transformers",
    "all",
    "anybody’s",
    "Lemma B.2",
    "Lemma B.3",
]
DEEP_FOCUS = """() => {
  let e = document.activeElement;
  while (e?.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e.selectedOptions?.[0]?.innerText || e.innerText || e.getAttribute('aria-label')
    || e.closest('label')?.innerText || e.parentElement?.innerText || '';
}"""


def test_tab_reaches_every_control_in_order(open_page):
    page = open_page().page
    page.locator("marimo-dropdown select").first.focus()
    seen = [page.evaluate(DEEP_FOCUS)]
    for _ in range(32):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(DEEP_FOCUS))
    places = [next((i for i, text in enumerate(seen) if name in text), None) for name in CONTROLS]
    assert None not in places, (list(zip(CONTROLS, places, strict=True)), seen)
    assert places == sorted(places)


def test_keys_alone_break_a_hypothesis_and_unfold_a_claim(open_page):
    page = open_page()
    page.page.get_by_role("button", name="Assumption 1", exact=True).press("Enter")
    page.shows(broken="assumption-1")
    assert page.page.evaluate(DEEP_FOCUS) == "Assumption 1"  # from where the next is near
    summary = page.claim("lemma-b4.sign").locator("summary").first
    summary.press("Enter")
    assert page.claim("lemma-b4.sign").locator(".more").is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800, 400])
def test_fits_the_width_in_light_and_dark(open_page, width, scheme):
    page = open_page("?broken=target-contexts", width=width, scheme=scheme)
    page.claim("thm-3.6.target-increasing").locator("summary").first.click()
    boxes = page.page.locator(
        ".claim, .lost li, .falls, .primary, .place, pre, marimo-dropdown, fieldset"
    ).evaluate_all(
        "all => all.map(e => { const r = e.getBoundingClientRect(); return [r.left, r.right]; })"
    )
    assert len(boxes) > 60
    assert all(0 <= left <= right <= width for left, right in boxes)
    assert page.page.evaluate("document.documentElement.scrollWidth") == width
    verdict, why = (
        page.page.locator(f".claim .{part}").first.bounding_box() for part in ("verdict", "why")
    )
    assert (why["y"] < verdict["y"] + verdict["height"]) == (width == 1280)  # columns, or one
    ink, paper = page.page.evaluate(
        "[getComputedStyle(document.querySelector('.place .curve')).stroke,"
        " getComputedStyle(document.querySelector('#App')).backgroundColor]"
    )
    lightness = [_lightness(colour) for colour in (ink, paper)]
    assert abs(lightness[0] - lightness[1]) > 0.6
    assert (lightness[1] > 0.5) == (scheme == "light")


def _lightness(colour: str) -> float:
    """Of "rgb(12, 13, 14)" or "color(srgb 0.1 0.1 0.1)", from 0 to 1."""
    numbers = [float(n) for n in re.findall(r"[0-9.]+", colour)][:3]
    return sum(numbers) / 3 / (255 if colour.startswith("rgb") else 1)


@pytest.mark.parametrize("width", [1280, 400])
def test_every_formula_fits_its_line(open_page, width):
    page = open_page(width=width).page
    page.locator(".claim").evaluate_all("all => all.forEach(e => { e.open = true })")
    formulas = page.locator(".claim marimo-tex")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.claim marimo-tex')].every(e => e.offsetHeight > 15)"
    )
    wide = formulas.evaluate_all(
        "all => all.filter(e => e.scrollWidth > e.clientWidth + 1)"
        ".map(e => e.closest('.claim').dataset.claim)"
    )
    assert wide == []


def test_no_button_is_glaring_in_the_dark(open_page):
    """A screenshot's pixel in the middle of each button's left edge, just inside it."""
    page = open_page(scheme="dark").page
    for button in page.locator("marimo-button, marimo-file").all():
        picture = Image.open(BytesIO(button.screenshot())).convert("L")
        assert picture.getpixel((8, 6)) < 90

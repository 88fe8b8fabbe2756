"""The playground in a real browser: its numbers against the library's, by hand, by key and by link."""

import json
import os
import re
import subprocess

import numpy as np
import pytest

import ufm
from tests.browser.conftest import COMMAND, ROOT
from tests.browser.playground_page import PlaygroundPage
from theorems.tables.exact import exact_instance


@pytest.fixture
def playground(chromium):
    """Opens the page: `playground(state, width=…, scheme=…)`."""
    pages = []

    def open_one(state="", **options) -> PlaygroundPage:
        pages.append(PlaygroundPage(chromium, state, **options))
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()


def percent(share: float) -> str:
    """As the page prints a probability."""
    if share < 0.0005:
        return "0%"
    return f"{100 * share:.1f}%" if share < 0.0995 else f"{round(100 * share)}%"


def close_percent(shown: str, share: float) -> bool:
    """Equal but for a half that rounds the other way."""
    return shown in (percent(share), percent(share - 1e-9), percent(share + 1e-9))


def compare(page: PlaygroundPage, alpha: float, kind: int) -> None:
    """Bars, masses and price are those of the library, on the instance that the page writes."""
    instance = exact_instance(page.record())
    tilt, context = instance.tilt, 2 * kind
    law = np.asarray(tilt.probs(alpha))[context]
    bars = page.bars()
    assert len(bars) == law.size
    for (word, shown), share in zip(bars.items(), law, strict=True):
        assert close_percent(shown, share), (word, shown, share)
    concepts = np.asarray(instance.token_concept)
    for k, (name, shown) in enumerate(page.masses().items()):
        assert close_percent(shown, law[concepts == k].sum()), name
    cost = float(ufm.cross_entropy_increase(tilt, alpha, instance.context_weights))
    assert page.price() == pytest.approx(cost, abs=0.0051)


def test_opens_as_a_file_and_asks_for_nothing_else(playground):
    page = playground()
    assert page.text(".step h2") == "Push, and most words rise, then fade"
    page.mode("Free play")
    page.mode("Real model")
    assert page.complaints == []
    assert len([url for url in page.requests if not url.startswith("data:")]) == 1


@pytest.mark.parametrize("alpha", [-1.3, 0.0, 0.47, 2.0])
def test_shows_the_library_s_numbers(playground, alpha):
    page = playground("mode=play")
    page.alpha(alpha)
    compare(page, alpha, 2)


# Control, what it is set to; the instance must follow, and every number with it.
MOVES = [
    ("epsilon", 12), ("concepts", 4), ("size", 5), ("gamma", 15), ("omega", 18), ("law", "random"),
    ("seed", 7), ("sets", "random"), ("sets", "mixed"), ("law", "uniform"), ("sets", "contrastive"),
]  # fmt: skip


def test_every_control_changes_the_instance(playground):
    page = playground("mode=play&alpha=0.6")
    before = page.record()
    for name, value in MOVES:
        page.set(name, value)
        after = page.record()
        assert after != before, name
        compare(page, 0.6, 2)
        before = after
    page.set("kind", 1)
    compare(page, 0.6, 1)
    page.set("sets", "picked")
    page.page.locator("input[name=text-3][value='–']").check()
    page.painted()
    assert page.record()["negative"] == [2]
    page.page.locator("input[name=text-2][value='P']").click()  # leaves N without any
    page.page.wait_for_selector(".status:has-text('negative must name at least one text')")
    assert page.record()["negative"] == [2]
    assert page.complaints == []


def test_sixty_words(playground):
    page = playground("mode=play&concepts=5&size=12&alpha=0.4")
    compare(page, 0.4, 2)


def test_a_budget_buys_the_library_s_strength(playground):
    page = playground("mode=play")
    instance = exact_instance(page.record())
    for budget in (0.1, 0.75):
        page.set("budget", budget)
        choice = ufm.choose_strength(
            instance.tilt, instance.context_weights, target=instance.target, budget=budget
        )
        assert f"α = {choice.alpha:.2f}" in page.text("[data-picture=price] .plot")


def test_a_second_vector_takes_back_what_the_first_did_to_it(playground):
    page = playground("mode=play&alpha=0.8&kind=2")
    instance = exact_instance(page.record())
    weights, tilt = instance.context_weights, instance.tilt
    third = np.asarray(instance.context_concept) == 2
    log_probs = np.asarray(tilt.log_probs)
    second = log_probs[third].mean(axis=0) - log_probs[~third].mean(axis=0)
    target = np.asarray(instance.target)
    share = ufm.efficiency(tilt, weights, target, 0.8)
    assert f"Efficiency: {100 * share:.0f} % of what any change" in page.text(".efficiency")
    page.page.get_by_role("button", name="Take back what α did to it").click()
    page.painted()
    beta = float(page.page.locator("#panel [name=beta]").input_value())
    assert beta == pytest.approx(ufm.undoing_strength(tilt, second, 0.8, weights), abs=0.026)
    both = tilt.combined(0.8, second, beta)
    price = float(ufm.cross_entropy_increase(both, 1.0, weights))
    assert page.price() == pytest.approx(price, abs=0.0051)
    assert page.text("[data-picture=price] h2") == "The price of two vectors"
    page.page.get_by_role("button", name="β = 0").click()
    page.painted()
    assert f"Efficiency: {100 * share:.0f} %" in page.text(".efficiency")


def test_curves_are_dragged_by_hand(playground):
    page = playground()
    box = page.page.locator("[data-picture=tokens] svg").bounding_box()
    left, right = box["x"] + 46, box["x"] + box["width"] - 14  # the axes' ends
    mouse = page.page.mouse
    mouse.move(left + 0.5 * (right - left), box["y"] + 80)
    mouse.down()
    for share in (0.6, 0.75, 0.9):
        mouse.move(left + share * (right - left), box["y"] + 90)
        page.painted()
        assert page.text("#alpha-value") == f"{4 * share - 2:.2f}"
        assert float(page.page.locator("#alpha").input_value()) == pytest.approx(
            4 * share - 2, abs=0.01
        )
    mouse.up()
    mouse.move(left, box["y"] + 90)
    page.painted()
    assert page.text("#alpha-value") == "1.60"


def test_the_tour_goes_from_step_to_step(playground):
    page = playground()
    titles = []
    for step in range(1, 6):
        titles.append(page.text(".step h2"))
        assert page.page.locator(".formula .katex-mathml math").count() == 1
        assert page.text(".sentence").count(".") == 1  # one sentence
        assert page.page.locator("[aria-current=step]").inner_text() == str(step)
        page.press("Next" if step < 5 else "Play freely")
    assert len(set(titles)) == 5
    assert page.page.evaluate("document.body.dataset.mode") == "play"


def test_the_windows_of_the_tour_are_the_library_s_and_have_no_strength_in_common(playground):
    page = playground()
    before = page.masses().keys(), len(page.bars())
    page.step(4)
    words = page.page.locator("[data-picture=tokens] svg").get_attribute("aria-label")
    assert words.startswith(f"Probability of {before[1]} words after a gloom text")
    assert page.masses().keys() == before[0]  # the concepts are those of the steps before
    windows = page.page.locator("[data-picture=windows] svg").get_attribute("aria-label")
    # α = 0.62 is in the window of the text whose curves are beside it
    assert "after a gloom text" in page.text("[data-picture=tokens] figcaption")
    page.step(5)
    page.press("Play freely")
    page.set("broken", "")
    instance = exact_instance(page.record())
    peaks, target = np.asarray(ufm.peak_strengths(instance.tilt)), np.asarray(instance.target)
    lows, highs = peaks[:, ~target].max(axis=1)[::2], peaks[:, target].min(axis=1)[::2]
    assert lows.max() > highs.min()
    said = [
        f"{name} text: from {low:.2f} to {high:.2f}"
        for name, low, high in zip(("joy", "gloom", "food"), lows + 0.0, highs, strict=True)
    ]
    assert windows == f"Sweet spots. {'; '.join(said)}; all at once: no α.".replace("-", "−")


def test_the_tour_shows_nothing_that_it_has_not_explained(playground):
    page = playground()
    for step in range(1, 6):
        shown = page.text("main") + page.page.locator("#alpha").get_attribute("aria-valuetext")
        later = ["efficiency", "KL"] + ["nat", "budget", "price"] * (step < 3)
        assert [word for word in later if word.lower() in shown.lower()] == []
        if step == 3:
            assert "nats, the unit of natural logarithms" in page.text(".key")
        if step < 5:
            page.press("Next")
    page.press("Play freely")
    assert "A nat is the unit of natural logarithms" in page.text("#panel")
    assert "Efficiency: what the target gains" in page.text("#panel")


@pytest.mark.parametrize("step", range(1, 6))
def test_every_letter_of_a_formula_is_in_the_key_under_it(playground, step):
    page = playground()
    page.step(step)
    letters = set(page.page.locator(".formula math mi").all_text_contents())
    letters -= {"max", "min", "tanh", "e", "\u2061"}  # functions, and the base of logarithms
    key = re.sub(r"<[^>]*>", " ", page.page.locator(".key").inner_html())
    named = set(re.findall(r"\w+", key))
    named |= {letter for name in named & {"ΔCE", "Var"} for letter in name}
    assert len(letters) > 2
    assert letters - named == set()


LETTERS = {"": "δMzT", "separation": "abzT", "vector": "δMzT", "training": "pqjz", "constant": "Mz"}


@pytest.mark.parametrize("width", [1280, 800, 400])
def test_the_last_step_shows_the_condition_of_what_is_chosen(playground, width):
    page = playground(width=width)
    page.step(5)
    formulas, places = set(), set()
    for broken, letters in LETTERS.items():
        choice = page.page.locator(f"#panel input[type=radio][value='{broken}']")
        choice.check()
        page.painted()
        found = set(page.page.locator(".formula math mi").all_text_contents())
        assert found - {"max", "min", "\u2061"} == set(letters)
        assert set(letters) <= set(page.text(".key"))
        assert page.text(".theorem").endswith("not met" if broken else ": met")
        formulas.add(page.text(".formula"))
        top = page.page.locator("#panel fieldset").bounding_box()["y"]
        places.add((top, page.page.locator(".verdicts").bounding_box()["y"]))
    assert len(formulas) == 4  # the gap δ is that of two
    assert len(places) == 1  # nothing moves away under the finger


def test_a_window_below_zero_is_explained(playground):
    page = playground("step=4")
    windows = page.page.locator("[data-picture=windows] svg").get_attribute("aria-label")
    assert "joy text: from −0.50 to −0.24" in windows
    assert "The joy text’s is below 0: joy leads there" in page.text(".hint")


def test_the_keys_link_to_the_notation_where_it_is_beside_the_page(playground):
    page = playground()
    links = page.page.locator("#panel a")
    assert links.count() == 0  # the file alone has no such neighbour
    page.page.evaluate("document.documentElement.dataset.letters = 'notation.html'")
    page.press("Next")
    assert links.get_attribute("href") == "notation.html"
    page.mode("Free play")
    assert links.get_attribute("href") == "notation.html"


def test_the_first_broken_hypothesis_is_plainly_seen(playground):
    """Joy's curve rises to nine tenths and falls by half of itself; unbroken, it only rises."""
    page = playground()
    page.step(5)
    joy = page.page.locator("[data-picture=concepts] .curve").first
    heights = [float(pair.split(",")[1]) for pair in joy.get_attribute("d")[1:].split("L")]
    box = page.page.locator("[data-picture=concepts] svg").bounding_box()
    floor = box["height"] - 30
    assert floor - min(heights) > 0.8 * (floor - 14)
    assert floor - heights[-1] < 0.5 * (floor - min(heights))
    assert page.text("[data-picture=concepts] h2") == "“joy” gains and loses"
    page.page.get_by_label("nothing: as the theorems want it").check()
    page.painted()
    assert page.text("[data-picture=concepts] h2") == "“joy” only rises"


# What is broken, and the theorems that become false; the others hold, or are true all the same.
FALSE = {
    "": set(),
    "separation": {"signs", "order"},
    "vector": {"signs", "order", "rises", "wins"},
    "training": {"price"},
    "constant": {"signs", "rises", "wins", "price"},
}


@pytest.mark.parametrize("broken", FALSE)
def test_a_broken_hypothesis_fells_the_right_theorems(playground, broken):
    page = playground(f"mode=play&broken={broken}")
    verdicts = page.verdicts()
    assert {name for name, verdict in verdicts.items() if verdict == "false"} == FALSE[broken]
    if broken == "constant":
        assert verdicts["bump"] == verdicts["order"] == "empty"
        return
    # by the library's own numbers
    instance = exact_instance(page.record())
    tilt, target = instance.tilt, np.asarray(instance.target)
    peaks = np.asarray(ufm.peak_strengths(tilt))
    ordered = bool((peaks[:, ~target].max(axis=1) < peaks[:, target].min(axis=1)).all())
    assert ordered == (verdicts["order"] != "false")
    assert bool(((np.asarray(tilt.log_odds) > 0) == target).all()) == (verdicts["signs"] != "false")
    masses = np.array(
        [ufm.concept_probability(tilt, a, target) for a in np.linspace(-6, 6, 97).tolist()]
    )
    assert bool((np.diff(masses, axis=0) > -1e-12).all()) == (verdicts["rises"] != "false")


@pytest.mark.parametrize("state", ["", "law=random&concepts=4&seed=7&sets=random", "law=uniform"])
def test_the_instance_that_is_saved_certifies(playground, tmp_path, state):
    page = playground(f"mode=play&{state}")
    with page.own() as own, page.page.expect_download() as download:
        own.get_by_role("button", name=r"Save instance.json").click()
    path = tmp_path / "instance.json"
    download.value.save_as(path)
    assert download.value.suggested_filename == "instance.json"
    done = subprocess.run(
        [*COMMAND, "certify", str(path), "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    claims = {claim["id"]: claim["verdict"] for claim in json.loads(done.stdout)["claims"]}
    assert claims["thm-3.3.peak-order"] == "holds"
    assert page.verdicts()["order"] == "holds"


@pytest.mark.parametrize("leave", ["Play freely", "Free play", "Real model"])
def test_after_the_tour_nothing_is_broken_and_the_usual_budget(playground, leave):
    page = playground("step=3")
    page.set("budget", 0.6)
    page.step(5)
    assert page.text("[data-picture=concepts] h2") == "“joy” gains and loses"
    if leave == "Play freely":
        page.press(leave)
    else:
        page.mode(leave)
    assert page.page.locator("#panel [name=budget]").input_value() == "0.1"
    if leave == "Real model":
        page.mode("Free play")
    assert page.page.locator("#panel [name=broken]").input_value() == ""
    assert page.text("[data-picture=concepts] h2") == "“joy” only rises"


def test_the_third_step_s_mark_is_beside_the_handle(playground):
    page = playground()
    page.step(3)
    mark, handle = (
        page.page.locator(f"[data-picture=price] {part}").first.bounding_box()
        for part in ("circle.mark", ".handle .grip")
    )
    assert mark["x"] + mark["width"] < handle["x"]


def test_a_step_s_title_is_read_before_its_buttons(playground):
    order = "all => all.map(e => e.className || e.localName)"
    parts = playground().page.locator("#panel h2, #panel .steps").evaluate_all(order)
    assert parts == ["h2", "steps"]


@pytest.mark.parametrize("width", [1280, 800])
def test_a_small_picture_has_no_words_at_its_mark(playground, width):
    """The panel says the strength instead."""
    page = playground("mode=model", width=width)
    small = 0
    for name in ("real-price", "price"):
        plot = page.page.locator(f"[data-picture={name}] svg")
        if plot.bounding_box()["width"] < 250:
            small += 1
            assert "α" not in plot.text_content()
    assert small == 2
    assert "0.1 nats pay for α = 0.12" in page.text("#panel")


def test_a_picture_without_room_is_no_error(playground):
    page = playground("mode=model")
    cramped = "all => all.forEach(e => e.style.cssText = 'flex: none; width: 20px; height: 10px')"
    page.page.locator(".plot").evaluate_all(cramped)
    page.painted()
    assert page.complaints == []


# Each name's box, where a line to it starts, if one does, and where every curve runs, in the picture's own
# pixels.
DRAWN = """svg => {
  const box = text => { const {x, y, width, height} = text.getBBox(); return [x, y, x + width, y + height]; };
  const run = path => Array.from({length: 400}, (_, i) => {
    const {x, y} = path.getPointAtLength(path.getTotalLength() * i / 399);
    return [x, y];
  });
  const from = ({previousElementSibling: line}) =>
    line?.matches('.leader') ? ['x1', 'y1'].map(end => Number(line.getAttribute(end))) : null;
  return [
    [...svg.querySelectorAll('.label:not(.mark)')].map(text => [text.textContent, box(text), from(text)]),
    [...svg.querySelectorAll('.curve')].map(run),
  ];
}"""


@pytest.mark.parametrize("width", [1280, 800])
@pytest.mark.parametrize("prompt", range(6))
def test_a_word_is_named_at_its_own_peak_and_over_no_other_curve(playground, prompt, width):
    recorded = json.loads((ROOT / "docs" / "playground" / "src" / "smollm2.json").read_text())
    words = [
        token["text"].strip() or token["text"] for token in recorded["prompts"][prompt]["tokens"]
    ]
    page = playground(f"mode=model&alpha=0.5&prompt={prompt}", width=width)
    names, curves = page.page.locator("[data-picture=real-tokens] svg").evaluate(DRAWN)
    assert len(names) >= 3
    for name, (left, top, right, bottom), start in names:
        peaks = [  # of words that are written alike, " and" and "and", either is meant
            min(curve, key=lambda point: point[1])
            for word, curve in zip(words, curves, strict=True)
            if word == name
        ]
        own = words.index(name)
        reach = 14  # pixels
        if start:
            assert any(start == pytest.approx([x, y - 4], abs=2) for x, y in peaks), name
            assert bottom < start[1]
        else:
            assert any(left - 45 < x < right + 45 for x, _ in peaks)
            assert any(
                left - reach < x < right + reach and top - reach < y < bottom + reach
                for x, y in curves[own]
            )
        for other, curve in enumerate(curves):
            inside = [1 for x, y in curve if left < x < right and top + 4 < y < bottom - 4]
            assert other == own or not inside, (name, words[other])


@pytest.mark.parametrize("width", [1280, 1600])
def test_every_high_curve_of_the_default_prompt_has_its_name(playground, width):
    page = playground("mode=model", width=width, height=900)
    names, _ = page.page.locator("[data-picture=real-tokens] svg").evaluate(DRAWN)
    assert {"celebrate", "witness", "connect", "and", "the", "a"} <= {name for name, *_ in names}


def test_a_title_tells_of_no_change_that_is_too_small_to_see(playground):
    recorded = json.loads((ROOT / "docs" / "playground" / "src" / "smollm2.json").read_text())
    page = playground("mode=model")
    for i, prompt in enumerate(recorded["prompts"]):
        page.set("prompt", i)
        mass = prompt["target_mass"]
        is_small = max(mass) - min(mass) < 0.01
        said = "“joy” hardly moves" if is_small else "“joy” gains, then is lost again"
        assert page.text("[data-picture=real-mass] h2") == said, prompt["text"]


GRIP = """() => {
  const mark = [...document.querySelectorAll('[data-picture=price] .label.mark')].find(e => /α/.test(e.textContent));
  const [a, b] = [mark, document.querySelector('[data-picture=price] .grip')].map(e => e.getBoundingClientRect());
  const line = mark.previousElementSibling, dot = document.querySelector('[data-picture=price] circle.mark');
  return [mark.textContent, a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom,
    line.matches('.leader.mark') && line.getAttribute('x1') === dot.getAttribute('cx')];
}"""  # noqa: E501


@pytest.mark.parametrize("alpha", [0.2, 0.33, 0.45, 0.9, 2])
def test_the_strength_of_the_mark_is_off_the_handle_and_tied_to_its_mark(playground, alpha):
    page = playground(f"mode=play&alpha={alpha}", height=800)
    assert page.page.evaluate(GRIP) == ["α = 0.33", False, True]


def test_own_data_are_read_and_wrong_ones_refused(playground):
    page = playground("mode=play")
    smallest = (ROOT / "docs" / "smallest_instance.json").read_text()
    with page.own() as own:
        own.locator("textarea").fill(smallest)
        own.get_by_role("button", name="Use this").click()
    assert page.record() == json.loads(smallest)
    assert "−0.83 to −0.17" in page.text("[data-picture=windows] .plot")
    with page.own() as own:
        own.locator("textarea").fill("0.6 0.2 0.1 0.1\n0.1 0.1 0.6 0.2\n1 1 1 1")
        own.get_by_role("button", name="Use this").click()
    assert page.record()["next_token_probs"][2] == ["1/4"] * 4
    for wrong, words in [
        (smallest.replace('"3/5"', '"1/2"', 1), "row 0 sums to 0.9, not to 1 exactly"),
        (smallest.replace('"positive": [0]', '"positive": [1]'), "text 1 is in both sets"),
        ("0.5 0.5\n0.5 x", 'x is not a number such as "3/5" or "0.6"'),
        ("{}", "in_concept is missing"),
    ]:
        with page.own() as own:
            own.locator("textarea").fill(wrong)
            own.get_by_role("button", name="Use this").click()
            assert words in own.locator(".wrong").inner_text()
    with page.own() as own:
        own.get_by_role("button", name="Back to the toy").click()
    assert len(page.record()["in_concept"]) == 9


def test_with_own_data_no_heading_is_empty(playground):
    smallest = (ROOT / "docs" / "smallest_instance.json").read_text()
    page = playground(f"mode=play&own={smallest}")
    seen = page.page.locator("#panel h2, #panel :is(.control, details, .note, ul, .toggle)")
    order = seen.evaluate_all("all => all.filter(e => e.checkVisibility()).map(e => e.localName)")
    assert order[-1] != "h2"
    assert "h2 h2" not in " ".join(order)
    assert "As your data say: for, joy text; against, gloom text." in page.text("#panel")
    # of own data only the training can be broken
    can = page.page.locator("#panel [name=broken] option").evaluate_all(
        "all => all.filter(e => !e.disabled).map(e => e.value)"
    )
    assert can == ["", "training"]


DROP = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }));
}"""


def test_files_are_dropped_anywhere_on_the_page(playground):
    page = playground()
    smallest = (ROOT / "docs" / "smallest_instance.json").read_text()
    page.page.evaluate(DROP, ["instance.json", smallest])
    page.page.wait_for_selector("[data-mode=play]")
    assert page.record() == json.loads(smallest)
    recorded = json.loads((ROOT / "docs" / "playground" / "src" / "smollm2.json").read_text())
    recorded["model"]["name"] = "another"
    page.page.evaluate(DROP, ["recording.json", json.dumps(recorded)])
    page.page.wait_for_selector("[data-mode=model] #panel :text('those of another, steered')")
    reads = (
        "this page reads an instance or a certificate of ufm certify, and recording.json of ufm llm"
    )
    for name, what in [
        ("smallest_table.json", "a table of probabilities, which ufm verify --table reads"),
        ("smallest_head.json", "a head behind a norm, which ufm certify reads"),
        ("playground/package.json", "another JSON file"),
    ]:
        page.page.evaluate(DROP, [name, (ROOT / "docs" / name).read_text()])
        line = f"This file cannot be shown: it is {what}; {reads}"
        page.page.wait_for_selector(f".status:has-text('{line}')")
    page.page.evaluate(DROP, ["photo.png", "PNG"])
    page.page.wait_for_selector(
        ".status:has-text('This file cannot be shown: this file is not JSON')"
    )
    assert page.complaints == []


def test_state_is_in_the_address_and_survives_a_reload(playground):
    page = playground("mode=play")
    page.set("epsilon", 9)
    page.set("sets", "random")
    page.page.get_by_label("Show bounds").check()
    page.alpha(0.75)
    page.page.wait_for_function("location.hash.includes('alpha=0.75')")
    address = page.page.evaluate("location.hash.slice(1)")
    assert set(address.split("&")) == {
        "mode=play", "epsilon=9", "sets=random", "bounds=1", "alpha=0.75",
    }  # fmt: skip
    shown = page.bars(), page.record(), page.price()
    other = playground(address)
    assert (other.bars(), other.record(), other.price()) == shown


# What an address asks for that is not there, what is shown instead, and what is said of it.
MENDED = {
    "step=9": ({"step": "5", "α": "2.00"}, "step = 9 became 5"),
    "step=0&alpha=-99": ({"step": "1", "α": "−2.00"}, "step = 0 became 1, alpha = -99 became -2"),
    "alpha=99": ({"step": "1", "α": "2.00"}, "alpha = 99 became 2"),
    "step=2.4&alpha=much": ({"step": "2", "α": "0.80"}, "step = 2.4 became 2, alpha = much became 0.8"),
}  # fmt: skip


@pytest.mark.parametrize("address", MENDED)
def test_a_bad_address_shows_the_nearest_and_says_so(playground, address):
    page = playground(address)
    shown, words = MENDED[address]
    step = page.page.locator("[aria-current=step]")
    assert {"step": step.inner_text(), "α": page.text("#alpha-value")} == shown
    assert page.text(".status") == f"The address was mended: {words}."
    page.alpha(1)  # whatever is done next takes the line away
    page.painted()
    assert page.text(".status") == ""
    assert page.complaints == []


def test_of_a_bad_address_in_free_play_each_entry_is_mended(playground):
    page = playground("mode=play&epsilon=lots&concepts=99&law=lawless&broken=all&alpha=1e9")
    assert len(page.bars()) == 15  # five concepts
    assert page.text("#alpha-value") == "2.00"
    assert page.text(".status").endswith(
        "epsilon = lots became 5, concepts = 99 became 5, law = lawless became tapered, "
        "broken = all became nothing, alpha = 1e9 became 2."
    )
    good = playground("mode=play&epsilon=9&alpha=0.50&bounds=1")
    assert good.text(".status") == ""
    unreadable = playground("mode=play&own={")
    assert "asks for what is no instance" in unreadable.text(".status")
    assert len(unreadable.bars()) == 9
    assert page.complaints == good.complaints == unreadable.complaints == []


@pytest.mark.parametrize("step", range(1, 6))
def test_the_address_of_a_step_shows_what_the_tour_shows_there(playground, step):
    toured = playground()
    toured.step(step)
    linked = playground(f"step={step}")
    pictures = "all => all.map(e => e.getAttribute('aria-label'))"
    shown, expected = (
        page.page.locator(".picture svg").evaluate_all(pictures) for page in (linked, toured)
    )
    assert shown == expected
    assert linked.text("#alpha-value") == toured.text("#alpha-value")
    assert linked.text("#panel") == toured.text("#panel")


def test_the_real_model_and_anyones_recording(playground, tmp_path):
    page = playground("mode=model&alpha=0")
    kept = json.loads((ROOT / "docs" / "playground" / "src" / "smollm2.json").read_text())
    caveat = kept["model"]["caveat"]
    assert "4 bits" in caveat
    in_words = caveat.replace(" (GGUF types Q4_1, Q8_0)", "")
    assert in_words in page.text("#panel")
    assert "lengths of a typical hidden state" in page.text("#panel")
    strengths = np.array(kept["cost"]["alphas"]) * kept["hidden_states"]
    increase = kept["cost"]["increase"]
    assert page.price() == pytest.approx(np.interp(0.0, strengths, increase), abs=0.0051)
    page.alpha(2)  # the right end
    assert page.price() == pytest.approx(increase[-1], abs=0.0051)
    assert "The toy at α = 2.00: joy " in page.text(".efficiency")
    share = kept["prompts"][1]["target_mass"][-1]
    assert close_percent(page.masses()["joy"], share)
    page.set("budget", 0.1)
    right = strengths >= 0
    spends = np.interp(0.1, np.array(increase)[right], strengths[right])
    assert f"0.1 nats pay for α = {spends:.2f}" in page.text("#panel")
    page.set("reach", 0.5)
    assert page.text("#alpha-value") == "0.50"
    assert page.price() == pytest.approx(np.interp(0.5, strengths, increase), abs=0.0051)
    page.set("reach", 2)
    page.alpha(0)
    pictures = [f"[data-picture={name}] svg" for name in ("real-tokens", "real-mass", "real-price")]
    for selector in pictures:
        assert page.page.locator(selector).is_visible()
    mass = max(kept["prompts"][1]["target_mass"])
    label = page.page.locator(pictures[1]).get_attribute("aria-label")
    assert label == f"Recorded share of the target: at most {percent(mass)}."
    own = tmp_path / "recording.json"
    kept["model"] |= {"name": "mine", "caveat": None}
    kept["prompts"] = [kept["prompts"][0] | {"text": "Once upon <b>a</b> time"}]
    own.write_text(json.dumps(kept))
    page.page.locator(".drop input[type=file]").set_input_files(own)
    page.page.wait_for_selector("#panel :text('those of mine, steered')")
    caption = page.page.locator("[data-picture=real-tokens] figcaption").text_content()
    assert (
        caption == "Some wordssome words after “Once upon <b>a</b> time”"
    )  # no promise, no markup
    smallest = (ROOT / "docs" / "smallest_instance.json").read_text()
    wrong = {
        "{": "not JSON",
        "{}": "it is another JSON file",
        smallest: "it is an instance or a certificate: drop it on the page, or open it in Free play",
        '{"laws": [1], "summary": {"a": 1}}': "report.json",
        json.dumps(kept | {"alphas": [0, 1]}): "damaged",
    }
    for text, words in wrong.items():
        own.write_text(text)
        page.page.locator(".drop input[type=file]").set_input_files(own)
        page.page.wait_for_selector(f".drop .wrong:has-text('{words}')")
    assert page.complaints == []

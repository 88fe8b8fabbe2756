"""The explorer in a real browser: what each control does, against the library's own numbers."""

import json
import os
import subprocess

import numpy as np
import pytest

import theorems
import ufm
from tests.browser.conftest import COMMAND, ROOT
from tests.browser.explorer_page import Expected
from ufm.app.explorer import BREAKS, LAWS, SETS, Settings


def test_loads_with_no_console_error_and_asks_nobody_else(explorer_page):
    assert explorer_page.complaints == []
    outside = [
        url
        for url in explorer_page.requests
        if not url.startswith((explorer_page.address, "data:", "blob:"))
    ]
    assert outside == []
    assert set(explorer_page.verdicts()) == set(theorems.CLAIMS)


def test_first_view_is_the_library_s(explorer_page):
    assert explorer_page.page.url.rstrip("/") == explorer_page.address
    data = ufm.ConceptDataset.from_concept_laws(
        np.tile(np.array([4, 2, 1]) / 7, 3),
        np.tile(np.array([25, 30, 36]) / 91, 3),
        0.05,
        np.repeat(np.arange(3), 3),
    )
    instance = theorems.tables.exact.exact_instance(explorer_page.record())
    np.testing.assert_allclose(instance.probs, data.next_token_probs, rtol=1e-14)
    assert (instance.positive, instance.negative) == ((0, 1), (2, 3))
    Expected(explorer_page.record(), Settings()).compare(explorer_page)


# One after the other, on one page: control, what is done to it, the settings that must follow.
MOVES = [
    ("slider", "mass off ε", ("ArrowRight", 2), {"epsilon": 0.07}),
    ("slider", "concepts G", ("ArrowRight", 1), {"concepts": 4}),
    ("slider", "tokens s", ("ArrowRight", 2), {"size": 5}),
    ("slider", "taper", ("ArrowRight", 1), {"shrink": 1}),
    ("slider", "contexts", ("ArrowRight", 1), {"contexts": 3}),
    ("slider", "ratio in γ", ("ArrowRight", 3), {"gamma": 0.65}),
    ("slider", "ratio in ω", ("ArrowLeft", 2), {"omega": 1.1}),
    ("slider", "range of α", ("ArrowRight", 1), {"reach": 3.0}),
    ("slider", "budget κ", ("ArrowLeft", 1), {"budget": 0.2}),
    ("dropdown", "P and N", SETS["random"], {"sets": "random"}),
    ("slider", "seed", ("ArrowRight", 2), {"seed": 2}),
    ("dropdown", "P and N", SETS["contaminated"], {"sets": "contaminated"}),
    ("dropdown", "rates", LAWS["random"], {"law": "random"}),
    ("dropdown", "rates", LAWS["smoothed"], {"law": "smoothed"}),
    ("dropdown", "P and N", SETS["contrastive"], {"sets": "contrastive"}),
]


def test_each_control_changes_what_it_should(explorer_page):
    for kind, label, action, change in MOVES:
        before = explorer_page.record()
        if kind == "slider":
            explorer_page.press(label, *action)
        else:
            explorer_page.choose(label, action)
        explorer_page.shows(**change)
        after = explorer_page.record()
        is_of_the_view = set(change) <= {"reach", "budget", "context"}
        assert (after == before) == is_of_the_view, change
        if not set(change) & {
            "concepts",
            "size",
            "shrink",
        }:  # of each shape the library compiles anew
            Expected(after, explorer_page.settings).compare(explorer_page)
    assert explorer_page.complaints == []


def test_context_shown_is_the_one_chosen(open_page):
    page = open_page()
    page.choose("context shown", "1: aab")
    page.shows(context=1)
    Expected(page.record(), page.settings).compare(page)
    heading = page.page.locator("section[data-mark=tokens] .heading").inner_text()
    assert heading == "Tokens after context 1: aab"


def test_hand_picked_sets_and_what_is_wrong_with_them(open_page):
    page = open_page()
    page.choose("P and N", SETS["picked"])
    page.shows(sets="picked")
    page.type("P: contexts", "1")
    page.shows(positive=(1,))
    page.type("N: contexts", "2, 4")
    page.shows(negative=(2, 4))
    assert (page.record()["positive"], page.record()["negative"]) == ([1], [2, 4])
    Expected(page.record(), page.settings).compare(page)
    page.type("N: contexts", "1 4")
    page.page.wait_for_selector("[data-mark=wrong]")
    words = page.page.locator("[data-mark=wrong]").inner_text()
    assert (
        words
        == "These settings make no instance: positive and negative share context 1: give it to one of them"
    )
    # nothing stale is left standing
    page.page.wait_for_selector("tr[data-claim]", state="detached")
    page.type("N: contexts", "4")
    page.shows(negative=(4,))
    Expected(page.record(), page.settings).compare(page)


# What is broken: a claim that loses its hypothesis, which one, and what becomes of its conclusion.
LOST = {
    "assumption-1": ("lemma-b4.sign", "assumption-1", "true here all the same"),
    "separation": ("thm-3.3.peak-order", "separation", "false here"),
    "target-contexts": ("thm-3.6.target-increasing", "separation", "false here"),
    "assumption-2": ("ce.kl-identity", "assumption-2", "false here"),
    "non-constant-log-odds": ("thm-3.3.bump", "non-constant-log-odds", "means nothing here"),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_a_broken_hypothesis_gets_the_right_verdict(open_page, broken):
    page = open_page()
    whole = page.verdicts()
    claim, hypothesis, becomes = LOST[broken]
    assert whole[claim][0] == "holds"
    page.choose("break a hypothesis", BREAKS[broken])
    page.click_break()
    page.shows(broken=broken)
    assert page.page.locator("[data-mark=broken]").is_visible()
    verdict, anyway, seen = page.verdicts()[claim]
    assert (verdict, anyway) == ("hypotheses unmet", becomes)
    assert seen.startswith(f"{hypothesis}: ")
    assert ("False here: " in seen) == (becomes == "false here")
    if broken != "assumption-2":  # which the record cannot say
        instance = theorems.tables.exact.exact_instance(page.record())
        for other, (verdict, _, _) in page.verdicts().items():
            if theorems.CLAIMS[other].is_of_tilts and not other.startswith("assumption-2"):
                assert verdict == str(theorems.check(other, instance).verdict), other
    page.click_break()
    page.shows(broken="")
    assert page.verdicts() == whole


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?law=random&concepts=4&size=4&shrink=1&seed=7",
        "?broken=separation",
        "?broken=assumption-1",
    ],
)
def test_exported_json_certifies(open_page, tmp_path, query):
    page = open_page(query)
    with page.page.expect_download() as download:
        page.page.locator("marimo-download").get_by_text("Download instance.json").click()
    path = tmp_path / "instance.json"
    download.value.save_as(path)
    assert download.value.suggested_filename == "instance.json"
    assert json.loads(path.read_text()) == page.record()
    done = subprocess.run(
        [*COMMAND, "certify", str(path), "--json"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    certified = json.loads(done.stdout)["claims"]
    shown = page.verdicts()
    assert len(certified) > 15
    for claim in certified:
        assert shown[claim["id"]][0] == claim["verdict"], claim["id"]


def test_copy_button_copies_the_json(open_page):
    page = open_page()
    page.page.locator(".codehilite, pre").first.hover()
    page.page.locator("[data-testid=clipboard-copy-button], button[aria-label*=opy]").first.click()
    copied = page.page.evaluate("navigator.clipboard.readText()")
    assert json.loads(copied) == page.record()


def test_state_is_in_the_address_and_survives_a_reload(open_page):
    page = open_page()
    page.press("mass off ε", "ArrowRight", 3)
    page.press("tokens s", "ArrowLeft")
    page.choose("P and N", SETS["random"])
    page.click_break()
    page.shows(epsilon=0.08, size=2, sets="random", broken="separation")
    link = {"epsilon": "0.08", "size": "2", "sets": "random", "broken": "separation"}
    page.page.wait_for_function("n => new URLSearchParams(location.search).size === n", arg=4)
    assert page.query() == link
    verdicts, record, reading = page.verdicts(), page.record(), page.reading()
    page.page.reload()
    page.shows()
    assert (page.verdicts(), page.record(), page.reading()) == (verdicts, record, reading)
    other = open_page("?" + "&".join(f"{k}={v}" for k, v in link.items()))
    assert (other.verdicts(), other.record(), other.reading()) == (verdicts, record, reading)
    # what goes back to its default leaves the address
    page.click_break()
    page.shows(broken="")
    page.page.wait_for_function("n => new URLSearchParams(location.search).size === n", arg=3)


def test_a_bad_link_is_told_and_shown_with_the_defaults(open_page):
    page = open_page("?epsilon=lots&law=gamma&concepts=99")
    words = page.page.locator("[data-mark=wrong]").all_inner_texts()
    assert words == [
        "epsilon = lots in the link is not a number: shown with 0.05",
        "law = gamma in the link is none of smoothed, laws, random: shown with laws",
    ]
    page.settings = Settings(concepts=5)
    page.shows()
    assert page.complaints == []

"""The explorer in a real browser: what each control does, against the library's own verdicts."""

import json
import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import theorems
from tests.browser.conftest import COMMAND, ROOT
from tests.browser.explorer_page import PATIENCE
from theorems.tables.exact import exact_instance
from ufm.app.explorer import BREAKS, Choice, build

DOCS = Path(ROOT, "docs")


def same_as_checks(page, record) -> None:
    """Every verdict on the page is what `theorems.check` says of the instance."""
    instance, shown = exact_instance(record), page.verdicts()
    for claim, (verdict, _) in shown.items():
        assert verdict == str(theorems.check(claim, instance).verdict), claim
    assert len(shown) == sum(claim.is_of_tilts for claim in theorems.CLAIMS.values())


def test_loads_with_no_console_error_and_asks_nobody_else(explorer_page):
    assert explorer_page.complaints == []
    own = (explorer_page.address, "data:", "blob:")
    assert [url for url in explorer_page.requests if not url.startswith(own)] == []
    assert explorer_page.page.url.rstrip("/") == explorer_page.address
    same_as_checks(explorer_page, build(Choice()).record)


def test_the_first_page_needs_nothing_of_marimo_and_gives_way_to_it(chromium, address):
    page, held = chromium.new_page(), []
    # with this script marimo begins
    page.route(re.compile("/assets/index-.*[.]js"), lambda route: held.append(route))
    page.goto(f"{address}/?broken=separation", wait_until="commit")
    page.wait_for_selector("#first [data-mark=verdicts][data-final=true]", timeout=PATIENCE)
    record = build(Choice(broken="separation")).record
    peak = page.locator("[data-claim='thm-3.3.peak-order']")
    shown = theorems.check("thm-3.3.peak-order", exact_instance(record)).verdict
    assert peak.get_attribute("data-verdict") == str(shown)
    peak.locator("summary").first.click()
    assert page.locator("#root [data-claim]").count() == 0
    assert page.get_by_role("link", name="none", exact=True).get_attribute("href") == "?"
    for route in held:
        route.continue_()
    page.wait_for_selector("#first", state="detached", timeout=PATIENCE)
    assert page.locator("[data-claim][open]").evaluate_all("all => all.map(e => e.id)") == [
        "claim-thm-3.3.peak-order"  # as it was left
    ]
    page.close()


def test_what_falls_is_named_and_a_click_away(open_page):
    page = open_page("?broken=separation")
    false = {c for c, (_, anyway) in page.verdicts().items() if anyway == "false here"}
    own = [c for c in false if not c.startswith("literature.")]
    falls = page.page.locator("[data-mark=falls]")
    assert falls.inner_text().startswith(f"{len(own)} claims fall: Lemma B.4: sign, ")
    links = falls.locator("a").evaluate_all("all => all.map(e => e.hash)")
    assert sorted(links) == sorted(f"#claim-{claim}" for claim in own)


def test_another_instance_and_one_of_the_user_s(open_page, tmp_path):
    page = open_page()
    page.source("figure-5")
    same_as_checks(page, page.download("instance.json", tmp_path / "a.json"))
    page.open_file(DOCS / "smallest_table.json")
    page.page.wait_for_selector(
        "[data-mark=facts]:has-text('2 tokens, 1 of them in T; 2 contexts')"
    )
    page.page.wait_for_selector("[data-final=true]:has([data-anyway])")
    select = page.page.locator("marimo-dropdown select").first
    assert select.evaluate("e => e.selectedOptions[0].innerText") == "yours"
    record = page.download("instance.json", tmp_path / "b.json")
    assert record["next_token_probs"] == [["3/4", "1/4"], ["1/8", "7/8"]]
    page.open_file({"name": "no.json", "mimeType": "text/json", "buffer": b"[1]"})
    page.page.wait_for_selector("[data-mark=wrong]:has-text('no.json: this is no JSON object')")
    page.open_file({"name": "none.json", "mimeType": "text/json", "buffer": b"{}"})
    page.page.wait_for_selector("[data-mark=wrong]:has-text('none.json: in_concept is missing')")
    page.open_file(ROOT / "README.md")
    page.page.wait_for_selector("[data-mark=wrong]:has-text('README.md: unknown suffix')")
    words = page.page.locator("[data-mark=wrong]").inner_text()
    assert words.endswith(" The instance from before is still shown.")
    assert page.download("instance.json", tmp_path / "b.json") == record
    page.source("figure-3")
    page.page.wait_for_selector("[data-mark=wrong]", state="detached")
    assert page.complaints == []


def test_a_file_is_shown_as_it_is_and_the_browser_goes_back(open_page):
    page = open_page()
    page.break_("separation")
    page.open_file(DOCS / "smallest_table.json")
    page.page.wait_for_selector("[data-mark=facts]:has-text('2 tokens, 1 of them in T')")
    page.page.wait_for_function("() => !new URLSearchParams(location.search).has('broken')")
    assert page.page.locator("[data-mark=broken]").count() == 0
    page.page.locator(".primary div").first.and_(page.page.locator(".chosen")).wait_for()
    page.page.go_back()
    page.framed()
    page.shows(broken="separation")
    page.page.wait_for_selector("[data-mark=broken]:has-text('δ > 0')")
    page.page.go_back()
    page.framed()
    page.shows(broken="")
    assert page.page.locator("[data-mark=broken]").count() == 0
    assert page.complaints == []


def test_a_large_table_survives_a_reload(open_page, tmp_path):
    page = open_page()
    rows = np.random.default_rng(0).dirichlet(np.ones(40), 50)
    table = {
        "next_token_probs": rows.tolist(),
        "context_weights": [0.02] * 50,
        "token_concept": [0] * 20 + [1] * 20,
        "context_concept": [0] * 25 + [1] * 25,
        "positive": [*range(25)],
        "negative": [*range(25, 50)],
    }
    path = tmp_path / "table.json"
    path.write_text(json.dumps(table))
    page.open_file(path)
    page.page.wait_for_function("() => location.search.length > 65536")  # h11 refuses, unless told
    page.page.reload()
    page.page.wait_for_selector("[data-mark=facts]:has-text('40 tokens, 20 of them in T')")


def test_what_is_typed_is_judged_and_kept_in_the_link(open_page, tmp_path):
    page = open_page()
    text = (DOCS / "smallest_instance.json").read_text().replace("3/5", "0.6")
    page.edit(text)
    page.shows(own=text)
    assert page.download("instance.json", tmp_path / "a.json") == json.loads(text)
    verdicts = page.verdicts()
    page.page.reload()
    page.framed()
    page.shows()
    assert page.verdicts() == verdicts
    page.edit(text.replace("1/5", "2/5"))
    words = page.page.locator("[data-mark=wrong]")
    assert words.inner_text() == (
        "This is no instance: row 0 sums to 6/5, not 1: correct in_concept or off_concept"
    )
    page.page.wait_for_selector("[data-claim]", state="detached")  # nothing stale is left


# What is broken: a claim that loses its hypothesis, which one, and what becomes of its conclusion.
LOST = {
    "assumption-1": ("lemma-b4.sign", "assumption-1", "false here"),
    "separation": ("thm-3.3.peak-order", "separation", "false here"),
    "target-contexts": ("thm-3.6.target-increasing", "separation", "false here"),
    "assumption-2": ("ce.kl-identity", "assumption-2", "false here"),
    "non-constant-log-odds": ("thm-3.3.bump", "non-constant-log-odds", "means nothing here"),
}


def test_each_broken_hypothesis_gets_the_right_verdicts(open_page, tmp_path):
    page = open_page()
    whole = page.verdicts()
    for broken in BREAKS:
        claim, hypothesis, becomes = LOST[broken]
        assert whole[claim] == ("holds", "")
        page.break_(broken)
        page.page.wait_for_selector("[data-mark=broken]")
        assert page.verdicts()[claim] == ("hypotheses unmet", becomes)
        assert page.page.locator(f"[data-hypothesis={hypothesis}]").is_visible()
        record = page.download("instance.json", tmp_path / f"{broken}.json")
        if broken != "assumption-2":  # which the record cannot say
            same_as_checks(page, record)
    page.break_("")
    assert page.verdicts() == whole
    assert page.complaints == []


def test_a_claim_unfolds_to_its_formula_place_proof_and_command(open_page):
    page = open_page("?broken=target-contexts")
    claim = page.claim("thm-3.6.target-increasing")
    assert not claim.locator("svg.place").is_visible()
    claim.locator("summary").first.click()
    assert claim.locator("svg.place circle.mark").count() == 1
    assert "thm_3_6_target_increasing" in claim.inner_text()
    assert "ufm falsify thm-3.6.target-increasing --without separation" in claim.inner_text()
    page.page.wait_for_selector("[data-claim='thm-3.6.target-increasing'] .katex")


def test_filters_show_what_they_say(open_page):
    page = open_page("?broken=separation")
    verdicts = page.verdicts()
    page.show("false or undecided")
    problems = page.visible()
    assert problems == {c for c, (_, anyway) in verdicts.items() if anyway == "false here"}
    page.show("others’")
    assert page.visible() == {c for c in problems if c.startswith("literature.")}
    page.show("holds")
    page.show("the paper’s")
    paper = {c.id for s in theorems.STATEMENTS if s.is_of_paper for c in s.claims}
    assert page.visible() == {c for c, (v, _) in verdicts.items() if v == "holds" and c in paper}
    page.break_("")  # a filter that is set stays
    assert page.visible() == {
        c for c, (v, _) in page.verdicts().items() if v == "holds" and c in paper
    }


def test_the_playground_opens_with_the_same_instance(open_page, tmp_path):
    page = open_page("?source=random&seed=4")
    record = page.download("instance.json", tmp_path / "a.json")
    with page.page.context.expect_page() as opened:
        page.page.get_by_text("Play with it").click()
    play = opened.value
    play.wait_for_selector(".picture svg .handle")
    play.locator("details.own summary").click()
    play.get_by_role("button", name="Show it here").click()
    assert json.loads(play.locator("textarea").input_value()) == record
    play.close()


@pytest.mark.parametrize("query", ["", "?source=random&seed=7", "?broken=separation"])
def test_exported_json_certifies(open_page, tmp_path, query):
    page = open_page(query)
    path = tmp_path / "instance.json"
    page.download("instance.json", path)
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
    saved = page.download("verdicts.json", tmp_path / "verdicts.json")
    assert {c["id"]: c["verdict"] for c in saved["claims"]} == {c: v for c, (v, _) in shown.items()}


def test_state_is_in_the_address_and_survives_a_reload(open_page):
    page = open_page()
    page.source("figure-5")
    page.break_("separation")
    link = {"source": "figure-5", "broken": "separation"}
    page.page.wait_for_function("n => new URLSearchParams(location.search).size === n", arg=2)
    assert page.query() == link
    verdicts = page.verdicts()
    page.page.reload()
    page.framed()
    page.shows()
    assert page.verdicts() == verdicts
    page.break_("")  # what goes back to its default leaves the address
    page.page.wait_for_function("n => new URLSearchParams(location.search).size === n", arg=1)


def test_a_bad_link_is_told_and_shown_with_the_defaults(open_page):
    page = open_page("?seed=lots&source=figure-4")
    words = page.page.locator("[data-mark=wrong]").all_inner_texts()
    assert words == ["seed = lots in the link is none of 0 to 999: left out"]
    page.shows(source="figure-4")
    assert page.complaints == []

"""The graph of Coq items on the site: pointer, keys, a finger and a search all say which item it is."""

import sys

import pytest

from tests.browser.conftest import ROOT

sys.path.insert(0, str(ROOT / "docs" / "_ext"))

import coq_drawing


def item(name, *uses):
    says = f"Lemma {name.split('.')[1]} : 0 < 1."
    return coq_drawing.Node(name, "lemma", "lemma, proved", f"#{name}", uses, says)


FILES = {
    "Low": [item("Low.first"), item("Low.second", "Low.first")],
    "High": [item("High.third", "Low.second"), item("High.fourth", "Low.first", "High.third")],
}


@pytest.fixture
def graph(chromium, tmp_path):
    script = (ROOT / "docs" / "_static" / "coq_graph.js").read_text()
    styles = (ROOT / "docs" / "_static" / "site.css").read_text()
    framed = coq_drawing.framed(coq_drawing.draw(FILES))
    (tmp_path / "graph.html").write_text(
        f"<!doctype html><meta charset=utf-8><style>{styles}</style>{framed}<script>{script}</script>"
    )
    page = chromium.new_page()
    page.goto((tmp_path / "graph.html").as_uri())
    yield page
    page.close()


def said(page):
    return page.locator("#coq-under").inner_text()


def classes(page, name):
    return {
        node.get_attribute("aria-label").split(": ")[0]
        for node in page.locator(f".coq-graph a.{name}").all()
    }


def test_what_is_under_the_pointer_is_named_with_what_it_says_and_a_link(graph):
    graph.locator(".coq-graph a").nth(2).hover()
    graph.wait_for_selector("#coq-under a")
    assert "High.third: lemma, proved, in High.v; uses 1, used by 1" in said(graph)
    assert "Lemma third : 0 < 1." in said(graph)
    assert graph.locator("#coq-under a").get_attribute("href") == "#High.third"
    assert (classes(graph, "used"), classes(graph, "user")) == ({"Low.second"}, {"High.fourth"})


def test_the_graph_is_one_stop_of_tab_and_the_arrows_go_on_from_it(graph):
    graph.locator("#coq-find").focus()
    graph.keyboard.press("Tab")
    assert said(graph).startswith("Low.first:")
    for key, name in (
        ("ArrowRight", "Low.second"),
        ("ArrowDown", "High.fourth"),
        ("ArrowLeft", "High.third"),
        ("ArrowUp", "Low.first"),
        ("End", "High.fourth"),
        ("Home", "Low.first"),
    ):
        graph.keyboard.press(key)
        assert said(graph).startswith(f"{name}:"), key
    graph.keyboard.press("Enter")
    assert graph.url.endswith("#Low.first")
    assert graph.locator('.coq-graph a[tabindex="0"]').count() == 1


def test_items_are_found_by_a_part_of_their_name(graph):
    graph.locator("#coq-find").fill("THIR")
    assert said(graph) == "1 of 4 items: High.third"
    assert classes(graph, "found") == {"High.third"}
    graph.locator("#coq-find").fill("")
    assert classes(graph, "found") == set()


def test_the_first_tap_of_a_finger_shows_and_the_second_follows(graph):
    square = graph.locator(".coq-graph a").nth(1)
    tap = "node => { for (const kind of ['pointerdown', 'click']) node.dispatchEvent("
    tap += "new PointerEvent(kind, {bubbles: true, cancelable: true, pointerType: 'touch'})) }"
    square.evaluate(tap)
    assert said(graph).startswith("Low.second:")
    assert not graph.url.endswith("#Low.second")
    square.evaluate(tap)
    assert graph.url.endswith("#Low.second")

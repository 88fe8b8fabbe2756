"""Sentences with plain formulas, as they are set on the explorer's page."""

import re
from html import unescape
from html.parser import HTMLParser

import pytest

import theorems
from ufm.app.explorer._mathematics import set_words

CASES = [
    ("M(z) > 0 if z is in T", "<i>M</i>(<i>z</i>) &gt; 0 if <i>z</i> is in <i>T</i>"),
    ("p_{j,α}(z) <= e^{-|α|R}", "<i>p</i><sub><i>j</i>,<i>α</i></sub>(<i>z</i>) ≤ "
     "<i>e</i><sup>−|<i>α</i>|<i>R</i></sup>"),
    ("outside Mtop, a token", "outside <i>M</i><sub>top</sub>, a token"),
    ("with a and b from a law", "with <i>a</i> and <i>b</i> from a law"),
    ("δ = min_T M - max_{not T} M", "<i>δ</i> = min<sub><i>T</i></sub> <i>M</i> − "
     "max<sub>not <i>T</i></sub> <i>M</i>"),
    ("the log-odds, the mean of Lemma B.4", "the log-odds, the mean of Lemma B.4"),
    ("within 1e-4 nats", "within 10<sup>−4</sup> nats"),
    ("α² R_2 M₂ R̄", "<i>α</i><sup>2</sup> <i>R</i><sub>2</sub> <i>M</i><sub>2</sub> <i>R̄</i>"),
    ("z' and the model's law", "<i>z</i><sup>′</sup> and the model’s law"),
    ("ΔCE, 1-α, G-1", "ΔCE, 1−<i>α</i>, <i>G</i>−1"),
    ("<b>& so", "&lt;b&gt;&amp; so"),
]  # fmt: skip


def without_spans(html: str) -> str:
    return re.sub(r'<span class="m">|</span>', "", html)


@pytest.mark.parametrize(("plain", "html"), CASES)
def test_a_formula_is_set(plain, html):
    assert without_spans(set_words(plain)) == html


@pytest.mark.parametrize(
    ("plain", "formulas"),
    [
        ("|F'| <= R/4: h more", ["|F′| ≤ R/4: h"]),
        ("in [δ/4, R/4].", ["[δ/4, R/4]"]),
        ("0 ≤ r and ((1-p)/p) e^{-αg}, with p", ["0 ≤ r", "((1−p)/p) e−αg", "p"]),
        ("rises from 0.2 to 0.4", []),
    ],
)
def test_a_formula_is_whole(plain, formulas):
    spans = re.findall(r'<span class="m">(.*?)</span>', set_words(plain))
    assert [unescape(re.sub("<.*?>", "", span)) for span in spans] == formulas


class Tags(HTMLParser):
    """Whether each tag is closed, innermost first."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_nothing_of_the_claims_is_left_as_it_is_typed_or_lost():
    claims = theorems.CLAIMS.values()
    texts = [text for c in claims for text in (c.text, *(h.text for h in c.hypotheses))]
    for text in texts:
        html = set_words(text)
        tags = Tags()
        tags.feed(html)
        assert not tags.open, text
        plain = unescape(re.sub("<.*?>", "", html))
        assert not re.search(r"_\{|\^|<=|>=|->|[A-Za-zα-ω]_[A-Za-z]", plain), plain
        assert "Mtop" not in html
        assert "Mbot" not in html
        # every word is still there, in its order
        words = iter(re.findall(r"[a-z]{4,}", re.sub("<.*?>", " ", html)))
        assert all(word in words for word in re.findall(r"[a-z]{4,}", text)), text

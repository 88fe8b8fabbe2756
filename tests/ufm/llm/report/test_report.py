"""The report on a language model: what is written, what is escaped, what is refused."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import ufm.llm
from tests.ufm.llm.report import killed_report
from ufm._visible import drawable, quoted, visible
from ufm.app.printing.laws import print_laws
from ufm.llm.decoder.source import Source
from ufm.llm.report.figures import as_bytes, draw_figures
from ufm.llm.report.inputs import read_sides, read_token_set
from ufm.llm.report.page import page
from ufm.llm.report.recording import FORMAT, recording

EVIL = "<script>alert(1)</script>\x1b[31m\u202e$x^2$\u0007\ud7ff&\"'"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A report on a tiny model, and the folder of its runs."""
    folder = tmp_path_factory.mktemp("report")
    return killed_report.run(folder / "runs", folder / "text.txt"), folder


def test_the_laws_of_a_tiny_model(whole):
    report, _ = whole
    assert [law.id for law in report.laws] == [
        "bumps",
        "tanh",
        "quadratic",
        "plateau",
        "log-odds",
        "hump",
    ]
    bumps, tanh, quadratic, plateau, odds, _ = report.laws
    counts = bumps.evidence["exact"]
    ends = [np.unique(row).size for row in report.curves.tokens]
    assert sum(counts.values()) == bumps.evidence["curves"] == sum(ends)
    # the same count from differences of the curves, which know nothing of the derivative
    shares = []
    for row, values in zip(report.curves.tokens, report.curves.increase, strict=True):
        once = np.unique(row, return_index=True)[1]
        signs = np.sign(np.diff(values[:, once], axis=0))
        turns = (np.diff(signs, axis=0) != 0).sum(axis=0)
        shares.append(float(np.mean((turns == 1) & (signs[0] > 0))))
    # peaks between the outermost strengths are seen by one of the two alone
    np.testing.assert_allclose(shares, bumps.evidence["share_by_prompt"], atol=2 / 40)
    # the vector is added after the last block, where the circle tells how the curves end
    circle = bumps.evidence["circle"]
    assert sum(circle["shapes"].values()) == sum(circle["ends"].values()) == sum(ends)
    assert "over all strengths from -∞ to ∞" in bumps.why
    assert tanh.evidence["fits"][0]["r_squared"] <= 1
    # differences of the measured curve against the exact derivatives at 0
    found = quadratic.evidence
    assert found["measured_linear"] == pytest.approx(found["linear"], rel=1e-2)
    assert found["measured_quadratic"] == pytest.approx(found["quadratic"], rel=0.1)
    assert plateau.verdict == "holds"
    assert plateau.number == pytest.approx(-1, abs=0.05)
    assert odds.verdict == "holds"
    assert report.fails == any(law.verdict == "fails" for law in report.laws)


def test_the_recording_holds_the_curves_to_four_digits(whole):
    report, _ = whole
    found = json.loads(json.dumps(recording(report), allow_nan=False))
    curves, alphas = report.curves, np.array(found["alphas"])
    assert found["format"] == FORMAT
    np.testing.assert_allclose(alphas, curves.alphas, rtol=5e-4)  # 64 of them: all are kept
    steering = report.facts["steering"]
    assert found["hidden_states"] == pytest.approx(
        steering["norm"] / steering["median_hidden_norm"], rel=5e-4
    )
    assert [prompt["text"] for prompt in found["prompts"]] == list(report.contexts)
    for j, prompt in enumerate(found["prompts"]):
        np.testing.assert_allclose(prompt["nats"], curves.forward_kl[j], rtol=5e-4, atol=1e-9)
        np.testing.assert_allclose(prompt["target_mass"], curves.concept_mass[j], rtol=5e-4)
        law = curves.unsteered[j] + curves.increase[j]
        names = [report.names[int(z)] for z in curves.tokens[j]]
        assert len(prompt["tokens"]) == 8
        for token in prompt["tokens"]:
            column = names.index(token["text"])
            np.testing.assert_allclose(token["probability"], law[:, column], rtol=5e-4, atol=1e-9)
            assert token["in_target"] == bool(report.concept[curves.tokens[j, column]])
        # no token that is left out of the others is likelier anywhere than one that is shown
        shown = [token["text"] for token in prompt["tokens"]]
        least = min(
            max(token["probability"]) for token in prompt["tokens"] if not token["in_target"]
        )
        for column, name in enumerate(names):
            if name not in shown and not report.concept[curves.tokens[j, column]]:
                assert law[:, column].max() <= least * 1.001
    np.testing.assert_allclose(
        found["cost"]["increase"], report.wide_cost.increase, rtol=5e-4, atol=1e-9
    )


def test_a_recording_without_a_concept_or_a_text(whole):
    bare = replace(
        whole[0],
        concept=None,
        wide_cost=None,
        curves=replace(whole[0].curves, concept_mass=None),
        facts=whole[0].facts | {"concept_tokens": None},
    )
    found = recording(bare)
    assert (found["cost"], found["target_tokens"]) == (None, None)
    assert found["prompts"][0]["target_mass"] is None
    assert not any(token["in_target"] for token in found["prompts"][0]["tokens"])


def test_killed_and_resumed_it_gives_the_same_report(whole, tmp_path):
    report, folder = whole
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "tests.ufm.llm.report.killed_report",
            tmp_path / "runs",
            tmp_path / "text.txt",
        ],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.getcwd()},
        text=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("token curves"):
            break
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    done = list((tmp_path / "runs" / "curves" / "parts").glob("prompt*"))
    assert done
    assert not (tmp_path / "runs" / "slopes" / "results.json").exists()
    again = killed_report.run(tmp_path / "runs", tmp_path / "text.txt")
    assert json.dumps(again.as_json()) == json.dumps(report.as_json())
    runs = [
        {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*.*"))}
        for place in (folder / "runs", tmp_path / "runs")
    ]
    assert runs[0] == runs[1]
    assert len(runs[0]) > 20


def test_log_odds_are_differences_of_mean_log_probabilities(whole):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    tokenizer = ufm.llm.load_tokenizer("tests/data/llm/gpt2")
    means = []
    for texts in (killed_report.POSITIVE, killed_report.NEGATIVE):
        logits = np.stack([np.asarray(model.logits(tokenizer.encode(text))) for text in texts])
        means.append((logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).mean(axis=0))
    np.testing.assert_allclose(whole[0].agreement.log_odds, means[0] - means[1], atol=1e-12)


def test_what_any_intervention_could_buy_is_in_the_report(whole, capsys):
    report = whole[0]
    found, facts = report.ceiling, report.facts["ceiling"]
    curves, k = (
        report.curves,
        int(np.argmin(np.abs(report.curves.alphas - report.ceiling.alphas[3]))),
    )
    before = curves.concept_derivatives[:, 0]
    most = ufm.mass_ceiling(before, np.full(6, 1 / 6), curves.forward_kl[:, k].mean())
    assert found.ceiling[3] == pytest.approx(most.mass, rel=1e-12)
    gained = curves.concept_mass[:, k].mean() - before.mean()
    assert found.efficiency[3] == pytest.approx(gained / most.gain, rel=1e-9)
    assert facts["best"]["efficiency"] == found.efficiency.max() < 1
    drawn = draw_figures(report)
    assert list(drawn)[2] == "ceiling"
    assert f"<td>{100 * found.efficiency.max():.1f} %</td>" in page(report, {})
    print_laws(report, Path("out"), Console(width=400))
    assert f"most, {found.efficiency.max():.1%} at α =" in capsys.readouterr().out
    assert "What any intervention could buy" not in page(
        replace(report, facts={**report.facts, "ceiling": None}), {}
    )


def test_what_is_printed_cannot_act_on_a_terminal(whole, capsys):
    laws = tuple(replace(law, why=EVIL, title=f"[bold]{EVIL}") for law in whole[0].laws)
    print_laws(replace(whole[0], laws=laws), Path("a\x1b[2Jb"), Console(width=400))
    out = capsys.readouterr().out
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", out)
    assert "[bold]<script>" in out
    assert r"report: a\x1b[2Jb/index.html" in out


def test_a_rounded_model_is_named_with_its_numbers(whole, capsys):
    report = whole[0]
    assert report.facts["model"]["caveat"] is report.facts["model"]["rounding"] is None
    source = Source("small", rounding="Q4_1, Q8_0")
    found = {**report.facts["model"], "name": "small", "caveat": source.caveat}
    rounded = replace(report, facts={**report.facts, "model": found})
    words = "rounded to 4 bits (GGUF types Q4_1, Q8_0): these are the numbers of the rounded model"
    assert words in page(rounded, {})
    print_laws(rounded, Path("out"), Console(width=400))
    assert f"small: the published weights {words}" in capsys.readouterr().out
    assert words not in page(report, {})


class Elements(HTMLParser):
    """Names of all elements, addresses, and the text of a page."""

    def __init__(self):
        super().__init__()
        self.names: set[str] = set()
        self.addresses: list[str] = []
        self.words: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        found = dict(attrs)
        self.addresses += [
            found[k] or "" for k in ("src", "href", "srcset", "action") if k in found
        ]
        assert not any(key.startswith("on") for key in found)

    def handle_data(self, data):
        self.words.append(data)


def poisoned(report):
    """The report, with markup and control characters in every text that comes from outside."""
    facts = json.loads(json.dumps(report.as_json()))
    facts["model"]["name"] = facts["model"]["revision"] = EVIL
    for group in facts["tokens"].values():
        for token in group:
            token["text"] = visible(EVIL)
    names = {z: EVIL for z in report.names}
    return replace(report, facts=facts, names=names, contexts=(EVIL,) * len(report.contexts))


def test_no_text_can_act_in_the_page(whole):
    text = page(poisoned(whole[0]), {"plateau": b"\x89PNG"})
    parser = Elements()
    parser.feed(text)
    assert "script" not in parser.names
    # style is our own; nothing else than these stands in the page
    page_ = {"html", "head", "meta", "title", "style", "body"}
    tables = {"div", "table", "thead", "tbody", "tr", "th", "td", "code"}
    rest = {"h1", "h2", "h3", "p", "section", "span", "figure", "img", "figcaption"}
    assert parser.names <= page_ | tables | rest
    assert parser.addresses
    assert all(address.startswith("data:image/png;base64,") for address in parser.addresses)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert "default-src 'none'" in text
    # it is shown, not dropped
    assert "".join(parser.words).count("<script>alert(1)</script>") > 3
    assert r"\x1b[31m\u202e" in "".join(parser.words)
    # the check can fail: unescaped, the same text is an element
    parser.feed(EVIL)
    assert "script" in parser.names


def test_pictures_of_any_text_are_drawn_and_the_same_twice(whole):
    # warnings are errors here: a glyph that the font has not would raise
    first, second = (
        as_bytes(draw_figures(poisoned(whole[0]))["token-curves"], "svg") for _ in range(2)
    )
    assert first == second
    assert b"<script" not in first


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a b", "a b"),
        ("\n\t\x00", r"\n\t\x00"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eabc\u2066", r"\u202eabc\u2066"),
        ("\u2028\u200b\ufeff", r"\u2028\u200b\ufeff"),
        ("back\\slash", r"back\\slash"),
        ("λ 日本 é", "λ 日本 é"),
        ("\u00a0\u3000", r"\xa0\u3000"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud800", r"\ud800"),
    ],
)
def test_what_is_not_seen_is_shown(text, shown):
    assert visible(text) == shown
    visible(text).encode("utf-8")


def test_names_are_cut_and_drawn_in_the_font():
    assert quoted(" the") == "“ the”"
    assert len(quoted("x" * 99)) == 26
    assert drawable("a日", frozenset(b"abc")) == "a\\u65e5"


def test_both_sides_from_the_official_formats(tmp_path):
    lines = [
        '{"concept": "joy", "kind": "positive", "text": "hooray"}',
        '{"concept": "joy", "kind": "negative", "text": "alas"}',
    ]
    both, other, many = (tmp_path / name for name in ("both.jsonl", "other.jsonl", "many.jsonl"))
    both.write_text("\n".join(lines))
    assert read_sides(both, both) == (("hooray",), ("alas",))
    other.write_text('{"sad": ["oh", "no"]}\n{"joy": ["yes"]}')
    assert read_sides(both, other) == (("hooray",), ("oh", "no"))
    many.write_text('{"sad": ["oh"]}\n{"joy": ["yes"]}\n{"negative": ["hm"]}')
    with pytest.raises(ValueError, match="holds the concepts joy, sad"):
        read_sides(many, many)
    assert read_sides(many, many, "joy") == (("yes",), ("hm",))


def test_token_sets_from_texts_numbers_and_a_rule(tmp_path):
    tokenizer = ufm.llm.load_tokenizer("tests/data/llm/gpt2")
    path = tmp_path / "tokens.json"
    for content in ('["A", 57]', '{"regex": "[AB]"}', '{"rule": "two", "tokens": [56, "B"]}'):
        path.write_text(content)
        assert np.flatnonzero(read_token_set(path, tokenizer, 64)).tolist() == [56, 57]


@pytest.fixture(scope="module")
def after_the_norm(tmp_path_factory):
    """The same report, steered where the model is an exponential tilt, in nats."""
    folder = tmp_path_factory.mktemp("post-norm")
    how = {"site": "post-norm", "unit": "nats", "alphas": np.linspace(-2, 2, 64)}
    return killed_report.run(folder / "runs", folder / "text.txt", **how)


def test_at_the_post_norm_site_the_model_is_the_tilt_and_the_laws_hold(after_the_norm):
    report = after_the_norm
    bumps, tanh, quadratic, plateau, odds, hump = report.laws
    assert (bumps.verdict, bumps.unmet) == ("holds", None)
    shapes = bumps.evidence["exact"]
    assert (shapes["dip"], shapes["several"]) == (0, 0)
    assert (odds.verdict, odds.unmet) == ("holds", None)
    assert odds.number == pytest.approx(1, abs=0.01)
    assert (plateau.verdict, plateau.number) == ("hypotheses unmet", None)
    assert "takes all" in str(plateau.unmet)
    assert hump.unmet == "no theorem says that the mass is a hump"
    # the random model separates nothing; its cross-entropy is not least at 0
    assert "δ = min M inside" in str(tanh.unmet)
    assert tanh.verdict != "fails"
    assert "Assumption 2" in str(quadratic.unmet)
    assert not report.fails
    # the range is in nats
    facts = report.facts["range"]
    assert facts["unit"] == "nats"
    np.testing.assert_allclose(facts["nats_at_ends"], 2, rtol=0.2)
    # the tilt itself, which knows nothing of the model's programs for steering
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    tokenizer = ufm.llm.load_tokenizer("tests/data/llm/gpt2")
    p, n = (
        np.asarray(ufm.llm.features(model, list(map(tokenizer.encode, texts))).embeddings).mean(
            axis=0
        )
        for texts in (killed_report.POSITIVE, killed_report.NEGATIVE)
    )
    v = (p - n) / np.linalg.norm(p - n)
    logits = np.asarray(model.logits(tokenizer.encode(report.contexts[0])))
    tilted = logits + report.curves.alphas[:, None] * (np.asarray(model.unembedding) @ v)[None]
    p_alpha = np.exp(tilted - np.log(np.exp(tilted).sum(axis=1, keepdims=True)))
    p_0 = np.exp(logits - np.log(np.exp(logits).sum()))
    tokens = report.curves.tokens[0]
    np.testing.assert_allclose(
        report.curves.increase[0], (p_alpha - p_0)[:, tokens], rtol=0, atol=3e-13
    )


def test_before_the_norm_what_fails_has_unmet_hypotheses(whole):
    report = whole[0]
    assert report.laws[3].unmet is None
    for law in report.laws[:3]:
        assert "exponential tilt" in str(law.unmet)
        assert law.verdict != "fails"
    text = page(report, {})
    for row in report.protocols:
        assert f"<tr><td>{row.name}</td>" in text
    assert [row.name for row in report.protocols] == [
        "the paper",
        "by eye",
        "exact signs",
    ]
    assert [row.tokens for row in report.protocols] == ["8 of α > 0", "20 a side", "20 a side"]
    # the paper's α are multiples of the vector as measured; the report's vector has length 1
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    encode = ufm.llm.load_tokenizer("tests/data/llm/gpt2").encode
    texts = killed_report.POSITIVE, killed_report.NEGATIVE
    sides = ([encode(x) for x in side] for side in texts)
    (measured,) = ufm.llm.steering_vectors(model, *sides, [1])
    paper = report.protocols[0]
    assert (paper.least, paper.largest) == pytest.approx(
        (-200 * measured.norm, 200 * measured.norm)
    )


def test_the_verdict_on_log_odds_does_not_depend_on_layer_or_range(whole, tmp_path):
    """The last block's own hidden states set its strength."""
    how = {"layer": 0, "alphas": np.linspace(-0.5, 0.5, 16), "concept": None}
    other = killed_report.run(tmp_path / "runs", tmp_path / "text.txt", **how)
    first, second = whole[0].laws[4], other.laws[4]
    assert (first.verdict, first.number, first.why) == (second.verdict, second.number, second.why)

"""`ufm strength`: what it prints, what it refuses, and with which exit status."""

import json
import math
import re
import shutil
from types import SimpleNamespace
from typing import get_args, get_type_hints

import numpy as np
import pytest
from rich.console import Console

import ufm.llm
from tests.command_line import refused, run
from ufm._visible import visible
from ufm.app.commands.strength import Strength, _of_block
from ufm.app.printing.snippets import how_to_apply
from ufm.app.printing.strength.answer import around, where_added
from ufm.app.printing.strength.cautions import cautions
from ufm.app.printing.strength.grounds import mass_after_prompts, search, sweet_spots
from ufm.llm.checkpoint.weights import SafetensorFiles
from ufm.llm.decoder import model as _model
from ufm.llm.measure.budgets import BUDGETS
from ufm.llm.strength.parabola import Parabola
from ufm.llm.strength.prompt_mass import PromptMass
from ufm.llm.strength.report import AROUND
from ufm.numerics.bracket import Bracket

MODEL = "tests/data/llm/gpt2"
PROMPTS = [
    {"concept": "x", "kind": "positive", "text": "the A of B"},
    {"concept": "x", "kind": "positive", "text": "A and C in B"},
    {"concept": "x", "kind": "negative", "text": "the cat of all"},
    {"concept": "x", "kind": "negative", "text": "they were on it"},
]
TEXT = (
    "the A of B is in it that was he\nfor on are as with his they at be this\nand all of them " * 2
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "ufm.app.commands.strength.LEAST_TOKENS", 4
    )  # tests read little, to be fast
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, PROMPTS)))
    (tmp_path / "p.txt").write_text("the A of B\nA and C in B\n")
    (tmp_path / "n.txt").write_text("the cat of all\nthey were on it\n")
    (tmp_path / "three.txt").write_text("the cat of all\nthey were on it\nA of it\n")
    (tmp_path / "long.txt").write_text("the " * 40)
    (tmp_path / "bad.jsonl").write_text('{"text": "a"}\n{"text": "b"')
    (tmp_path / "negative.jsonl").write_text(json.dumps(PROMPTS[2]))
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "text.txt").write_text(TEXT)
    (tmp_path / "tokens.txt").write_text("A\nB\n")
    (tmp_path / "capitals.json").write_text('{"regex": " ?[A-Z]"}')
    (tmp_path / "odd.txt").write_text("A\nAB\n")
    return tmp_path


def arguments(files, *more, positive="p.jsonl", negative="p.jsonl", text="text.txt", model=MODEL):
    given = [model, "--positive", files / positive, "--negative", files / negative]
    given += [] if text is None else ["--text", files / text]
    return [*given, "--length", 8, "--new-tokens", 17, *more]


REACHED = ("--kind", "forward_kl", "--budget", 0.05, "--dtype", "float64", "--layer", 0)
REACHED = (*REACHED, "--digits", 17)


def test_the_strength_and_all_that_is_said_of_it(monkeypatch, capsys, files):
    """Each number against the library's own parts, put together by hand."""
    resampled = ("--resamples", 50, "--halves", 1)
    asked = arguments(files, *REACHED, *resampled, "--tokens", files / "capitals.json", "--json")
    status, out, err = run(monkeypatch, capsys, "strength", *asked)
    assert (status, err) == (0, "")
    data = json.loads(out)
    assert data["rounding"] is None
    (found,) = data["blocks"]
    model = ufm.llm.load(MODEL, "float64")
    tokenizer = ufm.llm.load_tokenizer(MODEL)
    texts = {k: [x["text"] for x in PROMPTS if x["kind"] == k] for k in ("positive", "negative")}
    p, n = ([tokenizer.encode(x) for x in texts[kind]] for kind in ("positive", "negative"))
    (vector,) = ufm.llm.steering_vectors(model, p, n, [0], normalise=True)
    windows = list(ufm.llm.windows(tokenizer, files / "text.txt", 8))
    steering = ufm.llm.Steering.of(vector)
    spend = ufm.llm.TextSpend(model, windows[::2], steering, length=8)
    choice = ufm.llm.choose_strength(
        spend, budget=0.05, kind="forward_kl", hidden_norm=vector.hidden_norm
    )
    alpha = found["alpha"]
    assert alpha == choice.alpha
    assert alpha in found["bracket"]
    assert found["relative"] == pytest.approx(vector.relative(alpha), rel=1e-12)
    assert found["spent"]["forward_kl"] == pytest.approx(0.05, rel=1e-12)
    assert found["predicted"] == choice.predicted
    held_out = ufm.llm.TextSpend(model, windows[1::2], steering, length=8)
    want = held_out.at([alpha])[0]
    assert found["held_out"]["cross_entropy"] == pytest.approx(want[0], rel=1e-9)
    assert found["held_out_tokens"] == sum(len(row) - 1 for row in windows[1::2])
    capital = np.arange(64) >= 56
    assert data["target_tokens"] == 8
    assert found["efficiency"] == pytest.approx(efficiency(model, windows[1::2], found, capital))
    how = dict(vector=vector.values, layer=0)
    was, now = (masses(model, windows[1::2], capital, a, **how) for a in (0.0, alpha))
    moved = was * np.log(was / now) + (1 - was) * np.log((1 - was) / (1 - now))
    assert found["on_target"] == pytest.approx(moved.mean() / want[1], rel=1e-8)
    assert found["on_target"] < 1
    after = [np.asarray(model.logits(row, alpha, **how)) for row in n]
    mass = np.mean([np.exp(x)[capital].sum() / np.exp(x).sum() for x in after])
    assert found["prompt_target_mass"][1] == pytest.approx(mass, rel=1e-12)
    apart = [local_inseparability(model, row, how, capital) for row in n]
    assert found["inseparability"] == pytest.approx(apart, rel=1e-5)
    assert found["zero_is_unsteered"] is True
    strengths = sorted({text["alpha"] for text in found["continuations"]}, key=abs)
    assert strengths == [0.0, alpha / 2, alpha, 2 * alpha]
    for text in found["continuations"]:
        verdict = ufm.llm.find_loop(text["tokens"])
        assert (text["verdict"], text["period"]) == (verdict.verdict, verdict.period)
        if text["alpha"] == 2 * alpha:
            first = model.logits(n[text["prompt"]], 2 * alpha, **how).argmax()
            assert text["tokens"][0] == first
    spread = found["spread"]
    assert (spread["resamples"], spread["prompts"], spread["halves"]) == (50, [2, 2], 1)
    for name, value in (("alpha", alpha), ("price", want[1]), ("mass", mass)):
        assert spread[name]["low"] < value < spread[name]["high"]
    assert spread["prompts_to_halve"] == [8, 8]
    assert set(spread["halves_error"]) == {"alpha", "price", "mass"}
    assert found["guarantee"] is None
    windows_found = found["sweet_spots"]["windows"]
    assert len(windows_found) == 2
    assert found["sweet_spots"]["chosen_serves"] == sum(
        w is not None and w[0] <= alpha <= w[1] for w in windows_found
    )
    print_it(monkeypatch, capsys, files, found)


def test_at_the_post_norm_site_the_error_of_m_leaves_room_in_the_budget(monkeypatch, capsys, files):
    how = ("--site", "post-norm", "--kind", "forward_kl", "--budget", 0.05, "--dtype", "float64")
    status, out, _ = run(monkeypatch, capsys, "strength", *arguments(files, *how, "--json"))
    (found,) = json.loads(out)["blocks"]
    assert status == 0
    assert found["guarantee"]["error"] > 0
    assert 0 < found["guarantee"]["alpha"] < found["alpha"]
    _, page, _ = run(monkeypatch, capsys, "strength", *arguments(files, *how))
    assert f"M is known within η = {found['guarantee']['error']:.4g} a unit of α" in page
    assert "8 and 8 prompts would halve that if" in page
    asked = arguments(files, *how, "--resamples", 0)
    _, page, _ = run(monkeypatch, capsys, "strength", *asked)
    assert "other prompts" not in page
    assert "M is known" not in page


def local_inseparability(model, row, how, target):
    """Var(M | not T) / Var(M), M the slopes of the logits at α = 0 by differences."""
    step = 1e-5
    high, low = (np.asarray(model.logits(row, a, **how), float) for a in (step, -step))
    slopes, logits = (high - low) / (2 * step), np.asarray(model.logits(row), float)
    p = np.exp(logits - logits.max())

    def variance(weights):
        share = weights / weights.sum()
        return share @ (slopes - share @ slopes) ** 2

    return variance(np.where(target, 0, p)) / variance(p)


def masses(model, windows, target, alpha=0.0, **how):
    """The target's mass before each token of the text, from the model's logits."""
    steered = [np.asarray(model.all_logits(row, alpha, **how))[: len(row) - 1] for row in windows]
    logits = np.concatenate(steered)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    return p[:, target].sum(axis=1) / p.sum(axis=1)


def efficiency(model, windows, found, target):
    """The mass gained on the held-out text over the ceiling's gain at its KL."""
    before = masses(model, windows, target)
    ceiling = ufm.mass_ceiling(
        before, np.full(before.size, 1 / before.size), found["held_out"]["forward_kl"]
    )
    gained = found["held_out"]["target_mass"] - before.mean()
    assert abs(gained) < ceiling.gain
    return gained / ceiling.gain


def test_one_window_leaves_nothing_held_out(monkeypatch, capsys, files):
    asked = arguments(files, *REACHED, "--text-tokens", 7, "--samples", 1, "--json")
    status, out, _ = run(monkeypatch, capsys, "strength", *asked)
    (found,) = json.loads(out)["blocks"]
    assert (status, found["reachable"], found["held_out_tokens"]) == (0, True, 0)
    assert found["efficiency"] is None  # no target
    assert {*found["held_out"].values(), *found["held_out_error"].values()} == {None}
    assert found["spent"]["forward_kl"] == pytest.approx(0.05, rel=1e-12)


def test_a_text_of_two_tokens_is_refused(monkeypatch, capsys, files):
    (files / "two.txt").write_text("the A")
    message = (
        f"α would be chosen on 1 of the tokens of {files / 'two.txt'}, and at least 4 are needed"
    )
    refused(monkeypatch, capsys, message, "strength", *arguments(files, text="two.txt"))


def print_it(monkeypatch, capsys, files, found):
    """The page says the same; the strengths of other prompt files and temperatures are refused nothing.

    Of a model whose weights are said to be rounded, it says that first.
    """
    monkeypatch.setattr(SafetensorFiles, "rounding", "Q4_1, Q8_0")
    more = ("--tokens", files / "tokens.txt", "--samples", 1, "--temperature", 0.5)
    asked = arguments(files, *REACHED, *more, positive="p.txt", negative="n.txt")
    status, out, err = run(monkeypatch, capsys, "strength", *asked)
    assert (status, err) == (0, "")
    assert out.startswith(f"Use α = {found['alpha']:.4g} after block 0 (")
    assert "WARNING: texts of 17 tokens are too short to judge" in out
    assert "α = 0 is the unsteered model, bit for bit" in out
    assert "KL(p0||pα), nats a token *" in out
    assert "target: 2 of 64 tokens" in out
    for name in (r"efficiency at KL\(p0\|\|pα\)", "share of that KL on the target"):
        assert re.search(rf"^{name} +-?\d+\.\d% *$", out, re.MULTILINE)
    assert "rounded to 4 bits (GGUF types Q4_1, Q8_0): these are the numbers of the rounded" in out
    for name in ("α = 0  ", "α/2 = ", "α = ", "2α = "):
        assert name in out
    assert not re.search(r"[1-9]\.\d{5}|0\.0*[1-9]\d{5}", out)  # five significant digits


def saved(monkeypatch, capsys, files, *more):
    """A run that saves its vector and its texts: the page, and what the report says."""
    asked = [*REACHED, "--new-tokens", 6, "--samples", 2, *more]
    status, out, _ = run(monkeypatch, capsys, "strength", *arguments(files, *asked))
    assert status == 0
    status, data, _ = run(monkeypatch, capsys, "strength", *arguments(files, *asked, "--json"))
    assert status == 0
    return out, json.loads(data)["blocks"][0]


def test_the_vector_is_saved_with_its_strength_and_all_texts(monkeypatch, capsys, files):
    path, texts = files / "v.safetensors", files / "texts.txt"
    out, found = saved(monkeypatch, capsys, files, "--save", path, "--texts", texts)
    vector = ufm.llm.read_vector(path)
    assert (vector.layers, vector.alpha, vector.positions) == ((0,), found["alpha"], "all")
    assert vector.about["budget"] == 0.05
    assert vector.about["price"] == found["held_out"]["forward_kl"]
    assert vector.about["median_hidden_norm"] == found["median_hidden_norm"]
    assert f"    step = {found['alpha']!r} * v.to(model.device, model.dtype)" in out.splitlines()
    assert "model.base_model.h[0].register_forward_hook(" in out
    assert "cannot name block 0" in out
    status, shown, _ = run(monkeypatch, capsys, "vector", "show", path)
    assert status == 0
    assert f"with strength α = {found['alpha']:g}" in shown
    written = texts.read_text()
    assert len(found["continuations"]) == 8 == written.count("=== block 0, prompt ")
    for text in found["continuations"]:
        assert f"α = {text['alpha']:.5g}: {text['verdict']}" in written
        assert f">>>{text['text']}\n" in written
    # planted: 2 is the end token of this model
    assert not any(2 in text["tokens"] for text in found["continuations"])
    ended = [text["ended"] for text in found["continuations"]]
    assert ended == [len(text["tokens"]) < 6 for text in found["continuations"]]


@pytest.mark.parametrize("name", ["v.safetensors", "v.svec", "v.npy"])
def test_a_vector_from_a_file_gets_the_strength_of_its_own_prompts(
    monkeypatch, capsys, files, name
):
    """Of whatever length it is in the file: that of the same direction measured on prompts."""
    _, want = saved(monkeypatch, capsys, files, "--save", files / "v.safetensors")
    vector = ufm.llm.read_vector(files / "v.safetensors")
    if name != "v.safetensors":
        ufm.llm.write_vector(vector, files / name)  # α is multiplied in
    given = ["--vector", files / name, "--contexts", files / "n.txt", "--text", files / "text.txt"]
    more = ["--length", 8, "--new-tokens", 6, *REACHED, "--json"]
    status, out, _ = run(monkeypatch, capsys, "strength", MODEL, *given, *more)
    assert status == 0
    (found,) = json.loads(out)["blocks"]
    assert found["alpha"] == pytest.approx(want["alpha"], rel=1e-5)  # v in float32
    assert found["vector_norm"] == pytest.approx(1, rel=1e-6)
    # a usual hidden state of the text, by hand
    model, tokenizer = ufm.llm.load(MODEL, "float64"), ufm.llm.load_tokenizer(MODEL)
    rows = list(ufm.llm.windows(tokenizer, files / "text.txt", 8))
    lengths = [np.linalg.norm(model.hidden_states(row, 0)[1:], axis=1) for row in rows]
    norm = float(np.median(np.concatenate(lengths)))
    assert found["median_hidden_norm"] == pytest.approx(norm, rel=1e-9)
    assert found["relative"] == pytest.approx(found["alpha"] / norm, rel=1e-5)


def test_a_vector_needs_contexts_and_what_is_no_vector_is_said_first(monkeypatch, capsys, files):
    vector = ufm.llm.ControlVector({0: np.ones(8)})
    ufm.llm.write_vector(vector, files / "v.safetensors")
    asked = ["strength", "no-such-model.gguf", "--text", files / "text.txt", "--vector"]
    of_no_format = f"{files / 'n.txt'}: it is of no format that is read"
    refused(monkeypatch, capsys, of_no_format, *asked, files / "n.txt")
    needed = (
        "name --contexts: prompts that the steered model is looked at on; neutral comes with ufm\n"
    )
    refused(monkeypatch, capsys, needed, *asked, files / "v.safetensors")


def test_blocks_together_and_other_methods(monkeypatch, capsys, files):
    """The strength against the library's own parts; the file of both blocks gives it again."""
    model, tokenizer = ufm.llm.load(MODEL, "float64"), ufm.llm.load_tokenizer(MODEL)
    texts = {k: [x["text"] for x in PROMPTS if x["kind"] == k] for k in ("positive", "negative")}
    p, n = ([tokenizer.encode(x) for x in texts[kind]] for kind in ("positive", "negative"))
    windows = list(ufm.llm.windows(tokenizer, files / "text.txt", 8))[::2]
    path = files / "both.safetensors"
    how = ("--kind", "forward_kl", "--budget", 0.05, "--dtype", "float64", "--digits", 12)
    asked = arguments(files, *how, "--method", "pca", "--layers", 1, 0, "--together")
    asked += ["--weights", 0.5, 2, "--save", path]
    status, out, _ = run(monkeypatch, capsys, "strength", *asked, "--json")
    assert status == 0
    (found,) = json.loads(out)["blocks"]
    assert found["layer"] == [0, 1]
    vectors = ufm.llm.steering_vectors(model, p, n, [0, 1], method="pca", normalise=True)
    steering = ufm.llm.Steering.of(vectors, weights=[2.0, 0.5])
    spend = ufm.llm.TextSpend(model, windows, steering, length=8)
    given = dict(budget=0.05, kind="forward_kl", digits=12)
    choice = ufm.llm.choose_strength(spend, hidden_norm=1.0, **given)
    assert found["alpha"] == pytest.approx(choice.alpha, rel=1e-9)
    shares = [2 / vectors[0].hidden_norm, 0.5 / vectors[1].hidden_norm]
    assert found["relative"] == pytest.approx(found["alpha"] * math.hypot(*shares), rel=1e-9)
    assert found["spread"]["alpha"]["low"] < found["alpha"] < found["spread"]["alpha"]["high"]
    held = ufm.llm.read_vector(path)
    assert (held.layers, held.about["method"]) == ((0, 1), "pca")
    assert held.about["weights"] == [2.0, 0.5]
    assert "    for k in [0, 1]:" in how_to_apply(path, held, model.config)
    assert where_added(choice) == "after blocks 0 and 1 at once"
    again = [MODEL, "--vector", path, "--contexts", files / "n.txt", "--text", files / "text.txt"]
    again += ["--no-normalise", "--length", 8, "--new-tokens", 4, *how, "--json"]
    status, out, _ = run(monkeypatch, capsys, "strength", *again)
    (found,) = json.loads(out)["blocks"]
    assert (status, found["layer"]) == (0, [0, 1])
    assert found["alpha"] == pytest.approx(choice.alpha, rel=1e-5)  # directions kept in float32


def test_what_is_around_the_choice_and_which_strengths_are_of_use(monkeypatch, capsys, files):
    _, found = saved(monkeypatch, capsys, files, "--tokens", files / "capitals.json")
    alpha = found["alpha"]
    model, tokenizer = ufm.llm.load(MODEL, "float64"), ufm.llm.load_tokenizer(MODEL)
    texts = {k: [x["text"] for x in PROMPTS if x["kind"] == k] for k in ("positive", "negative")}
    p, n = ([tokenizer.encode(x) for x in texts[kind]] for kind in ("positive", "negative"))
    (vector,) = ufm.llm.steering_vectors(model, p, n, [0], normalise=True)
    windows = list(ufm.llm.windows(tokenizer, files / "text.txt", 8))[1::2]
    spend = ufm.llm.TextSpend(model, windows, ufm.llm.Steering.of(vector), length=8)
    shares = [0.5, 1, math.sqrt(2), 2]
    want = spend.at([share * alpha for share in shares])
    slope, curvature = (row for row in found["derivatives"]["forward_kl"][1:])

    def mass(row, a):
        logits = np.asarray(model.logits(row, a, vector=vector.values, layer=0))
        p = np.exp(logits - logits.max())
        return p[56:].sum() / p.sum()

    for k, entry in enumerate(found["around"]):
        a = shares[k] * alpha
        assert entry["alpha"] == pytest.approx(a, rel=1e-12)
        assert entry["spent"]["forward_kl"] == pytest.approx(want[k, 1], rel=1e-9)
        assert entry["parabola"] == pytest.approx(slope * a + curvature * a**2 / 2, rel=1e-9)
        masses = [mass(row, a) for row in n]
        assert entry["prompt_target_mass"] == pytest.approx(np.mean(masses), rel=1e-9)
    for row, window in zip(n, found["useful_windows"], strict=True):
        steps = np.linspace(0, alpha, 9)
        curve = np.array([mass(row, a) for a in steps])
        if curve[-1] <= curve[0]:
            assert window is None
            continue
        assert window[1] == alpha
        first = np.flatnonzero(curve >= (curve[0] + curve[-1]) / 2)[0]
        assert steps[first - 1] <= window[0] <= steps[first]
        assert np.interp(window[0], steps, curve) == pytest.approx((curve[0] + curve[-1]) / 2)


def test_a_mass_that_steering_lowers_has_no_window_of_use():
    mass = PromptMass(np.linspace(0, 8, 9), np.stack([np.linspace(0.2, 0.1, 9), np.arange(9) / 8]))
    assert mass.windows == (None, (4.0, 8.0))
    # negative strengths: nearer to 0 first
    mirrored = PromptMass(-mass.alphas, mass.mass)
    assert mirrored.windows == (None, (-4.0, -8.0))


def page(**change):
    """The warnings of a report in which nothing is wrong but what `change` says."""
    cost = lambda a: 1e-3 * a**2  # noqa: E731
    alpha, spent = change.get("alpha", 10.0), np.array([[cost(10 * share)] * 4 for share in AROUND])
    choice = SimpleNamespace(
        alpha=alpha,
        budget=0.1,
        kind="cross_entropy",
        is_monotone=change.get("is_monotone", True),
        parabola=lambda kind: SimpleNamespace(slope=change.get("slope", 0.0)),
    )
    loops = {0.0: change.get("loops_at_zero", 1), alpha: change.get("loops", 1)}
    spent[3] *= change.get("cliff", 1.0)
    report = SimpleNamespace(
        choice=choice,
        price=(change.get("price", 0.11), change.get("error", 0.007)),
        held_out_tokens=change.get("held_out", 508),
        continuations=change.get("texts", [None]),
        around=spent,
        loops_at=loops.get,
        texts_at=lambda alpha: [None] * 4,
        prompt_mass=change.get("mass"),
    )
    return list(cautions(report, SimpleNamespace(new_tokens=change.get("new_tokens", 128))))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            dict(price=0.12),
            "held-out text pays 0.12, more than the budget of 0.1 by over two standard errors: --budget "
            "0.083 would bring it to about 0.1; if 0.12 is what you can afford, keep it",
        ),
        (
            dict(price=0.252, error=math.nan),
            "held-out text pays 0.252, more than the budget of 0.1, and is one window, from which no "
            "standard error can be told: name more text (--text, --text-tokens)",
        ),
        (
            dict(price=0.09, error=math.nan),
            "held-out text is one window, from which no standard error can be told: name more text",
        ),
        (
            dict(price=0.1, error=math.nan, held_out=0),
            "the text is one window, so that none of it is held out to measure the price on: name more text",
        ),
        (dict(is_monotone=False), "the spending turned back on the way"),
        (dict(cliff=2.1), "a cliff: 0.84 nats a token at α = 20, 8.4 times as much"),
        (
            dict(slope=-0.0021),
            "weak steering makes this text likelier (-0.0021 α nats a token near 0)",
        ),
        (dict(loops=3), "3 of 4 texts loop at α, 1 at 0"),
        (dict(new_tokens=127), "texts of 127 tokens are too short to judge"),
        (
            dict(mass=PromptMass(np.arange(11.0), np.stack([np.arange(11.0), -np.arange(11.0)]))),
            "after 1 of 2 prompts the concept's mass has not grown",
        ),
    ],
)
def test_each_warning_is_given_where_it_is_due_and_nowhere_else(change, message):
    assert page() == []
    (warning,) = page(**change)
    assert warning.startswith(message)
    assert page(new_tokens=127, texts=[]) == []
    milder = dict(price=0.113, error=0.007, held_out=508, cliff=1.9, slope=-0.0019, loops=1)
    assert page(**{name: milder[name] for name in change if name in milder}) == []


def test_a_mass_that_was_to_fall_is_no_warning():
    fallen = PromptMass(-np.arange(11.0), -np.arange(11.0)[None])
    assert page(mass=fallen, alpha=-10.0) == []


def test_no_heading_of_the_table_around_the_choice_is_cut_at_80_columns():
    report = SimpleNamespace(
        choice=SimpleNamespace(alpha=142.458, parabola=lambda kind: lambda alpha: 0.12345),
        around=np.full((4, 4), 0.12345),
        held_out_tokens=508,
        continuations=[None],
        prompt_mass=SimpleNamespace(at=lambda alpha: 0.000364),
        texts_at=lambda alpha: [None] * 4,
        loops_at=lambda alpha: 0,
    )
    console = Console(width=80)
    with console.capture() as shown:
        console.print(*around(report, SimpleNamespace(kind="cross_entropy")))
    lines = shown.get().splitlines()
    assert "…" not in shown.get()
    assert lines[0].split() == ["cross-entropy,", "parabola,", "mass", "after"]
    assert lines[1].split("α")[1].split() == [
        *("held", "out", "chosen", "on", "perplexity", "prompts", "loops")
    ]
    assert max(map(len, lines)) <= 80


def grounds_of(choice, mass=None):
    """The lines on the search and on the mass after the prompts."""
    report = SimpleNamespace(
        choice=choice, vector=SimpleNamespace(norm=1.0, hidden_norm=100.0), prompt_mass=mass
    )
    return " ".join([*search(report), *mass_after_prompts(report)])


def test_a_parabola_that_is_off_at_first_and_right_by_chance_later_is_said_to_be_off_at_first():
    """As after the last block of a model at a large budget, where 1.489 is said of 1.5."""
    choice = SimpleNamespace(
        kind="forward_kl",
        bracket=(9.0, 10.0),
        relative=0.1,
        is_monotone=True,
        scanned=np.array([5.0, 10.0]),
        looked_at=np.array([[5.0, 0.2], [10.0, 1.0]]),
        parabola=lambda kind: Parabola(0.0, 0.0, 0.02),
        quadratic_alpha=10.0,
        trusted=0.0,
    )
    off = "is off by more than 20% at the first strength looked at, α = 5; alone it says α = 10"
    assert off in grounds_of(choice)
    choice.trusted = 5.0
    assert "is within 20% up to α = 5; alone it says α = 10" in grounds_of(choice)


@pytest.mark.parametrize(
    ("starts", "said"),
    [
        ([15.94, 17.59], "from α = 16.77 on (median of 2 prompts; 15.94 to 17.59)"),
        ([4.0, None, 2.0, 3.0], "from α = 3 on (median of 3 of 4 prompts; 2 to 4)"),
    ],
)
def test_the_start_of_use_is_the_median_of_the_prompts_that_have_one(starts, said):
    windows = [None if start is None else Bracket(start, 20.0) for start in starts]
    mass = SimpleNamespace(windows=windows, at=lambda alpha: 0.001)
    choice = SimpleNamespace(unsteered_target_mass=0.001, reachable=True, alpha=20.0)
    lines = list(mass_after_prompts(SimpleNamespace(choice=choice, prompt_mass=mass)))
    assert said in lines[1]


def test_without_samples_no_text_is_written_nor_spoken_of(monkeypatch, capsys, files):
    asked = [*REACHED, "--resamples", 0, "--samples", 0]
    status, out, _ = run(monkeypatch, capsys, "strength", *arguments(files, *asked))
    assert status == 0
    assert "loop" not in out
    assert "texts of" not in out
    assert out.rstrip().endswith("α = 0 is the unsteered model, bit for bit")
    _, data, _ = run(monkeypatch, capsys, "strength", *arguments(files, *asked, "--json"))
    assert json.loads(data)["blocks"][0]["continuations"] == []


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_no_line_of_several_words_is_wider_than_the_screen(monkeypatch, capsys, files, columns):
    asked = with_judge(files, "--goal", "presence=0.1", "--tokens", files / "capitals.json")
    _, out, _ = run(monkeypatch, capsys, "strength", *asked, columns=columns)
    long = [line for line in out.splitlines() if len(line) > columns]
    assert [line for line in long if " " in line.strip()] == []  # the path of a file is one word
    assert "loops" in out
    assert "ceiling" in out
    _, wide, _ = run(monkeypatch, capsys, "strength", *asked)
    sentence = next(line for line in wide.splitlines() if line.startswith("looked outward"))
    assert len(sentence) > 120
    assert sentence in " ".join(out.split())


@pytest.mark.parametrize(
    ("windows", "end"), [([None] * 2, "2 prompts have one"), ([None, 1], "of 1")]
)
def test_the_sweet_spot_in_one_line(windows, end):
    spots = SimpleNamespace(windows=windows, tolerance=0.1, serves=lambda alpha: 1)
    assert sweet_spots(spots, SimpleNamespace(reachable=True, alpha=10.0)).endswith(end)


def test_a_budget_out_of_reach_is_status_1(monkeypatch, capsys, files):
    asked = arguments(files, "--budget", 30, "--dtype", "float64", "--layers", 0)
    status, out, err = run(monkeypatch, capsys, "strength", *asked)
    assert status == 1
    assert "UNREACHABLE: up to α = " in out
    assert "its limit for α → ∞ is" in out
    assert err.startswith(
        "ufm: no strength up to 256 hidden-state norms reaches the budget 30; the"
    )
    assert len(err.splitlines()) == 1
    # planted: α = 0 adds something after all
    exact = _model.add
    monkeypatch.setattr(_model, "add", lambda x, step, alphas: exact(x, step, alphas + 1e-9))
    status, out, err = run(monkeypatch, capsys, "strength", *asked, "--json")
    assert status == 1
    assert "α = 0 is not the unsteered model: the logits of prompt 0 differ" in err
    (found,) = json.loads(out)["blocks"]
    assert (found["zero_is_unsteered"], found["alpha"], found["reachable"]) == (False, None, False)
    assert found["search"]["largest"] < 30
    assert math.isfinite(found["search"]["limit"])


@pytest.mark.filterwarnings("always::UserWarning")
def test_settings_to_ignore_and_a_context_too_short_are_said_on_the_command_line(
    monkeypatch, capsys, files
):
    shutil.copytree("tests/data/llm/llama3", files / "m")
    shutil.copy("tests/data/llm/gpt2/tokenizer.json", files / "m")
    about = json.loads((files / "m" / "config.json").read_text())
    about |= {"odd_setting": 3, "max_position_embeddings": 6}
    (files / "m" / "config.json").write_text(json.dumps(about))
    asked = arguments(files, *REACHED, "--samples", 1, model=files / "m")
    refused(monkeypatch, capsys, "(--ignore odd_setting)", "strength", *asked)
    status, out, err = run(monkeypatch, capsys, "strength", *asked, "--ignore", "odd_setting")
    assert status == 0
    assert "windows of up to 6 tokens" in out
    lines = set(err.splitlines())
    assert len(lines) == 1
    assert lines.pop().startswith(
        "ufm: warning: more than the 6 tokens that the model was made for"
    )


BAD = [
    ((), dict(model="no/such/place"), "neither a directory nor the id of a model"),
    ((), dict(text="empty.txt"), "empty.txt holds too few tokens to predict one"),
    ((), dict(text="bytes.txt"), "is not UTF-8 text"),
    ((), dict(text=None), "ufm strength needs --text (text to measure the cost on)"),
    ((), dict(positive="p.txt", negative="p.txt"), "the steering vector after block 1 is zero"),
    (
        (),
        dict(positive="long.txt"),
        "long.txt, line 1 has 40 tokens, more than the model's 32 positions",
    ),
    (("--digits", 0), {}, "--digits must be at least 1; got 0"),
    (("--prompts", 0), {}, "--prompts must be at least 1; got 0"),
    (("--save", "v.gguf"), {}, "--save v.gguf must end in .safetensors"),
    (("--layers", 0, 1, "--save", "v.safetensors"), {}, "--save is of one block, or of several"),
    (("--together",), {}, "--together needs --layers: name the blocks to steer at once"),
    (
        ("--layers", 0, 1, "--weights", 1, 2),
        {},
        "--weights goes with --together, one number for each",
    ),
    (("--layers", 0, 1, "--together", "--weights", 1), {}, "--weights goes with --together, one"),
    (("--layers", 0, 1, "--together", "--weights", 1, 0), {}, "2 numbers other than 0"),
    (("--layers", 0, 1, "--together", "--site", "post-norm"), {}, "follows the last block, 1"),
    (
        ("--method", "pca"),
        dict(negative="three.txt", positive="p.txt"),
        "wants pairs, the j-th of P",
    ),
    (("--vector", "text.txt"), {}, "name --vector or --positive, not both"),
    (("--budget", 0), {}, "budget must be positive and finite, in nats"),
    (("--budget", -0.1), {}, "budget must be positive and finite, in nats"),
    (("--budget", "nan"), {}, "budget must be positive and finite, in nats"),
    (("--budget", "much"), {}, "--budget"),
    (
        ("--kind", "loss"),
        {},
        "forward_kl, reverse_kl or target_mass; got 'loss'",
    ),
    (
        ("--kind", "target_mass"),
        {},
        "--kind target_mass needs --tokens: name the tokens of the target",
    ),
    (("--kind", "target_mass", "--tokens", "tokens.txt", "--budget", 2), {}, "must be in (0, 1)"),
    (("--tokens", "odd.txt"), {}, "odd.txt, entry 2: “AB” is no single token"),
    (("--layers", 2), {}, "layer 2 is out of range: the model has blocks 0..1"),
    (("--layer", -1), {}, "layer -1 is out of range"),
    (("--layers", 0, 0), {}, "--layers names a block twice: 0 0"),
    (("--layer", 0, "--layers", 1), {}, "name --layer or --layers, not both"),
    (("--site", "somewhere"), {}, "--site must be residual or post-norm; got 'somewhere'"),
    (("--site", "post-norm", "--layer", 0), {}, "--site post-norm follows the last block, 1"),
    (("--samples", -1), {}, "--samples must be at least 0; got -1"),
    (("--samples", 0, "--texts", "t.txt"), {}, "--texts is of samples: leave out --texts or --"),
    (("--new-tokens", 0), {}, "--new-tokens must be at least 1; got 0"),
    (("--new-tokens", 29), {}, "29 new ones are more than the model's 32 positions"),
    (("--seed", -1), {}, "--seed must be at least 0; got -1"),
    (("--temperature", -1), {}, "--temperature must be at least 0 and finite; got -1.0"),
    (("--temperature", "nan"), {}, "--temperature must be at least 0 and finite; got nan"),
    (("--tolerance", 1), {}, "--tolerance must be in [0, 1); got 1.0"),
    (("--furthest", 0), {}, "--furthest must be positive and finite; got 0.0"),
    (("--furthest", "inf"), {}, "--furthest must be positive and finite; got inf"),
]


@pytest.mark.parametrize(("more", "change", "message"), BAD, ids=lambda v: str(v)[:40])
def test_bad_input_is_one_line_and_status_2(monkeypatch, capsys, files, more, change, message):
    more = [files / x if str(x).endswith(".txt") else x for x in more]
    status, out, err = run(monkeypatch, capsys, "strength", *arguments(files, *more, **change))
    assert (status, out) == (2, "")
    assert message in err
    assert err.startswith("ufm: ")
    assert len(err.splitlines()) == 1


def test_the_bar_counts_the_passes_of_the_search_and_the_steps_of_all_else():
    shown = []
    show = _of_block((3,), lambda *state: shown.append(state))
    for stage, done, of in (("choosing", 2, 2), ("choosing", 1, 2), ("measuring", 1, 4)):
        show(done, of, stage)
    assert shown == [
        (1, 14, "block 3: choosing"),
        (2, 14, "block 3: choosing"),
        (1, 4, "block 3: measuring"),
    ]


def test_every_kind_of_budget_has_its_option_and_its_name():
    assert tuple(BUDGETS) == ufm.llm.KINDS == get_args(get_type_hints(Strength)["kind"])


def test_no_token_commands_the_terminal():
    # escape, C1 control, right-to-left override, zero-width space, line separator
    evil = "a\x1b[2J\x9b31m\u202eb\u200b\u2028c\r\n\t"
    shown = visible(evil)
    assert shown.isprintable()
    assert "\\x1b" in shown
    assert "\\u202e" in shown
    assert visible("naïve Ω 漢字") == "naïve Ω 漢字"


def with_judge(files, *more):
    """A goal for words of the toy's own vocabulary."""
    concept = {"name": "inside", "shows": "is", "shows_not": "is not", "question": "Inside?"}
    (files / "inside.json").write_text(json.dumps(concept))
    (files / "words.json").write_text('{"words": ["B", "had"]}')
    how = ("--looked-for", files / "inside.json", "--judge", files / "words.json", "--judged", 4)
    return arguments(files, *REACHED, "--resamples", 0, *how, *more)


def test_a_goal_of_presence_under_the_budget(monkeypatch, capsys, files):
    picture, path = files / "goal.png", files / "v.safetensors"
    asked = with_judge(files, "--goal", "presence=0.1", "--picture", picture, "--save", path)
    status, out, _ = run(monkeypatch, capsys, "strength", *asked, "--json")
    data = json.loads(out)
    (goal,) = data["goals"]
    (found,) = data["blocks"]
    assert status == (0 if goal["verdict"] in ("reached", "undecided") else 1)
    assert goal["within"] == found["alpha"]
    strengths = [one["alpha"] for one in goal["strengths"]]
    assert goal["alpha"] in strengths[1:9]
    assert (goal["goal"], goal["concept"], goal["texts"]) == (0.1, "inside", 8)
    k = strengths.index(found["alpha"])
    want = found["held_out"]["forward_kl"]
    assert goal["strengths"][k]["spent"]["forward_kl"] == pytest.approx(want, rel=1e-9)
    held = ufm.llm.read_vector(path)
    assert held.alpha == goal["alpha"]
    assert held.about["presence"] == goal["presence"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_goal_that_is_reached_without_steering_has_nothing_to_save(monkeypatch, capsys, files):
    asked = with_judge(files, "--goal", "presence=0.1", "--save", files / "v.safetensors")
    (files / "words.json").write_text('{"words": ["will", "to", "them"]}')
    _, page, _ = run(monkeypatch, capsys, "strength", *asked)
    assert page.startswith("GOAL REACHED: use α = 0 after block 0 (0% of a usual hidden state): ")
    assert (
        "8 new texts of 17 tokens show inside by keywords {'inside': ['will', 'to', 'them']}, 10%"
        in page
    )
    assert "The budget ends at α = " in page
    assert "the goal is reached without steering" in page
    assert not (files / "v.safetensors").exists()


def test_a_goal_out_of_reach_is_status_1(monkeypatch, capsys, files):
    path = files / "v.safetensors"
    asked = with_judge(files, "--goal", "presence=0.99", "--save", path)
    (files / "words.json").write_text('{"words": ["nowhere"]}')
    status, page, _ = run(monkeypatch, capsys, "strength", *asked)
    assert status == 1
    assert page.startswith(
        "GOAL OUT OF REACH under the budget of 0.05 nats a token (forward_kl): 0% (0% to "
    )
    assert (
        "99% were wanted, 0% do unsteered. Beyond it, up to twice that strength, at most 0% do"
        in page
    )
    assert page.count("inside: no") == 3  # the texts as they were judged
    # what was measured is not thrown away: v with the strength of the budget, and what became of the goal
    held = ufm.llm.read_vector(path)
    assert (
        f"the goal is missed: what is saved is v and the α of the budget, {held.alpha:.4g}\n"
        in page
    )
    assert f"The budget ends at α = {held.alpha:.4g} after block 0" in page
    assert (held.about["goal"], held.about["goal_missed"]) == (0.99, True)
    assert "presence" not in held.about
    assert held.about["price"] > 0
    _, shown, _ = run(monkeypatch, capsys, "vector", "show", path)
    assert "the goal is missed: yes\n" in shown
    assert re.search(r"^price on text: 0\.0\d+ nats a token$", shown, re.MULTILINE)


def test_a_larger_budget_that_is_named_leads_to_the_strength_it_is_named_for(
    monkeypatch, capsys, files
):
    """Of two halves of a text one pays more: the budget acts on the one that α is chosen on."""
    asked = with_judge(files, "--goal", "presence=0.99")
    (files / "text.txt").write_text(
        TEXT[: len(TEXT) // 2]
    )  # of twice the same the halves pay the same
    (files / "words.json").write_text('{"words": ["in"]}')
    _, page, _ = run(monkeypatch, capsys, "strength", *asked)
    further, price, budget = re.search(
        r"do at α = (\S+), for (\S+) on held-out text .* --budget (\S+) looks twice", page
    ).groups()
    assert abs(float(budget) / float(price) - 1) > 0.01
    again = arguments(files, *REACHED, "--resamples", 0, "--budget", budget, "--json")
    _, out, _ = run(monkeypatch, capsys, "strength", *again)
    assert json.loads(out)["blocks"][0]["alpha"] == pytest.approx(float(further), rel=5e-3)


BAD_GOALS = [
    (
        ("--goal", "presence=2"),
        "--goal must be presence=SHARE, the share in (0, 1); got 'presence=2'",
    ),
    (("--goal", "mass=0.5"), "--goal must be presence=SHARE"),
    (("--picture", "p.png"), "--picture is of one report with a --goal"),
    (("--goal", "presence=0.5", "--picture", "p.jpg"), "p.jpg must end in .png or .svg"),
    (("--goal", "presence=0.5"), "there is no concept 'p' here; the concepts are"),
    (("--goal", "presence=0.5", "--looked-for", "joy", "--judge", "no.json"), "no.json"),
    (
        ("--goal", "presence=0.5", "--looked-for", "joy", "--judge", "keyword"),
        "ufm: keyword is neither here nor known; did you mean keywords?\n",
    ),
]


@pytest.mark.parametrize(
    ("looked_for", "judge", "message"),
    [
        ("joy", "keyword", "did you mean keywords?"),
        ("joi", "keywords", "there is no concept 'joi' here; the concepts are"),
        ("inside", "keywords", "the rule of words has none for the concept 'inside'"),
    ],
)
def test_a_goal_is_refused_before_the_model_is_read(
    monkeypatch, capsys, files, looked_for, judge, message
):
    with_judge(files)
    concept = files / "inside.json" if looked_for == "inside" else looked_for
    goal = ("--goal", "presence=0.5", "--looked-for", concept, "--judge", judge)
    asked = arguments(files, *goal, model="no-such-model.gguf")
    status, _, err = run(monkeypatch, capsys, "strength", *asked)
    assert status == 2
    assert message in err


@pytest.mark.parametrize(("more", "message"), BAD_GOALS, ids=lambda v: str(v)[:40])
def test_a_goal_that_makes_no_sense_is_one_line(monkeypatch, capsys, files, more, message):
    asked = arguments(files, *REACHED, "--resamples", 0, *more, positive="p.txt", negative="n.txt")
    status, out, err = run(monkeypatch, capsys, "strength", *asked)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1

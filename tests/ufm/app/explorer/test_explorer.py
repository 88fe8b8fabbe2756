"""What the explorer works out from its settings, without a browser (tests/browser has one)."""

import ast
import itertools
import json
import math
import re
from dataclasses import fields, replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

import theorems
import ufm
from theorems.tables.exact import read_exact
from ufm import plots
from ufm.app import explorer
from ufm.app.explorer import BREAKS, CHOICES, LAWS, SETS, Settings, _tables
from ufm.app.explorer._record import record_of
from ufm.app.explorer._verdicts import _sorted

NOTEBOOK = Path(__file__).parents[4] / "notebooks" / "explore.py"
LARGEST = Settings(concepts=5, size=12, contexts=3)


class Marks(HTMLParser):
    """The attributes of every element of one picture with a data-mark, by that mark."""

    def __init__(self, html: str):
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if "data-mark" in attributes:
            assert attributes["data-mark"] not in self.found
            self.found[attributes["data-mark"]] = attributes


def marks(html: str) -> dict[str, dict[str, str | None]]:
    return Marks(html).found


def test_settings_survive_a_link():
    rng = np.random.default_rng(0)
    words = {"law": list(LAWS), "sets": list(SETS), "broken": ["", *BREAKS]}
    for _ in range(300):
        drawn = {}
        for field in fields(Settings):
            if field.name in ("positive", "negative"):
                drawn[field.name] = tuple(rng.integers(0, 12, rng.integers(0, 4)).tolist())
            else:
                options = words.get(field.name) or CHOICES[field.name]
                value = options[rng.integers(len(options))]
                drawn[field.name] = type(field.default)(value)
        settings = Settings(**drawn)
        assert explorer.from_query(explorer.to_query(settings)) == (settings, [])
    assert explorer.to_query(Settings()) == {}


def test_defaults_are_what_sliders_can_show():
    for name, choices in CHOICES.items():
        assert getattr(Settings(), name) in choices


BAD_LINKS = [
    ({"epsilon": "x"}, "epsilon = x in the link is not a number: shown with 0.05"),
    ({"epsilon": "nan"}, "epsilon = nan in the link is not a number: shown with 0.05"),
    (
        {"law": "gauss"},
        "law = gauss in the link is none of smoothed, laws, random: shown with laws",
    ),
    ({"broken": "all"}, "broken = all in the link is none of assumption-1, "),
    (
        {"positive": "0,-x"},
        "positive = 0,-x in the link is no list of context numbers such as 0 1: ",
    ),
    ({"negative": "²"}, "negative = ² in the link is no list of context numbers such as 0 1: "),
]


@pytest.mark.parametrize(("query", "complaint"), BAD_LINKS)
def test_bad_entries_of_a_link_are_told(query, complaint):
    settings, complaints = explorer.from_query(query)
    assert settings == Settings()
    assert len(complaints) == 1
    assert complaints[0].startswith(complaint)


def test_numbers_of_a_link_become_the_nearest_of_the_slider():
    query = {
        "epsilon": "0.0512",
        "concepts": "99",
        "reach": "-inf",
        "size": ["3", "5"],
        "file": "a",
    }
    settings, complaints = explorer.from_query(query)
    assert (settings.epsilon, settings.concepts, settings.reach, settings.size) == (0.05, 5, 0.5, 5)
    assert complaints == []


CORNERS = [
    Settings(law=law, sets=sets, concepts=concepts, size=size, shrink=shrink, epsilon=epsilon)
    for law, sets, (concepts, size, shrink), epsilon in itertools.product(
        LAWS, ("contrastive", "random"), ((2, 1, 0), (3, 4, 3), (5, 12, 0)), (0.01, 0.45)
    )
]


@pytest.mark.parametrize(
    "settings", CORNERS, ids=lambda s: f"{s.law}-{s.sets}-{s.sizes}-{s.epsilon}"
)
def test_every_corner_is_an_exact_instance(settings):
    record = record_of(settings)
    exact = read_exact(json.loads(explorer.json_text(record)))
    assert len(exact.target) == sum(settings.sizes) <= 60
    assert len(exact.rows) <= 12
    a, b = ([Fraction(p) for p in record[key]] for key in ("in_concept", "off_concept"))
    if settings.law != "laws":  # whose ratios may cross
        assert all(1 > x > y > 0 for x, y in zip(a, b, strict=True))
    # ε is the mean mass off a context's concept, whatever the rates
    off = [
        sum(b) - sum(b[z] for z, t in enumerate(record["token_concept"]) if t == k)
        for k in range(settings.concepts)
    ]
    assert sum(off) / settings.concepts == Fraction(str(settings.epsilon))


def test_rates_are_the_library_s_datasets():
    smoothed = explorer.build(Settings(law="smoothed", epsilon=0.13)).instance
    expected = ufm.ConceptDataset.smoothed(epsilon=0.13).next_token_probs
    np.testing.assert_allclose(smoothed.probs, expected, rtol=1e-14)
    one, other = (record_of(Settings(law="random", seed=seed)) for seed in (0, 1))
    assert one != other
    assert one == record_of(Settings(law="random"))


def test_sets_of_contexts():
    def sets(**changes):
        record = record_of(Settings(**changes))
        return record["positive"], record["negative"]

    assert sets() == ([0, 1], [2, 3])
    assert sets(sets="contaminated") == ([0, 1, 4], [2, 3])
    assert sets(sets="contaminated", concepts=2) == ([0, 1, 2], [3])
    assert sets(broken="target-contexts") == ([2, 3], [0, 1])
    assert sets(broken="non-constant-log-odds") == ([0], [1])
    assert sets(sets="picked", positive=(5,), negative=(0, 2)) == ([5], [0, 2])
    drawn = {tuple(sets(sets="random", seed=seed)[1]) for seed in range(20)}
    assert len(drawn) > 3
    assert all(len(n) == 2 and min(n) >= 2 for n in drawn)


NO_INSTANCE = [
    ({"sets": "picked", "positive": ()}, "pick at least one context for P and one for N"),
    (
        {"sets": "picked", "positive": (0,), "negative": (0,)},
        "positive and negative share context 0",
    ),
    ({"sets": "picked", "negative": (9,)}, "negative holds context 9, outside 0..5"),
    ({"sets": "picked", "negative": (2, 2)}, "negative repeats a context"),
    (
        {"size": 1, "broken": "separation"},
        "a token can be likelier off its concept only where it has others",
    ),
    (
        {"contexts": 1, "broken": "non-constant-log-odds"},
        "P and N of one distribution take two contexts",
    ),
    (
        {"concepts": 2, "contexts": 1, "sets": "contaminated"},
        "with two concepts of one context each",
    ),
]


@pytest.mark.parametrize(("changes", "words"), NO_INSTANCE)
def test_settings_that_make_no_instance_say_why(changes, words):
    with pytest.raises(ValueError, match=re.escape(words)) as error:
        explorer.build(Settings(**changes))
    assert "\n" not in str(error.value)


@pytest.fixture(scope="module")
def scene():
    return explorer.build(Settings())


def artists(axes, kind: str) -> dict[str, np.ndarray]:
    """The points of the lines of ufm.plots whose gid starts with `kind`."""
    lines = [line for line in axes.lines if str(line.get_gid()).startswith(kind)]
    return {line.get_gid(): np.asarray(line.get_xydata()) for line in lines}


def test_pictures_show_what_ufm_plots_shows(scene):
    tilt, concept = scene.instance.tilt, scene.instance.token_concept
    options = {"alphas": scene.alphas, "token_concept": concept}
    drawings = [
        (explorer.token_picture, plots.token_curves(tilt, 4, **options)),
        (explorer.concept_picture, plots.concept_curves(tilt, 4, is_mass=True, **options)),
    ]
    for picture, axes in drawings:
        shown = marks(picture(scene))
        for kind in ("peak", "trough"):
            points = artists(axes, kind)
            assert points.keys() == {mark for mark in shown if mark.startswith(kind)}
            for gid, ((x, y),) in points.items():
                drawn = [float(shown[gid][f"data-{axis}"] or "nan") for axis in "xy"]
                # the picture's peaks are of padded shapes: rounding of the last bisection
                np.testing.assert_allclose(drawn, [x, y], rtol=1e-10, atol=1e-12)
        for gid, points in artists(axes, "curve").items():
            assert float(shown[gid]["data-last"] or "nan") == pytest.approx(
                points[-1, 1], abs=1e-14
            )
        for gid, points in artists(axes, "limit").items():
            assert float(shown[gid]["data-y"] or "nan") == pytest.approx(points[0, 1], abs=1e-14)


def test_concepts_are_numbered_from_1_and_list_their_tokens():
    scene = explorer.build(Settings(concepts=3, size=2))
    tokens = scene.settings.token_names
    text = explorer.views(scene.settings, scene, [], (0.0, 0.0))
    for k in range(3):
        name = f"C{k + 1} = {tokens[2 * k]} {tokens[2 * k + 1]}" + (" (T)" if k == 0 else "")
        assert name in text


def test_curve_goes_through_its_points(scene):
    """The polyline itself, not only its data: its last place against the axis."""
    html = explorer.concept_picture(scene)
    points = re.search(r'data-mark="curve 0"[^>]* points="([^"]*)"', html)
    assert points is not None
    places = np.array([pair.split(",") for pair in points[1].split()], float)
    mass = scene.row.laws(scene.alphas)[:, :3].sum(axis=1)
    # 214 units for the range -0.03 … 1.03, written to one decimal
    np.testing.assert_allclose(places[:, 1], (1.03 - mass) / 1.06 * 214, atol=0.051)
    np.testing.assert_allclose(places[[0, -1], 0], [0, 416], atol=0.051)


def test_cost_and_choice_are_the_library_s(scene):
    instance = scene.instance
    weights, target = instance.context_weights, instance.target
    choice = ufm.choose_strength(instance.tilt, weights, target=target, budget=0.3)
    read = marks(explorer.reading(scene))["reading"]
    assert float(read["data-alpha"] or "nan") == pytest.approx(choice.alpha, rel=1e-12)
    assert float(read["data-mass"] or "nan") == pytest.approx(choice.target_mass, rel=1e-12)
    shown = marks(explorer.cost_picture(scene))
    cost = float(ufm.cross_entropy_increase(instance.tilt, 2.0, weights))
    assert float(shown["curve"]["data-last"] or "nan") == pytest.approx(cost, rel=1e-12)
    for bound in ("hoeffding", "bennett", "two_point"):
        assert float(shown[bound]["data-last"] or "nan") > cost
    for bound in ("lower", "target", "asymptote"):
        assert float(shown[bound]["data-last"] or "nan") < cost
    windows = marks(explorer.window_picture(scene))
    for j, (low, high) in enumerate(np.asarray(ufm.sweet_spot(instance.tilt, target)).tolist()):
        ends = [float(windows[f"window {j}"][f"data-{end}"] or "nan") for end in ("low", "high")]
        np.testing.assert_allclose(ends, [low, high], rtol=1e-10)


def test_unfinished_training_lowers_the_cost_at_first():
    scene = explorer.build(Settings(broken="assumption-2"))
    assert scene.cost.min() < 0
    rows = {row.claim: row for row in [*explorer.judge(scene.instance)][-1]}
    assert rows["ce.kl-identity"].anyway == "false here"
    assert rows["ce.kl-identity"].seen.startswith(
        "assumption-2: the model is off the law of the data"
    )


def verdicts(scene) -> dict[str, explorer.Row]:
    *_, rows = explorer.judge(scene.instance)
    assert sorted(row.claim for row in rows) == sorted(theorems.CLAIMS)
    return {row.claim: row for row in rows}


def test_verdicts_are_the_checks(scene):
    for claim, row in verdicts(scene).items():
        if theorems.CLAIMS[claim].is_of_tilts:
            outcome = theorems.check(claim, scene.instance)
            assert row.verdict == outcome.verdict
            assert row.seen.startswith(outcome.evidence)
            assert row.anyway or row.seen == outcome.evidence
        assert (row.verdict == "hypotheses unmet") or not row.anyway


FALSE_HERE = {
    "assumption-1": set(),
    "separation": {
        "lemma-b4.sign",
        "thm-3.3.peak-order",
        "thm-3.6.target-increasing",
        "sweet-spot.nonempty",
    },
    "target-contexts": {"lemma-b4.sign", "thm-3.3.peak-order", "thm-3.6.target-increasing"},
    "non-constant-log-odds": {"thm-3.3.monotone"},
}


@pytest.mark.parametrize("broken", FALSE_HERE)
def test_what_breaks_with_a_hypothesis(broken):
    scene = explorer.build(Settings(broken=broken))
    rows = verdicts(scene)
    assert "data-mark='broken'" in explorer.views(scene.settings, scene, [], (0.0, 0.0))
    assert not {claim for claim, row in rows.items() if row.verdict == "fails"}
    assert FALSE_HERE[broken] <= {
        claim for claim, row in rows.items() if row.anyway == "false here"
    }
    for row in rows.values():  # what is false is said to be, by more than rounding
        assert (row.anyway == "false here") == ("False here: " in row.seen)
        assert row.anyway != "false here" or not row.margin > row.tolerance
    assert rows["thm-3.6.growth"].verdict == "holds"  # also where nothing moves: 0 <= 0


def test_a_row_that_fails_comes_first_and_is_counted(scene, monkeypatch):
    """The table shows a claim that fails: with the conclusion of another put in its place."""
    claim = theorems.CLAIMS["thm-3.6.growth"]
    false = replace(
        claim,
        conclusion=lambda instance: theorems.Verdict(theorems.Outcome.FAILS, -1.0, 1e-9, "planted"),
    )
    statements = tuple(
        replace(s, claims=tuple(false if c.id == claim.id else c for c in s.claims))
        for s in theorems.STATEMENTS
    )
    monkeypatch.setattr(theorems, "STATEMENTS", statements)
    monkeypatch.setattr(theorems, "CLAIMS", {c.id: c for s in statements for c in s.claims})
    *_, rows = explorer.judge(scene.instance)
    assert (rows[0].claim, rows[0].verdict, rows[0].seen) == (claim.id, "fails", "planted")
    assert "1 fails" in explorer.verdict_table(rows, scene.settings)


def test_claims_of_others_come_last_and_are_counted_apart(scene):
    def row(claim, verdict, anyway=""):
        return explorer.Row(claim, "", "", verdict, "", math.nan, 0.0, anyway)

    found = [
        row("literature.tanh", "hypotheses unmet", "false here"),
        row("prop-4.1.rate", "hypotheses unmet"),
        row("thm-3.3.bump", "holds"),
    ]
    ordered = _sorted({each.claim: each for each in found})
    assert [each.claim for each in ordered] == ["thm-3.3.bump", "prop-4.1.rate", "literature.tanh"]
    page = explorer.verdict_table(ordered, scene.settings)
    assert "<strong>2 claims: 1 holds, 1 hypotheses unmet.</strong>" in page
    assert "Of 1 of others, with what they need: 1 hypotheses unmet." in page


def test_judging_can_be_given_up(scene):
    def refuse(done, total=1.0, stage=""):
        raise InterruptedError

    with pytest.raises(InterruptedError):
        next(explorer.judge(scene.instance, refuse))


def test_tables_stop_where_they_are_no_longer_wanted(scene):
    asked = itertools.count()
    assert list(explorer.tables(scene, lambda: next(asked) < 3)) == []
    assert next(asked) == 4  # between two claims, not after the last
    *_, last = explorer.tables(scene)
    *_, rows = explorer.judge(scene.instance)
    assert last == explorer.verdict_table(rows, scene.settings)


def test_a_table_says_first_what_still_compiles(scene, monkeypatch):
    answers = iter(["Compiling, once, for up to 12 tokens: 3%, lemma-b2.affine …", ""])
    monkeypatch.setattr(_tables, "pending", lambda scene: next(answers))
    first, *_, last = explorer.tables(scene)
    assert marks(first).keys() == {"compiling"}
    assert "lemma-b2.affine" in first
    assert marks(last)["count"]["data-final"] == "true"


def test_what_is_written_by_hand_is_escaped():
    scene = explorer.build(Settings())
    html = explorer.views(scene.settings, scene, ["<script>alert(1)</script>"], (0.0, 0.0))
    assert "<script>" not in html
    row = explorer.Row("lemma-b4.sign", "t", "x < y", "holds", "<b>", 1.0, 1e-9, "")
    assert "<b>" not in explorer.verdict_table([row], scene.settings)


def test_evidence_calls_things_by_the_names_in_the_pictures():
    seen = "token 4 of concept 2 after context 5, token 99"
    row = explorer.Row("lemma-b4.sign", "t", "x", "holds", seen, 1.0, 1e-9, "")
    html = explorer.verdict_table([row], Settings())
    assert "token 4 (B) of concept 2 (C3) after context 5 (ααβ), token 99<" in html


def test_largest_settings_fit_the_shapes_that_are_warmed_up():
    scene = explorer.build(LARGEST)
    assert scene.instance.log_probs.shape == (10, 60)
    assert len(set(LARGEST.token_names)) == 60
    assert len(set(LARGEST.context_names)) == 10


@pytest.fixture(scope="module")
def notebook():
    import importlib.util

    spec = importlib.util.spec_from_file_location("explore", NOTEBOOK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_notebook_shows_the_default_scene(notebook, scene):
    outputs, definitions = notebook.app.run()
    page = "".join(output.text for output in outputs if hasattr(output, "text"))
    assert definitions["settings"] == Settings()
    assert json.loads(definitions["instance_json"]) == scene.record
    assert explorer.reading(scene) in page
    assert all(f'data-claim="{claim}"' in page for claim in theorems.CLAIMS)


def test_notebook_has_a_control_for_every_setting(notebook):
    """Each field of Settings is given in the notebook, so that no link is lost on it."""
    calls = [
        node for node in ast.walk(ast.parse(NOTEBOOK.read_text())) if isinstance(node, ast.Call)
    ]
    given = [
        {keyword.arg for keyword in call.keywords}
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "Settings"
    ]
    assert {field.name for field in fields(Settings)} in given

"""The paper's experiments on a tiny model: what is measured, judged, written; kills, shares, devices."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace

import jax
import numpy as np
import pytest

import ufm._files
import ufm.llm
from tests.ufm.llm.concepts.chat_model import CHAT, make_chat_model
from tests.ufm.llm.report.test_report import EVIL, Elements
from tests.ufm.llm.reproduce import tiny_study
from ufm._progress import silent
from ufm.app.commands.start import COMPILE_IN_HASTE
from ufm.llm.measure.presence import wilson
from ufm.llm.reproduce import inputs
from ufm.llm.reproduce.cost_experiment import plateau_of
from ufm.llm.reproduce.experiments import EXPERIMENTS, chosen
from ufm.llm.reproduce.files import write_reproduction
from ufm.llm.reproduce.inputs import Author, read_study
from ufm.llm.reproduce.make import judge
from ufm.llm.reproduce.measurement import Measurement
from ufm.llm.reproduce.page import page
from ufm.llm.reproduce.plan import Share, make_plan, measure_cost
from ufm.llm.reproduce.presence_experiment import sigmoid_law
from ufm.llm.reproduce.task import TaskScores
from ufm.llm.reproduce.task_experiment import task_law
from ufm.llm.reproduce.verdicts import columns, rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """All experiments, and the folder of their runs."""
    folder = tmp_path_factory.mktemp("whole")
    return tiny_study.reproduce(folder), folder


def contents(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_every_experiment_has_its_findings(whole):
    found, _ = whole
    assert found.plan.not_run == {}
    blocks = {"blocks": 4, "negative": 4, "presence": 4, "cross-entropy": 8}
    for each in EXPERIMENTS:
        assert len(found.findings[each.name]) == blocks.get(each.name, 2)
        assert each.protocol
        assert each.here(found.study)
    # figures that show the same curves are of one measurement
    wanted = [m for each in EXPERIMENTS for m in each.measurements(found.laboratory)]
    assert len(wanted) > len(set(wanted)) == len(found.plan.measurements)
    assert [c.words for c in columns(found)][:3] == ["bumps, α > 0", "bumps, α < 0", "presence"]
    assert rows(columns(found), found) == [
        ("joy", 0),
        ("joy", 1),
        ("evil", 0),
        ("evil", 1),
    ]
    json.dumps(found.as_json(), allow_nan=False)


def test_the_curves_of_each_variant_are_those_of_single_passes(whole):
    """One forward pass a strength: positions, N, and the unit of α."""
    laboratory = whole[0].laboratory
    study, layer = laboratory.study, whole[0].study.middle
    model, v = study.model, laboratory.vector("joy", layer)
    other = laboratory.vector("joy", layer, "contrastive")
    assert abs(v.values - other.values).max() > 0.01
    for variant, vector, positions, largest in (
        ("main", v, "all", 4 * v.hidden_norm / v.norm),
        ("last", v, "last", 4 * v.hidden_norm / v.norm),
        ("contrastive", other, "all", 4 * other.hidden_norm / other.norm),
        ("normalised", v, "all", 30 / v.norm),
    ):
        curves = laboratory.curves("joy", layer, variant)
        assert curves.alphas[-1] == pytest.approx(largest)
        assert 0 in curves.alphas
        where = {"vector": vector.values, "layer": layer, "positions": positions}
        logits = np.asarray(model.logits(study.rows[1], largest, **where))
        p = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
        likeliest = np.argsort(-p)[:3]
        np.testing.assert_array_equal(curves.tokens[1, :3], likeliest)
        final = curves.unsteered[1, :3] + curves.increase[1, -1, :3]
        np.testing.assert_allclose(final, p[likeliest], atol=1e-12)


def test_runs_with_other_prompts_follow_the_same_tokens(whole):
    laboratory = whole[0].laboratory
    main, runs = laboratory.curves("joy", 1), laboratory.runs("joy", 1)
    assert len(runs) == 2
    for run in runs:
        np.testing.assert_array_equal(run.tokens, main.tokens)
        assert abs(run.increase - main.increase).max() > 1e-6


def test_the_limits_of_the_cross_entropy_are_where_far_strengths_lead(whole):
    laboratory = whole[0].laboratory
    study, model = laboratory.study, laboratory.study.model
    for layer in study.layers:
        costs, vector = laboratory.costs("joy", layer), laboratory.vector("joy", layer)
        assert costs.limits is not None
        for sign, limit in zip((-1, 1), costs.limits, strict=True):
            total = 0.0
            for row in study.windows:
                far, none = (
                    np.asarray(model.all_logits(list(row), a, vector=vector.values, layer=layer))
                    for a in (sign * 1e9, 0.0)
                )
                total += loss(far, row) - loss(none, row)
            assert limit == pytest.approx(total / study.predicted, abs=1e-6)
        # planted: a curve that is at its limits, on its way, and one that leaves them again
        ends = np.array(costs.limits)
        for half, end, verdict in (
            (0.5, 1.0, "holds"),
            (0.2, 0.5, "undecided"),
            (1.0, 0.5, "fails"),
        ):
            values = [end * ends[0], half * ends[0], 0.0, half * ends[1], end * ends[1]]
            wide = replace(costs.wide, alphas=np.arange(-2.0, 3), increase=np.array(values))
            law = plateau_of(replace(costs, wide=wide))
            assert (law.verdict, law.number) == (verdict, pytest.approx(1 - end))


def loss(logits, row):
    """-log p of the tokens of a row after its first."""
    log_p = logits - np.log(np.exp(logits - logits.max()).sum(1, keepdims=True)) - logits.max()
    return -sum(log_p[t, row[t + 1]] for t in range(len(row) - 1))


def test_the_judge_and_the_task_see_the_model_at_each_strength(whole):
    laboratory = whole[0].laboratory
    study, layer = laboratory.study, whole[0].study.middle
    judged = laboratory.presence("joy", layer)
    assert judged.probabilities.shape == (3, 5, 2)
    letters = re.compile(r"\b[A-D]\b", re.IGNORECASE)
    said = [[[bool(letters.search(t)) for t in at] for at in row] for row in judged.texts]
    np.testing.assert_array_equal(judged.probabilities, said)
    scores, v = laboratory.task("joy"), laboratory.vector("joy", layer)
    largest = 2 * v.hidden_norm / v.norm
    np.testing.assert_allclose(scores.alphas, [-largest, 0, largest])
    assert (scores.scores[1] == 1).all()
    again = tiny_study.Likeliest().scores(
        study.model, study.tokenizer, ufm.llm.Steering.of(v), largest
    )
    np.testing.assert_array_equal(scores.scores[2], again)
    assert again.mean() < 1


@pytest.mark.parametrize(
    ("lost", "verdict"), [((6, 6), "holds"), ((6, 1), "undecided"), ((-6, 6), "fails")]
)
def test_a_task_is_lost_on_both_sides_or_not(lost, verdict):
    scores = np.zeros((3, 20))
    scores[1, :10] = 1
    for row, count in ((0, lost[0]), (2, lost[1])):
        scores[row, : 10 - count] = 1
    law = task_law(TaskScores(np.array([-1.0, 0.0, 1.0]), scores))
    assert (law.verdict, law.number) == (verdict, pytest.approx(min(lost) / 20))


@pytest.mark.parametrize(
    ("presence", "verdict"),
    [
        (0.5 + 0.45 * np.tanh(np.linspace(-3, 3, 13)), "holds"),
        (0.5 - 0.45 * np.tanh(np.linspace(-3, 3, 13)), "fails"),
        (np.array([0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0.0, 0, 1]), "fails"),
        (np.full(13, 0.3) + 0.01 * np.arange(13), "undecided"),
        (np.full(13, 0.0), "undecided"),
    ],
)
def test_presence_rises_along_a_sigmoid_or_not(presence, verdict):
    law = sigmoid_law(np.linspace(-1, 1, 13), presence, wilson(presence, 100))
    assert law.verdict == verdict


def test_a_name_of_a_concept_is_no_path():
    assert Measurement("curves", "a b/../é", 3).folder == "curves-a%20b%2F..%2F%C3%A9-main-3"


def test_shares_measured_apart_and_copied_together_are_the_whole(whole, tmp_path):
    found, folder = whole
    parts = [found.plan.of(Share(k, 3), found.laboratory) for k in (1, 2, 3)]
    assert all(parts)
    assert sorted(m.folder for part in parts for m in part) == sorted(
        m.folder for m in found.plan.measurements
    )
    together = {}
    for k in (1, 2):
        tiny_study.measure(tmp_path / str(k), [], Share(k, 2))
        together |= contents(tmp_path / str(k))
        assert contents(tmp_path / str(k)) != contents(folder)
    assert together == contents(folder)


def test_two_devices_give_the_numbers_of_one(whole, tmp_path):
    """Each with a copy of the weights: curves, and texts, which are the same to the letter."""
    on_two_devices(tmp_path, "6", "A.2", "A.11")
    for variant in ("main", "last"):
        agree(whole[1], tmp_path, Measurement("curves", "joy", 1, variant))
    texts = f"{Measurement('presence', 'joy', 1).folder}/texts/parts"
    assert contents(tmp_path / texts).keys() == contents(whole[1] / texts).keys()
    for path in (tmp_path / texts).iterdir():
        one, two = (ufm._files.read_arrays(x)[0] for x in (whole[1] / texts / path.name, path))
        np.testing.assert_array_equal(one["tokens"], two["tokens"])
        np.testing.assert_allclose(one["nats"], two["nats"], rtol=1e-12)


def on_two_devices(folder, *figures):
    """The study on two virtual devices of one process."""
    flags = f"{COMPILE_IN_HASTE} --xla_force_host_platform_device_count=2"
    command = [sys.executable, "-m", tiny_study.__name__, str(folder), *figures]
    environment = os.environ | {"PYTHONPATH": os.getcwd(), "XLA_FLAGS": flags}
    subprocess.run(command, env=environment, check=True, capture_output=True)


def agree(one, two, measurement):
    """To 1e-12, as sums over other numbers of rows do."""
    name = f"{measurement.folder}/results.safetensors"
    found, again = (ufm._files.read_arrays(folder / name)[0] for folder in (one, two))
    assert set(found) == set(again)
    for key in found:
        np.testing.assert_allclose(again[key], found[key], rtol=1e-12, atol=1e-13)


def test_the_plan_says_what_is_left_and_what_it_costs(whole):
    found, _ = whole
    plan = make_plan(found.laboratory, chosen(["6", "A.13"]))
    assert {m.kind for m in plan.measurements} == {"curves", "cost"}
    assert all(map(found.laboratory.is_done, plan.measurements))
    before = contents(whole[1])
    cost = measure_cost(found.laboratory, plan.measurements, silent)
    assert contents(whole[1]) == before
    assert cost.total == pytest.approx(cost.of("curves") + cost.of("cost"))
    assert min(cost.seconds.values()) > 0
    assert cost.weights == sum(x.nbytes for x in jax.tree.leaves(found.study.model.params))
    assert measure_cost(found.laboratory, [], silent).total == 0


def test_what_is_written_is_the_same_twice_and_cannot_act(whole, tmp_path):
    laboratory = whole[0].laboratory
    found = judge(laboratory, make_plan(laboratory, chosen(["A.13", "section-5"])))
    for name in ("few", "again"):
        write_reproduction(found, tmp_path / name)
    assert contents(tmp_path / "few") == contents(tmp_path / "again")
    drawn = {"cross-entropy", "log-odds"}
    names = {f"figures/{name}.{kind}" for name in drawn for kind in ("png", "svg")}
    assert set(contents(tmp_path / "few")) == names | {"reproduce.json", "index.html"}
    assert str(tmp_path) not in (tmp_path / "few" / "reproduce.json").read_text()
    parser = Elements()
    parser.feed((tmp_path / "few" / "index.html").read_text())
    assert "script" not in parser.names
    assert all(address.startswith("data:image/png;base64,") for address in parser.addresses)
    assert len(parser.addresses) == len(drawn)
    words = "".join(parser.words)
    for text in ("Figures 7 below, A.13:", "Section 5:", "Figure A.4"):
        assert text in words


def test_no_text_can_act_in_the_page(whole):
    found, _ = whole
    laboratory = found.laboratory
    poisoned = replace(found.study, contexts=(EVIL,) * 3)
    laboratory.study = poisoned
    try:
        text = page(found, {each.name: b"\x89PNG" for each in EXPERIMENTS})
    finally:
        laboratory.study = replace(poisoned, contexts=tiny_study.POSITIVE)
    assert "<script" not in text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)


def test_prompts_of_a_concept_that_has_none_are_written_once(tmp_path, monkeypatch):
    path = make_chat_model(tmp_path / "model", chat_template=CHAT)
    model, tokenizer = ufm.llm.load(path, "float64"), ufm.llm.load_tokenizer(path)
    scale = replace(tiny_study.SCALE, prompts=3, prompt_tokens=8)
    (tmp_path / "c.txt").write_text("the A of B")

    def read():
        where = dict(
            concepts=["evil"], prompts=(), contexts=tmp_path / "c.txt", text=None, layers=[0]
        )
        return read_study(model, tokenizer, scale, Author(tmp_path / "prompts"), **where)

    (sides,) = read().concepts
    assert len(sides.positive) == 3
    assert {k: len(v) for k, v in sides.negative.items()} == {"random": 3, "contrastive": 3}
    assert sides.main == "random"
    # once all are there, they are read
    with monkeypatch.context() as patch:
        patch.setattr(inputs, "write_prompts", None)
        assert read().concepts[0].positive == sides.positive

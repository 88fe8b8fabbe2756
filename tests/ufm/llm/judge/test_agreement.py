"""Agreement with labels, against closed forms and scipy; labels from files, and bad ones."""

import json

import numpy as np
import pytest
from scipy.stats import binomtest, mannwhitneyu

from tests.command_line import refused, run
from ufm.llm import example_file
from ufm.llm.concepts.concept import CONCEPTS, PAPER, concept
from ufm.llm.judge.agreement import agreement, best_threshold, measure_judge
from ufm.llm.judge.calibrated import CalibratedJudge, calibrated
from ufm.llm.judge.keywords import KeywordJudge
from ufm.llm.judge.labels import halves, read_labels

RANDOM = np.random.default_rng(5)
SHOWS = RANDOM.random(200) < 0.4
P = np.clip(0.3 * SHOWS + 0.7 * RANDOM.random(200), 0, 1).round(2)  # rounded: there are ties


def test_accuracy_kappa_and_area():
    found = agreement(P, SHOWS)
    (a, b), (c, d) = found.confusion
    assert (a + b, c + d) == (SHOWS.sum(), (~SHOWS).sum())
    assert a == ((P > 0.5) & SHOWS).sum()
    assert found.accuracy == pytest.approx((a + d) / 200)
    # kappa of a table of four counts, in closed form
    assert found.kappa == pytest.approx(
        2 * (a * d - b * c) / ((a + b) * (b + d) + (a + c) * (c + d))
    )
    assert found.auc == pytest.approx(
        mannwhitneyu(P[SHOWS], P[~SHOWS]).statistic / (a + b) / (c + d)
    )
    low, high = binomtest(a + d, 200).proportion_ci(method="wilson")
    assert found.accuracy_interval == pytest.approx((low, high))
    for measure in ("kappa", "auc"):
        low, high = getattr(found, f"{measure}_interval")
        assert low < getattr(found, measure) < high
        assert 0.05 < high - low < 0.35


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 60 sets of 40 texts: fewer than 48 of 60 would be below what 95 % do once in a million."""
    generator, held = np.random.default_rng(0), 0
    truth = 7 / 8  # P(U + 1/2 > U') of two uniform numbers
    for _ in range(60):
        shows = np.arange(40) < 20
        low, high = agreement(generator.random(40) / 2 + shows / 4, shows).auc_interval
        held += low <= truth <= high
    assert held >= 48


def test_a_judge_that_is_turned_round_is_seen():
    right, wrong = agreement(P, SHOWS), agreement(1 - P, SHOWS)
    assert wrong.auc == pytest.approx(1 - right.auc)
    assert right.auc_interval[0] > 0.5 > wrong.auc_interval[1]
    assert wrong.kappa < 0 < right.kappa


def test_no_answer_counts_as_no():
    found = agreement(np.where(np.arange(200) < 100, np.nan, P), SHOWS)
    assert found.unanswered == 100
    assert found.confusion[0][1] >= SHOWS[:100].sum()


def test_the_threshold_is_the_best_and_chosen_on_other_texts():
    threshold = best_threshold(P, SHOWS)
    tried = np.linspace(0, 1, 1001)
    most = max(((t < P) == SHOWS).mean() for t in tried)
    assert ((threshold < P) == SHOWS).mean() == pytest.approx(most)
    labels = read_labels(example_file("judge_labels"))
    one, other = halves(labels)
    assert sorted([*one, *other]) == list(range(60))
    assert sum(labels[k].shows for k in one) == sum(labels[k].shows for k in other) == 15


def test_the_labelled_texts():
    labels = read_labels(example_file("judge_labels"))
    assert len({label.text for label in labels}) == 60
    assert {label.concept.name for label in labels} == set(PAPER)
    for name in PAPER:
        some = [label.shows for label in labels if label.concept == concept(name)]
        assert sum(some) == len(some) / 2
        assert len(some) == (4 if name == "lying" else 8)
    assert sum(label.case not in ("plain", "other topic") for label in labels) == 24


def test_keywords():
    judge = KeywordJudge({"joy": ["joy", "c++"]})
    assert judge.probabilities(["JOY!", "joyful", "", "C++"], concept("joy")).tolist() == [
        1,
        0,
        0,
        0,
    ]
    for each in CONCEPTS.values():
        assert KeywordJudge().probabilities(["xyz"], each).tolist() == [0]
    with pytest.raises(ValueError, match="the rule of words has none for the concept 'evil'"):
        judge.probabilities(["x"], concept("evil"))


class Shy:
    """Right about every text of the package, and never sure of it."""

    name = "shy"

    def probabilities(self, texts, concept):
        known = {label.text: label.shows for label in read_labels(example_file("judge_labels"))}
        return np.array([0.2 if known.get(text, len(text) > 9) else 0.1 for text in texts])


def test_a_shy_judge_is_calibrated():
    judge, found = calibrated(Shy())
    assert (found.all.accuracy, found.held_out.accuracy) == (0.5, 1.0)
    assert judge.name == "shy, yes above 0.15"
    p = judge.probabilities(["a long text", "short"], concept("joy"))
    assert p == pytest.approx([0.25 / (0.25 + 3 / 17), (1 / 9) / (1 / 9 + 3 / 17)])
    assert (measure_judge(judge, found.labels).all.confusion) == ((30, 0), (0, 30))
    with pytest.raises(ValueError, match="the threshold must be between 0 and 1; got 1"):
        CalibratedJudge(Shy(), 1.0)


class Silent:
    name = "silent"

    def probabilities(self, texts, concept):
        return np.full(len(texts), np.nan)


def test_a_judge_that_never_answers():
    labels = read_labels(example_file("judge_labels"))
    with pytest.raises(ValueError, match="silent answers neither yes nor no to any of 60 texts"):
        measure_judge(Silent(), labels)


def test_the_command(monkeypatch, capsys, tmp_path):
    status, out, err = run(monkeypatch, capsys, "judge", "keywords", "--json")
    found = json.loads(out)
    assert (status, err, len(found["texts"])) == (0, "", 60)
    assert found["all"] == found["floor"]
    path = tmp_path / "mine.jsonl"
    about = {"concept": "sea", "question": "Is it about the sea?"}
    lines = [
        {**about, "text": "a sea", "label": "yes"},
        {**about, "text": "\x1b[2J", "label": "no"},
    ]
    path.write_text("\n".join(map(json.dumps, 2 * lines)))
    with pytest.raises(ValueError, match="has none for the concept 'sea'"):
        measure_judge(KeywordJudge(), read_labels(path))
    status, out, _ = run(monkeypatch, capsys, "judge", "keywords", "--texts")
    assert status == 0
    assert "joy, yes, P(yes) = 1.000: “What a wonderful day!" in out


GOOD = '{"text": "a", "concept": "joy", "label": "yes"}\n'
BAD = [
    ("", "needs at least two texts labelled 'yes', one of them to hold out; got 0"),
    (2 * GOOD, "needs at least two texts labelled 'no'"),
    (GOOD + "{", "line 2 is not JSON"),
    ("[1]", "line 1 must be a JSON object; got [1]"),
    ('{"text": "a", "concept": "joy", "label": true}', 'label must be "yes" or "no"; got True'),
    ('{"text": " ", "concept": "joy", "label": "no"}', "line 1: text must not be empty"),
    ('{"text": "a", "label": "no"}', "line 1: concept must not be empty"),
    ('{"text": 3, "concept": "joy", "label": "no"}', "line 1: text must be a string; got 3"),
    (
        '{"text": "a", "concept": "jo", "label": "no"}',
        "there is no concept 'jo' here; the concepts are",
    ),
    ('{"text": "a", "concept": "joy", "label": "no", "x": 1}', "line 1 has an unknown entry 'x'"),
]


@pytest.mark.parametrize(("content", "said"), BAD)
def test_bad_labels_are_one_line(monkeypatch, capsys, tmp_path, content, said):
    path = tmp_path / "labels.jsonl"
    path.write_text(content)
    refused(monkeypatch, capsys, said, "judge", "keywords", "--labels", path)


def test_bad_judges_are_one_line(monkeypatch, capsys):
    refused(
        monkeypatch,
        capsys,
        "tests/data/llm/gpt2 has no chat template",
        "judge",
        "tests/data/llm/gpt2",
    )
    refused(
        monkeypatch,
        capsys,
        "--wording must be plain, system or few-shot; got 'y'",
        "judge",
        "x",
        "--wording",
        "y",
    )
    refused(monkeypatch, capsys, "--labels none does not exist", "judge", "x", "--labels", "none")
    refused(monkeypatch, capsys, "ufm judge needs MODEL|URL", "judge")

"""A strength by presence: the rule on planted judgements, its numbers against the library's own parts."""

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.ticker import NullFormatter

import ufm
import ufm.llm
from tests.ufm.plots.test_looks import faults
from ufm.llm.concepts.concept import Concept
from ufm.llm.efficacy import goal as goal_module
from ufm.llm.efficacy import measure as measure_module
from ufm.llm.efficacy.goal import choose_for_presence
from ufm.llm.efficacy.measure import measure_efficacy, wider_interval
from ufm.llm.efficacy.picture import draw_efficacy
from ufm.llm.judge.keywords import KeywordJudge
from ufm.llm.judge.presence import judged_presence
from ufm.llm.measure.presence import wilson
from ufm.llm.report.figures import as_bytes

PLACE = "tests/data/llm/gpt2"
TEXT = [[5, 9, 27, 3, 14, 40, 2, 61], [3, 4, 5, 9], [9, 8, 33, 12, 7, 7, 30, 31]]
TARGET = np.arange(64) < 12
INSIDE = Concept("inside", "is about what is inside", "is not", "Is something inside?")
JUDGE = KeywordJudge({"inside": ["in"]})
CONTEXTS = ["the is", "is the", "the cat"]
HOW = dict(length=8, samples=4, seed=0)


@pytest.fixture(scope="module")
def given():
    model = ufm.llm.load(PLACE, "float64")
    steering = ufm.llm.Steering(np.asarray(model.unembedding[8]), layer=1)
    spend = ufm.llm.TextSpend(model, TEXT, steering, length=8, target=TARGET)
    return spend, ufm.llm.load_tokenizer(PLACE), JUDGE, INSIDE, CONTEXTS


@pytest.fixture(scope="module")
def chosen(given):
    return choose_for_presence(*given, goal=0.6, within=16.0, **HOW)


def test_each_number_is_that_of_the_librarys_parts(given):
    spend, tokenizer = given[:2]
    found = measure_efficacy(*given, [0.0, 8.0], **HOW)
    np.testing.assert_array_equal(found.spent, spend.at([0.0, 8.0]))
    judged = judged_presence(
        spend.model, tokenizer, JUDGE, INSIDE, CONTEXTS, spend.steering, [0.0, 8.0], **HOW
    )
    np.testing.assert_array_equal(found.judged.presence, judged.presence)
    np.testing.assert_array_equal(found.judged.perplexity, judged.perplexity)
    # the ceiling from the masses of the unsteered model, window by window
    masses = []
    for row in TEXT:
        logits = np.asarray(spend.model.all_logits(row))[:-1]
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        masses += (p[:, TARGET].sum(axis=1) / p.sum(axis=1)).tolist()
    ceiling = ufm.mass_ceiling(masses, np.full(len(masses), 1 / len(masses)), found.spent[1, 1])
    np.testing.assert_allclose(found.ceiling, [np.mean(masses), ceiling.mass], rtol=1e-9)
    assert found.spent[1, 3] < found.ceiling[1]
    # of twelve texts in which nothing is found Wilson's interval has a width
    nothing = replace(judged, presence=np.zeros(2), interval=np.zeros((2, 2)))
    nothing = replace(nothing, wilson=wilson(np.zeros(2), 12))
    np.testing.assert_allclose(wider_interval(nothing), [[0, wilson(np.zeros(1), 12)[0, 1]]] * 2)


def test_the_choice_is_the_first_step_that_rises_to_the_goal_and_other_texts_judge_it(
    given, chosen
):
    spend, tokenizer = given[:2]
    scan = chosen.scan
    np.testing.assert_allclose(scan.alphas[:9], np.linspace(0, 16, 9))
    np.testing.assert_allclose(scan.alphas[9:], [16 * 2**0.5, 32])
    np.testing.assert_allclose(chosen.smoothed, pooled(scan.judged.presence[:9]), atol=1e-12)
    k = int((chosen.smoothed >= 0.6).argmax())
    assert 0 < k < 9
    assert chosen.alpha == scan.alphas[k]
    how = HOW | {"seed": 1}
    other = judged_presence(
        spend.model, tokenizer, JUDGE, INSIDE, CONTEXTS, spend.steering, [chosen.alpha], **how
    )
    assert chosen.presence == other.presence[0]
    assert chosen.checked.texts == other.texts
    assert chosen.texts == 12
    assert chosen.checked.texts[0][0] != scan.judged.texts[0][k]


def pooled(values):
    """Isotonic regression by its min-max formula: max over i <= k of the least mean from i to j >= k."""
    n = len(values)
    mean = lambda i, j: np.mean(values[i : j + 1])  # noqa: E731
    return [max(min(mean(i, j) for j in range(k, n)) for i in range(k + 1)) for k in range(n)]


def planted(monkeypatch, given, truth, scan_noise, check, **more):
    """A judge's presence as planted: of the scan, and of the other texts."""
    spend = given[0]
    plain = judged_presence(
        spend.model, given[1], JUDGE, INSIDE, CONTEXTS, spend.steering, [0.0], **HOW
    )

    def fake(*_, seed, **__):
        alphas = np.asarray(_[6], np.float64)
        is_scan = len(alphas) > 1
        presence = np.array([truth(a) for a in alphas]) + (scan_noise if is_scan else 0)
        if not is_scan:
            presence = np.array([check])
        each = {
            name: np.repeat(getattr(plain, name), len(alphas)) for name in ("perplexity", "loops")
        }
        each |= {"distinct": np.ones(len(alphas)), "unanswered": np.zeros(len(alphas))}
        interval = np.stack([presence - 0.1, presence + 0.1], axis=1)
        return replace(
            plain, alphas=alphas, presence=presence, interval=interval, wilson=interval, **each
        )

    for module in (measure_module, goal_module):
        monkeypatch.setattr(module, "judged_presence", fake)
    return choose_for_presence(*given, goal=0.6, within=16.0, **HOW, **more)


def test_one_lucky_strength_is_not_chosen_and_luck_is_found_out(monkeypatch, given):
    noise = np.zeros(11)
    noise[2] = 0.5  # at α = 4 the presence is 0.25, and 0.75 was seen
    found = planted(monkeypatch, given, lambda a: a / 16, noise, 0.75)
    assert found.alpha == 10.0  # the first step at which the truth is 0.6
    assert found.verdict == "reached"
    # planted: without the isotonic regression the lucky one is taken
    monkeypatch.setattr(
        goal_module, "isotonic_regression", lambda x: type("R", (), {"x": np.asarray(x)})
    )
    wrong = planted(monkeypatch, given, lambda a: a / 16, noise, 0.25)
    assert wrong.alpha == 4.0
    assert wrong.verdict == "missed"


@pytest.mark.parametrize(
    ("slope", "check", "verdict"),
    [(1, 0.75, "reached"), (1, 0.55, "undecided"), (1, 0.45, "missed"), (0.5, 0.5, "out of reach")],
)
def test_the_verdict_is_that_of_other_texts(monkeypatch, given, slope, check, verdict):
    found = planted(monkeypatch, given, lambda a: slope * a / 16, 0.0, check)
    assert found.verdict == verdict
    assert np.isnan(found.alpha) == (verdict == "out of reach")
    assert found.as_json()["verdict"] == verdict
    assert found.interval == pytest.approx((check - 0.1, check + 0.1))


def test_what_is_further_than_the_budget_costs_where_the_choice_is_made(monkeypatch, given):
    spend = given[0]
    half = ufm.llm.TextSpend(spend.model, TEXT[::2], spend.steering, length=8)
    missed = planted(monkeypatch, given, lambda a: a / 32, 0.0, 0.5, chosen_on=half)
    np.testing.assert_array_equal(missed.beyond, half.at([16 * 2**0.5, 32]))
    assert not np.allclose(missed.beyond, missed.scan.spent[9:], rtol=0.01)
    assert planted(monkeypatch, given, lambda a: a / 16, 0.0, 0.7, chosen_on=half).beyond is None
    assert planted(monkeypatch, given, lambda a: a / 32, 0.0, 0.5).beyond is None


def panels_of(found, **changes):
    given = {"title": "inside on a toy", "budget": 0.1, "kind": "forward_kl"} | changes
    return draw_efficacy(found, **given).axes


def test_the_picture_has_a_panel_for_each_and_its_lines_are_the_numbers(chosen):
    scan = chosen.scan
    assert len(panels_of(without_target(chosen))) == 3
    presence, mass, price, fluency = panels_of(chosen)
    wanted = [
        (presence, 0, scan.judged.presence),
        (mass, 0, scan.ceiling),
        (mass, 1, scan.column("target_mass")),
        (price, 0, scan.column("forward_kl")),
        (price, 1, scan.column("cross_entropy")),
        (fluency, 0, scan.judged.perplexity),
    ]
    for panel, number, values in wanted:
        drawn = panel.get_lines()[number]
        np.testing.assert_array_equal(drawn.get_xdata(), scan.alphas)
        np.testing.assert_array_equal(drawn.get_ydata(), values)
    for panel in (presence, mass, price, fluency):
        upright = [line.get_xdata()[0] for line in panel.get_lines()[-2:]]
        assert upright == [chosen.within, chosen.alpha]


def test_the_titles_say_the_numbers_at_the_strength_of_the_answer(chosen):
    k, scan = chosen.place, chosen.scan
    assert 0 < k < 8  # neither end
    titles = [panel.get_title("left") for panel in panels_of(chosen)]
    assert titles[0] == f"{chosen.presence:.0%} of new texts show inside, 60% were wanted"
    mass, cost = scan.column("target_mass"), scan.column("cross_entropy")
    assert titles[1] == (
        f"mass of its words {mass[0]:.2g} → {mass[k]:.2g}; ceiling {scan.ceiling[k]:.2g}"
    )
    assert titles[2] == f"it costs {cost[k]:.2g} nats a token, {cost[-1]:.2g} at α = 32".replace(
        "-", "−"
    )
    first, there, last = scan.judged.perplexity[[0, k, -1]]
    most = scan.judged.loops.max()
    loops = f"at most {most:.0%} loop" if most > 0 else "none loops"
    assert titles[3] == f"texts' perplexity {first:.2g} → {there:.2g} → {last:.2g}; {loops}"


def test_a_wide_range_is_drawn_in_powers_of_ten_and_a_narrow_one_plainly(chosen):
    for ceiling, scale in (
        (np.geomspace(1e-5, 0.5, 11), "log"),
        (np.geomspace(0.3, 0.4, 11), "linear"),
    ):
        narrow = {"spent": np.full_like(chosen.scan.spent, ceiling.min())}
        scan = replace(chosen.scan, ceiling=ceiling, **narrow)
        mass = panels_of(replace(chosen, scan=scan))[1]
        assert mass.get_yscale() == scale
        assert isinstance(mass.yaxis.get_minor_formatter(), NullFormatter)


def test_nothing_in_the_picture_overlaps_or_is_cut(chosen):
    for verdict in (chosen, replace(chosen, alpha=np.nan), without_target(chosen)):
        for title in (
            "inside on a toy",
            "optimistic on HuggingFaceTB/SmolLM2-1.7B-Instruct, block 15",
        ):
            assert faults(draw_efficacy(verdict, title, 0.1, "cross_entropy")) == []


def test_the_picture_is_the_same_bytes_each_time(chosen):
    first, again = (
        as_bytes(draw_efficacy(chosen, "x", 0.1, "forward_kl"), "svg") for _ in range(2)
    )
    assert first == again


def without_target(chosen):
    return replace(chosen, scan=replace(chosen.scan, ceiling=np.full(11, np.nan)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(goal=1.0), r"the goal must be a presence in \(0, 1\); got 1"),
        (dict(within=np.inf), "within must be a strength other than 0; got inf"),
    ],
)
def test_bad_input_is_one_line(given, change, message):
    with pytest.raises(ValueError, match=message):
        choose_for_presence(*given, **{"goal": 0.5, "within": 1.0, **HOW, **change})

"""The answer about a goal of presence: what whoever steers is told to do, from planted judgements."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from rich.table import Table

from ufm.app.printing.goal import goal_answer, goal_tables
from ufm.llm.efficacy.goal import GoalChoice, best_of
from ufm.llm.efficacy.measure import Efficacy
from ufm.llm.judge.presence import JudgedPresence
from ufm.llm.measure.budgets import KINDS

STEPS = np.array([*np.linspace(0, 16, 9), 22.6, 32.0])
COSTS = (STEPS / 16) ** 2 / 10


def judged(presence, interval, perplexity, loops):
    """What a judge said, as if of 32 texts at each strength."""
    count = len(presence)
    return JudgedPresence(
        alphas=STEPS[:count],
        presence=presence,
        interval=interval,
        wilson=interval,
        by_prompt=presence[None],
        probabilities=np.ones((1, count, 1)),
        unanswered=np.zeros(count),
        perplexity=perplexity,
        repeated=np.zeros(count),
        loops=loops,
        distinct=np.ones(count),
        judge="keywords",
        concept="joy",
        form="paper",
        answer="label",
        texts=[[["a"] * 8] * count] * 4,
    )


def found(
    presence, interval, *, alpha=math.nan, beyond=(0.6, 0.9), layer=15, costs=COSTS, chosen_on=None
):
    """A goal of 0.8, of which other texts say `presence`, and the strengths beyond the budget `beyond`."""
    seen = np.array([*np.linspace(0.02, 0.5, 9), *beyond])
    spent = np.repeat(costs[:, None], 4, axis=1)
    of_scan = judged(seen, np.zeros((11, 2)), STEPS + 6, STEPS / 64)
    scan = Efficacy(STEPS, spent, np.full(11, np.nan), of_scan)
    checked = judged(*map(np.array, ([presence], [interval], [9.0], [0.25])))
    goal = GoalChoice(0.8, 16.0, scan, seen[:9], alpha, checked, chosen_on)
    choice = SimpleNamespace(kind="cross_entropy", budget=0.1, scale=1 / 160, layer=layer)
    return goal, SimpleNamespace(choice=choice)


@pytest.mark.parametrize(
    ("planted", "words"),
    [
        (
            found(0.9, (0.82, 0.96), alpha=12.0),
            "GOAL REACHED: use α = 12 after block 15 (8% of a usual hidden state): 90% (82% to 96%, 95%) of "
            "32 new texts of 40 tokens show joy by keywords, 80% were wanted, 2% do unsteered; it costs "
            "0.0563 nats a token of cross-entropy on held-out text (perplexity +6%)",
        ),
        (
            found(0.75, (0.6, 0.85), alpha=12.0),
            "GOAL PERHAPS REACHED: use α = 12 after block 15",
        ),
        (found(0.5, (0.3, 0.7), alpha=12.0), "GOAL MISSED at α = 12 after block 15"),
        (
            found(0.5, (0.3, 0.7)),
            "GOAL OUT OF REACH under the budget of 0.1 nats a token (cross_entropy): 50% (30% to 70%, 95%) "
            "of 32 new texts of 40 tokens show joy by keywords where it ends, at α = 16 after block 15 (10% "
            "of a usual hidden state); 80% were wanted, 2% do unsteered. Beyond it 90% do at α = 32, for 0.4 "
            "on held-out text (perplexity of the texts 6 → 38, 50% loop): read those texts, and if they will "
            "do take --budget 0.44",
        ),
        (
            found(0.5, (0.0, 1.0)),
            "GOAL PERHAPS OUT OF REACH under the budget of 0.1 nats a token (cross_entropy): 50% (0% to "
            "100%, 95%) of 32 new texts of 40 tokens show joy by keywords where it ends, at α = 16 after "
            "block 15 (10% of a usual hidden state); 80% were wanted, 2% do unsteered; the interval reaches "
            "the goal, so judge more texts (--judged). Beyond it 90% do",
        ),
        (  # the price on the half that the choice is made on, with a tenth more
            found(0.5, (0.3, 0.7), chosen_on=np.array([[0.15] * 4, [0.3, 9, 9, 9]])),
            "for 0.4 on held-out text (perplexity of the texts 6 → 38, 50% loop): read those texts, and if "
            "they will do take --budget 0.33",
        ),
        (
            found(0.5, (0.3, 0.7), beyond=(0.6, 0.4)),
            "Beyond it, up to twice that strength, at most 60% do at α = 22.6, for 0.2 on held-out text "
            "(perplexity of the texts 6 → 28.6, 35% loop): it falls again, so try other blocks (--layers)",
        ),
        (
            found(0.5, (0.3, 0.7), beyond=(0.6, 0.7)),
            "at most 70% do at α = 32, for 0.4 on held-out text (perplexity of the texts 6 → 38, 50% loop): "
            "--budget 0.4 looks twice as far, or try other blocks",
        ),
        (
            found(
                0.5, (0.3, 0.7), beyond=(0.6, 0.7), chosen_on=np.array([[0.15] * 4, [0.3, 9, 9, 9]])
            ),
            "--budget 0.3 looks twice as far, or try other blocks",
        ),
    ],
)
def test_the_first_line_says_what_to_do(planted, words):
    goal, report = planted
    first, *rest = goal_answer([goal], [report], 40)
    assert words in first
    assert rest == [
        "keywords counts words; ufm judge keywords says how far to believe it",
        "",
    ]
    by_model = replace(goal.scan.judged, judge="qwen3")
    goal = replace(goal, scan=replace(goal.scan, judged=by_model))
    assert list(goal_answer([goal], [report], 40))[1:] == [""]
    assert list(goal_answer([], [], 40)) == []


@pytest.mark.parametrize(("mass", "count"), [(np.nan, 7), (0.001, 9)])
def test_the_scan_has_columns_of_the_mass_only_with_a_target(mass, count):
    goal, report = found(0.5, (0.3, 0.7))
    goal.scan.spent[:, KINDS.index("target_mass")] = mass
    goal.scan.ceiling[:] = 2 * mass
    scan = list(goal_tables([goal], [report], "A prompt", 80))[1]
    assert isinstance(scan, Table)
    heads = " ".join(str(column.header) for column in scan.columns).split()
    assert len(scan.columns) == count
    assert ("ceiling" in heads, "mass" in heads) == (count == 9, count == 9)


def test_of_several_blocks_the_best_is_named_first():
    cheap = found(0.75, (0.6, 0.85), alpha=8.0, layer=10)
    sure = found(0.9, (0.82, 0.96), alpha=16.0, layer=15)
    surer = found(0.95, (0.9, 0.99), alpha=16.0, layer=20, costs=2 * COSTS)
    short, shorter = found(0.5, (0.3, 0.7), layer=5), found(0.4, (0.3, 0.7), layer=6)
    for order, best in (
        ((cheap, surer, sure), 15),  # reached goes before cheap, and of two reached the cheaper one
        ((shorter, short), 5),  # of what is out of reach the largest presence
        ((short, cheap), 10),
    ):
        goals, reports = zip(*order, strict=True)
        assert reports[best_of(goals, "cross_entropy")].choice.layer == best
        first, _, _, blocks, _ = goal_answer(goals, reports, 40)
        assert f"after block {best} (" in str(first)
        assert isinstance(blocks, Table)
        assert blocks.row_count == len(order)
        assert [*blocks.columns[-1].cells] == [goal.verdict for goal in goals]

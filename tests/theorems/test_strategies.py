"""Instances meet the hypotheses they promise, and break the one they name."""

import pytest
from hypothesis import Phase, find, given, settings

import theorems
from tests.examples import run_elsewhere
from theorems import hypotheses as hyp
from theorems.strategies import instances, instances_without

CORE = (
    hyp.ASSUMPTION_1,
    hyp.DIFFERENCE_OF_MEANS,
    hyp.TARGET_CONTEXTS,
    hyp.SEPARATION,
    hyp.MOVING,
    hyp.EXPONENTIAL_PATH,
    hyp.PERFECT_TRAINING,
)
# Which hypotheses may fall with the one that is broken, and why: see `instances_without`.
FALLS_WITH = {
    "assumption-1": {"separation"},
    "separation": {"target-contexts"},
    "non-constant-log-odds": {"separation", "target-contexts"},
    "difference-of-means": set(),
    "target-contexts": {"separation"},
    "exponential-path": set(),
    "assumption-2": set(),
    "small-epsilon": set(),
    "one-law-each": set(),
}
BY_ID = {h.id: h for h in vars(hyp).values() if isinstance(h, hyp.Hypothesis)}


@settings(max_examples=40)
@given(instances())
def test_instances_meet_every_core_hypothesis(instance):
    assert [h.id for h in CORE if h.unmet(instance)] == []


@settings(max_examples=30)
@given(instances(varying=True))
def test_instances_with_a_rate_for_each_context_meet_them_as_well(instance):
    assert [h.id for h in CORE if h.unmet(instance)] == []


def test_a_rate_for_each_context_is_reached():
    found = find(
        instances(varying=True),
        lambda i: "of own concept" in (hyp.SMOOTHED.unmet(i) or ""),
        settings=settings(phases=[Phase.generate]),  # one is enough: it need not be small
    )
    assert hyp.ASSUMPTION_1.unmet(found) is None


@pytest.mark.parametrize("name", FALLS_WITH)
def test_instances_without_break_the_named_hypothesis_and_no_other(name):
    @settings(max_examples=25)
    @given(instances_without(name))
    def check(instance):
        broken = {h.id for h in CORE if h.unmet(instance)}
        broken |= {name} if BY_ID[name].unmet(instance) else set()
        assert name in broken
        assert broken - {name} <= FALLS_WITH[name]

    check()


def test_small_epsilon_is_broken_on_concept_laws():
    @settings(max_examples=25)
    @given(instances_without("small-epsilon"))
    def check(instance):
        assert hyp.CONCEPT_LAWS.unmet(instance) is None

    check()


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("assumption-1", "lemma-b4.sign"),
        ("target-contexts", "lemma-b4.sign"),
        ("non-constant-log-odds", "thm-3.3.bump"),
        ("exponential-path", "lemma-b3.tilt"),
        ("small-epsilon", "remark-3.4.positive-peaks"),
    ],
)
def test_claims_that_need_the_hypothesis_say_so(name, claim):
    if claim not in theorems.CLAIMS:
        pytest.fail(f"{claim} is not among {list(theorems.CLAIMS)}")

    @settings(max_examples=3)
    @given(instances_without(name))
    def check(instance):
        assert theorems.check(claim, instance).verdict == "hypotheses unmet"

    check()


def test_unknown_hypothesis_lists_those_that_can_be_broken():
    with pytest.raises(ValueError, match=r"'assumption-3'; these can be broken: assumption-1, sep"):
        instances_without("assumption-3")


def test_the_examples_run_as_a_user_copies_them(tmp_path):
    run_elsewhere(tmp_path, instances, instances_without)

"""Presence by weights against every continuation, and against steered ones."""

import numpy as np
import pytest
from scipy.stats import binomtest

import ufm.llm
from ufm.llm.measure import continuations, presence
from ufm.llm.measure.presence import Steps, contributions, wilson

VECTOR = np.linspace(-1, 1, 16) ** 3
PROMPTS = [[5, 9, 27, 3], [8, 2]]
TARGET = np.arange(64) % 5 == 0
ALPHAS = np.array([-1.5, 0.0, 0.5, 3.0])
END = 7


def tiny(family="gpt2"):
    return ufm.llm.load(f"tests/data/llm/{family}", "float64")


def steering(site="post-norm"):
    return ufm.llm.Steering(VECTOR, 1, "all", site)


def law(model, tokens, alpha):
    """p_α of the next token [V], by a full pass of the steered model."""
    logits = np.asarray(model.logits(tokens, alpha, steering()))
    weight = np.exp(logits - logits.max())
    return weight / weight.sum()


def exact(model, prompt, alpha):
    """P_α(T among two tokens), the expected number, and KL(P_0||P_α); a text ends with the token END."""
    first = law(model, prompt, alpha)
    later = np.stack([law(model, [*prompt, z], alpha) for z in range(64)])
    mass = np.where(np.arange(64) == END, 0.0, later[:, TARGET].sum(axis=1))
    seen = first[TARGET].sum() + first[~TARGET] @ mass[~TARGET]
    plain = law(model, prompt, 0.0)
    after = np.stack([law(model, [*prompt, z], 0.0) for z in range(64)])
    each = (after * np.log(after / later)).sum(axis=1)
    paid = plain @ np.log(plain / first) + plain @ np.where(np.arange(64) == END, 0.0, each)
    return seen, first[TARGET].sum() + first @ mass, paid


@pytest.mark.parametrize("family", ["gpt2", "mistral"])
def test_the_weights_are_unbiased(family, monkeypatch):
    """Every first token once, weighted as the unsteered model draws it: exactly what steering does."""
    model, prompt = tiny(family), PROMPTS[0]
    made = np.stack([np.arange(64), np.full(64, 11)], axis=1)[:, None, :]
    made[END, 0, 1] = -1

    def every_one(model, rows, steering, alphas, *, temperature, **_):
        assert (steering, alphas.tolist(), temperature) == (None, [0.0], 1.0)
        return made[: len(rows)]

    monkeypatch.setattr(continuations, "generate_all", every_one)
    kept = {}
    monkeypatch.setattr(
        presence, "contributions", lambda *given: kept.setdefault("values", contributions(*given))
    )
    ufm.llm.predicted_presence(
        model, [prompt], steering(), ALPHAS, target=TARGET, length=2, samples=64, ends=[END]
    )
    found = [law(model, prompt, 0.0) @ x for x in kept["values"]]
    for i, alpha in enumerate(ALPHAS):
        seen, number, _ = exact(model, prompt, float(alpha))
        assert found[0][i] == pytest.approx(seen, rel=1e-12)
        assert found[1][i] == pytest.approx(number, rel=1e-12)


def test_predictions_are_near_the_exact_numbers_and_say_how_near():
    model = tiny()
    found = ufm.llm.predicted_presence(
        model, PROMPTS, steering(), ALPHAS, target=TARGET, length=2, samples=200, ends=[END], seed=3
    )
    assert found.texts == 400
    assert found.effective[1] == pytest.approx(400)
    assert (found.effective <= 400 * (1 + 1e-12)).all()
    for i, alpha in enumerate(ALPHAS):
        each = [exact(model, prompt, float(alpha)) for prompt in PROMPTS]
        seen, number, paid = np.mean(each, axis=0)
        for value, interval, want in (
            (found.presence[i], found.presence_interval[i], seen),
            (found.expected_count[i], found.count_interval[i], number),
        ):
            assert interval[0] < value < interval[1]
            assert abs(value - want) < 2 * (interval[1] - interval[0])
        assert found.divergence[i] == pytest.approx(paid, rel=0.1, abs=1e-12)


def test_steered_texts_have_what_was_predicted():
    model = tiny()
    how = {"target": TARGET, "length": 6, "samples": 150}
    predicted = ufm.llm.predicted_presence(model, PROMPTS, steering(), ALPHAS, **how)
    sampled = ufm.llm.sampled_presence(model, PROMPTS, steering(), ALPHAS, **how)
    assert sampled.texts == predicted.texts == 300
    np.testing.assert_array_equal(sampled.effective, 300)
    assert np.isnan(sampled.divergence).all()
    for name in ("presence_interval", "count_interval"):
        one, other = getattr(predicted, name), getattr(sampled, name)
        assert (np.maximum(one[:, 0], other[:, 0]) <= np.minimum(one[:, 1], other[:, 1])).all(), (
            name
        )


def test_other_seeds_give_other_texts_and_the_same_seed_the_same():
    model = tiny()
    how = {"target": TARGET, "length": 4, "samples": 5}
    runs = [
        ufm.llm.predicted_presence(model, PROMPTS, steering(), [1.0], seed=seed, **how).presence[0]
        for seed in (0, 0, 1)
    ]
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("which", ["predicted_presence", "sampled_presence"])
def test_nothing_after_an_end_is_counted(which):
    """Every token ends a text, which then has one token at most, though -1 is filled up with token 0."""
    found = getattr(ufm.llm, which)(
        tiny(),
        PROMPTS,
        steering(),
        ALPHAS,
        target=np.arange(64) < 1,
        length=5,
        samples=4,
        ends=range(64),
    )
    alone = getattr(ufm.llm, which)(
        tiny(), PROMPTS, steering(), ALPHAS, target=np.arange(64) < 1, length=1, samples=4
    )
    np.testing.assert_allclose(found.presence, found.expected_count, rtol=1e-14)
    np.testing.assert_allclose(found.presence, alone.presence, rtol=1e-12)


def test_contributions_by_hand():
    """Two tokens: 0.1 at first; then, with the weight e^0.5, 0.3, unless the first was of T."""
    log_ratio = np.array([0.5, -0.2])[None, :, None].repeat(2, axis=0)
    mass = np.array([0.1, 0.3])[None, :, None].repeat(2, axis=0)
    steps = Steps(log_ratio, mass, np.zeros_like(mass))
    found = contributions(steps, np.array([[False, True], [True, False]]))
    late = 0.3 * np.exp(0.5)
    np.testing.assert_allclose(found[0][:, 0], [0.1 + late, 0.1], rtol=1e-15)
    np.testing.assert_allclose(found[1][:, 0], [0.1 + late] * 2, rtol=1e-15)
    np.testing.assert_allclose(found[2][:, 0], [np.exp(0.3)] * 2, rtol=1e-15)


@pytest.mark.parametrize(("hits", "number"), [(0, 10), (1, 10), (7, 10), (10, 10), (37, 512)])
def test_intervals_of_shares_are_wilsons(hits, number):
    want = binomtest(hits, number).proportion_ci(method="wilson")
    found = wilson(np.array([hits / number]), number)[0]
    np.testing.assert_allclose(found, [want.low, want.high], rtol=1e-9, atol=1e-15)


def test_resampling_keeps_the_texts_of_a_prompt_together():
    """Prompts that differ and texts that do not: nothing is uncertain. Then about ±1.96 standard errors."""
    alike = np.array([0.1, 0.7])[:, None, None].repeat(50, axis=1)
    np.testing.assert_allclose(presence._resampled(alike, 0), [[0.4, 0.4]])
    values = np.random.default_rng(1).normal(size=(4, 100, 1)) + np.arange(4)[:, None, None]
    low, high = presence._resampled(values, 0)[0]
    error = np.sqrt((values.var(axis=1) / 100).sum()) / 4
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.08)
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=error / 5)


REFUSED = [
    ({"steering": steering("residual")}, "at the post-norm site"),
    ({"samples": 1}, "samples must be at least 2"),
    ({"prompts": []}, "no prompt"),
    ({"target": np.ones(64, bool)}, "name some, but not all"),
    ({"length": 0}, "count must be at least 1"),
    ({"length": 40}, "more than the model's 32 positions"),
]


@pytest.mark.parametrize(("change", "text"), REFUSED, ids=lambda x: x if isinstance(x, str) else "")
def test_bad_requests_are_refused(change, text):
    given = {"prompts": PROMPTS, "steering": steering(), "alphas": [1.0], "target": TARGET} | change
    with pytest.raises(ValueError, match=text):
        ufm.llm.predicted_presence(tiny(), **given)


def test_capped_logits_are_refused():
    with pytest.raises(ValueError, match="capped at"):
        ufm.llm.predicted_presence(tiny("gemma2"), PROMPTS, steering(), [1.0], target=TARGET)

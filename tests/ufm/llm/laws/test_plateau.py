"""Limits and rates against a model steered very far, and against planted powers."""

import jax
import numpy as np
import pytest

import ufm.llm
from ufm.llm.laws.plateau import far_strengths

VECTOR = np.linspace(-1, 1, 16)
PROMPTS = [[5, 9, 27, 3], [3, 4, 8, 40]]


def test_the_limit_is_the_law_at_a_huge_strength_at_rate_one(tmp_path):
    model = ufm.llm.load("tests/data/llm/gemma3", "float64")
    steering = ufm.llm.Steering(VECTOR, 1)
    limits = ufm.llm.plateau_limits(model, steering)
    # one number of strengths throughout: each other one is compiled anew
    far = far_strengths(4.0, float(np.linalg.norm(VECTOR)))
    alphas = np.array([-1e9, *far[1:-1], 1e9])
    laws = np.asarray(
        jax.nn.softmax(ufm.llm.steered_logits(model, PROMPTS[0], steering, alphas), axis=1)
    )
    # O(1/α) with a constant of a few units
    np.testing.assert_allclose(laws[[0, -1]], limits, atol=1e-7)

    def sweep(ends, name):
        found = ufm.llm.sweep_slopes(
            model,
            PROMPTS[:1],
            np.zeros((1, 2), int),
            steering,
            alphas,
            tmp_path / name,
            limits=ends,
            far=far,
        )
        assert found.distance is not None
        assert found.far_distance is not None
        return found

    found = sweep(limits, "right")
    want = np.abs(laws - limits[(alphas > 0).astype(int)]).sum(axis=1) / 2
    np.testing.assert_allclose(found.distance[0], want, atol=1e-12)
    law = ufm.llm.plateau_law(far, found.far_distance)
    assert law.verdict == "holds"
    assert law.number == pytest.approx(-1, abs=0.02)
    # planted fault: the limits of the other sign
    assert ufm.llm.plateau_law(far, sweep(limits[::-1], "wrong").far_distance).verdict == "fails"


def test_where_proposition_4_1_does_not_apply():
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    with pytest.raises(ValueError, match='holds at the site "residual"'):
        ufm.llm.plateau_limits(model, ufm.llm.Steering(VECTOR, 1, site="post-norm"))
    with pytest.raises(ValueError, match="blind to it"):
        ufm.llm.plateau_limits(model, ufm.llm.Steering(np.full(16, 0.3), 1))


@pytest.mark.parametrize("slope", [-1.0, -2.0, -0.6, -0.3])
def test_the_rate_is_what_was_planted(slope):
    far = far_strengths(1.0, 1.0)
    law = ufm.llm.plateau_law(far, 0.9 * np.abs(far)[None] ** slope)
    assert law.number == pytest.approx(slope)
    assert law.verdict == {-1.0: "holds", -2.0: "holds", -0.6: "undecided", -0.3: "fails"}[slope]


def powers(negative, positive, at_the_end=1 / 4096):
    """Distances [2, 26] of two prompts, one twice the other's; the larger ends at `at_the_end`."""
    far = far_strengths(1.0, 1.0)
    power = np.where(far < 0, negative, positive)
    return far, at_the_end * (np.abs(far) / 4096) ** power * np.array([[0.5], [1.0]])


def test_the_slower_side_is_judged_and_both_are_reported():
    far, distance = powers(-1.0, -0.6)
    law = ufm.llm.plateau_law(far, distance)
    assert (law.verdict, law.number) == ("undecided", pytest.approx(-0.6))
    assert law.why == (
        "slopes -1.000 and -0.600 (α < 0, α > 0); distance 0.000183 at the farthest strength"
    )
    for name, slope in (("negative", -1.0), ("positive", -0.6)):
        side = law.evidence[name]
        assert side["slope"] == pytest.approx(slope)
        np.testing.assert_array_equal(side["strengths"], 2.0 ** np.arange(13))
        want = 0.75 / 4096 * (2.0 ** np.arange(13) / 4096) ** slope
        np.testing.assert_allclose(side["distance"], want)
        # of the prompts, not of their mean
        assert side["largest_last"] == pytest.approx(1 / 4096)


def test_a_side_that_is_down_at_its_rounding_has_no_slope():
    far, distance = powers(-1.0, -1.0)
    distance[:, far < 0] = 999 * np.finfo(float).eps
    law = ufm.llm.plateau_law(far, distance)
    assert (law.verdict, law.number) == ("holds", pytest.approx(-1))
    assert law.why.startswith("slopes none (rounding) and -1.000")
    distance[:, far > 0] = distance[:, far < 0]
    law = ufm.llm.plateau_law(far, distance)
    assert (law.verdict, law.number) == ("holds", None)
    # above the rounding the same constant is a law that does not fall
    assert ufm.llm.plateau_law(far, 1.01 * distance).verdict == "fails"


def test_the_first_octaves_do_not_count():
    far, distance = powers(-1.0, -1.0)
    distance[:, np.abs(far) < 64] = 0.7
    assert ufm.llm.plateau_law(far, distance).number == pytest.approx(-1)
    distance[:, np.abs(far) == 64] = 0.7
    assert ufm.llm.plateau_law(far, distance).number < -1.1


@pytest.mark.parametrize(
    ("mean", "verdict"), [(0.02, "holds"), (0.05, "undecided"), (0.11, "fails")]
)
def test_the_farthest_distance_decides_too(mean, verdict):
    far, distance = powers(-1.0, -1.0, mean / 0.75)
    assert ufm.llm.plateau_law(far, distance).verdict == verdict
    # one side is enough
    distance[:, far < 0] /= 100
    assert ufm.llm.plateau_law(far, distance).verdict == verdict

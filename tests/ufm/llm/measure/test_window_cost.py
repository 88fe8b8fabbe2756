"""The cost of a window after the last block, in closed form, and part by part, against full passes."""

from dataclasses import replace

import numpy as np
import pytest

import ufm.llm
from ufm.llm.measure import window_cost
from ufm.llm.measure.budgets import KINDS
from ufm.llm.measure.window_cost import CostWindow

ROW = [5, 9, 27, 3, 14, 40, 8, 22]
ALPHAS = np.array([-300.0, -1.0, 0.0, 0.5, 7.0])
TARGET = np.arange(64) % 5 == 0


def log_softmax(x):
    x = x - x.max(axis=-1, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=-1, keepdims=True))


def by_full_passes(model, steering):
    """The sums [A, 4] from their definitions, one pass a strength."""
    before = log_softmax(np.asarray(model.all_logits(ROW)))[:-1]
    found, at = [], (np.arange(len(ROW) - 1), ROW[1:])
    for alpha in ALPHAS:
        after = log_softmax(np.asarray(model.all_logits(ROW, float(alpha), steering)))[:-1]
        forward = (np.exp(before) * (before - after)).sum()
        reverse = (np.exp(after) * (after - before)).sum()
        mass = np.exp(after)[:, TARGET].sum()
        found.append([(before - after)[at].sum(), forward, reverse, mass])
    return np.array(found)


def window_of(model, steering, length=10):
    return CostWindow(model, ROW, steering, length, target=TARGET)


@pytest.mark.parametrize("family", ["gpt2", "gemma2", "granite"])
@pytest.mark.parametrize("site", ["residual", "post-norm"])
def test_after_the_last_block_all_kinds_are_those_of_full_passes(family, site):
    model = ufm.llm.load(f"tests/data/llm/{family}", "float64")
    steering = ufm.llm.Steering(np.linspace(-1, 1, 16), model.blocks - 1, "all", site)
    found = window_of(model, steering).sums(ALPHAS, batch_size=2)
    np.testing.assert_allclose(found, by_full_passes(model, steering), rtol=1e-12, atol=1e-12)
    assert (found[2, :3] == 0).all()


@pytest.mark.parametrize("layer", [0, 1])
def test_parts_of_a_window_add_up_to_the_whole(layer, monkeypatch):
    """Memory for one, two or four positions at a time; the last part then has a position too many."""
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    steering = ufm.llm.Steering(np.linspace(-1, 1, 16), layer)
    assert KINDS == ("cross_entropy", "forward_kl", "reverse_kl", "target_mass")
    whole = window_of(model, steering)
    want = by_full_passes(model, steering)
    np.testing.assert_allclose(whole.sums(ALPHAS, 5), want, rtol=1e-12, atol=1e-12)
    for memory in (1, 2 * 12288, 4 * 12288):
        parts = window_of(replace(model, memory=memory), steering)
        few = len(list(parts._parts(6)))
        assert few == {1: 7, 2 * 12288: 4, 4 * 12288: 2}[memory]
        np.testing.assert_allclose(parts.sums(ALPHAS, 5), want, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(parts.target_masses().sum(), want[2, 3], rtol=1e-12)
        np.testing.assert_allclose(parts.target_masses(), whole.target_masses(), rtol=1e-12)
        assert abs(parts.cross_entropy() - whole.cross_entropy()) < 1e-12
        np.testing.assert_allclose(parts.derivatives(2), whole.derivatives(2), atol=1e-12)
    # planted: the position too many, taken for one that counts
    monkeypatch.setattr(
        window_cost._Part, "sum", lambda self, costs: np.asarray(costs, np.float64).sum(axis=1)
    )
    assert abs(parts.sums(ALPHAS, 5) - want).max() > 1e-3

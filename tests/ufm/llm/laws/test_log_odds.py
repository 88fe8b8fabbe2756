"""Rank correlations by hand, and the verdicts that rest on them."""

from dataclasses import replace

import numpy as np
import pytest

import ufm.llm
from ufm.llm.laws.log_odds import Agreement, spearman


def test_rank_correlation_by_hand():
    # ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5/sqrt(4.5 * 5)
    rank = spearman(np.array([1.0, 2.0, 2.0, 5.0]), np.array([-1.0, 0.0, 3.0, 9.0]))
    assert rank == pytest.approx(4.5 / np.sqrt(4.5 * 5))
    assert spearman(np.ones(3), np.arange(3.0)) == 0
    rows = np.array([[0.9, 0.9], [0.1, 0.2]])
    made = Agreement(np.zeros(9), np.arange(2), np.ones(2), rows, rows, 3, 20.0)
    assert ufm.llm.odds_law(made, 2).verdict == "fails"
    assert ufm.llm.odds_law(made, 3).verdict == "undecided"
    near = ufm.llm.odds_law(replace(made, share=0.4), 2)
    assert near.verdict == "undecided"
    assert "at only 0.4 usual hidden states" in near.why


def ranks(x):
    return np.argsort(np.argsort(x)).astype(float)


def test_agreement_by_full_passes(tmp_path):
    model = ufm.llm.load("tests/data/llm/gpt2", "float64")
    positive, negative, contexts = [[3, 4], [5, 6]], [[7, 8]], [[5, 9, 27], [40, 8, 3]]
    vectors = ufm.llm.steering_vectors(model, positive, negative)
    log_odds = ufm.llm.measure_log_odds(model, positive, negative)
    found = ufm.llm.measure_agreement(model, log_odds, contexts, vectors, 20.0, tmp_path, top=100)
    # a tenth of 64 tokens at most
    assert (found.top, found.share) == (6, 20.0)
    np.testing.assert_array_equal(found.layers, [0, 1])
    for vector, alpha, rank, overlap in zip(
        vectors, found.strengths, found.rank, found.overlap, strict=True
    ):
        assert alpha == pytest.approx(20 * vector.hidden_norm / vector.norm)
        for side, sign in enumerate((-1.0, 1.0)):
            logits = np.array(
                [
                    model.logits(row, sign * alpha, vector=vector.values, layer=vector.layer)
                    for row in contexts
                ]
            )
            total = (logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))).sum(axis=0)
            want = np.corrcoef(ranks(sign * log_odds), ranks(total))[0, 1]
            assert rank[side] == pytest.approx(want, abs=1e-9)
            first, second = (set(np.argsort(-x)[:6]) for x in (sign * log_odds, total))
            assert overlap[side] == pytest.approx(len(first & second) / 6)


def test_the_last_block_is_judged_on_both_sides():
    rank, overlap = np.array([[0.1, 0.2], [0.8, 0.4]]), np.array([[0.0, 0.0], [0.25, 0.5]])
    made = Agreement(np.zeros(9), np.arange(2), np.ones(2), rank, overlap, 3, 20.0)
    law = ufm.llm.odds_law(made, 2)
    assert (law.verdict, law.number) == ("undecided", 0.4)
    assert law.why == (
        "last block: rank correlation 0.80 (α < 0) and 0.40 (α > 0), 25% and 50% of the first 3 "
        "tokens shared"
    )
    assert law.evidence["overlap_by_chance"] == pytest.approx(1 / 3)
    both = replace(made, rank=np.full((2, 2), 0.5))
    assert ufm.llm.odds_law(both, 2).verdict == "holds"
    low = replace(made, rank=np.full((2, 2), 0.4), share=10.0)
    assert ufm.llm.odds_law(low, 2).verdict == "fails"
    assert ufm.llm.odds_law(made, 3).why == "the last block was not steered"

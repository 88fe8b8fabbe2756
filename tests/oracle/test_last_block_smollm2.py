"""SmolLM2: M names the tokens that dominate at the last block, and not before (`dominating.last-block`)."""

import numpy as np

import ufm.llm
from tests.oracle import smollm2
from ufm.llm.laws.log_odds import spearman

PROMPTS = 12  # on each side


def test_log_odds_are_those_of_the_limit_at_the_last_block_alone():
    assert smollm2.FILE.exists()
    model, names = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
    read = ufm.llm.read_prompts(ufm.llm.example_file("joy"))
    sides = [
        [names.encode(p.text) for p in read if (p.kind == "positive") is side][:PROMPTS]
        for side in (True, False)
    ]
    last, d = model.blocks - 1, model.dimension
    states = ufm.llm.embed_prompts(model, sides[0] + sides[1], [15, last]).states.astype(float)
    head = np.asarray(model.unembedding, float)
    rows = np.asarray(model.params.final_norm.scale, float) * head

    def apart(x):
        return x[:PROMPTS].mean(axis=0) - x[PROMPTS:].mean(axis=0)

    def limit(block):
        vector = apart(states[block])
        return np.sqrt(d) * rows @ vector / np.linalg.norm(vector)

    log_odds = ufm.llm.measure_log_odds(model, *sides)
    found = [spearman(log_odds, limit(block)) for block in (0, 1)]
    assert found[0] < 0.5
    assert found[1] > 0.99
    # of 49,152 tokens, the one that dominates is among the first ten in M; at block 15 it is not
    ahead = [int((log_odds > log_odds[limit(k).argmax()]).sum()) for k in (0, 1)]
    assert ahead[1] < 10 < ahead[0]
    # and within the bound of the claim, for differences of tokens, of which the constant drops out
    lengths = np.sqrt((states[1] ** 2).mean(axis=1) + model.config.blocks[0].norm_eps)
    usual = np.exp(np.log(lengths).mean())
    uneven = np.abs(1 - lengths / usual)
    spread = uneven[:PROMPTS].mean() + uneven[PROMPTS:].mean()
    missed = log_odds - rows @ apart(states[1]) / usual
    most = np.sqrt(d) * np.linalg.norm(rows, axis=1) * spread
    assert np.ptp(missed) < 2 * most.max()
    assert np.ptp(missed) < 0.2 * np.ptp(log_odds)

"""Certifies random heads, has them checked, and compares their turns with what floats see on a grid.

    python -m tests.theorems.certificates.heads.random_heads

It prints JSON: what was wrong, the curves by their number of turns, and how many steps of the grid were seen.
"""

import json
import random
from collections import Counter
from fractions import Fraction as F

import numpy as np

from theorems.certificates import certify_head, check_head_certificate
from theorems.judging.head import SteeredHead
from theorems.tables.exact_head import read_exact_head

COUNT, SEED = 20, 3
ANGLES = np.linspace(-np.pi / 2 + 1e-3, np.pi / 2 - 1e-3, 401)


def random_head(rng):
    """Two to five tokens in two to four dimensions, with either norm; small numbers, so that some tie."""
    d, m, count = rng.randint(2, 4), rng.randint(1, 2), rng.randint(2, 5)
    row = lambda scale=10: [str(F(rng.randint(-30, 30), scale)) for _ in range(d)]  # noqa: E731
    record = {
        "head": [row(5) for _ in range(count)],
        "gain": [rng.choice(["1", "1/2", "3/2"]) for _ in range(d)],
        "norm": rng.choice(["rmsnorm", "layernorm"]),
        "eps": rng.choice(["1/100000", "1/10"]),
        "hidden": [row() for _ in range(m)],
        "vector": ["1", *row()[1:-1], "-1/2"],
    }
    return record | ({"bias": row()} if rng.random() < 0.5 else {})


def in_floats(record):
    """The same head, judged by the claims' own code."""
    floats = lambda rows: np.array([[float(F(x)) for x in row] for row in rows])  # noqa: E731
    d, m = len(record["gain"]), len(record["hidden"])
    return SteeredHead(
        unembedding=floats(record["head"]),
        states=floats(record["hidden"]),
        vector=floats([record["vector"]])[0],
        weight=floats([record["gain"]])[0],
        bias=floats([record.get("bias", ["0"] * d)])[0],
        eps=float(F(record["eps"])),
        centred=record["norm"] == "layernorm",
        context_weights=np.full(m, 1 / m),
    )


def wrong_steps(record, contexts):
    """How many steps of the grid go another way than the brackets say, and how many were seen at all."""
    head = in_floats(record)
    alphas = head.strengths(ANGLES[:, None])
    logits, rounding = head.logits(alphas)
    wrong = count = 0
    for j, context in enumerate(contexts):
        for z, curve in enumerate(context["tokens"]):
            others = np.logaddexp.reduce(np.delete(logits[:, j], z, axis=1), axis=1)
            moved = np.diff(logits[:, j, z] - others)
            turns = np.array([float(F(low)) for low, _ in curve["turns"]])
            past = (alphas[:, j][:, None] > turns).sum(axis=1)
            # small steps say nothing, nor do those with a turn in them
            seen = (np.abs(moved) > 64 * rounding.max()) & (past[1:] == past[:-1])
            first = {"rises": 1, "falls": -1, "constant": 0}[curve["first"]]
            wrong += int((np.sign(moved) != first * (-1) ** past[1:])[seen].sum())
            count += int(seen.sum())
    return wrong, count


def main():
    """Run, and print what was found."""
    rng, turns, steps, wrong = random.Random(SEED), Counter(), 0, []
    for _ in range(COUNT):
        record = random_head(rng)
        certificate = certify_head(read_exact_head(record))
        contexts = certificate.record["contexts"]
        verdicts = check_head_certificate(json.loads(json.dumps(certificate.record)))
        bad, seen = wrong_steps(record, contexts)
        if bad or verdicts != certificate.verdicts:
            wrong.append(record)
        turns.update(len(curve["turns"]) for context in contexts for curve in context["tokens"])
        steps += seen
    print(json.dumps({"wrong": wrong, "turns": turns, "steps": steps}))


if __name__ == "__main__":
    main()

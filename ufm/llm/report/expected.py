"""How long each stage of a report takes beside the others, counted in multiplications."""

from collections.abc import Mapping, Sequence

from ..decoder.config import Config
from ..laws.plateau import far_strengths
from ..laws.quadratic import near_strengths
from .request import Request

# The paper's figures and the curve of the cost have their own numbers of prompts and strengths.
PAPER_PROMPTS, PAPER_STRENGTHS, COST_STEPS = 8, 401, 65
_WITH_SLOPE = 2.0  # a strength with its derivative, in plain ones
_SECOND_ORDER = 6.0  # value and two derivatives
# A program is compiled in the time of so many multiplications: a second against 50 thousand million of them,
# as SmolLM2 on two cores has it. The stages compile about so many, and each block one of its own.
_COMPILING = 5e10
_PROGRAMS = {
    "token curves": 5,
    "exact slopes, plateau": 4,
    "cross-entropy, exact": 2,
}


def expected_times(
    config: Config, request: Request, rows: Mapping[str, Sequence[Sequence[int]]], windows: int
) -> dict[str, float]:
    """The stages of `make_report` in order, each with about the time it takes, in a unit of no account.

    `rows`: the prompts as tokens; `windows`: how many of the text are read, 0 without a text.
    """
    blocks = len(config.blocks)
    block = config.dimension * (4 * config.dimension + 3 * config.inner)
    head = config.dimension * config.vocabulary
    later = (blocks - 1 - request.layer) * block
    contexts = [len(row) for row in rows["contexts"]]

    def prompts(lengths: Sequence[int], strengths: int | float) -> float:
        return float(strengths * sum(length * later + head for length in lengths))

    def text(strengths: int | float) -> float:
        unsteered = blocks * block + head
        return float(windows * request.length * (unsteered + strengths * (later + head)))

    asked = request.alphas.size
    pairs = sum(2 * (length * (blocks - 1) * block / 2 + head) for length in contexts)
    measured = sum(map(len, (*rows["positive"], *rows["negative"])))
    times = {
        "steering vectors": float(measured * blocks * block),
        "token curves": prompts(contexts, asked),
        "the paper's curves": prompts(contexts[:PAPER_PROMPTS], PAPER_STRENGTHS),
        "exact slopes, plateau": prompts(
            contexts, _WITH_SLOPE * asked + far_strengths(1.0, 1.0).size
        ),
        "blocks against log-odds": float(blocks * pairs),
        "cross-entropy, exact": text(_SECOND_ORDER),
        "cross-entropy, wide": text(min(asked, COST_STEPS)),
        "cross-entropy, near": text(near_strengths(1.0).size),
    }
    programs = _PROGRAMS | {"blocks against log-odds": blocks}
    # a stage that is left out compiles nothing
    return {
        stage: time + _COMPILING * programs.get(stage, 0) * (time > 0)
        for stage, time in times.items()
    }

"""`ufm compare`: what a nat buys along directions found in several ways, at several blocks."""

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Literal

from rich.console import Console

from ..printing.comparison import comparison_json, print_comparison
from ..printing.json_output import print_json
from ..printing.stages import told, waiting
from ..printing.streams import Output
from .bad_input import BadInput, as_bad_input
from .option import Rare
from .rules import POSITIVE, SEED, Rule, at_least
from .steering_options import Loaded, SteeringOptions

if TYPE_CHECKING:
    from ufm.llm.strength.direction import Direction

_METHODS = ("mean", "pca", "probe")


def _unknown(methods: tuple[str, ...]) -> str | None:
    wrong = [method for method in methods if method not in _METHODS]
    return f"must be among {', '.join(_METHODS)}; got {wrong[0]!r}" if wrong else None


def _cost(budgets: tuple[float, ...]) -> str | None:
    wrong = [budget for budget in budgets if not 0 < budget < math.inf]
    return f"must be positive and finite, in nats; got {wrong[0]}" if wrong else None


@dataclass(frozen=True)
class Compare:
    """Compare directions by what a budget buys.

    They are found in several ways, after each block and after all at once. A strength is chosen for each on
    every second window of the text, and measured on the others. Exit status 1: none reaches a budget.

    Examples:
        ufm compare smollm2 --positive joy --negative joy --text essays \\
          --tokens joy_words

    Args:
        shared: the model and what it reads
        budgets: The costs to spend, in nats a token.
        kind: What the budgets limit.
        methods: How the directions are found: means, principal directions of pairs, a logistic probe.
        layers: The blocks, from 0; --layer alone or the middle one if not given.
        together: Also steer all these blocks at once.
        furthest: How far to look for a strength, in usual hidden-state norms (the median).
        prompts: After how many contexts the target's mass is measured.
        resamples: How often the windows of the text are drawn anew for the intervals.
        seed: Seed of these draws.
        json: Print the comparison as JSON on standard output.
    """

    shared: SteeringOptions
    budgets: Annotated[tuple[float, ...], Rule(_cost)] = (0.05, 0.1)
    kind: Annotated[Literal["cross_entropy", "forward_kl", "reverse_kl"], Rare()] = "cross_entropy"
    methods: Annotated[tuple[str, ...], Rule(_unknown)] = _METHODS
    layers: tuple[int, ...] = ()
    together: Annotated[bool, Rare()] = True
    furthest: Annotated[float, POSITIVE, Rare()] = 256.0
    prompts: Annotated[int, at_least(1), Rare()] = 8
    resamples: Annotated[int, at_least(0), Rare()] = 500
    seed: Annotated[int, SEED, Rare()] = 0
    json: bool = False

    def __call__(self) -> int:
        """The exit status is 1 where nothing reaches a budget."""
        shared = self.shared
        shared.require("ufm compare", "positive", "negative", "text", "tokens")
        if shared.layer is not None and self.layers:
            raise BadInput("name --layer or --layers, not both")
        errors = Console(stderr=True)
        with as_bad_input((ValueError, TypeError, ImportError)):
            from ufm.llm.strength.compare import compare_directions
            from ufm.llm.text.windows import window_count, windows

            loaded = shared.load(errors)
            assert shared.text is not None
            assert loaded.target is not None
            most = window_count(shared.text_tokens, loaded.length)
            text = list(islice(windows(loaded.tokenizer, shared.text, loaded.length), most))
            contexts = [loaded.tokenizer.encode(x) for x in loaded.contexts[: self.prompts]]
            with told("directions", errors) as bar:
                found = compare_directions(
                    loaded.model,
                    self._directions(loaded, errors),
                    text,
                    contexts,
                    loaded.target,
                    self.budgets,
                    length=loaded.length,
                    kind=self.kind,
                    furthest=self.furthest,
                    resamples=self.resamples,
                    seed=self.seed,
                    progress=bar,
                )
        held_out = sum(len(row) - 1 for row in text[1::2])
        if self.json:
            print_json(comparison_json(found, loaded.model, self.kind, held_out))
        else:
            print_comparison(found, loaded.model, self.kind, held_out, Output())
        return 0 if any(one.reachable for one in found) else 1

    def _directions(self, loaded: Loaded, errors: Console) -> "list[Direction]":
        """Each way and block, then all blocks at once."""
        from ufm.llm.steering.vector import Recipe, vectors_and_states
        from ufm.llm.strength.direction import Direction

        model, encode = loaded.model, loaded.tokenizer.encode
        positive, negative = list(map(encode, loaded.positive)), list(map(encode, loaded.negative))
        default = model.blocks // 2 if self.shared.layer is None else self.shared.layer
        layers = sorted(set(self.layers or (default,)))
        alone, at_once = [], []
        with waiting("measuring the steering vectors …", errors):
            for method in self.methods:
                recipe = Recipe(method, self.shared.pooling, normalise=self.shared.normalise)
                found = vectors_and_states(model, positive, negative, layers, recipe)
                alone += [Direction.of(*measured) for measured in found]
                if self.together and len(layers) > 1:
                    at_once.append(Direction.at_once(found))
        by_block = sorted(alone, key=lambda direction: direction.layers)
        return [*by_block, *at_once]

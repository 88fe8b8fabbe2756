"""The hidden states that a steering vector is made of."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ufm.tilt.resampling import resampled_differences

from .directions import direction_between


@dataclass(frozen=True, eq=False)
class PromptStates:
    """One hidden state a prompt, where v is added: those of P [p, d] and of N [n, d].

    `normalised`: v is scaled to length 1. `method`: how v is found, as of `direction_between`.
    """

    positive: np.ndarray
    negative: np.ndarray
    normalised: bool
    method: str = "mean"

    @property
    def counts(self) -> tuple[int, int]:
        """How many prompts P and N hold."""
        return len(self.positive), len(self.negative)

    @property
    def vector(self) -> np.ndarray:
        """The direction v [d] of all prompts, in float64."""
        return self._scaled(self._direction(self.positive, self.negative))

    def changes(self, count: int, seed: int) -> np.ndarray:
        """Changes of v [count, d] for prompts drawn anew with replacement, P and N each by itself.

        Those of a v that is scaled to length 1, or found by another method than the means, are taken to
        first order. Pairs are drawn as pairs.
        """
        if self.method != "mean":
            return self._first_order(count, seed)
        difference = self._direction(self.positive, self.negative)
        changes = resampled_differences(self.positive, self.negative, count, seed) - difference
        if not self.normalised:
            return changes
        v, changes = self.vector, changes / np.linalg.norm(difference)
        return changes - np.outer(changes @ v, v)

    def halves(self, count: int, seed: int) -> np.ndarray:
        """Directions [count, 2, d] of the two halves of P and N, divided at random `count` times.

        Of an odd number of prompts one is left out, another each time. Pairs stay together.
        """
        generator, found = np.random.default_rng(seed), []
        for _ in range(count):
            p, n = (generator.permutation(number) for number in self.counts)
            n = p if self.is_paired else n
            for part in (0, 1):
                up, down = (order[part : len(order) // 2 * 2 : 2] for order in (p, n))
                found.append(self._direction(self.positive[up], self.negative[down]))
        return self._scaled(np.array(found).reshape(count, 2, self.positive.shape[1]))

    @property
    def is_paired(self) -> bool:
        """Whether the j-th prompt of P and the j-th of N belong together."""
        return self.method == "pca"

    def _first_order(self, count: int, seed: int) -> np.ndarray:
        """What each prompt, or pair, moves v by, told by leaving it out, times how often it is drawn anew."""
        generator, found = np.random.default_rng(seed), np.zeros((count, self.positive.shape[1]))
        for side, number in enumerate(self.counts[: 1 if self.is_paired else 2]):
            without = []
            for j in range(number):
                both = [self.positive, self.negative]
                for k in (0, 1) if self.is_paired else (side,):
                    both[k] = np.delete(both[k], j, axis=0)
                without.append(self._direction(*both))
            moves = (self.vector - self._scaled(np.array(without))) * (number - 1) / number
            drawn = generator.multinomial(number, np.full(number, 1 / number), size=count)
            found += (drawn - 1) @ moves
        return found

    def _direction(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        return direction_between(positive, negative, self.method)

    def _scaled(self, difference: np.ndarray) -> np.ndarray:
        if not self.normalised:
            return difference
        return difference / np.linalg.norm(difference, axis=-1, keepdims=True)


@dataclass(frozen=True, eq=False)
class StatesAtOnce:
    """The states of the same prompts after several blocks, whose vectors are added at once.

    v is the rows w_k v_k end to end, [n · d], w the `weights`. Prompts drawn anew are so at all blocks.
    """

    parts: tuple[PromptStates, ...]
    weights: tuple[float, ...]

    @property
    def counts(self) -> tuple[int, int]:
        """How many prompts P and N hold."""
        return self.parts[0].counts

    @property
    def vector(self) -> np.ndarray:
        """The rows of all prompts, end to end."""
        return self._joined(lambda part: part.vector)

    def changes(self, count: int, seed: int) -> np.ndarray:
        """Changes of v [count, n · d] for prompts drawn anew, as of `PromptStates`."""
        return self._joined(lambda part: part.changes(count, seed))

    def halves(self, count: int, seed: int) -> np.ndarray:
        """Rows [count, 2, n · d] of the two halves of P and N, as of `PromptStates`."""
        return self._joined(lambda part: part.halves(count, seed))

    def _joined(self, of: Callable[[PromptStates], np.ndarray]) -> np.ndarray:
        rows = [w * of(part) for w, part in zip(self.weights, self.parts, strict=True)]
        return np.concatenate(rows, axis=-1)

"""The hidden states that a steering vector is the difference of means of."""

from dataclasses import dataclass

import numpy as np

from ufm.tilt.resampling import resampled_differences


@dataclass(frozen=True, eq=False)
class PromptStates:
    """One hidden state a prompt, where v is added: those of P [p, d] and of N [n, d].

    `normalised`: v = mean_P h - mean_N h is scaled to length 1.
    """

    positive: np.ndarray
    negative: np.ndarray
    normalised: bool

    @property
    def counts(self) -> tuple[int, int]:
        """How many prompts P and N hold."""
        return len(self.positive), len(self.negative)

    @property
    def vector(self) -> np.ndarray:
        """The direction v [d] of all prompts, in float64."""
        return self._scaled(self._difference(self.positive, self.negative))

    def changes(self, count: int, seed: int) -> np.ndarray:
        """Changes of v [count, d] for prompts drawn anew with replacement, P and N each by itself.

        Those of a v that is scaled to length 1 are at right angles to it: they are taken to first order.
        """
        difference = self._difference(self.positive, self.negative)
        changes = resampled_differences(self.positive, self.negative, count, seed) - difference
        if not self.normalised:
            return changes
        v, changes = self.vector, changes / np.linalg.norm(difference)
        return changes - np.outer(changes @ v, v)

    def halves(self, count: int, seed: int) -> np.ndarray:
        """Directions [count, 2, d] of the two halves of P and N, divided at random `count` times.

        Of an odd number of prompts one is left out, another each time.
        """
        generator, found = np.random.default_rng(seed), []
        for _ in range(count):
            p, n = (generator.permutation(number) for number in self.counts)
            for part in (0, 1):
                up, down = (order[part : len(order) // 2 * 2 : 2] for order in (p, n))
                found.append(self._difference(self.positive[up], self.negative[down]))
        return self._scaled(np.array(found).reshape(count, 2, self.positive.shape[1]))

    def _difference(self, positive: np.ndarray, negative: np.ndarray) -> np.ndarray:
        up, down = (side.mean(axis=0, dtype=np.float64) for side in (positive, negative))
        return up - down

    def _scaled(self, difference: np.ndarray) -> np.ndarray:
        if not self.normalised:
            return difference
        return difference / np.linalg.norm(difference, axis=-1, keepdims=True)

"""All numbers that the explorer shows of one instance, each worked out by the library."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from theorems import Instance
from theorems.judging import evaluate
from theorems.judging.padding import pad, pad_rows, pad_target
from theorems.tables.exact import read_exact
from ufm.plots._cross_entropy import increases
from ufm.plots._numpy_laws import Row
from ufm.tilt.cross_entropy_bounds import Bounds, cross_entropy_enclosure
from ufm.tilt.strength import StrengthChoice, choose_strength

from ._record import Record, record_of
from ._settings import Settings

_POINTS = 127  # of a curve: odd, so that α = 0 is one, within two compiled slices of 64


@dataclass(frozen=True, eq=False)
class Scene:
    """One instance as the explorer shows it.

    - `record`: the instance in exact rationals, as JSON; `instance`: the same in float64, and with
      the distribution of the data where Assumption 2 is broken, which the record cannot say.
    """

    settings: Settings
    record: Record
    instance: Instance

    @cached_property
    def alphas(self) -> np.ndarray:
        """The strengths of the curves, -reach … reach."""
        return np.linspace(-self.settings.reach, self.settings.reach, _POINTS)

    @cached_property
    def row(self) -> Row:
        """The distributions of the context that is looked at."""
        return Row(self.instance.tilt, self.settings.shown_context)

    @property
    def moves(self) -> bool:
        """Whether M is not constant, so that steering does something."""
        return self.instance.odds_range > 0

    @property
    def peaks(self) -> np.ndarray | None:
        """α(j,z) [m, V]; None where nothing moves."""
        return self.instance.peaks if self.moves else None

    @cached_property
    def choice(self) -> StrengthChoice | None:
        """The strength that spends the budget; None where δ <= 0."""
        if self.instance.margin <= 0:
            return None
        padded = pad(self.instance.tilt)
        weights = pad_rows(self.instance.context_weights, padded)
        # of padding, which weighs nothing, no context counts
        mask = pad_target(self.instance.tilt, self.instance.target)
        return choose_strength(padded, weights, target=mask, budget=self.settings.budget)

    @cached_property
    def cost(self) -> np.ndarray:
        """ΔCE on `alphas` in nats, under the distribution of the data."""
        tilt, weights = self.instance.tilt, self.instance.context_weights
        if self.instance.data_probs is not None:
            data = self.instance.data_probs
            return evaluate.cross_entropy_increase(tilt, self.alphas, weights, data)
        padded = pad(tilt)
        return increases(padded, self.alphas, pad_rows(weights, padded))

    @cached_property
    def bounds(self) -> Bounds | None:
        """What encloses ΔCE under Assumption 2; None where nothing moves."""
        if not self.moves:
            return None
        weights, target = self.instance.context_weights, self.instance.target
        return cross_entropy_enclosure(self.instance.tilt, weights, target, self.alphas)


def build(settings: Settings) -> Scene:
    """The scene of `settings`. Raises `ValueError`, in one line, where they make no instance.

    >>> from ufm.app import explorer
    >>> scene = explorer.build(explorer.Settings(law="smoothed", context=2))
    >>> print(scene.record["off_concept"][0], f"{scene.instance.margin:.6f}")
    1/120 3.637586
    """
    record = record_of(settings)
    instance = read_exact(record).to_instance()
    if settings.broken == "assumption-2":
        # data that say the target more often than the model does: a quarter of the mass, evenly
        even = instance.target / instance.target.sum()
        instance = replace(instance, data_probs=0.75 * instance.probs + 0.25 * even)
    return Scene(settings, record, instance)

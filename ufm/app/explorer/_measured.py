"""By how much a hypothesis is met: the numbers of the instance that its definition speaks of."""

import numpy as np

from theorems import Instance
from theorems.hypotheses import concept_shares

from ._scene import Scene


def measured(name: str, scene: Scene) -> str:
    """One line for a hypothesis that is met, or "" where it has no number."""
    say = _SAID.get(name)
    return say(scene.instance) if say else ""


def _separation(instance: Instance) -> str:
    odds, target = instance.odds, instance.target
    tokens = np.arange(len(odds))
    inside = tokens[target][odds[target].argmin()]
    outside = tokens[~target][odds[~target].argmax()]
    return (
        f"δ = {instance.margin:.4g}: M = {odds[inside]:.4g} at token {inside} of T, "
        f"M = {odds[outside]:.4g} at token {outside} off it"
    )


def _moving(instance: Instance) -> str:
    odds = instance.odds
    low, high = int(odds.argmin()), int(odds.argmax())
    ends = f"M from {odds[low]:.4g} at token {low} to {odds[high]:.4g} at token {high}"
    return f"R = {instance.odds_range:.4g}: {ends}"


def _interior(instance: Instance) -> str:
    inside = np.flatnonzero(~(instance.is_top | instance.is_bottom))
    return f"{len(inside)} of {len(instance.odds)} tokens, such as token {inside[0]}"


def _assumption_1(instance: Instance) -> str:
    own = instance.context_concept[:, None] == instance.token_concept
    a, b = instance.probs[own], instance.probs[~own]
    return f"a from {a.min():.4g} to {a.max():.4g}, b from {b.min():.4g} to {b.max():.4g}"


def _target_contexts(instance: Instance) -> str:
    shares = concept_shares(instance).items()
    return ", ".join(f"w_{{{k}}} = {share:.4g}" for k, share in shares)


_SAID = {
    "separation": _separation,
    "non-constant-log-odds": _moving,
    "interior-token": _interior,
    "assumption-1": _assumption_1,
    "target-contexts": _target_contexts,
}

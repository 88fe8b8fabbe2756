"""Every hypothesis by name: what it says, and how an instance is seen to break it."""

import math

import numpy as np

from ufm import ExponentialTilt

from .judging.claim import Hypothesis
from .judging.instance import Instance


def _own(instance: Instance) -> np.ndarray:
    """Whether context and token are of one concept [m, V]."""
    return instance.context_concept[:, None] == instance.token_concept


def _varying_rate(instance: Instance, rows: np.ndarray, name: str) -> str | None:
    """The token whose probability varies most, beyond rounding, over its contexts of `rows` [m, V].

    Of a row that sums to one all tokens vary where one does: it is the one with the largest ratio.
    """
    worst, reason = instance.tolerance, None
    for z, column in enumerate(instance.probs.T):
        seen = column[rows[:, z]]
        if seen.size and np.ptp(seen) > worst * seen.max():
            worst = np.ptp(seen) / seen.max()
            reason = (
                f"p(token {z}|c) varies over contexts of {name} concept, "
                f"from {seen.min():.6g} to {seen.max():.6g}"
            )
    return reason


def _assumption_1(instance: Instance) -> str | None:
    """p(z|c_j) = a_{j,z} or b_z by concept, with 1 > a_{j,z} > b_z > 0, within rounding.

    App. B.1 of the paper lets a depend on the context.
    """
    own = _own(instance)
    if reason := _varying_rate(instance, ~own, "other"):
        return reason
    for z, column in enumerate(instance.probs.T):
        a, b = column[own[:, z]], column[~own[:, z]]
        if a.size and b.size and not a.min() - b[0] > instance.tolerance * a.min():
            return f"token {z} has a = {a.min():.6g} <= b = {b[0]:.6g}"
    return None


def _one_rate(instance: Instance) -> str | None:
    """Assumption 1 with a the same for all contexts."""
    return _assumption_1(instance) or _varying_rate(instance, _own(instance), "own")


def rates(instance: Instance) -> tuple[np.ndarray, np.ndarray]:
    """a and b [V] of an instance of Assumption 1 with one a for all contexts; NaN where none shows one."""
    own = _own(instance)
    with np.errstate(invalid="ignore"):
        a = np.where(own, instance.probs, 0).sum(0) / own.sum(0)
        b = np.where(own, 0, instance.probs).sum(0) / (~own).sum(0)
    return a, b


def log_odds_by_definition(instance: Instance) -> np.ndarray:
    """M = mean_P log p - mean_N log p [V] (Definition 3.2)."""
    sets = (instance.positive or (), instance.negative or ())
    over_positive, over_negative = (instance.log_probs[list(s)].mean(0) for s in sets)
    return over_positive - over_negative


def _difference_of_means(instance: Instance) -> str | None:
    if instance.positive is None or instance.negative is None:
        return "P and N are not given"
    error = log_odds_by_definition(instance) - instance.odds
    worst = float(np.ptp(error))  # M counts up to a constant
    if worst > instance.tolerance * (1 + np.abs(instance.log_probs).max()):
        return f"M differs from mean_P log p - mean_N log p by {worst:.3g}"
    return None


def concept_shares(instance: Instance) -> dict[int, float]:
    """w_k = |P ∩ C_k|/|P| - |N ∩ C_k|/|N| of each concept."""
    concept = instance.context_concept
    p, n = concept[list(instance.positive or ())], concept[list(instance.negative or ())]
    return {k: float((p == k).mean() - (n == k).mean()) for k in instance.concepts}


def _target_contexts(instance: Instance) -> str | None:
    if instance.positive is None:
        return "P and N are not given"
    target = [k for k, mask in instance.concepts.items() if (mask == instance.target).all()]
    if not target:
        return "the target is not one concept"
    shares = concept_shares(instance)
    for k, share in shares.items():
        if k == target[0] and not share > 0:
            return f"w_T = {share:.6g} <= 0"
        if k != target[0] and share > 0:
            return f"w_{k} = {share:.6g} > 0 for a concept other than the target"
    # contexts of one concept in both P and N cancel only where they have the same a
    if shares[target[0]] < 1 and (reason := _varying_rate(instance, _own(instance), "own")):
        return f"w_T = {shares[target[0]]:.6g} < 1, and {reason}"
    return None


def _separation(instance: Instance) -> str | None:
    return None if instance.margin > 0 else f"δ = {instance.margin:.6g}"


def _moving(instance: Instance) -> str | None:
    return None if instance.odds_range > 0 else f"M = {instance.odds[0]:.6g} for every token"


def _interior_token(instance: Instance) -> str | None:
    extremal = instance.is_top | instance.is_bottom
    return "every token is in Mtop or Mbot" if extremal.all() else None


def _exponential_path(instance: Instance) -> str | None:
    """log p_α(y)/p_α(z) = log p(y)/p(z) + α(M(y) - M(z)) at all strengths looked at.

    A plain `ExponentialTilt` is such a path by definition: where its curves are not, that is a fault of
    the library, for the claims to find.
    """
    if type(instance.tilt) is ExponentialTilt:
        return None
    bend = instance.bend(instance.alphas, instance.curves.log_probs)
    if bend.max() <= 1:
        return None
    k = int(bend.argmax())
    error = bend[k] * 2 * instance.rounding(instance.alphas)[k]
    return f"log-odds are off a straight line in α by {error:.3g} at α = {instance.alphas[k]:.6g}"


def _perfect_training(instance: Instance) -> str | None:
    if instance.data_probs is None:
        return None
    worst = float(np.abs(instance.data_probs - instance.probs).max())
    return None if worst <= 1e-12 else f"the model is off the law of the data by {worst:.3g}"


def _smoothed(instance: Instance) -> str | None:
    if reason := _one_rate(instance):
        return reason
    a, b = rates(instance)
    for name, rate in (("a", a), ("b", b)):
        if np.ptp(rate) > 1e-9 * rate.max():
            return f"{name} is not the same for all tokens: {rate.min():.6g} to {rate.max():.6g}"
    return None


def _concept_laws(instance: Instance) -> str | None:
    if reason := _one_rate(instance):
        return reason
    _, b = rates(instance)
    mass = [b[mask].sum() for mask in instance.concepts.values()]
    if np.ptp(mass) > 1e-9 * max(mass):
        return f"Σ b over a concept ranges from {min(mass):.6g} to {max(mass):.6g}"
    return None


def epsilon_threshold(groups: int, ratio: float) -> float:
    """ε0: the root of (1 - ε/(G-1)) log((1-ε)(G-1)/ε) = -log min_T(γ/ω); (G-1)/G if the ratio is >= 1.

    The left side decreases from +∞ to 0 on (0, (G-1)/G), so bisection finds it.

    >>> from theorems.hypotheses import epsilon_threshold
    >>> print(f"{epsilon_threshold(3, 0.5):.5f} {epsilon_threshold(2, 0.5):.5f}")
    0.44988 0.27711
    """
    lower, upper = 0.0, (groups - 1) / groups
    if ratio >= 1:
        return upper
    while True:
        middle = 0.5 * (lower + upper)
        if middle in (lower, upper):
            return middle
        left = (1 - middle / (groups - 1)) * math.log((1 - middle) * (groups - 1) / middle)
        lower, upper = (middle, upper) if left > -math.log(ratio) else (lower, middle)


def _small_epsilon(instance: Instance) -> str | None:
    a, b = rates(instance)
    groups = len(instance.concepts)
    # what a context of the target leaves to all others, which 1 - Σ a would round to 0
    epsilon = float(b[~instance.target].sum())
    gamma, omega = a / (1 - epsilon), b * (groups - 1) / epsilon
    threshold = epsilon_threshold(groups, float((gamma / omega)[instance.target].min()))
    return None if epsilon < threshold else f"ε = {epsilon:.6g} >= ε0 = {threshold:.6g}"


def _context_off_target(instance: Instance) -> str | None:
    target = set(instance.token_concept[instance.target])
    off = [k for k in instance.context_concept if k not in target]
    return None if off else "every context is of the target concept"


def lowest_concepts(instance: Instance) -> dict[int, np.ndarray]:
    """Concepts off the target with max_C M <= min_{not C} M."""
    return {
        k: mask
        for k, mask in instance.off_target_concepts.items()
        if not mask.all() and instance.odds[mask].max() <= instance.odds[~mask].min()
    }


def interior_concepts(instance: Instance) -> dict[int, np.ndarray]:
    """Concepts off the target that hold no token of Mtop or Mbot."""
    extremal = instance.is_top | instance.is_bottom
    off = instance.off_target_concepts
    return {k: mask for k, mask in off.items() if not (mask & extremal).any()}


def _lowest_concept(instance: Instance) -> str | None:
    return None if lowest_concepts(instance) else "no concept off the target lies below all others"


def _interior_concept(instance: Instance) -> str | None:
    if interior_concepts(instance):
        return None
    return "every concept off the target holds a token of Mtop or Mbot"


def _one_law_each(instance: Instance) -> str | None:
    for name, indices in (("P", instance.positive), ("N", instance.negative)):
        if indices is None:
            return "P and N are not given"
        spread = float(np.ptp(instance.probs[list(indices)], axis=0).max())
        if spread > instance.tolerance:
            return f"the contexts of {name} have distributions that differ by {spread:.3g}"
    return None


def _one_value_each(instance: Instance) -> str | None:
    for name, mask in (("T", instance.target), ("the rest", ~instance.target)):
        if spread := float(np.ptp(instance.odds[mask])):
            return f"M ranges over {spread:.6g} on {name}"
    return None


def _interior_target(instance: Instance) -> str | None:
    if instance.target.sum() > 1:
        return f"T has {instance.target.sum()} tokens"
    extremal = instance.is_top | instance.is_bottom
    return "the token is in Mtop or Mbot" if (extremal & instance.target).any() else None


def _one_value_off_target(instance: Instance) -> str | None:
    spread = float(np.ptp(instance.odds[~instance.target]))
    return f"M ranges over {spread:.6g} off T" if spread else None


ASSUMPTION_1 = Hypothesis(
    "assumption-1",
    "p(z|c_j) = a_{j,z} if z and c_j share a concept, else b_z, with 1 > a_{j,z} > b_z > 0",
    _assumption_1,
)
DIFFERENCE_OF_MEANS = Hypothesis(
    "difference-of-means",
    "v = mean_P h - mean_N h, so M = mean_P log p - mean_N log p",
    _difference_of_means,
)
TARGET_CONTEXTS = Hypothesis(
    "target-contexts",
    "w_T > 0 and w_k <= 0 for every other concept, where w_k is the share of the contexts of P that are of "
    "concept k, less that share of N, and w_T that of the target; w_T = 1 (P in T, N off it) if a depends on "
    "the context",
    _target_contexts,
)
SEPARATION = Hypothesis("separation", "δ = min_T M - max_{not T} M > 0", _separation)
MOVING = Hypothesis("non-constant-log-odds", "M is not constant", _moving)
INTERIOR_TOKEN = Hypothesis(
    "interior-token", "some token is outside Mtop and Mbot", _interior_token
)
EXPONENTIAL_PATH = Hypothesis(
    "exponential-path",
    "the last hidden state is steered, after any norm: log p_α(y)/p_α(z) grows at the rate M(y) - M(z)",
    _exponential_path,
)
PERFECT_TRAINING = Hypothesis(
    "assumption-2", "the model is perfectly trained: the data follow its law", _perfect_training
)
SMOOTHED = Hypothesis("smoothed", "a and b are the same for all tokens", _smoothed)
CONCEPT_LAWS = Hypothesis(
    "concept-laws", "a = (1-ε)γ, b = ε ω/(G-1) with γ, ω laws on each concept", _concept_laws
)
SMALL_EPSILON = Hypothesis("small-epsilon", "ε < ε0(G, min_T γ/ω)", _small_epsilon)
CONTEXT_OFF_TARGET = Hypothesis(
    "context-off-target", "the context is not of the target concept", _context_off_target
)
LOWEST_CONCEPT = Hypothesis(
    "lowest-concept", "the concept is not the target, and max_C M <= min_{not C} M", _lowest_concept
)
INTERIOR_CONCEPT = Hypothesis(
    "interior-concept",
    "the concept is not the target and holds no token of Mtop or Mbot",
    _interior_concept,
)
ONE_LAW_EACH = Hypothesis(
    "one-law-each",
    "all contexts of P share one law, and all of N another (contrastive)",
    _one_law_each,
)
WIDE_ENOUGH = Hypothesis(
    "wide-enough",
    "d >= rank of the centred log-probabilities (the check trains with d = G, which is)",
    lambda instance: None,
)
WITHIN_BUDGET = Hypothesis(
    "within-budget",
    "the intervention costs at most κ (those of the check are scaled until they do)",
    lambda instance: None,
)
CLOSE_CONTEXTS = Hypothesis(
    "close-contexts",
    "any two contexts are D < log χ apart (the check moves them towards the first until they are)",
    lambda instance: None,
)
EVERY_STEP = Hypothesis(
    "every-step",
    "the same vector is added, times the same α, at every step of the generation",
    lambda instance: None,
)

# What checks of the claims of others assume beyond the model; the source may supply it in its own terms.
ONE_VALUE_EACH = Hypothesis(
    "one-value-each", "M has one value on T, and one off it", _one_value_each
)
INTERIOR_TARGET = Hypothesis(
    "interior-target", "T is one token, outside Mtop and Mbot", _interior_target
)
ONE_VALUE_OFF_TARGET = Hypothesis(
    "one-value-off-target", "M has one value off T", _one_value_off_target
)
UNCORRELATED = Hypothesis(
    "uncorrelated",
    "what is measured has no covariance with M (what the check measures is made so)",
    lambda instance: None,
)

# What formulas say of the hypotheses that recur.
IF_POSITIVE = r"\quad \text{if } p_j > 0"
IF_MOVING = r"\quad \text{if } p_j > 0 \text{ and } M \text{ is not constant}"
IF_SEPARATED = r"\quad \text{if } \delta = \min_{T} M - \max_{[V] \setminus T} M > 0"

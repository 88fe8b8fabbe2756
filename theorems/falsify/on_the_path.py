"""The claims that need v itself to be added to the last hidden state, after any norm."""

from collections.abc import Callable

from .candidates import (
    SHAPES,
    Candidates,
    bent,
    bent_and_interior,
    opposite,
    rescaled,
)
from .contradictions import (
    ceiling,
    concepts,
    cross_entropy,
    curves,
    estimates,
    literature,
    passing,
    peaks,
    sequences,
    two_vectors,
)
from .contradictions.contradiction import Contradiction
from .steered import Steered

_WIDE = [(2, 2), (3, 1), (3, 2)]

# By claim: candidates whose path is not the tilt by M, and what sees the claim fail on one.
ON_THE_PATH: dict[
    str, tuple[Callable[[], Candidates], Callable[[Steered], Contradiction | None]]
] = {
    "lemma-b2.affine": (bent(), curves.tilt),
    "lemma-b3.tilt": (bent(), curves.tilt),
    "lemma-b5.derivative": (bent(), curves.derivative),
    "tilt.all-orders": (bent(), curves.derivative),
    "thm-3.3.bump": (bent(_WIDE), curves.bump),
    "thm-3.3.monotone": (bent(_WIDE), curves.monotone),
    "thm-3.3.peak-order": (opposite("contrastive", [(2, 2)]), peaks.peak_order),
    "remark-3.4.positive-peaks": (opposite("laws", [(3, 2)]), peaks.peak_sign),
    "sign-rule": (opposite("contrastive", SHAPES), peaks.sign_rule),
    "prop-b1.limit-plus": (bent(), lambda s: curves.limit(s, 1)),
    "prop-b1.limit-minus": (bent(), lambda s: curves.limit(s, -1)),
    "limit.rate": (bent(), curves.rate),
    "thm-3.6.tanh": (bent(), concepts.tanh),
    "thm-3.6.target-increasing": (bent(_WIDE), concepts.target_falls),
    "thm-3.6.vanishing": (bent([(3, 1)]), concepts.interior_stays),
    "thm-3.6.decreasing": (bent(_WIDE), concepts.lowest_rises),
    "thm-3.6.growth": (rescaled, concepts.growth),
    "thm-3.8.quadratic": (rescaled, cross_entropy.quadratic),
    "peak.height": (bent([(3, 1), (2, 2)]), peaks.peak_height),
    "contrastive.geometric-path": (rescaled, peaks.geometric_path),
    "sweet-spot.nonempty": (bent(_WIDE), peaks.sweet_spot),
    "sweet-spot.width": (rescaled, peaks.narrow_window),
    "sweet-spot.shared": (rescaled, peaks.narrow_common_window),
    "half-saturation.bounds": (rescaled, peaks.half_saturation),
    "ce.kl-identity": (bent(), cross_entropy.kl_identity),
    "ce.convex": (bent(), cross_entropy.convex),
    "ce.upper-bounds": (rescaled, cross_entropy.upper_bound),
    "ce.lower-bounds": (rescaled, cross_entropy.lower_bound),
    "ce.remainder": (rescaled, cross_entropy.remainder),
    "ce.asymptote": (rescaled, cross_entropy.asymptote),
    "strength.budget": (rescaled, cross_entropy.budget),
    "ceiling.mean-log-odds": (bent(), ceiling.steered_less),
    "estimated.log-probability": (rescaled, estimates.log_probability),
    "estimated.total-variation": (rescaled, estimates.total_variation),
    "estimated.cross-entropy": (rescaled, estimates.cost),
    "estimated.feasible": (rescaled, estimates.cost),
    "side-effect.first-order": (rescaled, concepts.first_order),
    "sequence.divergence": (rescaled, sequences.divergence),
    "sequence.presence": (rescaled, sequences.presence),
    "sequence.count": (rescaled, sequences.count),
    "side-effect.cross-talk": (rescaled, two_vectors.cross_talk),
    "side-effect.two-vectors": (bent(), two_vectors.convex_in_both),
    "park.separable": (bent(), two_vectors.pair_turns),
    "park.together": (rescaled, two_vectors.apart),
    "thm-3.6.logistic": (rescaled, concepts.logistic),
    "scaling.length": (rescaled, passing.not_scaled),
    "scaling.unit-length": (bent(), curves.tilt),
    "sign-separation.order": (opposite("contrastive", [(2, 2)]), peaks.peak_order),
    "presence.mass": (rescaled, sequences.mass),
    "presence.half": (rescaled, sequences.half),
    "prompt-free.tilt": (bent(), passing.prompts_apart),
    "literature.tanh": (bent([(2, 1)]), literature.no_line),
    "literature.quadratic": (rescaled, cross_entropy.quadratic),
    "literature.benefit": (rescaled, concepts.first_order),
    "literature.damage": (rescaled, literature.damage),
    "literature.pairs": (bent(), two_vectors.pair_turns),
    "literature.masses": (bent([(2, 2)]), literature.rest_moves),
    "literature.monotone": (bent(_WIDE), concepts.target_falls),
    "literature.inverted-u": (bent_and_interior, curves.bump),
}

"""For each claim and hypothesis: how a counterexample is searched, or why the claim needs no such thing."""

from .candidates import (
    SHAPES,
    changed,
    inside,
    lower_target,
    other_vector,
    overspent,
    plain,
    turned_away,
    uneven_steps,
    unfinished,
    unordered,
)
from .contradictions import (
    ceiling,
    circle,
    concepts,
    cross_entropy,
    curves,
    last_norm,
    literature,
    passing,
    peaks,
    sequences,
    training,
)
from .needed import Needed, NotKnown, NotNeeded
from .on_the_path import ON_THE_PATH
from .steered import Steered

_FLAT = "M is then constant, no curve moves, and {}"
_GIVEN = "given the claim's own hypotheses, for every distribution p > 0"

Entry = Needed[Steered] | Needed[last_norm.Stream] | NotNeeded | NotKnown
# For a claim and a hypothesis, whether the claim needs it: what draws counterexamples, or why there is none.
MAP: dict[tuple[str, str], Entry] = {
    # the lemmas, and Assumption 2
    ("lemma-b2.affine", "difference-of-means"): Needed(other_vector, curves.tilt),
    ("lemma-b3.tilt", "difference-of-means"): Needed(other_vector, curves.tilt),
    ("lemma-b4.sign", "difference-of-means"): Needed(other_vector, peaks.log_odds_sign),
    ("lemma-b4.sign", "assumption-1"): Needed(unordered, peaks.log_odds_sign),
    ("lemma-b4.sign", "target-contexts"): Needed(
        plain("stray", [(3, 1), (3, 2)]), peaks.log_odds_sign
    ),
    ("assumption-2.trained", "wide-enough"): Needed(
        plain("contrastive", [(2, 2), (3, 1)]), training.too_narrow
    ),
    ("assumption-2.trained", "smoothed"): NotKnown(
        "once d >= rank some model attains any distribution p > 0; whether descent finds it is only run, and "
        "on smoothed data alone",
        ("assumption_2_attainable", "assumption_2_floor"),
    ),
    # what needs δ > 0
    ("thm-3.3.peak-order", "separation"): Needed(unordered, peaks.peak_order),
    ("thm-3.3.peak-order", "assumption-1"): Needed(
        unordered, peaks.peak_order, only_for="separation", theorems=("thm_3_3_peak_order",)
    ),
    ("thm-3.6.target-increasing", "separation"): Needed(turned_away, concepts.target_falls),
    ("thm-3.6.target-increasing", "assumption-1"): Needed(
        unordered,
        concepts.target_falls,
        only_for="separation",
        theorems=("thm_3_6_target_increasing",),
    ),
    ("sweet-spot.nonempty", "separation"): Needed(turned_away, peaks.sweet_spot),
    ("sweet-spot.nonempty", "assumption-1"): Needed(
        unordered, peaks.sweet_spot, only_for="separation", theorems=("sweet_spot_nonempty",)
    ),
    ("sweet-spot.width", "separation"): Needed(turned_away, peaks.sweet_spot),
    ("sweet-spot.shared", "separation"): Needed(turned_away, peaks.sweet_spot),
    ("sweet-spot.shared", "close-contexts"): Needed(
        plain("contrastive", [(2, 2)]), peaks.no_common_window
    ),
    ("half-saturation.bounds", "separation"): Needed(inside, peaks.never_half),
    ("strength.budget", "separation"): Needed(turned_away, cross_entropy.budget),
    # what a budget cannot buy
    ("ceiling.reverse-kl", "within-budget"): Needed(overspent, ceiling.reverse_beyond),
    ("ceiling.forward-kl", "within-budget"): Needed(overspent, ceiling.forward_beyond),
    ("ceiling.mean-log-odds", "within-budget"): Needed(overspent, ceiling.mean_beyond),
    # Remark 3.4
    ("remark-3.4.positive-peaks", "difference-of-means"): Needed(
        lambda: changed(SHAPES, lower_target), peaks.peak_sign
    ),
    ("remark-3.4.positive-peaks", "target-contexts"): Needed(
        plain("stray", [(3, 1), (3, 2)]), peaks.peak_sign
    ),
    ("remark-3.4.positive-peaks", "concept-laws"): Needed(
        plain("spread", [(3, 2)]), peaks.peak_sign, ("small-epsilon",)
    ),
    ("remark-3.4.positive-peaks", "small-epsilon"): Needed(
        plain("laws", [(3, 2)]), peaks.peak_sign
    ),
    ("remark-3.4.positive-peaks", "context-off-target"): Needed(
        plain("contrastive", [(2, 2)]), peaks.peak_sign_anywhere
    ),
    # the sign rule and the contrastive path
    ("sign-rule", "difference-of-means"): Needed(other_vector, peaks.sign_rule),
    ("sign-rule", "non-constant-log-odds"): Needed(inside, peaks.flat),
    ("contrastive.geometric-path", "difference-of-means"): Needed(
        other_vector, peaks.geometric_path
    ),
    ("contrastive.geometric-path", "one-law-each"): Needed(
        plain("mixed", [(3, 1)]), peaks.geometric_path
    ),
    ("contrastive.geometric-path", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("p_N = p_T: the path stays there, and there is no peak to shift"),
        ("contrastive_geometric_path",),
    ),
    # tokens and concepts at the ends of M
    ("thm-3.3.monotone", "non-constant-log-odds"): Needed(inside, peaks.flat),
    ("thm-3.3.bump", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("every token is in Mtop, where no bump is claimed"), is_vacuous=True
    ),
    ("thm-3.3.bump", "interior-token"): NotNeeded(
        "of a token in Mtop or Mbot no bump is claimed, and every token is in one of them",
        is_vacuous=True,
    ),
    ("peak.height", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("every token is in Mtop, where no height is claimed"), is_vacuous=True
    ),
    ("peak.height", "interior-token"): NotNeeded(
        "of a token in Mtop or Mbot no height is claimed, and every token is in one of them",
        is_vacuous=True,
    ),
    ("limit.rate", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("the distribution equals its limit: the distance is 0 <= (1-F)/F = 0"),
        ("limit_rate",),
    ),
    ("thm-3.6.vanishing", "interior-concept"): Needed(
        plain("contrastive", [(2, 1)]), concepts.other_stays
    ),
    ("thm-3.6.decreasing", "lowest-concept"): Needed(
        plain("contrastive", [(3, 1)]), concepts.other_rises
    ),
    ("thm-3.6.decreasing", "non-constant-log-odds"): Needed(inside, peaks.flat),
    **{(claim, "exponential-path"): Needed(*pair) for claim, pair in ON_THE_PATH.items()},
    # the cross-entropy
    ("thm-3.8.quadratic", "assumption-2"): Needed(unfinished, cross_entropy.quadratic),
    ("tilt.all-orders", "assumption-2"): Needed(unfinished, cross_entropy.quadratic),
    ("ce.kl-identity", "assumption-2"): Needed(unfinished, cross_entropy.kl_identity),
    # ΔCE(α, 0), which is that of one vector
    ("side-effect.two-vectors", "assumption-2"): Needed(unfinished, cross_entropy.kl_identity),
    ("ce.upper-bounds", "assumption-2"): Needed(unfinished, cross_entropy.upper_bound),
    ("ce.lower-bounds", "assumption-2"): Needed(unfinished, cross_entropy.lower_bound),
    ("ce.remainder", "assumption-2"): Needed(unfinished, cross_entropy.remainder),
    ("ce.asymptote", "assumption-2"): Needed(unfinished, cross_entropy.asymptote),
    ("strength.budget", "assumption-2"): Needed(unfinished, cross_entropy.budget),
    ("ce.convex", "assumption-2"): NotNeeded(
        "ΔCE'' = ΣπVar_α(M) whatever the data: their distribution enters ΔCE in a term that is linear in α",
        ("finding_degrades_slope", "tilt_mean"),
    ),
    ("ce.convex", "non-constant-log-odds"): Needed(inside, cross_entropy.convex),
    ("thm-3.8.quadratic", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("ΔCE = 0 = ½σ²α²; only the U shape needs σ² > 0"), ("thm_3_8_quadratic",)
    ),
    **{
        (f"ce.{name}", "non-constant-log-odds"): NotNeeded(
            _FLAT.format("ΔCE = 0 is between bounds that are 0, or read as 0 where R = 0 divides")
        )
        for name in ("upper-bounds", "lower-bounds", "remainder", "asymptote")
    },
    # estimated vectors
    ("estimated.feasible", "separation"): NotNeeded(
        "a cost has no target: only the library's choice of a strength asks for one",
        ("estimated_feasible",),
    ),
    ("estimated.feasible", "assumption-2"): NotNeeded(
        "whatever the data, the two costs are within 2|α|η of each other: a strength that leaves as much of "
        "κ unspent on the estimate costs at most κ",
        ("estimated_any_data",),
    ),
    # claims of others
    ("literature.tanh", "one-value-each"): Needed(
        plain("contrastive", [(2, 2), (3, 1)]), literature.no_line
    ),
    ("literature.quadratic", "assumption-2"): Needed(unfinished, cross_entropy.quadratic),
    ("literature.quadratic", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("ΔCE = 0 = ½σ²α²"), ("literature_quadratic",)
    ),
    ("literature.benefit", "separation"): Needed(turned_away, concepts.target_falls),
    ("literature.damage", "uncorrelated"): Needed(
        plain("contrastive", SHAPES), literature.damage_of_target
    ),
    ("literature.masses", "one-value-off-target"): Needed(
        plain("contrastive", SHAPES), literature.rest_moves
    ),
    ("literature.monotone", "separation"): Needed(turned_away, concepts.target_falls),
    ("literature.inverted-u", "interior-target"): Needed(
        plain("contrastive", SHAPES), literature.only_rises
    ),
    # generations of several tokens
    ("sequence.divergence", "every-step"): Needed(uneven_steps, sequences.divergence),
    ("sequence.presence", "every-step"): Needed(uneven_steps, sequences.presence),
    ("sequence.count", "every-step"): Needed(uneven_steps, sequences.count),
    # the length of the vector, and Lemma B.4 as an assumption
    ("scaling.unit-length", "difference-of-means"): Needed(other_vector, curves.tilt),
    ("scaling.unit-length", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("v/|v| may be 0/0; if it is not, it leaves every probability as it is")
    ),
    ("sign-separation.order", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("δ = 0, no offset separates anything, and there is no peak to put in order"),
        is_vacuous=True,
    ),
    ("sign-separation.pairs", "difference-of-means"): Needed(other_vector, passing.pairs),
    # what is sampled, and what is left of the prompt
    ("presence.mass", "every-step"): Needed(uneven_steps, sequences.mass),
    ("presence.half", "every-step"): Needed(uneven_steps, sequences.half),
    ("prompt-free.tilt", "non-constant-log-odds"): NotNeeded(
        _FLAT.format("the distance between two prompts is what it is at its limit")
    ),
    ("prompt-free.norm", "direction"): Needed(
        last_norm.streams, lambda s: last_norm.stuck(s, False)
    ),
    ("prompt-free.norm", "bounded-rest"): Needed(
        lambda: last_norm.streams(rho=True), last_norm.prompts_apart
    ),
    # which tokens dominate
    ("dominating.limit", "direction"): NotNeeded(
        "all limits are then W'β: no two of them are apart, and no order is claimed",
        is_vacuous=True,
    ),
    ("dominating.limit", "bounded-rest"): Needed(
        lambda: last_norm.streams(rho=True), last_norm.out_of_order
    ),
    ("dominating.last-block", "last-block"): Needed(
        lambda: last_norm.streams(block=True), last_norm.unlike_the_limit
    ),
    # Proposition 4.1
    ("prop-4.1.rmsnorm", "rmsnorm"): Needed(
        lambda: last_norm.streams(bias=True), last_norm.not_odd
    ),
    ("prop-4.1.rmsnorm", "direction"): Needed(
        last_norm.streams, lambda s: last_norm.stuck(s, False)
    ),
    ("prop-4.1.layernorm", "direction"): Needed(
        last_norm.streams, lambda s: last_norm.stuck(s, True)
    ),
    ("prop-4.1.layernorm", "layernorm"): NotNeeded(
        "with RMSNorm the same limit holds, and needs only v ≠ 0", ("prop_4_1_rmsnorm",)
    ),
    ("prop-4.1.rate", "direction"): Needed(last_norm.streams, lambda s: last_norm.stuck(s, False)),
    ("prop-4.1.rate", "bounded-rest"): Needed(
        lambda: last_norm.streams(rho=True), last_norm.too_far
    ),
    # the circle before the final norm
    **{
        (f"norm-circle.{name}", "last-block"): Needed(
            lambda: last_norm.streams(block=True), contradicts
        )
        for name, contradicts in {
            "ellipse": circle.off_the_ellipse,
            "approach": circle.not_approached,
            "log-odds": circle.turned_elsewhere,
            "plateau": circle.off_the_plateau,
        }.items()
    },
    ("norm-circle.turns", "two-tokens"): Needed(circle.three_tokens, circle.turned_again),
    ("norm-circle.turns", "last-block"): Needed(circle.two_tokens, circle.turned_again),
    **{
        (f"norm-circle.{name}", "direction"): Needed(
            last_norm.streams, lambda s: last_norm.stuck(s, False)
        )
        for name in ("approach", "plateau")
    },
    **{
        (f"norm-circle.{name}", "direction"): NotNeeded(
            "α* is then 0/0: the logits stay where they are, and nothing turns",
            is_vacuous=True,
        )
        for name in ("ellipse", "log-odds", "turns")
    },
    **{
        (f"norm-circle.{name}", "off-axis"): NotNeeded(
            "without it w = 0 and the logits are c ± b on either side of α*, where alone, at the norm 0/0, "
            "they are not defined: " + so
        )
        for name, so in {
            "ellipse": "the formula holds with t = ±π/2",
            "approach": "log p is at its limit, and cos t = 0",
            "log-odds": "a jump, which does not turn",
            "turns": "a jump, which does not turn",
            "plateau": "ΔCE is at its plateau on each side",
        }.items()
    },
    # what Assumption 1 is not needed for
    **{
        (claim, "assumption-1"): NotNeeded(_GIVEN, names)
        for claim, names in {
            "thm-3.3.bump": ("thm_3_3_bump", "thm_3_3_peak"),
            "thm-3.3.monotone": ("thm_3_3_monotone",),
            "prop-b1.limit-plus": ("prop_b1_limit_plus",),
            "prop-b1.limit-minus": ("prop_b1_limit_minus",),
            "thm-3.6.tanh": ("thm_3_6_tanh",),
            "thm-3.6.logistic": ("thm_3_6_logistic",),
            "thm-3.6.vanishing": ("thm_3_6_vanishing",),
            "thm-3.6.decreasing": ("thm_3_6_decreasing",),
            "thm-3.6.growth": ("thm_3_6_growth",),
            "thm-3.8.quadratic": ("thm_3_8_quadratic",),
            "ce.convex": ("ce_convex",),
            "sign-rule": ("sign_rule",),
        }.items()
    },
}

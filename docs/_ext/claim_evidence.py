"""What stands beside a claim on the site: its figures, how it is certified, what Coq says of a finding.

Figures are named after files: those of `ufm.plots.GALLERY`, and those of notebooks/statements.py, which
are under statements/. The build fails where a claim or a finding is missing here.
"""

CLAIM_FIGURES: dict[str, tuple[str, ...]] = {
    "assumption-2.trained": ("statements/training",),
    "lemma-b2.affine": ("statements/logits",),
    "lemma-b3.tilt": ("statements/tilt",),
    "lemma-b4.sign": ("statements/log-odds",),
    "lemma-b5.derivative": ("statements/derivatives",),
    "thm-3.3.bump": ("fig-3", "fig-b1"),
    "thm-3.3.peak-order": ("peak-map",),
    "thm-3.3.monotone": ("fig-3",),
    "remark-3.4.positive-peaks": ("statements/sign-rule",),
    "prop-b1.limit-plus": ("fig-3",),
    "prop-b1.limit-minus": ("fig-b1",),
    "thm-3.6.tanh": ("statements/concept-log-odds",),
    "thm-3.6.target-increasing": ("fig-4",),
    "thm-3.6.vanishing": ("fig-4", "vanishing"),
    "thm-3.6.decreasing": ("fig-4",),
    "thm-3.6.growth": ("statements/concept-log-odds",),
    "thm-3.8.quadratic": ("fig-5",),
    "prop-4.1.rmsnorm": ("statements/norm",),
    "prop-4.1.layernorm": ("statements/norm",),
    "prop-4.1.rate": ("statements/norm-rate",),
    "tilt.all-orders": ("statements/derivatives",),
    "limit.rate": ("statements/rate",),
    "peak.height": ("statements/height",),
    "sign-rule": ("statements/sign-rule",),
    "contrastive.geometric-path": ("statements/path",),
    "sweet-spot.nonempty": ("sweet-spot",),
    "half-saturation.bounds": ("statements/concept-log-odds",),
    "ce.kl-identity": ("bounds",),
    "ce.convex": ("bounds",),
    "ce.upper-bounds": ("bounds",),
    "ce.lower-bounds": ("bounds",),
    "ce.remainder": ("statements/remainder",),
    "ce.asymptote": ("bounds",),
    "strength.budget": ("price",),
}

_LIMIT = (
    "Exact masses of Mtop and Mbot, and a lower bound of the gap of M in the rate of the limit."
)
_BALLS = "Two balls on either side of the peak, for each value of M and each law."
_SIX = "Both sides enclosed at six strengths, and certain there; for all α by the theorem itself."
CERTIFIED_HOW: dict[str, str] = {
    "lemma-b4.sign": "Exactly: M against 0 as products of integer powers of rationals.",
    "thm-3.3.bump": _BALLS,
    "thm-3.3.peak-order": _BALLS + " The brackets of target and other tokens do not overlap.",
    "thm-3.3.monotone": "Exactly: which tokens tie at max M and min M, and that M takes two values.",
    "remark-3.4.positive-peaks": "The bracket of each target peak lies right of 0; a peak at 0 itself is "
    "told by unique factorisation.",
    "prop-b1.limit-plus": _LIMIT,
    "prop-b1.limit-minus": _LIMIT,
    "thm-3.6.target-increasing": "Exactly: the least M on the target exceeds the largest off it.",
    "thm-3.6.vanishing": "Exactly: the concept holds no token of Mtop or Mbot.",
    "thm-3.6.decreasing": "Exactly: the order of M between the concept and the rest.",
    "thm-3.8.quadratic": "From the cubic remainder, which is certified.",
    "limit.rate": _LIMIT,
    "sign-rule": "The bracket of each peak against 0, and a ball of M less the two mean divergences.",
    "contrastive.geometric-path": "Exactly: p_N e^M is proportional to p_T, in powers of rationals.",
    "sweet-spot.nonempty": "From the last bracket off the target to the first on it, at least 4δ/R² long.",
    "ce.convex": "Exactly: M takes two values, and every token has mass.",
    "ce.upper-bounds": _SIX,
    "ce.lower-bounds": _SIX,
    "ce.remainder": _SIX,
    "ce.asymptote": _SIX,
}

FINDING_COQ: dict[str, tuple[str, ...]] = {
    "finding-1.in-target": ("finding_remark_3_4",),
    "finding-1.large-epsilon": ("finding_remark_3_4_outside",),
    "finding-2.vanishing": ("finding_vanishing",),
    "finding-3.two-humps": ("finding_three_behaviours",),
    "finding-3.inflections": ("finding_sigmoidal",),
    "finding-4.no-bump": ("finding_no_bump",),
    "finding-5.linear": ("finding_no_plateau",),
    "finding-6.degrading": ("finding_degrades_slope", "finding_degrades"),
    "finding-7.limit-formula": ("finding_prop_b1_eq_9",),
}
FINDING_FIGURES: dict[str, tuple[str, ...]] = {
    "finding-2.vanishing": ("vanishing",),
    "finding-3.two-humps": ("two-humps",),
    "finding-4.no-bump": ("fig-4",),
    "finding-5.linear": ("bounds",),
    "finding-7.limit-formula": ("fig-4",),
}

"""How many tokens bump."""

import numpy as np

from ..tables.exact import exact_instance
from .datasets import NINE, NINE_TOKENS
from .finding import Confirmation, Finding, Severity


def _no_bump() -> Confirmation:
    instance = exact_instance(NINE)
    top = instance.is_top
    rises = bool((top == instance.target).all() and np.isinf(instance.peaks[:, top]).all())
    bumps = int(np.isfinite(instance.peaks).all(axis=0).sum())
    text = f"all {top.sum()} target tokens tie at max M: their peaks are at +∞; {bumps} of {top.size} bump"
    return Confirmation(rises and 2 * bumps < top.size, text)


FINDING = Finding(
    id="finding-4.no-bump",
    title="Target tokens of the uniform dataset never bump",
    severity=Severity.LOOSE,
    source="v1, text after Theorem 3.3, p. 5",
    quote="""when we steer in the concept direction, most tokens exhibit a “bump” behavior, i.e., their
        probability increases, reaches a peak at some α, then decreases. […] Finally, a few tokens are
        exceptions to this behavior: tokens attaining the maximal log-odds keep increasing with α, while those
        attaining the minimal log-odds keep decreasing.""",
    says="""Most tokens show a bump; a few, those of extremal log-odds, keep rising or
        falling.""",
    truth="""How many depends on the dataset. On the uniform one of App. B.1 all tokens of T tie
        at max M and rise for ever, and all of a contrastive N tie at min M.""",
    charitable_reading="""Where one token alone has the largest log-odds and one the smallest, all others
        bump, and "most" is right. Figure 3 shows such data: "Most target tokens exhibit a 'bump' […], while
        one target token increases".""",
    witness=f"{NINE_TOKENS}; N in C_2",
    counterexample=NINE,
    confirm=_no_bump,
    theorems=("finding_no_bump",),
    figures=("fig-4",),
)

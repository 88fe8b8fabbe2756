"""What the paper's theorems suppose, and which of it a model does not meet."""

# Of steering before a norm, where p_α is no exponential tilt.
_NO_TILT = (
    "v is added before the final norm, so that p_α is no exponential tilt (logits + αM), "
    "of which Theorem {} is proved"
)


def unmet_hypotheses(
    site: str, margin: float | None, linear_share: float | None
) -> dict[str, str | None]:
    """For each law, the hypothesis of its theorem that is unmet; None if all are met.

    - `margin`: δ = min M of the concept's tokens less max M of all others, in nats; None without a concept.
    - `linear_share`: |CE'| α over the 0.05 nats of the parabola (`cost_law`); None without a text.

    Theorems 3.3, 3.6 and 3.8 are about the exponential tilt, which a model is at the site "post-norm" alone.
    There 3.3 needs no more; 3.6 needs separated tokens, δ > 0; 3.8 needs a
    cross-entropy that is least at α = 0 (Assumption 2). Proposition 4.1 needs a norm after v. That the log-odds
    name the winners is a theorem of the tilt. The hump is no law of the paper.

    >>> from ufm.llm.laws.hypotheses import unmet_hypotheses
    >>> print([law for law, why in unmet_hypotheses("residual", None, None).items() if why is None])
    ['plateau']
    """
    if site == "residual":
        return {
            "bumps": _NO_TILT.format("3.3"),
            "tanh": _NO_TILT.format("3.6") + _margin(margin, "; "),
            "quadratic": _NO_TILT.format("3.8") + _linear(linear_share, "; "),
            "plateau": None,
            "log-odds": "at large α the norm leaves softmax(W LN(±v)), whose order M need not have",
            "hump": _NO_LAW,
        }
    return {
        "bumps": None,
        "tanh": _margin(margin) or None,
        "quadratic": _linear(linear_share) or None,
        "plateau": "no norm follows v: the logits are affine in α and the likeliest token takes all",
        "log-odds": None,
        "hump": _NO_LAW,
    }


_NO_LAW = "the paper has no such law"


def _margin(margin: float | None, before: str = "") -> str:
    if margin is None or margin > 0:
        return ""
    return (
        f"{before}the concept's tokens are not separated: margin δ = min M inside - max M outside "
        f"= {margin:.3g} nats, and the theorem needs δ > 0"
    )


def _linear(share: float | None, before: str = "") -> str:
    # what a hundredth of the parabola does not show
    if share is None or share <= 0.01:
        return ""
    return (
        f"{before}the cross-entropy is not least at α = 0 (Assumption 2): its linear term is "
        f"{share:.1%} of the 0.05 nats"
    )

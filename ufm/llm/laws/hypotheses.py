"""What the paper's theorems suppose, and which of it a model does not meet."""

_NO_LAW = "no theorem says that the mass is a hump"
_OF_NU = (
    "Theorem 3.6 has a tanh of ν(α), which is one of α itself only where M has one value on the concept and "
    "one off it"
)
_LOCAL = "Theorem 3.8 is of α → 0, and does not say how far the parabola reaches"
_LIMIT = "at large α the norm leaves softmax(W LN(±v)), whose order M need not have"
_NO_NORM = "no norm follows v: the logits are affine in α and the likeliest token takes all"
_NO_FINAL_NORM = "the model has no final norm, so that softmax(W LN(±v)) is not its limit"


def unmet_hypotheses(
    no_tilt: str | None, no_limit: str | None, margin: float | None, linear_share: float | None
) -> dict[str, str | None]:
    """The hypothesis of each law's theorem that is unmet; None if all are met.

    - `no_tilt`: why the steered model is no exponential tilt; None if it is one. `no_limit`: why
      Proposition 4.1 names no limit; None if it names one.
    - `margin`: δ = min M of the concept's tokens less max M of all others, in nats; None without a
      concept. `linear_share`: |CE'| α over the 0.05 nats of the parabola; None without a text.

    Theorems 3.3, 3.6 and 3.8 are about the exponential tilt. 3.3 needs no more. 3.6 needs separated
    tokens, δ > 0, for a mass that rises, and 3.8 a cross-entropy that is least at α = 0 (Assumption 2); that
    the tanh is one of α itself, and the parabola right at 0.05 nats, neither of them says. Proposition 4.1
    needs the final norm after v. That M names the winners is a theorem of the tilt. The hump is no law of the
    paper.

    >>> from ufm.llm.laws.hypotheses import unmet_hypotheses
    >>> print(unmet_hypotheses(None, "no norm follows v", 0.5, 0.0)["quadratic"])
    Theorem 3.8 is of α → 0, and does not say how far the parabola reaches
    """
    separated = None if margin is None or margin > 0 else _margin(margin)
    # a hundredth of the parabola does not show
    least = None if linear_share is None or linear_share <= 0.01 else _linear(linear_share)
    return {
        "bumps": _tilt(no_tilt, "3.3"),
        "tanh": _all(_tilt(no_tilt, "3.6"), separated, _OF_NU),
        "quadratic": _all(_tilt(no_tilt, "3.8"), least, _LOCAL),
        "plateau": no_limit,
        "log-odds": _LIMIT if no_limit is None else no_tilt,
        "hump": _NO_LAW,
    }


def no_tilt(is_last: bool, is_capped: bool, has_final_norm: bool = True) -> str | None:
    """Why p_α is no exponential tilt; None if it is one. `is_last`: v is added to what the head reads."""
    if not is_last:
        what = "the final norm" if has_final_norm else "later blocks"
        return f"v is added before {what}, so that p_α is no exponential tilt (logits + αM)"
    if is_capped:
        return "the logits are capped, so that p_α is no exponential tilt (logits + αM)"
    return None


def no_limit(is_last: bool, has_final_norm: bool = True) -> str | None:
    """Why Proposition 4.1 names no limit; None if it names one. `is_last` as for `no_tilt`."""
    return _NO_NORM if is_last else None if has_final_norm else _NO_FINAL_NORM


def _tilt(reason: str | None, theorem: str) -> str | None:
    return None if reason is None else f"{reason}, of which Theorem {theorem} is proved"


def _margin(margin: float) -> str:
    return (
        "the concept's tokens are not separated: δ = min M inside - max M outside "
        f"= {margin:.3g} nats, and is not above 0"
    )


def _linear(share: float) -> str:
    return (
        "the cross-entropy is not least at α = 0 (Assumption 2): its linear term is "
        f"{share:.1%} of 0.05 nats where the parabola says these"
    )


def _all(*reasons: str | None) -> str:
    return "; ".join(reason for reason in reasons if reason is not None)

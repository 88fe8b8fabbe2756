"""Identities that hold for all α, M and p, and their proofs by expansion to the zero polynomial."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sympy as sp

from ._polynomials import Formula, dot, replaced
from ._tilt import ALPHA, Proof, SymbolicTilt


@dataclass(frozen=True)
class Identity:
    """left = right for all α, M and p > 0 with Σp = 1: one identity behind the claim `claim_id`.

    >>> tilt = SymbolicTilt(2)
    >>> Identity("lemma-b3.tilt", "total", tilt, sum(tilt.tilted_probs()), 1).prove().proved
    True
    """

    claim_id: str
    name: str
    tilt: SymbolicTilt
    left: Formula
    right: Formula
    tokens: Collection[int] | None = None  # a concept that both sides speak of

    def prove(self) -> Proof:
        """Try to prove it: `proved` is True only if left - right is identically zero."""
        start = time.perf_counter()
        proved = self.tilt.vanishes(self.left - self.right, self.tokens)
        return Proof(self.claim_id, self.tilt.size, self.name, proved, time.perf_counter() - start)


def identities(size: int, tokens: Collection[int] | None = None) -> list[Identity]:
    """Every identity of the theory that sympy proves for V = `size`; `tokens` is the concept C.

    The default concept is the first half. The higher orders are stated for token 0
    alone: the formulas are symmetric in the tokens. ValueError for a size outside 2..6.

    >>> all(identity.prove().proved for identity in identities(2))
    True
    """
    tilt = SymbolicTilt(size)
    concept = tuple(range((size + 1) // 2) if tokens is None else tokens)
    groups = [_token_identities(tilt, i) + _path_identities(tilt, i) for i in range(size)]
    groups += [_order_identities(tilt, concept), _concept_identities(tilt, concept)]
    groups += [_pair_identities(tilt), _given_identities(tilt, concept)]
    return [identity for group in [*groups, _entropy_identities(tilt)] for identity in group]


def _token_identities(tilt: SymbolicTilt, i: int) -> list[Identity]:
    """Softmax of affine logits, first derivative, the certificate N of the bump, peak height."""
    p, log_odds, prob = tilt.probabilities, tilt.log_odds, tilt.tilted_probs()[i]
    slope, (mean,) = prob.diff(ALPHA), tilt.cumulants(1)
    c, k = sp.symbols("c k", real=True)  # the logits and Wv are known up to a constant each
    logits = [sp.log(q) + c + ALPHA * (m + k) for q, m in zip(p, log_odds, strict=True)]
    softmax = sp.exp(logits[i]) / sp.Add(*map(sp.exp, logits))
    gaps = [m - log_odds[i] for m in log_odds]
    # N(α) = Σ_y p(y) (M(y) - M(i)) e^{α(M(y) - M(i))}: its sign is opposite to that of dp_α(i)/dα.
    balance, squares = (dot(p, (g**n * sp.exp(ALPHA * g) for g in gaps)) for n in (1, 2))
    height = p[i] * sp.exp(ALPHA * log_odds[i] - sp.log(sp.Add(*tilt.weights())))
    rows = [
        ("lemma-b3.tilt", "softmax of affine logits = p_α", softmax, prob),
        ("lemma-b5.derivative", "p_α' = p_α (M - E[M])", slope, prob * (log_odds[i] - mean)),
        ("thm-3.3.bump", "p_α' = -p_α² N / p", slope, -(prob**2) * balance / p[i]),
        ("thm-3.3.bump", "N' is a sum of squares", balance.diff(ALPHA), squares),
        ("peak.height", "p_α = p e^{αM - K(α)}", prob, height),
    ]
    return [Identity(claim, f"{name}, token {i}", tilt, *sides) for claim, name, *sides in rows]


def _path_identities(tilt: SymbolicTilt, i: int) -> list[Identity]:
    """M = log p_T - log p_N: the tilt of p_N runs from p_N (α = 0) to p_T (α = 1)."""
    negative = sp.symbols(f"n1:{tilt.size + 1}", real=True)  # log p_N
    positive = sp.symbols(f"t1:{tilt.size + 1}", real=True)  # log p_T
    pairs = list(zip(positive, negative, strict=True))
    log_odds = dict(zip(tilt.log_odds, (t - n for t, n in pairs), strict=True))

    def steered(start: Sequence[sp.Expr]) -> sp.Expr:
        laws = dict(zip(tilt.probabilities, map(sp.exp, start), strict=True))
        return replaced(tilt.tilted_probs()[i], log_odds | laws)

    path = [sp.exp((1 - ALPHA) * n + ALPHA * t) for t, n in pairs]
    end = sp.exp(positive[i]) / sp.Add(*map(sp.exp, positive))
    ahead = steered(negative).subs(ALPHA, ALPHA + 1)
    rows = [
        ("p_α ∝ p_N^{1-α} p_T^α", steered(negative), path[i] / sp.Add(*path)),
        ("p_1 = p_T", steered(negative).subs(ALPHA, 1), end),
        ("p_T steered by α = p_N steered by α + 1", steered(positive), ahead),
    ]
    claim = "contrastive.geometric-path"
    return [Identity(claim, f"{name}, token {i}", tilt, x, y) for name, x, y in rows]


def _order_identities(tilt: SymbolicTilt, concept: Collection[int]) -> list[Identity]:
    """The derivatives that sympy takes, orders 1 to 4, against the Bell and cumulant formulas."""
    found = []
    prob, mass = tilt.tilted_probs()[0], tilt.concept_mass(concept)
    entropy = tilt.cross_entropy_increase()
    for n, kappa in enumerate(tilt.cumulants(4), 1):
        prob, mass, entropy = prob.diff(ALPHA), mass.diff(ALPHA), entropy.diff(ALPHA)
        start = kappa.subs(ALPHA, 0) if n == 1 else 0
        rows = [
            ("p_α", prob, tilt.concept_derivative([0], n), None),
            ("F_C", mass, tilt.concept_derivative(concept, n), concept),
            ("ΔCE", entropy, kappa - start, None),
        ]
        found += [
            Identity("tilt.all-orders", f"{name}, order {n}", tilt, left, right, tokens)
            for name, left, right, tokens in rows
        ]
    return found


def _concept_identities(tilt: SymbolicTilt, concept: Collection[int]) -> list[Identity]:
    nu = tilt.nu(concept)
    (inside,), (outside,) = (tilt.cumulants(1, part) for part in tilt.split(concept))
    rows = [
        ("Δp(C) = tanh form", tilt.concept_increase(concept), tilt.tanh_form(concept)),
        ("ν' = E[M|C] - E[M|not C]", nu.diff(ALPHA), inside - outside),
        ("ν(0) = 0", nu.subs(ALPHA, 0), 0),
    ]
    mass = tilt.concept_mass(concept)
    logistic = mass * (1 - mass) * (inside - outside)
    return [
        *(Identity("thm-3.6.tanh", name, tilt, x, y, concept) for name, x, y in rows),
        Identity(
            "thm-3.6.logistic",
            "F_C' = F_C(1 - F_C)(E[M|C] - E[M|not C])",
            tilt,
            mass.diff(ALPHA),
            logistic,
            concept,
        ),
    ]


def _pair_identities(tilt: SymbolicTilt) -> list[Identity]:
    """Of a second vector N, whose own strength is part of p: what M does to its mean, twice."""
    law, second = tilt.tilted_probs(), sp.symbols(f"N1:{tilt.size + 1}", real=True)
    own, other = dot(law, tilt.log_odds), dot(law, second)
    centred = [m - own for m in tilt.log_odds]
    covariance = dot(law, (c * (n - other) for c, n in zip(centred, second, strict=True)))
    spread = (c**2 - tilt.cumulants(2)[1] for c in centred)
    third = dot(law, (h * n for h, n in zip(spread, second, strict=True)))
    rows = [
        ("E[N]' = Cov(M, N)", other.diff(ALPHA), covariance),
        ("E[N]'' = E[((M - E[M])² - Var(M)) N]", other.diff(ALPHA, 2), third),
    ]
    return [Identity("side-effect.cross-talk", name, tilt, x, y) for name, x, y in rows]


def _given_identities(tilt: SymbolicTilt, concept: Collection[int]) -> list[Identity]:
    """The distribution given a concept, of its first token; and masses off it where M is constant there."""
    inside, outside = tilt.split(concept)
    law = tilt.tilted_probs()
    given = law[inside[0]] / tilt.concept_mass(inside)
    (mean,) = tilt.cumulants(1, inside)
    flat = {tilt.log_odds[i]: tilt.log_odds[outside[0]] for i in outside}
    left = law[outside[0]] / tilt.concept_mass(outside)
    start = tilt.probabilities[outside[0]] / tilt.initial_mass(outside)
    rate = given * (tilt.log_odds[inside[0]] - mean)
    return [
        Identity(
            "park.separable", "(p_α/F_C)' = p_α/F_C (M - E[M|C])", tilt, given.diff(ALPHA), rate
        ),
        Identity(
            "park.together", "p_α/(1 - F_T) = p/(1 - F_T(0))", tilt, replaced(left, flat), start
        ),
    ]


def _entropy_identities(tilt: SymbolicTilt) -> list[Identity]:
    p, log_odds, law = tilt.probabilities, tilt.log_odds, tilt.tilted_probs()
    increase, mean = tilt.cross_entropy_increase(), dot(law, log_odds)
    slope, curvature = increase.diff(ALPHA), increase.diff(ALPHA, 2)
    variance = dot(p, (m**2 for m in log_odds)) - dot(p, log_odds) ** 2
    entropy, crossed = -dot(p, map(sp.log, p)), -dot(p, map(sp.log, law))
    divergence = dot(p, (sp.log(q / r) for q, r in zip(p, law, strict=True)))
    rows = [
        ("ce.kl-identity", "CE(f_α) - CE(f) = K - α K'(0)", crossed - entropy, increase),
        ("ce.kl-identity", "KL(p, p_α) = K - α K'(0)", divergence, increase),
        ("ce.convex", "ΔCE'' = Var_α(M)", curvature, dot(law, ((m - mean) ** 2 for m in log_odds))),
        ("thm-3.8.quadratic", "ΔCE(0) = 0", increase.subs(ALPHA, 0), 0),
        ("thm-3.8.quadratic", "ΔCE'(0) = 0", slope.subs(ALPHA, 0), 0),
        ("thm-3.8.quadratic", "α² has Var/2", curvature.subs(ALPHA, 0) / 2, variance / 2),
    ]
    return [Identity(claim, name, tilt, *sides) for claim, name, *sides in rows]

"""The tilt as formulas for V = 2..6: identities and limits proved by sympy, LaTeX, JAX functions.

With symbols p_1..p_V > 0, Σp = 1, and real M_1..M_V, all is rational in the weights p_i e^{αM_i}.
An identity is proved by putting left minus right over one denominator and expanding the numerator
to the zero polynomial: `proved=True` is a proof for that V, `False` says only "not proved". Every V
at once is Coq's business; this corroborates it. Token i (from 0) carries p_{i+1} and M_{i+1}.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, reduce
from math import prod
from operator import add, or_
from typing import Any

import jax
import jax.numpy as jnp
import sympy as sp
from sympy.polys.rings import ring

from ._latex import CLAIM_IDS as CLAIM_IDS
from ._latex import latex as latex

ALPHA = sp.Symbol("alpha", real=True)
_DISTANCE = sp.Symbol("a", positive=True)  # |α| on its way to infinity


@dataclass(frozen=True)
class Proof:
    """What sympy concluded about one identity or limit, and the `value` of the limit."""

    claim_id: str
    size: int
    name: str
    proved: bool
    seconds: float
    value: Any = None


@dataclass(frozen=True)
class SymbolicTilt:
    """p_α(i) = p_i e^{αM_i} / Σ_k p_k e^{αM_k}, one context, V = `size` tokens, as formulas.

    Methods return sympy expressions in `ALPHA`, `probabilities` (p_1..p_V, of sum 1), `log_odds`
    (M_1..M_V); a tuple has one entry a token. ValueError for a size outside 2..6 and, where a
    concept C is named by the indices of its `tokens`, for an empty or full C. Source: Defs 3.1-3.7.

    >>> SymbolicTilt(2).tilted_probs()[0]
    p1*exp(M1*alpha)/(p1*exp(M1*alpha) + p2*exp(M2*alpha))
    """

    size: int

    def __post_init__(self) -> None:
        if self.size not in range(2, 7):
            raise ValueError(f"size must be one of 2, 3, 4, 5, 6; got {self.size!r}")

    @cached_property
    def probabilities(self) -> tuple[Any, ...]:
        """p_1..p_V: positive symbols."""
        return sp.symbols(f"p1:{self.size + 1}", positive=True)

    @cached_property
    def log_odds(self) -> tuple[Any, ...]:
        """M_1..M_V: real symbols."""
        return sp.symbols(f"M1:{self.size + 1}", real=True)

    def tokens(self, chosen: Collection[int] | None = None, name: str = "tokens") -> list[int]:
        """The chosen tokens in order, all of them for None; empty or out of range is refused."""
        found = sorted(set(range(self.size) if chosen is None else chosen))
        if not found or found[0] < 0 or found[-1] >= self.size:
            raise ValueError(f"{name} must name some of the tokens 0..{self.size - 1}; got {found}")
        return found

    def split(self, tokens: Collection[int]) -> tuple[list[int], list[int]]:
        """The concept and its complement, neither of them empty."""
        inside = self.tokens(tokens)
        if len(inside) == self.size:
            raise ValueError(f"a concept must leave out at least one token; got all of {inside}")
        return inside, [i for i in range(self.size) if i not in inside]

    def weights(self, tokens: Collection[int] | None = None) -> list[Any]:
        """p_i e^{αM_i} of the given tokens, of all without."""
        p, odds = self.probabilities, self.log_odds
        return [p[i] * sp.exp(ALPHA * odds[i]) for i in self.tokens(tokens)]

    def tilted_probs(self) -> tuple[Any, ...]:
        """p_α(i), the steered law (Lemma B.3)."""
        return tuple(w / sp.Add(*self.weights()) for w in self.weights())

    def cumulants(self, order: int, tokens: Collection[int] | None = None) -> tuple[Any, ...]:
        """κ_1..κ_order of M under p_α, given C if `tokens` are: explicit in the moments m_n.

        κ_n = m_n - Σ_{k<n} C(n-1, k-1) κ_k m_{n-k}, so κ_1 = E_α[M] and κ_2 = Var_α(M).

        >>> half = {p: sp.Rational(1, 2) for p in SymbolicTilt(2).probabilities}
        >>> SymbolicTilt(2).cumulants(2)[1].subs(half).subs(ALPHA, 0).factor()
        (M1 - M2)**2/4
        """
        if order < 1:
            raise ValueError(f"order must be at least 1; got {order}")
        weights, odds = self.weights(tokens), [self.log_odds[i] for i in self.tokens(tokens)]
        moment = [_dot(weights, (m**n for m in odds)) / sp.Add(*weights) for n in range(order + 1)]
        kappa: list[Any] = []
        for n in range(1, order + 1):
            lower = (sp.binomial(n - 1, k - 1) * kappa[k - 1] * moment[n - k] for k in range(1, n))
            kappa.append(moment[n] - sp.Add(*lower))
        return tuple(kappa)

    def derivative(self, order: int = 1) -> tuple[Any, ...]:
        """p_α^{(n)}(i) = p_α(i) Bell_n(M_i - κ_1, -κ_2, …, -κ_n), n = `order`; 1 is Lemma B.5."""
        return tuple(self.concept_derivative([i], order) for i in range(self.size))

    def concept_mass(self, tokens: Collection[int]) -> Any:
        """F_C(α) = Σ_C p_α."""
        return sp.Add(*self.weights(self.split(tokens)[0])) / sp.Add(*self.weights())

    def concept_derivative(self, tokens: Collection[int], order: int = 1) -> Any:
        """F_C^{(n)} = F_C Bell_n(κ_1^C - κ_1, …, κ_n^C - κ_n), κ^C the cumulants given C."""
        pairs = zip(self.cumulants(order, tokens), self.cumulants(order), strict=True)
        return self.concept_mass(tokens) * bell([inside - overall for inside, overall in pairs])

    def initial_mass(self, tokens: Collection[int]) -> Any:
        """F_C(0) = Σ_C p."""
        return sp.Add(*(self.probabilities[i] for i in self.tokens(tokens)))

    def concept_increase(self, tokens: Collection[int]) -> Any:
        """Δp(C|α) = (F_C(α) - F_C(0)) / |C| (Definition 3.5)."""
        return (self.concept_mass(tokens) - self.initial_mass(tokens)) / len(set(tokens))

    def logit(self, tokens: Collection[int]) -> Any:
        """Logit F_C(α) = log Σ_C p e^{αM} - log Σ_{not C} p e^{αM}."""
        inside, outside = (sp.log(sp.Add(*self.weights(part))) for part in self.split(tokens))
        return inside - outside

    def nu(self, tokens: Collection[int]) -> Any:
        """ν(α) = logit F_C(α) - logit F_C(0); ν' = E_α[M|C] - E_α[M|not C] (Theorem 3.6)."""
        return self.logit(tokens) - self.logit(tokens).subs(ALPHA, 0)

    def tanh_form(self, tokens: Collection[int]) -> Any:
        """(tanh((ν + r)/2) - tanh(r/2)) / 2|C|, r = logit F_C(0), equal to Δp(C|α) (Thm 3.6)."""
        start, count = self.logit(tokens).subs(ALPHA, 0), len(set(tokens))
        return (sp.tanh((self.nu(tokens) + start) / 2) - sp.tanh(start / 2)) / (2 * count)

    def cross_entropy_increase(self) -> Any:
        """ΔCE(α) = K(α) - α Σ p M of this context in nats, K = log Σ p e^{αM} (Definition 3.7)."""
        drift = ALPHA * _dot(self.probabilities, self.log_odds)
        return sp.log(sp.Add(*self.weights())) - drift

    def lambdify(self, expression: Any) -> Callable[..., jax.Array]:
        """A JAX function (log_probs [V], log_odds [V], alpha) of one formula or a sequence of them.

        For `jit`, `vmap` and `grad`; the caller's dtype is kept. e^{αM} is formed as written: keep
        |αM| below 700 in float64.

        >>> law = SymbolicTilt(2).lambdify(SymbolicTilt(2).tilted_probs())
        >>> print(law(jnp.log(jnp.array([0.25, 0.75])), jnp.array([1.0, 0.0]), 0.0).round(4))
        [0.25 0.75]
        """
        several = isinstance(expression, tuple | list | sp.Tuple)
        formulas = list(expression) if several else [expression]
        arguments = (self.probabilities, self.log_odds, ALPHA)
        evaluate = sp.lambdify(arguments, formulas, modules="jax", cse=True)

        def function(log_probs: Any, log_odds: Any, alpha: Any) -> jax.Array:
            values = [jnp.asarray(x) for x in evaluate(jnp.exp(log_probs), log_odds, alpha)]
            return jnp.stack(values) if several else values[0]

        return function

    def vanishes(self, expression: Any, tokens: Collection[int] | None = None) -> bool:
        """Whether the expression is proved to be 0 wherever p > 0 and Σp = 1. Never a sample.

        Exponentials and logarithms become independent symbols (w_i for p_i e^{αM_i}), p_V is
        1 - the others, and the numerator must expand to 0. `tokens` only makes it faster: the
        weights of that concept and of its complement serve as coordinates. ValueError for functions
        other than exp, log, tanh and for fractional powers.

        >>> tilt = SymbolicTilt(3)
        >>> [tilt.vanishes(sum(tilt.tilted_probs()) - total) for total in (1, 2)]
        [True, False]
        """
        x = sp.sympify(expression)
        x = x.xreplace(
            {t: 1 - 2 / (sp.exp(sp.expand(2 * t.args[0])) + 1) for t in x.atoms(sp.tanh)}
        )
        x = x.xreplace({log: sp.expand_log(log) for log in x.atoms(sp.log)})
        known = self._coordinates(tokens)
        x = x.xreplace({e: _product(e.args[0], known) for e in x.atoms(sp.exp)})
        x = x.xreplace({self.probabilities[-1]: 1 - sp.Add(*self.probabilities[:-1])})
        x = x.xreplace({log: sp.Dummy() for log in x.atoms(sp.log)})
        symbols = sorted(x.free_symbols, key=sp.default_sort_key)
        if not symbols:
            return bool(x == 0)
        polynomials = ring(symbols, sp.QQ)[0]
        numerator, denominators = _fraction(x, polynomials)
        return numerator == 0 and polynomials.zero not in denominators

    def _coordinates(self, tokens: Collection[int] | None) -> dict[Any, Any]:
        """e^{αM_i} as w_i / p_i, the last w of a block being its total less the others."""
        known = {}
        for block in [self.tokens()] if tokens is None else self.split(tokens):
            rest = sp.Dummy("total", positive=True)
            for i in block:
                weight = rest if i == block[-1] else sp.Dummy("w", positive=True)
                known[ALPHA * self.log_odds[i]] = weight / self.probabilities[i]
                rest -= weight
        return known


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
    left: Any
    right: Any
    tokens: Collection[int] | None = None  # a concept that both sides speak of

    def prove(self) -> Proof:
        """Try to prove it: `proved` is True only if left - right is identically zero."""
        start = time.perf_counter()
        proved = self.tilt.vanishes(self.left - self.right, self.tokens)
        return Proof(self.claim_id, self.tilt.size, self.name, proved, time.perf_counter() - start)


def identities(size: int, tokens: Collection[int] | None = None) -> list[Identity]:
    """Every identity of the theory that sympy proves for V = `size`; `tokens` is the concept C.

    The default concept is the first half. The higher orders are stated for token 0, which stands
    for all: the formulas are symmetric in the tokens. ValueError for a size outside 2..6.

    >>> all(identity.prove().proved for identity in identities(2))
    True
    """
    tilt = SymbolicTilt(size)
    concept = tuple(range((size + 1) // 2) if tokens is None else tokens)
    groups = [_token_identities(tilt, i) + _path_identities(tilt, i) for i in range(size)]
    groups += [_order_identities(tilt, concept), _concept_identities(tilt, concept)]
    return [identity for group in [*groups, _entropy_identities(tilt)] for identity in group]


def _token_identities(tilt: SymbolicTilt, i: int) -> list[Identity]:
    """Softmax of affine logits, first derivative, the certificate N of the bump, peak height."""
    p, odds, prob = tilt.probabilities, tilt.log_odds, tilt.tilted_probs()[i]
    slope, (mean,) = prob.diff(ALPHA), tilt.cumulants(1)
    c, k = sp.symbols("c k", real=True)  # the logits and Wv are known up to a constant each
    logits = [sp.log(q) + c + ALPHA * (m + k) for q, m in zip(p, odds, strict=True)]
    softmax = sp.exp(logits[i]) / sp.Add(*map(sp.exp, logits))
    gaps = [m - odds[i] for m in odds]
    # N(α) = Σ_y p(y) (M(y) - M(i)) e^{α(M(y) - M(i))}: its sign is opposite to that of dp_α(i)/dα.
    balance, squares = (_dot(p, (g**n * sp.exp(ALPHA * g) for g in gaps)) for n in (1, 2))
    height = p[i] * sp.exp(ALPHA * odds[i] - sp.log(sp.Add(*tilt.weights())))
    rows = [
        ("lemma-b3.tilt", "softmax of affine logits = p_α", softmax, prob),
        ("lemma-b5.derivative", "p_α' = p_α (M - E[M])", slope, prob * (odds[i] - mean)),
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
    odds = dict(zip(tilt.log_odds, (t - n for t, n in pairs), strict=True))

    def steered(start: Sequence[Any]) -> Any:
        laws = dict(zip(tilt.probabilities, map(sp.exp, start), strict=True))
        return tilt.tilted_probs()[i].xreplace(odds | laws)

    path = [sp.exp((1 - ALPHA) * n + ALPHA * t) for t, n in pairs]
    end = sp.exp(positive[i]) / sp.Add(*map(sp.exp, positive))
    ahead = steered(negative).subs(ALPHA, ALPHA + 1)
    rows = [
        ("p_α ∝ p_N^{1-α} p_T^α", steered(negative), path[i] / sp.Add(*path)),
        ("p_1 = p_T", steered(negative).subs(ALPHA, 1), end),
        ("p_T steered by α = p_N steered by α + 1", steered(positive), ahead),
    ]
    claim = "contrastive.geometric-path"
    return [Identity(claim, f"{name}, token {i}", tilt, *sides) for name, *sides in rows]


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
    return [Identity("thm-3.6.tanh", name, tilt, x, y, concept) for name, x, y in rows]


def _entropy_identities(tilt: SymbolicTilt) -> list[Identity]:
    p, odds, law = tilt.probabilities, tilt.log_odds, tilt.tilted_probs()
    increase, mean = tilt.cross_entropy_increase(), _dot(law, odds)
    slope, curvature = increase.diff(ALPHA), increase.diff(ALPHA, 2)
    variance = _dot(p, (m**2 for m in odds)) - _dot(p, odds) ** 2
    entropy, crossed = -_dot(p, map(sp.log, p)), -_dot(p, map(sp.log, law))
    divergence = _dot(p, (sp.log(q / r) for q, r in zip(p, law, strict=True)))
    rows = [
        ("ce.kl-identity", "CE(f_α) - CE(f) = K - α K'(0)", crossed - entropy, increase),
        ("ce.kl-identity", "KL(p, p_α) = K - α K'(0)", divergence, increase),
        ("ce.convex", "ΔCE'' = Var_α(M)", curvature, _dot(law, ((m - mean) ** 2 for m in odds))),
        ("thm-3.8.quadratic", "ΔCE(0) = 0", increase.subs(ALPHA, 0), 0),
        ("thm-3.8.quadratic", "ΔCE'(0) = 0", slope.subs(ALPHA, 0), 0),
        ("thm-3.8.quadratic", "α² has Var/2", curvature.subs(ALPHA, 0) / 2, variance / 2),
    ]
    return [Identity(claim, name, tilt, *sides) for claim, name, *sides in rows]


def limit(size: int, top: Collection[int], sign: int = 1) -> Proof:
    """lim p_α(z) = 1[z in top] p_z / Σ_top p as α → sign·∞, every token at once (Prop B.1).

    `top` is the set where M is largest (sign = +1) or smallest (-1), M otherwise free; `value` has
    one limit a token. ValueError for an empty top or another sign.

    >>> limit(3, {0, 1}).value
    (p1/(p1 + p2), p2/(p1 + p2), 0)
    """
    tilt = SymbolicTilt(size)
    top, kept = tilt.tokens(top, "top"), tilt.initial_mass(tilt.tokens(top, "top"))
    value = [p / kept if i in top else sp.Integer(0) for i, p in enumerate(tilt.probabilities)]
    pairs = list(zip(tilt.tilted_probs(), value, strict=True))
    return _prove_limits(_side(sign), tilt, top, sign, pairs, tuple(value))


def concept_limit(size: int, top: Collection[int], tokens: Collection[int], sign: int = 1) -> Proof:
    """lim Δp(C|α) = (Σ_{C∩top} p / Σ_top p - Σ_C p) / |C|: a C without extremal token vanishes.

    >>> concept_limit(3, {0}, {1, 2}).value
    -p2/2 - p3/2
    """
    tilt = SymbolicTilt(size)
    top, shared = tilt.tokens(top, "top"), set(tokens) & set(top)
    after = tilt.initial_mass(shared) / tilt.initial_mass(top) if shared else 0
    value = sp.expand((after - tilt.initial_mass(tokens)) / len(set(tokens)))
    claim = _side(sign) if shared else "thm-3.6.vanishing"
    return _prove_limits(claim, tilt, top, sign, [(tilt.concept_increase(tokens), value)], value)


def asymptote(size: int, top: Collection[int], sign: int = 1) -> Proof:
    """ΔCE(α) - value → 0 as α → sign·∞, value = α (M_top - Σ p M) + log Σ_top p, a line.

    >>> asymptote(2, {0}).value
    alpha*(-M1*p1 + M1 - M2*p2) + log(p1)
    """
    tilt = SymbolicTilt(size)
    top = tilt.tokens(top, "top")
    rate = tilt.log_odds[top[0]] - _dot(tilt.probabilities, tilt.log_odds)
    line = ALPHA * rate + sp.log(tilt.initial_mass(top))
    # The exponential of the remainder is a ratio of weights; that it tends to 1 is the claim.
    remainder = sp.exp(sp.expand(tilt.cross_entropy_increase() - line))
    return _prove_limits("ce.asymptote", tilt, top, sign, [(remainder, 1)], line)


def tends_to(
    tilt: SymbolicTilt, expression: Any, value: Any, top: Collection[int], sign: int
) -> bool:
    """Whether the expression is proved to tend to `value` as α → sign·∞, M extremal on `top` alone.

    M = M_top - sign·gap with a positive symbol for each gap. M_top is proved to drop out, which is
    dividing every weight by the largest; the limit that is left must equal the value.
    """
    if sign not in (1, -1):
        raise ValueError(f"sign must be +1 or -1; got {sign}")
    extreme, top = sp.Symbol("M_top", real=True), tilt.tokens(top, "top")
    gaps = sp.symbols(f"g1:{tilt.size + 1}", positive=True)
    odds = [extreme - (0 if i in top else sign * gap) for i, gap in enumerate(gaps)]
    renamed = dict(zip(tilt.log_odds, odds, strict=True)) | {ALPHA: sign * _DISTANCE}
    free = sp.sympify(expression).xreplace(renamed)
    anchored = free.xreplace({extreme: sp.Integer(0)})
    return tilt.vanishes(free - anchored) and tilt.vanishes(_at_infinity(anchored) - value)


def _at_infinity(x: Any) -> Any:
    """The limit of x as the distance grows, by continuity in its exponentials; nan if silent.

    sympy takes the limit of single exponentials only: on whole quotients it can be wrong (1.14 has
    p4/(p4 + Σ p_i e^{-a g_i}) - p4, with three gaps, tend to -p4; the limit is 1 - p4).
    """
    ends = {e: _end(e) for e in x.atoms(sp.exp)}
    bases = [power.base for power in x.atoms(sp.Pow) if not power.exp.is_positive]
    positive = [base.xreplace(ends) for base in bases + [log.args[0] for log in x.atoms(sp.log)]]
    elsewhere = x.xreplace({e: sp.Dummy() for e in ends}).has(_DISTANCE)
    sound = not elsewhere and set(ends.values()) <= {0} and all(y.is_positive for y in positive)
    return x.xreplace(ends) if sound else sp.nan


@cache
def _end(exponential: Any) -> Any:
    return sp.limit(exponential, _DISTANCE, sp.oo)


def _prove_limits(
    claim: str, tilt: SymbolicTilt, top: Collection[int], sign: int, pairs: list[Any], value: Any
) -> Proof:
    start = time.perf_counter()
    proved = all(tends_to(tilt, expression, claimed, top, sign) for expression, claimed in pairs)
    name = f"M extremal on {list(top)}, α → {'+' if sign > 0 else '-'}∞"
    return Proof(claim, tilt.size, name, proved, time.perf_counter() - start, value)


def _side(sign: int) -> str:
    return "prop-b1.limit-plus" if sign > 0 else "prop-b1.limit-minus"


def bell(arguments: Sequence[Any]) -> Any:
    """Complete Bell polynomial of order len(arguments): B_{n+1} = Σ_i C(n, i) B_{n-i} x_{i+1}.

    >>> sp.expand(bell(sp.symbols("x1:4")))
    x1**3 + 3*x1*x2 + x3
    """
    values: list[Any] = [sp.Integer(1)]
    for n in range(len(arguments)):
        terms = (sp.binomial(n, i) * values[n - i] * arguments[i] for i in range(n + 1))
        values.append(sp.Add(*terms))
    return values[-1]


def _fraction(x: Any, polynomials: Any) -> tuple[Any, Counter[Any]]:
    """x as a polynomial over a product of powers of polynomials, nothing cancelled.

    sympy's own `together` takes more than twice the time.
    """

    @cache  # terms come back often
    def split(x: Any) -> tuple[Any, Counter[Any]]:
        if isinstance(x, sp.Add):
            parts = [split(term) for term in x.args]
            common = reduce(or_, (below for _, below in parts))  # the larger power of each
            return sum(over * _powers(common - below) for over, below in parts), common
        if isinstance(x, sp.Mul):
            parts = [split(factor) for factor in x.args]
            return prod(over for over, _ in parts), reduce(add, (below for _, below in parts))
        if isinstance(x, sp.Pow) and x.exp.is_Integer:
            (over, below), power = split(x.base), abs(int(x.exp))
            below = Counter({factor: k * power for factor, k in below.items()})
            if x.exp > 0:
                return over**power, below
            return polynomials.one * _powers(below), Counter({over: power})
        if not (x.is_Symbol or x.is_Rational):
            raise ValueError(f"no rule for {x}: use sums, products, integer powers, exp, log, tanh")
        return polynomials.from_expr(x), Counter()

    return split(x)


def _powers(factors: Counter[Any]) -> Any:
    return prod(factor**k for factor, k in factors.items())


def _dot(left: Iterable[Any], right: Iterable[Any]) -> Any:
    return sp.Add(*(x * y for x, y in zip(left, right, strict=True)))


def _product(exponent: Any, known: dict[Any, Any]) -> Any:
    """e^exponent as a product of symbols, one for each term of the exponent, kept in `known`."""
    result = sp.Integer(1)
    for term in sp.Add.make_args(sp.expand(exponent)):
        coefficient, base = term.as_coeff_Mul()
        result *= known.setdefault(base, sp.Dummy(positive=True)) ** coefficient
    return result

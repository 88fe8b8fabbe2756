"""The tilt of one context over V = 2..6 tokens as formulas."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import jax
import jax.numpy as jnp
import sympy as sp
from jax.typing import ArrayLike
from sympy.polys.rings import ring

from ._polynomials import Formula, bell, dot, fraction, product, replaced

# The strength α, as a symbol of sympy.
ALPHA = sp.Symbol("alpha", real=True)


@dataclass(frozen=True)
class Proof:
    """What sympy concluded about one identity or limit, and the `value` of the limit."""

    claim_id: str
    size: int
    name: str
    proved: bool
    seconds: float
    value: sp.Expr | tuple[sp.Expr, ...] | None = None


@dataclass(frozen=True)
class SymbolicTilt:
    """p_α(i) = p_i e^{αM_i} / Σ_k p_k e^{αM_k}, one context, V = `size` tokens, as formulas.

    Methods return sympy expressions in `ALPHA`, `probabilities` (p_1..p_V, of sum 1), `log_odds`
    (M_1..M_V); a tuple has one entry per token. ValueError for a size outside 2..6 and, where a
    concept C is named by the indices of its `tokens`, for an empty or full C. Source: Defs 3.1-3.7.

    >>> SymbolicTilt(2).tilted_probs()[0]
    p1*exp(M1*alpha)/(p1*exp(M1*alpha) + p2*exp(M2*alpha))
    """

    size: int

    def __post_init__(self) -> None:
        if self.size not in range(2, 7):
            raise ValueError(f"size must be one of 2, 3, 4, 5, 6; got {self.size!r}")

    @cached_property
    def probabilities(self) -> tuple[sp.Symbol, ...]:
        """p_1..p_V: positive symbols."""
        return sp.symbols(f"p1:{self.size + 1}", positive=True)

    @cached_property
    def log_odds(self) -> tuple[sp.Symbol, ...]:
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

    def weights(self, tokens: Collection[int] | None = None) -> list[sp.Expr]:
        """p_i e^{αM_i} of the given tokens, of all without."""
        p, log_odds = self.probabilities, self.log_odds
        return [p[i] * sp.exp(ALPHA * log_odds[i]) for i in self.tokens(tokens)]

    def tilted_probs(self) -> tuple[sp.Expr, ...]:
        """p_α(i), the steered law (Lemma B.3)."""
        return tuple(w / sp.Add(*self.weights()) for w in self.weights())

    def cumulants(self, order: int, tokens: Collection[int] | None = None) -> tuple[sp.Expr, ...]:
        """κ_1..κ_order of M under p_α, given C if `tokens` are: explicit in the moments m_n.

        κ_n = m_n - Σ_{k<n} C(n-1, k-1) κ_k m_{n-k}, so κ_1 = E_α[M] and κ_2 = Var_α(M).

        >>> half = {p: sp.Rational(1, 2) for p in SymbolicTilt(2).probabilities}
        >>> SymbolicTilt(2).cumulants(2)[1].subs(half).subs(ALPHA, 0).factor()
        (M1 - M2)**2/4
        """
        if order < 1:
            raise ValueError(f"order must be at least 1; got {order}")
        weights, log_odds = self.weights(tokens), [self.log_odds[i] for i in self.tokens(tokens)]
        moment = [
            dot(weights, (m**n for m in log_odds)) / sp.Add(*weights) for n in range(order + 1)
        ]
        kappa: list[sp.Expr] = []
        for n in range(1, order + 1):
            lower = (sp.binomial(n - 1, k - 1) * kappa[k - 1] * moment[n - k] for k in range(1, n))
            kappa.append(moment[n] - sp.Add(*lower))
        return tuple(kappa)

    def derivative(self, order: int = 1) -> tuple[sp.Expr, ...]:
        """p_α^{(n)}(i) = p_α(i) Bell_n(M_i - κ_1, -κ_2, …, -κ_n), n = `order`; 1 is Lemma B.5."""
        return tuple(self.concept_derivative([i], order) for i in range(self.size))

    def concept_mass(self, tokens: Collection[int]) -> sp.Expr:
        """F_C(α) = Σ_C p_α."""
        return sp.Add(*self.weights(self.split(tokens)[0])) / sp.Add(*self.weights())

    def concept_derivative(self, tokens: Collection[int], order: int = 1) -> sp.Expr:
        """F_C^{(n)} = F_C Bell_n(κ_1^C - κ_1, …, κ_n^C - κ_n), κ^C the cumulants given C."""
        pairs = zip(self.cumulants(order, tokens), self.cumulants(order), strict=True)
        return self.concept_mass(tokens) * bell([inside - overall for inside, overall in pairs])

    def initial_mass(self, tokens: Collection[int]) -> sp.Expr:
        """F_C(0) = Σ_C p."""
        return sp.Add(*(self.probabilities[i] for i in self.tokens(tokens)))

    def concept_increase(self, tokens: Collection[int]) -> sp.Expr:
        """Δp(C|α) = (F_C(α) - F_C(0)) / |C| (Definition 3.5)."""
        return (self.concept_mass(tokens) - self.initial_mass(tokens)) / len(set(tokens))

    def logit(self, tokens: Collection[int]) -> sp.Expr:
        """Logit F_C(α) = log Σ_C p e^{αM} - log Σ_{not C} p e^{αM}."""
        inside, outside = (sp.log(sp.Add(*self.weights(part))) for part in self.split(tokens))
        return inside - outside

    def nu(self, tokens: Collection[int]) -> sp.Expr:
        """ν(α) = logit F_C(α) - logit F_C(0); ν' = E_α[M|C] - E_α[M|not C] (Theorem 3.6)."""
        return self.logit(tokens) - self.logit(tokens).subs(ALPHA, 0)

    def tanh_form(self, tokens: Collection[int]) -> sp.Expr:
        """(tanh((ν + r)/2) - tanh(r/2)) / 2|C|, r = logit F_C(0), equal to Δp(C|α) (Thm 3.6)."""
        start, count = self.logit(tokens).subs(ALPHA, 0), len(set(tokens))
        return (sp.tanh((self.nu(tokens) + start) / 2) - sp.tanh(start / 2)) / (2 * count)

    def cross_entropy_increase(self) -> sp.Expr:
        """ΔCE(α) = K(α) - α Σ p M of this context in nats, K = log Σ p e^{αM} (Definition 3.7)."""
        drift = ALPHA * dot(self.probabilities, self.log_odds)
        return sp.log(sp.Add(*self.weights())) - drift

    def lambdify(
        self, expression: Formula | Sequence[Formula] | sp.Tuple
    ) -> Callable[..., jax.Array]:
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

        def function(log_probs: ArrayLike, log_odds: ArrayLike, alpha: ArrayLike) -> jax.Array:
            values = [jnp.asarray(x) for x in evaluate(jnp.exp(log_probs), log_odds, alpha)]
            return jnp.stack(values) if several else values[0]

        return function

    def vanishes(self, expression: Formula, tokens: Collection[int] | None = None) -> bool:
        """Whether the expression is proved to be 0 wherever p > 0 and Σp = 1. Never a sample.

        Exponentials and logarithms become independent symbols (w_i for p_i e^{αM_i}), p_V is
        1 - the others, and the numerator must expand to 0. `tokens` only makes it faster: the
        weights of that concept and of its complement serve as coordinates. ValueError for functions
        other than exp, log, tanh and for fractional powers.

        >>> tilt = SymbolicTilt(3)
        >>> [tilt.vanishes(sum(tilt.tilted_probs()) - total) for total in (1, 2)]
        [True, False]
        """
        x: sp.Expr = sp.sympify(expression)
        exponentials = {
            t: 1 - 2 / (sp.exp(sp.expand(2 * _argument(t))) + 1) for t in x.atoms(sp.tanh)
        }
        x = replaced(x, exponentials)
        x = replaced(x, {log: sp.expand_log(log) for log in x.atoms(sp.log)})
        known = self._coordinates(tokens)
        x = replaced(x, {e: product(_argument(e), known) for e in x.atoms(sp.exp)})
        x = replaced(x, {self.probabilities[-1]: 1 - sp.Add(*self.probabilities[:-1])})
        x = replaced(x, {log: sp.Dummy() for log in x.atoms(sp.log)})
        symbols = sorted(x.free_symbols, key=sp.default_sort_key)
        if not symbols:
            return bool(x == 0)
        polynomials = ring(symbols, sp.QQ)[0]
        numerator, denominators = fraction(x, polynomials)
        return numerator == 0 and polynomials.zero not in denominators

    def _coordinates(self, tokens: Collection[int] | None) -> dict[sp.Expr, sp.Expr]:
        """e^{αM_i} as w_i / p_i, the last w of a block being its total less the others."""
        known = {}
        for block in [self.tokens()] if tokens is None else self.split(tokens):
            rest = sp.Dummy("total", positive=True)
            for i in block:
                weight = rest if i == block[-1] else sp.Dummy("w", positive=True)
                known[ALPHA * self.log_odds[i]] = weight / self.probabilities[i]
                rest -= weight
        return known


def _argument(function: sp.Basic) -> sp.Expr:
    (x,) = function.args
    assert isinstance(x, sp.Expr)
    return x

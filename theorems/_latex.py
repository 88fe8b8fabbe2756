r"""The statement of every claim as LaTeX for MathJax; reached through `theorems.symbolic.latex`.

Each is the form that is true and names what it needs, which is not always the paper's. Throughout
p_j(z) = p(z|c_j) > 0, p_{j,α} is the tilted law, K_j(α) = log Σ_z p_j(z) e^{αM(z)}, F_{j,C}(α) the
sum of p_{j,α} over C, R = max M - min M, δ = min_T M - max_{not T} M, M_top = argmax M,
M_bot = argmin M, and v the mean over P inside the target T less the mean over N outside it. Tilt,
derivative, tanh form, limits and quadratic are printed by sympy. No `|`: it would end a table cell.
"""

from typing import Any

import sympy as sp
from sympy.printing.latex import LatexPrinter

from ._names import no_such

_NEEDS_LAW = r"\quad \text{if } p_j > 0"
_NOT_CONSTANT = r"\quad \text{if } p_j > 0 \text{ and } M \text{ is not constant}"
_SEPARATED = r"\quad \text{if } \delta = \min_{T} M - \max_{[V] \setminus T} M > 0"

_BY_HAND = {
    "lemma-b2.affine": r"""
        W(h_j + \alpha v) = W h_j + \alpha\, W v \quad (\alpha \in \mathbb{R}), \qquad
        W v = M + c\,\mathbf{1} \ \text{ if } \sigma(W h_i) = p_i \text{ for every } i
        \text{ (Assumption 2)}""",
    "lemma-b4.sign": r"""
        M(z) > 0 \iff z \in T \quad \text{if } M(z) = w_k \log\frac{a_z}{b_z} \text{ on } C_k,\
        a_z > b_z > 0 \text{ for every } z,\ w_T > 0,\ w_k \le 0 \text{ for } C_k \ne T""",
    "thm-3.3.bump": r"""
        \text{each } z \notin M_{\mathrm{top}} \cup M_{\mathrm{bot}} \text{ has one } \alpha(j,z)
        \in \mathbb{R} \text{ with } \operatorname{sign}\frac{d p_{j,\alpha}(z)}{d\alpha} =
        \operatorname{sign}\bigl(\alpha(j,z) - \alpha\bigr) \text{ for every } \alpha"""
    + _NOT_CONSTANT,
    "thm-3.3.peak-order": r"""
        \alpha(j,z') < \alpha(j,z) \text{ in } [-\infty, +\infty] \quad (z \in T,\ z' \notin T;\
        \alpha(j,\cdot) = +\infty \text{ on } M_{\mathrm{top}},\ -\infty \text{ on }
        M_{\mathrm{bot}})"""
    + _SEPARATED,
    "thm-3.3.monotone": r"""
        \frac{d p_{j,\alpha}(z)}{d\alpha} > 0 \ (z \in M_{\mathrm{top}}), \quad
        \frac{d p_{j,\alpha}(z)}{d\alpha} < 0 \ (z \in M_{\mathrm{bot}}) \quad
        \text{for every } \alpha \in \mathbb{R}"""
    + _NOT_CONSTANT,
    "remark-3.4.positive-peaks": r"""
        \alpha(j,z) > 0 \ (z \in T) \quad \text{if } c_j \notin T,\
        a_z = (1-\varepsilon)\gamma_z > b_z = \frac{\varepsilon\,\omega_z}{G-1}
        \text{ for every } z,\ \varepsilon < \varepsilon_0,\ \text{ where }
        \left(1 - \frac{\varepsilon_0}{G-1}\right)
        \log\frac{(1-\varepsilon_0)(G-1)}{\varepsilon_0} = -\log\min_{T}\frac{\gamma}{\omega}""",
    "sign-rule": r"""
        \alpha(j,z) > 0 \iff
        M(z) > \frac{1}{\lvert N \rvert}\sum_{i \in N} \mathrm{KL}(p_j \Vert p_i)
        - \frac{1}{\lvert P \rvert}\sum_{i \in P} \mathrm{KL}(p_j \Vert p_i)"""
    + _NOT_CONSTANT,
    "thm-3.6.target-increasing": r"""
        \frac{d}{d\alpha}\,\Delta p_j(T \mid \alpha) > 0 \quad \text{for every }
        \alpha \in \mathbb{R}"""
    + _SEPARATED,
    "thm-3.6.decreasing": r"""
        \frac{d}{d\alpha}\,\Delta p_j(C \mid \alpha) < 0 \quad \text{for every }
        \alpha \in \mathbb{R}, \quad \text{if } \max_{C} M \le \min_{[V] \setminus C} M
        \text{ and } M \text{ is not constant}""",
    "thm-3.6.growth": r"""
        \lvert \nu_j(\alpha) \rvert \le R\,\lvert \alpha \rvert, \qquad R = \max M - \min M""",
    "prop-4.1.rmsnorm": r"""
        \lim_{\alpha \to \pm\infty} W' N_\epsilon\bigl(h + \alpha v + r(\alpha)\bigr)
        = W' N_0(\pm v) = \pm W' N_0(v), \qquad
        N_\epsilon(x) = \frac{\gamma \odot x}{\sqrt{\lVert x \rVert^2/d + \epsilon}}
        \quad \text{if } v \ne 0 \text{ and } \sup_\alpha \lVert h + r(\alpha) \rVert < \infty""",
    "prop-4.1.layernorm": r"""
        \lim_{\alpha \to \pm\infty} W' N_\epsilon\bigl(h + \alpha v + r(\alpha)\bigr)
        = W' N_0(\pm v), \qquad
        N_\epsilon(x) = \beta
        + \frac{\gamma \odot \bar{x}}{\sqrt{\lVert \bar{x} \rVert^2/d + \epsilon}},\
        \bar{x} = x - \frac{\mathbf{1}^\top x}{d}\,\mathbf{1}
        \quad \text{if } \bar{v} \ne 0
        \text{ and } \sup_\alpha \lVert h + r(\alpha) \rVert < \infty""",
    "prop-4.1.rate": r"""
        \bigl\lVert N_\epsilon\bigl(h + \alpha v + r(\alpha)\bigr) - N_0(\pm v)\bigr\rVert \le
        \sqrt{d}\,\max_i \lvert \gamma_i \rvert
        \left(\frac{2\rho}{2\lvert \alpha \rvert\,\lVert v \rVert - \rho}
        + \frac{d\,\epsilon}{2(\lvert \alpha \rvert\,\lVert v \rVert - \rho)^2}\right)
        \quad \text{if } \lvert \alpha \rvert\,\lVert v \rVert > \rho
        = \sup_\alpha \lVert h + r(\alpha) \rVert
        \text{ (LayerNorm: all centred)}""",
    "assumption-2.trained": r"""
        \mathrm{CE}(f) \to -\sum_{j} \pi_j \sum_{z} p_j(z) \log p_j(z) \ \text{ under gradient
        descent on } (W, H), \quad \text{if } d \ge
        \operatorname{rank}\left(\left(I - \tfrac{1}{V}\mathbf{1}\mathbf{1}^\top\right)
        \log P\right)""",
    "ce.kl-identity": r"""
        \Delta\mathrm{CE}(\alpha) = \sum_{j} \pi_j\, \mathrm{KL}(p_j \Vert p_{j,\alpha})
        = \sum_{j} \pi_j \bigl(K_j(\alpha) - \alpha K_j'(0)\bigr) \quad \text{(Assumption 2)}""",
    "ce.convex": r"""
        \Delta\mathrm{CE}''(\alpha) = \sum_{j} \pi_j \operatorname{Var}_{j,\alpha}(M) > 0
        \quad \text{for every } \alpha \in \mathbb{R}, \text{ if } M \text{ is not constant}""",
    "ce.upper-bounds": r"""
        \Delta\mathrm{CE}(\alpha) \le \min\left\{\frac{R^2\alpha^2}{8},\
        \frac{\sigma^2 (e^{R\lvert \alpha \rvert} - R\lvert \alpha \rvert - 1)}{R^2},\
        \sum_{j} \pi_j \log\frac{b_j^2 e^{-\lvert \alpha \rvert\sigma_j^2/b_j}
        + \sigma_j^2 e^{\lvert \alpha \rvert b_j}}
        {b_j^2 + \sigma_j^2}\right\}, \quad \sigma_j^2 = \operatorname{Var}_j(M),\
        \sigma^2 = \sum_{j} \pi_j \sigma_j^2,\
        b_j = \begin{cases} \max M - \mathbb{E}_j[M] & \alpha > 0 \\
        \mathbb{E}_j[M] - \min M & \alpha < 0 \end{cases}
        \quad \text{if } M \text{ is not constant}""",
    "ce.lower-bounds": r"""
        \Delta\mathrm{CE}(\alpha) \ge \max\left\{
        \frac{\sigma^2 (e^{-R\lvert \alpha \rvert} + R\lvert \alpha \rvert - 1)}{R^2},\
        \sum_{j} \pi_j \operatorname{kl}\bigl(F_{j,T}(0) \Vert F_{j,T}(\alpha)\bigr)\right\},
        \quad \sigma^2 = \sum_{j} \pi_j \operatorname{Var}_j(M),\
        \operatorname{kl}(x \Vert y) = x \log\frac{x}{y} + (1-x) \log\frac{1-x}{1-y}""",
    "ce.remainder": r"""
        \left\lvert \Delta\mathrm{CE}(\alpha) - \tfrac{1}{2}\sigma^2\alpha^2\right\rvert \le
        \frac{R^3 \lvert \alpha \rvert^3}{36\sqrt{3}}, \qquad
        \sigma^2 = \sum_{j} \pi_j \operatorname{Var}_j(M)""",
    "ce.asymptote": r"""
        \Delta\mathrm{CE}(\alpha) = \alpha \sum_{j} \pi_j \bigl(\max M - \mathbb{E}_j[M]\bigr)
        + \sum_{j} \pi_j \log p_j(M_{\mathrm{top}}) + r(\alpha), \quad
        0 \le r(\alpha) \le \sum_{j} \pi_j
        \frac{1 - p_j(M_{\mathrm{top}})}{p_j(M_{\mathrm{top}})}\, e^{-\alpha g} \quad
        (\alpha \ge 0), \quad g = \max M - \max_{[V] \setminus M_{\mathrm{top}}} M \quad
        \text{(as } \alpha \to -\infty \text{ the same with } -M, -\alpha
        \text{ for } M, \alpha\text{)}"""
    + _NOT_CONSTANT,
    "tilt.all-orders": r"""
        \frac{d^n p_{j,\alpha}(z)}{d\alpha^n} = p_{j,\alpha}(z)\,
        B_n\bigl(M(z) - \kappa_1, -\kappa_2, \dots, -\kappa_n\bigr), \quad
        F_{j,C}^{(n)} = F_{j,C}\, B_n\bigl(\kappa_1^C - \kappa_1, \dots,
        \kappa_n^C - \kappa_n\bigr), \quad
        \Delta\mathrm{CE}^{(n)}(\alpha) = \sum_{j} \pi_j \bigl(\kappa_n
        - \mathbf{1}_{\{n = 1\}} K_j'(0)\bigr), \quad n \ge 1""",
    "peak.height": r"""
        \sup_{\alpha \in \mathbb{R}} p_{j,\alpha}(z) = p_j(z)\, e^{I_j(M(z))}, \qquad
        I_j(x) = \sup_{\alpha \in \mathbb{R}} \bigl(\alpha x - K_j(\alpha)\bigr)""",
    "sweet-spot.nonempty": r"""
        W_j = \Bigl\{\alpha : \max_{[V] \setminus T} M < \mathbb{E}_{j,\alpha}[M]
        < \min_{T} M\Bigr\} \text{ is an open interval of length at least }
        \frac{4\delta}{R^2}"""
    + _SEPARATED,
    "half-saturation.bounds": r"""
        F_{j,T}(\alpha) = \tfrac{1}{2} \text{ at one } \alpha = \alpha_{1/2}, \text{ between }
        -\frac{r_j}{R} \text{ and } -\frac{r_j}{\delta}, \quad
        \frac{\delta}{4} \le F_{j,T}'(\alpha_{1/2}) \le \frac{R}{4}, \quad
        r_j = \log\frac{F_{j,T}(0)}{1 - F_{j,T}(0)}"""
    + _SEPARATED,
    "contrastive.geometric-path": r"""
        p_{j,\alpha}(z) = \frac{p_N(z)^{1-\alpha}\, p_T(z)^{\alpha}}
        {\sum_{y=1}^{V} p_N(y)^{1-\alpha}\, p_T(y)^{\alpha}}, \quad p_{j,1} = p_T, \quad
        \alpha(N,z) = \alpha(T,z) + 1 \quad \text{if } c_j \in N,\ p_i = p_T \ (i \in P)
        \text{ and } p_i = p_N \ (i \in N)""",
    "limit.rate": r"""
        \mathrm{TV}(p_{j,\alpha}, p_{j,+\infty}) = 1 - p_{j,\alpha}(M_{\mathrm{top}}) \le
        \frac{1 - p_j(M_{\mathrm{top}})}{p_j(M_{\mathrm{top}})}\, e^{-\alpha g} \quad
        (\alpha \ge 0), \qquad g = \max M - \max_{[V] \setminus M_{\mathrm{top}}} M"""
    + _NOT_CONSTANT,
    "strength.budget": r"""
        \Delta\mathrm{CE}(\alpha) = \kappa > 0 \text{ has one root } \alpha_\kappa > 0, \quad
        F_{j,T}(\alpha_\kappa) = \max_{\Delta\mathrm{CE}(\alpha) \le \kappa} F_{j,T}(\alpha), \quad
        \alpha_\kappa \ge \frac{\sqrt{8\kappa}}{R}; \quad F_{j,T}(\alpha) = \tau \in (0,1)
        \text{ has one root } \alpha_\tau, \text{ within budget iff }
        \Delta\mathrm{CE}(\alpha_\tau) \le \kappa"""
    + _SEPARATED,
}


class _Printer(LatexPrinter):
    """Writes p_j[z] as p_j(z), the weight pi[j] as pi_j, and negative terms last."""

    def _print_Indexed(self, expr: Any) -> str:
        name, index = self._print(expr.base), self._print(expr.indices[0])
        return f"{name}_{{{index}}}" if name == r"\pi" else f"{name}({index})"

    def _as_ordered_terms(self, expr: Any, order: str | None = None) -> list[Any]:
        terms = super()._as_ordered_terms(expr, order)
        return sorted(terms, key=lambda term: term.could_extract_minus_sign())


def _print(expression: Any) -> str:
    return _Printer({"order": "none"}).doprint(expression)


def _base(name: str) -> Any:
    return sp.IndexedBase(name)


def _by_sympy() -> dict[str, str]:
    """The statements whose formulas sympy holds, as sums over a vocabulary of symbolic size V."""
    p, tilted, odds = _base("p_j"), _base(r"p_{j,\alpha}"), _base("M")
    alpha, start, nu = sp.Symbol("alpha"), sp.Symbol("r_j"), sp.Symbol(r"\nu_{j}(\alpha)")
    y, z, j = sp.symbols("y z j", integer=True)
    vocabulary, contexts = sp.symbols("V m", integer=True)
    size = sp.Symbol(r"{\lvert C \rvert}")

    def total(term: Any) -> Any:
        return sp.Sum(term, (y, 1, vocabulary))

    def indicator(name: str) -> Any:
        return _base(rf"\mathbf{{1}}_{{{name}}}")

    def limit(name: str) -> str:
        kept = indicator(name)
        return _print(kept[z] * p[z] / total(kept[y] * p[y]) - p[z]) + _NEEDS_LAW

    tilt = sp.Eq(tilted[z], p[z] * sp.exp(alpha * odds[z]) / total(p[y] * sp.exp(alpha * odds[y])))
    slope = _print(tilted[z] * (odds[z] - total(tilted[y] * odds[y])))
    rise = _print((sp.tanh((nu + start) / 2) - sp.tanh(start / 2)) / (2 * size))
    inside = indicator("C")
    variance = total(p[y] * odds[y] ** 2) - total(p[y] * odds[y]) ** 2
    average = sp.Sum(_base("pi")[j] * variance, (j, 1, contexts))
    gone = _print(-total(inside[y] * p[y]) / size)
    lim = r"\lim_{\alpha \to %s} \Delta p_j(%s \mid \alpha) = %s"
    return {
        "lemma-b3.tilt": _print(tilt) + _NEEDS_LAW + r" \text{ (Assumption 2)}",
        "lemma-b5.derivative": r"\frac{d}{d \alpha} " + f"{_print(tilted[z])} = {slope}",
        "prop-b1.limit-plus": lim % (r"+\infty", "z", limit(r"M_{\mathrm{top}}")),
        "prop-b1.limit-minus": lim % (r"-\infty", "z", limit(r"M_{\mathrm{bot}}")),
        "thm-3.6.tanh": rf"\Delta p_j(C \mid \alpha) = {rise}, \quad "
        r"r_j = \log\frac{F_{j,C}(0)}{1 - F_{j,C}(0)}, \quad \nu_j(0) = 0, \quad "
        r"\nu_j'(\alpha) = \mathbb{E}_{j,\alpha}[M \mid C] - \mathbb{E}_{j,\alpha}[M \mid "
        r"[V] \setminus C] \quad \text{if } \emptyset \ne C \ne [V]",
        "thm-3.6.vanishing": lim % (r"\pm\infty", "C", gone)
        + r" \quad \text{if } C \cap (M_{\mathrm{top}} \cup M_{\mathrm{bot}}) = \emptyset",
        "thm-3.8.quadratic": r"\Delta\mathrm{CE}(\alpha) = "
        + _print(alpha**2 / 2 * average)
        + r" + o(\alpha^2) \quad \text{(Assumption 2)}",
    }


_STATEMENTS = {
    claim_id: " ".join(text.split()) for claim_id, text in (_BY_HAND | _by_sympy()).items()
}
CLAIM_IDS = tuple(sorted(_STATEMENTS))


def latex(claim_id: str) -> str:
    r"""The statement of a claim, with what it needs, as LaTeX for MathJax (no dollar signs).

    Raises ValueError for an id that no claim has. Source: arXiv:2602.02712, restated where the
    paper is loose; ids that carry no number of the paper's are the project's own.

    >>> latex("lemma-b5.derivative").split(" = ")[0]
    '\\frac{d}{d \\alpha} p_{j,\\alpha}(z)'
    """
    if claim_id not in _STATEMENTS:
        raise ValueError(no_such("claim", claim_id, CLAIM_IDS))
    return _STATEMENTS[claim_id]

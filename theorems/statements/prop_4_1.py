"""Proposition 4.1: a transformer steered before its final norm levels off."""

from dataclasses import dataclass, replace
from functools import cache, cached_property, partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from ufm import Transformer

from ..judging.claim import Claim, Control, Hypothesis, Judged, NotCertified, Statement
from ..judging.compiled import IN_HASTE
from ..judging.head import SteeredHead
from ..judging.verdict import Verdict, bound, identity, worst

SOURCE = "Proposition 4.1"
STRENGTHS = 10.0 ** np.arange(0, 9)


@dataclass(frozen=True, eq=False)
class TransformerInstance(Judged):
    """A pre-norm transformer steered in its residual stream.

    - `transformer`: `ufm.Transformer`, float64; `hidden` [T, d]: the stream entering its first block.
    - `vector` [d]: v, added after block `layer` (0-based) at `positions` "all" or "last".
    - `rho`: a bound on |h + r(α)| at the last position for every α; None: the one that the weights
      imply (`Transformer.remainder_bound`).
    """

    transformer: Transformer
    hidden: Array
    vector: Array
    layer: int
    positions: str = "all"
    rho: float | None = None

    @cached_property
    def _at_strengths(self) -> tuple[np.ndarray, np.ndarray]:
        site = (self.vector, self.layer, self.positions)
        logits, rest = _steered(self.transformer, self.hidden, jnp.asarray(self.strengths), *site)
        return np.asarray(logits), np.asarray(rest)

    @cached_property
    def strengths(self) -> np.ndarray:
        """±1 … ±1e8, and last a pair so far out that the O(1/α) distance is below 1e-9."""
        length = max(float(np.linalg.norm(self.vector)), 1e-300)
        far = min(1e10 * (1 + self.bound_on_rest) / length, 1e16)
        half = np.append(STRENGTHS, far)
        return np.concatenate([half, -half])

    def logits(self, sign: int) -> np.ndarray:
        """Steered logits [10, V] at the strengths of one sign."""
        plus, minus = np.split(self._at_strengths[0], 2)
        return plus if sign > 0 else minus

    def rest(self) -> float:
        """The largest |h + r(α)| at the strengths looked at."""
        return float(self._at_strengths[1].max())

    def limit(self, sign: int) -> np.ndarray:
        """W' N_0(±v), from its formula, with 0/0 = 0 where v (LayerNorm: v less its mean) is zero."""
        norm = self.transformer.final_norm
        v, scale = sign * np.asarray(self.vector), np.asarray(norm.scale)
        if self.is_layernorm:
            v = v - v.mean()
        moves = np.ptp(v) if self.is_layernorm else np.any(v)
        direction = np.sqrt(v.size) * v / np.linalg.norm(v) if moves else np.zeros_like(v)
        shift = np.asarray(norm.bias) if self.is_layernorm else 0.0
        return np.asarray(self.transformer.decoder) @ (scale * direction + shift)

    @property
    def is_layernorm(self) -> bool:
        """Whether the final norm is LayerNorm (else RMSNorm)."""
        return self.transformer.final_norm.bias is not None

    @cached_property
    def bound_on_rest(self) -> float:
        """ρ."""
        if self.rho is not None:
            return self.rho
        return float(_implied_rho(self.transformer, self.hidden, self.layer))


_hasty = partial(jax.jit, compiler_options=IN_HASTE)


@partial(_hasty, static_argnums=2)
def _implied_rho(model, hidden, layer):
    return model.remainder_bound(hidden, layer)


@partial(_hasty, static_argnums=(4, 5))
def _steered(model, hidden, alphas, vector, layer, positions):
    site = {"vector": vector, "layer": layer, "positions": positions}

    def at(alpha):
        return model.logits(hidden, alpha, **site), model.steering_remainder(hidden, alpha, **site)

    return jax.lax.map(at, alphas)


@_hasty
def rate_bounds(model, vector, alphas, rho):
    """√d|γ ⊙ W'_z| B(α) at `alphas`, [A, V]."""
    return jax.vmap(lambda alpha: model.logit_rate_bound(vector, alpha, rho))(alphas)


@_hasty
def _library_limits(model, vector):
    return model.limit_logits(vector, 1), model.limit_logits(vector, -1)


def _reached(instance: TransformerInstance, sign: int) -> Verdict:
    """At the last strength: far enough that the O(1/α) distance is below 1e-7 of the logits."""
    limit, reached = instance.limit(sign), instance.logits(sign)[-1]
    library = np.asarray(_library_limits(instance.transformer, instance.vector)[sign < 0])
    rows = np.linalg.norm(np.asarray(instance.transformer.decoder), axis=1)
    size = rows * np.sqrt(instance.vector.size)
    evidence = f"against W' N_0({'+' if sign > 0 else '-'}v)"
    return worst(
        identity((reached - limit) / size, 1e-7, f"logits {evidence}"),
        identity((library - limit) / size, 1e-7, f"limit_logits {evidence}"),
    )


def _rmsnorm(instance: TransformerInstance) -> Verdict:
    plus, minus = instance.limit(1), instance.limit(-1)
    scale = np.abs(plus).max()
    antisymmetric = identity((plus + minus) / scale, 1e-13, "N_0(-v) = -N_0(v)")
    return worst(_layernorm(instance), antisymmetric)


def _layernorm(instance: TransformerInstance) -> Verdict:
    return worst(_reached(instance, 1), _reached(instance, -1))


def _rate(instance: TransformerInstance) -> Verdict:
    """Slack of the bound relative to the bound, plus rounding of the logits, at ±1 … ±1e8."""
    rho = instance.bound_on_rest
    verdicts = []
    for sign in (1, -1):
        distance = np.abs(instance.logits(sign)[:-1] - instance.limit(sign))
        strengths = jnp.asarray(sign * STRENGTHS)
        allowed = rate_bounds(instance.transformer, instance.vector, strengths, rho)
        rounding = 64 * np.finfo(float).eps * np.sqrt(instance.vector.size)
        size = np.linalg.norm(np.asarray(instance.transformer.decoder), axis=1)
        slack = (np.asarray(allowed) + rounding * size - distance) / np.asarray(allowed)
        evidence = "distance to the limit against √d|γW'_z| B(α), B = O(1/α)"
        verdicts.append(bound(slack, 1e-12, evidence))
    return worst(*verdicts)


def _is(kind: bool, name: str):
    return lambda instance: (
        None if instance.is_layernorm is kind else f"the final norm is not {name}"
    )


def _no_direction(instance: TransformerInstance | SteeredHead) -> str | None:
    v = np.asarray(instance.vector)
    centred = v - v.mean() if instance.is_layernorm else v
    if np.abs(centred).max() > 1e-14 * np.abs(v).max(initial=0.0):
        return None
    return "v less its mean is zero" if instance.is_layernorm else "v is zero"


def _too_small(instance: TransformerInstance) -> str | None:
    largest, rho = instance.rest(), instance.bound_on_rest
    if largest <= rho * (1 + 1e-12):
        return None
    return f"|h + r(α)| reaches {largest:.6g} > ρ = {rho:.6g}"


RMSNORM = Hypothesis("rmsnorm", "the final norm is RMSNorm", _is(False, "RMSNorm"))
LAYERNORM = Hypothesis("layernorm", "the final norm is LayerNorm", _is(True, "LayerNorm"))
DIRECTION = Hypothesis("direction", "v is not 0 (LayerNorm: v is not constant)", _no_direction)
BOUNDED_REST = Hypothesis("bounded-rest", "|h + r(α)| <= ρ for every α", _too_small)


@cache
def _shapes(norm: str) -> Transformer:
    sizes = {"blocks": 2, "dimension": 8, "heads": 2, "vocabulary": 11}
    build = partial(Transformer.random, **sizes, norm=norm, dtype=jnp.float64)
    return jax.eval_shape(build, jax.random.key(0))


def random_transformer(
    rng: np.random.Generator, norm: str, layer: int, positions: str, length: float = 1.0
) -> TransformerInstance:
    """Two blocks, d = 8, two heads, V = 11, five tokens; a Gaussian v of about `length` an entry.

    The weights are drawn with NumPy into the shapes of `Transformer.random`, whose own drawing JAX
    would compile for seconds.
    """

    def drawn(leaf):
        size = leaf.shape[-1] ** -0.5 if leaf.ndim > 1 else 1.0
        return size * rng.standard_normal(leaf.shape)

    model = jax.device_put(jax.tree.map(drawn, _shapes(norm)))
    hidden, vector = rng.standard_normal((5, 8)), length * rng.standard_normal(8)
    return TransformerInstance(model, jnp.asarray(hidden), jnp.asarray(vector), layer, positions)


def example(norm: str, **fields) -> TransformerInstance:
    """A transformer with this final norm, and what is changed of it."""
    return replace(random_transformer(np.random.default_rng(1), norm, 0, "all"), **fields)


_FAMILY = ("transformers",)

# What the letters of the limits are, and why their check assumes no bound on h + r(α).
_WHERE = """W' is the head that reads the final norm, N_0 that norm without its eps, and h + r(α), what the
                last stream holds beside αv, is bounded in every stack of blocks with a norm before each"""

STATEMENT = Statement(
    id="prop-4.1",
    title="Steering before the norm",
    in_short="before a final norm the logits have limits, which depend on v alone",
    source=SOURCE,
    idea=r"""
        Each sublayer of a pre-norm stack adds a function of the *normalised* stream. Norms are
        bounded. Softmax attention averages values that are linear in the normalised rows, and a
        feed-forward map applies a continuous activation to them, so both are bounded on bounded
        sets. Hence the whole stack adds something bounded: the last stream is
        $h + \alpha v + r(\alpha)$ with $\lvert h + r(\alpha) \rvert \le \rho$ for every $\alpha$. A norm
        sees directions only. Divide by $\alpha$:
        $v + (h + r)/\alpha \to v$, the norm's own $\epsilon$ becomes $\epsilon/\alpha^2 \to 0$, and the
        output tends to the $\epsilon$-free norm of $\pm v$. RMSNorm is odd, so its two limits are
        opposite; the bias of LayerNorm breaks that. The limits are the same for every prompt, and
        no probability vanishes there, so the cross-entropy levels off at both ends.

        The *rate*: $x = h + \alpha v + r$ lies within $\rho$ of $w = \alpha v$, and
        $(w \cdot x)^2 - \lVert x \rVert^2 (\lVert w \rVert^2 - \rho^2)
        \ge (w \cdot (h + r) + \rho^2)^2 \ge 0$, so the sine of their angle is at most
        $t = \rho / \lVert w \rVert$. Unit vectors at that angle are
        $\sqrt{2 - 2\sqrt{1 - t^2}} \le 2t/(2 - t)$ apart; $\epsilon$ shortens the one of $x$ by at
        most $d\epsilon / (2(\lVert w \rVert - \rho)^2)$. A logit moves by at most
        $\sqrt{d}\,\lVert \gamma \odot W'_z \rVert$ times the distance of these two vectors.

        v1 states the limit, no rate. Its proof (Appendix B.6) has RMSNorm without $\epsilon$, says that "The
        same argument applies to LayerNorm", and needs no more than $v \ne 0$, which for LayerNorm becomes
        $v$ not constant. Its $R(\alpha)$, what the blocks after the steered one add, is $r(\alpha)$ here.
    """,
    claims=(
        Claim(
            id="prop-4.1.rmsnorm",
            title="RMSNorm limit",
            text=f"""The logits tend to W' N_0(±v) as α → ±∞, and N_0(-v) = -N_0(v): {_WHERE}.""",
            formula=r"""\lim_{\alpha \to \pm\infty} W' N_\epsilon\bigl(h + \alpha v + r(\alpha)\bigr) = W'
                N_0(\pm v) = \pm W' N_0(v), \qquad N_\epsilon(x) = \frac{\gamma \odot
                x}{\sqrt{\lVert x \rVert^2/d + \epsilon}} \quad \text{if } v \ne 0 \text{ and }
                \sup_\alpha \lVert h + r(\alpha) \rVert < \infty""",
            source=SOURCE,
            hypotheses=(RMSNORM, DIRECTION),
            conclusion=_rmsnorm,
            families=_FAMILY,
            control=Control(
                "rmsnorm",
                "LayerNorm with a bias: its limits are not opposite",
                lambda: example("layernorm"),
            ),
            figures=("statements/norm",),
            certificate=NotCertified("about a transformer, not about a tilt"),
        ),
        Claim(
            id="prop-4.1.layernorm",
            title="LayerNorm limit",
            text=f"""The logits tend to W' N_0(±v) as α → ±∞, provided v is not constant: {_WHERE}.""",
            formula=r"""\lim_{\alpha \to \pm\infty} W' N_\epsilon\bigl(h + \alpha v + r(\alpha)\bigr)
                = W' N_0(\pm v), \qquad
                N_\epsilon(x) = \beta
                + \frac{\gamma \odot \bar{x}}{\sqrt{\lVert \bar{x} \rVert^2/d + \epsilon}},\
                \bar{x} = x - \frac{\mathbf{1}^\top x}{d}\,\mathbf{1}
                \quad \text{if } \bar{v} \ne 0
                \text{ and } \sup_\alpha \lVert h + r(\alpha) \rVert < \infty""",
            source=SOURCE,
            hypotheses=(LAYERNORM, DIRECTION),
            conclusion=_layernorm,
            families=_FAMILY,
            control=Control(
                "direction",
                "a constant v, which LayerNorm removes: the logits do not move",
                lambda: example("layernorm", vector=jnp.ones(8, jnp.float64)),
            ),
            figures=("statements/norm",),
            certificate=NotCertified("about a transformer, not about a tilt"),
        ),
        Claim(
            id="prop-4.1.rate",
            title="rate",
            text="""The logits are within O(1/|α|) of their limit, with an explicit constant in
                ρ, |v| and eps.""",
            formula=r"""\bigl\lVert N_\epsilon\bigl(h + \alpha v + r(\alpha)\bigr) - N_0(\pm v)\bigr\rVert
                \le \sqrt{d}\,\max_i \lvert \gamma_i \rvert \left(\frac{2\rho}{2\lvert \alpha
                \rvert\,\lVert v \rVert - \rho} + \frac{d\,\epsilon}{2(\lvert \alpha \rvert\,\lVert
                v \rVert - \rho)^2}\right) \quad \text{if } \lvert \alpha \rvert\,\lVert v \rVert >
                \rho = \sup_\alpha \lVert h + r(\alpha) \rVert \text{ (LayerNorm: all centred)}""",
            source="this project; extends Proposition 4.1",
            hypotheses=(DIRECTION, BOUNDED_REST),
            conclusion=_rate,
            families=_FAMILY,
            control=Control(
                "bounded-rest",
                "ρ a thousandth of what the rest of the stream really is",
                lambda: example("rmsnorm", rho=1e-3),
            ),
            figures=("statements/norm-rate",),
            certificate=NotCertified("about a transformer, not about a tilt"),
        ),
    ),
)

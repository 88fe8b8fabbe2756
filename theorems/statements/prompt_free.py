"""What is left of the prompt at large strengths: nothing behind a norm, p given Mtop without one."""

from dataclasses import replace
from functools import partial

import jax.numpy as jnp
import numpy as np

from .. import hypotheses
from ..judging import controls, evaluate
from ..judging.claim import Certified, Claim, Control, NotCertified, Statement
from ..judging.instance import Instance, log_masses
from ..judging.verdict import Verdict, bound, identity, worst
from . import prop_4_1
from .prop_4_1 import BOUNDED_REST, DIRECTION, STRENGTHS, TransformerInstance
from .prop_b1 import limit_law

SOURCE = "this project; makes Section 4 exact"


def _variation(p: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Total variation along the last axis."""
    return np.abs(p - q).sum(axis=-1) / 2


def _tilt(instance: Instance) -> Verdict:
    """Each context against the next one, on either side of 0; masses as logarithms."""
    following = np.roll(np.arange(len(instance.probs)), -1)
    limits, verdicts = evaluate.limits(instance.tilt), []
    for sign, extremal in ((1, instance.is_top), (-1, instance.is_bottom)):
        gap = np.abs(instance.odds[extremal][0] - instance.odds[~extremal]).min()
        inside, outside = log_masses(instance.log_probs, extremal)
        side = instance.alphas * sign >= 0
        reach = np.minimum(outside - inside - np.abs(instance.alphas[side, None]) * gap, 1.0)
        allowed = np.exp(reach) + np.exp(reach[:, following])
        law, limit = np.exp(instance.curves.log_probs[side]), limit_law(instance, sign)
        ends = _variation(limit, limit[following])
        apart = np.abs(_variation(law, law[:, following]) - ends)
        where = f"α → {'+' if sign > 0 else '-'}∞"
        verdicts += [
            bound(allowed - apart, instance.tolerance, f"TV of two contexts less TV at ∞, {where}"),
            identity(limits[sign] - limit, instance.tolerance, f"limits of the library, {where}"),
        ]
    return worst(*verdicts)


def _another_prompt(instance: TransformerInstance) -> TransformerInstance:
    """The same model and vector, with the rows of the stream in another order, turned round and longer."""
    return replace(instance, hidden=-2.0 * jnp.flip(instance.hidden, axis=0))


def _norm(instance: TransformerInstance) -> Verdict:
    """Two prompts' logits at ±1 … ±1e8, and far out, over the bound on their distance."""
    other = _another_prompt(instance)
    verdicts = []
    for sign in (1, -1):
        logits = [one.logits(sign) for one in (instance, other)]
        distance = np.abs(logits[0][:-1] - logits[1][:-1])
        strengths = jnp.asarray(sign * STRENGTHS)
        bounds = (
            np.asarray(
                prop_4_1.rate_bounds(one.transformer, one.vector, strengths, one.bound_on_rest)
            )
            for one in (instance, other)
        )
        allowed = sum(bounds)
        rows = np.linalg.norm(np.asarray(instance.transformer.decoder), axis=1)
        size = rows * np.sqrt(instance.vector.size)
        rounding = 128 * np.finfo(float).eps * size
        where = f"α → {'+' if sign > 0 else '-'}∞"
        verdicts += [
            bound(
                (allowed + rounding - distance) / allowed,
                1e-12,
                f"logits of two prompts against √d|γW'_z|(B(ρ) + B(ρ')), {where}",
            ),
            identity(
                (logits[0][-1] - logits[1][-1]) / size,
                1e-7,
                f"logits of two prompts far out, {where}",
            ),
        ]
    return worst(*verdicts)


STATEMENT = Statement(
    id="prompt-free",
    title="What is left of the prompt",
    in_short="""at large strengths two prompts come together behind a norm; without one, exactly
        if they agree given the tokens of largest M""",
    source=SOURCE,
    idea=r"""
        "For large $\lvert \alpha \rvert$ the steered logits no longer depend on the input prompt", v1 says
        after Proposition 4.1, and draws the plateau of the cross-entropy from that. It is what the final
        norm does. Both streams end within $B(\rho)$ and $B(\rho')$ of the same limit (`prop-4.1.rate`), so
        two prompts are at most the sum apart, which says from which strength on a prompt is forgotten up to
        $\epsilon$: a steered model answers every prompt alike there.

        Without a norm, in the UFM of Section 3, *it is not so*: by Proposition B.1 the limit is $p_j$ given
        $M_{\mathrm{top}}$, and $j$ is in it. Two prompts end alike iff these conditional distributions are
        the same: where one token alone has the largest $M$, or in the paper's uniform dataset, where all of
        $T$ share it evenly. Where several tokens share it unevenly, the prompt decides between them for
        ever. The speed is exponential here, $1/\alpha$ behind a norm.

        v1 has the softmax converge to that of $\mathrm{LN}(\pm v) W^\top$, "implying that the cross-entropy
        plateaus for large $\lvert \alpha \rvert$ since the output distribution becomes input-independent". So
        it does. What makes it level off is the first half, a limit in which no probability vanishes: without
        a norm $\Delta\mathrm{CE}$ grows for ever even where all prompts end alike.
    """,
    claims=(
        Claim(
            id="prompt-free.tilt",
            title="without a norm",
            text="""The total variation between two prompts tends to that of their p given Mtop, at the rate
                e^{-|α|g}: to 0 if one token alone is in Mtop, and only if these agree.""",
            formula=r"""\bigl\lvert \mathrm{TV}(p_{i,\alpha}, p_{j,\alpha}) - \mathrm{TV}(p_{i,+\infty},
                p_{j,+\infty}) \bigr\rvert \le \left( \frac{1 -
                p_i(M_{\mathrm{top}})}{p_i(M_{\mathrm{top}})} + \frac{1 -
                p_j(M_{\mathrm{top}})}{p_j(M_{\mathrm{top}})} \right) e^{-\alpha g} \quad (\alpha \ge 0),
                \qquad p_{j,+\infty}(z) = \frac{1_{M_{\mathrm{top}}}(z)\, p_j(z)}{p_j(M_{\mathrm{top}})},
                \quad g = \max M - \max_{[V] \setminus M_{\mathrm{top}}} M"""
            + hypotheses.IF_MOVING,
            source="this project; extends Proposition B.1",
            hypotheses=(hypotheses.EXPONENTIAL_PATH, hypotheses.MOVING),
            conclusion=_tilt,
            families=("rates", "varying", "tilts"),
            control=controls.BEFORE_THE_NORM,
            figures=("statements/prompts",),
            certificate=Certified(
                "For all α by the Coq theorem, whose hypothesis is checked exactly: M is not constant. Which "
                "prompts end alike is decided exactly, by their p given Mtop."
            ),
        ),
        Claim(
            id="prompt-free.norm",
            title="behind a norm",
            text="""Before a final norm the logits of any two prompts come together as α → ±∞: they are at
                most the sum of their two distances O(1/|α|) from the limit apart.""",
            formula=r"""\lvert y_z(\alpha) - y_z'(\alpha) \rvert \le \sqrt{d}\, \lVert \gamma \odot W'_z
                \rVert \bigl( B(\rho) + B(\rho') \bigr), \quad B(\rho) = \frac{2\rho}{2\lvert \alpha
                \rvert\,\lVert v \rVert - \rho} + \frac{d\,\epsilon}{2(\lvert \alpha \rvert\,\lVert v \rVert
                - \rho)^2} \quad \text{if } \lvert \alpha \rvert\,\lVert v \rVert > \rho, \rho' \text{
                (LayerNorm: all centred)}""",
            source=SOURCE,
            hypotheses=(DIRECTION, BOUNDED_REST),
            conclusion=_norm,
            families=("transformers",),
            control=Control(
                "bounded-rest",
                "ρ a thousandth of what the rest of the stream really is",
                partial(prop_4_1.example, "rmsnorm", rho=1e-3),
            ),
            figures=("statements/prompts",),
            certificate=NotCertified("about a transformer, not about a tilt"),
        ),
    ),
)

"""Which tokens dominate at large strengths, and that these have extremal log-odds at the last block alone."""

from dataclasses import replace
from functools import partial
from itertools import combinations

import jax.numpy as jnp
import numpy as np

from ..judging.claim import Certified, Claim, Control, NotCertified, Statement
from ..judging.head import SteeredHead
from ..judging.verdict import Verdict, bound, strict, worst
from . import prop_4_1
from .norm_circle import LAST_BLOCK, with_a_block
from .prop_4_1 import BOUNDED_REST, DIRECTION, STRENGTHS, TransformerInstance

SOURCE = "this project; explains Section 5"
POSITIVE, NEGATIVE = [0], [1, 2]  # the states of a head that are of P, and of N


def _limit(instance: TransformerInstance) -> Verdict:
    """Pairs of tokens whose limits are further apart than their bounds together: in order, every time."""
    first, second = np.array(list(combinations(range(len(instance.limit(1))), 2))).T
    verdicts = []
    for sign in (1, -1):
        limit, logits = instance.limit(sign), instance.logits(sign)[:-1]
        strengths = jnp.asarray(sign * STRENGTHS)
        distance = np.asarray(
            prop_4_1.rate_bounds(
                instance.transformer, instance.vector, strengths, instance.bound_on_rest
            )
        )
        gap = np.abs(limit[first] - limit[second])
        order = np.sign(limit[first] - limit[second]) * (logits[:, first] - logits[:, second])
        is_far = gap > (distance[:, first] + distance[:, second]) * (1 + 1e-9)
        where = f"α → {'+' if sign > 0 else '-'}∞"
        rows = np.linalg.norm(np.asarray(instance.transformer.decoder), axis=1)
        rounding = 128 * np.finfo(float).eps * np.sqrt(instance.vector.size) * rows.max()
        seen = is_far & (gap > 2 * rounding)
        if seen.any():
            verdicts.append(
                strict(order[seen] / rounding, 0.5, f"logits in the order of W'N_0(±v), {where}")
            )
    return worst(*verdicts)


def _of_one_length(head: SteeredHead) -> SteeredHead:
    """The same head, with states of the same length (LayerNorm: less their means)."""
    return replace(head, states=head.states / _lengths(head)[:, None])


def _lengths(head: SteeredHead) -> np.ndarray:
    """|h_j|/√d [m], of h_j less its mean with LayerNorm."""
    x = head.states - head.states.mean(axis=1, keepdims=True) * head.centred
    return np.sqrt((x**2).mean(axis=1))


def _means_apart(states: np.ndarray) -> np.ndarray:
    """The mean over P less that over N, along the first axis."""
    return states[POSITIVE].mean(axis=0) - states[NEGATIVE].mean(axis=0)


def _against_the_limit(head: SteeredHead) -> Verdict:
    """M of the head's own states, less W(γ ⊙ v)/r, over what their lengths allow: pairs of tokens."""
    found, rounding = head.logits(np.zeros((1, len(head.states))))
    roots = np.sqrt(_lengths(head) ** 2 + head.eps)
    usual = float(np.exp(np.log(roots).mean()))
    uneven = np.abs(1 - roots / usual)
    spread = float(uneven[POSITIVE].mean() + uneven[NEGATIVE].mean())
    vector = _means_apart(head.states)
    if head.centred:
        vector = vector - vector.mean()
    claimed = head.unembedding @ (head.weight * vector) / usual
    log_odds = _means_apart(found[0])
    rows = np.sqrt(vector.size) * np.linalg.norm(head.weight * head.unembedding, axis=1)
    first, second = np.array(list(combinations(range(len(rows)), 2))).T
    missed = np.abs((log_odds - claimed)[first] - (log_odds - claimed)[second])
    allowed = (rows[first] + rows[second]) * spread
    rough = 8 * rounding.max() * (1 + np.abs(vector).max() / usual)
    evidence = f"M - W(γ ⊙ v)/r of two tokens, states uneven by {spread:.3g}"
    slack = bound((allowed + rough - missed) / (allowed + rough), 1e-12, evidence)
    gap = claimed[first] - claimed[second]
    seen = np.abs(gap) > allowed + rough
    if not seen.any():
        return slack
    order = (np.sign(gap) * (log_odds[first] - log_odds[second]))[seen] / rough
    return worst(slack, strict(order, 1e-9, "M in the order of W(γ ⊙ v), gaps beyond the bound"))


def _last_block(head: SteeredHead) -> Verdict:
    return worst(_against_the_limit(head), _against_the_limit(_of_one_length(head)))


STATEMENT = Statement(
    id="dominating",
    title="Dominating tokens",
    in_short="""before a final norm the tokens of largest logits W'N_0(±v) win in the end; at the
        last block they are those of extremal M, if the states are equally long""",
    source=SOURCE,
    idea=r"""
        "Dominating tokens do not generally associate to extremal log-odds at intermediate layers, but they
        do at the final layer", v1 reports in Section 5, and refers to Appendix A, which has no figure of it.
        Proposition 4.1 says which tokens
        dominate, whatever the layer: those with the largest $W\,N_0(v)$, which two evaluations of the head
        give before anything is steered. Logits within $\sqrt{d}\,\lVert \gamma \odot W_z \rVert B(\rho)$ of
        their limits are in the order of these wherever the limits are further apart.

        And $M$? By Definition 3.2 it is the mean of $W N_\epsilon(h_i)$ over $P$ less that over $N$, up to
        a constant. A norm is linear but for the length that it divides by. With $r_i = \sqrt{\lVert h_i
        \rVert^2/d + \epsilon}$ and any $r > 0$,

        $$ N_\epsilon(h_i) - \frac{\gamma \odot h_i}{r} = \Bigl(1 - \frac{r_i}{r}\Bigr) N_\epsilon(h_i)
        \quad (\text{RMSNorm; LayerNorm alike, of } h_i \text{ less its mean}),
        \qquad \lVert h_i / r_i \rVert \le \sqrt{d}, $$

        and Cauchy-Schwarz gives the claim. So at the last block $M$ is $W(\gamma \odot v)/r$, which is
        $\lVert v \rVert/(\sqrt{d}\,r)$ times the limit's logits, exactly if the states are equally long,
        and up to how unlike they are otherwise: v1's observation, with its reason and its limits (the page
        on language models has SmolLM2's numbers). At an earlier layer the blocks that follow change $M$,
        but not the limit, and nothing connects the two.
    """,
    claims=(
        Claim(
            id="dominating.limit",
            title="who dominates",
            text="""At any layer, two tokens whose values of W'N_0(±v) are further apart than their bounds
                O(1/|α|) together are in the order of these values: the largest dominates in the end.""",
            formula=r"""y_z(\alpha) > y_u(\alpha) \quad \text{if } \bigl(W' N_0(\pm v)\bigr)_z - \bigl(W'
                N_0(\pm v)\bigr)_u > \sqrt{d}\, \bigl( \lVert \gamma \odot W'_z \rVert + \lVert \gamma \odot
                W'_u \rVert \bigr) B(\rho), \qquad B(\rho) = \frac{2\rho}{2\lvert \alpha \rvert\,\lVert v
                \rVert - \rho} + \frac{d\,\epsilon}{2(\lvert \alpha \rvert\,\lVert v \rVert - \rho)^2},
                \quad \lvert \alpha \rvert\,\lVert v \rVert > \rho""",
            source="this project; extends Proposition 4.1",
            hypotheses=(DIRECTION, BOUNDED_REST),
            conclusion=_limit,
            families=("transformers",),
            control=Control(
                "bounded-rest",
                "ρ a thousandth of what the rest of the stream really is",
                partial(prop_4_1.example, "rmsnorm", rho=1e-3),
            ),
            figures=("statements/dominating",),
            certificate=NotCertified("about a transformer, not about a tilt"),
        ),
        Claim(
            id="dominating.last-block",
            title="extremal log-odds",
            text="""Where v is the difference of means of the last block's output, M is W(γ ⊙ v)/r up to a
                constant and to a term that vanishes if the states are equally long: then its extremal
                tokens are those that dominate.""",
            formula=r"""\Bigl\lvert M(z) - c - \frac{1}{r}\, W_z \cdot (\gamma \odot v) \Bigr\rvert \le
                \sqrt{d}\, \lVert \gamma \odot W_z \rVert \left( \operatorname{mean}_{i \in P} \Bigl\lvert 1
                - \frac{r_i}{r} \Bigr\rvert + \operatorname{mean}_{i \in N} \Bigl\lvert 1 - \frac{r_i}{r}
                \Bigr\rvert \right), \qquad r_i^2 = \frac{\lVert h_i \rVert^2}{d} + \epsilon, \quad r > 0
                \quad \text{(LayerNorm: } h_i, v \text{ less their means)}""",
            source=SOURCE,
            hypotheses=(LAST_BLOCK,),
            conclusion=_last_block,
            families=("heads",),
            control=Control(
                "last-block",
                "a block of its own after the layer where v is added",
                with_a_block,
            ),
            figures=("statements/dominating",),
            certificate=Certified(
                "A Coq theorem about all heads; where the head has P and N, a certificate has M, the bound, "
                "and where M is largest and smallest."
            ),
        ),
    ),
)

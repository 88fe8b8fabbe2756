"""The length of the steering vector: what a strength along c v is worth, and along a unit vector."""

import numpy as np

from ufm import UFM, ExponentialTilt, difference_of_means

from .. import hypotheses
from ..judging import controls, evaluate
from ..judging.claim import Claim, Control, NotCertified, Statement
from ..judging.instance import Instance
from ..judging.verdict import Verdict, identity, worst
from .lemma_b2 import STRENGTHS, centre

SOURCE = "this project; extends Theorem 3.3 and Figure A.1"
FACTORS = (3.0, -0.5)
LENGTHS = (0.125, 10.0)


def _length(instance: Instance) -> Verdict:
    """The path at α, and its maxima, against the tilt by c M at α/c and its peaks times c."""
    alphas = instance.alphas
    unit = 2 * instance.rounding(alphas)[:, None, None]
    verdicts = []
    for factor in FACTORS:
        longer = ExponentialTilt(instance.log_probs, factor * instance.odds)
        error = evaluate.laws_at(longer, alphas / factor) - instance.curves.log_probs
        verdicts.append(identity(error / unit, 1.0, f"log p_α along {factor:g} v"))
        if not np.ptp(instance.odds):
            continue  # nothing moves: there is no peak
        found, want = evaluate.peaks(longer), instance.maxima / factor
        with np.errstate(invalid="ignore"):
            apart = (found - want) / (np.abs(want) + instance.unit / abs(factor))
        apart = np.where(found == want, 0.0, np.where(np.isfinite(apart), apart, 1.0))
        verdicts.append(identity(apart, 1e-7, f"peaks along {factor:g} v against maxima along v"))
    return worst(*verdicts)


def _unit_length(instance: Instance) -> Verdict:
    """Perfectly trained models (W/s, sH), steered along v/|v|, against the path at the strength over |v|."""
    model = UFM.from_log_probs(instance.log_probs)
    sets = instance.positive or (), instance.negative or ()
    own = float(np.linalg.norm(difference_of_means(model.embeddings, *sets)))
    alphas = STRENGTHS * instance.unit
    path = centre(evaluate.laws_at(instance.tilt, alphas))
    verdicts = []
    for scale in (1.0, *LENGTHS):
        other = UFM(model.decoder / scale, scale * model.embeddings)
        vector = difference_of_means(other.embeddings, *sets)
        length = float(np.linalg.norm(vector))
        verdicts.append(identity(length / (scale * own) - 1, 1e-12, f"|v| with {scale:g} H"))
        shape = instance.log_probs.shape
        logits = evaluate.steered_logits(other, vector / length, alphas * length, shape)
        errors = (centre(logits) - path) / (10 + np.abs(path).max())
        evidence = f"logits along v/|v| with {scale:g} H, W/{scale:g}, against those along v"
        verdicts.append(identity(errors, 16 * instance.tolerance, evidence))
    return worst(*verdicts)


STATEMENT = Statement(
    id="scaling",
    title="The length of the vector",
    in_short="""a vector twice as long does the same at half the strength, so no strength is a
        property of the data""",
    source=SOURCE,
    idea=r"""
        $h + \alpha\,(c v) = h + (c \alpha)\, v$: whatever is read off a curve in $\alpha$ is divided by $c$
        when $v$ is multiplied by $c$. Peaks, half saturation, sweet spots and the strength that spends a
        budget are; heights, limits and prices at these are not. A negative $c$ also turns the order of
        peaks round, and exchanges $M_{\mathrm{top}}$ and $M_{\mathrm{bot}}$.

        The softmax sees $W v$ alone. Divide $W$ by $s$ and multiply $H$ by $s$: the model is as well
        trained as before, $M$ is the same, and $\lVert v \rVert$ is $s$ times as large. So along $v /
        \lVert v \rVert$ a strength tells something of how a model writes down its states, and two perfectly
        trained models of the same data can differ in it by any factor. Along $v$ itself they agree: $\alpha
        = 1$ takes a contrastive model from $N$ to $P$. That is why a strength along a unit vector, `ufm`'s
        default (`--normalise`), is carried from one model to another in lengths of hidden states, which
        grow with $s$ as well (`--unit hidden`), or in nats. v1 draws normalised vectors in Figure A.1 up to
        $\alpha = 2000$, others up to $200$, and does not say how the two are related; they are so by
        $\lVert v \rVert$.
    """,
    claims=(
        Claim(
            id="scaling.length",
            title="strength against length",
            text="""Along c v, c ≠ 0, everything happens at 1/c times the strength: p_α along c v is p_{cα}
                along v, and α(c v) = α(v)/c for every peak.""",
            formula=r"""p^{(c v)}_{j,\alpha}(z) = p^{(v)}_{j,c\alpha}(z) = \frac{p_j(z)\, e^{c \alpha
                M(z)}}{\sum_y p_j(y)\, e^{c \alpha M(y)}}, \qquad \alpha^{(c v)}(j,z) =
                \frac{\alpha^{(v)}(j,z)}{c} \quad (c \ne 0)"""
            + hypotheses.IF_POSITIVE,
            source=SOURCE,
            hypotheses=(hypotheses.EXPONENTIAL_PATH,),
            conclusion=_length,
            families=("rates", "tilts"),
            control=Control(
                "exponential-path",
                "the vector brought back to its old length, after M was measured along twice of it",
                lambda: controls.rescaled_vector(0.5),
            ),
            figures=("statements/scaling",),
            certificate=NotCertified("proved for all models and all vectors"),
        ),
        Claim(
            id="scaling.unit-length",
            title="unit vectors",
            text="""The same data have a perfectly trained model with a vector of any length, with the same
                M: along v/|v| a curve is that of v at α/|v|, and no strength is a property of the data.""",
            formula=r"""\sigma\Bigl(\frac{W}{s}\, s h_j\Bigr) = p_j, \quad M^{(s)} = M, \quad \lVert v^{(s)}
                \rVert = s \lVert v \rVert, \qquad p^{(v^{(s)} / \lVert v^{(s)} \rVert)}_{j,\alpha}(z) =
                p_{j,\,\alpha / (s \lVert v \rVert)}(z) \quad \text{for every } s > 0 \text{ if } \sigma(W
                h_j) = p_j > 0,\ M \text{ is not constant}""",
            source=SOURCE,
            hypotheses=(
                hypotheses.DIFFERENCE_OF_MEANS,
                hypotheses.EXPONENTIAL_PATH,
                hypotheses.MOVING,
            ),
            conclusion=_unit_length,
            families=("rates", "varying"),
            control=controls.rescaled("twice", 2.0),
            figures=("statements/scaling",),
            certificate=NotCertified("proved for all models and all lengths"),
        ),
    ),
)

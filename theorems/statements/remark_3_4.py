"""Remark 3.4, under the hypotheses that it needs: target tokens peak at positive strengths."""

import numpy as np

from ufm import ConceptDataset

from ..hypotheses import (
    CONCEPT_LAWS,
    CONTEXT_OFF_TARGET,
    DIFFERENCE_OF_MEANS,
    EXPONENTIAL_PATH,
    SMALL_EPSILON,
    TARGET_CONTEXTS,
)
from ..judging import controls
from ..judging.claim import Certified, Claim, Control, Statement
from ..judging.instance import Instance
from ..judging.shape import peaks_are_maxima
from ..judging.verdict import Verdict, strict, supported


def _positive_peaks(instance: Instance) -> Verdict:
    """αR/(1 + |α|R) over target tokens and contexts off the target; +∞ counts as 1."""
    target = set(instance.token_concept[instance.target])
    off = np.array([k not in target for k in instance.context_concept])
    peaks = instance.maxima[off][:, instance.target] * instance.odds_range
    finite = np.where(np.isfinite(peaks), peaks, 0.0)
    slack = np.where(np.isfinite(peaks), finite / (1 + np.abs(finite)), np.sign(peaks))
    evidence = "maxima of the target's curves off its own contexts, as αR/(1+|α|R)"
    return supported(strict(slack, instance.tolerance, evidence), peaks_are_maxima(instance))


def large_epsilon() -> Instance:
    """V=6, G=3, ε = 9/20, N in C_2, one context each in C_3: the peak of one target token is negative."""
    gamma = controls.rationals(["3/10", "7/10", "2/5", "3/5", "1/2", "1/2"])
    omega = controls.rationals(["7/10", "3/10", "19/20", "1/20", "1/2", "1/2"])
    concept = np.repeat(np.arange(3), 2)
    data = ConceptDataset.from_concept_laws(gamma, omega, 0.45, concept)
    return Instance.from_dataset(data, [0, 1], [2, 3])


STATEMENT = Statement(
    id="remark-3.4",
    title="Positive peaks",
    in_short="""on the γ/ω dataset target tokens peak at positive strengths, after contexts off
        the target, if ε < ε0""",
    source="Remark 3.4",
    idea=r"""
        A peak is positive exactly if $M(z) > \mathbb{E}_0[M]$, the mean under the unsteered law
        (see the {ref}`sign rule <statement-sign-rule>`). Off the target $M \le 0$, so only the
        tokens of $T$ can lift that mean. With $s = (1-\varepsilon)(G-1)/\varepsilon$ they have
        $M = \log s + \log(\gamma/\omega)$, up to the factor $w_T > 0$ of both sides (1 if $P$ is in $T$ and
        $N$ is not), and, after a context outside $T$, the weights $\varepsilon\,\omega/(G-1)$. Gibbs'
        inequality bounds the mean of $\log(\gamma/\omega)$ under $\omega$ by 0, hence

        $$ \mathbb{E}_0[M] \le \frac{\varepsilon}{G-1} \log s . $$

        $M(z)$ exceeds this as soon as
        $(1 - \varepsilon/(G-1)) \log s > -\log \min_T(\gamma/\omega)$. The left side falls as
        $\varepsilon$ grows, so that one root $\varepsilon_0$ serves all smaller $\varepsilon$. (v1 has the
        same bound, and from its limit as $\varepsilon \to 0$ that some $\varepsilon_0 < (G-1)/G$ exists.) The
        bound is sufficient, not sharp. For a context of a contrastive $N$ the mean at 0 is minus a
        divergence, and no condition on $\varepsilon$ is needed.
    """,
    claims=(
        Claim(
            id="remark-3.4.positive-peaks",
            title="positive peaks",
            text="""On the γ/ω dataset with ε < ε0, α(j,z) > 0 for z in T and every context c_j
                not in T.""",
            formula=r"""\alpha(j,z) > 0 \ (z \in T) \quad \text{if } c_j \notin T,\ a_z =
                (1-\varepsilon)\gamma_z > b_z = \frac{\varepsilon\,\omega_z}{G-1} \text{ for every }
                z,\ w_T > 0,\ w_k \le 0 \text{ for } C_k \ne T,\ \varepsilon < \varepsilon_0,
                \quad \text{where } \left(1 - \frac{\varepsilon_0}{G-1}\right)
                \log\frac{(1-\varepsilon_0)(G-1)}{\varepsilon_0} = -\log\min_{T}\frac{\gamma}{\omega}""",
            source="Remark 3.4, with the conditions of its proof",
            hypotheses=(
                DIFFERENCE_OF_MEANS,
                CONCEPT_LAWS,
                TARGET_CONTEXTS,
                CONTEXT_OFF_TARGET,
                SMALL_EPSILON,
                EXPONENTIAL_PATH,
            ),
            conclusion=_positive_peaks,
            families=("laws",),
            control=Control("small-epsilon", "ε = 9/20 above ε0, V = 6", large_epsilon),
            figures=("statements/sign-rule",),
            certificate=Certified(
                "The bracket of each target peak lies right of 0; a peak at 0 itself is told by "
                "unique factorisation."
            ),
        ),
    ),
)

"""What others say about steering strength: the claim as they make it, and what becomes of it.

In the model of the theory, steering is an exponential tilt; there a claim is judged by a check of its own
(`theorems.statements.literature`), and what is assumed beyond the model is a hypothesis of that check. On a
real model it is judged by figures that the documentation records, or not at all.
"""

import inspect
from dataclasses import dataclass
from enum import StrEnum

from .judging.claim import Claim
from .statements import literature as statement

# What the model takes for itself, or every vector that steers has.
GRANTED = ("exponential-path", "non-constant-log-odds")


class InModel(StrEnum):
    """What becomes of the sentence, as it is quoted, where steering is a tilt."""

    HOLDS = "holds"
    CONDITIONAL = "holds under a hypothesis"
    FAILS = "fails"
    SILENT = "not about the model"


class OnRealModel(StrEnum):
    """What becomes of it on the models that were measured here."""

    HOLDS = "holds"
    IN_PART = "holds in part"
    FAILS = "fails"
    NOT_JUDGED = "not judged"


@dataclass(frozen=True, kw_only=True)
class LiteratureClaim:
    """A claim made elsewhere.

    - `id`: that of the claim which judges it in the model; `source`, `place`: who says it, and where.
    - `says`: what they say, in their words between quotation marks; `truth`: what is true of it in the model,
      with an example.
    - `settled_by`: claims of this registry, not of others, from which that follows.
    - `repair`: of a sentence that fails as it is quoted, what its check judges in its place; else "".
    - `on_real`, `real`: the verdict on real models, and the figures; `recorded`: where they are recorded, as
      (file, text in it).

    >>> import theorems
    >>> found = {claim.id: claim for claim in theorems.LITERATURE}["literature.tanh"]
    >>> print(found.in_model, found.needs)
    holds under a hypothesis ('one-value-each',)
    """

    id: str
    title: str
    source: str
    place: str
    says: str
    truth: str
    settled_by: tuple[str, ...]
    on_real: OnRealModel
    real: str
    repair: str = ""
    recorded: tuple[tuple[str, str], ...] = ()

    def __post_init__(self):
        for name in ("place", "says", "truth", "real"):  # written over several lines
            text = " ".join(inspect.cleandoc(getattr(self, name)).split())
            object.__setattr__(self, name, text)

    @property
    def claim(self) -> Claim | None:
        """The claim that judges it in the model; None if the model has nothing to say of it."""
        return next((c for c in statement.STATEMENT.claims if c.id == self.id), None)

    @property
    def needs(self) -> tuple[str, ...]:
        """Ids of the hypotheses of its check beyond the model's own.

        The quotation alone does not name them; the text around it may.
        """
        claim = self.claim
        return tuple(h.id for h in claim.hypotheses if h.id not in GRANTED) if claim else ()

    @property
    def in_model(self) -> InModel:
        """The verdict on the sentence as it is quoted."""
        if self.claim is None:
            return InModel.SILENT
        if self.repair:
            return InModel.FAILS
        return InModel.CONDITIONAL if self.needs else InModel.HOLDS


_EMPIRICAL = """An empirical sentence about models: the verdict here is about its form in the model of the
    paper."""
_LAWS = "docs/laws.md"
_TOY = "docs/laws_toy.md"
_STRENGTH = "docs/strength.md"

# Sentences of others about strength, each with its source, its judgement and what settles it.
LITERATURE: tuple[LiteratureClaim, ...] = (
    LiteratureClaim(
        id="literature.tanh",
        title="Tanh of the strength",
        source=statement.RUTTE,
        place="as reported by arXiv:2602.02712v1 after Theorem 3.6, p. 6; their own text was not read",
        says="""They "observed a tanh(α) trend for the concept probability in the output of a steered
            LLM".""",
        truth=f"""{_EMPIRICAL}
            The mass is 1/2 + tanh((ν(α) + r)/2)/2: a tanh, but one of ν(α) + r. It is one of α itself where
            ν is a line. That is so where M has one value on T and one off it. It is not so on three equally
            likely tokens with M = (1, 0, -1) and T the first: the slope of logit F_T is 1.881 at α = -2 and
            1.119 at α = 2.""",
        settled_by=("thm-3.6.tanh",),
        on_real=OnRealModel.IN_PART,
        real="""After the last block a tanh of α fits the mass with R² .998, on the toy model and on SmolLM2
            (joy). After block 15 of SmolLM2 it fits with .672, as the mass is a hump there.""",
        recorded=(
            (_TOY, "toy, uppercase | after its block | holds .523 | holds .998"),
            (_LAWS, "after block 29, the last | undecided .506 | holds .998"),
            (_LAWS, "after block 15 | unmet .024 | unmet .672"),
        ),
    ),
    LiteratureClaim(
        id="literature.quadratic",
        title="Quadratic price",
        source=statement.RUTTE,
        place="as reported by arXiv:2602.02712v1 after Theorem 3.8, p. 6; their own text was not read",
        says="""ΔCE "is locally quadratic in α". (Of their Fig. 13, "an empirical α² trend", the same
            paper says in Section 5 that "it is unclear whether this behavior is meant to be local".)""",
        truth=f"""{_EMPIRICAL}
            It is true of a model whose data follow it. How far from 0 it is true, the cubic remainder says.
            Of another model it need not be true: with p = (1/2, 1/2), M = (1, 0) and data (3/4, 1/4),
            ΔCE(0.1) = -0.02375. That is a gain, with the slope -1/4.""",
        settled_by=("thm-3.8.quadratic", "ce.remainder"),
        on_real=OnRealModel.IN_PART,
        real="""The parabola is judged where it says 0.05 nats. On SmolLM2 (joy) after the last block it is
            within 22 %. After block 15 it is off by 70 %: the linear term is 62 % of 0.05 nats there. On the
            toy model it is within 10 to 14 %.""",
        recorded=(
            (_LAWS, "the last | undecided .506 | holds .998 | holds .220"),
            (_LAWS, "unmet .672 | unmet .696"),
            (_LAWS, "the linear term is 62 % of 0.05 nats"),
            (_TOY, "0.1362    0.1121    0.1005"),
        ),
    ),
    LiteratureClaim(
        id="literature.benefit",
        title="Linear benefit",
        source=statement.WOLF,
        place="abstract, under the conditions of their framework",
        says="""Alignment "increases linearly" with the norm of the vector.""",
        truth="""It is true near 0 of the mass of a separated target. The slope is Cov(1_T, M) >= δ F_T (1 -
            F_T), and the rest is at most α²R²/(12√3). Steered away from the target, the mass falls. What
            their framework asks for takes the place of separation.""",
        settled_by=("side-effect.first-order", "thm-3.6.target-increasing"),
        on_real=OnRealModel.NOT_JUDGED,
        real="""Their measure is a benchmark, which was not run. The mass of joy's words on SmolLM2 after
            block 15 grows faster than a line. It is 0.000226 at α = 0 and grows by 0.00014, 0.00043 and
            0.0023 at α = 10.6, 21.2 and 42.5. A mass whose log-odds are a line does so while it is small.""",
        recorded=(
            (_STRENGTH, "after the prompts 0.0002256"),
            (_STRENGTH, "10.615         0.04142    0.03098         +4%    0.000364"),
            (_STRENGTH, "21.229          0.1203    0.09376        +13%    0.000651"),
            (_STRENGTH, "42.458          0.3937     0.3147        +48%     0.00248"),
        ),
    ),
    LiteratureClaim(
        id="literature.damage",
        title="Quadratic damage",
        source=statement.WOLF,
        place="abstract, under the conditions of their framework",
        says="""Helpfulness "is harmed quadratically with the norm of the representation engineering
            vector".""",
        truth="""It is true of what has no covariance with M, and only of that. Take three equally likely
            tokens with M = (1, 0, -1) at α = 0.1. The last token loses 0.03272, near the line 0.1/3. The
            middle one has no covariance with M and loses 0.00111, a square.""",
        settled_by=("side-effect.first-order", "side-effect.cross-talk"),
        on_real=OnRealModel.NOT_JUDGED,
        real="""It needs a benchmark of helpfulness with more questions than the 16 that were run. What the
            text pays in KL(p0||pα) is near a square. At α = 21.2 after block 15 of SmolLM2 it is 0.0860; the
            parabola says 0.0769.""",
        recorded=(
            (_STRENGTH, "KL(p0||pα), nats a token          0.0769    0.08602"),
            ("docs/harness.md", "Sixteen questions tell whether two programs agree"),
        ),
    ),
    LiteratureClaim(
        id="literature.pairs",
        title="Pairs of words",
        source=statement.PARK,
        place="Theorem 2.5",
        says="""Along the embedding representation of a concept W, the probability of Y(W, 1), given that the
            word is Y(W, 0) or Y(W, 1), is constant for each Z causally separable with W, and that of
            Y(1, Z), given Y(0, Z) or Y(1, Z), increases.""",
        truth="""These are probabilities of one word given that it is one of two. Such a probability is
            constant where M is the same for both, and increases where the word has the larger M. Their
            definition of the representation provides both.""",
        settled_by=("park.separable",),
        on_real=OnRealModel.NOT_JUDGED,
        real="It needs their counterfactual pairs, and a vector of that kind.",
    ),
    LiteratureClaim(
        id="literature.masses",
        title="Masses off the target",
        source=statement.PARK,
        place="in words below Theorem 2.5, and as arXiv:2602.02712v1 reads it after Theorem 3.6, p. 6",
        says="""Adding the vector "changes the probability of the target concept (W), but not the
            probability of off-target concepts (Z)"; as read: "target-concept probability increases while
            off-target concept probability remains constant".""",
        truth="""As they mean it, it is the theorem above, and true. Their Z is no set of words apart from
            W's: every word has a value of both, and what stays is Z given W. As read, it is about sets of
            tokens off the target. Of these it is false, for their mass is lost to the target's. An example is
            p = (4, 3, 2, 1)/10 with e^M = (6, 2, 2, 2) and T the first token. The distribution off T stays
            (1/2, 1/3, 1/6). The mass of the second token falls from 0.3 to 0.1667 at α = 1, as 1 - F_T does.
            So both papers are right, of different quantities. v1 suspects that: "from their model
            assumptions and of our definition of Δp(C | α)".""",
        settled_by=("park.separable", "park.together", "thm-3.6.decreasing"),
        repair="the probabilities given that the next token is off the target",
        on_real=OnRealModel.NOT_JUDGED,
        real="""It needs a vector of their kind. A difference of means is none: `ufm.inseparability`, 0
            where the distribution off T stays, is .998, .999 and .996 for joy, formal and French on
            SmolLM2.""",
        recorded=((_LAWS, "Inseparability is .998 for joy, .999 for formal and .996 for French"),),
    ),
    LiteratureClaim(
        id="literature.monotone",
        title="Monotone in the strength",
        source=statement.RLHF_BOOK,
        place="""chapter 17, on persona vectors, and the slide "Steering: one addition per token" of
            lecture 13""",
        says="""α > 0 amplifies the trait, α < 0 suppresses it; "trait expression scales monotonically
            with |α|". (Its examples go up to α = 2.5, and below them it says that "some research suggests
            it may be a U-shaped curve, where increasing the coefficient eventually decreases the
            effect".)""",
        truth="""It is true of the mass of a separated target, on either side of 0 and for every α. Without
            separation the mass may fall: a token between the extremes of M peaks at some strength. Nor does
            the price depend on |α| alone: with p = (9/10, 1/10) and M = (0, 1), α = 2 costs 0.2940 nats and
            α = -3 only 0.2002.""",
        settled_by=("thm-3.6.target-increasing", "thm-3.3.bump", "ce.convex"),
        on_real=OnRealModel.IN_PART,
        real="""After block 15 of SmolLM2 the mass of joy's words rises up to α = 141, .81 hidden states,
            and is lost again. After the last block no concept's mass is lost within two hidden states.""",
        recorded=(
            (_LAWS, "rise from .003 to .029 at α = 141, .81"),
            (_LAWS, "After the last block no mass is a hump within two hidden states"),
        ),
    ),
    LiteratureClaim(
        id="literature.inverted-u",
        title="Inverted U",
        source=statement.BAS,
        place="abstract",
        says="""Trait expression "follows an inverted-U curve with a steering coefficient strength".""",
        truth=f"""{_EMPIRICAL}
            It is false of a separated target, which only rises. It is true of a single token between the
            extremes of M. A concept without an extreme token is lost at both ends. Take three equally likely
            tokens with M = (1, 0, -1) and T the first two. F_T rises through 0.1332, 0.6667, 0.9841 at α =
            -2, 0, 2, while the middle token peaks at α = 0.""",
        settled_by=("thm-3.3.bump", "thm-3.6.vanishing", "thm-3.6.target-increasing"),
        on_real=OnRealModel.IN_PART,
        real="""Their judge of a trait was not run. After block 15 of SmolLM2 joy's words rise from .003 to
            .029 and are lost again. After the last block no mass does so within two hidden states.""",
        recorded=(
            (_LAWS, "rise from .003 to .029"),
            (_LAWS, "After the last block no mass is a hump within two hidden states"),
        ),
    ),
    LiteratureClaim(
        id="literature.half-norm",
        title="Half the norm of the layer",
        source="Louapre 2025, The Eiffel Tower Llama (Hugging Face, 18 November 2025)",
        place="""main findings, in the words of a draft in its repository; the published page was read at its
            beginning alone""",
        says="""With features of a sparse autoencoder "the optimal steering strength is of the order of
            half the magnitude of a layer's typical activation".""",
        truth="""The tilt has no norm of h, and c v at α is v at cα. After the last block, before the norm, α
            has a scale, w = ρ/|v|: the length of the hidden state across v over that of v. Over that range
            the distribution changes. Where it is best, the scale does not say.""",
        settled_by=("norm-circle.ellipse",),
        on_real=OnRealModel.IN_PART,
        real="""Their judge was not run. A rule of words looked for joy in 24 texts at each strength, after
            block 15 of SmolLM2. At half of a usual hidden state it found joy in .67 of them, the most. At a
            quarter, and at a whole one, it found joy in .21. But at half the perplexity is 3.6 times that of
            unsteered texts. A budget of 0.1 nats a token ends at 12 % of a hidden state. The mass of joy's
            words is highest at 81 %.""",
        recorded=(
            ("docs/judge.md", "| rule of words | 0 | 0 | 0 | 0 | .21 | .67 | .21 | 0 |"),
            ("docs/judge.md", "perplexity is 3.6 times that of unsteered texts"),
            (_STRENGTH, "Use α = 21.23 after block 15 (12% of a usual hidden state)"),
            (_LAWS, "rise from .003 to .029 at α = 141, .81"),
        ),
    ),
)

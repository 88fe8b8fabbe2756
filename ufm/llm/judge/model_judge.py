"""A language model of ours as judge: its answer's first token, read from the logits."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from ufm._visible import quoted

from ..concepts.concept import CONCEPTS, Concept
from ..decoder.adapted import Model
from ..steering.batches import at_once, within_blocks
from ..text.tokenizer import Tokenizer, pad
from .judge import LEAST_MASS, is_yes_or_no
from .wording import WORDINGS, Wording

_ROUND = 32  # lengths are rounded up to multiples: each is compiled once
_MOST_TEXTS = 32
# Asked once, to see that the judge answers at all.
_TRIAL = "I am so glad that you came!"


class ModelJudge:
    """A model that loads, asked through its own chat template.

    P(yes) is the probability that its answer begins with any token that is a form of yes (`Yes`, ` yes`,
    `YES`, …), P(no) likewise, by one forward pass a text. `model`: as of `ufm.llm.load`, not steered, or of
    `ufm.llm.from_transformers`. `wording`: how it is asked.

    Raises `ValueError` for a tokenizer without a chat template or without a token of yes and of no, and for
    a model that answers a plain question with neither.

        import ufm.llm

        judge = ufm.llm.ModelJudge(ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2"))
        print(judge.probabilities(["I could sing!", "The bus is late."], ufm.llm.concept("joy")))
    """

    def __init__(self, model: Model, tokenizer: Tokenizer, wording: Wording | None = None):
        self.model, self.tokenizer = model, tokenizer
        self.wording = wording or WORDINGS["few-shot"]
        if tokenizer.template is None:
            raise ValueError(
                f"{tokenizer.name} has no chat template, through which a judge is asked: take an instruct "
                "model"
            )
        said = [
            is_yes_or_no(tokenizer.text(z))
            for z in range(min(model.vocabulary, tokenizer.vocabulary))
        ]
        said += [None] * (model.vocabulary - len(said))
        self._yes, self._no = (np.array([s is which for s in said]) for which in (True, False))
        for name, mask in (("yes", self._yes), ("no", self._no)):
            if not mask.any():
                raise ValueError(
                    f"{tokenizer.name} has no single token that is a form of {name!r}: it cannot judge"
                )
        self._try()

    @property
    def name(self) -> str:
        """The model, its weights and the wording."""
        source = self.model.source
        return f"{source.name} ({source.fingerprint[:12]}, {self.model.dtype}), wording {self.wording.name}"

    def probabilities(self, texts: Sequence[str], concept: Concept) -> Float[np.ndarray, " texts"]:
        """P(yes) / (P(yes) + P(no)) of each text; NaN where both together are below 0.1."""
        yes, no = self._masses([self._tokens(text, concept) for text in texts]).T
        return np.where(yes + no >= LEAST_MASS, yes / np.maximum(yes + no, LEAST_MASS), np.nan)

    def _tokens(self, text: str, concept: Concept) -> list[int]:
        assert self.tokenizer.template is not None
        asked = self.tokenizer.template.conversation(self.wording.messages(text, concept))
        tokens, most = self.tokenizer.encode(asked), self.model.config.longest
        if most is not None and len(tokens) > most:
            raise ValueError(
                f"a text of {len(text)} characters makes a question of {len(tokens)} tokens, and the judge "
                f"reads {most}: shorten it, or take another judge"
            )
        return tokens

    def _masses(self, rows: Sequence[Sequence[int]]) -> Float[np.ndarray, "texts 2"]:
        """P(yes) and P(no) of each conversation; those of about one length are read together."""
        found = np.zeros((len(rows), 2))
        order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
        while order:
            length = self._padded(len(rows[order[-1]]))
            most = at_once(self.model, within_blocks(self.model, 1, length), most=_MOST_TEXTS)
            size = min(1 << (len(order) - 1).bit_length(), most)
            some, order = order[-size:], order[:-size]
            # filled with copies to a power of 2: few programs for each length
            batch = [rows[k] for k in some] + [rows[some[-1]]] * (size - len(some))
            tokens, mask = pad(batch, length)
            masses = _two_masses(self.model.logits(tokens, mask=mask), self._yes, self._no)
            found[some] = np.asarray(masses)[: len(some)]
        return found

    def _padded(self, length: int) -> int:
        most = self.model.config.positions
        rounded = -(-length // _ROUND) * _ROUND
        return rounded if most is None else min(rounded, most)

    def _try(self) -> None:
        tokens = self._tokens(_TRIAL, CONCEPTS["joy"])
        yes, no = self._masses([tokens])[0]
        if yes + no < LEAST_MASS:
            logits = np.asarray(self.model.logits(np.asarray(tokens)))
            instead = quoted(self.tokenizer.text(int(logits.argmax())))
            raise ValueError(
                f"{self.tokenizer.name} answers neither yes nor no: P(yes) + P(no) = {yes + no:.2g}, below "
                f"{LEAST_MASS:g}, and its likeliest answer begins with {instead}: take another judge or "
                "another wording"
            )


@jax.jit
def _two_masses(
    logits: Float[Array, "texts vocab"],
    yes: Bool[Array, " vocab"] | Bool[np.ndarray, " vocab"],
    no: Bool[Array, " vocab"] | Bool[np.ndarray, " vocab"],
) -> Float[Array, "texts 2"]:
    p = jax.nn.softmax(logits, axis=-1)
    return jnp.stack(
        [jnp.where(jnp.asarray(each)[None], p, 0.0).sum(axis=-1) for each in (yes, no)], axis=-1
    )

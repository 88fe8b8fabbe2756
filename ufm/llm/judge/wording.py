"""How a judge is asked: the words around the text and the question, and answers shown beforehand."""

from collections.abc import Mapping
from dataclasses import dataclass

from ..concepts.concept import Concept


@dataclass(frozen=True)
class Wording:
    """A way to ask a judge.

    `name`: what it is called. `ask`: what the user says, in which {text} and {question} or {name}, of the
    concept, are filled in. `system`: what goes before all. `shown`: texts with a question or name and the
    answer, which come first as turns of the same conversation.

    >>> from ufm.llm.concepts.concept import concept
    >>> from ufm.llm.judge.wording import WORDINGS
    >>> print(WORDINGS["plain"].messages("Hooray!", concept("joy"))[-1]["content"])
    Text:
    Hooray!
    <BLANKLINE>
    Does the writer of this text feel joy or speak of it? Answer yes or no.
    """

    name: str
    ask: str
    system: str = ""
    shown: tuple[tuple[str, str, str], ...] = ()

    def messages(self, text: str, concept: Concept) -> list[Mapping[str, str]]:
        """The conversation up to where the judge answers."""
        said: list[Mapping[str, str]] = []
        if self.system:
            said.append({"role": "system", "content": self.system})
        for example, question, answer in self.shown:
            said.append(self._turn(example, question, question))
            said.append({"role": "assistant", "content": answer})
        return [*said, self._turn(text, concept.question, concept.name)]

    def _turn(self, text: str, question: str, name: str) -> Mapping[str, str]:
        # the text last, so that braces in it mean nothing
        asked = self.ask.replace("{question}", question).replace("{name}", name)
        asked = asked.replace("{text}", text)
        return {"role": "user", "content": asked}


_SYSTEM = "You read a text and answer one question about it with a single word: Yes or No."
_ASK = "Text:\n{text}\n\n{question} Answer yes or no."
# These examples show no concept that is judged, so that they give no answer away.
_SHOWN = (
    ("The party was the best night of my life!", "sadness", "No"),
    ("I miss him every day, and I weep.", "sadness", "Yes"),
    ("The form must be signed twice.", "anger", "No"),
    ("How dare you! Get out!", "anger", "Yes"),
    ("Thank you for the lovely gift, it made my week.", "gratitude", "Yes"),
    ("The bus stops at the church.", "gratitude", "No"),
)
WORDINGS = {
    wording.name: wording
    for wording in (
        Wording("plain", _ASK),
        Wording("system", _ASK, _SYSTEM),
        Wording("few-shot", "Text: {text}\nDoes this text express {name}?", "", _SHOWN),
    )
}


def wording(name: str) -> Wording:
    """The wording of this name; `ValueError` names those there are."""
    try:
        return WORDINGS[name]
    except KeyError:
        known = ", ".join(WORDINGS)
        raise ValueError(f"there is no wording {name!r}; the wordings are {known}") from None

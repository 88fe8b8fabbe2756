"""Questions of several choices, answered by the likeliest letter: a task that needs no harness."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from ufm._files import digest

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.token_scores import padded_length, score_tokens
from ..steering.batches import at_once, within_blocks
from ..text.questions import Question, as_rows
from ..text.tokenizer import Tokenizer

_TEXTS = 32  # so many go through the model at once, at most


@dataclass(frozen=True)
class QuestionTask:
    """Multiple choice as MMLU is asked: the answer is the letter with the largest log p after "Answer:".

    The first two `questions` come before each other one, with their answers. `source`: what they are called.

    >>> import numpy as np, ufm.llm
    >>> from ufm.llm.reproduce.question_task import QuestionTask
    >>> from ufm.llm.text.questions import Question
    >>> path = "tests/data/llm/llama3"
    >>> model = ufm.llm.load(path)
    >>> tokenizer = ufm.llm.load_tokenizer("tests/data/llm/gpt2")
    >>> task = QuestionTask(tuple(Question(f"the {z}", ("a", "b"), 0) for z in "ABCDE"), "letters")
    >>> print(task.scores(model, tokenizer, ufm.llm.Steering(np.ones(16), 0), 0.0).shape)
    (3,)
    """

    questions: tuple[Question, ...]
    source: str

    @property
    def name(self) -> str:
        """What is asked: two tasks of one name have the same questions."""
        return f"{self.source} ({digest([vars(question) for question in self.questions])})"

    @property
    def words(self) -> str:
        """What is asked, for a reader."""
        return (
            f"{len(self.questions) - 2} questions of {self.source}, each after two others with their "
            "answers; the answer is the letter that is the likeliest"
        )

    def scores(
        self, model: LanguageModel, tokenizer: Tokenizer, steering: Steering, alpha: float
    ) -> Float[np.ndarray, " questions"]:
        """1 for each question that is answered rightly at strength α, else 0."""
        rows, letters, answers = as_rows(self.questions, tokenizer)
        longest, most = max(map(len, rows)), model.config.positions
        if most is not None and longest > most:
            raise ValueError(
                f"a question of {self.source} has {longest} tokens with the two before it, more than the "
                f"model's {most} positions"
            )
        length = padded_length(model, longest)
        size = at_once(model, within_blocks(model, length, length), _TEXTS)
        found = []
        for start in range(0, len(rows), size):
            some, options = rows[start : start + size], letters[start : start + size]
            asked = [(k, len(row) - 1, z) for k, row in enumerate(some) for z in options[k]]
            # one number of texts and of letters, so that batches share their programs
            filled = [*some, *[some[-1]] * (min(size, len(rows)) - len(some))]
            scores, _ = score_tokens(model, steering, alpha, filled, np.array(asked, np.int32))
            cuts = np.cumsum([len(each) for each in options])[:-1]
            found += [int(part.argmax()) for part in np.split(scores, cuts)]
        return (np.array(found) == answers).astype(np.float64)

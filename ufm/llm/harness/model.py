"""A steered model as lm-evaluation-harness asks it: log-likelihoods, and text up to a stop."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

import numpy as np
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM
from lm_eval.api.registry import register_model
from lm_eval.models.utils import postprocess_generated_text
from lm_eval.utils import (
    get_rolling_token_windows,
    make_disjoint_window,
    simple_parse_args_string,
)
from tqdm import tqdm

from ..decoder.model import LanguageModel
from ..decoder.steering import Steering
from ..measure.token_scores import score_tokens
from ..steering.generate import NOTHING, generate_all
from ..steering.strengths import check_strengths
from ..text.tokenizer import Tokenizer
from .arguments import ArgumentError, Arguments
from .batches import batches, filled, read_size
from .continuation import Continuation

# The texts of a request, or None for a window of a longer text; the tokens of its context; what follows.
Request: TypeAlias = tuple[tuple[str, str] | None, list[int], list[int]]
Answer: TypeAlias = tuple[float, bool]

_UNKNOWN_LENGTH = 2048  # the harness's own, where a model does not say how long texts may be


@register_model("ufm")
class HarnessModel(TemplateLM):
    """A model of `ufm.llm` steered at strength α at every position, for lm-evaluation-harness.

    Texts are cut into tokens, truncated and scored as the harness's own `hf` model does it, whose results
    this has at α = 0; and at α those of its `steered` model with the same vector. `steering` None is the
    unsteered model. `batch_size`: how many texts at once, or "auto": as many as `model.memory` allows.
    `max_length`: the most tokens of a text, the model's own if None. `prefix_token_id`: what a text that
    nothing precedes is predicted after, `tokenizer.prefix` if None.

    Raises `ValueError`, one line, on what does not fit the model, and on a vector for the last position.

        import lm_eval, ufm.llm
        from ufm.llm.harness import HarnessModel

        model, tokenizer = ufm.llm.load("smollm2"), ufm.llm.load_tokenizer("smollm2")
        vector = ufm.llm.read_vector("joy.safetensors")
        steered = HarnessModel(model, tokenizer, vector.steering(), 29.0)
        print(lm_eval.simple_evaluate(steered, tasks=["mmlu"])["results"])
    """

    def __init__(
        self,
        model: LanguageModel,
        tokenizer: Tokenizer,
        steering: Steering | None = None,
        alpha: float = 0.0,
        *,
        batch_size: int | str = 1,
        max_length: int | None = None,
        prefix_token_id: int | None = None,
    ):
        super().__init__()
        self.model, self.tokenizer = model, tokenizer
        self.steering, self.alpha = steering, float(alpha)
        if steering is None and alpha != 0:
            raise ValueError(f"alpha = {alpha:g} steers nothing without a vector")
        if steering is not None:
            if steering.positions != "all":
                raise ValueError(
                    "the vector is meant for the last position, and a text is steered at all: write a file "
                    "for all with `ufm vector convert --positions all` if that is what you want"
                )
            model.place(steering)
        check_strengths([self.alpha], model, steering)
        self.batch_size = batch_size if isinstance(batch_size, int) else read_size(batch_size)
        self.max_length = _length(max_length, model)
        self._prefix = prefix_token_id
        if prefix_token_id is not None and not 0 <= prefix_token_id < model.vocabulary:
            raise ValueError(
                f"prefix_token_id {prefix_token_id} is outside the vocabulary 0..{model.vocabulary - 1}"
            )

    @classmethod
    def create_from_arg_obj(
        cls,
        arg_dict: Mapping[str, object],
        additional_config: Mapping[str, object] | None = None,
    ) -> "HarnessModel":
        """The model that arguments name (`Arguments`); `ArgumentError` where they are wrong."""
        more = {k: v for k, v in (additional_config or {}).items() if v is not None}
        given = Arguments.read({**more, **arg_dict})
        loaded = given.load()
        try:
            return cls(
                loaded.model,
                loaded.tokenizer,
                loaded.steering,
                loaded.alpha,
                batch_size=given.batch_size,
                max_length=given.max_length,
                prefix_token_id=given.prefix_token_id,
            )
        except ValueError as error:
            raise ArgumentError(str(error)) from error

    @classmethod
    def create_from_arg_string(
        cls, arg_string: str, additional_config: Mapping[str, object] | None = None
    ) -> "HarnessModel":
        """The model that one text names, "pretrained=smollm2,vector=joy.safetensors,alpha=29"."""
        return cls.create_from_arg_obj(simple_parse_args_string(arg_string), additional_config)

    @property
    def eot_token_id(self) -> int:
        """The first of the tokens that end a text."""
        if not self.tokenizer.ends:
            raise ValueError(f"{self.tokenizer.name} names no token that ends a text")
        return self.tokenizer.ends[0]

    @property
    def prefix_token_id(self) -> int:
        """What the first token of a text that nothing precedes is predicted after."""
        if self._prefix is not None:
            return self._prefix
        if self.tokenizer.prefix is not None:
            return self.tokenizer.prefix
        if self.tokenizer.start:
            return self.tokenizer.start[-1]
        raise ValueError(
            f"{self.tokenizer.name} names neither a start nor an end token: pass prefix_token_id="
        )

    @property
    def tokenizer_name(self) -> str:
        """The name of the tokenizer, for the harness's cache of requests."""
        return self.tokenizer.name.replace("/", "__")

    def get_model_info(self) -> dict[str, object]:
        """What the harness writes beside its results: which weights, and what is added where."""
        source, steering = self.model.source, self.steering
        about: dict[str, object] = {
            "model_dtype": str(self.model.dtype),
            "model_fingerprint": source.fingerprint,
            "model_revision": source.revision,
            "model_caveat": source.caveat,
            "alpha": self.alpha,
        }
        if steering is not None:
            norm = float(np.linalg.norm(np.asarray(steering.vector, np.float64)))
            about |= {"layer": steering.layer, "site": steering.site, "vector_norm": norm}
        return about

    def apply_chat_template(
        self, chat_history: list[dict[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """The messages in the model's own chat template."""
        template = self.tokenizer.template
        if template is None:
            raise ValueError(f"{self.tokenizer.name} has no chat template: it is no chat model")
        return template.conversation(chat_history, add_generation_prompt)

    def tok_encode(
        self, string: str, add_special_tokens: bool | None = None, **kwargs: object
    ) -> list[int]:
        """The tokens of a text, opened by the tokenizer's start token, if it has one, unless told not to."""
        ids = self.tokenizer.inner.encode(string, add_special_tokens=False).ids
        start = self.tokenizer.start
        is_open = add_special_tokens is False or tuple(ids[: len(start)]) == start
        return ids if is_open else [*start, *ids]

    def _loglikelihood_tokens(
        self, requests: Sequence[Request], disable_tqdm: bool = False, **kwargs: object
    ) -> list[Answer]:
        """log p(continuation | context) of each, and whether it is what greedy decoding gives.

        Requests that read the same tokens, such as the letters of one question, run once.
        """
        readers: dict[tuple[int, ...], list[int]] = defaultdict(list)
        for k, (texts, context, continuation) in enumerate(requests):
            readers[self._read(texts, context, continuation)].append(k)
        answers: dict[int, Answer] = {}
        bar = tqdm(total=len(requests), disable=disable_tqdm, desc="log-likelihoods")
        order = sorted(readers, key=lambda ids: (-len(ids), ids))
        for texts in batches(self.model, order, self.batch_size):
            asked = [k for text in texts for k in readers[text]]
            answers |= self._score(texts, [readers[text] for text in texts], requests)
            for k in asked:
                if (own := requests[k][0]) is not None:
                    self.cache_hook.add_partial("loglikelihood", own, answers[k])
            bar.update(len(asked))
        bar.close()
        return [answers[k] for k in range(len(requests))]

    def _read(
        self, texts: tuple[str, str] | None, context: list[int], continuation: list[int]
    ) -> tuple[int, ...]:
        """What the model reads: all tokens but the last, cut on the left to the longest text it takes."""
        if not 0 < len(continuation) <= self.max_length:
            raise ValueError(
                f"the continuation {texts and texts[1][:40]!r} has {len(continuation)} tokens; it must have "
                f"1 to {self.max_length}"
            )
        return tuple((context + continuation)[-(self.max_length + 1) : -1])

    def _score(
        self,
        texts: Sequence[tuple[int, ...]],
        readers: Sequence[list[int]],
        requests: Sequence[Request],
    ) -> dict[int, Answer]:
        """The answers of the requests `readers` [texts] that read each of the texts."""
        predicted, lengths = [], {}
        for row, (text, numbers) in enumerate(zip(texts, readers, strict=True)):
            for k in numbers:
                wanted = requests[k][2]
                lengths[k] = len(wanted)
                start = len(text) - len(wanted)
                predicted += [(row, start + i, token) for i, token in enumerate(wanted)]
        scores, is_best = score_tokens(
            self.model,
            self.steering,
            self.alpha,
            filled(texts, self.batch_size),
            np.array(predicted, np.int32),
        )
        cuts = np.cumsum([0, *lengths.values()])
        return {
            k: (float(scores[a:b].sum()), bool(is_best[a:b].all()))
            for k, a, b in zip(lengths, cuts[:-1], cuts[1:], strict=True)
        }

    def loglikelihood_rolling(
        self, requests: list[Instance], disable_tqdm: bool = False
    ) -> list[float]:
        """log p of whole texts, in windows as long as the model takes; each token is predicted once."""
        windows: list[Request] = []
        owners: list[int] = []
        texts = [cast(str, request.args[0]) for request in requests]
        for k, text in enumerate(texts):
            rolling = get_rolling_token_windows(
                token_list=self.tok_encode(text),
                prefix_token=self.prefix_token_id,
                max_seq_len=self.max_length,
                context_len=1,
            )
            windows += [(None, *make_disjoint_window(pair)) for pair in rolling]
            owners += [k] * (len(windows) - len(owners))
        totals = [0.0] * len(requests)
        answers = self._loglikelihood_tokens(windows, disable_tqdm)
        for k, (value, _) in zip(owners, answers, strict=True):
            totals[k] += value
        for text, total in zip(texts, totals, strict=True):
            self.cache_hook.add_partial("loglikelihood_rolling", (text,), total)
        return totals

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """What the steered model says after each context, up to the first of the request's stops.

        The most likely token each time, or drawn at a temperature; the numbers drawn are fixed by the number
        of the request. Other ways to sample, which `generate` does not know, raise `ValueError`.
        """
        groups: dict[str, list[int]] = defaultdict(list)
        asked = [cast(tuple[str, dict[str, object]], request.args) for request in requests]
        for k, (_, settings) in enumerate(asked):
            groups[repr(sorted(settings.items()))].append(k)
        answers: dict[int, str] = {}
        bar = tqdm(total=len(requests), disable=disable_tqdm, desc="generated texts")
        for members in groups.values():
            goes_on = Continuation.read(asked[members[0]][1], self.tokenizer)
            contexts = {k: self._context(asked[k][0], goes_on.count) for k in members}
            order = sorted(members, key=lambda k: (-len(contexts[k]), contexts[k]))
            at = 0
            texts = [contexts[k] for k in order]
            for batch in batches(self.model, texts, self.batch_size, extra=goes_on.count):
                numbers = order[at : at + len(batch)]
                at += len(batch)
                made = self._generate(batch, numbers, goes_on)
                for k, text in zip(numbers, made, strict=True):
                    answers[k] = text
                    self.cache_hook.add_partial("generate_until", asked[k], text)
                bar.update(len(batch))
        bar.close()
        return [answers[k] for k in range(len(requests))]

    def _context(self, text: str, count: int) -> tuple[int, ...]:
        """The last tokens of a text, so many that `count` more fit the model."""
        room = self.max_length - count
        if room < 1:
            raise ValueError(
                f"max_gen_toks = {count} leaves no room for a context: the model takes {self.max_length} "
                "tokens"
            )
        return tuple(self.tok_encode(text)[-room:])

    def _generate(
        self,
        contexts: Sequence[tuple[int, ...]],
        numbers: Sequence[int],
        goes_on: Continuation,
    ) -> list[str]:
        """What follows each context; `numbers`: those of the requests, which fix what is drawn."""
        rows = filled(contexts, self.batch_size)

        def is_over(made: np.ndarray) -> np.ndarray:
            return np.array([goes_on.has_stop(self._text(row)) for row in made])

        made = generate_all(
            self.model,
            rows,
            self.steering,
            [self.alpha],
            count=goes_on.count,
            seeds=[*numbers, *[numbers[-1]] * (len(rows) - len(numbers))],
            ends=self.tokenizer.ends,
            temperature=goes_on.temperature,
            is_over=is_over,
        )
        return [
            postprocess_generated_text(self._text(row), goes_on.until, None)
            for row in made[: len(contexts), 0]
        ]

    def _text(self, tokens: np.ndarray) -> str:
        """The text of generated tokens without special ones, as the harness decodes them."""
        ids = [int(z) for z in tokens if z != NOTHING]
        return self.tokenizer.inner.decode(ids, skip_special_tokens=True)


def _length(asked: int | None, model: LanguageModel) -> int:
    if asked is None:
        return model.config.longest or _UNKNOWN_LENGTH
    most = model.config.positions
    if asked < 1 or (most is not None and asked > most):
        raise ValueError(f"max_length must be from 1 to the model's {most} tokens; got {asked}")
    return asked

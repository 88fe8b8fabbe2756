"""A model behind an OpenAI-compatible server as judge: one URL, which the user gives, and no other."""

import json
import math
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPMessage
from urllib.parse import urlsplit

import numpy as np
from jaxtyping import Float

from ufm._json import JSON
from ufm._text import parse_json
from ufm._visible import quoted

from ..concepts.concept import CONCEPTS, Concept
from .judge import is_yes_or_no, yes_over_both
from .wording import WORDINGS, Wording

# Where a server's key is looked for: a name of its own, so that no other server's key is sent anywhere.
KEY_VARIABLE = "UFM_JUDGE_KEY"
_PATH = "/v1/chat/completions"
_TOP = 20  # tokens of which a server tells the probability, at most
_TOKENS = 4  # an answer may have so many: a line break may come before the word
_TRIES = 4
_PAUSE = 0.5  # seconds before the second try, and twice as long before each further one
_BUSY = (408, 429, 500, 502, 503, 504)  # statuses after which another try may go better
_TRIAL = "I am so glad that you came!"


class ServerJudge:
    """A model behind a server that speaks OpenAI's form of chat: llama.cpp, vLLM, Ollama and others.

    `url`: such as http://localhost:8080, with or without /v1. `model`: what the server calls it. `timeout`:
    seconds for one answer. `at_once`: questions under way at one time. A question is tried four times where
    the server is busy or does not answer. Probabilities are those of the answer's first word among its 20
    likeliest tokens, if the server tells them, else 1 or 0 by the answer's text. The environment variable
    UFM_JUDGE_KEY, if it is set, goes along as the key. Redirections are not followed.

    Raises `ValueError`, one line, where the server is not reached, refuses, or answers in another form, and
    where a first plain question is answered with neither yes nor no.

        import ufm.llm

        judge = ufm.llm.ServerJudge("http://localhost:8080", "qwen3")
        print(judge.probabilities(["I could sing!", "The bus is late."], ufm.llm.concept("joy")))
    """

    def __init__(
        self,
        url: str,
        model: str = "default",
        wording: Wording | None = None,
        *,
        timeout: float = 60.0,
        at_once: int = 4,
    ):
        self.url, self.model = _endpoint(url), model
        self.wording = wording or WORDINGS["system"]
        self.timeout, self.at_once = timeout, at_once
        self._tells_probabilities = True
        self._open = urllib.request.build_opener(_NoRedirection).open
        share, says = self._answer(_TRIAL, CONCEPTS["joy"])
        if math.isnan(share):
            raise ValueError(
                f"{model} at {self.url} answers neither yes nor no, but {quoted(says)}: take another model "
                "or another wording"
            )

    @property
    def name(self) -> str:
        """The server, its model, the wording, and whether it tells probabilities."""
        how = "probabilities" if self._tells_probabilities else "words"
        return f"{self.model} at {self.url}, by its {how}, wording {self.wording.name}"

    def probabilities(self, texts: Sequence[str], concept: Concept) -> Float[np.ndarray, " texts"]:
        """P(yes) / (P(yes) + P(no)) of each text; NaN where it answers neither."""
        with ThreadPoolExecutor(self.at_once) as pool:
            return np.array(
                [share for share, _ in pool.map(lambda text: self._answer(text, concept), texts)]
            )

    def _answer(self, text: str, concept: Concept) -> tuple[float, str]:
        """P(yes) over both, NaN for neither, and what the answer says."""
        asked: dict[str, JSON] = {
            "model": self.model,
            "messages": self.wording.messages(text, concept),
            "max_tokens": _TOKENS,
            "temperature": 0,
        }
        if self._tells_probabilities:
            choice = self._with_probabilities(asked)
            likeliest = list(_likeliest(choice)) if choice else []
            if likeliest:
                return yes_over_both(likeliest)[0], _said(choice)
            self._tells_probabilities = False
            if choice:
                return _by_word(_said(choice)), _said(choice)
        choice = self._choice(self._send(asked))
        return _by_word(_said(choice)), _said(choice)

    def _with_probabilities(self, asked: dict[str, JSON]) -> dict[str, JSON]:
        """The answer, with the likeliest tokens if the server tells them; empty where it refuses to."""
        try:
            return self._choice(self._send({**asked, "logprobs": True, "top_logprobs": _TOP}))
        except _Refused as error:
            if error.status not in (400, 422):
                raise
            return {}

    def _choice(self, answer: JSON) -> dict[str, JSON]:
        """The first choice of an answer; `ValueError` where it has another form."""
        choices = answer.get("choices") if isinstance(answer, dict) else None
        first = choices[0] if isinstance(choices, list) and choices else None
        message = first.get("message") if isinstance(first, dict) else None
        if not isinstance(first, dict) or not isinstance(message, dict):
            shown = quoted(json.dumps(answer, ensure_ascii=False), 60)
            raise ValueError(
                f"{self.url} does not answer in OpenAI's form, with choices that have a message: {shown}"
            )
        return first

    def _send(self, asked: dict[str, JSON]) -> JSON:
        """The server's answer; tried again where it is busy or silent."""
        headers = {"Content-Type": "application/json"}
        if key := os.environ.get(KEY_VARIABLE):
            headers["Authorization"] = f"Bearer {key}"
        request = urllib.request.Request(self.url, json.dumps(asked).encode(), headers)
        refusal = ValueError()
        for k in range(_TRIES):
            if k:
                time.sleep(_PAUSE * 2 ** (k - 1))
            try:
                with self._open(request, timeout=self.timeout) as answer:
                    return self._parsed(answer.read())
            except urllib.error.HTTPError as error:
                with error:
                    refusal = _Refused(self.url, error.code, error.read(2000))
                if error.code not in _BUSY:
                    raise refusal from None
            except (OSError, HTTPException) as error:
                reason = error.reason if isinstance(error, urllib.error.URLError) else error
                refusal = ValueError(
                    f"{self.url} is not reached ({str(reason) or type(reason).__name__}), tried {_TRIES} "
                    "times: start the server, or correct the URL"
                )
        raise refusal

    def _parsed(self, data: bytes) -> JSON:
        try:
            return parse_json(data.decode("utf-8"))
        except ValueError as error:
            shown = quoted(data[:80].decode("utf-8", "replace"), 60)
            raise ValueError(f"{self.url} does not answer with JSON, but {shown}") from error


class _Refused(ValueError):
    """The server answered with a status that is an error."""

    def __init__(self, url: str, status: int, said: bytes):
        self.status = status
        text = " ".join(said.decode("utf-8", "replace").split())
        hint = ""
        if status in (401, 403):
            hint = f": put the server's key into the environment variable {KEY_VARIABLE}"
        elif status == 404:
            hint = ": is the model's name right, and the URL without a path of its own?"
        elif 300 <= status < 400:
            hint = ": it points elsewhere, and no other address is asked; give the right one"
        super().__init__(f"{url} answers with status {status}, {quoted(text, 120)}{hint}")


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """Leaves a redirection as the error that it then is."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: object,
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> None:
        """Follow none."""


def _endpoint(url: str) -> str:
    """The address that is asked, from what the user gives."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{url} is no address of a server: give one such as http://localhost:8080")
    base = url.rstrip("/").removesuffix(_PATH).removesuffix("/v1")
    return base + _PATH


def _likeliest(choice: dict[str, JSON]) -> Iterator[tuple[str, float]]:
    """The likeliest tokens, with their probabilities, at the first place where a word is said."""
    told = choice.get("logprobs")
    places = told.get("content") if isinstance(told, dict) else None
    for place in places if isinstance(places, list) else ():
        if not isinstance(place, dict) or not str(place.get("token", "")).strip():
            continue
        top = place.get("top_logprobs")
        for entry in top if isinstance(top, list) else ():
            token, value = (
                (entry.get("token"), entry.get("logprob")) if isinstance(entry, dict) else (0, 0)
            )
            if isinstance(token, str) and isinstance(value, float | int):
                yield token, math.exp(value)
        return


def _said(choice: dict[str, JSON]) -> str:
    message = choice.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""


def _by_word(answer: str) -> float:
    """1 for an answer that begins with yes, 0 for no, NaN for another."""
    words = answer.split()
    said = is_yes_or_no(words[0]) if words else None
    return float("nan") if said is None else float(said)

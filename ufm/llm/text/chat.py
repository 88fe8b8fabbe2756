"""A prompt as the model's own chat template has it: Jinja2 in a sandbox, which runs none of its code here."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from jinja2 import TemplateError, nodes
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from ufm._text import read_text

from ..checkpoint.load import read_json

# The day that templates are told: a prompt is the same on every day (Llama 3's own fallback is this one).
_TODAY = date(2024, 7, 26)
_FILE, _CONFIG = "chat_template.jinja", "tokenizer_config.json"


@dataclass(frozen=True)
class ChatTemplate:
    """A template in Jinja2, and what it may name besides the messages, such as `bos_token`.

    >>> from ufm.llm.text.chat import ChatTemplate
    >>> print(ChatTemplate("{{ bos_token }}[{{ messages[0].content }}]", {"bos_token": "<s>"}).render("Hi"))
    <s>[Hi]
    """

    source: str
    names: Mapping[str, str] = field(default_factory=dict)

    def render(self, text: str) -> str:
        """`text` as what the user says first, up to where the model answers.

        `ValueError` where the template fails. It is told one day, always the same.
        """
        return self.conversation([{"role": "user", "content": text}])

    def conversation(
        self, messages: Sequence[Mapping[str, str]], add_generation_prompt: bool = True
    ) -> str:
        """Messages, of a "role" and a "content" each, up to where the model says the next one.

        Without `add_generation_prompt` the last message is left open: the model is to go on with it.
        """
        told = {"messages": messages, "add_generation_prompt": add_generation_prompt}
        try:
            text = _environment().from_string(self.source).render(**told, **self.names)
        except Exception as error:  # a template may fail in any way that Python does
            raise ValueError(f"the chat template fails: {type(error).__name__}: {error}") from error
        if add_generation_prompt:
            return text
        last = messages[-1]["content"].strip()
        return text[: text.rindex(last) + len(last)]


class _Generation(Extension):
    """`{% generation %}` marks what the model says, and changes no text."""

    tags = {"generation"}  # noqa: RUF012

    def parse(self, parser: Parser) -> list[nodes.Node]:
        """What is between the marks."""
        next(parser.stream)
        return parser.parse_statements(("name:endgeneration",), drop_needle=True)


def _environment() -> ImmutableSandboxedEnvironment:
    """Blanks, extensions and helpers as transformers has them, for which templates are written."""
    made = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation]
    )
    made.filters["tojson"] = _as_json
    helpers: dict[str, Callable[[str], str | None]] = {
        "raise_exception": _refuse,
        "strftime_now": _TODAY.strftime,
    }
    made.globals.update(helpers)
    return made


def _refuse(message: str) -> None:
    raise TemplateError(message)


def _as_json(value: object, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def read_chat_template(directory: Path) -> ChatTemplate | None:
    """A model's template, from chat_template.jinja or else tokenizer_config.json; None if it has none."""
    about = read_json(directory / _CONFIG) if (directory / _CONFIG).is_file() else {}
    source = about.get("chat_template")
    if isinstance(source, list):  # several, each with its name
        named = {
            each.get("name"): each.get("template") for each in source if isinstance(each, dict)
        }
        source = named.get("default")
    if (directory / _FILE).is_file():
        source = read_text(directory / _FILE)
    if not isinstance(source, str):
        return None
    names: dict[str, str] = {}
    for name, value in about.items():
        content = value.get("content") if isinstance(value, dict) else value
        if name.endswith("_token") and isinstance(content, str):
            names[name] = content
    return ChatTemplate(source, names)
